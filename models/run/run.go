// Package run has the runs: actions of the platform, which are synchronous HTTP endpoints, made asynchronous. A run
// calls the executor of its action page by page, at once or when its schedule fires, and what comes of it is told by
// callbacks.
//
// # A run's life
//
//	           CreateRun             Claim               Record, the last batch
//	(request) ──────────▶ QUEUED ──────────────▶ RUNNING ────────────────────────▶ SUCCEEDED, PARTIAL_SUCCEEDED,
//	    │                   ▲                       │                              FAILED or BLOCKED
//	    │ with a schedule   │ Fire                  │ StopRun (from QUEUED too)
//	    └───────────▶ SCHEDULED ──▶ INVALID         └──────────▶ STOPPED
//	                    ▲    │                                     ▲
//	                    │    ▼ PauseSchedule       CancelSchedule  │
//	                   CREATED ────────────────────────────────────┘
//
// A run has inputs, and for each page of each input a batch. A batch is claimed, leased, tried and interrupted as a
// callback is (Executions), in the lane of its action, and what leaves is a call of the action's executor. The
// transaction that records a batch's end also creates its callback, the batch of the next page, and with the last
// batch the run's final callback. Batches are locked before their run.
//
// Doors use Service, workers Service.Executions and Service.Firings. Each kind of transaction has a port of its own
// (Ports).
package run

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

// Status is how far a run, or one of its batches, is.
type Status string

// Statuses of runs. Batches have QUEUED, RUNNING, SUCCEEDED, FAILED, BLOCKED and STOPPED.
const (
	Created          Status = "CREATED" // its schedule is paused
	Invalid          Status = "INVALID" // its time came, but it could not begin any more
	Queued           Status = "QUEUED"
	Scheduled        Status = "SCHEDULED"
	Blocked          Status = "BLOCKED" // the executor refused the input
	Stopped          Status = "STOPPED"
	Running          Status = "RUNNING"
	Failed           Status = "FAILED"
	PartialSucceeded Status = "PARTIAL_SUCCEEDED"
	Succeeded        Status = "SUCCEEDED"
)

// ways are the ways between the statuses of a run; the package comment draws them. Those that lead nowhere are ends.
var ways = map[Status][]Status{
	Created:   {Scheduled, Stopped},
	Scheduled: {Queued, Created, Stopped, Invalid},
	Queued:    {Running, Stopped},
	Running:   {Succeeded, PartialSucceeded, Failed, Blocked, Stopped},
}

// Ended tells whether nothing more happens to a run or batch of this status.
func (s Status) Ended() bool { return len(ways[s]) == 0 }

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
	Status          Status
	MaxResults      *int // for each input; nil: as many as there are
	PageSize        int
	CallbackOn      CallbackOn
	Callback        models.Endpoint // of the request itself; without a URL: the project's, then the account's
	InputCount      int
	BatchCount      int
	OpenBatches     int   // that have not ended
	OutputCount     int   // results so far
	StoredBytes     int64 // so far, about, with what its batches and their callbacks certainly will
	Error           *models.StandardError
	CreatedAt       time.Time
	StartedAt       *time.Time
	FinishedAt      *time.Time
	// PayloadPurgedAt is when its inputs and results were deleted; nil: they are there.
	PayloadPurgedAt *time.Time
}

// ObjectID returns the run's global id.
func (r *Run) ObjectID() models.ObjectID { return models.ObjectID{Type: models.TypeRun, Raw: r.ID} }

// RawID returns the run's number as text.
func (r *Run) RawID() string { return models.RawIDText(r.ID) }

// Owner is of a run's callbacks.
const Owner callback.Parent = models.TypeRun

// TypeBatch names what a callback tells of; a batch is no node.
const TypeBatch = "Batch"

// ListCursor is the run's place in a list.
func (r *Run) ListCursor() models.Cursor { return models.Cursor{At: r.CreatedAt, ID: r.ID} }

// become changes the status; a way that does not exist is a CONFLICT.
func (r *Run) become(status Status, at time.Time) error {
	if !slices.Contains(ways[r.Status], status) {
		return models.Conflict("runId", "a run that is %s cannot become %s", r.Status, status)
	}
	r.Status = status
	if status.Ended() {
		r.FinishedAt = &at
	}
	return nil
}

// request is where the run's callbacks go, as far as the run itself says it.
func (r *Run) request() *models.Endpoint {
	if r.Callback.URL == nil {
		return nil
	}
	return &r.Callback
}

// Input is one input of a run, as it was given.
type Input struct {
	ID         int64
	RunID      int64
	Number     int // 1, 2, …
	Input      json.RawMessage
	CustomData json.RawMessage // nil where there is none
}
