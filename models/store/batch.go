package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/ringback/ringback/models"
)

type batchRow struct {
	ID            int64
	UID           uuid.UUID
	AccountID     int64
	ProjectID     int64
	ActionID      int64
	RunID         int64
	InputID       int64
	Page          int
	Status        models.RunStatus
	AttemptCount  int
	FailureCount  int
	Mishaps       mishapColumns `gorm:"embedded"`
	NextAttemptAt *int64
	LeaseUntil    *int64
	LocalSince    *int64
	HasMore       bool
	Empty         bool
	Results       []byte
	ResultCount   int
	Error         []byte
	CreatedAt     int64 `gorm:"autoCreateTime:false"`
	StartedAt     *int64
	FinishedAt    *int64
}

func (batchRow) TableName() string { return "run_batches" }

func batch(r batchRow) (*models.Batch, error) {
	return &models.Batch{
		ID: r.ID, UID: r.UID, AccountID: r.AccountID, ProjectID: r.ProjectID, ActionID: r.ActionID, RunID: r.RunID, InputID: r.InputID,
		Page: r.Page, Status: r.Status, AttemptCount: r.AttemptCount, NextAttemptAt: fromMicrosPtr(r.NextAttemptAt), LeaseUntil: fromMicrosPtr(r.LeaseUntil),
		Tries:   models.Tries{FailureCount: r.FailureCount, LocalSince: fromMicrosPtr(r.LocalSince), Mishaps: r.Mishaps.mishaps()},
		HasMore: r.HasMore, Empty: r.Empty, Results: jsonOrNil(r.Results), ResultCount: r.ResultCount, Error: standardError(r.Error),
		CreatedAt: fromMicros(r.CreatedAt), StartedAt: fromMicrosPtr(r.StartedAt), FinishedAt: fromMicrosPtr(r.FinishedAt),
	}, nil
}

// CreateBatches inserts batches that wait to be executed.
func (s *Store) CreateBatches(ctx context.Context, batches []*models.Batch) error {
	rows := make([]batchRow, len(batches))
	for i, b := range batches {
		rows[i] = batchRow{
			UID: b.UID, AccountID: b.AccountID, ProjectID: b.ProjectID, ActionID: b.ActionID, RunID: b.RunID, InputID: b.InputID,
			Page: b.Page, Status: b.Status, NextAttemptAt: microsPtr(b.NextAttemptAt), CreatedAt: micros(b.CreatedAt),
		}
	}
	err := createParts(ctx, s, rows, noTexts[batchRow])
	for i, r := range rows {
		batches[i].ID = r.ID
	}
	return err
}

// As with callbacks, the conditions on status are literals.
const (
	isAsked    = "status = 'QUEUED'"
	isQueued   = isAsked + " AND interruption_count < 3"
	isFeared   = isAsked + " AND interruption_count >= 3" // models.SuspectAfter
	isExecuted = "status = 'RUNNING'"
)

// ClaimBatches gives due batches of an action to the caller.
func (s *Store) ClaimBatches(ctx context.Context, actionID int64, now, leaseUntil time.Time, limit int) ([]*models.Batch, error) {
	due := s.lockedBatches(ctx).Select("id").Where("action_id = ? AND "+isQueued+" AND next_attempt_at <= ?", actionID, micros(now)).
		Order("next_attempt_at, id").Limit(limit)
	return s.claimBatches(ctx, due, now, leaseUntil)
}

// ClaimSuspectBatch gives a due batch to the caller that is to be executed alone.
func (s *Store) ClaimSuspectBatch(ctx context.Context, now, leaseUntil time.Time) ([]*models.Batch, error) {
	due := s.lockedBatches(ctx).Select("id").Where(isFeared+" AND next_attempt_at <= ?", micros(now)).Order("next_attempt_at").Limit(1)
	return s.claimBatches(ctx, due, now, leaseUntil)
}

func (s *Store) claimBatches(ctx context.Context, due *gorm.DB, now, leaseUntil time.Time) ([]*models.Batch, error) {
	var rows []batchRow
	err := s.writer(ctx).Model(&rows).Clauses(clause.Returning{}).Where(s.dialect.chosen(), due).Updates(map[string]any{
		"status": models.RunRunning, "attempt_count": gorm.Expr("attempt_count + 1"), "started_at": gorm.Expr("COALESCE(started_at, ?)", micros(now)),
		"lease_until": micros(leaseUntil), "next_attempt_at": nil,
	}).Error
	if err != nil {
		return nil, err
	}
	return convert(rows, batch)
}

// PutOffBatches gives claimed batches back. That is rare: one cannot be read.
func (s *Store) PutOffBatches(ctx context.Context, batches []*models.Batch) error {
	for _, b := range batches {
		err := s.writer(ctx).Model(&batchRow{}).Where("id = ?", b.ID).Updates(map[string]any{
			"status": models.RunQueued, "attempt_count": b.AttemptCount - 1, "next_attempt_at": microsPtr(b.NextAttemptAt), "lease_until": nil,
			"unreadable_since": microsPtr(b.UnreadableSince),
		}).Error
		if err != nil {
			return err
		}
	}
	return nil
}

// ExcuseBatches takes an interruption back before it is counted.
func (s *Store) ExcuseBatches(ctx context.Context, ids []int64) error {
	mine := s.lockedBatches(ctx).Select("id").Where(s.among("id", &ids)).Where(isExecuted)
	return s.writer(ctx).Model(&batchRow{}).Where(s.dialect.chosen(), mine).
		Update("interruption_count", gorm.Expr("interruption_count - 1")).Error
}

