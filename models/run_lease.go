package models

import (
	"context"
	"time"
)

// LeasedBatches are batches of runs.
const LeasedBatches Leased = "batches"

// Lease returns the execution's lease.
func (e *Execution) Lease() Lease { return Lease{e.Batch.ID, e.Attempt.Number} }

// Lane is where the execution waited.
func (e *Execution) Lane() Lane { return e.Batch.Lane }

// RenewBatches is Renew for executions.
func (s *Service) RenewBatches(ctx context.Context, leases []Lease) ([]Lease, error) {
	return s.renew(ctx, LeasedBatches, leases)
}

// ExcuseBatches is Excuse for executions.
func (s *Service) ExcuseBatches(ctx context.Context, batchIDs []int64) error {
	return s.store.Excuse(ctx, LeasedBatches, batchIDs)
}

// ReleaseBatches is Release for executions.
func (s *Service) ReleaseBatches(ctx context.Context, executions []*Execution) error {
	at := s.now()
	batches, attempts := make([]*Batch, len(executions)), make([]int64, len(executions))
	for i, e := range executions {
		batches[i], attempts[i] = new(*e.Batch), e.Attempt.ID
		batches[i].due(DueSince(e.Attempt.Number, e.Batch.CreatedAt, at))
	}
	return s.store.InTx(ctx, func(tx Store) error {
		if err := tx.GiveBackBatches(ctx, batches...); err != nil {
			return err
		}
		return tx.DeleteAttempts(ctx, LeasedBatches, attempts...)
	})
}

// wakeBatches asks the queue to look at batches that are committed, in each of their lanes. Those that are nil or wait for long are left out.
func (s *Service) wakeBatches(ctx context.Context, batches []*Batch) {
	at, woken := s.now(), map[Lane]bool{}
	var wakeups []Wakeup
	for _, b := range batches {
		if b == nil || woken[b.Lane] || b.NextAttemptAt.Sub(at) > QueueWindow {
			continue
		}
		woken[b.Lane] = true // those of a lane are due together
		wakeups = append(wakeups, Wakeup{Lane: b.Lane, At: *b.NextAttemptAt})
	}
	s.WakeLanes(ctx, wakeups, WakeTimeout)
}

// firingPatience is for how long the sweep leaves batches alone while schedules fire, which wakes them in the end.
const firingPatience = 5 * time.Second

// stillFiring tells whether schedules are firing, and not for too long.
func (s *Service) stillFiring(at time.Time) bool {
	since := s.firingSince.Load()
	return since != nil && at.Sub(*since) < firingPatience
}
