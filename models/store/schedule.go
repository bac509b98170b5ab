package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/run"
)

type scheduleRow struct {
	ID        int64
	UID       uuid.UUID
	AccountID int64
	ProjectID int64
	Cron      *string
	At        *int64
	Timezone  string
	Overlap   run.Overlap
	Status    run.ScheduleStatus
	NextRunAt *int64
	LastRunAt *int64
	// UnreadableSince: its firing is put off.
	UnreadableSince *int64
	CreatedAt       int64 `gorm:"autoCreateTime:false"`
}

func (scheduleRow) TableName() string { return "schedules" }

func schedule(r scheduleRow) (*run.Schedule, error) {
	return &run.Schedule{
		ID: r.ID, UID: r.UID, AccountID: r.AccountID, ProjectID: r.ProjectID, Cron: r.Cron, At: fromMicrosPtr(r.At),
		Timezone: r.Timezone,
		Overlap:  r.Overlap, Status: r.Status, NextRunAt: fromMicrosPtr(r.NextRunAt), LastRunAt: fromMicrosPtr(r.LastRunAt),
		CreatedAt:       fromMicros(r.CreatedAt),
		UnreadableSince: fromMicrosPtr(r.UnreadableSince),
	}, nil
}

// Schedules finds schedules by id.
func (s *Store) Schedules(ctx context.Context, scope models.Scope, ids ...int64) ([]*run.Schedule, error) {
	return find(ofProject(s.reader(ctx), scope).Where(s.among("id", &ids)), schedule)
}

// SchedulePages lists the schedules of projects.
func (s *Store) SchedulePages(
	ctx context.Context, scope models.Scope, projectIDs []int64, page models.Page,
) (map[int64]*models.PageOf[*run.Schedule], error) {
	return pagesOf(ctx, s, projectIDs, page, func(id int64) *gorm.DB {
		return ofProject(s.reader(ctx).Model(&scheduleRow{}), scope).Where("project_id = ?", id)
	}, schedule, func(r *run.Schedule) int64 { return r.ProjectID })
}

// CountSchedules counts what SchedulePages lists.
func (s *Store) CountSchedules(ctx context.Context, scope models.Scope, projectIDs []int64) (map[int64]int, error) {
	return countBy(ofProject(s.reader(ctx).Model(&scheduleRow{}), scope), "project_id", projectIDs)
}

// LockSchedule reads one schedule for an update.
func (s *Store) LockSchedule(ctx context.Context, id int64) (*run.Schedule, error) {
	return first(s.locking(ctx).Where("id = ?", id), models.TypeSchedule, schedule)
}

// dueSchedules are in the order of their turns: the first of each account, then the second. Those that others have
// locked are passed over, ten times as many as are wanted.
const dueSchedules = `SELECT schedules.id, uid, account_id, project_id, cron, at, timezone, overlap, status, schedules.next_run_at, last_run_at,
	unreadable_since, created_at
FROM schedules JOIN (
	SELECT id AS due_id, row_number() OVER (PARTITION BY account_id ORDER BY next_run_at, id) AS turn FROM schedules AS all_due
	WHERE next_run_at <= ? ORDER BY turn, next_run_at LIMIT ?
) AS due ON due_id = schedules.id WHERE schedules.next_run_at <= ? ORDER BY turn, schedules.next_run_at LIMIT ?`

// LockDueSchedules takes those whose turn it is.
func (s *Store) LockDueSchedules(ctx context.Context, now time.Time, limit int) ([]*run.Schedule, error) {
	var rows []scheduleRow
	err := s.writer(ctx).Raw(
		dueSchedules+s.dialect.skipLocked("schedules"), micros(now), 10*limit, micros(now), limit,
	).Scan(&rows).Error
	if err != nil {
		return nil, err
	}
	return convert(rows, schedule)
}

// LockWaitingRuns takes the runs that wait for schedules.
func (s *Store) LockWaitingRuns(ctx context.Context, scheduleIDs ...int64) ([]*run.Run, error) {
	return find(s.locking(ctx).Where(s.among("schedule_id", &scheduleIDs)).Where("finished_at IS NULL AND status IN ?",
		[]run.Status{run.Scheduled, run.Created}), s.run)
}

// SchedulesAtWork finds those with a run under way.
func (s *Store) SchedulesAtWork(ctx context.Context, ids ...int64) (atWork []int64, err error) {
	err = s.writer(ctx).Model(&runRow{}).Where(s.among("schedule_id", &ids)).Where("finished_at IS NULL AND status IN ?",
		[]run.Status{run.Queued, run.Running}).Distinct().Pluck("schedule_id", &atWork).Error
	return atWork, err
}

// CronSchedulesAfter pages through what waits by cron. One that is put off is left alone.
func (s *Store) CronSchedulesAfter(ctx context.Context, id int64, now time.Time, limit int) ([]*run.Schedule, error) {
	return find(s.reader(ctx).Where(
		"id > ? AND cron IS NOT NULL AND next_run_at > ? AND unreadable_since IS NULL", id, micros(now),
	).
		Order("id").Limit(limit), schedule)
}

// MoveSchedule changes when one fires.
func (s *Store) MoveSchedule(ctx context.Context, id int64, from, to time.Time) error {
	return s.writer(ctx).Model(&scheduleRow{}).Where(
		"id = ? AND next_run_at = ?", id, micros(from),
	).Update("next_run_at", micros(to)).Error
}

// CreateSchedule inserts a schedule.
func (s *Store) CreateSchedule(ctx context.Context, r *run.Schedule) error {
	row := scheduleRow{
		UID: r.UID, AccountID: r.AccountID, ProjectID: r.ProjectID, Cron: r.Cron, At: microsPtr(r.At), Timezone: r.Timezone,
		Overlap: r.Overlap, Status: r.Status, NextRunAt: microsPtr(r.NextRunAt), CreatedAt: micros(r.CreatedAt),
	}
	err := s.writer(ctx).Create(&row).Error
	r.ID = row.ID
	return err
}

// UpdateSchedules writes what can change of schedules.
func (s *Store) UpdateSchedules(ctx context.Context, list ...*run.Schedule) error {
	return s.update(ctx, "schedules", models.TypeSchedule, len(list),
		columnOf("id", "bigint", list, func(r *run.Schedule) int64 { return r.ID }),
		columnOf("status", "text", list, func(r *run.Schedule) string { return string(r.Status) }),
		columnOf("next_run_at", "bigint", list, func(r *run.Schedule) *int64 { return microsPtr(r.NextRunAt) }),
		columnOf("last_run_at", "bigint", list, func(r *run.Schedule) *int64 { return microsPtr(r.LastRunAt) }),
		columnOf("unreadable_since", "bigint", list, func(r *run.Schedule) *int64 { return microsPtr(r.UnreadableSince) }),
	)
}
