package store

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/run"
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
	Status        run.Status
	Lane          string
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

func batch(r batchRow) (*run.Batch, error) {
	return &run.Batch{
		ID: r.ID, UID: r.UID, AccountID: r.AccountID, ProjectID: r.ProjectID, ActionID: r.ActionID, RunID: r.RunID,
		InputID: r.InputID,
		Page:    r.Page, Status: r.Status, Lane: lane(r.Lane), AttemptCount: r.AttemptCount,
		NextAttemptAt: fromMicrosPtr(r.NextAttemptAt), LeaseUntil: fromMicrosPtr(r.LeaseUntil),
		Tries: callback.Tries{
			FailureCount: r.FailureCount, LocalSince: fromMicrosPtr(r.LocalSince), Mishaps: r.Mishaps.mishaps(),
		},
		HasMore: r.HasMore, Empty: r.Empty, Results: jsonOrNil(r.Results), ResultCount: r.ResultCount,
		Error:     standardError(r.Error),
		CreatedAt: fromMicros(r.CreatedAt), StartedAt: fromMicrosPtr(r.StartedAt), FinishedAt: fromMicrosPtr(r.FinishedAt),
	}, nil
}

// CreateBatches inserts batches that wait to be executed.
func (s *Store) CreateBatches(ctx context.Context, batches []*run.Batch) error {
	rows := make([]batchRow, len(batches))
	for i, b := range batches {
		rows[i] = batchRow{
			UID: b.UID, AccountID: b.AccountID, ProjectID: b.ProjectID, ActionID: b.ActionID, RunID: b.RunID, InputID: b.InputID,
			Page: b.Page, Status: b.Status, Lane: b.Lane.String(), NextAttemptAt: microsPtr(b.NextAttemptAt),
			CreatedAt: micros(b.CreatedAt),
		}
	}
	err := createParts(ctx, s, rows, noTexts[batchRow])
	for i, r := range rows {
		batches[i].ID = r.ID
	}
	return err
}

// SettleBatch writes what became of a claimed batch.
func (s *Store) SettleBatch(ctx context.Context, b *run.Batch) (bool, error) {
	failed, err := standardErrorText(b.Error)
	if err != nil {
		return false, err
	}
	result := s.writer(ctx).Model(&batchRow{}).
		Where("id = ? AND attempt_count = ? AND status IN ('RUNNING', 'QUEUED')", b.ID, b.AttemptCount).
		Updates(map[string]any{
			"status": b.Status, "failure_count": b.FailureCount, "next_attempt_at": microsPtr(b.NextAttemptAt),
			"lease_until": nil, "local_since": microsPtr(b.LocalSince),
			"has_more": b.HasMore, "empty": b.Empty, "results": []byte(b.Results), "result_count": b.ResultCount,
			"error":       failed,
			"finished_at": microsPtr(b.FinishedAt),
			"panic_count": b.PanicCount, "interruption_count": b.InterruptionCount, "unreadable_since": nil,
		})
	return result.RowsAffected == 1, result.Error
}

// StopBatches ends what has not ended of a run.
func (s *Store) StopBatches(ctx context.Context, runID int64, at time.Time) error {
	return s.writer(ctx).Model(&batchRow{}).Where("run_id = ? AND status IN ('RUNNING', 'QUEUED')", runID).
		Updates(
			map[string]any{"status": run.Stopped, "finished_at": micros(at), "next_attempt_at": nil, "lease_until": nil},
		).Error
}

// CountEmptyPages counts pages without results.
func (s *Store) CountEmptyPages(ctx context.Context, inputID int64, from, to int) (int, error) {
	var n int64
	err := s.writer(ctx).Model(&batchRow{}).
		Where("input_id = ? AND page BETWEEN ? AND ? AND empty AND status = 'SUCCEEDED'", inputID, from, to).Count(&n).Error
	return int(n), err
}

// CountBatchCallbacks counts what a run's batches have told.
func (s *Store) CountBatchCallbacks(ctx context.Context, runID int64) (int, error) {
	var n int64
	err := s.writer(ctx).Model(&callbackRow{}).
		Where("run_id = ? AND event = ? AND replay_of_id IS NULL", runID, callback.RunBatchFinishedEvent).Count(&n).Error
	return int(n), err
}

// countedBatches: an empty page does not count behind one that said it was the last, nor one that said there was more.
const countedBatches = ` FROM run_batches AS b LEFT JOIN (
	SELECT input_id, min(page) AS page FROM run_batches WHERE run_id = ? AND status = 'SUCCEEDED' AND NOT has_more GROUP BY input_id
) AS last ON last.input_id = b.input_id WHERE b.run_id = ? AND NOT (b.empty AND (b.status = 'SUCCEEDED' OR b.page > COALESCE(last.page, b.page)))`

// TallyBatches counts by status.
func (s *Store) TallyBatches(ctx context.Context, runID int64) (map[run.Status]int, error) {
	var rows []struct {
		Status run.Status
		Count  int
	}
	err := s.writer(ctx).Raw(
		"SELECT b.status, count(*) AS count"+countedBatches+" GROUP BY b.status", runID, runID,
	).Scan(&rows).Error
	tally := make(map[run.Status]int, len(rows))
	for _, r := range rows {
		tally[r.Status] = r.Count
	}
	return tally, err
}

// FirstBatchError finds the first batch that failed.
func (s *Store) FirstBatchError(ctx context.Context, runID int64) (*models.StandardError, error) {
	var errs [][]byte
	err := s.writer(ctx).Raw("SELECT b.error"+countedBatches+" AND b.status IN ('FAILED', 'BLOCKED') ORDER BY b.id "+
		"LIMIT 1", runID, runID).Scan(&errs).Error
	if err != nil || len(errs) == 0 {
		return nil, err
	}
	return standardError(errs[0]), nil
}