// RenewBatches keeps batches in their worker's hand. One that somebody has locked is being settled or stopped: waiting for it, with
// others locked, could be for ever.
func (s *Store) RenewBatches(ctx context.Context, leases []models.Lease, until time.Time) ([]models.Lease, error) {
	return s.renew(ctx, "run_batches", s.lockedBatches(ctx).Where(isExecuted), leases, until)
}

// SettleBatch writes what became of a claimed batch.
func (s *Store) SettleBatch(ctx context.Context, b *models.Batch) (bool, error) {
	failed, err := standardErrorText(b.Error)
	if err != nil {
		return false, err
	}
	result := s.writer(ctx).Model(&batchRow{}).
		Where("id = ? AND attempt_count = ? AND status IN ('RUNNING', 'QUEUED')", b.ID, b.AttemptCount).
		Updates(map[string]any{
			"status": b.Status, "failure_count": b.FailureCount, "next_attempt_at": microsPtr(b.NextAttemptAt), "lease_until": nil, "local_since": microsPtr(b.LocalSince),
			"has_more": b.HasMore, "empty": b.Empty, "results": []byte(b.Results), "result_count": b.ResultCount, "error": failed,
			"finished_at": microsPtr(b.FinishedAt),
			"panic_count": b.PanicCount, "interruption_count": b.InterruptionCount, "unreadable_since": nil,
		})
	return result.RowsAffected == 1, result.Error
}

// StopBatches ends what has not ended of a run.
func (s *Store) StopBatches(ctx context.Context, runID int64, at time.Time) error {
	return s.writer(ctx).Model(&batchRow{}).Where("run_id = ? AND status IN ('RUNNING', 'QUEUED')", runID).
		Updates(map[string]any{"status": models.RunStopped, "finished_at": micros(at), "next_attempt_at": nil, "lease_until": nil}).Error
}

// InterruptExpiredBatches takes batches from workers that are gone.
func (s *Store) InterruptExpiredBatches(ctx context.Context, now time.Time, limit int) (int, error) {
	expired := s.lockedBatches(ctx).Select("id").Where(isExecuted+" AND lease_until <= ?", micros(now)).Order("lease_until").Limit(limit)
	var rows []batchRow
	err := s.writer(ctx).Model(&rows).Clauses(clause.Returning{Columns: []clause.Column{{Name: "id"}}}).
		Where(s.dialect.chosen(), expired).
		Updates(map[string]any{
			"status": models.RunQueued, "next_attempt_at": gorm.Expr("lease_until"), "lease_until": nil,
			"interruption_count": gorm.Expr("interruption_count + 1"),
		}).Error
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	ids := make([]int64, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	return len(ids), s.interruptBatchAttempts(ctx, ids, now)
}

// dueActions is to batches what dueHosts is to callbacks.
const dueActions = `WITH RECURSIVE due (action) AS (
	SELECT min(action_id) FROM run_batches WHERE ` + isQueued + `
	UNION ALL
	SELECT (SELECT min(action_id) FROM run_batches WHERE ` + isQueued + ` AND action_id > due.action)
	FROM due WHERE due.action IS NOT NULL
)
SELECT action FROM due WHERE action IS NOT NULL
AND EXISTS (SELECT 1 FROM run_batches WHERE ` + isQueued + ` AND action_id = due.action AND next_attempt_at <= ?)`

// OverdueActions finds actions whose batches nobody takes.
func (s *Store) OverdueActions(ctx context.Context, dueBy time.Time) ([]int64, error) {
	var actions []int64
	err := s.reader(ctx).Raw(dueActions, micros(dueBy)).Scan(&actions).Error
	return actions, err
}

// CountDueBatches counts what is due.
func (s *Store) CountDueBatches(ctx context.Context, dueBy time.Time, limit int) (int, error) {
	due := s.reader(ctx).Model(&batchRow{}).Select("id").Where(isAsked+" AND next_attempt_at <= ?", micros(dueBy)).Limit(limit)
	return count(s.reader(ctx).Table("(?) AS due", due))
}

// countedBatches: an empty page behind one that said it was the last does not count.
const countedBatches = ` FROM run_batches AS b LEFT JOIN (
	SELECT input_id, min(page) AS page FROM run_batches WHERE run_id = ? AND status = 'SUCCEEDED' AND NOT has_more GROUP BY input_id
) AS last ON last.input_id = b.input_id WHERE b.run_id = ? AND NOT (b.empty AND b.page > COALESCE(last.page, b.page))`

// TallyBatches counts by status.
func (s *Store) TallyBatches(ctx context.Context, runID int64) (map[models.RunStatus]int, error) {
	var rows []struct {
		Status models.RunStatus
		Count  int
	}
	err := s.writer(ctx).Raw("SELECT b.status, count(*) AS count"+countedBatches+" GROUP BY b.status", runID, runID).Scan(&rows).Error
	tally := make(map[models.RunStatus]int, len(rows))
	for _, r := range rows {
		tally[r.Status] = r.Count
	}
	return tally, err
}

// FirstBatchError finds the first batch that failed.
func (s *Store) FirstBatchError(ctx context.Context, runID int64) (*models.StandardError, error) {
	var errs [][]byte
	err := s.writer(ctx).Raw("SELECT b.error"+countedBatches+" AND b.status IN ('FAILED', 'BLOCKED') ORDER BY b.id LIMIT 1", runID, runID).Scan(&errs).Error
	if err != nil || len(errs) == 0 {
		return nil, err
	}
	return standardError(errs[0]), nil
}

// lockedBatches selects batches that nobody else has in hand.
func (s *Store) lockedBatches(ctx context.Context) *gorm.DB {
	return s.writer(ctx).Model(&batchRow{}).Clauses(clause.Locking{Strength: "UPDATE", Options: "SKIP LOCKED"})
}
