package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/ringback/ringback/models"
)

type attemptRow struct {
	ID              int64
	UID             uuid.UUID
	CallbackID      int64
	Number          int
	URL             *string
	StartedAt       int64
	FinishedAt      *int64
	DurationMicros  int64
	DNSMicros       int64
	ConnectMicros   int64
	TLSMicros       int64
	FirstByteMicros int64
	HTTPStatus      *int
	ErrorCode       *models.AttemptErrorCode
	ErrorMessage    *string
	ResponseBody    []byte
}

func (attemptRow) TableName() string { return "callback_attempts" }

func attempt(r attemptRow) (*models.Attempt, error) {
	return &models.Attempt{
		ID: r.ID, UID: r.UID, CallbackID: r.CallbackID, Number: r.Number, URL: r.URL,
		StartedAt: fromMicros(r.StartedAt), FinishedAt: fromMicrosPtr(r.FinishedAt), Duration: fromMicrosDuration(r.DurationMicros),
		Timings: models.Timings{
			DNS: fromMicrosDuration(r.DNSMicros), Connect: fromMicrosDuration(r.ConnectMicros),
			TLS: fromMicrosDuration(r.TLSMicros), FirstByte: fromMicrosDuration(r.FirstByteMicros),
		},
		HTTPStatus: r.HTTPStatus, Error: attemptError(r.ErrorCode, r.ErrorMessage), ResponseBody: r.ResponseBody,
	}, nil
}

func fromMicrosDuration(n int64) time.Duration { return time.Duration(n) * time.Microsecond }

// CreateAttempts inserts attempts whose requests are about to leave.
func (s *Store) CreateAttempts(ctx context.Context, attempts []*models.Attempt) error {
	if len(attempts) == 0 {
		return nil
	}
	rows := make([]attemptRow, len(attempts))
	for i, a := range attempts {
		rows[i] = attemptRow{UID: a.UID, CallbackID: a.CallbackID, Number: a.Number, URL: a.URL, StartedAt: micros(a.StartedAt)}
	}
	err := s.writer(ctx).CreateInBatches(&rows, createBatch).Error
	for i, r := range rows {
		attempts[i].ID = r.ID
	}
	return err
}

// FinishAttempt writes what came of an attempt.
func (s *Store) FinishAttempt(ctx context.Context, a *models.Attempt) error {
	code, message := attemptErrorColumns(a.Error)
	return mustChange(s.writer(ctx).Model(&attemptRow{}).Where("id = ?", a.ID).Updates(map[string]any{
		"finished_at": microsPtr(a.FinishedAt), "duration_micros": a.Duration.Microseconds(),
		"dns_micros": a.Timings.DNS.Microseconds(), "connect_micros": a.Timings.Connect.Microseconds(),
		"tls_micros": a.Timings.TLS.Microseconds(), "first_byte_micros": a.Timings.FirstByte.Microseconds(),
		"http_status": a.HTTPStatus, "error_code": code, "error_message": message, "response_body": a.ResponseBody,
	}), "Attempt")
}

func (s *Store) interruptAttempts(ctx context.Context, callbackIDs []int64, now time.Time) error {
	return s.writer(ctx).Model(&attemptRow{}).
		Where("callback_id IN ? AND finished_at IS NULL", callbackIDs).
		Updates(map[string]any{
			"finished_at": micros(now), "duration_micros": gorm.Expr("? - started_at", micros(now)),
			"error_code": models.Interrupted, "error_message": models.InterruptedMessage,
		}).Error
}
