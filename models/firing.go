package models

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"
)

// SchedulerInterval is how often each worker looks for schedules whose time has come.
const SchedulerInterval = time.Second

const (
	// maxFirings bounds what one look begins; the next look goes on.
	maxFirings = 10_000
	// firingGroup is how many schedules one transaction fires: a dozen statements do for all of them.
	firingGroup = 100
	// What the runs of a group bring with them is bounded too; what the first brings may be more.
	maxGroupBatches = 2_000
	maxGroupBytes   = 4 << 20
	// firingTimeout bounds the firing of one group, of some milliseconds: one that hangs holds up the others of its look no longer.
	firingTimeout = 5 * time.Second
	// firingWakeTimeout bounds what a look waits for the queue in the end: nobody waits for it, but the next one.
	firingWakeTimeout = time.Second
)

// FireSchedules begins the runs whose time has come and returns how many; what is skipped does not count. Any number of processes may do so
// at the same time: a group of schedules is fired in one transaction that holds them, and one by one where that fails. What was missed while
// all were down fires once. A schedule that cannot be fired is put off, and holds up no other.
//
// Workers are woken after the last group: what the first have begun would take the processor and the database from the firing of the others.
// Where a look takes longer than firingPatience, or its process dies, the sweep wakes them.
func (s *Service) FireSchedules(ctx context.Context) (fired int, err error) {
	begun := map[Lane]time.Time{}
	s.firingSince.Store(new(s.now()))
	defer func() {
		s.firingSince.Store(nil)
		s.wakeFired(ctx, begun)
	}()
	alone := 0 // how many are to be fired one by one
	for done := 0; done < maxFirings; {
		limit := firingGroup
		if alone > 0 {
			limit, alone = 1, alone-1
		}
		due, n, err := s.fireNext(ctx, limit, begun)
		if err == nil && len(due) == 0 {
			return fired, nil
		}
		if len(due) > 1 && err != nil && ctx.Err() == nil {
			alone = len(due)
			continue
		}
		if ErrorCode(err) == CodeLimitReached {
			err = s.skipFiring(ctx, due[0].ID, err)
		}
		if err == nil {
			done, fired = done+len(due), fired+n
			continue
		}
		// Whatever the error: where it is the database that fails, it fails here too.
		if len(due) == 0 || ctx.Err() != nil {
			return fired, err
		}
		if err := s.putOffSchedule(ctx, due[0].ID, err); err != nil {
			return fired, err
		}
	}
	return fired, nil
}

// fireNext fires schedules that are due, up to a limit, and returns them also when they cannot be fired, and how many of them it fired. It adds
// the lanes of what has begun, and since when something is due there. A panic is told of one that is alone: those of a group that fails are
// fired one by one.
func (s *Service) fireNext(ctx context.Context, limit int, begun map[Lane]time.Time) (due []*RunSchedule, fired int, err error) {
	var batches []*Batch
	caught, err := Recover(func() error {
		ctx, cancel := context.WithTimeout(ctx, firingTimeout)
		defer cancel()
		return s.store.InTx(ctx, func(tx Store) (err error) {
			if due, err = tx.LockDueSchedules(ctx, s.now(), limit); err != nil || len(due) == 0 {
				return err
			}
			group, err := s.prepareFirings(ctx, tx, due)
			if err != nil {
				return err
			}
			due = due[:len(group)]
			batches, err = s.fire(ctx, tx, group)
			fired = countFired(group)
			return err
		})
	})
	if caught != nil {
		if err = caught; len(due) <= 1 {
			s.troubles.Panicked(ctx, "firing", caught)
		}
	}
	if err != nil {
		return due, 0, err
	}
	for _, b := range batches {
		begun[b.Lane] = *b.NextAttemptAt
	}
	return due, fired, nil
}

// wakeFired asks the queue to look at all lanes in which something has begun.
func (s *Service) wakeFired(ctx context.Context, begun map[Lane]time.Time) {
	wakeups := make([]Wakeup, 0, len(begun))
	for _, lane := range DistinctLanes(slices.Collect(maps.Keys(begun))) {
		wakeups = append(wakeups, Wakeup{Lane: lane, At: begun[lane]})
	}
	s.WakeLanes(ctx, wakeups, firingWakeTimeout)
}

// countFired leaves out what was skipped.
func countFired(group []*firing) (fired int) {
	for _, f := range group {
		if !f.skipped {
			fired++
		}
	}
	return fired
}

