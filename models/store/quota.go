package store

import (
	"context"

	"github.com/ringback/ringback/models/run"
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
func (s *Store) ChangeUsage(ctx context.Context, accountID int64, by run.Usage) (run.Usage, error) {
	var row usageRow
	err := s.writer(ctx).Raw(changeUsage, accountID, max(by.OpenBatches, 0), max(by.RunBytes, 0),
		by.OpenBatches, by.OpenBatches, by.RunBytes, by.RunBytes).Scan(&row).Error
	return run.Usage{OpenBatches: row.OpenBatches, RunBytes: row.RunBytes}, err
}

// MiscountedAccounts compares in one statement, which sees no half of a transaction: what is being changed is no
// difference.
func (s *Store) MiscountedAccounts(ctx context.Context) (ids []int64, err error) {
	err = s.reader(ctx).Raw(`SELECT account_id FROM (
	SELECT account_id, open_batches, run_bytes FROM account_usage
	UNION ALL
	SELECT account_id, -open_batch_count, -stored_bytes FROM runs WHERE finished_at IS NULL
) AS held GROUP BY account_id HAVING SUM(open_batches) <> 0 OR SUM(run_bytes) <> 0 ORDER BY account_id`).Scan(&ids).Error
	return ids, err
}

const recountUsage = `UPDATE account_usage SET (open_batches, run_bytes) =
	(SELECT COALESCE(SUM(open_batch_count), 0), COALESCE(SUM(stored_bytes), 0) FROM runs WHERE account_id = ? AND finished_at IS NULL)
WHERE account_id = ?`

// RecountUsage takes the lock first: the statement after it sees all that others have changed before, and who waits
// adds to it.
func (s *Store) RecountUsage(ctx context.Context, accountID int64) error {
	return s.Transaction(ctx, func(tx *Store) error {
		if _, err := tx.ChangeUsage(ctx, accountID, run.Usage{}); err != nil {
			return err
		}
		return tx.writer(ctx).Exec(recountUsage, accountID, accountID).Error
	})
}

// CountActiveSchedules counts the schedules of an account that have a next time.
func (s *Store) CountActiveSchedules(ctx context.Context, accountID int64, limit int) (int, error) {
	active := s.writer(ctx).Model(&scheduleRow{}).Select("id").Where(
		"account_id = ? AND next_run_at IS NOT NULL", accountID,
	).Limit(limit)
	return count(s.writer(ctx).Table("(?) AS active", active))
}
