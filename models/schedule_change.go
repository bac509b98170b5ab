package models

import (
	"context"
	"time"
)

// PauseSchedule keeps a schedule from firing until it is resumed. Editor and up. CONFLICT unless it is ACTIVE.
func (s *Service) PauseSchedule(ctx context.Context, actor *Actor, id int64) (*RunSchedule, error) {
	return s.changeSchedule(ctx, actor, id, func(schedule *RunSchedule, run *Run, at time.Time) error {
		if schedule.Status != ScheduleActive {
			return scheduleConflict(schedule)
		}
		schedule.Status, schedule.NextRunAt = SchedulePaused, nil
		return run.become(RunCreated, at)
	})
}

// ResumeSchedule lets a paused schedule fire again: by its cron, from now on; at its time, or at once where that has passed.
// Editor and up. CONFLICT unless it is PAUSED; LIMIT_REACHED where the account may have no more ACTIVE ones.
func (s *Service) ResumeSchedule(ctx context.Context, actor *Actor, id int64) (*RunSchedule, error) {
	return s.changeSchedule(ctx, actor, id, func(schedule *RunSchedule, run *Run, at time.Time) error {
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
		return run.become(RunScheduled, at)
	})
}

// CancelSchedule ends a schedule. Runs that have begun go on. Editor and up. CONFLICT when it has ended already.
func (s *Service) CancelSchedule(ctx context.Context, actor *Actor, id int64) (*RunSchedule, error) {
	return s.changeSchedule(ctx, actor, id, func(schedule *RunSchedule, run *Run, at time.Time) error {
		if schedule.Status != ScheduleActive && schedule.Status != SchedulePaused {
			return scheduleConflict(schedule)
		}
		schedule.Status, schedule.NextRunAt = ScheduleCancelled, nil
		return run.become(RunStopped, at)
	})
}

func scheduleConflict(schedule *RunSchedule) error {
	return Conflict("scheduleId", "the schedule is %s", schedule.Status)
}

func (s *Service) changeSchedule(ctx context.Context, actor *Actor, id int64, change func(*RunSchedule, *Run, time.Time) error) (*RunSchedule, error) {
	schedule, err := s.Schedule(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	if err := actor.RequireProjectRole(schedule.AccountID, schedule.ProjectID, RoleEditor); err != nil {
		return nil, err
	}
	err = s.store.InTx(ctx, func(tx Store) (err error) {
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
		if err := change(schedule, run, s.now()); err != nil {
			return err
		}
		if schedule.Status == ScheduleActive {
			if err := s.allowSchedule(ctx, tx, schedule.AccountID); err != nil {
				return err
			}
		}
		return s.writeSchedule(ctx, tx, schedule, run, held)
	})
	return schedule, err
}

// Schedule returns one schedule that the actor may see.
func (s *Service) Schedule(ctx context.Context, actor *Actor, id int64) (*RunSchedule, error) {
	return One(s.Schedules(ctx, actor, id))(TypeSchedule)
}

// Schedules returns those of the given schedules that the actor may see, in no order.
func (s *Service) Schedules(ctx context.Context, actor *Actor, ids ...int64) ([]*RunSchedule, error) {
	return s.store.Schedules(ctx, actor.Scope(RoleViewer), ids...)
}

// SchedulePages lists the schedules of each project, newest first.
func (s *Service) SchedulePages(ctx context.Context, actor *Actor, projectIDs []int64, page Page) (map[int64]*PageOf[*RunSchedule], error) {
	return s.store.SchedulePages(ctx, actor.Scope(RoleViewer), projectIDs, page)
}

// CountSchedules counts what SchedulePages lists.
func (s *Service) CountSchedules(ctx context.Context, actor *Actor, projectIDs []int64) (map[int64]int, error) {
	return s.store.CountSchedules(ctx, actor.Scope(RoleViewer), projectIDs)
}
