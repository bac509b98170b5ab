package models

import (
	"context"
	"time"
)

const (
	// SweepInterval is how often each worker sweeps.
	SweepInterval = 2 * time.Second
	// sweepGrace is how long the queue has for a wake-up before the sweep sends another.
	sweepGrace = time.Second
	// sweepPerHost: a worker that is woken for one callback of a host takes all that are due there, so a few wake-ups a host
	// are enough, and some more let several workers share the work. What a sweep costs depends on the number of hosts
	// with overdue callbacks, not on the number of callbacks that wait.
	sweepPerHost = 4
	// sweepBatch bounds one statement that interrupts.
	sweepBatch = 500
)

// Sweep is how nothing stays stuck: callbacks whose worker went away become PENDING again, and hosts with callbacks that were
// due a second ago are woken again; and so it is with batches and their actions. It returns how many it interrupted and woke. Any number of processes may sweep
// at the same time: the number of the sweep is part of the wake-ups' names, so within one interval they wake once.
func (s *Service) Sweep(ctx context.Context) (interrupted, woken int, err error) {
	var overdue []*Callback
	var batches []*Batch
	at := s.now()
	err = s.store.InTx(ctx, func(tx Store) (err error) {
		if interrupted, err = tx.InterruptExpired(ctx, at, sweepBatch); err != nil {
			return err
		}
		if overdue, err = tx.Overdue(ctx, at.Add(-sweepGrace), sweepPerHost); err != nil {
			return err
		}
		expired, err := tx.InterruptExpiredBatches(ctx, at, sweepBatch)
		if err != nil {
			return err
		}
		interrupted += expired
		batches, err = tx.OverdueBatches(ctx, at.Add(-sweepGrace), sweepPerHost)
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	epoch := int(at.Unix() / int64(SweepInterval/time.Second))
	wakeups := make([]Wakeup, 0, len(overdue)+len(batches))
	for _, c := range overdue {
		wakeups = append(wakeups, Wakeup{CallbackID: c.ID, Attempt: c.AttemptCount + 1, Epoch: epoch, At: at})
	}
	for _, b := range batches {
		wakeups = append(wakeups, Wakeup{BatchID: b.ID, Attempt: b.AttemptCount + 1, Epoch: epoch, At: at})
	}
	s.send(ctx, wakeups)
	return interrupted, len(wakeups), nil
}

// maxCountDue bounds what counting reads: an alarm does not need more.
const maxCountDue = 10_000

// CountDue counts the PENDING callbacks and the QUEUED batches that have been due for at least the given time, up to 10,000 each.
func (s *Service) CountDue(ctx context.Context, since time.Duration) (callbacks, batches int, err error) {
	dueBy := s.now().Add(-since)
	if callbacks, err = s.store.CountDue(ctx, dueBy, maxCountDue); err != nil {
		return 0, 0, err
	}
	batches, err = s.store.CountDueBatches(ctx, dueBy, maxCountDue)
	return callbacks, batches, err
}
