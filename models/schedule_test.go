package models_test

import (
	"context"
	"encoding/json"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
)

// newScheduled makes a run that waits for a schedule of the world's action.
func (w *world) newScheduled(schedule models.NewSchedule) (*models.RunSchedule, *models.Run) {
	w.t.Helper()
	run := w.newRun(func(in *models.NewRun) { in.Schedule = &schedule })
	return w.schedule(*run.ScheduleID), run
}

// hourly makes a schedule.
func (w *world) hourly() *models.RunSchedule {
	w.t.Helper()
	schedule, _ := w.newScheduled(models.NewSchedule{Cron: new("0 * * * *")})
	return schedule
}

func (w *world) schedule(id int64) *models.RunSchedule {
	w.t.Helper()
	schedule, err := w.Schedule(w.t.Context(), w.viewer, id)
	noError(w.t, err)
	return schedule
}

// runsOf returns the runs of a schedule, oldest first.
func (w *world) runsOf(schedule *models.RunSchedule) []*models.Run {
	w.t.Helper()
	pages, err := w.RunPages(w.t.Context(), w.viewer, models.RunsOfSchedule, []int64{schedule.ID}, models.RunFilter{}, models.Page{First: 100})
	noError(w.t, err)
	found := pages[schedule.ID].Nodes
	out := make([]*models.Run, len(found))
	for i, r := range found {
		out[len(found)-1-i] = r
	}
	return out
}

func (w *world) fire() int {
	w.t.Helper()
	fired, err := w.FireSchedules(w.t.Context())
	noError(w.t, err)
	return fired
}

func wantRuns(t *testing.T, runs []*models.Run, want ...models.RunStatus) {
	t.Helper()
	got := make([]models.RunStatus, len(runs))
	for i, r := range runs {
		got[i] = r.Status
	}
	if len(got) != len(want) {
		t.Fatalf("the runs are %s, want %s", got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("the runs are %s, want %s", got, want)
		}
	}
}

func TestCronFiresOneRunAtATimeAndACopyWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	action := w.newAction()
	run := w.newRun(func(in *models.NewRun) {
		in.Schedule = &models.NewSchedule{Cron: new("0 4 * * *"), Timezone: new("Europe/Berlin")} // 03:00 UTC in winter
		in.Callback = &models.NewRunCallback{
			URL: "https://customer.example/hook", On: models.CallbackOnFinal,
			Headers: []models.Header{{Key: "X-Secret", Value: "opensesame"}},
		}
		in.MaxResults, in.PageSize = new(7), new(5)
	})
	schedule := w.schedule(*run.ScheduleID)
	next := time.Date(2026, 1, 3, 3, 0, 0, 0, time.UTC) // the test begins on the 2nd at 03:04:05
	if run.Status != models.RunScheduled || !schedule.NextRunAt.Equal(next) || schedule.Status != models.ScheduleActive {
		t.Fatalf("the run is %s, the schedule %s until %s", run.Status, schedule.Status, schedule.NextRunAt)
	}
	if w.fire() != 0 {
		t.Error("it fired before its time")
	}
	w.clock.advance(next.Sub(start))
	if w.fire() != 1 || w.fire() != 0 {
		t.Error("it did not fire once")
	}
	schedule = w.schedule(schedule.ID)
	if !schedule.LastRunAt.Equal(next) || !schedule.NextRunAt.Equal(next.AddDate(0, 0, 1)) {
		t.Errorf("it fired at %s and fires next at %s", schedule.LastRunAt, schedule.NextRunAt)
	}
	runs := w.runsOf(schedule)
	wantRuns(t, runs, models.RunQueued, models.RunScheduled)
	if runs[0].ID != run.ID || runs[0].BatchCount != 2 {
		t.Errorf("run %d began with %d batches, want run %d with 2", runs[0].ID, runs[0].BatchCount, run.ID)
	}
	copied, err := w.store.LockRun(t.Context(), runs[1].ID) // the history leaves out the headers
	noError(t, err)
	if copied.UID == run.UID || *copied.Callback.URL != "https://customer.example/hook" || copied.Callback.Headers[0].Value != "opensesame" ||
		copied.CallbackOn != models.CallbackOnFinal || *copied.MaxResults != 7 || copied.PageSize != 5 || *copied.CreatedByUserID != w.editor.User.ID {
		t.Errorf("the copy is %+v", copied)
	}
	w.clock.advance(24 * time.Hour)
	w.fire()
	for _, e := range w.claimBatches(action, 10) {
		if string(e.Input.Input) != `{"q":"shoes"}` || string(e.Input.CustomData) != `{"b":1.50,"a":2}` {
			t.Errorf("an input became %s and %s", e.Input.Input, e.Input.CustomData)
		}
		w.recordBatch(e, executed(200, `{"results":[1],"has_more":false}`))
	}
	wantRuns(t, w.runsOf(schedule), models.RunSucceeded, models.RunSucceeded, models.RunScheduled)
	if finals := w.callbacks(models.RunFinishedEvent); len(finals) != 2 {
		t.Errorf("%d final callbacks", len(finals))
	}
}

func TestManyWorkersFireOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.newAction()
	schedule, _ := w.newScheduled(models.NewSchedule{Cron: new("* * * * *")})
	w.clock.advance(time.Minute)
	var fired atomic.Int64
	atOnce(8, func(int) {
		n, err := w.FireSchedules(context.Background())
		noError(t, err)
		fired.Add(int64(n))
	})
	if fired.Load() != 1 {
		t.Errorf("fired %d times", fired.Load())
	}
	wantRuns(t, w.runsOf(schedule), models.RunQueued, models.RunScheduled)
}

func TestWhatWasMissedFiresOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.newAction()
	cron, _ := w.newScheduled(models.NewSchedule{Cron: new("*/5 * * * *")})
	once, _ := w.newScheduled(models.NewSchedule{At: new(start.Add(time.Minute))})
	w.clock.advance(3 * 24 * time.Hour)
	if n := w.fire(); n != 2 {
		t.Errorf("fired %d times, want once each", n)
	}
	wantRuns(t, w.runsOf(cron), models.RunQueued, models.RunScheduled)
	wantRuns(t, w.runsOf(once), models.RunQueued)
	if next := w.schedule(cron.ID).NextRunAt; !next.After(w.clock.now()) || next.Sub(w.clock.now()) > 5*time.Minute {
		t.Errorf("at %s, it fires next at %s", w.clock.now(), next)
	}
	if s := w.schedule(once.ID); s.Status != models.ScheduleCompleted || s.NextRunAt != nil {
		t.Errorf("the schedule for one time is %s, next at %v", s.Status, s.NextRunAt)
	}
	if n := w.fire(); n != 0 {
		t.Errorf("fired %d times more", n)
	}
}

func TestScheduleWithoutATimeFiresAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.newAction()
	schedule, _ := w.newScheduled(models.NewSchedule{})
	if w.fire() != 1 {
		t.Error("it did not fire")
	}
	wantRuns(t, w.runsOf(schedule), models.RunQueued)
}

