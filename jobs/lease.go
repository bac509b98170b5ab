package jobs

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/ringback/ringback/models/callback"
)

const (
	// claimTimeout bounds a transaction of some milliseconds. What it would have claimed has half of its lease left
	// then.
	claimTimeout = 5 * time.Second
	// renewTimeout is as long as it takes until the next renewal: each lease is tried to be renewed three times
	// before it runs out.
	renewTimeout = callback.LeaseRenewal
	// renewPause is between two tries to renew. After an outage whoever renews first keeps what he has.
	renewPause = 500 * time.Millisecond
	// leaseMargin is what must be left of a lease when a request leaves.
	leaseMargin = time.Second
)

// hold is a piece of work in hand: claimed, and not yet settled.
type hold struct {
	times int // it was released and is claimed again, for the same attempt
	// until when its request may leave. The lease has run out for whoever sweeps only after that, by this process's
	// own reckoning: it began, or was renewed, before the statement that wrote it was sent.
	until time.Time
}

// hold takes in hand what was claimed by a statement that was sent at a time or later. The caller holds the lock.
func (d *dispatcher) hold(kind int, w work, since time.Time) {
	lease := w.Lease()
	h := d.inHand[kind][lease]
	if h == nil {
		h = &hold{}
		d.inHand[kind][lease] = h
	}
	h.times++
	h.until = since.Add(callback.LeaseTime - leaseMargin)
}

func (d *dispatcher) dropFromHand(kind int, w work) {
	lease := w.Lease()
	if h := d.inHand[kind][lease]; h != nil {
		if h.times--; h.times == 0 {
			delete(d.inHand[kind], lease)
		}
	}
}

// renew keeps what is in hand, until the dispatcher has ended.
func (d *dispatcher) renew(ended <-chan struct{}) {
	timer := time.NewTimer(callback.LeaseRenewal)
	defer timer.Stop()
	for {
		select {
		case <-ended:
			return
		case <-timer.C:
		}
		pause := callback.LeaseRenewal
		for kind := range kinds {
			pause = min(pause, d.renewAll(kind))
		}
		timer.Reset(pause)
	}
}

// renewAll renews what is in hand of a kind, and returns the time until it is to be done again.
func (d *dispatcher) renewAll(kind int) time.Duration {
	d.mu.Lock()
	leases := slices.Collect(maps.Keys(d.inHand[kind]))
	d.mu.Unlock()
	if len(leases) == 0 {
		return callback.LeaseRenewal
	}
	ctx, cancel := context.WithTimeout(d.ctx, renewTimeout)
	defer cancel()
	from, since := d.sources[kind], time.Now()
	var renewed []callback.Lease
	err := d.renewals.try(func() error {
		return d.catch("renewal", func() (err error) {
			renewed, err = from.renew(ctx, leases)
			return err
		})
	})
	d.renewed(kind, renewed, since)
	if err != nil {
		if d.ctx.Err() == nil {
			d.log.WarnContext(d.ctx, from.name+".lease_not_renewed", "number", len(leases), "error", err)
		}
		return renewPause
	}
	return max(0, callback.LeaseRenewal-time.Since(since))
}

func (d *dispatcher) renewed(kind int, leases []callback.Lease, since time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, lease := range leases {
		if h := d.inHand[kind][lease]; h != nil {
			h.until = since.Add(callback.LeaseTime - leaseMargin)
		}
	}
}
