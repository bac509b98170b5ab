package jobs

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/ringback/ringback/models"
)

const (
	// claimTimeout and releaseTimeout bound a transaction of some milliseconds. What it would have claimed or given back has half of its
	// lease left then.
	claimTimeout   = 5 * time.Second
	releaseTimeout = 5 * time.Second
	// renewTimeout is as long as it takes until the next renewal: each lease is tried to be renewed three times before it runs out.
	renewTimeout = models.LeaseRenewal
	// renewPause is between two tries to renew. After an outage whoever renews first keeps what he has.
	renewPause = 500 * time.Millisecond
	// leaseMargin is what must be left of a lease when a request leaves.
	leaseMargin = time.Second
)

// hold is a piece of work in hand: claimed, and not yet settled.
type hold struct {
	times int // it was released and is claimed again, for the same attempt
	// until when its request may leave. The lease has run out for whoever sweeps only after that, by this process's own reckoning: it
	// began, or was renewed, before the statement that wrote it was sent.
	until time.Time
}

// hold takes in hand what was claimed by a statement that was sent at a time or later. The caller holds the lock.
func (d *dispatcher[W]) hold(work W, since time.Time) {
	lease := d.source.lease(work)
	h := d.inHand[lease]
	if h == nil {
		h = &hold{}
		d.inHand[lease] = h
	}
	h.times++
	h.until = since.Add(models.LeaseTime - leaseMargin)
}

func (d *dispatcher[W]) dropFromHand(work W) {
	lease := d.source.lease(work)
	if h := d.inHand[lease]; h != nil {
		if h.times--; h.times == 0 {
			delete(d.inHand, lease)
		}
	}
}

// mayLeave tells whether the lease of work in hand is known to be good. What must wait goes on when it is renewed.
func (d *dispatcher[W]) mayLeave(work W) bool {
	h := d.inHand[d.source.lease(work)]
	return h != nil && time.Now().Before(h.until)
}

// release gives back what was claimed ahead. What does not claim ahead has only what had to wait for its lease: the sweep finds that.
func (d *dispatcher[W]) release(works []W) error {
	if d.source.release == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(d.ctx, releaseTimeout)
	defer cancel()
	return d.catch("release", func() error { return d.source.release(ctx, works) })
}

// renew keeps what is in hand, and forgets idle lanes, until the dispatcher has ended.
func (d *dispatcher[W]) renew(ended <-chan struct{}) {
	timer := time.NewTimer(models.LeaseRenewal)
	defer timer.Stop()
	for {
		select {
		case <-ended:
			return
		case <-timer.C:
		}
		d.forget()
		timer.Reset(d.renewAll())
	}
}

// renewAll renews what is in hand, and returns the time until it is to be done again.
func (d *dispatcher[W]) renewAll() time.Duration {
	d.mu.Lock()
	leases := slices.Collect(maps.Keys(d.inHand))
	d.mu.Unlock()
	if len(leases) == 0 {
		return models.LeaseRenewal
	}
	ctx, cancel := context.WithTimeout(d.ctx, renewTimeout)
	defer cancel()
	since := time.Now()
	var renewed []models.Lease
	err := d.renewals.try(func() error {
		return d.catch("renewal", func() (err error) {
			renewed, err = d.source.renew(ctx, leases)
			return err
		})
	})
	lost := d.renewed(renewed, since, err == nil)
	if lost > 0 {
		d.log.WarnContext(d.ctx, d.source.name+".lease_lost", "number", lost)
	}
	if err != nil {
		if d.ctx.Err() == nil {
			d.log.WarnContext(d.ctx, d.source.name+".lease_not_renewed", "number", len(leases), "error", err)
		}
		return renewPause
	}
	return max(0, models.LeaseRenewal-time.Since(since))
}

// renewed lets begin what had to wait for its lease, and drops what was lost: its lease has run out, and all that could be renewed were.
func (d *dispatcher[W]) renewed(leases []models.Lease, since time.Time, all bool) (lost int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, lease := range leases {
		if h := d.inHand[lease]; h != nil {
			h.until = since.Add(models.LeaseTime - leaseMargin)
		}
	}
	for _, l := range d.lanes {
		if len(l.ready) == 0 {
			continue
		}
		if all {
			before := len(l.ready)
			l.ready = slices.DeleteFunc(l.ready, func(work W) bool {
				gone := !d.mayLeave(work)
				if gone {
					d.dropFromHand(work)
				}
				return gone
			})
			lost += before - len(l.ready)
		}
		d.resume(l)
	}
	d.ready -= lost
	return lost
}
