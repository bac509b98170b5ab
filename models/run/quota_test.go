package run_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
)

// withQuotas bounds what the runs of accounts may have.
func withQuotas(w *modelstest.World, q run.Quotas) {
	w.RunRules.Quotas = q
	w.Configure()
}

func every(minute run.NewRun) run.NewRun {
	minute.Schedule = &run.NewSchedule{Cron: new("* * * * *")}
	return minute
}

func TestQuotasAreExactWithEightCallersAtOnce(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		quotas run.Quotas
		create func(w *modelstest.World) error
		want   int32 // how many are created
		number string
	}{
		"schedules": {run.Quotas{Schedules: 10}, func(w *modelstest.World) error {
			_, err := w.CreateRun(w.T.Context(), w.Editor, every(w.RunInput()))
			return err
		}, 10, "at most 10 (RINGBACK_QUOTA_SCHEDULES)"},
		"batches": {run.Quotas{Batches: 35}, func(w *modelstest.World) error {
			in := w.RunInput()
			modelstest.Pages(3)(&in)
			_, err := w.CreateRun(w.T.Context(), w.Editor, in)
			return err
		}, 11, "at most 35 (RINGBACK_QUOTA_BATCHES)"},
		"bytes of runs": {run.Quotas{Bytes: 300_000}, func(w *modelstest.World) error {
			in := w.RunInput()
			// In the input, in the callback of its only page, and in the final one.
			in.Inputs[0].Input = modelstest.ObjectOfBytes(10_000)
			_, err := w.CreateRun(w.T.Context(), w.Editor, in)
			return err
		}, 9, "at most 300000 (RINGBACK_QUOTA_RUN_BYTES)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			w.NewAction()
			withQuotas(w, test.quotas)
			wantExact(w, test.create, test.want, test.number)
			withQuotas(w, run.Quotas{})
			modelstest.NoError(t, test.create(w)) // without a quota there is room
		})
	}
}

// wantExact lets eight callers make 24 of something at once. So many are made, and the others are refused with a
// text.
func wantExact(w *modelstest.World, create func(w *modelstest.World) error, want int32, text string) {
	w.T.Helper()
	const callers, each = 8, 3
	var created atomic.Int32
	modelstest.AtOnce(callers, func(int) {
		for range each {
			switch err := create(w); {
			case err == nil:
				created.Add(1)
			case models.ErrorCode(err) != models.CodeLimitReached || !strings.Contains(err.Error(), text):
				w.T.Error(err)
			}
		}
	})
	if created.Load() != want {
		w.T.Errorf("%d are created, want %d", created.Load(), want)
	}
	if err := create(w); models.ErrorCode(err) != models.CodeLimitReached {
		w.T.Errorf("afterwards: %v", err)
	}
}

// 900 kB of custom data in each of 10,000 callbacks: a request of 1 MiB would store 9 GB.
func TestOneRunDoesNotStoreNineGigabytes(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.NewAction()
	withQuotas(w, run.Quotas{Bytes: 1 << 30})
	in := w.RunInput()
	in.Inputs[0].CustomData = modelstest.ObjectOfBytes(900_000)
	in.MaxResults, in.PageSize = new(run.MaxResults), new(10)
	_, err := w.CreateRun(t.Context(), w.Editor, in)
	modelstest.WantError(t, err, models.CodeLimitReached, "")
	if !strings.Contains(err.Error(), "1073741824") {
		t.Errorf("the error does not name the number: %v", err)
	}
	if has := w.ReadUsage(); has != (run.Usage{}) {
		t.Errorf("a refused run holds %+v", has)
	}
}

