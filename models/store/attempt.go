package store

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
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
	ErrorCode       *callback.AttemptErrorCode
	ErrorMessage    *string
	Warning         *string
	ResponseBody    []byte
	Exchange        exchangeColumns `gorm:"embedded"`
}

func (attemptRow) TableName() string { return "callback_attempts" }

func attempt(r attemptRow) (*callback.Attempt, error) {
	return &callback.Attempt{
		ID: r.ID, UID: r.UID, CallbackID: r.CallbackID, Number: r.Number, URL: r.URL,
		StartedAt: fromMicros(r.StartedAt), FinishedAt: fromMicrosPtr(r.FinishedAt),
		Duration: fromMicrosDuration(r.DurationMicros),
		Timings: callback.Timings{
			DNS: fromMicrosDuration(r.DNSMicros), Connect: fromMicrosDuration(r.ConnectMicros),
			TLS: fromMicrosDuration(r.TLSMicros), FirstByte: fromMicrosDuration(r.FirstByteMicros),
		},
		HTTPStatus: callback.FittingStatus(r.HTTPStatus), Error: attemptError(r.ErrorCode, r.ErrorMessage),
		Warning: r.Warning, ResponseBody: r.ResponseBody, Exchange: exchangeOf(r.Exchange),
	}, nil
}

func fromMicrosDuration(n int64) time.Duration { return time.Duration(n) * time.Microsecond }

// CreateAttempts inserts attempts whose requests are about to leave.
func (s *Store) CreateAttempts(ctx context.Context, attempts []*callback.Attempt) error {
	ids, err := s.insertGiven(ctx, "callback_attempts", len(attempts),
		uuidsOf("uid", attempts, func(a *callback.Attempt) uuid.UUID { return a.UID }),
		columnOf("callback_id", "bigint", attempts, func(a *callback.Attempt) int64 { return a.CallbackID }),
		columnOf("number", "bigint", attempts, func(a *callback.Attempt) int { return a.Number }),
		columnOf("url", "text", attempts, func(a *callback.Attempt) *string { return a.URL }),
		columnOf("started_at", "bigint", attempts, func(a *callback.Attempt) int64 { return micros(a.StartedAt) }),
		columnOf("duration_micros", "bigint", attempts, noMicros), columnOf("dns_micros", "bigint", attempts, noMicros),
		columnOf("connect_micros", "bigint", attempts, noMicros), columnOf("tls_micros", "bigint", attempts, noMicros),
		columnOf("first_byte_micros", "bigint", attempts, noMicros),
	)
	for _, a := range attempts {
		a.ID = ids[a.UID]
	}
	return err
}

func noMicros(*callback.Attempt) int64 { return 0 }

const noMicrosYet = "duration_micros, dns_micros, connect_micros, tls_micros, first_byte_micros"

const finishAttempts = `UPDATE callback_attempts SET
	started_at = given.started_at, finished_at = given.finished_at, duration_micros = given.duration_micros, dns_micros = given.dns_micros,
	connect_micros = given.connect_micros, tls_micros = given.tls_micros, first_byte_micros = given.first_byte_micros,
	http_status = given.http_status, error_code = given.error_code, error_message = given.error_message,
	warning = given.warning, response_body = given.response_body, connection = given.connection, headers = given.headers
FROM given WHERE callback_attempts.id = given.id`

// FinishAttempts writes what came of attempts.
func (s *Store) FinishAttempts(ctx context.Context, attempts ...*callback.Attempt) error {
	if len(attempts) == 0 {
		return nil
	}
	given, args := s.given(len(attempts), finishedColumns(attempts)...)
	result := s.writer(ctx).Exec(given+finishAttempts, args...)
	if result.Error == nil && result.RowsAffected < int64(len(attempts)) {
		return models.NotFound("Attempt")
	}
	return result.Error
}

func finishedColumns(attempts []*callback.Attempt) []column {
	return []column{
		columnOf("id", "bigint", attempts, func(a *callback.Attempt) int64 { return a.ID }),
		columnOf("started_at", "bigint", attempts, func(a *callback.Attempt) int64 { return micros(a.StartedAt) }),
		columnOf("finished_at", "bigint", attempts, func(a *callback.Attempt) *int64 { return microsPtr(a.FinishedAt) }),
		columnOf("duration_micros", "bigint", attempts, func(a *callback.Attempt) int64 { return a.Duration.Microseconds() }),
		columnOf("dns_micros", "bigint", attempts, func(a *callback.Attempt) int64 { return a.Timings.DNS.Microseconds() }),
		columnOf(
			"connect_micros", "bigint", attempts, func(a *callback.Attempt) int64 { return a.Timings.Connect.Microseconds() },
		),
		columnOf("tls_micros", "bigint", attempts, func(a *callback.Attempt) int64 { return a.Timings.TLS.Microseconds() }),
		columnOf(
			"first_byte_micros", "bigint", attempts,
			func(a *callback.Attempt) int64 { return a.Timings.FirstByte.Microseconds() },
		),
		columnOf("http_status", "bigint", attempts, func(a *callback.Attempt) *int { return a.HTTPStatus }),
		columnOf("error_code", "text", attempts, func(a *callback.Attempt) *string { return errorCode(a.Error) }),
		columnOf("error_message", "text", attempts, func(a *callback.Attempt) *string { return errorMessage(a.Error) }),
		columnOf("warning", "text", attempts, func(a *callback.Attempt) *string { return a.Warning }),
		columnOf("response_body", "bytea", attempts, func(a *callback.Attempt) []byte { return a.ResponseBody }),
		columnOf("connection", "bytea", attempts, func(a *callback.Attempt) []byte { return connectionColumn(a.Exchange) }),
		columnOf("headers", "bytea", attempts, func(a *callback.Attempt) []byte { return a.Headers }),
	}
}
