package models

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"time"
)

// Execution is one call of an executor in a worker's hand.
type Execution struct {
	Batch   *Batch
	Attempt *BatchAttempt
	Action  *Action
	Run     *Run
	Input   *RunInput
	Refused *AttemptError // why the executor is not called at all, nil when it is
}

// ClaimBatches takes batches that are due, as Claim takes callbacks.
func (s *Service) ClaimBatches(ctx context.Context, lanes []LaneLimit) (executions []*Execution, movedTo []Lane, full []string, err error) {
	executions, movedTo, err = s.claimBatches(ctx, func(tx Store, at time.Time) ([]*Batch, error) {
		claimed, err := tx.ClaimDueBatches(ctx, lanes, at, at.Add(LeaseTime))
		full = FullLanes(lanes, claimed, func(b *Batch) Lane { return b.Lane })
		return claimed, err
	})
	if err != nil {
		return nil, nil, nil, err
	}
	return executions, movedTo, full, nil
}

// ClaimSuspectBatch is to batches what ClaimSuspect is to callbacks.
func (s *Service) ClaimSuspectBatch(ctx context.Context) ([]*Execution, error) {
	executions, _, err := s.claimBatches(ctx, func(tx Store, at time.Time) ([]*Batch, error) {
		return tx.ClaimSuspectBatch(ctx, at, at.Add(LeaseTime))
	})
	return executions, err
}

func (s *Service) claimBatches(ctx context.Context, some func(tx Store, at time.Time) ([]*Batch, error)) (executions []*Execution, movedTo []Lane, err error) {
	err = s.store.InTx(ctx, func(tx Store) error {
		at := s.now()
		claimed, err := some(tx, at)
		if err != nil || len(claimed) == 0 {
			return err
		}
		executions, movedTo, err = s.prepareBatches(ctx, tx, claimed, at)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	return executions, movedTo, nil
}

// prepareBatches gives back what is not to be executed now, and writes the attempts' rows of the rest.
func (s *Service) prepareBatches(ctx context.Context, tx Store, claimed []*Batch, at time.Time) (executions []*Execution, movedTo []Lane, err error) {
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
		case s.putOffBatch(ctx, e, at):
			back = append(back, b)
		case b.Lane != lane:
			b.due(at)
			back, movedTo = append(back, b), append(movedTo, b.Lane)
		default:
			e.Attempt = &BatchAttempt{UID: NewUID(), BatchID: b.ID, Number: b.AttemptCount, URL: e.Action.ExecutorURL(), StartedAt: at}
			executions, attempts = append(executions, e), append(attempts, e.Attempt)
		}
	}
	if err := tx.GiveBackBatches(ctx, back...); err != nil || len(attempts) == 0 {
		return executions, DistinctLanes(movedTo), err
	}
	return executions, DistinctLanes(movedTo), tx.CreateBatchAttempts(ctx, attempts)
}

// begin reads what belongs to claimed batches. Their runs are RUNNING from now on.
func begin(ctx context.Context, tx Store, claimed []*Batch, at time.Time) ([]*Execution, error) {
	runIDs, inputIDs, actionIDs := make([]int64, len(claimed)), make([]int64, len(claimed)), make([]*int64, len(claimed))
	for i, b := range claimed {
		runIDs[i], inputIDs[i], actionIDs[i] = b.RunID, b.InputID, &b.ActionID
	}
	if err := tx.StartRuns(ctx, runIDs, at); err != nil {
		return nil, err
	}
	actions, err := tx.Actions(ctx, PlatformActor().Scope(RoleViewer), Distinct(actionIDs)...)
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
	inputByID := indexed(inputs, func(i *RunInput) int64 { return i.ID })
	executions := make([]*Execution, len(claimed))
	for i, b := range claimed {
		executions[i] = &Execution{Batch: b, Action: actionByID[b.ActionID], Run: runByID[b.RunID], Input: inputByID[b.InputID]}
	}
	return executions, nil
}

// putOffBatch tells whether a batch is to wait because a row that it needs cannot be read. After a day, and when it has died too often, it
// is refused instead.
func (s *Service) putOffBatch(ctx context.Context, e *Execution, at time.Time) bool {
	if e.Batch.Exhausted() {
		e.Refused = RefusedExhausted
		return false
	}
	// The run's headers are for its callbacks, without which nobody would hear of what comes of the call.
	err := firstError(e.Action.Executor.Unreadable, e.Run.Callback.Unreadable)
	if err == nil {
		return false
	}
	next, again := e.Batch.Postpone(at)
	s.troubles.Unreadable(ctx, "batch", "batch", e.Batch.UID.String(), "run", e.Run.UID.String(), "since", *e.Batch.UnreadableSince, "again", again, "error", err)
	if again {
		e.Batch.due(next)
	} else {
		e.Refused = RefusedUnreadable
	}
	return again
}

