package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/ringback/ringback/models/tenant"
)

// What waits for a target that is configured, among so many callbacks that have not ended at most, in the order of an
// index that has no others: of a project, and of an account's projects that have no URL of their own.
const (
	waitingOfProject = `SELECT count(*) FROM (
	SELECT 1 FROM (
		SELECT status, target FROM callbacks WHERE project_id = ? AND finished_at IS NULL ORDER BY created_at, id LIMIT ?
	) AS ongoing WHERE status = 'PENDING' AND target = 'CONFIGURED' LIMIT ?
) AS waiting`
	waitingOfAccount = `SELECT count(*) FROM (
	SELECT 1 FROM (
		SELECT project_id, status, target FROM callbacks WHERE account_id = ? AND finished_at IS NULL ORDER BY created_at, id LIMIT ?
	) AS ongoing JOIN projects ON projects.id = project_id AND api_callback_url IS NULL
	WHERE status = 'PENDING' AND target = 'CONFIGURED' LIMIT ?
) AS waiting`
)

// CountWaiting counts callbacks of an owner.
func (s *Store) CountWaiting(ctx context.Context, of tenant.CallbackOwner, look, most int) (int, error) {
	return planned(ctx, s, func(s *Store) (n int, err error) {
		err = s.countWaiting(ctx, of, look, most).Scan(&n).Error
		return n, err
	})
}

func (s *Store) countWaiting(ctx context.Context, of tenant.CallbackOwner, look, most int) *gorm.DB {
	if of.ProjectID != 0 {
		return s.writer(ctx).Raw(waitingOfProject, of.ProjectID, look, most)
	}
	return s.writer(ctx).Raw(waitingOfAccount, of.AccountID, look, most)
}
