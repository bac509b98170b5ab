package run

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/tenant"
)

// countFired leaves out what was skipped.
func countFired(group []*firing) (fired int) {
	for _, x := range group {
		if !x.skipped {
			fired++
		}
	}
	return fired
}

// firing is a schedule whose time has come, with what is to begin.
type firing struct {
	schedule *Schedule
	owners   callback.Owners
	run      *Run
	action   *Action
	inputs   []*Input
	next     *time.Time
	skipped  bool // since an earlier run has not ended
}

// errAlone: one of a group wants more than the others; they are fired one by one.
var errAlone = errors.New("one of the group is to be fired alone")

// prepare reads what the first of the schedules need, as many as a group may have.
func prepare(ctx context.Context, tx FiringTx, due []*Schedule) ([]*firing, error) {
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
	owners, err := tx.Owners(ctx, models.Distinct(projectIDs)...)
	if err != nil {
		return nil, err
	}
	runOf := indexed(runs, func(r *Run) int64 { return *r.ScheduleID })
	var group []*firing
	batches, bytes := 0, int64(0)
	for _, schedule := range due {
		x := &firing{schedule: schedule, run: runOf[schedule.ID]}
		if x.run == nil {
			return nil, models.NotFound(models.TypeRun)
		}
		batches, bytes = batches+x.run.InputCount*x.run.pagesAtOnce(), bytes+x.run.StoredBytes
		if len(group) > 0 && (batches > maxGroupBatches || bytes > maxGroupBytes) {
			break
		}
		if x.run.Callback.Unreadable != nil { // nor could the copy have its headers
			return nil, x.run.Callback.Unreadable
		}
		if x.owners = owners[schedule.ProjectID]; x.owners.Project == nil {
			return nil, models.NotFound(tenant.TypeProject)
		}
		x.skipped = schedule.Overlap == OverlapSkip && slices.Contains(atWork, schedule.ID)
		group = append(group, x)
	}
	return group, readActionsAndInputs(ctx, tx, group)
}

func readActionsAndInputs(ctx context.Context, tx FiringTx, group []*firing) error {
	runIDs, actionIDs := make([]int64, len(group)), make([]*int64, len(group))
	for i, x := range group {
		runIDs[i], actionIDs[i] = x.run.ID, &x.run.ActionID
	}
	actions, err := tx.Actions(ctx, models.PlatformActor().Scope(models.RoleViewer), models.Distinct(actionIDs)...)
	if err != nil {
		return err
	}
	inputs, err := tx.InputsOfRuns(ctx, runIDs...)
	if err != nil {
		return err
	}
	inputsOf := models.Grouped(inputs, func(i *Input) int64 { return i.RunID })
	actionOf := indexed(actions, func(a *Action) int64 { return a.ID })
	for _, x := range group {
		x.action, x.inputs = actionOf[x.run.ActionID], inputsOf[x.run.ID]
		if x.action == nil {
			return models.NotFound(models.TypeAction)
		}
	}
	return nil
}

// begin begins the runs that wait for schedules and lets copies of them wait for the next time.
func (f *Firings) begin(ctx context.Context, tx FiringTx, group []*firing) (batches []*Batch, err error) {
	at := f.engine.Now()
	for _, x := range group {
		why := "The project was deleted"
		if x.owners.Project.DeletedAt == nil {
			if x.next, err = x.schedule.next(at); err == nil {
				continue
			}
			why = err.Error() // the zone or the cron cannot be read any more
		}
		if len(group) > 1 {
			return nil, errAlone
		}
		return nil, f.invalidate(ctx, tx, x.schedule, x.run, models.LabelGenericError, why)
	}
	return f.write(ctx, tx, group, at)
}

// write writes what becomes of schedules, of their runs and of the copies.
func (f *Firings) write(ctx context.Context, tx FiringTx, group []*firing, at time.Time) (batches []*Batch, err error) {
	changed := map[int64]Usage{} // by account
	var runs []*Run
	for _, x := range group {
		if x.skipped && x.next != nil {
			x.schedule.NextRunAt, x.schedule.UnreadableSince = x.next, nil
			continue
		}
		held := x.run.holds()
		x.schedule.moveOn(x.next, at)
		if err := x.run.become(Queued, at); err != nil {
			return nil, err
		}
		batches, runs = append(batches, x.run.newBatches(x.action, x.inputs, at)...), append(runs, x.run)
		changed[x.run.AccountID] = changed[x.run.AccountID].plus(x.run.holds().minus(held))
	}
	copies, err := createCopies(ctx, tx, group, at)
	if err != nil {
		return nil, err
	}
	for _, c := range copies {
		changed[c.AccountID] = changed[c.AccountID].plus(c.holds())
	}
	schedules := make([]*Schedule, len(group))
	for i, x := range group {
		schedules[i] = x.schedule
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
	return batches, f.quotas.reserveAll(ctx, tx, changed)
}

// moveOn lets a schedule that fires wait for its next time, or ends it.
func (r *Schedule) moveOn(next *time.Time, at time.Time) {
	r.LastRunAt, r.NextRunAt, r.UnreadableSince = &at, next, nil
	if next == nil {
		r.Status = ScheduleCompleted
	}
}

// createCopies makes the runs that wait for the next firings.
func createCopies(ctx context.Context, tx FiringTx, group []*firing, at time.Time) (copies []*Run, err error) {
	var fromIDs []int64
	for _, x := range group {
		if x.next == nil || x.skipped {
			continue
		}
		r := x.run
		c := &Run{
			UID: models.NewUID(), AccountID: r.AccountID, ProjectID: r.ProjectID, ActionID: r.ActionID,
			ScheduleID: r.ScheduleID, CreatedByUserID: r.CreatedByUserID, Status: Scheduled,
			MaxResults: r.MaxResults, PageSize: r.PageSize, CallbackOn: r.CallbackOn, Callback: r.Callback,
			InputCount: r.InputCount, CreatedAt: at,
		}
		c.StoredBytes = c.inputBytes(x.inputs)
		copies, fromIDs = append(copies, c), append(fromIDs, r.ID)
	}
	if err := tx.CreateRuns(ctx, copies...); err != nil {
		return nil, err
	}
	return copies, tx.CopyRunInputs(ctx, fromIDs, copies)
}
