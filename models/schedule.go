package models

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// ScheduleStatus is whether a schedule still makes runs.
type ScheduleStatus string

// Statuses of schedules.
const (
	ScheduleActive    ScheduleStatus = "ACTIVE"
	SchedulePaused    ScheduleStatus = "PAUSED"
	ScheduleCancelled ScheduleStatus = "CANCELLED"
	ScheduleCompleted ScheduleStatus = "COMPLETED" // it will never fire again
)

// RunSchedule says when runs begin. It always has one run that waits for it, SCHEDULED, or CREATED while it is paused; that
// run begins when the schedule fires, and a copy of it waits for the next time.
type RunSchedule struct {
	ID        int64
	UID       uuid.UUID
	AccountID int64
	ProjectID int64
	Cron      *string    // one of the two is set
	At        *time.Time // once
	Timezone  string     // IANA name that Cron is read in
	Status    ScheduleStatus
	NextRunAt *time.Time // only while it is ACTIVE
	LastRunAt *time.Time
	// UnreadableSince is when it could not be fired for the first time, because of a row that cannot be read; nil: it can.
	UnreadableSince *time.Time
	CreatedAt       time.Time
}

// ObjectID returns the schedule's global id.
func (r *RunSchedule) ObjectID() ObjectID { return ObjectID{TypeSchedule, r.ID} }

// RawID returns the schedule's number as text.
func (r *RunSchedule) RawID() string { return rawIDText(r.ID) }

// ListCursor is the schedule's place in a list.
func (r *RunSchedule) ListCursor() Cursor { return Cursor{r.CreatedAt, r.ID} }

// RunScheduleStore keeps schedules.
type RunScheduleStore interface {
	Schedules(ctx context.Context, scope Scope, ids ...int64) ([]*RunSchedule, error)
	// SchedulePages returns a page for each of the projects, newest first, in one statement.
	SchedulePages(ctx context.Context, scope Scope, projectIDs []int64, page Page) (map[int64]*PageOf[*RunSchedule], error)
	CountSchedules(ctx context.Context, scope Scope, projectIDs []int64) (map[int64]int, error)
	LockSchedule(ctx context.Context, id int64) (*RunSchedule, error)
	// LockDueSchedule takes a schedule whose time has come and that nobody else has locked; NotFound where there is none. Accounts take turns.
	LockDueSchedule(ctx context.Context, now time.Time) (*RunSchedule, error)
	// LockWaitingRun takes the run that waits for a schedule.
	LockWaitingRun(ctx context.Context, scheduleID int64) (*Run, error)
	CreateSchedule(ctx context.Context, r *RunSchedule) error
	UpdateSchedule(ctx context.Context, r *RunSchedule) error
}

// NewSchedule says when a run is to begin: by Cron, or once At a time; without both, at once.
type NewSchedule struct {
	Cron     *string
	At       *time.Time
	Timezone *string // IANA name, default UTC
}

func (s *Service) newSchedule(run *Run, in NewSchedule) (*RunSchedule, error) {
	at := s.now()
	r := &RunSchedule{
		UID: newUID(), AccountID: run.AccountID, ProjectID: run.ProjectID, Cron: in.Cron, At: in.At, Timezone: "UTC",
		Status: ScheduleActive, CreatedAt: at,
	}
	if in.Timezone != nil {
		r.Timezone = *in.Timezone
	}
	zone, err := loadZone("schedule.timezone", r.Timezone)
	switch {
	case err != nil:
		return nil, err
	case in.Cron != nil && in.At != nil:
		return nil, invalid("schedule.at", "give either a cron or a time, not both")
	case in.At != nil && in.At.Before(at):
		return nil, invalid("schedule.at", "must not be in the past")
	case in.Cron != nil:
		cron, err := ParseCron("schedule.cron", *in.Cron)
		if err != nil {
			return nil, err
		}
		next, _ := cron.Next(at, zone) // one that never comes is refused as it is read
		r.NextRunAt = &next
		return r, nil
	case in.At == nil:
		r.At = &at
	}
	cut := r.At.UTC().Truncate(time.Microsecond)
	r.At, r.NextRunAt = &cut, &cut
	return r, nil
}

// next is when the schedule fires after a time; nil when it does not any more.
func (r *RunSchedule) next(after time.Time) (*time.Time, error) {
	if r.Cron == nil {
		return nil, nil
	}
	cron, err := ParseCron("cron", *r.Cron)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(r.Timezone) // an earlier release took names that loadZone refuses
	if err != nil {
		return nil, err
	}
	next, ok := cron.Next(after, zone)
	if !ok {
		return nil, nil
	}
	return &next, nil
}

