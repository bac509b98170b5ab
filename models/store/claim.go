package store

import (
	"context"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/ringback/ringback/models"
)

// The conditions on status are literals and not parameters: only then can a cached plan use the partial indexes.
const (
	isWaiting = "status = 'PENDING' AND NOT held"
	isPending = isWaiting + " AND interruption_count < 3"
	isSuspect = isWaiting + " AND interruption_count >= 3" // models.SuspectAfter
	isRunning = "status = 'RUNNING'"
)

// ClaimDue gives due callbacks of a host to the caller.
func (s *Store) ClaimDue(ctx context.Context, host string, now, leaseUntil time.Time, limit int) ([]*models.Callback, error) {
	due := s.locked(ctx).Select("id").Where("target_host = ? AND "+isPending+" AND next_attempt_at <= ?", host, micros(now)).
		Order("next_attempt_at").Limit(limit)
	return s.claim(ctx, due, leaseUntil)
}

// ClaimSuspect gives a due callback to the caller that is to be sent alone.
func (s *Store) ClaimSuspect(ctx context.Context, now, leaseUntil time.Time) ([]*models.Callback, error) {
	due := s.locked(ctx).Select("id").Where(isSuspect+" AND next_attempt_at <= ?", micros(now)).Order("next_attempt_at").Limit(1)
	return s.claim(ctx, due, leaseUntil)
}

func (s *Store) claim(ctx context.Context, due *gorm.DB, leaseUntil time.Time) ([]*models.Callback, error) {
	var rows []callbackRow
	err := s.writer(ctx).Model(&rows).Clauses(clause.Returning{}).Where(s.dialect.chosen(), due).Updates(map[string]any{
		"status": models.StatusRunning, "attempt_count": gorm.Expr("attempt_count + 1"),
		"lease_until": micros(leaseUntil), "next_attempt_at": nil,
	}).Error
	if err != nil {
		return nil, err
	}
	return convert(rows, s.callback)
}

// MoveCallbacks gives claimed callbacks back. That is rare: a configuration has changed, or one cannot be read.
func (s *Store) MoveCallbacks(ctx context.Context, callbacks []*models.Callback) error {
	for _, c := range callbacks {
		err := s.writer(ctx).Model(&callbackRow{}).Where("id = ?", c.ID).Updates(map[string]any{
			"status": models.StatusPending, "attempt_count": c.AttemptCount - 1, "next_attempt_at": microsPtr(c.NextAttemptAt), "lease_until": nil,
			"target_url": c.TargetURL, "target_host": c.TargetHost, "unreadable_since": microsPtr(c.UnreadableSince),
		}).Error
		if err != nil {
			return err
		}
	}
	return nil
}

const release = `UPDATE callbacks SET status = 'PENDING', attempt_count = given.attempt_count - 1,
	interruption_count = given.interruption_count, next_attempt_at = ?, lease_until = NULL
FROM given WHERE callbacks.id = given.id AND callbacks.attempt_count = given.attempt_count AND callbacks.status = 'RUNNING'`

// ReleaseCallbacks gives claimed callbacks back as if they had not been claimed.
func (s *Store) ReleaseCallbacks(ctx context.Context, now time.Time, callbacks ...*models.Callback) error {
	if len(callbacks) == 0 {
		return nil
	}
	given, args := s.given(len(callbacks),
		columnOf("id", "bigint", callbacks, func(c *models.Callback) int64 { return c.ID }),
		columnOf("attempt_count", "bigint", callbacks, func(c *models.Callback) int { return c.AttemptCount }),
		columnOf("interruption_count", "bigint", callbacks, func(c *models.Callback) int { return c.InterruptionCount }),
	)
	return s.writer(ctx).Exec(given+release, append(args, micros(now))...).Error
}

// RenewLeases keeps callbacks in their worker's hand. One that somebody has locked is being settled or interrupted: waiting for it,
// with others locked, could be a ring.
func (s *Store) RenewLeases(ctx context.Context, leases []models.Lease, until time.Time) ([]models.Lease, error) {
	return s.renew(ctx, "callbacks", s.locked(ctx).Where(isRunning), leases, until)
}

// renewPart keeps a statement, with two parameters for each lease, below the 32,766 of SQLite.
const renewPart = 10_000

// renew renews leases of a table's rows, of those that a query finds free. The attempt count is the fence.
func (s *Store) renew(ctx context.Context, table string, free *gorm.DB, leases []models.Lease, until time.Time) (renewed []models.Lease, err error) {
	mine := free.Select(table + ".id").Joins("JOIN given ON given.id = " + table + ".id AND given.attempt = attempt_count")
	for part := range slices.Chunk(leases, renewPart) {
		given, args := s.given(len(part),
			columnOf("id", "bigint", part, func(l models.Lease) int64 { return l.ID }),
			columnOf("attempt", "bigint", part, func(l models.Lease) int { return l.Attempt }),
		)
		var some []models.Lease
		err := s.writer(ctx).Raw(given+"UPDATE "+table+" SET lease_until = ? WHERE "+s.dialect.chosen()+" RETURNING id, attempt_count AS attempt",
			append(args, micros(until), mine)...).Scan(&some).Error
		if err != nil {
			return renewed, err
		}
		renewed = append(renewed, some...)
	}
	return renewed, nil
}

