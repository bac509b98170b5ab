package jobs

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/ringback/ringback/jobs/scheduler"
	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

// dispatcher carries out what the scheduler decides: it claims, begins and gives back, and tells the scheduler what
// came of it. What has no room stays in the database, waiting; it costs nothing until then: no timer, no task that
// comes back, no statement.
type dispatcher struct {
	sources [kinds]source
	log     *slog.Logger
	// ctx ends when requests in flight are not waited for any longer.
	ctx     context.Context //nolint:containedctx // it is the life of the dispatcher, not of a call
	running sync.WaitGroup
	crew    *crew
	// troubles catches panics: one costs a piece of work, never its slot, its place or the worker.
	troubles *models.Troubles
	solitude solitude
	born     time.Time // the scheduler's zero

	claims, renewals pulse

	mu        sync.Mutex
	scheduler *scheduler.Scheduler
	alarm     *time.Timer       // for the scheduler's next tick
	alarmAt   scheduler.Instant // 0: it is not set
	inHand    [kinds]map[callback.Lease]*hold
	budgets   map[string]int64                         // a project that each is of
	awaited   map[*scheduler.Reservation]chan struct{} // closed when it is granted
	closed    bool
}

func newDispatcher(
	ctx context.Context, sources [kinds]source, limits scheduler.Limits, troubles *models.Troubles, log *slog.Logger,
) *dispatcher {
	d := &dispatcher{
		sources: sources, log: log, ctx: ctx, troubles: troubles, solitude: newSolitude(), born: time.Now(),
		scheduler: scheduler.New(limits), budgets: map[string]int64{},
		awaited: map[*scheduler.Reservation]chan struct{}{},
	}
	for kind := range d.inHand {
		d.inHand[kind] = map[callback.Lease]*hold{}
	}
	d.crew = newCrew(&d.running, d.begin)
	d.alarm = time.AfterFunc(time.Hour, d.tick)
	d.alarm.Stop()
	return d
}

func (d *dispatcher) now() scheduler.Instant {
	return scheduler.Instant(time.Since(d.born).Microseconds())
}

// nudge says that something may be due in a lane, and tells whether there is room for it just now. It returns at once.
func (d *dispatcher) nudge(l callback.Lane) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	lane := laneOf(l)
	room := d.scheduler.Room(lane)
	d.carryOut(d.scheduler.Due(d.now(), lane))
	return room
}

// free tells whether a lane has room.
func (d *dispatcher) free(l callback.Lane) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.scheduler.Room(laneOf(l))
}

// carryOut does what the scheduler says. The caller holds the lock.
func (d *dispatcher) carryOut(actions scheduler.Actions) {
	for _, claim := range actions.Claims {
		d.running.Go(func() { d.claim(claim) })
	}
	for _, item := range actions.Start {
		d.crew.begin(item)
	}
	if items := actions.GiveBack; len(items) > 0 {
		d.running.Go(func() { d.giveBack(items) })
	}
	for _, reserved := range actions.Granted {
		close(d.awaited[reserved])
	}
	next, ok := d.scheduler.Next()
	switch {
	case !ok || d.closed:
		d.alarm.Stop()
		d.alarmAt = 0
	case next != d.alarmAt:
		d.alarm.Reset(max(0, time.Duration(next-d.now())*time.Microsecond))
		d.alarmAt = next
	}
}

func (d *dispatcher) tick() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.alarmAt = 0; !d.closed {
		d.carryOut(d.scheduler.Tick(d.now()))
	}
}

