package store

import (
	"context"

	"github.com/ringback/ringback/models"
)

// usageRow is what an account holds of its quotas. It is narrow, since it changes with each batch.
type usageRow struct {
	AccountID   int64
	OpenBatches int
	RunBytes    int64
}

func (usageRow) TableName() string { return "account_usage" }

// changeUsage: nothing is less than nothing, whatever a process of an older version has not counted.
const changeUsage = `INSERT INTO account_usage (account_id, open_batches, run_bytes) VALUES (?, ?, ?)
ON CONFLICT (account_id) DO UPDATE SET
	open_batches = CASE WHEN account_usage.open_batches + ? < 0 THEN 0 ELSE account_usage.open_batches + ? END,
	run_bytes = CASE WHEN account_usage.run_bytes + ? < 0 THEN 0 ELSE account_usage.run_bytes + ? END
RETURNING account_id, open_batches, run_bytes`

// ChangeUsage adds to what an account holds.
func (s *Store) ChangeUsage(ctx context.Context, accountID int64, by models.Usage) (models.Usage, error) {
	var row usageRow
	err := s.writer(ctx).Raw(changeUsage, accountID, max(by.OpenBatches, 0), max(by.RunBytes, 0),
		by.OpenBatches, by.OpenBatches, by.RunBytes, by.RunBytes).Scan(&row).Error
	return models.Usage{OpenBatches: row.OpenBatches, RunBytes: row.RunBytes}, err
}

// CountActiveSchedules counts the schedules of an account that have a next time.
func (s *Store) CountActiveSchedules(ctx context.Context, accountID int64, limit int) (int, error) {
	active := s.writer(ctx).Model(&scheduleRow{}).Select("id").Where("account_id = ? AND next_run_at IS NOT NULL", accountID).Limit(limit)
	return count(s.writer(ctx).Table("(?) AS active", active))
}

// CountLiveProjects counts the projects of an account that are not deleted.
func (s *Store) CountLiveProjects(ctx context.Context, accountID int64, limit int) (int, error) {
	live := s.writer(ctx).Model(&projectRow{}).Select("id").Where("account_id = ? AND deleted_at IS NULL", accountID).Limit(limit)
	return count(s.writer(ctx).Table("(?) AS live", live))
}
