package run

import (
	"cmp"
	"context"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

// LeasedBatches are batches of runs.
const LeasedBatches callback.Leased = "batches"

// ClaimTx is what claims of batches ask of their transaction.
type ClaimTx interface {
	// ClaimDueBatches is to batches what the engine's ClaimDue is to callbacks, and so are ClaimSuspectBatch and
	// GiveBackBatches.
	ClaimDueBatches(ctx context.Context, lanes []callback.LaneLimit, now, leaseUntil time.Time) ([]*Batch, error)
	ClaimSuspectBatch(ctx context.Context, now, leaseUntil time.Time) ([]*Batch, error)
	GiveBackBatches(ctx context.Context, batches ...*Batch) error
	// StartRuns makes QUEUED runs RUNNING.
	StartRuns(ctx context.Context, ids []int64, at time.Time) error
	Actions(ctx context.Context, scope models.Scope, ids ...int64) ([]*Action, error)
	// RunsToExecute returns runs with the headers of their callbacks, whosever they are.
	RunsToExecute(ctx context.Context, ids ...int64) ([]*Run, error)
	RunInputs(ctx context.Context, ids ...int64) ([]*Input, error)
	CreateBatchAttempts(ctx context.Context, attempts []*BatchAttempt) error
	// DeleteAttempts is that of callback.LeaseStore.
	DeleteAttempts(ctx context.Context, of callback.Leased, ids ...int64) error
}

// Executions is what workers do with batches: claim them, call their executors, and record what came of it.
type Executions struct {
	callback.Claims[ClaimTx, *Batch, *Execution]

	engine *callback.Service
	db     Ports
	quotas Quotas
}

func newExecutions(engine *callback.Service, db Ports, quotas Quotas) *Executions {
	x := &Executions{engine: engine, db: db, quotas: quotas}
	x.Claims = callback.NewClaims(callback.Kind[ClaimTx, *Batch, *Execution]{
		Name: LeasedBatches, Leases: db.Upkeep, Now: engine.Now, InTx: db.InClaimTx,
		Due: ClaimTx.ClaimDueBatches, Suspect: ClaimTx.ClaimSuspectBatch, Lane: func(b *Batch) callback.Lane { return b.Lane },
		Prepare: x.prepare,
	})
	return x
}

// prepare gives back what is not to be executed now, and writes the attempts' rows of the rest.
func (x *Executions) prepare(
	ctx context.Context, tx ClaimTx, claimed []*Batch, at time.Time,
) (executions []*Execution, movedTo []callback.Lane, err error) {
	all, err := begin(ctx, tx, claimed, at)
	if err != nil {
		return nil, nil, err
	}
	var attempts []*BatchAttempt
	var back []*Batch
	for _, e := range all {
		b := e.Batch
		lane := b.Lane
		b.Lane = e.Action.Lane()
		switch {
		case x.postpone(ctx, e, at):
			back = append(back, b)
		case b.Lane != lane:
			b.due(at)
			back, movedTo = append(back, b), append(movedTo, b.Lane)
		default:
			e.Attempt = &BatchAttempt{
				UID: models.NewUID(), BatchID: b.ID, Number: b.AttemptCount, URL: e.Action.ExecutorURL(), StartedAt: at,
			}
			executions, attempts = append(executions, e), append(attempts, e.Attempt)
		}
	}
	if err := tx.GiveBackBatches(ctx, back...); err != nil || len(attempts) == 0 {
		return executions, callback.DistinctLanes(movedTo), err
	}
	return executions, callback.DistinctLanes(movedTo), tx.CreateBatchAttempts(ctx, attempts)
}

// begin reads what belongs to claimed batches. Their runs are RUNNING from now on.
func begin(ctx context.Context, tx ClaimTx, claimed []*Batch, at time.Time) ([]*Execution, error) {
	n := len(claimed)
	runIDs, inputIDs, actionIDs := make([]int64, n), make([]int64, n), make([]*int64, n)
	for i, b := range claimed {
		runIDs[i], inputIDs[i], actionIDs[i] = b.RunID, b.InputID, &b.ActionID
	}
	if err := tx.StartRuns(ctx, runIDs, at); err != nil {
		return nil, err
	}
	actions, err := tx.Actions(ctx, models.PlatformActor().Scope(models.RoleViewer), models.Distinct(actionIDs)...)
	if err != nil {
		return nil, err
	}
	runs, err := tx.RunsToExecute(ctx, runIDs...)
	if err != nil {
		return nil, err
	}
	inputs, err := tx.RunInputs(ctx, inputIDs...)
	if err != nil {
		return nil, err
	}
	actionByID := indexed(actions, func(a *Action) int64 { return a.ID })
	runByID := indexed(runs, func(r *Run) int64 { return r.ID })
	inputByID := indexed(inputs, func(i *Input) int64 { return i.ID })
	executions := make([]*Execution, n)
	for i, b := range claimed {
		executions[i] = &Execution{
			Batch: b, Action: actionByID[b.ActionID], Run: runByID[b.RunID], Input: inputByID[b.InputID],
		}
	}
	return executions, nil
}

// postpone tells whether a batch is to wait because a row that it needs cannot be read. After a day, and when it has
// died too often, it is refused instead.
func (x *Executions) postpone(ctx context.Context, e *Execution, at time.Time) bool {
	if e.Batch.Exhausted() {
		e.Refused = callback.RefusedExhausted
		return false
	}
	// The run's headers are for its callbacks, without which nobody would hear of what comes of the call.
	err := cmp.Or(e.Action.Executor.Unreadable, e.Run.Callback.Unreadable)
	if err == nil {
		return false
	}
	next, again := e.Batch.Postpone(at)
	x.engine.Troubles().Unreadable(ctx, "batch", "batch", e.Batch.UID.String(), "run", e.Run.UID.String(),
		"since", *e.Batch.UnreadableSince, "again", again, "error", err)
	if again {
		e.Batch.due(next)
	} else {
		e.Refused = callback.RefusedUnreadable
	}
	return again
}

// indexed returns a list by its ids.
func indexed[T any](list []T, id func(T) int64) map[int64]T {
	m := make(map[int64]T, len(list))
	for _, v := range list {
		m[id(v)] = v
	}
	return m
}
