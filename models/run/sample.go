package run

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

// PreviewReader reads what the callbacks of a run are rendered of, whosever it is. Each method is one statement.
type PreviewReader interface {
	// RunsToExecute returns runs with the headers of their callbacks.
	RunsToExecute(ctx context.Context, ids ...int64) ([]*Run, error)
	RunInputs(ctx context.Context, ids ...int64) ([]*Input, error)
	InputsOfRun(ctx context.Context, runID int64, limit int) ([]*Input, error)
	// CountBatchCallbacks counts the callbacks of a run's batches, without replays.
	CountBatchCallbacks(ctx context.Context, runID int64) (int, error)
}

const runField = "runUid"

// composers make the occasions of runs to look at. What a run sends depends on its CallbackOn.
func (s *Service) composers() []callback.Composer {
	return []callback.Composer{
		{
			Event: callback.RunBatchFinishedEvent, Field: runField, Happened: s.batchHasEnded(CallbackOnAll),
			Sample: func(at time.Time) callback.Occasion {
				run, batch, input := sampleRun(at, CallbackOnAll)
				return run.batchOccasion(batch, input)
			},
		},
		{
			Event: callback.RunResultEvent, Field: runField, Happened: s.batchHasEnded(CallbackOnResult),
			Sample: func(at time.Time) callback.Occasion {
				run, batch, input := sampleRun(at, CallbackOnResult)
				return run.batchOccasion(batch, input)
			},
		},
		{
			Event: callback.RunFinishedEvent, Field: runField, Happened: s.hasEnded,
			Sample: func(at time.Time) callback.Occasion {
				run, _, input := sampleRun(at, CallbackOnAll)
				return run.finalOccasion(input, 1)
			},
		},
	}
}

// sampleRun is a run of one input with one result.
func sampleRun(at time.Time, on CallbackOn) (*Run, *Batch, *Input) {
	run := &Run{
		ID: 1, UID: sampleUID(1), Status: Succeeded, CallbackOn: on, InputCount: 1, BatchCount: 1, OutputCount: 1,
		CreatedAt: at, StartedAt: &at, FinishedAt: &at,
	}
	batch := &Batch{
		ID: 1, UID: sampleUID(2), RunID: 1, InputID: 1, Page: 1, Status: Succeeded,
		Results: json.RawMessage(`[{"result":1}]`), ResultCount: 1, CreatedAt: at, FinishedAt: &at,
	}
	return run, batch, &Input{ID: 1, RunID: 1, Number: 1, Input: json.RawMessage(`{"q":"shoes"}`)}
}

func sampleUID(n byte) uuid.UUID { return uuid.UUID{6: 0x70, 8: 0x80, 15: n} }

// named finds a run that the actor may see, with the headers of its callbacks.
func (s *Service) named(ctx context.Context, actor *models.Actor, of callback.Subject) (*Run, error) {
	uid, err := uuid.Parse(of.UID)
	if err != nil {
		return nil, models.Invalid(of.Field, "must be a UUID")
	}
	seen, err := s.db.Reader.RunByUID(ctx, actor.Scope(models.RoleViewer), uid)
	if err != nil {
		return nil, err
	}
	if seen.PayloadPurgedAt != nil {
		return nil, models.Conflict(of.Field, "the inputs and results of this run were deleted")
	}
	return models.One(s.db.Preview.RunsToExecute(ctx, seen.ID))(models.TypeRun)
}

func (r *Run) sends(of callback.Subject, on ...CallbackOn) error {
	for _, sent := range on {
		if r.CallbackOn == sent {
			return nil
		}
	}
	return models.Conflict(of.Field, "this run does not send that event: its callbackOn is %s", r.CallbackOn)
}

// batchHasEnded makes the occasion of the first batch of a run that has results or, where there is none, of its first
// that has ended.
func (s *Service) batchHasEnded(
	on CallbackOn,
) func(context.Context, *models.Actor, callback.Subject) (callback.Occasion, error) {
	return func(ctx context.Context, actor *models.Actor, of callback.Subject) (callback.Occasion, error) {
		run, err := s.named(ctx, actor, of)
		if err != nil {
			return callback.Occasion{}, err
		}
		if err := run.sends(of, on); err != nil {
			return callback.Occasion{}, err
		}
		batch, err := s.firstEnded(ctx, actor.Scope(models.RoleViewer), run)
		if err != nil {
			return callback.Occasion{}, err
		}
		if batch == nil {
			return callback.Occasion{}, models.Conflict(of.Field, "no batch of this run that it would tell of has ended yet")
		}
		input, err := models.One(s.db.Preview.RunInputs(ctx, batch.InputID))("input of the batch")
		if err != nil {
			return callback.Occasion{}, err
		}
		return run.batchOccasion(batch, input), nil
	}
}

func (s *Service) firstEnded(ctx context.Context, scope models.Scope, run *Run) (*Batch, error) {
	found, err := s.BatchesWithResults(ctx, scope, []int64{run.ID}, 0, 1)
	if err != nil {
		return nil, err
	}
	if len(found) > 0 {
		return found[0], nil
	}
	pages, err := s.BatchPages(ctx, scope, []int64{run.ID}, models.Page{First: models.MaxPageSize})
	if err != nil {
		return nil, err
	}
	for _, b := range pages[run.ID].Nodes {
		if b.Status == Failed || b.Status == Blocked {
			return b, nil
		}
	}
	return nil, nil
}

func (s *Service) hasEnded(ctx context.Context, actor *models.Actor, of callback.Subject) (callback.Occasion, error) {
	run, err := s.named(ctx, actor, of)
	if err != nil {
		return callback.Occasion{}, err
	}
	if err := run.sends(of, CallbackOnAll, CallbackOnFinal); err != nil {
		return callback.Occasion{}, err
	}
	if !run.Status.Ended() {
		return callback.Occasion{}, models.Conflict(of.Field, "this run has not ended yet: it is %s", run.Status)
	}
	count, err := s.db.Preview.CountBatchCallbacks(ctx, run.ID)
	if err != nil {
		return callback.Occasion{}, err
	}
	var input *Input
	if run.InputCount == 1 {
		if input, err = models.One(s.db.Preview.InputsOfRun(ctx, run.ID, 1))("input of the run"); err != nil {
			return callback.Occasion{}, err
		}
	}
	return run.finalOccasion(input, count), nil
}
