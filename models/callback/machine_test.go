package callback_test

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
)

// TestLifeOfCallbacksIsAsItsModelSays lets workers, receivers, sweeps, purges and users do what they like, in any
// order, to the callbacks of one database, and compares all of them with a model after each step. In the end
// everything must come to its end. A failure prints its shortest script.
func TestLifeOfCallbacksIsAsItsModelSays(t *testing.T) {
	t.Parallel()
	// No further life is tried then; each takes some tens of milliseconds.
	until, failed := time.Now().Add(12*time.Second), false
	if testing.Short() {
		until = time.Now().Add(3 * time.Second)
	}
	rapid.Check(t, func(r *rapid.T) {
		before := failed
		if !before && time.Now().After(until) {
			return
		}
		failed = true // unless it comes to its end
		m := newMachine(life{t, r})
		steps := map[string]func(*rapid.T){
			"raise": m.raise, "raise in a line": m.raiseInLine, "raise and start": m.raiseAndStart, "replay": m.replay,
			"claim": m.claim, "claim too": m.claim, "claim a suspect": m.claimSuspect,
			"renew": m.renew, "release": m.release, "excuse": m.excuse,
			"settle": m.settle, "settle too": m.settle, "give back": m.giveBack,
			"clock": m.advance, "sweep": m.sweep, "die": m.die, "purge": m.purge, "move": m.move, "cancel": m.cancel, "retry": m.retry, "fold": m.fold, "": m.check,
		}
		for range 3 { // each of some 30 steps
			r.Repeat(steps)
		}
		m.drain()
		m.checkCounts()
		failed = before
	})
}

// life is one that rapid has drawn: what fails, fails it.
type life struct {
	testing.TB
	r *rapid.T
}

func (l life) Context() context.Context          { return l.r.Context() }
func (l life) Cleanup(f func())                  { l.r.Cleanup(f) }
func (l life) Failed() bool                      { return l.r.Failed() }
func (l life) Error(args ...any)                 { l.r.Error(args...) }
func (l life) Errorf(format string, args ...any) { l.r.Errorf(format, args...) }
func (l life) Fatal(args ...any)                 { l.r.Fatal(args...) }
func (l life) Fatalf(format string, args ...any) { l.r.Fatalf(format, args...) }

// state is what the database has of a callback. Times are microseconds; 0: none.
type state struct {
	Status                                    callback.Status
	Held, Purged                              bool
	Attempts, Failures, Panics, Interruptions int
	Lane                                      string
	Due, Lease, Ended                         int64
	HTTPStatus                                int
	Open, Finished                            int // rows of attempts
}

// modelled is a callback in the model.
type modelled struct {
	state
	id       int64
	created  int64
	line     string // empty: none
	replayOf *modelled
	replays  int
	gone     bool // by a purge
	unwanted bool // and so cancelled
}

// handed is a delivery that a worker has, which may have lost its lease long ago, and the callback as it was when that
// was claimed.
type handed struct {
	*callback.Delivery
	c  *modelled
	as state
}

type machine struct {
	w                   *modelstest.World
	all                 []*modelled // by id
	hands               []*handed
	lines               map[string]int64 // jobs, by their lines
	host                string           // of the project now
	sweptAt, graceUntil int64
	ended               map[ending]uint64
}

// ending is how callbacks ended, and in which hour.
type ending struct {
	hour  int64
	cause callback.AttemptErrorCode // empty: they arrived
}

// hosts are where the project's callbacks go, in turn.
var hosts = []string{"a.example", "b.example"}

func newMachine(t life) *machine {
	w := modelstest.NewWorld(t)
	w.SetWebhook(nil)                   // notices are callbacks like others, and would only be more of them
	w.Rules.LineWait = 1000 * time.Hour // no head is in the way for so long
	w.Configure()
	m := &machine{w: w, lines: map[string]int64{}, ended: map[ending]uint64{}}
	m.point(hosts[0])
	for range 2 {
		j := w.NewJobs(1)[0]
		c := w.MustChange(j, modelstest.JobCompleted())
		m.lines[c.OrderingKey] = j.ID
		m.add(c, c.OrderingKey, nil)
	}
	return m
}

