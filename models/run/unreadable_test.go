package run_test

import (
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
)

// lostKey is runs on the same database whose store seals with a key that the world's has not.
func lostKey(w *modelstest.World) *run.Service {
	w.T.Helper()
	db := w.StoreOfLostKey()
	return w.RunsOn(w.ServiceOn(func(ports *callback.Ports) { *ports = db.CallbackPorts() }), db.RunPorts())
}

func TestUnreadableBatchIsPutOffAndHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	m := w.Monitor
	a := w.NewAction()
	in := w.RunInput()
	in.Callback = &run.NewCallback{
		URL: modelstest.RunURL, On: run.CallbackOnAll,
		Headers: modelstest.SecretHeader.Value,
	}
	bad, err := lostKey(w).CreateRun(t.Context(), w.Editor, in)
	modelstest.NoError(t, err)
	good := w.NewRun()
	claimed, movedTo, _, err := w.Executions.Claim(t.Context(), modelstest.Limit(a.Lane(), 10))
	modelstest.NoError(t, err)
	if len(claimed) != 1 || claimed[0].Run.ID != good.ID || len(movedTo) != 0 {
		t.Fatalf("claimed %v, moved to %v", claimed, movedTo)
	}
	w.MustRecordBatch(claimed[0], modelstest.Results(1, false))
	var refused *run.Execution
	for i, delay := range modelstest.Postponements() {
		b := w.BatchesOf(bad.ID)[0]
		if b.Status != run.Queued || b.AttemptCount != 0 || b.NextAttemptAt.Sub(w.Clock.Now()) != delay {
			t.Fatalf("put off %d times: %+v; want it due in %s", i+1, b, delay)
		}
		w.Clock.Advance(delay)
		if claimed := w.MustClaimBatches(a, 10); len(claimed) == 1 {
			refused = claimed[0]
		}
	}
	if refused == nil || refused.Refused == nil || refused.Refused.Code != callback.InternalError {
		t.Fatalf("after a day %v was claimed", refused)
	}
	w.MustRecordBatch(refused, callback.Outcome{Error: refused.Refused})
	r := w.ReadRun(bad.ID)
	if r.Status != run.Failed || r.Error.Label != models.LabelInternalError || r.Error.Scope != models.ScopeRingback {
		t.Errorf("the run is %s: %+v", r.Status, r.Error)
	}
	// What tells of it has no headers that could be read either, and is put off in turn.
	told := w.CallbacksOfRun(bad.ID, callback.RunFinishedEvent)
	if len(told) != 1 || len(w.ClaimLane(told[0].Lane, 10)) != 0 || w.ReadCallback(told[0].ID).UnreadableSince == nil {
		t.Errorf("told by %v", told)
	}
	if got := m.UnreadableOf("batch"); got != len(modelstest.Postponements())+1 {
		t.Errorf("counted %d", got)
	}
}

func TestBatchesOfAnUnreadableExecutorWaitAndGoOnWhenItIsMended(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	r := w.NewRun()
	set := run.ActionSettings{Executor: models.EndpointUpdate{Headers: modelstest.SecretHeader}}
	_, err := lostKey(w).UpdateAction(t.Context(), w.Platform, a.ID, set)
	modelstest.NoError(t, err)
	if got := w.MustClaimBatches(a, 10); len(got) != 0 {
		t.Fatalf("called without its headers: %v", got)
	}
	_, err = w.UpdateAction(t.Context(), w.Platform, a.ID, set)
	modelstest.NoError(t, err)
	w.Clock.Advance(time.Minute)
	w.ExecuteAll(a, func(*run.Execution) callback.Outcome { return modelstest.Results(1, false) })
	if got := w.ReadRun(r.ID); got.Status != run.Succeeded {
		t.Errorf("the run is %s", got.Status)
	}
}

func TestScheduleThatCannotBeFiredIsPutOffAndTheOthersFire(t *testing.T) {
	t.Parallel()
	hourly := func(in *run.NewRun) { in.Schedule = &run.NewSchedule{Cron: new("0 * * * *")} }
	for name, c := range map[string]struct {
		bad  func(w *modelstest.World) int64 // the schedule
		runs []run.Status                    // at its end
	}{
		"headers under a lost key": {func(w *modelstest.World) int64 {
			in := w.RunInput()
			hourly(&in)
			in.Callback = &run.NewCallback{
				URL: modelstest.RunURL, On: run.CallbackOnAll,
				Headers: modelstest.SecretHeader.Value,
			}
			r, err := lostKey(w).CreateRun(w.T.Context(), w.Editor, in)
			modelstest.NoError(w.T, err)
			return *r.ScheduleID
		}, []run.Status{run.Invalid}},
		"its run was deleted": {func(w *modelstest.World) int64 {
			r := w.NewRun(hourly)
			w.SQL("DELETE FROM run_inputs WHERE run_id = " + r.RawID())
			w.SQL("DELETE FROM runs WHERE id = " + r.RawID())
			return *r.ScheduleID
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			m := w.Monitor
			w.NewAction()
			id := c.bad(w)
			w.Clock.Advance(time.Second)
			w.Hourly()
			w.Hourly()
			w.Clock.Advance(w.ReadSchedule(id).NextRunAt.Sub(w.Clock.Now()))
			if fired := w.MustFire(); fired != 2 {
				t.Fatalf("%d of the others fired", fired)
			}
			for i, delay := range modelstest.Postponements() {
				s := w.ReadSchedule(id)
				if s.Status != run.ScheduleActive || s.NextRunAt.Sub(w.Clock.Now()) != delay || s.LastRunAt != nil {
					t.Fatalf("put off %d times: %+v; want it due in %s", i+1, s, delay)
				}
				w.Clock.Advance(delay)
				w.MustFire()
			}
			s := w.ReadSchedule(id)
			if s.Status != run.ScheduleCancelled {
				t.Errorf("after a day the schedule is %s", s.Status)
			}
			modelstest.WantRuns(t, w.RunsOf(s), c.runs...)
			for _, r := range w.RunsOf(s) {
				if r.Error.Label != models.LabelInternalError {
					t.Errorf("the run says %+v", r.Error)
				}
			}
			if got := m.UnreadableOf("schedule"); got != len(modelstest.Postponements())+1 {
				t.Errorf("counted %d", got)
			}
		})
	}
}