// claim claims what the scheduler has room for.
func (d *dispatcher) claim(c *scheduler.Claim) {
	lanes := make([]callback.LaneLimit, len(c.Lanes))
	for i, l := range c.Lanes {
		lanes[i] = callback.LaneLimit{Lane: l.Lane.Key, Limit: l.Limit}
	}
	ctx, cancel := context.WithTimeout(d.ctx, claimTimeout)
	defer cancel()
	from, since := d.sources[c.Kind], time.Now()
	var got claimed
	err := d.claims.try(func() error {
		return d.catch("claim", func() (err error) {
			got, err = from.claim(ctx, lanes)
			return err
		})
	})
	if err != nil {
		if got = (claimed{}); d.ctx.Err() == nil {
			d.log.WarnContext(d.ctx, from.name+".not_claimed", "error", err)
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.carryOut(d.scheduler.Claimed(d.now(), c, d.items(c.Kind, got.works, since), got.full))
	for _, lane := range got.movedTo {
		d.carryOut(d.scheduler.Due(d.now(), laneOf(lane)))
	}
}

// items takes in hand what was claimed by a statement that was sent at a time or later. The caller holds the lock.
func (d *dispatcher) items(kind int, works []work, since time.Time) []*scheduler.Item {
	items := make([]*scheduler.Item, len(works))
	for i, w := range works {
		d.hold(kind, w, since)
		items[i] = &scheduler.Item{Lane: laneOf(w.Lane()), Bytes: w.Bytes(), Budget: d.budgetOf(w), Work: w}
	}
	return items
}

// begin does one piece of work.
func (d *dispatcher) begin(item *scheduler.Item) {
	kind, w := item.Lane.Kind, item.Work.(work)
	leave := d.solitude.among()
	good := d.mayBegin(kind, w)
	if good {
		_ = d.catch(d.sources[kind].name, func() error { // it is logged
			d.sources[kind].do(d.ctx, w, func(answer scheduler.Answer) {
				d.mu.Lock()
				defer d.mu.Unlock()
				d.carryOut(d.scheduler.Answered(d.now(), item, answer))
			})
			return nil
		})
	}
	leave()
	if !good {
		d.release(kind, []work{w})
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dropFromHand(kind, w)
	d.carryOut(d.scheduler.Freed(d.now(), item))
	if !good { // it is due again
		d.carryOut(d.scheduler.Due(d.now(), item.Lane))
	}
}

func (d *dispatcher) catch(where string, work func() error) error {
	return d.troubles.Catch(d.ctx, where, work)
}

// release gives claimed work back as if it had not been claimed. While the database is away that is tried on, and the
// work's lease is renewed as soon as that can be.
func (d *dispatcher) release(kind int, works []work) {
	err := retry(d.ctx, func(ctx context.Context) error {
		return d.catch("release", func() error { return d.sources[kind].release(ctx, works) })
	})
	if err != nil {
		d.log.WarnContext(d.ctx, d.sources[kind].name+".not_released", "number", len(works), "error", err)
	}
}

// giveBack releases what was claimed ahead and may not begin.
func (d *dispatcher) giveBack(items []*scheduler.Item) {
	var works [kinds][]work
	for _, item := range items {
		works[item.Lane.Kind] = append(works[item.Lane.Kind], item.Work.(work))
	}
	for kind, some := range works {
		if len(some) > 0 {
			d.release(kind, some)
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	lanes := map[string]scheduler.Lane{}
	for _, item := range items {
		d.dropFromHand(item.Lane.Kind, item.Work.(work))
		lanes[item.Lane.Key] = item.Lane
	}
	for _, lane := range lanes { // they are due again
		d.carryOut(d.scheduler.Due(d.now(), lane))
	}
}

// stop begins nothing new, gives back what was claimed ahead and waits for what is in flight.
func (d *dispatcher) stop() {
	d.mu.Lock()
	d.closed = true
	d.carryOut(d.scheduler.Stop(d.now()))
	var leases [kinds][]callback.Lease
	for kind := range leases {
		leases[kind] = slices.Collect(maps.Keys(d.inHand[kind]))
	}
	d.mu.Unlock()
	d.crew.dismiss()
	for kind, some := range leases {
		d.announceStop(kind, some)
	}
	d.running.Wait()
}
