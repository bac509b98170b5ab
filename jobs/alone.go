package jobs

import (
	"context"
	"time"

	"github.com/ringback/ringback/models"
)

// minAlonePause is between two works that are done alone, so that the others get on.
const minAlonePause = 100 * time.Millisecond

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

// single does one piece of work while nothing else is in flight in this process, and tells whether there was any.
func (d *dispatcher[W]) single(claim func(context.Context) ([]W, error)) (found bool) {
	d.mu.Lock()
	if d.closed {
		d.mu.Unlock()
		return false
	}
	d.running.Add(1)
	d.mu.Unlock()
	defer d.running.Done()
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
	d.alone.Lock()
	defer d.alone.Unlock()
	ctx, cancel := d.stillGood(work)
	defer cancel()
	_ = d.catch(d.source.name, func() error { // it is logged
		d.source.do(ctx, work, func(bool) {})
		return nil
	})
}

// amongOthers waits while another work is alone. What is to be done then has the context.
func (d *dispatcher[W]) amongOthers(work W) (ctx context.Context, leave func()) {
	if d.alone.TryRLock() {
		return d.ctx, d.alone.RUnlock
	}
	d.alone.RLock()
	ctx, cancel := d.stillGood(work)
	return ctx, func() { cancel(); d.alone.RUnlock() }
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