// Bytes is the size of the request's body, about.
func (e *Execution) Bytes() int64 { return int64(len(e.Input.Input)) }

// Headers returns the request's headers.
func (e *Execution) Headers(userAgent string) http.Header {
	h := RequestHeader(e.Action.Executor.Headers, userAgent)
	SetHeader(h, "Content-Type", ContentTypeJSON)
	SetHeader(h, "X-Batch-Attempt", e.Attempt.UID.String())
	return h
}

// RecordBatch writes what came of a call and decides what is next, in one transaction with the callbacks that it makes:
// another try later, another page, or the batch's end, and with the last batch the run's. As with Settle, on an error nothing
// is changed and the same call may be made again.
func (s *Service) RecordBatch(ctx context.Context, e *Execution, o Outcome) error {
	at, o := s.now(), o.Normalized()
	batch, attempt := *e.Batch, *e.Attempt
	attempt.FinishedAt, attempt.Duration, attempt.HTTPStatus, attempt.Error = &at, o.Duration, o.HTTPStatus, o.Error
	attempt.Warning = EndpointWarning(attempt.URL, e.Action.Executor.Headers)
	answer := readAnswer(o, attempt.UID, e.Action.Executor.Headers)
	var next time.Time
	again := answer.mayChange
	if again {
		next, again = s.Retry(&batch.Tries, executorSchedule, o, answer.cause(), attempt.Number, at)
		if o.RetryAfter != "" && next.After(at.Add(maxExecutorRetryAfter)) {
			next = at.Add(maxExecutorRetryAfter)
		}
	}
	if again {
		batch.due(next)
	} else {
		batch.take(answer, e.Run, at)
	}
	return s.settleBatch(ctx, e, &batch, &attempt)
}

// InterruptBatch gives an execution back whose answer nobody waits for, because this process stops. It costs no try.
func (s *Service) InterruptBatch(ctx context.Context, e *Execution) error {
	at := s.now()
	batch, attempt := *e.Batch, *e.Attempt
	attempt.FinishedAt, attempt.Duration = &at, at.Sub(attempt.StartedAt)
	attempt.Error = &AttemptError{Interrupted, InterruptedCallMessage}
	batch.due(at)
	return s.settleBatch(ctx, e, &batch, &attempt)
}

// InterruptedCallMessage is the sentence beside INTERRUPTED.
const InterruptedCallMessage = "the worker stopped before the answer came; the executor is called again"

// settleBatch writes what became of a batch. One whose results, or whose next page, are more than the account may have ends FAILED instead.
func (s *Service) settleBatch(ctx context.Context, e *Execution, batch *Batch, attempt *BatchAttempt) error {
	callbacks, next, owned, err := s.writeBatch(ctx, e, batch, attempt)
	if ErrorCode(err) == CodeLimitReached {
		batch.exceed(err)
		callbacks, next, owned, err = s.writeBatch(ctx, e, batch, attempt)
	}
	if err != nil {
		return err
	}
	*e.Batch, *e.Attempt = *batch, *attempt
	if !owned {
		return nil
	}
	if batch.Status == RunQueued {
		next = batch
	}
	s.wakeBatches(ctx, []*Batch{next})
	s.Wake(ctx, callbacks...)
	return nil
}

// exceed turns a batch that has ended into one whose results are not kept, because of a quota.
func (b *Batch) exceed(why error) {
	b.Status, b.HasMore, b.Empty, b.Results, b.ResultCount = RunFailed, false, false, nil, 0
	b.Error = overLimit(why, b.UID.String())
}

func (s *Service) writeBatch(ctx context.Context, e *Execution, batch *Batch, attempt *BatchAttempt) (callbacks []*Callback, next *Batch, owned bool, err error) {
	err = s.store.InTx(ctx, func(tx Store) (err error) {
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
		callbacks, next, err = s.advance(ctx, tx, batch, e.Input)
		return err
	})
	return callbacks, next, owned, err
}

// lockPages makes transactions that end batches of a run wait for each other: who stops a run stops all its pages, and none is
// added meanwhile. It comes first, then the batches, then their run.
func lockPages(ctx context.Context, tx Store, run *Run) error {
	return tx.LockOrderingKey(ctx, "run:"+run.UID.String())
}

