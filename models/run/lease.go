package run

import (
	"context"

	"github.com/ringback/ringback/models/callback"
)

// Release is the engine's Release for executions.
func (x *Executions) Release(ctx context.Context, executions []*Execution) error {
	at := x.engine.Now()
	batches, attempts := make([]*Batch, len(executions)), make([]int64, len(executions))
	for i, e := range executions {
		batches[i], attempts[i] = new(*e.Batch), e.Attempt.ID
		batches[i].due(callback.DueSince(e.Attempt.Number, e.Batch.CreatedAt, at))
	}
	return x.db.InClaimTx(ctx, func(tx ClaimTx) error {
		if err := tx.GiveBackBatches(ctx, batches...); err != nil {
			return err
		}
		return tx.DeleteAttempts(ctx, LeasedBatches, attempts...)
	})
}

// wakeBatches asks the queue to look at batches that are committed, in each of their lanes. Those that are nil or
// wait for long are left out.
func wakeBatches(ctx context.Context, engine *callback.Service, batches []*Batch) {
	at, woken := engine.Now(), map[callback.Lane]bool{}
	var wakeups []callback.Wakeup
	for _, b := range batches {
		if b == nil || woken[b.Lane] || b.NextAttemptAt.Sub(at) > callback.QueueWindow {
			continue
		}
		woken[b.Lane] = true // those of a lane are due together
		wakeups = append(wakeups, callback.Wakeup{Lane: b.Lane, At: *b.NextAttemptAt})
	}
	engine.WakeLanes(ctx, wakeups, callback.WakeTimeout)
}
