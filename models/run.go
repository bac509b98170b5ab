package models

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"
)

// RunStatus is how far a run, or one of its batches, is.
type RunStatus string

// Statuses of runs. Batches have QUEUED, RUNNING, SUCCEEDED, FAILED, BLOCKED and STOPPED.
const (
	RunCreated          RunStatus = "CREATED" // its schedule is paused
	RunInvalid          RunStatus = "INVALID" // its time came, but it could not begin any more
	RunQueued           RunStatus = "QUEUED"
	RunScheduled        RunStatus = "SCHEDULED"
	RunBlocked          RunStatus = "BLOCKED" // the executor refused the input
	RunStopped          RunStatus = "STOPPED"
	RunRunning          RunStatus = "RUNNING"
	RunFailed           RunStatus = "FAILED"
	RunPartialSucceeded RunStatus = "PARTIAL_SUCCEEDED"
	RunSucceeded        RunStatus = "SUCCEEDED"
)

// runWays are the ways between the statuses of a run; the package comment draws them. Those that lead nowhere are ends.
var runWays = map[RunStatus][]RunStatus{
	RunCreated:   {RunScheduled, RunStopped},
	RunScheduled: {RunQueued, RunCreated, RunStopped, RunInvalid},
	RunQueued:    {RunRunning, RunStopped},
	RunRunning:   {RunSucceeded, RunPartialSucceeded, RunFailed, RunBlocked, RunStopped},
}

// Ended tells whether nothing more happens to a run or batch of this status.
func (s RunStatus) Ended() bool { return len(runWays[s]) == 0 }

// CallbackOn says which callbacks a run sends.
type CallbackOn string

// What a run sends.
const (
	CallbackOnAll    CallbackOn = "ALL"    // one for each batch, and a final one
	CallbackOnFinal  CallbackOn = "FINAL"  // the final one
	CallbackOnResult CallbackOn = "RESULT" // the bare first result
)

// Run is an action at work on inputs.
type Run struct {
	ID              int64
	UID             uuid.UUID
	AccountID       int64
	ProjectID       int64
	ActionID        int64
	ScheduleID      *int64 // the schedule whose firing it is
	CreatedByUserID *int64
	Status          RunStatus
	MaxResults      *int // for each input; nil: as many as there are
	PageSize        int
	CallbackOn      CallbackOn
	Callback        Endpoint // of the request itself; without a URL: the project's, then the account's
	InputCount      int
	BatchCount      int
	OpenBatches     int   // that have not ended
	OutputCount     int   // results so far
	StoredBytes     int64 // so far, about, with what its batches and their callbacks certainly will
	Error           *StandardError
	CreatedAt       time.Time
	StartedAt       *time.Time
	FinishedAt      *time.Time
	// PayloadPurgedAt is when its inputs and results were deleted; nil: they are there.
	PayloadPurgedAt *time.Time
}

// ObjectID returns the run's global id.
func (r *Run) ObjectID() ObjectID { return ObjectID{TypeRun, r.ID} }

// RawID returns the run's number as text.
func (r *Run) RawID() string { return RawIDText(r.ID) }

// OwnerRun is of a run's callbacks.
const OwnerRun CallbackOwner = TypeRun

// TypeBatch names what a callback tells of; a batch is no node.
const TypeBatch = "Batch"

// ListCursor is the run's place in a list.
func (r *Run) ListCursor() Cursor { return Cursor{r.CreatedAt, r.ID} }

// become changes the status; a way that does not exist is a CONFLICT.
func (r *Run) become(status RunStatus, at time.Time) error {
	if !slices.Contains(runWays[r.Status], status) {
		return Conflict("runId", "a run that is %s cannot become %s", r.Status, status)
	}
	r.Status = status
	if status.Ended() {
		r.FinishedAt = &at
	}
	return nil
}

// request is where the run's callbacks go, as far as the run itself says it.
func (r *Run) request() *Endpoint {
	if r.Callback.URL == nil {
		return nil
	}
	return &r.Callback
}

// RunInput is one input of a run, as it was given.
type RunInput struct {
	ID         int64
	RunID      int64
	Number     int // 1, 2, …
	Input      json.RawMessage
	CustomData json.RawMessage // nil where there is none
}

// Batch is one page of one input of a run: what one call of the executor gives.
type Batch struct {
	ID        int64
	UID       uuid.UUID
	AccountID int64
	ProjectID int64
	ActionID  int64
	RunID     int64
	InputID   int64
	Page      int // 1, 2, …
	Status    RunStatus
	Lane      Lane // where it waits, as a callback's; the history does not have it

	AttemptCount int
	Tries
	NextAttemptAt *time.Time
	LeaseUntil    *time.Time // as a callback's

	HasMore     bool            // the executor said that there is a page after this one
	Empty       bool            // the executor found nothing
	Results     json.RawMessage // a JSON array
	ResultCount int
	Error       *StandardError

	CreatedAt  time.Time
	StartedAt  *time.Time
	FinishedAt *time.Time
}

