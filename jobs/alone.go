package jobs

import (
	"context"
	"math"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/ringback/ringback/jobs/scheduler"
	"github.com/ringback/ringback/models/callback"
)

const (
	// minAlonePause is between two works that are done alone, so that the others get on.
	minAlonePause = 100 * time.Millisecond
	// aloneWait is how long work that is to be alone waits for what is in flight, while nothing else begins: twice as long
	// as a callback's request takes by default. What takes longer, as a slow executor may, is not to hold up all that this
	// process does.
	aloneWait = time.Minute
)

// solitude is held by one piece of work while nothing else is in flight in this process, and shared by all others.
type solitude struct{ places *semaphore.Weighted }

// everyPlace is what the one takes that is alone; others take one place each.
const everyPlace = math.MaxInt64

func newSolitude() solitude { return solitude{semaphore.NewWeighted(everyPlace)} }

// alone waits until nothing else is in flight, for aloneWait at most: then it is as alone as it gets.
func (s solitude) alone() (leave func()) {
	ctx, cancel := context.WithTimeout(context.Background(), aloneWait)
	defer cancel()
	if s.places.Acquire(ctx, everyPlace) != nil {
		return func() {}
	}
	return func() { s.places.Release(everyPlace) }
}

// among waits while another is alone, or about to be.
func (s solitude) among() (leave func()) {
	_ = s.places.Acquire(context.Background(), 1) // which ends: who is alone has a timeout
	return func() { s.places.Release(1) }
}

// suspects does one by one, alone, what was in flight each time that a worker died.
func (w *Worker) suspects(ctx context.Context) {
	oneByOne(ctx, func() (found bool) {
		_ = w.service.Troubles().Catch(ctx, "claim", func() error { // it is logged
			found = w.dispatcher.single(kindCallback) || w.dispatcher.single(kindBatch)
			return nil
		})
		return found
	})
}

// oneByOne does what there is to be done alone. Between two the others have as much time as the first has taken.
func oneByOne(ctx context.Context, next func() (found bool)) {
	pause := callback.SweepInterval
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		begun := time.Now()
		pause = callback.SweepInterval
		if next() {
			pause = max(time.Since(begun), minAlonePause)
		}
	}
}

// aloneLane has a slot for what is done alone: where the others do not end in time to leave it alone, no more are in
// flight than may be.
var aloneLane = scheduler.Lane{Key: "alone", Endpoint: "alone", Host: "alone"}

// single does one piece of work while nothing else is in flight in this process, and tells whether there was any. Where
// there is no slot for it, it is tried again by the next call.
func (d *dispatcher) single(kind int) (found bool) {
	d.mu.Lock()
	if d.closed {
		d.mu.Unlock()
		return false
	}
	slot := d.scheduler.Reserve(d.now(), aloneLane, 1, 0)
	d.running.Add(1)
	d.mu.Unlock()
	defer d.running.Done()
	if slot.N() == 0 {
		return false
	}
	defer func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.carryOut(slot.Return(d.now()))
	}()
	ctx, cancel := context.WithTimeout(d.ctx, claimTimeout)
	defer cancel()
	from, since := d.sources[kind], time.Now()
	claimed, err := from.suspect(ctx)
	if err != nil && d.ctx.Err() == nil {
		d.log.WarnContext(d.ctx, from.name+".not_claimed", "error", err)
	}
	for _, w := range claimed {
		d.mu.Lock()
		d.hold(kind, w, since) // its lease is renewed while it waits for the others
		d.mu.Unlock()
		d.doAlone(kind, w)
		d.mu.Lock()
		d.dropFromHand(kind, w)
		d.mu.Unlock()
	}
	return len(claimed) > 0
}

func (d *dispatcher) doAlone(kind int, w work) {
	defer d.solitude.alone()()
	if !d.mayBegin(kind, w) {
		d.release(kind, []work{w})
		return
	}
	_ = d.catch(d.sources[kind].name, func() error { // it is logged
		d.sources[kind].do(d.ctx, w, func(scheduler.Answer) {})
		return nil
	})
}

// mayBegin tells whether claimed work may begin still: not when the process stops, or the lease is not known to be good
// any more.
func (d *dispatcher) mayBegin(kind int, w work) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	h := d.inHand[kind][w.Lease()]
	return !d.closed && h != nil && time.Now().Before(h.until)
}

// announceTimeout: who tells the process to stop may kill it soon.
const announceTimeout = 3 * time.Second

// announceStop is for what this process may not get to the end of before it is killed: that is no fault of the work.
func (d *dispatcher) announceStop(kind int, leases []callback.Lease) {
	if len(leases) == 0 {
		return
	}
	ids := make([]int64, len(leases))
	for i, lease := range leases {
		ids[i] = lease.ID
	}
	ctx, cancel := context.WithTimeout(d.ctx, announceTimeout)
	defer cancel()
	if err := d.catch("stop", func() error { return d.sources[kind].announceStop(ctx, ids) }); err != nil {
		d.log.WarnContext(ctx, d.sources[kind].name+".not_excused", "number", len(ids), "error", err)
	}
}
