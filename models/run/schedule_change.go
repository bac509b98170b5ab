package run

import (
	"context"
	"time"

	"github.com/ringback/ringback/models"
)

// ScheduleTx is what a change of a schedule asks of its transaction.
type ScheduleTx interface {
	ActivationTx
	LockSchedule(ctx context.Context, id int64) (*Schedule, error)
	// LockWaitingRuns takes the runs that wait for schedules.
	LockWaitingRuns(ctx context.Context, scheduleIDs ...int64) ([]*Run, error)
	UpdateSchedules(ctx context.Context, list ...*Schedule) error
	UpdateRuns(ctx context.Context, runs ...*Run) error
}

// PauseSchedule keeps a schedule from firing until it is resumed. Editor and up. CONFLICT unless it is ACTIVE.
func (s *Service) PauseSchedule(ctx context.Context, actor *models.Actor, id int64) (*Schedule, error) {
	return s.changeSchedule(ctx, actor, id, func(schedule *Schedule, run *Run, at time.Time) error {
		if schedule.Status != ScheduleActive {
			return scheduleConflict(schedule)
		}
		schedule.Status, schedule.NextRunAt = SchedulePaused, nil
		return run.become(Created, at)
	})
}

// ResumeSchedule lets a paused schedule fire again: by its cron, from now on; at its time, or at once where that has
// passed. Editor and up. CONFLICT unless it is PAUSED; LIMIT_REACHED where the account may have no more ACTIVE ones.
func (s *Service) ResumeSchedule(ctx context.Context, actor *models.Actor, id int64) (*Schedule, error) {
	return s.changeSchedule(ctx, actor, id, func(schedule *Schedule, run *Run, at time.Time) error {
		if schedule.Status != SchedulePaused {
			return scheduleConflict(schedule)
		}
		next, err := schedule.next(at)
		if err != nil {
			return err
		}
		if next == nil {
			next = schedule.At
		}
		schedule.Status, schedule.NextRunAt = ScheduleActive, next
		return run.become(Scheduled, at)
	})
}

// CancelSchedule ends a schedule. Runs that have begun go on. Editor and up. CONFLICT when it has ended already.
func (s *Service) CancelSchedule(ctx context.Context, actor *models.Actor, id int64) (*Schedule, error) {
	return s.changeSchedule(ctx, actor, id, func(schedule *Schedule, run *Run, at time.Time) error {
		if schedule.Status != ScheduleActive && schedule.Status != SchedulePaused {
			return scheduleConflict(schedule)
		}
		schedule.Status, schedule.NextRunAt = ScheduleCancelled, nil
		return run.become(Stopped, at)
	})
}

func scheduleConflict(schedule *Schedule) error {
	return models.Conflict("scheduleId", "the schedule is %s", schedule.Status)
}

func (s *Service) changeSchedule(
	ctx context.Context, actor *models.Actor, id int64, change func(*Schedule, *Run, time.Time) error,
) (*Schedule, error) {
	schedule, err := s.Schedule(ctx, actor.Scope(models.RoleViewer), id)
	if err != nil {
		return nil, err
	}
	if err := actor.RequireProjectRole(schedule.AccountID, schedule.ProjectID, models.RoleEditor); err != nil {
		return nil, err
	}
	err = s.db.InScheduleTx(ctx, func(tx ScheduleTx) (err error) {
		if schedule, err = tx.LockSchedule(ctx, id); err != nil {
			return err
		}
		run, waits, err := waitingRun(ctx, tx, id)
		if err != nil {
			return err
		}
		if !waits {
			return scheduleConflict(schedule) // it has ended
		}
		held := run.holds()
		if err := change(schedule, run, s.engine.Now()); err != nil {
			return err
		}
		if schedule.Status == ScheduleActive {
			if err := s.rules.Quotas.allowSchedule(ctx, tx, schedule.AccountID); err != nil {
				return err
			}
		}
		return writeSchedule(ctx, tx, s.rules.Quotas, schedule, run, held)
	})
	return schedule, err
}

// waitingRun takes the run that waits for one schedule, if any does.
func waitingRun(ctx context.Context, tx ScheduleTx, scheduleID int64) (run *Run, waits bool, err error) {
	runs, err := tx.LockWaitingRuns(ctx, scheduleID)
	if err != nil || len(runs) == 0 {
		return nil, false, err
	}
	return runs[0], true, nil
}

// writeSchedule writes a schedule and its run, which held something else of the account's quotas before.
func writeSchedule(ctx context.Context, tx ScheduleTx, quotas Quotas, schedule *Schedule, run *Run, held Usage) error {
	if err := tx.UpdateSchedules(ctx, schedule); err != nil {
		return err
	}
	if err := tx.UpdateRuns(ctx, run); err != nil {
		return err
	}
	return quotas.reserve(ctx, tx, run.AccountID, run.holds().minus(held))
}