// settle is fenced by the attempt count, row by row.
const settle = `UPDATE callbacks SET
	status = given.status, target_url = given.target_url, target_host = given.target_host, failure_count = given.failure_count,
	panic_count = given.panic_count, interruption_count = given.interruption_count, unreadable_since = NULL,
	next_attempt_at = given.next_attempt_at, lease_until = NULL, http_status = given.http_status, error_code = given.error_code,
	error_message = given.error_message, finished_at = given.finished_at, local_since = given.local_since
FROM given
WHERE callbacks.id = given.id AND callbacks.attempt_count = given.attempt_count AND callbacks.status IN ('RUNNING', 'PENDING')
RETURNING callbacks.id, callbacks.attempt_count`

// SettleCallbacks writes what became of claimed callbacks.
func (s *Store) SettleCallbacks(ctx context.Context, callbacks ...*models.Callback) ([]bool, error) {
	if len(callbacks) == 0 {
		return nil, nil
	}
	given, args := s.given(len(callbacks),
		columnOf("id", "bigint", callbacks, func(c *models.Callback) int64 { return c.ID }),
		columnOf("attempt_count", "bigint", callbacks, func(c *models.Callback) int { return c.AttemptCount }),
		columnOf("status", "text", callbacks, func(c *models.Callback) string { return string(c.Status) }),
		columnOf("target_url", "text", callbacks, func(c *models.Callback) *string { return c.TargetURL }),
		columnOf("target_host", "text", callbacks, func(c *models.Callback) string { return c.TargetHost }),
		columnOf("failure_count", "bigint", callbacks, func(c *models.Callback) int { return c.FailureCount }),
		columnOf("panic_count", "bigint", callbacks, func(c *models.Callback) int { return c.PanicCount }),
		columnOf("interruption_count", "bigint", callbacks, func(c *models.Callback) int { return c.InterruptionCount }),
		columnOf("next_attempt_at", "bigint", callbacks, func(c *models.Callback) *int64 { return microsPtr(c.NextAttemptAt) }),
		columnOf("http_status", "bigint", callbacks, func(c *models.Callback) *int { return c.HTTPStatus }),
		columnOf("error_code", "text", callbacks, func(c *models.Callback) *string { return errorCode(c.Error) }),
		columnOf("error_message", "text", callbacks, func(c *models.Callback) *string { return errorMessage(c.Error) }),
		columnOf("finished_at", "bigint", callbacks, func(c *models.Callback) *int64 { return microsPtr(c.FinishedAt) }),
		columnOf("local_since", "bigint", callbacks, func(c *models.Callback) *int64 { return microsPtr(c.LocalSince) }),
	)
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

// Excuse takes an interruption back before it is counted.
func (s *Store) Excuse(ctx context.Context, ids []int64) error {
	mine := s.locked(ctx).Select("id").Where(s.among("id", &ids)).Where(isRunning)
	return s.writer(ctx).Model(&callbackRow{}).Where(s.dialect.chosen(), mine).
		Update("interruption_count", gorm.Expr("interruption_count - 1")).Error
}

// InterruptExpired takes callbacks from workers that are gone. They have been due since their leases ran out.
func (s *Store) InterruptExpired(ctx context.Context, now time.Time, limit int) (int, error) {
	expired := s.locked(ctx).Select("id").Where(isRunning+" AND lease_until <= ?", micros(now)).Order("lease_until").Limit(limit)
	var ids []int64
	var rows []callbackRow
	err := s.writer(ctx).Model(&rows).Clauses(clause.Returning{Columns: []clause.Column{{Name: "id"}}}).
		Where(s.dialect.chosen(), expired).
		Updates(map[string]any{
			"status": models.StatusPending, "next_attempt_at": gorm.Expr("lease_until"), "lease_until": nil,
			"interruption_count": gorm.Expr("interruption_count + 1"),
		}).Error
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	for _, r := range rows {
		ids = append(ids, r.ID)
	}
	return len(ids), s.interruptAttempts(ctx, ids, now)
}

// dueHosts steps from host to host through the index of what is waiting, so that its cost is in the number of hosts.
const dueHosts = `WITH RECURSIVE hosts (host) AS (
	SELECT min(target_host) FROM callbacks WHERE ` + isPending + `
	UNION ALL
	SELECT (SELECT min(target_host) FROM callbacks WHERE ` + isPending + ` AND target_host > hosts.host)
	FROM hosts WHERE hosts.host IS NOT NULL
)
SELECT host FROM hosts WHERE host IS NOT NULL
AND EXISTS (SELECT 1 FROM callbacks WHERE ` + isPending + ` AND target_host = hosts.host AND next_attempt_at <= ?)`

// OverdueHosts finds hosts whose callbacks nobody takes.
func (s *Store) OverdueHosts(ctx context.Context, dueBy time.Time) ([]string, error) {
	var hosts []string
	err := s.reader(ctx).Raw(dueHosts, micros(dueBy)).Scan(&hosts).Error
	return hosts, err
}

// CountDue counts what is due.
func (s *Store) CountDue(ctx context.Context, dueBy time.Time, limit int) (n int, err error) {
	err = s.planned(ctx, func(s *Store) (err error) {
		due := s.reader(ctx).Model(&callbackRow{}).Select("id").Where(isWaiting+" AND next_attempt_at <= ?", micros(dueBy)).Limit(limit)
		n, err = count(s.reader(ctx).Table("(?) AS due", due))
		return err
	})
	return n, err
}

// locked selects callbacks that nobody else has in hand. SQLite drops the clause and needs none: it has one writer.
func (s *Store) locked(ctx context.Context) *gorm.DB {
	return s.writer(ctx).Model(&callbackRow{}).Clauses(clause.Locking{Strength: "UPDATE", Options: "SKIP LOCKED"})
}
