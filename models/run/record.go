package run

import (
	"context"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

// Record writes what came of a call and decides what is next, in one transaction with the callbacks that it makes:
// another try later, another page, or the batch's end, and with the last batch the run's. As with
// the engine's Settle, on an error nothing is changed and the same call may be made again.
func (x *Executions) Record(ctx context.Context, e *Execution, o callback.Outcome) error {
	at, o := x.engine.Now(), o.Normalized()
	batch, attempt := *e.Batch, *e.Attempt
	attempt.FinishedAt, attempt.Duration, attempt.HTTPStatus, attempt.Error = &at, o.Duration, o.HTTPStatus, o.Error
	attempt.Warning = models.EndpointWarning(attempt.URL, e.Action.Executor.Headers)
	attempt.Exchange = callback.NewExchange(o, e.Action.Executor.Headers, ownHeaders)
	answer := readAnswer(o, attempt.UID, e.Action.Executor.Headers)
	var next time.Time
	again := answer.retryable
	if again {
		next, again = x.engine.Retry(&batch.Tries, executorSchedule, o, answer.cause(), attempt.Number, at)
		if o.RetryAfter != "" && next.After(at.Add(maxExecutorRetryAfter)) {
			next = at.Add(maxExecutorRetryAfter)
		}
	}
	if again {
		batch.due(next)
	} else {
		batch.finish(answer, e.Run, at)
	}
	return x.settle(ctx, e, &batch, &attempt)
}

// Interrupt gives an execution back whose answer nobody waits for, because this process stops. It costs no try.
func (x *Executions) Interrupt(ctx context.Context, e *Execution) error {
	at := x.engine.Now()
	batch, attempt := *e.Batch, *e.Attempt
	attempt.FinishedAt, attempt.Duration = &at, at.Sub(attempt.StartedAt)
	attempt.Error = &callback.AttemptError{Code: callback.Interrupted, Message: InterruptedCallMessage}
	batch.due(at)
	return x.settle(ctx, e, &batch, &attempt)
}

// InterruptedCallMessage is the sentence beside INTERRUPTED.
const InterruptedCallMessage = "the worker stopped before the answer came; the executor is called again"

// settle writes what became of a batch. One whose results, or whose next page, are more than the account may have
// ends FAILED instead.
func (x *Executions) settle(ctx context.Context, e *Execution, batch *Batch, attempt *BatchAttempt) error {
	callbacks, next, owned, err := x.write(ctx, e, batch, attempt)
	if models.ErrorCode(err) == models.CodeLimitReached {
		batch.exceed(err)
		callbacks, next, owned, err = x.write(ctx, e, batch, attempt)
	}
	if err != nil {
		return err
	}
	*e.Batch, *e.Attempt = *batch, *attempt
	if !owned {
		return nil
	}
	if batch.Status == Queued {
		next = batch
	}
	wakeBatches(ctx, x.engine, []*Batch{next})
	x.engine.Wake(ctx, callbacks...)
	return nil
}

// exceed turns a batch that has ended into one whose results are not kept, because of a quota.
func (b *Batch) exceed(why error) {
	b.Status, b.HasMore, b.Empty, b.Results, b.ResultCount = Failed, false, false, nil, 0
	b.Error = overLimit(why, b.UID.String())
}

func (x *Executions) write(
	ctx context.Context, e *Execution, batch *Batch, attempt *BatchAttempt,
) (callbacks []*callback.Callback, next *Batch, owned bool, err error) {
	err = x.db.InEndTx(ctx, func(tx EndTx) (err error) {
		if batch.Status.Ended() {
			if err := lockPages(ctx, tx, e.Run); err != nil {
				return err
			}
			if err := emptyPage(ctx, tx, e.Run, batch); err != nil {
				return err
			}
		}
		if owned, err = tx.SettleBatch(ctx, batch); err != nil {
			return err
		}
		if err := tx.FinishBatchAttempt(ctx, attempt); err != nil || !owned || !batch.Status.Ended() {
			return err
		}
		callbacks, next, err = x.advance(ctx, tx, batch, e.Input)
		return err
	})
	return callbacks, next, owned, err
}

// lockPages makes transactions that end batches of a run wait for each other: who stops a run stops all its pages,
// and none is added meanwhile. It comes first, then the batches, then their run.
func lockPages(ctx context.Context, tx EndTx, run *Run) error {
	return tx.LockKey(ctx, "run:"+run.UID.String())
}

// advance moves a run on by a batch that has ended, with a transaction that has written the batch: batches are locked
// before their run.
func (x *Executions) advance(
	ctx context.Context, tx EndTx, batch *Batch, input *Input,
) (callbacks []*callback.Callback, next *Batch, err error) {
	run, err := tx.LockRun(ctx, batch.RunID)
	if err != nil {
		return nil, nil, err
	}
	at := x.engine.Now()
	held := run.holds()
	run.OpenBatches--
	run.OutputCount += batch.ResultCount
	run.StoredBytes += run.resultBytes(batch)
	if run.goesOn(batch) {
		next = run.newBatch(batch.InputID, batch.Page+1, batch.Lane, at)
		run.BatchCount++
		run.OpenBatches++
		run.StoredBytes += run.batchBytes(input)
		if err := tx.CreateBatches(ctx, []*Batch{next}); err != nil {
			return nil, nil, err
		}
	}
	raised, err := raiseBatch(ctx, x.engine, tx, run, batch, input)
	if err != nil {
		return nil, nil, err
	}
	var final *callback.Callback
	if run.OpenBatches > 0 {
		err = tx.UpdateRuns(ctx, run)
	} else if err = endRun(ctx, tx, run, at); err == nil {
		final, err = raiseFinal(ctx, x.engine, tx, run)
	}
	if err != nil {
		return nil, nil, err
	}
	return []*callback.Callback{raised, final}, next, x.quotas.reserve(ctx, tx, run.AccountID, run.holds().minus(held))
}
