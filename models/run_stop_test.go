package models_test

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
)

func TestStoppedRunExecutesNothingMoreAndTellsItOnce(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	run := w.NewRun(modelstest.Pages(4))
	claimed := w.MustClaimBatches(a, 2)
	w.MustRecordBatch(claimed[0], modelstest.Results(10, true))
	w.Queue.Take()
	stopped := w.MustStop(run)
	run = w.WantEnded(run.ID, models.RunStopped)
	if stopped.Status != run.Status || !stopped.FinishedAt.Equal(modelstest.Start) || run.OutputCount != 10 {
		t.Errorf("got %+v, read %+v", stopped, run)
	}
	final := w.CallbacksOfRun(run.ID, models.RunFinishedEvent)[0]
	if got := w.Queue.Take(); len(got) != 1 || got[0].CallbackID != final.ID {
		t.Errorf("woken: %v", got)
	}
	for _, e := range []*models.StandardError{run.Error, modelstest.ReadRunBody(t, final).Error} {
		if e == nil || e.Label != models.LabelActionAborted || e.StatusCode != 422 || e.Scope != models.ScopeRingback {
			t.Errorf("the error is %+v", e)
		}
	}
	w.Clock.Advance(time.Minute)
	for _, b := range w.BatchesOf(run.ID) {
		if !b.Status.Ended() || b.NextAttemptAt != nil {
			t.Errorf("batch %d is %s, due at %s", b.ID, b.Status, b.NextAttemptAt)
		}
	}
	if more := w.MustClaimBatches(a, 10); len(more) != 0 {
		t.Errorf("%d batches were claimed", len(more))
	}
	if interrupted, _ := w.MustSweep(); interrupted != 0 {
		t.Errorf("%d were interrupted", interrupted)
	}
	if got := w.Queue.Take(); slices.ContainsFunc(got, func(u models.Wakeup) bool { return u.Lane.OfBatches() }) {
		t.Errorf("woken: %v", got)
	}
}

func TestAnswerThatComesAfterTheStopIsDropped(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	answers := map[string]func(*models.Execution){
		"results":   func(e *models.Execution) { w.MustRecordBatch(e, modelstest.Results(10, true)) },
		"failed":    func(e *models.Execution) { w.MustRecordBatch(e, modelstest.Executed(500, "")) },
		"interrupt": func(e *models.Execution) { modelstest.NoError(t, w.InterruptBatch(t.Context(), e)) },
	}
	for name, answer := range answers {
		run := w.NewRun()
		e := w.MustClaimBatches(a, 1)[0]
		w.MustStop(run)
		w.Queue.Take()
		answer(e)
		if run = w.WantEnded(run.ID, models.RunStopped); run.OutputCount != 0 || run.BatchCount != 1 {
			t.Errorf("%s: the run is %+v", name, run)
		}
		if b := w.ReadBatch(e.Batch.ID); b.Status != models.RunStopped || b.Results != nil || b.FailureCount != 0 {
			t.Errorf("%s: the batch is %+v", name, b)
		}
		if told, woken := w.CallbacksOfRun(run.ID, models.RunBatchFinishedEvent), w.Queue.Take(); len(told) != 0 || len(woken) != 0 {
			t.Errorf("%s: it was told %d times, woken: %v", name, len(told), woken)
		}
		// What the worker learned is in the history.
		if attempts := w.AttemptsOfBatch(e.Batch.ID); len(attempts) != 1 || attempts[0].FinishedAt == nil {
			t.Errorf("%s: the attempts are %+v", name, attempts)
		}
	}
}

func TestOnlyARunThatIsAtWorkCanBeStopped(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	ways := map[string]func() *models.Run{
		"stopped": func() *models.Run { return w.MustStop(w.NewRun()) },
		"succeeded": func() *models.Run {
			run := w.NewRun()
			w.ExecuteAll(a, func(*models.Execution) models.Outcome { return modelstest.Results(1, false) })
			return run
		},
		"blocked": func() *models.Run {
			run := w.NewRun()
			w.ExecuteAll(a, func(*models.Execution) models.Outcome { return modelstest.Executed(400, "") })
			return run
		},
		"scheduled": func() *models.Run {
			return w.NewRun(func(in *models.NewRun) { in.Schedule = &models.NewSchedule{At: new(modelstest.Start.Add(time.Hour))} })
		},
	}
	for name, way := range ways {
		run := w.ReadRun(way().ID)
		told := len(w.CallbacksOfRun(run.ID, models.RunFinishedEvent))
		_, err := w.StopRun(t.Context(), w.Editor, run.ID)
		t.Log(name)
		modelstest.WantError(t, err, models.CodeConflict, "runId")
		after := w.ReadRun(run.ID)
		if after.Status != run.Status || len(w.CallbacksOfRun(run.ID, models.RunFinishedEvent)) != told {
			t.Errorf("%s: the refused stop changed the run from %s to %s", name, run.Status, after.Status)
		}
	}
}