// createScheduled creates a schedule and the run that waits for it.
func (s *Service) createScheduled(ctx context.Context, tx Store, run *Run, inputs []*RunInput, in NewSchedule) error {
	schedule, err := s.newSchedule(run, in)
	if err != nil {
		return err
	}
	if err := s.allowSchedule(ctx, tx, run.AccountID); err != nil {
		return err
	}
	if err := tx.CreateSchedule(ctx, schedule); err != nil {
		return err
	}
	run.Status, run.ScheduleID = RunScheduled, &schedule.ID
	if err := createRun(ctx, tx, run, inputs); err != nil {
		return err
	}
	return s.charge(ctx, tx, run.AccountID, run.holds())
}

// SchedulerInterval is how often each worker looks for schedules whose time has come.
const SchedulerInterval = time.Second

// maxFirings bounds what one look begins; the next look goes on.
const maxFirings = 1_000

// FireSchedules begins the runs whose time has come and returns how many. Any number of processes may do so at the same time:
// each firing is one transaction that holds the schedule. What was missed while all were down fires once. A schedule that cannot be
// fired because a row cannot be read is put off, and holds up no other.
func (s *Service) FireSchedules(ctx context.Context) (fired int, err error) {
	for range maxFirings {
		due, err := s.fireNext(ctx)
		if ErrorCode(err) == CodeNotFound && due == nil {
			return fired, nil
		}
		if ErrorCode(err) == CodeLimitReached {
			err = s.skipFiring(ctx, due.ID, err)
		}
		if err == nil {
			fired++
			continue
		}
		if due == nil || !ofRow(err) {
			return fired, err
		}
		if err := s.putOffSchedule(ctx, due.ID, err); err != nil {
			return fired, err
		}
	}
	return fired, nil
}

// firingTimeout bounds one firing, of some milliseconds: one that hangs holds up the others of its look no longer.
const firingTimeout = 5 * time.Second

// fireNext fires a schedule that is due, and returns it also when it cannot.
func (s *Service) fireNext(ctx context.Context) (due *RunSchedule, err error) {
	var batches []*Batch
	err = s.troubles.Catch(ctx, "firing", func() error {
		ctx, cancel := context.WithTimeout(ctx, firingTimeout)
		defer cancel()
		return s.store.InTx(ctx, func(tx Store) (err error) {
			if due, err = tx.LockDueSchedule(ctx, s.now()); err != nil {
				return err
			}
			batches, err = s.fire(ctx, tx, due)
			return err
		})
	})
	if err == nil {
		s.wakeBatches(ctx, batches)
	}
	return due, err
}

// putOffSchedule lets a schedule that could not be fired wait, and ends it when it has waited for a day.
func (s *Service) putOffSchedule(ctx context.Context, id int64, why error) error {
	return s.store.InTx(ctx, func(tx Store) error {
		schedule, err := tx.LockSchedule(ctx, id)
		at := s.now()
		if err != nil || schedule.NextRunAt == nil || schedule.NextRunAt.After(at) { // another process has put it off
			return err
		}
		mishaps := Mishaps{UnreadableSince: schedule.UnreadableSince}
		next, again := mishaps.putOff(at)
		schedule.UnreadableSince = mishaps.UnreadableSince
		s.troubles.unreadable(ctx, "schedule", "schedule", schedule.UID.String(), "project", schedule.ProjectID, "since", *schedule.UnreadableSince, "again", again, "error", why)
		if again {
			schedule.NextRunAt = &next
			return tx.UpdateSchedule(ctx, schedule)
		}
		run, err := tx.LockWaitingRun(ctx, schedule.ID)
		if ErrorCode(err) == CodeNotFound {
			schedule.Status, schedule.NextRunAt = ScheduleCancelled, nil
			return tx.UpdateSchedule(ctx, schedule)
		}
		if err != nil {
			return err
		}
		return s.invalidate(ctx, tx, schedule, run, LabelInternalError, "What the run needs could not be read for a day")
	})
}