// advance moves a run on by a batch that has ended, with a transaction that has written the batch: batches are locked before
// their run.
func (s *Service) advance(ctx context.Context, tx Store, batch *Batch, input *RunInput) (callbacks []*Callback, next *Batch, err error) {
	run, err := tx.LockRun(ctx, batch.RunID)
	if err != nil {
		return nil, nil, err
	}
	at := s.now()
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
	told, err := s.raiseBatch(ctx, tx, run, batch, input)
	if err != nil {
		return nil, nil, err
	}
	callbacks = []*Callback{told}
	if run.OpenBatches > 0 {
		if err := tx.UpdateRuns(ctx, run); err != nil {
			return nil, nil, err
		}
	} else {
		if err := endRun(ctx, tx, run, at); err != nil {
			return nil, nil, err
		}
		final, err := s.raiseFinal(ctx, tx, run)
		if err != nil {
			return nil, nil, err
		}
		callbacks = append(callbacks, final)
	}
	return callbacks, next, s.charge(ctx, tx, run.AccountID, run.holds().minus(held))
}

// endRun gives a run whose batches have all ended its final status.
func endRun(ctx context.Context, tx Store, run *Run, at time.Time) error {
	tally, err := tx.TallyBatches(ctx, run.ID)
	if err != nil {
		return err
	}
	if err := run.become(outcomeOf(tally), at); err != nil {
		return err
	}
	if run.Status != RunSucceeded {
		if run.Error, err = tx.FirstBatchError(ctx, run.ID); err != nil {
			return err
		}
	}
	return tx.UpdateRuns(ctx, run)
}

// outcomeOf is a run's final status, from the number of its batches by status.
func outcomeOf(tally map[RunStatus]int) RunStatus {
	switch succeeded, failed, blocked := tally[RunSucceeded], tally[RunFailed], tally[RunBlocked]; {
	case succeeded > 0 && failed+blocked == 0:
		return RunSucceeded
	case succeeded > 0:
		return RunPartialSucceeded
	case failed == 0 && blocked > 0:
		return RunBlocked
	default:
		return RunFailed
	}
}

// raiseBatch creates the callback of a batch that has ended; nil where the run sends none, or there is nothing to tell.
func (s *Service) raiseBatch(ctx context.Context, tx Store, run *Run, batch *Batch, input *RunInput) (*Callback, error) {
	if batch.Empty && batch.Status == RunSucceeded {
		return nil, nil
	}
	o := run.occasion("run-batch:" + batch.UID.String())
	o.Source.Part = ObjectID{TypeBatch, batch.ID}
	switch run.CallbackOn {
	case CallbackOnFinal:
		return nil, nil
	case CallbackOnResult:
		o.Event, o.OrderingKey = RunResultEvent, lineOfURL(run)
		o.Render = func(Envelope) ([]byte, error) { return runResultBody(run, batch) }
	case CallbackOnAll:
		o.Event = RunBatchFinishedEvent
		o.Render = func(e Envelope) ([]byte, error) { return runBatchBody(e, run, batch, input) }
	}
	return s.Raise(ctx, tx, o)
}

// raiseFinal creates the one callback that tells that a run has ended; nil where a result told it.
func (s *Service) raiseFinal(ctx context.Context, tx Store, run *Run) (*Callback, error) {
	o := run.occasion("run-finished:" + run.UID.String())
	if run.CallbackOn == CallbackOnResult {
		if run.Status != RunStopped {
			return nil, nil
		}
		o.Event, o.OrderingKey = RunResultEvent, lineOfURL(run)
		o.Render = func(Envelope) ([]byte, error) { return runResultBody(run, nil) }
		return s.Raise(ctx, tx, o)
	}
	count, err := tx.CountBatchCallbacks(ctx, run.ID)
	if err != nil {
		return nil, err
	}
	var input *RunInput
	if run.InputCount == 1 {
		if input, err = One(tx.InputsOfRun(ctx, run.ID, 1))("input of the run"); err != nil {
			return nil, err
		}
	}
	o.Event = RunFinishedEvent
	o.Render = func(e Envelope) ([]byte, error) { return runFinishedBody(e, run, input, count) }
	return s.Raise(ctx, tx, o)
}

// occasion is what all callbacks of a run have in common.
func (r *Run) occasion(dedupKey string) Occasion {
	return Occasion{
		DedupKey: dedupKey, ProjectID: r.ProjectID, Source: Source{Of: r.ObjectID()}, CreatorID: r.CreatedByUserID, Request: r.request(),
	}
}

// lineOfURL: of several results to one URL the last one sent must be the most recent.
func lineOfURL(run *Run) string {
	if run.Callback.URL == nil {
		return ""
	}
	return fmt.Sprintf("url:%d:%x", run.ProjectID, sha256.Sum256([]byte(*run.Callback.URL)))
}
