package models_test

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store"
)

// withQuotas bounds what accounts and users may have.
func withQuotas(w *modelstest.World, q models.Quotas) {
	w.Rules.Quotas = q
	w.Configure()
}

func every(minute models.NewRun) models.NewRun {
	minute.Schedule = &models.NewSchedule{Cron: new("* * * * *")}
	return minute
}

// Eight callers make more than there may be; so many of them are let, and the others hear how many.
func TestQuotasAreExactWithEightCallersAtOnce(t *testing.T) {
	t.Parallel()
	const callers, each = 8, 3
	for name, test := range map[string]struct {
		quotas models.Quotas
		create func(w *modelstest.World) error
		want   int32 // how many are created
		number string
	}{
		"schedules": {models.Quotas{Schedules: 10}, func(w *modelstest.World) error {
			_, err := w.CreateRun(w.T.Context(), w.Editor, every(w.RunInput()))
			return err
		}, 10, "at most 10 (RINGBACK_QUOTA_SCHEDULES)"},
		"batches": {models.Quotas{Batches: 35}, func(w *modelstest.World) error {
			in := w.RunInput()
			modelstest.Pages(3)(&in)
			_, err := w.CreateRun(w.T.Context(), w.Editor, in)
			return err
		}, 11, "at most 35 (RINGBACK_QUOTA_BATCHES)"},
		"bytes of runs": {models.Quotas{RunBytes: 300_000}, func(w *modelstest.World) error {
			in := w.RunInput()
			in.Inputs[0].Input = modelstest.ObjectOfBytes(10_000) // in the input, in the callback of its only page, and in the final one
			_, err := w.CreateRun(w.T.Context(), w.Editor, in)
			return err
		}, 9, "at most 300000 (RINGBACK_QUOTA_RUN_BYTES)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			w.NewAction()
			withQuotas(w, test.quotas)
			var created atomic.Int32
			modelstest.AtOnce(callers, func(int) {
				for range each {
					switch err := test.create(w); {
					case err == nil:
						created.Add(1)
					case models.ErrorCode(err) != models.CodeLimitReached || !strings.Contains(err.Error(), test.number):
						t.Error(err)
					}
				}
			})
			if created.Load() != test.want {
				t.Errorf("%d are created, want %d", created.Load(), test.want)
			}
			if err := test.create(w); models.ErrorCode(err) != models.CodeLimitReached {
				t.Errorf("afterwards: %v", err)
			}
			withQuotas(w, models.Quotas{})
			modelstest.NoError(t, test.create(w)) // without a quota there is room
		})
	}
}

// 900 kB of custom data in each of 10,000 callbacks: a request of 1 MiB would store 9 GB.
func TestOneRunDoesNotStoreNineGigabytes(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.NewAction()
	withQuotas(w, models.Quotas{RunBytes: 1 << 30})
	in := w.RunInput()
	in.Inputs[0].CustomData = modelstest.ObjectOfBytes(900_000)
	in.MaxResults, in.PageSize = new(models.MaxRunResults), new(10)
	_, err := w.CreateRun(t.Context(), w.Editor, in)
	modelstest.WantError(t, err, models.CodeLimitReached, "")
	if !strings.Contains(err.Error(), "1073741824") {
		t.Errorf("the error does not name the number: %v", err)
	}
	if has := w.ReadUsage(); has != (models.Usage{}) {
		t.Errorf("a refused run holds %+v", has)
	}
}

// Whatever becomes of a run, in the end it holds nothing.
func TestRunsThatEndedHoldNothing(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	withQuotas(w, models.Quotas{RunBytes: 1 << 30})
	a := w.NewAction()
	none := func(what string) {
		t.Helper()
		if has := w.ReadUsage(); has != (models.Usage{}) {
			t.Errorf("%s: %+v is held", what, has)
		}
	}
	some := func(what string, batches int) {
		t.Helper()
		if has := w.ReadUsage(); has.OpenBatches != batches || has.RunBytes == 0 {
			t.Errorf("%s: %+v is held, want %d batches", what, has, batches)
		}
	}
	run := w.NewRun(modelstest.Pages(3))
	some("three pages", 3)
	w.ExecuteAll(a, func(e *models.Execution) models.Outcome { return modelstest.Results(10, e.Batch.Page < 3) })
	w.WantEnded(run.ID, models.RunSucceeded)
	none("a run that succeeded")

	w.NewRun(modelstest.Inputs(4))
	some("four inputs", 4)
	w.ExecuteAll(a, func(e *models.Execution) models.Outcome { return modelstest.Results(10, e.Batch.Page < 5) })
	none("pages that followed each other")

	run = w.NewRun(modelstest.Pages(5))
	w.MustRecordBatch(w.MustClaimBatches(a, 1)[0], modelstest.Results(10, true))
	some("one of five has ended", 4)
	_, err := w.StopRun(t.Context(), w.Editor, run.ID)
	modelstest.NoError(t, err)
	none("a run that was stopped")

	w.NewRun(modelstest.Pages(2))
	w.ExecuteAll(a, func(*models.Execution) models.Outcome { return modelstest.Executed(400, "{}") })
	none("a run that was blocked")

	schedule := w.Hourly()
	some("a run that waits", 0)
	w.Clock.Advance(time.Hour)
	w.MustFire()
	some("one that has begun and one that waits", 1)
	w.ExecuteAll(a, func(*models.Execution) models.Outcome { return modelstest.Results(1, false) })
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
	if e == nil || e.Label != models.LabelLimitReached || e.Scope != models.ScopeRingback || !strings.Contains(e.Message, number) {
		t.Errorf("the error is %+v", e)
	}
}

