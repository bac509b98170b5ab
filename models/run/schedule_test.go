package run_test

import (
	"context"
	"encoding/json"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
	"github.com/ringback/ringback/models/tenant"
)

// TestAScheduleSaysItsNextTimes, over a change of the clock: 02:30 does not come on the last Sunday of March.
func TestAScheduleSaysItsNextTimes(t *testing.T) {
	t.Parallel()
	first := time.Date(2026, 3, 28, 1, 30, 0, 0, time.UTC)
	s := run.Schedule{Cron: new("30 2 * * *"), Timezone: "Europe/Berlin", NextRunAt: &first}
	all, err := s.NextRunsAt()
	modelstest.NoError(t, err)
	var got []string
	for _, at := range all {
		got = append(got, at.UTC().Format("02T15:04"))
	}
	if want := []string{"28T01:30", "29T01:30", "30T00:30", "31T00:30", "01T00:30"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	for _, none := range []run.Schedule{{Cron: s.Cron, Timezone: s.Timezone}, {At: &first}} {
		if all, err := none.NextRunsAt(); len(all) > 0 || err != nil {
			t.Errorf("%v, %v", all, err)
		}
	}
	once := run.Schedule{At: &first, NextRunAt: &first}
	if all, err := once.NextRunsAt(); len(all) != 1 || err != nil {
		t.Errorf("%v, %v", all, err)
	}
}

func TestCronFiresOneRunAtATimeAndACopyWaits(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	action := w.NewAction()
	r := w.NewRun(func(in *run.NewRun) {
		in.Schedule = &run.NewSchedule{Cron: new("0 4 * * *"), Timezone: new("Europe/Berlin")} // 03:00 UTC in winter
		in.Callback = &run.NewCallback{
			URL: "https://customer.example/hook", On: run.CallbackOnFinal,
			Headers: []models.Header{{Key: "X-Secret", Value: "opensesame"}},
		}
		in.MaxResults, in.PageSize = new(7), new(5)
	})
	schedule := w.ReadSchedule(*r.ScheduleID)
	next := time.Date(2026, 1, 3, 3, 0, 0, 0, time.UTC) // the test begins on the 2nd at 03:04:05
	if r.Status != run.Scheduled || !schedule.NextRunAt.Equal(next) || schedule.Status != run.ScheduleActive {
		t.Fatalf("the run is %s, the schedule %s until %s", r.Status, schedule.Status, schedule.NextRunAt)
	}
	if w.MustFire() != 0 {
		t.Error("it fired before its time")
	}
	w.Clock.Advance(next.Sub(modelstest.Start))
	if w.MustFire() != 1 || w.MustFire() != 0 {
		t.Error("it did not fire once")
	}
	schedule = w.ReadSchedule(schedule.ID)
	if !schedule.LastRunAt.Equal(next) || !schedule.NextRunAt.Equal(next.AddDate(0, 0, 1)) {
		t.Errorf("it fired at %s and fires next at %s", schedule.LastRunAt, schedule.NextRunAt)
	}
	runs := w.RunsOf(schedule)
	modelstest.WantRuns(t, runs, run.Queued, run.Scheduled)
	if runs[0].ID != r.ID || runs[0].BatchCount != 2 {
		t.Errorf("run %d began with %d batches, want run %d with 2", runs[0].ID, runs[0].BatchCount, r.ID)
	}
	copied, err := w.Store.LockRun(t.Context(), runs[1].ID) // the history leaves out the headers
	modelstest.NoError(t, err)
	if copied.UID == r.UID || *copied.Callback.URL != "https://customer.example/hook" ||
		copied.Callback.Headers[0].Value != "opensesame" ||
		copied.CallbackOn != run.CallbackOnFinal || *copied.MaxResults != 7 || copied.PageSize != 5 ||
		*copied.CreatedByUserID != w.Editor.UserID {
		t.Errorf("the copy is %+v", copied)
	}
	w.Clock.Advance(24 * time.Hour)
	w.MustFire()
	for _, e := range w.MustClaimBatches(action, 10) {
		if string(e.Input.Input) != `{"q":"shoes"}` || string(e.Input.CustomData) != `{"b":1.50,"a":2}` {
			t.Errorf("an input became %s and %s", e.Input.Input, e.Input.CustomData)
		}
		w.MustRecordBatch(e, modelstest.Executed(200, `{"results":[1],"has_more":false}`))
	}
	modelstest.WantRuns(t, w.RunsOf(schedule), run.Succeeded, run.Succeeded, run.Scheduled)
	if finals := w.CallbacksOf(callback.RunFinishedEvent); len(finals) != 2 {
		t.Errorf("%d final callbacks", len(finals))
	}
}

func TestManyWorkersFireOnce(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.NewAction()
	schedule, _ := w.NewScheduled(run.NewSchedule{Cron: new("* * * * *")})
	w.Clock.Advance(time.Minute)
	var fired atomic.Int64
	modelstest.AtOnce(8, func(int) {
		n, err := w.Firings.Fire(context.Background())
		modelstest.NoError(t, err)
		fired.Add(int64(n))
	})
	if fired.Load() != 1 {
		t.Errorf("fired %d times", fired.Load())
	}
	modelstest.WantRuns(t, w.RunsOf(schedule), run.Queued, run.Scheduled)
}

func TestWhatWasMissedFiresOnce(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.NewAction()
	cron, _ := w.NewScheduled(run.NewSchedule{Cron: new("*/5 * * * *")})
	once, _ := w.NewScheduled(run.NewSchedule{At: new(modelstest.Start.Add(time.Minute))})
	w.Clock.Advance(3 * 24 * time.Hour)
	if n := w.MustFire(); n != 2 {
		t.Errorf("fired %d times, want once each", n)
	}
	modelstest.WantRuns(t, w.RunsOf(cron), run.Queued, run.Scheduled)
	modelstest.WantRuns(t, w.RunsOf(once), run.Queued)
	if next := w.ReadSchedule(cron.ID).NextRunAt; !next.After(w.Clock.Now()) ||
		next.Sub(w.Clock.Now()) > 5*time.Minute {
		t.Errorf("at %s, it fires next at %s", w.Clock.Now(), next)
	}
	if s := w.ReadSchedule(once.ID); s.Status != run.ScheduleCompleted || s.NextRunAt != nil {
		t.Errorf("the schedule for one time is %s, next at %v", s.Status, s.NextRunAt)
	}
	if n := w.MustFire(); n != 0 {
		t.Errorf("fired %d times more", n)
	}
}

func TestScheduleWithoutATimeFiresAtOnce(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.NewAction()
	schedule, _ := w.NewScheduled(run.NewSchedule{})
	if w.MustFire() != 1 {
		t.Error("it did not fire")
	}
	modelstest.WantRuns(t, w.RunsOf(schedule), run.Queued)
}

func TestPausedScheduleWaitsUntilItIsResumed(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.NewAction()
	ctx := t.Context()
	cron, _ := w.NewScheduled(run.NewSchedule{Cron: new("0 * * * *")})
	once, _ := w.NewScheduled(run.NewSchedule{At: new(modelstest.Start.Add(time.Minute))})
	for _, s := range []*run.Schedule{cron, once} {
		paused, err := w.PauseSchedule(ctx, w.Editor, s.ID)
		modelstest.NoError(t, err)
		if paused.Status != run.SchedulePaused || paused.NextRunAt != nil {
			t.Errorf("the schedule is %s, next at %v", paused.Status, paused.NextRunAt)
		}
		modelstest.WantRuns(t, w.RunsOf(s), run.Created)
		_, err = w.PauseSchedule(ctx, w.Editor, s.ID)
		modelstest.WantError(t, err, models.CodeConflict, "scheduleId")
	}
	w.Clock.Advance(10 * time.Hour)
	if w.MustFire() != 0 {
		t.Error("a paused schedule fired")
	}
	for _, s := range []*run.Schedule{cron, once} {
		resumed, err := w.ResumeSchedule(ctx, w.Editor, s.ID)
		modelstest.NoError(t, err)
		if resumed.Status != run.ScheduleActive {
			t.Errorf("the schedule is %s", resumed.Status)
		}
		modelstest.WantRuns(t, w.RunsOf(s), run.Scheduled)
		_, err = w.ResumeSchedule(ctx, w.Editor, s.ID)
		modelstest.WantError(t, err, models.CodeConflict, "scheduleId")
	}
	// The one for a time that has passed; what the cron missed while it was paused is not made up for.
	if w.MustFire() != 1 {
		t.Error("the schedule whose time has passed did not fire")
	}
	if next := *w.ReadSchedule(cron.ID).NextRunAt; next.Sub(w.Clock.Now()) > time.Hour {
		t.Errorf("the cron fires next at %s", next)
	}
}

func TestCancelledScheduleFiresNoMore(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.NewAction()
	ctx := t.Context()
	schedule, _ := w.NewScheduled(run.NewSchedule{Cron: new("* * * * *")})
	w.Clock.Advance(time.Minute)
	w.MustFire()
	cancelled, err := w.CancelSchedule(ctx, w.Editor, schedule.ID)
	modelstest.NoError(t, err)
	if cancelled.Status != run.ScheduleCancelled || cancelled.NextRunAt != nil {
		t.Errorf("the schedule is %s, next at %v", cancelled.Status, cancelled.NextRunAt)
	}
	modelstest.WantRuns(t, w.RunsOf(schedule), run.Queued, run.Stopped)
	w.Clock.Advance(time.Hour)
	if w.MustFire() != 0 {
		t.Error("a cancelled schedule fired")
	}
	for _, change := range []func(context.Context, *models.Actor, int64) (*run.Schedule, error){
		w.PauseSchedule, w.ResumeSchedule, w.CancelSchedule,
	} {
		_, err := change(ctx, w.Editor, schedule.ID)
		modelstest.WantError(t, err, models.CodeConflict, "scheduleId")
	}
	if n := len(w.CallbacksOf(callback.RunFinishedEvent)); n != 0 {
		t.Errorf("a run that never began made %d callbacks", n)
	}
}

func TestRunThatWaitsForItsScheduleIsNotStoppedByItself(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.NewAction()
	schedule, r := w.NewScheduled(run.NewSchedule{Cron: new("* * * * *")})
	_, err := w.StopRun(t.Context(), w.Editor, r.ID)
	modelstest.WantError(t, err, models.CodeConflict, "runId")
	_, err = w.PauseSchedule(t.Context(), w.Editor, schedule.ID)
	modelstest.NoError(t, err)
	_, err = w.StopRun(t.Context(), w.Editor, r.ID)
	modelstest.WantError(t, err, models.CodeConflict, "runId")
	modelstest.WantRuns(t, w.RunsOf(schedule), run.Created)
}

func TestScheduleOfADeletedProjectMakesAnInvalidRunAndEnds(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.NewAction()
	schedule, r := w.NewScheduled(run.NewSchedule{Cron: new("* * * * *")})
	_, err := w.DeleteProject(t.Context(), w.Admin, w.Shop.ID)
	modelstest.NoError(t, err)
	w.Clock.Advance(time.Minute)
	if w.MustFire() != 1 || w.MustFire() != 0 {
		t.Error("it did not end at its next firing")
	}
	found, err := w.Store.Runs(t.Context(), w.Platform.Scope(models.RoleViewer), r.ID)
	modelstest.NoError(t, err)
	if found[0].Status != run.Invalid || found[0].Error == nil {
		t.Errorf("the run is %s with the error %v", found[0].Status, found[0].Error)
	}
	schedules, err := w.Store.Schedules(t.Context(), w.Platform.Scope(models.RoleViewer), schedule.ID)
	modelstest.NoError(t, err)
	if schedules[0].Status != run.ScheduleCancelled {
		t.Errorf("the schedule is %s", schedules[0].Status)
	}
}

func TestSchedulesAreChecked(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.NewAction()
	tests := map[string]struct {
		schedule run.NewSchedule
		field    string
	}{
		"both": {
			run.NewSchedule{Cron: new("* * * * *"), At: new(modelstest.Start.Add(time.Hour))},
			"schedule.at",
		},
		"a time in the past": {
			run.NewSchedule{At: new(modelstest.Start.Add(-time.Minute - time.Microsecond))},
			"schedule.at",
		},
		"an odd overlap": {run.NewSchedule{Cron: new("* * * * *"), Overlap: "skip"}, "schedule.overlap"},
		"no cron":        {run.NewSchedule{Cron: new("every day")}, "schedule.cron"},
		"never":          {run.NewSchedule{Cron: new("0 0 30 2 *")}, "schedule.cron"},
		"no zone": {
			run.NewSchedule{Cron: new("* * * * *"), Timezone: new("Mars/Olympus")},
			"schedule.timezone",
		},
		"an empty zone":     {run.NewSchedule{Cron: new("* * * * *"), Timezone: new("")}, "schedule.timezone"},
		"the server's zone": {run.NewSchedule{Cron: new("* * * * *"), Timezone: new("Local")}, "schedule.timezone"},
		"a machine's zone": {
			run.NewSchedule{Cron: new("* * * * *"), Timezone: new("localtime")},
			"schedule.timezone",
		},
	}
	for name, test := range tests {
		_, err := w.CreateRun(t.Context(), w.Editor, run.NewRun{
			ProjectID: w.Shop.ID, Action: "search", Inputs: []run.NewInput{{Input: json.RawMessage(`{}`)}},
			Schedule: &test.schedule,
		})
		t.Log(name)
		modelstest.WantError(t, err, models.CodeBadUserInput, test.field)
	}
	pages, err := w.SchedulePages(t.Context(), w.Viewer.Scope(models.RoleViewer), []int64{w.Shop.ID},
		models.Page{First: 10})
	modelstest.NoError(t, err)
	if n := len(pages[w.Shop.ID].Nodes); n != 0 {
		t.Errorf("%d schedules were made", n)
	}
}

// An account with many schedules that are due holds up nobody: the accounts take turns, also those that come
// meanwhile.
func TestManySchedulesOfOneAccountDoNotHoldUpAnothers(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.NewAction()
	const many = 50
	for range many {
		w.NewScheduled(run.NewSchedule{Cron: new("* * * * *")})
	}
	_, err := w.CreateAction(t.Context(), w.Platform, w.Other.ID, "search", run.ActionSettings{
		Executor: models.EndpointUpdate{URL: models.Given(new(modelstest.ExecutorURL))},
	})
	modelstest.NoError(t, err)
	in := w.RunInput()
	in.ProjectID = w.NewProject(w.Other, nil).ID
	in.Schedule = &run.NewSchedule{Cron: new("* * * * *")} // made last: of those that are due together the last one
	r, err := w.CreateRun(t.Context(), w.Outsider, in)
	modelstest.NoError(t, err)
	for minute := range 3 {
		w.Clock.Advance(time.Minute)
		var order []int64
		for { // in groups of two, as Fire does in larger ones
			var due []*run.Schedule
			modelstest.NoError(t, w.Store.RunPorts().InFiringTx(t.Context(), func(tx run.FiringTx) (err error) {
				if due, err = tx.LockDueSchedules(t.Context(), w.Clock.Now(), 2); err != nil {
					return err
				}
				for _, schedule := range due {
					order = append(order, schedule.AccountID)
					schedule.NextRunAt = new(w.Clock.Now().Add(time.Minute))
				}
				return tx.UpdateSchedules(t.Context(), due...)
			}))
			if len(due) == 0 {
				break
			}
		}
		if place := slices.Index(order, w.Other.ID); place < 0 || place > 1 || len(order) != many+1 {
			t.Errorf("minute %d: of %d the other account's is number %d", minute, len(order), place+1)
		}
	}
	w.Clock.Advance(time.Minute)
	if fired := w.MustFire(); fired != many+1 || w.ReadRun(r.ID).Status != run.Queued {
		t.Errorf("%d fired", fired)
	}
}

// misses and missesFiring miss something else than what is asked for.
type misses struct{ run.ScheduleTx }

func (misses) LockWaitingRuns(context.Context, ...int64) ([]*run.Run, error) {
	return nil, models.NotFound(tenant.TypeAccount)
}

type missesFiring struct{ run.FiringTx }

func (missesFiring) LockWaitingRuns(context.Context, ...int64) ([]*run.Run, error) {
	return nil, models.NotFound(tenant.TypeAccount)
}

func TestScheduleDoesNotEndBecauseSomethingElseIsMissing(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.NewAction()
	schedule := w.Hourly()
	ports := w.Store.RunPorts()
	ports.InScheduleTx = modelstest.Through(ports.InScheduleTx,
		func(tx run.ScheduleTx) run.ScheduleTx { return misses{tx} })
	ports.InFiringTx = modelstest.Through(ports.InFiringTx,
		func(tx run.FiringTx) run.FiringTx { return missesFiring{tx} })
	runs := w.RunsOn(w.Service, ports)
	_, err := runs.PauseSchedule(t.Context(), w.Editor, schedule.ID)
	modelstest.WantError(t, err, models.CodeNotFound, "") // and no CONFLICT, as of one that has ended

	w.Clock.Advance(time.Hour)
	_, err = runs.Firings.Fire(t.Context())
	modelstest.NoError(t, err) // it was put off
	w.Clock.Advance(25 * time.Hour)
	_, err = runs.Firings.Fire(t.Context())
	modelstest.WantError(t, err, models.CodeNotFound, "")
	if got := w.ReadSchedule(schedule.ID); got.Status != run.ScheduleActive {
		t.Errorf("the schedule is %s", got.Status)
	}
}