func TestRunThatWantsABareResultIsToldOfItsStop(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.NewAction()
	run := w.NewRun(modelstest.Calling(modelstest.RunURL, models.CallbackOnResult))
	w.MustStop(run)
	w.WantEnded(run.ID, models.RunStopped)
	told := w.CallbacksOfRun(run.ID, models.RunResultEvent)
	if len(told) != 1 || told[0].OrderingKey == "" || len(w.CallbacksOfRun(run.ID, models.RunFinishedEvent)) != 0 {
		t.Fatalf("told %v", told)
	}
	want := `{"error":{"message":"The run was stopped","error_label":"ACTION_ABORTED","error_scope":"RINGBACK","status_code":422,"params":{},"error_ref":"` +
		run.UID.String() + `"}}`
	if got := string(told[0].Body); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// stopRounds is how often a race with a stop is run.
const stopRounds = 25

func TestStopAtTheMomentOfTheLastRecordLeavesOneFinal(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	for range stopRounds {
		run := w.NewRun(modelstest.Pages(2))
		claimed := w.MustClaimBatches(a, 2)
		status := models.RunStopped
		modelstest.AtOnce(3, func(i int) {
			if i < len(claimed) {
				if err := w.RecordBatch(t.Context(), claimed[i], modelstest.Results(1, true)); err != nil {
					t.Error(err)
				}
				return
			}
			_, err := w.StopRun(t.Context(), w.Editor, run.ID)
			if models.ErrorCode(err) == models.CodeConflict {
				status = models.RunSucceeded
			} else if err != nil {
				t.Error(err)
			}
		})
		w.WantEnded(run.ID, status)
	}
}

// work takes what is due until nothing is, in any goroutine, and calls done for each record. Every answer says that there is
// more: the runs do not end by themselves.
func work(w *modelstest.World, a *models.Action, done func()) {
	for {
		claimed, _, _, err := w.ClaimBatches(w.T.Context(), modelstest.Limit(a.Lane(), 2))
		for _, e := range claimed {
			if err == nil {
				err = w.RecordBatch(w.T.Context(), e, modelstest.Results(1, true))
			}
			done()
		}
		if err != nil {
			w.T.Errorf("a worker: %v", err)
		}
		if err != nil || len(claimed) == 0 {
			return
		}
	}
}

func TestStopWhilePagesAreAddedLeavesNoneOpenAndOneFinal(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	const workers = 3
	for round := range stopRounds {
		run := w.NewRun(modelstest.Inputs(8))
		underWay, records := make(chan struct{}), atomic.Int32{}
		modelstest.AtOnce(workers+1, func(i int) {
			if i < workers {
				work(w, a, func() {
					if records.Add(1) == int32(round%8)+1 {
						close(underWay)
					}
				})
				return
			}
			<-underWay
			if _, err := w.StopRun(t.Context(), w.Editor, run.ID); err != nil {
				t.Errorf("stopRun: %v", err)
			}
		})
		w.WantEnded(run.ID, models.RunStopped)
	}
}

func TestStopWhileLeasesAreRenewedEndsWithoutADeadlock(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	for range stopRounds {
		run := w.NewRun(modelstest.Inputs(20))
		claimed := w.MustClaimBatches(a, 20)
		leases := make([]models.Lease, len(claimed))
		for i := range claimed {
			leases[i] = claimed[(i*7)%len(claimed)].Lease() // in another order than that of creation
		}
		stopped := atomic.Bool{}
		modelstest.AtOnce(3, func(i int) {
			var err error
			switch i {
			case 0:
				_, err = w.StopRun(t.Context(), w.Editor, run.ID)
				stopped.Store(true)
			case 1:
				for _, e := range claimed[:5] {
					err = w.RecordBatch(t.Context(), e, modelstest.Results(1, true))
				}
			default:
				for err == nil && !stopped.Load() {
					_, err = w.RenewBatches(t.Context(), leases)
				}
			}
			if err != nil {
				t.Error(err)
			}
		})
		w.WantEnded(run.ID, models.RunStopped)
	}
}