// firing is a schedule whose time has come, with what is to begin.
type firing struct {
	schedule *RunSchedule
	owners   Owners
	run      *Run
	action   *Action
	inputs   []*RunInput
	next     *time.Time
	skipped  bool // since an earlier run has not ended
}

// errAlone: one of a group wants more than the others; they are fired one by one.
var errAlone = errors.New("one of the group is to be fired alone")

// prepareFirings reads what the first of the schedules need, as many as a group may have.
func (s *Service) prepareFirings(ctx context.Context, tx Store, due []*RunSchedule) ([]*firing, error) {
	ids, projectIDs := make([]int64, len(due)), make([]*int64, len(due))
	for i, schedule := range due {
		ids[i], projectIDs[i] = schedule.ID, &schedule.ProjectID
	}
	runs, err := tx.LockWaitingRuns(ctx, ids...)
	if err != nil {
		return nil, err
	}
	atWork, err := tx.SchedulesAtWork(ctx, ids...)
	if err != nil {
		return nil, err
	}
	known, err := ReadParties(ctx, tx, projectIDs, nil)
	if err != nil {
		return nil, err
	}
	runOf := indexed(runs, func(r *Run) int64 { return *r.ScheduleID })
	var group []*firing
	batches, bytes := 0, int64(0)
	for _, schedule := range due {
		f := &firing{schedule: schedule, run: runOf[schedule.ID]}
		if f.run == nil {
			return nil, NotFound(TypeRun)
		}
		batches, bytes = batches+f.run.InputCount*f.run.pagesAtOnce(), bytes+f.run.StoredBytes
		if len(group) > 0 && (batches > maxGroupBatches || bytes > maxGroupBytes) {
			break
		}
		if f.run.Callback.Unreadable != nil { // nor could the copy have its headers
			return nil, f.run.Callback.Unreadable
		}
		if f.owners, err = known.Owner(schedule.ProjectID); err != nil {
			return nil, err
		}
		f.skipped = schedule.Overlap == OverlapSkip && slices.Contains(atWork, schedule.ID)
		group = append(group, f)
	}
	return group, readActionsAndInputs(ctx, tx, group)
}

func readActionsAndInputs(ctx context.Context, tx Store, group []*firing) error {
	runIDs, actionIDs := make([]int64, len(group)), make([]*int64, len(group))
	for i, f := range group {
		runIDs[i], actionIDs[i] = f.run.ID, &f.run.ActionID
	}
	actions, err := tx.Actions(ctx, PlatformActor().Scope(RoleViewer), Distinct(actionIDs)...)
	if err != nil {
		return err
	}
	inputs, err := tx.InputsOfRuns(ctx, runIDs...)
	if err != nil {
		return err
	}
	inputsOf := map[int64][]*RunInput{}
	for _, i := range inputs {
		inputsOf[i.RunID] = append(inputsOf[i.RunID], i)
	}
	actionOf := indexed(actions, func(a *Action) int64 { return a.ID })
	for _, f := range group {
		f.action, f.inputs = actionOf[f.run.ActionID], inputsOf[f.run.ID]
		if f.action == nil {
			return NotFound(TypeAction)
		}
	}
	return nil
}

// fire begins the runs that wait for schedules and lets copies of them wait for the next time.
func (s *Service) fire(ctx context.Context, tx Store, group []*firing) (batches []*Batch, err error) {
	at := s.now()
	for _, f := range group {
		why := "The project was deleted"
		if f.owners.Project.DeletedAt == nil {
			if f.next, err = f.schedule.next(at); err == nil {
				continue
			}
			why = err.Error() // the zone or the cron cannot be read any more
		}
		if len(group) > 1 {
			return nil, errAlone
		}
		return nil, s.invalidate(ctx, tx, f.schedule, f.run, LabelGenericError, why)
	}
	return s.writeFirings(ctx, tx, group, at)
}