// ListCursor is the batch's place in its run's list.
func (b *Batch) ListCursor() Cursor { return Cursor{ID: b.ID} }

func (b *Batch) due(at time.Time) {
	b.Status, b.NextAttemptAt, b.LeaseUntil = RunQueued, &at, nil
}

func (b *Batch) end(status RunStatus, at time.Time) {
	b.Status, b.FinishedAt, b.NextAttemptAt, b.LeaseUntil = status, &at, nil, nil
}

// BatchAttempt is one call of an executor. Its row is written before the request leaves.
type BatchAttempt struct {
	ID         int64
	UID        uuid.UUID // travels in X-Batch-Attempt
	BatchID    int64
	Number     int
	URL        string
	StartedAt  time.Time
	FinishedAt *time.Time
	Duration   time.Duration
	HTTPStatus *int
	Error      *AttemptError
	// Warning is to the executor's URL and headers what Attempt.Warning is to a callback's; only the platform sees it.
	Warning *string
}

// ListCursor is the attempt's place in its batch's list.
func (a *BatchAttempt) ListCursor() Cursor { return Cursor{ID: int64(a.Number)} }

// RunStore keeps runs with their inputs.
type RunStore interface {
	RunHistory
	BatchStore

	LockRun(ctx context.Context, id int64) (*Run, error)
	// RunsToExecute returns runs with the headers of their callbacks, whosever they are.
	RunsToExecute(ctx context.Context, ids ...int64) ([]*Run, error)
	// CreateRuns sets the IDs.
	CreateRuns(ctx context.Context, runs ...*Run) error
	UpdateRuns(ctx context.Context, runs ...*Run) error
	// StartRuns makes QUEUED runs RUNNING.
	StartRuns(ctx context.Context, ids []int64, at time.Time) error
	// CreateRunInputs sets the IDs.
	CreateRunInputs(ctx context.Context, inputs []*RunInput) error
	// CopyRunInputs gives each of runs the inputs of another.
	CopyRunInputs(ctx context.Context, fromRunIDs []int64, to []*Run) error
	RunInputs(ctx context.Context, ids ...int64) ([]*RunInput, error)
	// InputsOfRuns returns all inputs of runs, in order.
	InputsOfRuns(ctx context.Context, runIDs ...int64) ([]*RunInput, error)
	// InputsOfRun returns the first inputs of a run, in order.
	InputsOfRun(ctx context.Context, runID int64, limit int) ([]*RunInput, error)
}

// BatchStore keeps batches and the calls of executors.
type BatchStore interface {
	// CreateBatches sets the IDs.
	CreateBatches(ctx context.Context, batches []*Batch) error
	// ClaimDueBatches is to batches what ClaimDue is to callbacks.
	ClaimDueBatches(ctx context.Context, lanes []LaneLimit, now, leaseUntil time.Time) ([]*Batch, error)
	// ClaimSuspectBatch is to batches what ClaimSuspect is to callbacks.
	ClaimSuspectBatch(ctx context.Context, now, leaseUntil time.Time) ([]*Batch, error)
	// GiveBackBatches is to batches what GiveBackCallbacks is to callbacks.
	GiveBackBatches(ctx context.Context, batches ...*Batch) error
	CreateBatchAttempts(ctx context.Context, attempts []*BatchAttempt) error
	FinishBatchAttempt(ctx context.Context, a *BatchAttempt) error
	// SettleBatch writes what became of a claimed batch; false, and nothing written, when it was claimed again or stopped since.
	SettleBatch(ctx context.Context, b *Batch) (bool, error)
	// StopBatches ends those of a run that have not ended.
	StopBatches(ctx context.Context, runID int64, at time.Time) error
	// CountEmptyPages counts the pages of an input, from one to another, that succeeded without results.
	CountEmptyPages(ctx context.Context, inputID int64, from, to int) (int, error)
	// CountBatchCallbacks counts the callbacks of a run's batches, without replays.
	CountBatchCallbacks(ctx context.Context, runID int64) (int, error)
	// TallyBatches counts the batches of a run by status. An empty one does not count behind the last page of its input, since that there
	// is nothing more is no failure, nor where there was more.
	TallyBatches(ctx context.Context, runID int64) (map[RunStatus]int, error)
	// FirstBatchError returns the error of the first of those batches that has one, nil for none.
	FirstBatchError(ctx context.Context, runID int64) (*StandardError, error)
}