// fire begins the run that waits for a schedule and lets a copy of it wait for the next time.
func (s *Service) fire(ctx context.Context, tx Store, schedule *RunSchedule) ([]*Batch, error) {
	at := s.now()
	run, err := tx.LockWaitingRun(ctx, schedule.ID)
	if err != nil {
		return nil, err
	}
	if run.Callback.Unreadable != nil { // nor could the copy have its headers
		return nil, run.Callback.Unreadable
	}
	owners, err := ownersOf(ctx, tx, schedule.ProjectID)
	if err != nil {
		return nil, err
	}
	if owners.Project.DeletedAt != nil {
		return nil, s.invalidate(ctx, tx, schedule, run, LabelGenericError, "The project was deleted")
	}
	next, err := schedule.next(at)
	if err != nil { // the zone or the cron cannot be read any more
		return nil, s.invalidate(ctx, tx, schedule, run, LabelGenericError, err.Error())
	}
	held := run.holds()
	inputs, err := tx.InputsOfRun(ctx, run.ID, MaxRunInputs)
	if err != nil {
		return nil, err
	}
	waiting, err := moveOn(ctx, tx, schedule, run, inputs, next, at)
	if err != nil {
		return nil, err
	}
	if err := tx.UpdateSchedule(ctx, schedule); err != nil {
		return nil, err
	}
	if err := run.become(RunQueued, at); err != nil {
		return nil, err
	}
	action, err := one(tx.Actions(ctx, PlatformActor().Scope(RoleViewer), run.ActionID))(TypeAction)
	if err != nil {
		return nil, err
	}
	batches, err := s.queueBatches(ctx, tx, run, action, inputs)
	if err != nil {
		return nil, err
	}
	return batches, s.charge(ctx, tx, run.AccountID, run.holds().minus(held).plus(waiting))
}

// skipFiring ends the run of a schedule that is due without beginning it, since its account has no room for it, and lets a copy of it wait
// for the next time.
func (s *Service) skipFiring(ctx context.Context, scheduleID int64, why error) error {
	return s.store.InTx(ctx, func(tx Store) error {
		at := s.now()
		schedule, err := tx.LockSchedule(ctx, scheduleID)
		if err != nil || schedule.NextRunAt == nil || schedule.NextRunAt.After(at) { // another process was first
			return err
		}
		run, err := tx.LockWaitingRun(ctx, scheduleID)
		if err != nil {
			return err
		}
		next, err := schedule.next(at)
		if err != nil {
			return err
		}
		held := run.holds()
		inputs, err := tx.InputsOfRun(ctx, run.ID, MaxRunInputs)
		if err != nil {
			return err
		}
		waiting, err := moveOn(ctx, tx, schedule, run, inputs, next, at)
		if err != nil {
			return err
		}
		run.Error = overLimit(why, run.UID.String())
		if err := run.become(RunInvalid, at); err != nil {
			return err
		}
		return s.writeSchedule(ctx, tx, schedule, run, held.minus(waiting))
	})
}

// moveOn lets a schedule whose time has come wait for its next time, with a copy of its run, and returns what that holds. The schedule is
// written by the caller.
func moveOn(ctx context.Context, tx Store, schedule *RunSchedule, run *Run, inputs []*RunInput, next *time.Time, at time.Time) (waiting Usage, err error) {
	schedule.LastRunAt, schedule.NextRunAt, schedule.UnreadableSince = &at, next, nil
	if next == nil {
		schedule.Status = ScheduleCompleted
		return Usage{}, nil
	}
	return createCopy(ctx, tx, run, inputs, at)
}

// createCopy makes the run that waits for the next firing.
func createCopy(ctx context.Context, tx Store, run *Run, inputs []*RunInput, at time.Time) (Usage, error) {
	next := &Run{
		UID: newUID(), AccountID: run.AccountID, ProjectID: run.ProjectID, ActionID: run.ActionID, ScheduleID: run.ScheduleID,
		CreatedByUserID: run.CreatedByUserID, Status: RunScheduled, MaxResults: run.MaxResults, PageSize: run.PageSize,
		CallbackOn: run.CallbackOn, Callback: run.Callback, InputCount: run.InputCount, CreatedAt: at,
	}
	next.StoredBytes = next.inputBytes(inputs)
	if err := tx.CreateRun(ctx, next); err != nil {
		return Usage{}, err
	}
	return next.holds(), tx.CopyRunInputs(ctx, run.ID, next.ID)
}

// invalidate ends a schedule whose run cannot begin.
func (s *Service) invalidate(ctx context.Context, tx Store, schedule *RunSchedule, run *Run, label, why string) error {
	schedule.Status, schedule.NextRunAt = ScheduleCancelled, nil
	run.Error = &StandardError{
		Message: why, Label: label, Scope: ScopeRingback, StatusCode: failedDependency,
		Params: map[string]any{}, Ref: run.UID.String(),
	}
	held := run.holds()
	if err := run.become(RunInvalid, s.now()); err != nil {
		return err
	}
	return s.writeSchedule(ctx, tx, schedule, run, held)
}

// writeSchedule writes a schedule and its run, which held something else of the account's quotas before.
func (s *Service) writeSchedule(ctx context.Context, tx Store, schedule *RunSchedule, run *Run, held Usage) error {
	if err := tx.UpdateSchedule(ctx, schedule); err != nil {
		return err
	}
	if err := tx.UpdateRun(ctx, run); err != nil {
		return err
	}
	return s.charge(ctx, tx, run.AccountID, run.holds().minus(held))
}
