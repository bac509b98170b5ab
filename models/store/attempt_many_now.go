package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/ringback/ringback/models/callback"
)

// dueNowOf passes over what is being written: a claim has it.
const dueNowOf = `SELECT id FROM {table} WHERE ? AND {waits} AND next_attempt_at > ? AND next_attempt_at < ? AND
	CASE WHEN target = ? THEN ? ELSE failure_count < ? END AND (target = ? OR NOT EXISTS (SELECT 1 FROM projects JOIN accounts ON accounts.id = projects.account_id
		WHERE projects.id = callbacks.project_id AND (` + projectPaused + `))) ORDER BY id{skip locked}`

// DueNowOf makes due what waits of some callbacks.
func (s *Store) DueNowOf(ctx context.Context, ids []int64, which callback.Hurried, now time.Time) ([]string, error) {
	return planned(ctx, s, func(s *Store) (lanes []string, err error) {
		waiting := gorm.Expr(s.on(callback.LeasedCallbacks, dueNowOf), s.among("id", &ids), micros(now), int64(pausedUntil),
			callback.TargetSSOClient, which.Notices, which.Failures, callback.TargetSSOClient)
		err = s.writer(ctx).Raw(s.on(callback.LeasedCallbacks, "UPDATE {table} SET next_attempt_at = ? WHERE {chosen} RETURNING lane"),
			micros(now), waiting).Scan(&lanes).Error
		return lanes, err
	})
}