func (m *machine) now() int64 { return m.w.Clock.Now().UnixMicro() }

func (m *machine) point(host string) {
	m.host = host
	m.w.SetURL(new("https://" + host + "/hook"))
}

func (m *machine) hostLane() string { return m.w.Lane(m.host + ":443").String() }

// add models a callback that is new: due, or behind others of its line.
func (m *machine) add(c *callback.Callback, line string, replayOf *modelled) *modelled {
	n := &modelled{id: c.ID, created: m.now(), line: line, replayOf: replayOf}
	n.Status, n.Lane, n.Due = callback.StatusPending, m.hostLane(), m.now()
	if line != "" {
		n.Lane = m.w.Lane(modelstest.JobHost).String()
		if head := m.head(line); head != nil {
			n.Held, n.Due = true, 0
			if head.Status == callback.StatusPending && refused(head) { // once more, and then it gives way
				head.Due = m.now()
			}
		}
	}
	m.all = append(m.all, n)
	return n
}

// refused is what the receiver would refuse again.
func refused(c *modelled) bool { return c.HTTPStatus == 422 }

func (m *machine) where(holds func(*modelled) bool) (some []*modelled) {
	for _, c := range m.all {
		if !c.gone && holds(c) {
			some = append(some, c)
		}
	}
	return some
}

func (m *machine) head(line string) *modelled {
	for _, c := range m.where(func(c *modelled) bool { return c.line == line && !c.Status.Ended() && !c.Held }) {
		return c
	}
	return nil
}

func (m *machine) firstHeld(line string) *modelled {
	for _, c := range m.where(func(c *modelled) bool { return line != "" && c.line == line && c.Held && !c.Status.Ended() }) {
		return c
	}
	return nil
}

func (m *machine) waits(c *modelled) bool { return c.Status == callback.StatusPending && !c.Held }

// claimable are those that are due, the longest first.
func (m *machine) claimable(suspects bool) []*modelled {
	due := m.where(func(c *modelled) bool {
		return m.waits(c) && c.Due <= m.now() && (c.Interruptions >= callback.SuspectAfter) == suspects
	})
	slices.SortStableFunc(due, func(a, b *modelled) int { return cmp.Compare(a.Due, b.Due) })
	return due
}

// take models a claim; false where the callback goes elsewhere by now, and waits there.
func (m *machine) take(c *modelled) bool {
	if c.line == "" && c.Lane != m.hostLane() {
		c.Lane, c.Due = m.hostLane(), m.now()
		return false
	}
	c.Status, c.Due, c.Lease = callback.StatusRunning, 0, m.now()+callback.LeaseTime.Microseconds()
	c.Attempts++
	c.Open++
	return true
}

// taken checks what a claim has given, and hands it out.
func (m *machine) taken(got []*callback.Delivery, want []*modelled) {
	ids := map[int64]bool{}
	for _, c := range want {
		ids[c.id] = true
	}
	for _, d := range got {
		if !ids[d.Callback.ID] {
			m.w.T.Fatalf("callback %d was claimed", d.Callback.ID)
		}
		delete(ids, d.Callback.ID)
		c := m.find(d.Callback.ID)
		m.hands = append(m.hands, &handed{d, c, c.state})
	}
	if len(ids) > 0 {
		m.w.T.Fatalf("callbacks were not claimed: %v", slices.Sorted(maps.Keys(ids)))
	}
}

func (m *machine) find(id int64) *modelled {
	i := slices.IndexFunc(m.all, func(c *modelled) bool { return c.id == id })
	if i < 0 {
		m.w.T.Fatalf("callback %d is not known", id)
	}
	return m.all[i]
}

// holds tells whether what a worker has to say of a callback counts: nobody has claimed it since.
func (h *handed) holds() bool { return !h.c.gone && h.c.Attempts == h.as.Attempts }