// Whatever becomes of a run, in the end it holds nothing.
func TestRunsThatEndedHoldNothing(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	withQuotas(w, run.Quotas{Bytes: 1 << 30})
	a := w.NewAction()
	none := func(what string) {
		t.Helper()
		if has := w.ReadUsage(); has != (run.Usage{}) {
			t.Errorf("%s: %+v is held", what, has)
		}
	}
	some := func(what string, batches int) {
		t.Helper()
		if has := w.ReadUsage(); has.OpenBatches != batches || has.RunBytes == 0 {
			t.Errorf("%s: %+v is held, want %d batches", what, has, batches)
		}
	}
	r := w.NewRun(modelstest.Pages(3))
	some("three pages", 3)
	w.ExecuteAll(a, func(e *run.Execution) callback.Outcome { return modelstest.Results(10, e.Batch.Page < 3) })
	w.WantEnded(r.ID, run.Succeeded)
	none("a run that succeeded")

	w.NewRun(modelstest.Inputs(4))
	some("four inputs", 4)
	w.ExecuteAll(a, func(e *run.Execution) callback.Outcome { return modelstest.Results(10, e.Batch.Page < 5) })
	none("pages that followed each other")

	r = w.NewRun(modelstest.Pages(5))
	w.MustRecordBatch(w.MustClaimBatches(a, 1)[0], modelstest.Results(10, true))
	some("one of five has ended", 4)
	_, err := w.StopRun(t.Context(), w.Editor, r.ID)
	modelstest.NoError(t, err)
	none("a run that was stopped")

	w.NewRun(modelstest.Pages(2))
	w.ExecuteAll(a, func(*run.Execution) callback.Outcome { return modelstest.Executed(400, "{}") })
	none("a run that was blocked")

	schedule := w.Hourly()
	some("a run that waits", 0)
	w.Clock.Advance(time.Hour)
	w.MustFire()
	some("one that has begun and one that waits", 1)
	w.ExecuteAll(a, func(*run.Execution) callback.Outcome { return modelstest.Results(1, false) })
	_, err = w.CancelSchedule(t.Context(), w.Editor, schedule.ID)
	modelstest.NoError(t, err)
	none("a schedule that was cancelled")

	w.Hourly()
	_, err = w.DeleteProject(t.Context(), w.Admin, w.Shop.ID)
	modelstest.NoError(t, err)
	w.Clock.Advance(time.Hour)
	w.MustFire()
	none("a schedule of a deleted project")
}

func wantOverLimit(t *testing.T, e *models.StandardError, number string) {
	t.Helper()
	if e == nil || e.Label != models.LabelLimitReached || e.Scope != models.ScopeRingback ||
		!strings.Contains(e.Message, number) {
		t.Errorf("the error is %+v", e)
	}
}

func TestBatchWhoseResultsAreTooLargeFails(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	withQuotas(w, run.Quotas{Bytes: 1 << 20})
	r := w.NewRun(modelstest.Pages(4))
	large := modelstest.Executed(200, `{"results":["`+strings.Repeat("x", 300_000)+`"]}`)
	// Each is stored twice. Of the last one's run nothing is open any more.
	w.ExecuteAll(a, func(*run.Execution) callback.Outcome { return large })
	r = w.WantEnded(r.ID, run.PartialSucceeded)
	wantOverLimit(t, r.Error, "1048576")
	var failed []*run.Batch
	for _, b := range w.BatchesOf(r.ID) {
		if b.Status != run.Failed {
			continue
		}
		failed = append(failed, b)
		wantOverLimit(t, b.Error, "1048576")
		if b.ResultCount != 0 || len(b.Results) != 0 {
			t.Errorf("it has %d results", b.ResultCount)
		}
		if attempts := w.AttemptsOfBatch(b.ID); len(attempts) != 1 || *attempts[0].HTTPStatus != 200 {
			t.Errorf("its calls are %+v", attempts)
		}
	}
	told := w.CallbacksOfRun(r.ID, callback.RunBatchFinishedEvent)
	if len(failed) != 2 || len(told) != 4 {
		t.Errorf("%d batches have failed, %d callbacks tell of batches", len(failed), len(told))
	}
	wantOverLimit(t, modelstest.ReadRunBody(t, told[2]).Error, "1048576")
	if has := w.ReadUsage(); has != (run.Usage{}) {
		t.Errorf("the run that ended holds %+v", has)
	}
}