func TestPausedScheduleWaitsUntilItIsResumed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.newAction()
	ctx := t.Context()
	cron, _ := w.newScheduled(models.NewSchedule{Cron: new("0 * * * *")})
	once, _ := w.newScheduled(models.NewSchedule{At: new(start.Add(time.Minute))})
	for _, s := range []*models.RunSchedule{cron, once} {
		paused, err := w.PauseSchedule(ctx, w.editor, s.ID)
		noError(t, err)
		if paused.Status != models.SchedulePaused || paused.NextRunAt != nil {
			t.Errorf("the schedule is %s, next at %v", paused.Status, paused.NextRunAt)
		}
		wantRuns(t, w.runsOf(s), models.RunCreated)
		_, err = w.PauseSchedule(ctx, w.editor, s.ID)
		wantError(t, err, models.CodeConflict, "scheduleId")
	}
	w.clock.advance(10 * time.Hour)
	if w.fire() != 0 {
		t.Error("a paused schedule fired")
	}
	for _, s := range []*models.RunSchedule{cron, once} {
		resumed, err := w.ResumeSchedule(ctx, w.editor, s.ID)
		noError(t, err)
		if resumed.Status != models.ScheduleActive {
			t.Errorf("the schedule is %s", resumed.Status)
		}
		wantRuns(t, w.runsOf(s), models.RunScheduled)
		_, err = w.ResumeSchedule(ctx, w.editor, s.ID)
		wantError(t, err, models.CodeConflict, "scheduleId")
	}
	if w.fire() != 1 { // the one for a time that has passed; what the cron missed while it was paused is not made up for
		t.Error("the schedule whose time has passed did not fire")
	}
	if next := *w.schedule(cron.ID).NextRunAt; next.Sub(w.clock.now()) > time.Hour {
		t.Errorf("the cron fires next at %s", next)
	}
}

func TestCancelledScheduleFiresNoMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.newAction()
	ctx := t.Context()
	schedule, _ := w.newScheduled(models.NewSchedule{Cron: new("* * * * *")})
	w.clock.advance(time.Minute)
	w.fire()
	cancelled, err := w.CancelSchedule(ctx, w.editor, schedule.ID)
	noError(t, err)
	if cancelled.Status != models.ScheduleCancelled || cancelled.NextRunAt != nil {
		t.Errorf("the schedule is %s, next at %v", cancelled.Status, cancelled.NextRunAt)
	}
	wantRuns(t, w.runsOf(schedule), models.RunQueued, models.RunStopped)
	w.clock.advance(time.Hour)
	if w.fire() != 0 {
		t.Error("a cancelled schedule fired")
	}
	for _, change := range []func(context.Context, *models.Actor, int64) (*models.RunSchedule, error){
		w.PauseSchedule, w.ResumeSchedule, w.CancelSchedule,
	} {
		_, err := change(ctx, w.editor, schedule.ID)
		wantError(t, err, models.CodeConflict, "scheduleId")
	}
	if n := len(w.callbacks(models.RunFinishedEvent)); n != 0 {
		t.Errorf("a run that never began made %d callbacks", n)
	}
}

func TestRunThatWaitsForItsScheduleIsNotStoppedByItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.newAction()
	schedule, run := w.newScheduled(models.NewSchedule{Cron: new("* * * * *")})
	_, err := w.StopRun(t.Context(), w.editor, run.ID)
	wantError(t, err, models.CodeConflict, "runId")
	_, err = w.PauseSchedule(t.Context(), w.editor, schedule.ID)
	noError(t, err)
	_, err = w.StopRun(t.Context(), w.editor, run.ID)
	wantError(t, err, models.CodeConflict, "runId")
	wantRuns(t, w.runsOf(schedule), models.RunCreated)
}

func TestScheduleOfADeletedProjectMakesAnInvalidRunAndEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.newAction()
	schedule, run := w.newScheduled(models.NewSchedule{Cron: new("* * * * *")})
	_, err := w.DeleteProject(t.Context(), w.admin, w.project.ID)
	noError(t, err)
	w.clock.advance(time.Minute)
	if w.fire() != 1 || w.fire() != 0 {
		t.Error("it did not end at its next firing")
	}
	found, err := w.store.Runs(t.Context(), w.platform.Scope(models.RoleViewer), run.ID)
	noError(t, err)
	if found[0].Status != models.RunInvalid || found[0].Error == nil {
		t.Errorf("the run is %s with the error %v", found[0].Status, found[0].Error)
	}
	schedules, err := w.store.Schedules(t.Context(), w.platform.Scope(models.RoleViewer), schedule.ID)
	noError(t, err)
	if schedules[0].Status != models.ScheduleCancelled {
		t.Errorf("the schedule is %s", schedules[0].Status)
	}
}

func TestSchedulesAreChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.newAction()
	tests := map[string]struct {
		schedule models.NewSchedule
		field    string
	}{
		"both":               {models.NewSchedule{Cron: new("* * * * *"), At: new(start.Add(time.Hour))}, "schedule.at"},
		"a time in the past": {models.NewSchedule{At: new(start.Add(-time.Minute - time.Microsecond))}, "schedule.at"},
		"an odd overlap":     {models.NewSchedule{Cron: new("* * * * *"), Overlap: "skip"}, "schedule.overlap"},
		"no cron":            {models.NewSchedule{Cron: new("every day")}, "schedule.cron"},
		"never":              {models.NewSchedule{Cron: new("0 0 30 2 *")}, "schedule.cron"},
		"no zone":            {models.NewSchedule{Cron: new("* * * * *"), Timezone: new("Mars/Olympus")}, "schedule.timezone"},
		"an empty zone":      {models.NewSchedule{Cron: new("* * * * *"), Timezone: new("")}, "schedule.timezone"},
		"the server's zone":  {models.NewSchedule{Cron: new("* * * * *"), Timezone: new("Local")}, "schedule.timezone"},
		"a machine's zone":   {models.NewSchedule{Cron: new("* * * * *"), Timezone: new("localtime")}, "schedule.timezone"},
	}
	for name, test := range tests {
		_, err := w.CreateRun(t.Context(), w.editor, models.NewRun{
			ProjectID: w.project.ID, Action: "search", Inputs: []models.NewRunInput{{Input: json.RawMessage(`{}`)}}, Schedule: &test.schedule,
		})
		t.Log(name)
		wantError(t, err, models.CodeBadUserInput, test.field)
	}
	pages, err := w.SchedulePages(t.Context(), w.viewer, []int64{w.project.ID}, models.Page{First: 10})
	noError(t, err)
	if n := len(pages[w.project.ID].Nodes); n != 0 {
		t.Errorf("%d schedules were made", n)
	}
}

// An account with many schedules that are due holds up nobody: the accounts take turns, also those that come meanwhile.
func TestManySchedulesOfOneAccountDoNotHoldUpAnothers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.newAction()
	const many = 50
	for range many {
		w.newScheduled(models.NewSchedule{Cron: new("* * * * *")})
	}
	_, err := w.CreateAction(t.Context(), w.platform, w.other.ID, "search", models.ActionSettings{
		Executor: models.EndpointUpdate{URL: models.Given(new(executorURL))},
	})
	noError(t, err)
	in := w.aRun()
	in.ProjectID = w.newProject(w.other, nil).ID
	in.Schedule = &models.NewSchedule{Cron: new("* * * * *")} // made last: of those that are due together the last one
	run, err := w.CreateRun(t.Context(), w.outsider, in)
	noError(t, err)
	for minute := range 3 {
		w.clock.advance(time.Minute)
		var order []int64
		for { // in groups of two, as FireSchedules does in larger ones
			var due []*models.RunSchedule
			noError(t, w.store.InTx(t.Context(), func(tx models.Store) (err error) {
				if due, err = tx.LockDueSchedules(t.Context(), w.clock.now(), 2); err != nil {
					return err
				}
				for _, schedule := range due {
					order = append(order, schedule.AccountID)
					schedule.NextRunAt = new(w.clock.now().Add(time.Minute))
				}
				return tx.UpdateSchedules(t.Context(), due...)
			}))
			if len(due) == 0 {
				break
			}
		}
		if place := slices.Index(order, w.other.ID); place < 0 || place > 1 || len(order) != many+1 {
			t.Errorf("minute %d: of %d the other account's is number %d", minute, len(order), place+1)
		}
	}
	w.clock.advance(time.Minute)
	if fired := w.fire(); fired != many+1 || w.run(run.ID).Status != models.RunQueued {
		t.Errorf("%d fired", fired)
	}
}
