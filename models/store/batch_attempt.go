package store

import (
	"context"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/run"
)

type batchAttemptRow struct {
	ID             int64
	UID            uuid.UUID
	BatchID        int64
	Number         int
	URL            string
	StartedAt      int64
	FinishedAt     *int64
	DurationMicros int64
	HTTPStatus     *int
	ErrorCode      *callback.AttemptErrorCode
	ErrorMessage   *string
	Warning        *string
	Exchange       exchangeColumns `gorm:"embedded"`
}

func (batchAttemptRow) TableName() string { return "batch_attempts" }

func batchAttempt(r batchAttemptRow) (*run.BatchAttempt, error) {
	return &run.BatchAttempt{
		ID: r.ID, UID: r.UID, BatchID: r.BatchID, Number: r.Number, URL: r.URL, StartedAt: fromMicros(r.StartedAt),
		FinishedAt: fromMicrosPtr(r.FinishedAt), Duration: fromMicrosDuration(r.DurationMicros),
		HTTPStatus: callback.FittingStatus(r.HTTPStatus), Error: attemptError(r.ErrorCode, r.ErrorMessage),
		Warning: r.Warning, Exchange: exchangeOf(r.Exchange),
	}, nil
}

// CreateBatchAttempts inserts calls that are about to leave.
func (s *Store) CreateBatchAttempts(ctx context.Context, attempts []*run.BatchAttempt) error {
	rows := make([]batchAttemptRow, len(attempts))
	for i, a := range attempts {
		rows[i] = batchAttemptRow{
			UID: a.UID, BatchID: a.BatchID, Number: a.Number, URL: a.URL, StartedAt: micros(a.StartedAt),
		}
	}
	err := createParts(ctx, s, rows, noTexts[batchAttemptRow])
	for i, r := range rows {
		attempts[i].ID = r.ID
	}
	return err
}

// FinishBatchAttempt writes what came of a call.
func (s *Store) FinishBatchAttempt(ctx context.Context, a *run.BatchAttempt) error {
	return mustChange(s.writer(ctx).Model(&batchAttemptRow{}).Where("id = ?", a.ID).Updates(map[string]any{
		"finished_at": microsPtr(a.FinishedAt), "duration_micros": a.Duration.Microseconds(),
		"http_status": a.HTTPStatus, "error_code": errorCode(a.Error), "error_message": errorMessage(a.Error),
		"warning": a.Warning, "connection": connectionColumn(a.Exchange), "headers": a.Headers,
	}), "BatchAttempt")
}