// writeFirings writes what becomes of schedules, of their runs and of the copies.
func (s *Service) writeFirings(ctx context.Context, tx Store, group []*firing, at time.Time) (batches []*Batch, err error) {
	changed := map[int64]Usage{} // by account
	var runs []*Run
	for _, f := range group {
		if f.skipped && f.next != nil {
			f.schedule.NextRunAt, f.schedule.UnreadableSince = f.next, nil
			continue
		}
		held := f.run.holds()
		f.schedule.moveOn(f.next, at)
		if err := f.run.become(RunQueued, at); err != nil {
			return nil, err
		}
		batches, runs = append(batches, f.run.newBatches(f.action, f.inputs, at)...), append(runs, f.run)
		changed[f.run.AccountID] = changed[f.run.AccountID].plus(f.run.holds().minus(held))
	}
	copies, err := createCopies(ctx, tx, group, at)
	if err != nil {
		return nil, err
	}
	for _, c := range copies {
		changed[c.AccountID] = changed[c.AccountID].plus(c.holds())
	}
	schedules := make([]*RunSchedule, len(group))
	for i, f := range group {
		schedules[i] = f.schedule
	}
	if err := tx.UpdateSchedules(ctx, schedules...); err != nil {
		return nil, err
	}
	if err := tx.CreateBatches(ctx, batches); err != nil {
		return nil, err
	}
	if err := tx.UpdateRuns(ctx, runs...); err != nil {
		return nil, err
	}
	for _, id := range slices.Sorted(maps.Keys(changed)) { // in one order, or two processes could wait for each other
		if err := s.charge(ctx, tx, id, changed[id]); err != nil {
			return nil, err
		}
	}
	return batches, nil
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
		group, err := s.prepareFirings(ctx, tx, []*RunSchedule{schedule})
		if err != nil {
			return err
		}
		f := group[0]
		if f.next, err = schedule.next(at); err != nil {
			return err
		}
		held := f.run.holds()
		schedule.moveOn(f.next, at)
		copies, err := createCopies(ctx, tx, group, at)
		if err != nil {
			return err
		}
		for _, c := range copies {
			held = held.minus(c.holds())
		}
		f.run.Error = overLimit(why, f.run.UID.String())
		if err := f.run.become(RunInvalid, at); err != nil {
			return err
		}
		return s.writeSchedule(ctx, tx, schedule, f.run, held)
	})
}

// moveOn lets a schedule that fires wait for its next time, or ends it.
func (r *RunSchedule) moveOn(next *time.Time, at time.Time) {
	r.LastRunAt, r.NextRunAt, r.UnreadableSince = &at, next, nil
	if next == nil {
		r.Status = ScheduleCompleted
	}
}

// createCopies makes the runs that wait for the next firings.
func createCopies(ctx context.Context, tx Store, group []*firing, at time.Time) (copies []*Run, err error) {
	var fromIDs []int64
	for _, f := range group {
		if f.next == nil || f.skipped {
			continue
		}
		r := f.run
		c := &Run{
			UID: NewUID(), AccountID: r.AccountID, ProjectID: r.ProjectID, ActionID: r.ActionID, ScheduleID: r.ScheduleID,
			CreatedByUserID: r.CreatedByUserID, Status: RunScheduled, MaxResults: r.MaxResults, PageSize: r.PageSize,
			CallbackOn: r.CallbackOn, Callback: r.Callback, InputCount: r.InputCount, CreatedAt: at,
		}
		c.StoredBytes = c.inputBytes(f.inputs)
		copies, fromIDs = append(copies, c), append(fromIDs, r.ID)
	}
	if err := tx.CreateRuns(ctx, copies...); err != nil {
		return nil, err
	}
	return copies, tx.CopyRunInputs(ctx, fromIDs, copies)
}

// waitingRun takes the run that waits for one schedule, if any does.
func waitingRun(ctx context.Context, tx Store, scheduleID int64) (run *Run, waits bool, err error) {
	runs, err := tx.LockWaitingRuns(ctx, scheduleID)
	if err != nil || len(runs) == 0 {
		return nil, false, err
	}
	return runs[0], true, nil
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
		next, again := mishaps.Postpone(at)
		schedule.UnreadableSince = mishaps.UnreadableSince
		s.troubles.Unreadable(ctx, "schedule", "schedule", schedule.UID.String(), "project", schedule.ProjectID, "since", *schedule.UnreadableSince, "again", again, "error", why)
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
		return s.invalidate(ctx, tx, schedule, run, LabelInternalError, "What the run needs could not be read for a day")
	})
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
	if err := tx.UpdateSchedules(ctx, schedule); err != nil {
		return err
	}
	if err := tx.UpdateRuns(ctx, run); err != nil {
		return err
	}
	return s.charge(ctx, tx, run.AccountID, run.holds().minus(held))
}
