package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/ringback/ringback/models"
)

type scheduleRow struct {
	ID        int64
	UID       uuid.UUID
	AccountID int64
	ProjectID int64
	Cron      *string
	At        *int64
	Timezone  string
	Status    models.ScheduleStatus
	NextRunAt *int64
	LastRunAt *int64
	// UnreadableSince: its firing is put off.
	UnreadableSince *int64
	CreatedAt       int64 `gorm:"autoCreateTime:false"`
}

func (scheduleRow) TableName() string { return "schedules" }

func schedule(r scheduleRow) (*models.RunSchedule, error) {
	return &models.RunSchedule{
		ID: r.ID, UID: r.UID, AccountID: r.AccountID, ProjectID: r.ProjectID, Cron: r.Cron, At: fromMicrosPtr(r.At), Timezone: r.Timezone,
		Status: r.Status, NextRunAt: fromMicrosPtr(r.NextRunAt), LastRunAt: fromMicrosPtr(r.LastRunAt), CreatedAt: fromMicros(r.CreatedAt),
		UnreadableSince: fromMicrosPtr(r.UnreadableSince),
	}, nil
}

// Schedules finds schedules by id.
func (s *Store) Schedules(ctx context.Context, scope models.Scope, ids ...int64) ([]*models.RunSchedule, error) {
	return find(ofProject(s.reader(ctx), scope).Where(s.among("id", &ids)), schedule)
}

// SchedulePages lists the schedules of projects.
func (s *Store) SchedulePages(ctx context.Context, scope models.Scope, projectIDs []int64, page models.Page) (map[int64]*models.PageOf[*models.RunSchedule], error) {
	return pagesOf(ctx, s, projectIDs, page, func(id int64) *gorm.DB {
		return ofProject(s.reader(ctx).Model(&scheduleRow{}), scope).Where("project_id = ?", id)
	}, schedule, func(r *models.RunSchedule) int64 { return r.ProjectID })
}

// CountSchedules counts what SchedulePages lists.
func (s *Store) CountSchedules(ctx context.Context, scope models.Scope, projectIDs []int64) (map[int64]int, error) {
	return countBy(ofProject(s.reader(ctx).Model(&scheduleRow{}), scope), "project_id", projectIDs)
}

// LockSchedule reads one schedule for an update.
func (s *Store) LockSchedule(ctx context.Context, id int64) (*models.RunSchedule, error) {
	return first(s.locking(ctx).Where("id = ?", id), models.TypeSchedule, schedule)
}

// LockDueSchedule takes one that is due, of the account whose turn it is.
func (s *Store) LockDueSchedule(ctx context.Context, now time.Time) (*models.RunSchedule, error) {
	due := func() (accounts []int64, err error) {
		err = s.writer(ctx).Model(&scheduleRow{}).Where("next_run_at <= ?", micros(now)).
			Group("account_id").Order("min(next_run_at), account_id").Pluck("account_id", &accounts).Error
		return accounts, err
	}
	tried := map[int64]bool{} // those of which others have all in hand
	for {
		account, ok, err := s.turns.next(now, due)
		if err != nil {
			return nil, err
		}
		if !ok || tried[account] {
			return nil, models.NotFound(models.TypeSchedule)
		}
		tried[account] = true
		free := s.writer(ctx).Clauses(clause.Locking{Strength: "UPDATE", Options: "SKIP LOCKED"})
		found, err := first(free.Where("account_id = ? AND next_run_at <= ?", account, micros(now)).Order("next_run_at"), models.TypeSchedule, schedule)
		if models.ErrorCode(err) != models.CodeNotFound {
			s.turns.again(account)
			return found, err
		}
	}
}

// LockWaitingRun takes the run that waits for a schedule.
func (s *Store) LockWaitingRun(ctx context.Context, scheduleID int64) (*models.Run, error) {
	return first(s.locking(ctx).Where("schedule_id = ? AND status IN ?", scheduleID, []models.RunStatus{models.RunScheduled, models.RunCreated}),
		models.TypeRun, s.run)
}

// CreateSchedule inserts a schedule.
func (s *Store) CreateSchedule(ctx context.Context, r *models.RunSchedule) error {
	row := scheduleRow{
		UID: r.UID, AccountID: r.AccountID, ProjectID: r.ProjectID, Cron: r.Cron, At: microsPtr(r.At), Timezone: r.Timezone,
		Status: r.Status, NextRunAt: microsPtr(r.NextRunAt), CreatedAt: micros(r.CreatedAt),
	}
	err := s.writer(ctx).Create(&row).Error
	r.ID = row.ID
	return err
}

// UpdateSchedule writes what can change of a schedule.
func (s *Store) UpdateSchedule(ctx context.Context, r *models.RunSchedule) error {
	return mustChange(s.writer(ctx).Model(&scheduleRow{}).Where("id = ?", r.ID).Updates(map[string]any{
		"status": r.Status, "next_run_at": microsPtr(r.NextRunAt), "last_run_at": microsPtr(r.LastRunAt),
		"unreadable_since": microsPtr(r.UnreadableSince),
	}), models.TypeSchedule)
}
