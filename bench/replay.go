package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
)

type replayCommand struct {
	Callbacks int           `name:"n" short:"n" default:"100000" help:"Callbacks that are replayed."`
	Answer    time.Duration `default:"50ms" help:"How long the receiver of both takes to answer."`
	Rate      int           `default:"50" help:"New callbacks a second, of another project of the account, at the same receiver."`
	Duration  time.Duration `default:"60s" help:"How long these come."`
	Grace     time.Duration `default:"30s" help:"How long is waited afterwards for what has not arrived of them."`
	Kill      bool          `help:"Kill the only worker in the middle of these, and start another one."`
}

// Validate is called by kong.
func (c replayCommand) Validate() error {
	if c.Callbacks < 1 || c.Answer <= 0 || c.Answer > maxAnswer {
		return errors.New("-n must be at least 1, -answer more than 0 and at most 20s")
	}
	return sharedCommand{Rate: c.Rate, Duration: c.Duration, Grace: c.Grace}.Validate()
}

// Run compares what is new beside a bulk replay with the same alone.
func (c replayCommand) Run(b *bench) error {
	receiver := endpoint{host: address(1), after: c.Answer}
	alone := variant{name: "alone", roles: []string{roleAll}, sites: []site{{endpoint: receiver}}, grace: c.Grace}
	if c.Kill {
		if b.Engine == embedded {
			return errors.New("replay: the embedded engine has one process; killed, it accepts nothing either")
		}
		alone.roles, alone.killAfter = []string{roleAPI, roleWorker}, c.Duration/2
	}
	beside := alone
	beside.name = "beside the replay"
	beside.beside = &side{site: site{endpoint: receiver}, replayed: c.Callbacks}
	return b.compare("replay", []variant{alone, beside}, stream(c.Rate, c.Duration))
}

// Replay is what became of a bulk replay.
type Replay struct {
	Status  string  `json:"status"`
	Matched int     `json:"matched"`
	Skipped int     `json:"skipped"`
	Took    float64 `json:"replay_s"` // from its beginning to its end
	// Again is how many arrived more than once: in flight when their worker was killed.
	Again int `json:"again"`

	id    string
	begun time.Time
}

func (r *Replay) describe(t *table) {
	t.add("replay s", "%.1f", r.Took)
	t.add("replays/s", "%.0f", ratio(float64(r.Matched-r.Skipped), r.Took))
	t.add("again", "%.0f", float64(r.Again))
}

// replay begins a bulk replay of all callbacks of a project.
func (i *installation) replay(ctx context.Context, projectID int64) (*Replay, error) {
	begun, err := ask[struct {
		ReplayCallbacks struct{ BulkReplay struct{ ID string } }
	}](ctx, i.platform, `mutation($id: ObjectID!) { replayCallbacks(input: {owner: {projectId: $id}}) { bulkReplay { id } } }`,
		map[string]any{"id": strconv.FormatInt(projectID, 10)})
	return &Replay{id: begun.ReplayCallbacks.BulkReplay.ID, begun: time.Now()}, err
}

// awaitReplay waits until a bulk replay has finished, and all of it has arrived once: else something was lost.
func (b *bench) awaitReplay(i *installation, r *Replay, posts *tally) error {
	for last, since := 0, time.Now(); r.Status != "FINISHED"; {
		answer, err := ask[struct{ Node *Replay }](i.ctx, i.platform,
			`query($id: ObjectID!) { node(id: $id) { ... on BulkReplay { status matched skipped } } }`, map[string]any{"id": r.id})
		if err != nil {
			return err
		}
		r.Status, r.Matched, r.Skipped = answer.Node.Status, answer.Node.Matched, answer.Node.Skipped
		if n := posts.arrived(); n > last {
			last, since = n, time.Now()
		}
		if time.Since(since) > b.Patience {
			return fmt.Errorf("the bulk replay does not go on: %+v, %d have arrived", *r, last)
		}
		if err := wait(i.ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	r.Took, r.Again = time.Since(r.begun).Seconds(), posts.again()
	if n := posts.arrived(); n != r.Matched-r.Skipped {
		return fmt.Errorf("%d replays have arrived, of %d that were to be sent", n, r.Matched-r.Skipped)
	}
	return nil
}

// again is how many have arrived more than once.
func (t *tally) again() (n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, a := range t.arrivals {
		if a.times > 1 {
			n++
		}
	}
	return n
}

// killLater kills the last process when its time has come, and starts it anew.
func (i *installation) killLater(v variant) (done func() error) {
	if v.killAfter == 0 {
		return func() error { return nil }
	}
	killed := make(chan error, 1)
	go func() {
		if err := wait(i.ctx, v.killAfter); err != nil {
			killed <- err
			return
		}
		last := len(i.processes) - 1
		i.processes[last].kill()
		i.processes = i.processes[:last]
		killed <- i.start(v.roles[last:])
	}()
	return func() error { return <-killed }
}
