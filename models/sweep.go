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
	// sweepBatch bounds one statement that interrupts.
	sweepBatch = 500
	// sweepWakeTimeout bounds what a sweep waits for the queue: nobody waits for the sweep, but the next one.
	sweepWakeTimeout = time.Second
)

// Sweep is how nothing stays stuck: callbacks whose worker went away become PENDING again, and hosts with callbacks that were
// due a second ago are woken again; and so it is with batches and their actions. What it costs depends on the number of hosts and
// actions with something overdue, not on how much waits there. It returns how many callbacks and batches it interrupted, and how
// many lanes it woke. Any number of processes may sweep at the same time: the number of the sweep names the wake-ups, so within one
// interval the queue keeps one for each lane.
func (s *Service) Sweep(ctx context.Context) (interrupted, woken int, err error) {
	var hosts []string
	var actions []int64
	at := s.now()
	// Not in the transaction: a process that stops in the midst of it would hold up the sweeps of all others.
	expire, err := s.swept(ctx, at)
	if err != nil {
		return 0, 0, err
	}
	err = s.store.InTx(ctx, func(tx Store) (err error) {
		if expire {
			if interrupted, err = interruptExpired(ctx, tx, at); err != nil {
				return err
			}
		}
		if hosts, err = tx.OverdueHosts(ctx, at.Add(-sweepGrace)); err != nil {
			return err
		}
		actions, err = tx.OverdueActions(ctx, at.Add(-sweepGrace))
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	epoch := int(at.Unix() / int64(SweepInterval/time.Second))
	wakeups := make([]Wakeup, 0, len(hosts)+len(actions))
	for _, host := range hosts {
		wakeups = append(wakeups, Wakeup{Lane: Lane{Host: host}, Epoch: epoch, At: at})
	}
	for _, action := range actions {
		wakeups = append(wakeups, Wakeup{Lane: Lane{ActionID: action}, Epoch: epoch, At: at})
	}
	s.send(ctx, wakeups, sweepWakeTimeout)
	return interrupted, len(wakeups), nil
}

func interruptExpired(ctx context.Context, tx Store, at time.Time) (int, error) {
	callbacks, err := tx.InterruptExpired(ctx, at, sweepBatch)
	if err != nil {
		return 0, err
	}
	batches, err := tx.InterruptExpiredBatches(ctx, at, sweepBatch)
	return callbacks + batches, err
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