func TestBatchWhoseResultsAreTooLargeFails(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	withQuotas(w, models.Quotas{RunBytes: 1 << 20})
	run := w.NewRun(modelstest.Pages(4))
	large := modelstest.Executed(200, `{"results":["`+strings.Repeat("x", 300_000)+`"]}`)
	// Each is stored twice. Of the last one's run nothing is open any more.
	w.ExecuteAll(a, func(*models.Execution) models.Outcome { return large })
	run = w.WantEnded(run.ID, models.RunPartialSucceeded)
	wantOverLimit(t, run.Error, "1048576")
	var failed []*models.Batch
	for _, b := range w.BatchesOf(run.ID) {
		if b.Status != models.RunFailed {
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
	told := w.CallbacksOfRun(run.ID, models.RunBatchFinishedEvent)
	if len(failed) != 2 || len(told) != 4 {
		t.Errorf("%d batches have failed, %d callbacks tell of batches", len(failed), len(told))
	}
	wantOverLimit(t, modelstest.ReadRunBody(t, told[2]).Error, "1048576")
	if has := w.ReadUsage(); has != (models.Usage{}) {
		t.Errorf("the run that ended holds %+v", has)
	}
}

func TestNextPageForWhichThereIsNoRoomEndsTheBatch(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	withQuotas(w, models.Quotas{RunBytes: 100_000})
	run := w.NewRun(func(in *models.NewRun) { in.Inputs[0].CustomData = modelstest.ObjectOfBytes(15_000) })
	w.ExecuteAll(a, func(e *models.Execution) models.Outcome {
		if e.Batch.Page > 10 {
			t.Fatal("it goes on for ever")
		}
		return modelstest.Results(1, true)
	})
	run = w.WantEnded(run.ID, models.RunPartialSucceeded)
	wantOverLimit(t, run.Error, "100000")
	batches := w.BatchesOf(run.ID)
	if last := batches[len(batches)-1]; last.Status != models.RunFailed || len(batches) < 3 {
		t.Errorf("of %d batches the last one is %s", len(batches), last.Status)
	}
}

func TestFiringForWhichThereIsNoRoomIsSkipped(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	withQuotas(w, models.Quotas{Batches: 1})
	schedule := w.Hourly()
	other := w.NewRun()
	w.Clock.Advance(time.Hour)
	w.MustFire()
	runs := w.RunsOf(schedule)
	modelstest.WantRuns(t, runs, models.RunInvalid, models.RunScheduled)
	wantOverLimit(t, runs[0].Error, "at most 1 (")
	w.ExecuteAll(a, func(*models.Execution) models.Outcome { return modelstest.Results(1, false) })
	w.WantEnded(other.ID, models.RunSucceeded)
	w.Clock.Advance(time.Hour)
	w.MustFire()
	modelstest.WantRuns(t, w.RunsOf(schedule), models.RunInvalid, models.RunQueued, models.RunScheduled)
}

func TestPausedSchedulesCountWhenTheyAreResumed(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.NewAction()
	withQuotas(w, models.Quotas{Schedules: 1})
	schedule := w.Hourly()
	_, err := w.PauseSchedule(t.Context(), w.Editor, schedule.ID)
	modelstest.NoError(t, err)
	w.Hourly()
	_, err = w.ResumeSchedule(t.Context(), w.Editor, schedule.ID)
	modelstest.WantError(t, err, models.CodeLimitReached, "")
	withQuotas(w, models.Quotas{Schedules: 2})
	_, err = w.ResumeSchedule(t.Context(), w.Editor, schedule.ID)
	modelstest.NoError(t, err)
}

// countingUpdates counts the updates of a table.
func countingUpdates(n *atomic.Int32, table string) store.Option {
	return store.WithStatementLog(func(_ context.Context, statement string, _ time.Duration) {
		if strings.HasPrefix(statement, "UPDATE") && strings.Contains(statement, table) {
			n.Add(1)
		}
	})
}

// A request reads; that its session is used is written once an hour.
func TestUseOfASessionIsWrittenOnceAnHour(t *testing.T) {
	t.Parallel()
	var writes atomic.Int32
	w := modelstest.NewWorld(t, countingUpdates(&writes, "sessions"))
	session, err := w.StartSession(t.Context(), w.AdminUser.ID, nil)
	modelstest.NoError(t, err)
	for range 180 {
		_, err := w.AuthenticateSession(t.Context(), session.Token)
		modelstest.NoError(t, err)
		w.Clock.Advance(time.Minute)
	}
	if got := writes.Load(); got != 2 {
		t.Errorf("%d writes in three hours", got)
	}
}

// What the executor and the callers repeat is counted as it is stored.
func TestWhatARunStoresIsAboutWhatIsCounted(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	run := w.NewRun(modelstest.Pages(4), func(in *models.NewRun) {
		in.Inputs[0] = models.NewRunInput{Input: modelstest.ObjectOfBytes(20_000), CustomData: modelstest.ObjectOfBytes(10_000)}
	})
	results := json.RawMessage(`"` + strings.Repeat("x", 5_000) + `"`)
	w.ExecuteAll(a, func(*models.Execution) models.Outcome {
		body := bytes.Join(slices.Repeat([][]byte{results}, 10), []byte(","))
		return modelstest.Executed(200, `{"results":[`+string(body)+`]}`)
	})
	run = w.WantEnded(run.ID, models.RunSucceeded)
	stored := 30_000
	for _, b := range w.BatchesOf(run.ID) {
		stored += len(b.Results)
	}
	for _, event := range []models.EventName{models.RunBatchFinishedEvent, models.RunFinishedEvent} {
		for _, c := range w.CallbacksOfRun(run.ID, event) {
			stored += len(c.Body)
		}
	}
	if counted := int(run.StoredBytes); counted < stored || counted > stored*11/10 {
		t.Errorf("%d bytes are stored, %d counted", stored, counted)
	}
}
