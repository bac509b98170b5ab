package store

import (
	"context"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/ringback/ringback/models/callback"
)

// settle is fenced by the attempt count, row by row.
const settle = `UPDATE callbacks SET
	status = given.status, target_url = given.target_url, failure_count = given.failure_count,
	panic_count = given.panic_count, interruption_count = given.interruption_count, unreadable_since = NULL,
	next_attempt_at = given.next_attempt_at, lease_until = NULL, http_status = given.http_status, error_code = given.error_code,
	error_message = given.error_message, finished_at = given.finished_at, local_since = given.local_since
FROM given
WHERE callbacks.id = given.id AND callbacks.attempt_count = given.attempt_count AND callbacks.status IN ('RUNNING', 'PENDING')
RETURNING callbacks.id, callbacks.attempt_count`

// SettleCallbacks writes what became of claimed callbacks.
func (s *Store) SettleCallbacks(ctx context.Context, callbacks ...*callback.Callback) ([]bool, error) {
	if len(callbacks) == 0 {
		return nil, nil
	}
	given, args := s.given(len(callbacks), settledColumns(callbacks)...)
	type claim struct {
		ID           int64
		AttemptCount int
	}
	var settled []claim
	if err := s.writer(ctx).Raw(given+settle, args...).Scan(&settled).Error; err != nil {
		return nil, err
	}
	owned := make([]bool, len(callbacks))
	for i, c := range callbacks {
		owned[i] = slices.Contains(settled, claim{c.ID, c.AttemptCount})
	}
	return owned, nil
}

func settledColumns(callbacks []*callback.Callback) []column {
	return []column{
		columnOf("id", "bigint", callbacks, func(c *callback.Callback) int64 { return c.ID }),
		columnOf("attempt_count", "bigint", callbacks, func(c *callback.Callback) int { return c.AttemptCount }),
		columnOf("status", "text", callbacks, func(c *callback.Callback) string { return string(c.Status) }),
		columnOf("target_url", "text", callbacks, func(c *callback.Callback) *string { return c.TargetURL }),
		columnOf("failure_count", "bigint", callbacks, func(c *callback.Callback) int { return c.FailureCount }),
		columnOf("panic_count", "bigint", callbacks, func(c *callback.Callback) int { return c.PanicCount }),
		columnOf("interruption_count", "bigint", callbacks, func(c *callback.Callback) int { return c.InterruptionCount }),
		columnOf("next_attempt_at", "bigint", callbacks, nextAttempt),
		columnOf("http_status", "bigint", callbacks, func(c *callback.Callback) *int { return c.HTTPStatus }),
		columnOf("error_code", "text", callbacks, func(c *callback.Callback) *string { return errorCode(c.Error) }),
		columnOf("error_message", "text", callbacks, func(c *callback.Callback) *string { return errorMessage(c.Error) }),
		columnOf("finished_at", "bigint", callbacks, func(c *callback.Callback) *int64 { return microsPtr(c.FinishedAt) }),
		columnOf("local_since", "bigint", callbacks, func(c *callback.Callback) *int64 { return microsPtr(c.LocalSince) }),
	}
}

// locked selects callbacks that nobody else has in hand. SQLite drops the clause and needs none: it has one writer.
func (s *Store) locked(ctx context.Context) *gorm.DB {
	return s.writer(ctx).Model(&callbackRow{}).Clauses(clause.Locking{Strength: "UPDATE", Options: "SKIP LOCKED"})
}