// ends models the end of a callback, by a cause where it has failed; the next of its line moves up.
func (m *machine) ends(c *modelled, status callback.Status, cause callback.AttemptErrorCode) {
	behind := c.Held // only who is cancelled there
	c.Status, c.Due, c.Ended = status, 0, m.now()
	m.ended[ending{m.w.Clock.Now().Truncate(time.Hour).UnixMicro(), cause}]++
	if next := m.firstHeld(c.line); next != nil && !behind {
		next.Held, next.Due = false, m.now()
	}
}

// pick draws one of some, or skips the step.
func pick[T any](r *rapid.T, some []T, what string) T {
	if len(some) == 0 {
		r.Skip("there is none")
	}
	return some[rapid.IntRange(0, len(some)-1).Draw(r, what)]
}

// read is the database.
func (m *machine) read() map[int64]state {
	t := m.w.T
	pools, err := m.w.Store.Pools()
	modelstest.NoError(t, err)
	rows, err := pools["write"].QueryContext(t.Context(), `SELECT id, status, held, payload_purged_at IS NOT NULL,
		attempt_count, failure_count, panic_count, interruption_count, lane,
		CASE WHEN held THEN 0 ELSE COALESCE(next_attempt_at, 0) END, COALESCE(lease_until, 0),
		COALESCE(finished_at, 0), COALESCE(http_status, 0),
		(SELECT count(*) FROM callback_attempts AS a WHERE a.callback_id = c.id AND a.finished_at IS NULL),
		(SELECT count(*) FROM callback_attempts AS a WHERE a.callback_id = c.id AND a.finished_at IS NOT NULL)
		FROM callbacks AS c`)
	modelstest.NoError(t, err)
	defer func() { modelstest.NoError(t, rows.Close()) }()
	all := map[int64]state{}
	for rows.Next() {
		var id int64
		var s state
		modelstest.NoError(t, rows.Scan(&id, &s.Status, &s.Held, &s.Purged, &s.Attempts, &s.Failures, &s.Panics,
			&s.Interruptions, &s.Lane, &s.Due, &s.Lease, &s.Ended, &s.HTTPStatus, &s.Open, &s.Finished))
		all[id] = s
	}
	modelstest.NoError(t, rows.Err())
	return all
}

// check compares the database with the model.
func (m *machine) check(*rapid.T) {
	got := m.read()
	for _, c := range m.where(func(*modelled) bool { return true }) {
		if s, ok := got[c.id]; !ok || s != c.state {
			m.w.T.Errorf("callback %d\n is    %+v (%t)\n not   %+v", c.id, s, ok, c.state)
		}
		delete(got, c.id)
	}
	for id, s := range got {
		m.w.T.Errorf("callback %d is not in the model: %+v", id, s)
	}
	for line := range m.lines {
		front := m.where(func(c *modelled) bool { return c.line == line && !c.Status.Ended() && !c.Held })
		if len(front) > 1 {
			m.w.T.Fatalf("%d of a line may be sent", len(front))
		}
	}
}

// drain ends all that there is: nothing is stuck, whatever has happened.
func (m *machine) drain() {
	for range 100 {
		left := m.where(func(c *modelled) bool { return !c.Status.Ended() })
		if len(left) == 0 {
			return
		}
		for _, c := range left {
			if c.Held {
				continue
			}
			if next := max(c.Due, c.Lease) - m.now(); next > 0 {
				m.w.Clock.Advance(time.Duration(next) * time.Microsecond)
			}
		}
		m.sweepOnce(true)
		for m.claimSuspectOnce() {
		}
		for _, lane := range m.lanes() {
			m.claimOnce(lane, 1000)
		}
		for len(m.hands) > 0 {
			m.settleAs(0, callback.Outcome{HTTPStatus: new(200)})
		}
	}
	m.w.T.Fatalf("callbacks are stuck: %+v", m.where(func(c *modelled) bool { return !c.Status.Ended() }))
}
