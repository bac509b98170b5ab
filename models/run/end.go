package run

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

// EndTx is what the end of batches, and of their run, asks of its transaction.
type EndTx interface {
	callback.Tx
	UsageTx
	// SettleBatch writes what became of a claimed batch; false, and nothing written, when it was claimed again or
	// stopped since.
	SettleBatch(ctx context.Context, b *Batch) (bool, error)
	FinishBatchAttempt(ctx context.Context, a *BatchAttempt) error
	// StopBatches ends those of a run that have not ended.
	StopBatches(ctx context.Context, runID int64, at time.Time) error
	// CountEmptyPages counts the pages of an input, from one to another, that succeeded without results.
	CountEmptyPages(ctx context.Context, inputID int64, from, to int) (int, error)
	CreateBatches(ctx context.Context, batches []*Batch) error
	LockRun(ctx context.Context, id int64) (*Run, error)
	UpdateRuns(ctx context.Context, runs ...*Run) error
	// TallyBatches counts the batches of a run by status. An empty one does not count behind the last page of its
	// input, since that there is nothing more is no failure, nor where there was more.
	TallyBatches(ctx context.Context, runID int64) (map[Status]int, error)
	// FirstBatchError returns the error of the first of those batches that has one, nil for none.
	FirstBatchError(ctx context.Context, runID int64) (*models.StandardError, error)
	// CountBatchCallbacks counts the callbacks of a run's batches, without replays.
	CountBatchCallbacks(ctx context.Context, runID int64) (int, error)
	// InputsOfRun returns the first inputs of a run, in order.
	InputsOfRun(ctx context.Context, runID int64, limit int) ([]*Input, error)
}

// endRun gives a run whose batches have all ended its final status.
func endRun(ctx context.Context, tx EndTx, run *Run, at time.Time) error {
	tally, err := tx.TallyBatches(ctx, run.ID)
	if err != nil {
		return err
	}
	if err := run.become(outcomeOf(tally), at); err != nil {
		return err
	}
	if run.Status != Succeeded {
		if run.Error, err = tx.FirstBatchError(ctx, run.ID); err != nil {
			return err
		}
	}
	return tx.UpdateRuns(ctx, run)
}

// outcomeOf is a run's final status, from the number of its batches by status.
func outcomeOf(tally map[Status]int) Status {
	switch succeeded, failed, blocked := tally[Succeeded], tally[Failed], tally[Blocked]; {
	case succeeded > 0 && failed+blocked == 0:
		return Succeeded
	case succeeded > 0:
		return PartialSucceeded
	case failed == 0 && blocked > 0:
		return Blocked
	default:
		return Failed
	}
}

// raiseBatch creates the callback of a batch that has ended; nil where the run sends none, or there is nothing to
// tell.
func raiseBatch(
	ctx context.Context, engine *callback.Service, tx EndTx, run *Run, batch *Batch, input *Input,
) (*callback.Callback, error) {
	if batch.Empty && batch.Status == Succeeded {
		return nil, nil
	}
	if run.CallbackOn == CallbackOnFinal {
		return nil, nil
	}
	return engine.Raise(ctx, tx, run.batchOccasion(batch, input))
}

// batchOccasion is that of the callback of a batch that has ended: its bare result, or all that is known of it.
func (r *Run) batchOccasion(batch *Batch, input *Input) callback.Occasion {
	o := r.occasion("run-batch:" + batch.UID.String())
	o.Source.Part = models.ObjectID{Type: TypeBatch, Raw: batch.ID}
	if r.CallbackOn == CallbackOnResult {
		o.Event, o.OrderingKey = callback.RunResultEvent, lineOfURL(r)
		o.Render = func(callback.Envelope) ([]byte, error) { return resultBody(r, batch) }
		return o
	}
	o.Event = callback.RunBatchFinishedEvent
	o.Render = func(e callback.Envelope) ([]byte, error) { return batchBody(e, r, batch, input) }
	return o
}

// raiseFinal creates the one callback that tells that a run has ended; nil where a result told it.
func raiseFinal(ctx context.Context, engine *callback.Service, tx EndTx, run *Run) (*callback.Callback, error) {
	if run.CallbackOn == CallbackOnResult {
		if run.Status != Stopped {
			return nil, nil
		}
		o := run.occasion(run.finalKey())
		o.Event, o.OrderingKey = callback.RunResultEvent, lineOfURL(run)
		o.Render = func(callback.Envelope) ([]byte, error) { return resultBody(run, nil) }
		return engine.Raise(ctx, tx, o)
	}
	count, err := tx.CountBatchCallbacks(ctx, run.ID)
	if err != nil {
		return nil, err
	}
	var input *Input
	if run.InputCount == 1 {
		if input, err = models.One(tx.InputsOfRun(ctx, run.ID, 1))("input of the run"); err != nil {
			return nil, err
		}
	}
	return engine.Raise(ctx, tx, run.finalOccasion(input, count))
}

func (r *Run) finalKey() string { return "run-finished:" + r.UID.String() }

// finalOccasion is that of the callback of a run that has ended. It has an input where it has no other.
func (r *Run) finalOccasion(input *Input, batchCallbacks int) callback.Occasion {
	o := r.occasion(r.finalKey())
	o.Event = callback.RunFinishedEvent
	o.Render = func(e callback.Envelope) ([]byte, error) { return finishedBody(e, r, input, batchCallbacks) }
	return o
}

// occasion is what all callbacks of a run have in common.
func (r *Run) occasion(dedupKey string) callback.Occasion {
	return callback.Occasion{
		DedupKey: dedupKey, ProjectID: r.ProjectID, Source: callback.Source{Of: r.ObjectID()},
		CreatorID: r.CreatedByUserID, Request: r.request(),
	}
}

// lineOfURL: of several results to one URL the last one sent must be the most recent.
func lineOfURL(run *Run) string {
	if run.Callback.URL == nil {
		return ""
	}
	return fmt.Sprintf("url:%d:%x", run.ProjectID, sha256.Sum256([]byte(*run.Callback.URL)))
}
