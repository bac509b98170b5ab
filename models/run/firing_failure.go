package run

import (
	"context"
	"net/http"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

// skip ends the run of a schedule that is due without beginning it, since its account has no room for it, and lets a
// copy of it wait for the next time.
func (f *Firings) skip(ctx context.Context, scheduleID int64, why error) error {
	return f.db.InFiringTx(ctx, func(tx FiringTx) error {
		at := f.engine.Now()
		schedule, err := tx.LockSchedule(ctx, scheduleID)
		if err != nil || schedule.NextRunAt == nil || schedule.NextRunAt.After(at) { // another process was first
			return err
		}
		group, err := prepare(ctx, tx, []*Schedule{schedule})
		if err != nil {
			return err
		}
		x := group[0]
		if x.next, err = schedule.next(at); err != nil {
			return err
		}
		held := x.run.holds()
		schedule.moveOn(x.next, at)
		copies, err := createCopies(ctx, tx, group, at)
		if err != nil {
			return err
		}
		for _, c := range copies {
			held = held.minus(c.holds())
		}
		x.run.Error = overLimit(why, x.run.UID.String())
		if err := x.run.become(Invalid, at); err != nil {
			return err
		}
		return writeSchedule(ctx, tx, f.quotas, schedule, x.run, held)
	})
}

// postpone lets a schedule that could not be fired wait, and ends it when it has waited for a day.
func (f *Firings) postpone(ctx context.Context, id int64, why error) error {
	return f.db.InFiringTx(ctx, func(tx FiringTx) error {
		schedule, err := tx.LockSchedule(ctx, id)
		at := f.engine.Now()
		if err != nil || schedule.NextRunAt == nil || schedule.NextRunAt.After(at) { // another process has postponed it
			return err
		}
		mishaps := callback.Mishaps{UnreadableSince: schedule.UnreadableSince}
		next, again := mishaps.Postpone(at)
		schedule.UnreadableSince = mishaps.UnreadableSince
		f.engine.Troubles().Unreadable(ctx, "schedule", "schedule", schedule.UID.String(),
			"project", schedule.ProjectID, "since", *schedule.UnreadableSince, "again", again, "error", why)
		if again {
			schedule.NextRunAt = &next
			return tx.UpdateSchedules(ctx, schedule)
		}
		run, waits, err := waitingRun(ctx, tx, schedule.ID)
		if err != nil {
			return err
		}
		if !waits {
			schedule.Status, schedule.NextRunAt = ScheduleCancelled, nil
			return tx.UpdateSchedules(ctx, schedule)
		}
		return f.invalidate(ctx, tx, schedule, run,
			models.LabelInternalError, "What the run needs could not be read for a day")
	})
}

// invalidate ends a schedule whose run cannot begin.
func (f *Firings) invalidate(ctx context.Context, tx FiringTx, schedule *Schedule, run *Run, label, why string) error {
	schedule.Status, schedule.NextRunAt = ScheduleCancelled, nil
	run.Error = ownError(http.StatusFailedDependency, label, why, run.UID.String())
	held := run.holds()
	if err := run.become(Invalid, f.engine.Now()); err != nil {
		return err
	}
	return writeSchedule(ctx, tx, f.quotas, schedule, run, held)
}
