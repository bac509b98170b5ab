package jobs

import (
	"context"
	"math"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/ringback/ringback/models"
)

const (
	// minAlonePause is between two works that are done alone, so that the others get on.
	minAlonePause = 100 * time.Millisecond
	// aloneWait is how long work that is to be alone waits for what is in flight, while nothing else begins: twice as long as a callback's
	// request takes by default. What takes longer, as a slow executor may, is not to hold up all that this process does.
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

// among waits while another is alone, or about to be, and tells whether it had to.
func (s solitude) among() (leave func(), waited bool) {
	leave = func() { s.places.Release(1) }
	if s.places.TryAcquire(1) {
		return leave, false
	}
	_ = s.places.Acquire(context.Background(), 1) // which ends: who is alone has a timeout
	return leave, true
}

// suspects does one by one, alone, what was in flight each time that a worker died. The others wait for half of the time at most.
func (w *Worker) suspects(ctx context.Context) {
	pause := models.SweepInterval
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		begun, found := time.Now(), false
		_ = w.service.Troubles().Catch(ctx, "claim", func() error { // it is logged
			found = w.deliveries.single(w.service.ClaimSuspect) || w.executions.single(w.service.ClaimSuspectBatch)
			return nil
		})
		pause = models.SweepInterval
		if found {
			pause = max(time.Since(begun), minAlonePause)
		}
	}
}

// single does one piece of work while nothing else is in flight in this process, and tells whether there was any. It has a slot as all
// others: where those do not end in time to leave it alone, no more are in flight than may be.
func (d *dispatcher[W]) single(claim func(context.Context) ([]W, error)) (found bool) {
	d.mu.Lock()
	if d.closed {
		d.mu.Unlock()
		return false
	}
	d.running.Add(1)
	d.mu.Unlock()
	defer d.running.Done()
	if !d.waitForSlot() {
		return false
	}
	defer func() { <-d.slots }()
	ctx, cancel := context.WithTimeout(d.ctx, claimTimeout)
	defer cancel()
	since := time.Now()
	claimed, err := claim(ctx)
	if err != nil && d.ctx.Err() == nil {
		d.log.WarnContext(d.ctx, d.source.name+".not_claimed", "error", err)
	}
	for _, work := range claimed {
		d.mu.Lock()
		d.hold(work, since) // its lease is renewed while it waits for the others
		d.mu.Unlock()
		d.doAlone(work)
		d.mu.Lock()
		d.dropFromHand(work)
		d.mu.Unlock()
	}
	return len(claimed) > 0
}

func (d *dispatcher[W]) doAlone(work W) {
	defer d.solitude.alone()()
	ctx, cancel := d.stillGood(work)
	defer cancel()
	_ = d.catch(d.source.name, func() error { // it is logged
		d.source.do(ctx, work, func(bool) {})
		return nil
	})
}

// amongOthers waits while another work is alone. What is to be done then has the context.
func (d *dispatcher[W]) amongOthers(work W) (ctx context.Context, leave func()) {
	free, waited := d.solitude.among()
	if !waited {
		return d.ctx, free
	}
	ctx, cancel := d.stillGood(work)
	return ctx, func() { cancel(); free() }
}

// stillGood is the context of work that had to wait. It has ended, so that the work is given back, where it is too late to begin: the
// process stops, or the lease is not known to be good any more.
func (d *dispatcher[W]) stillGood(work W) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(d.ctx)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || !d.mayLeave(work) {
		cancel()
	}
	return ctx, cancel
}

// excuseTimeout: who tells the process to stop may kill it soon.
const excuseTimeout = 3 * time.Second

// excuse is for what this process may not get to the end of before it is killed: that is no fault of the work.
func (d *dispatcher[W]) excuse(leases []models.Lease) {
	if d.source.excuse == nil || len(leases) == 0 {
		return
	}
	ids := make([]int64, len(leases))
	for i, lease := range leases {
		ids[i] = lease.ID
	}
	ctx, cancel := context.WithTimeout(d.ctx, excuseTimeout)
	defer cancel()
	if err := d.catch("stop", func() error { return d.source.excuse(ctx, ids) }); err != nil {
		d.log.WarnContext(ctx, d.source.name+".not_excused", "number", len(ids), "error", err)
	}
}