func TestNextPageForWhichThereIsNoRoomEndsTheBatch(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	withQuotas(w, run.Quotas{Bytes: 100_000})
	r := w.NewRun(func(in *run.NewRun) { in.Inputs[0].CustomData = modelstest.ObjectOfBytes(15_000) })
	w.ExecuteAll(a, func(e *run.Execution) callback.Outcome {
		if e.Batch.Page > 10 {
			t.Fatal("it goes on for ever")
		}
		return modelstest.Results(1, true)
	})
	r = w.WantEnded(r.ID, run.PartialSucceeded)
	wantOverLimit(t, r.Error, "100000")
	batches := w.BatchesOf(r.ID)
	if last := batches[len(batches)-1]; last.Status != run.Failed || len(batches) < 3 {
		t.Errorf("of %d batches the last one is %s", len(batches), last.Status)
	}
}

func TestFiringForWhichThereIsNoRoomIsSkipped(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	withQuotas(w, run.Quotas{Batches: 1})
	schedule := w.Hourly()
	other := w.NewRun()
	w.Clock.Advance(time.Hour)
	w.MustFire()
	runs := w.RunsOf(schedule)
	modelstest.WantRuns(t, runs, run.Invalid, run.Scheduled)
	wantOverLimit(t, runs[0].Error, "at most 1 (")
	w.ExecuteAll(a, func(*run.Execution) callback.Outcome { return modelstest.Results(1, false) })
	w.WantEnded(other.ID, run.Succeeded)
	w.Clock.Advance(time.Hour)
	w.MustFire()
	modelstest.WantRuns(t, w.RunsOf(schedule), run.Invalid, run.Queued, run.Scheduled)
}

func TestPausedSchedulesCountWhenTheyAreResumed(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.NewAction()
	withQuotas(w, run.Quotas{Schedules: 1})
	schedule := w.Hourly()
	_, err := w.PauseSchedule(t.Context(), w.Editor, schedule.ID)
	modelstest.NoError(t, err)
	w.Hourly()
	_, err = w.ResumeSchedule(t.Context(), w.Editor, schedule.ID)
	modelstest.WantError(t, err, models.CodeLimitReached, "")
	withQuotas(w, run.Quotas{Schedules: 2})
	_, err = w.ResumeSchedule(t.Context(), w.Editor, schedule.ID)
	modelstest.NoError(t, err)
}

// What the executor and the callers repeat is counted as it is stored.
func TestWhatARunStoresIsAboutWhatIsCounted(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	r := w.NewRun(modelstest.Pages(4), func(in *run.NewRun) {
		in.Inputs[0] = run.NewInput{
			Input:      modelstest.ObjectOfBytes(20_000),
			CustomData: modelstest.ObjectOfBytes(10_000),
		}
	})
	results := json.RawMessage(`"` + strings.Repeat("x", 5_000) + `"`)
	w.ExecuteAll(a, func(*run.Execution) callback.Outcome {
		body := bytes.Join(slices.Repeat([][]byte{results}, 10), []byte(","))
		return modelstest.Executed(200, `{"results":[`+string(body)+`]}`)
	})
	r = w.WantEnded(r.ID, run.Succeeded)
	stored := 30_000
	for _, b := range w.BatchesOf(r.ID) {
		stored += len(b.Results)
	}
	for _, event := range []callback.EventName{callback.RunBatchFinishedEvent, callback.RunFinishedEvent} {
		for _, c := range w.CallbacksOfRun(r.ID, event) {
			stored += len(c.Body)
		}
	}
	if counted := int(r.StoredBytes); counted < stored || counted > stored*11/10 {
		t.Errorf("%d bytes are stored, %d counted", stored, counted)
	}
}
