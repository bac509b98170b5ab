package run

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

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
	Status    Status
	Lane      callback.Lane // where it waits, as a callback's; the history does not have it

	AttemptCount int
	callback.Tries
	NextAttemptAt *time.Time
	LeaseUntil    *time.Time // as a callback's

	HasMore     bool            // the executor said that there is a page after this one
	Empty       bool            // the executor found nothing
	Results     json.RawMessage // a JSON array
	ResultCount int
	Error       *models.StandardError

	CreatedAt  time.Time
	StartedAt  *time.Time
	FinishedAt *time.Time
}

// ListCursor is the batch's place in its run's list.
func (b *Batch) ListCursor() models.Cursor { return models.Cursor{ID: b.ID} }

func (b *Batch) due(at time.Time) {
	b.Status, b.NextAttemptAt, b.LeaseUntil = Queued, &at, nil
}

func (b *Batch) end(status Status, at time.Time) {
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
	Error      *callback.AttemptError
	// Warning is to the executor's URL and headers what Attempt.Warning is to a callback's; only the platform sees it,
	// and the exchange.
	Warning *string
	callback.Exchange
}

// ListCursor is the attempt's place in its batch's list.
func (a *BatchAttempt) ListCursor() models.Cursor { return models.Cursor{ID: int64(a.Number)} }
