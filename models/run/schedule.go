package run

import (
	"cmp"
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/cron"
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

// Overlap is what becomes of a firing while an earlier run of its schedule has not ended.
type Overlap string

// What becomes of it.
const (
	OverlapAllow Overlap = "ALLOW" // another run begins beside it
	OverlapSkip  Overlap = "SKIP"  // no run begins; the one that waits goes on waiting, for the next time
)

// Schedule says when runs begin. It always has one run that waits for it, SCHEDULED, or CREATED while it is paused;
// that run begins when the schedule fires, and a copy of it waits for the next time.
type Schedule struct {
	ID        int64
	UID       uuid.UUID
	AccountID int64
	ProjectID int64
	Cron      *string    // one of the two is set
	At        *time.Time // once
	Timezone  string     // IANA name that Cron is read in
	Overlap   Overlap
	Status    ScheduleStatus
	NextRunAt *time.Time // only while it is ACTIVE
	LastRunAt *time.Time
	// UnreadableSince is when it could not be fired for the first time, because of a row that cannot be read; nil: it
	// can.
	UnreadableSince *time.Time
	CreatedAt       time.Time
}

// ObjectID returns the schedule's global id.
func (r *Schedule) ObjectID() models.ObjectID {
	return models.ObjectID{Type: models.TypeSchedule, Raw: r.ID}
}

// RawID returns the schedule's number as text.
func (r *Schedule) RawID() string { return models.RawIDText(r.ID) }

// ListCursor is the schedule's place in a list.
func (r *Schedule) ListCursor() models.Cursor { return models.Cursor{At: r.CreatedAt, ID: r.ID} }

// NewSchedule says when a run is to begin: by Cron, or once At a time; without both, at once.
type NewSchedule struct {
	Cron     *string
	At       *time.Time
	Timezone *string // IANA name, default UTC
	Overlap  Overlap // default ALLOW
}

// maxScheduleDelay is how far in the past a time may be: the request was on its way, or the caller's clock is behind.
const maxScheduleDelay = time.Minute

// newSchedule is that of a run which waits for one; nil: for none.
func (s *Service) newSchedule(run *Run, in *NewSchedule) (*Schedule, error) {
	if in == nil {
		return nil, nil
	}
	at := s.engine.Now()
	r := &Schedule{
		UID: models.NewUID(), AccountID: run.AccountID, ProjectID: run.ProjectID,
		Cron: in.Cron, At: in.At, Timezone: "UTC", Overlap: cmp.Or(in.Overlap, OverlapAllow),
		Status: ScheduleActive, CreatedAt: at,
	}
	if in.Timezone != nil {
		r.Timezone = *in.Timezone
	}
	zone, strange := models.LoadZone("schedule.timezone", r.Timezone)
	times, unread := in.readCron()
	if err := models.AllProblems(strange, r.Overlap.check(), in.checkAt(at), unread); err != nil {
		return nil, err
	}
	if in.Cron != nil {
		next, _ := times.Next(at, zone) // one that never comes is refused as it is read
		r.NextRunAt = &next
		return r, nil
	}
	if in.At == nil || in.At.Before(at) {
		r.At = &at
	}
	cut := r.At.UTC().Truncate(time.Microsecond)
	r.At, r.NextRunAt = &cut, &cut
	return r, nil
}

func (o Overlap) check() error {
	if o != OverlapAllow && o != OverlapSkip {
		return models.Invalid("schedule.overlap", "must be %s or %s", OverlapAllow, OverlapSkip)
	}
	return nil
}

func (in NewSchedule) checkAt(now time.Time) error {
	switch {
	case in.Cron != nil && in.At != nil:
		return models.Invalid("schedule.at", "give either a cron or a time, not both")
	case in.At != nil && in.At.Before(now.Add(-maxScheduleDelay)):
		return models.Invalid("schedule.at", "must not be more than a minute in the past")
	}
	return nil
}

func (in NewSchedule) readCron() (times cron.Schedule, err error) {
	if in.Cron != nil {
		if times, err = cron.Parse(*in.Cron); err != nil {
			return times, models.Invalid("schedule.cron", "%v", err)
		}
	}
	return times, nil
}

// next is when the schedule fires after a time; nil when it does not any more.
func (r *Schedule) next(after time.Time) (*time.Time, error) {
	if r.Cron == nil {
		return nil, nil
	}
	times, err := cron.Parse(*r.Cron)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(r.Timezone) // an earlier release took names that LoadZone refuses
	if err != nil {
		return nil, err
	}
	next, ok := times.Next(after, zone)
	if !ok {
		return nil, nil
	}
	return &next, nil
}

// nextRuns is how many times a schedule says ahead.
const nextRuns = 5

// NextRunsAt are the next five times that the schedule fires, NextRunAt the first of them; fewer where it fires no more.
func (r *Schedule) NextRunsAt() ([]time.Time, error) {
	var all []time.Time
	for at := r.NextRunAt; at != nil && len(all) < nextRuns; {
		all = append(all, *at)
		next, err := r.next(*at)
		if err != nil {
			return nil, err
		}
		at = next
	}
	return all, nil
}

// createScheduled creates a schedule and the run that waits for it.
func (s *Service) createScheduled(
	ctx context.Context, tx CreateTx, run *Run, inputs []*Input, schedule *Schedule,
) error {
	if err := s.rules.Quotas.allowSchedule(ctx, tx, run.AccountID); err != nil {
		return err
	}
	if err := tx.CreateSchedule(ctx, schedule); err != nil {
		return err
	}
	run.Status, run.ScheduleID = Scheduled, &schedule.ID
	if err := createRun(ctx, tx, run, inputs); err != nil {
		return err
	}
	return s.rules.Quotas.reserve(ctx, tx, run.AccountID, run.holds())
}
