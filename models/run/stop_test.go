package run_test

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
)

func TestStoppedRunExecutesNothingMoreAndTellsItOnce(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	r := w.NewRun(modelstest.Pages(4))
	claimed := w.MustClaimBatches(a, 2)
	w.MustRecordBatch(claimed[0], modelstest.Results(10, true))
	w.Queue.Take()
	stopped := w.MustStop(r)
	r = w.WantEnded(r.ID, run.Stopped)
	if stopped.Status != r.Status || !stopped.FinishedAt.Equal(modelstest.Start) || r.OutputCount != 10 {
		t.Errorf("got %+v, read %+v", stopped, r)
	}
	final := w.CallbacksOfRun(r.ID, callback.RunFinishedEvent)[0]
	if got := w.Queue.Take(); len(got) != 1 || got[0].CallbackID != final.ID {
		t.Errorf("woken: %v", got)
	}
	for _, e := range []*models.StandardError{r.Error, modelstest.ReadRunBody(t, final).Error} {
		if e == nil || e.Label != models.LabelActionAborted || e.StatusCode != 422 || e.Scope != models.ScopeRingback {
			t.Errorf("the error is %+v", e)
		}
	}
	w.Clock.Advance(time.Minute)
	for _, b := range w.BatchesOf(r.ID) {
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
	if got := w.Queue.Take(); slices.ContainsFunc(got, func(u callback.Wakeup) bool { return run.OfBatches(u.Lane) }) {
		t.Errorf("woken: %v", got)
	}
}

func TestAnswerThatComesAfterTheStopIsDropped(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	answers := map[string]func(*run.Execution){
		"results":   func(e *run.Execution) { w.MustRecordBatch(e, modelstest.Results(10, true)) },
		"failed":    func(e *run.Execution) { w.MustRecordBatch(e, modelstest.Executed(500, "")) },
		"interrupt": func(e *run.Execution) { modelstest.NoError(t, w.Executions.Interrupt(t.Context(), e)) },
	}
	for name, answer := range answers {
		r := w.NewRun()
		e := w.MustClaimBatches(a, 1)[0]
		w.MustStop(r)
		w.Queue.Take()
		answer(e)
		if r = w.WantEnded(r.ID, run.Stopped); r.OutputCount != 0 || r.BatchCount != 1 {
			t.Errorf("%s: the run is %+v", name, r)
		}
		if b := w.ReadBatch(e.Batch.ID); b.Status != run.Stopped || b.Results != nil || b.FailureCount != 0 {
			t.Errorf("%s: the batch is %+v", name, b)
		}
		if told, woken := w.CallbacksOfRun(r.ID, callback.RunBatchFinishedEvent), w.Queue.Take(); len(told) != 0 ||
			len(woken) != 0 {
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
	ways := map[string]func() *run.Run{
		"stopped": func() *run.Run { return w.MustStop(w.NewRun()) },
		"succeeded": func() *run.Run {
			r := w.NewRun()
			w.ExecuteAll(a, func(*run.Execution) callback.Outcome { return modelstest.Results(1, false) })
			return r
		},
		"blocked": func() *run.Run {
			r := w.NewRun()
			w.ExecuteAll(a, func(*run.Execution) callback.Outcome { return modelstest.Executed(400, "") })
			return r
		},
		"scheduled": func() *run.Run {
			_, r := w.NewScheduled(run.NewSchedule{At: new(modelstest.Start.Add(time.Hour))})
			return r
		},
	}
	for name, way := range ways {
		r := w.ReadRun(way().ID)
		told := len(w.CallbacksOfRun(r.ID, callback.RunFinishedEvent))
		_, err := w.StopRun(t.Context(), w.Editor, r.ID)
		t.Log(name)
		modelstest.WantError(t, err, models.CodeConflict, "runId")
		after := w.ReadRun(r.ID)
		if after.Status != r.Status || len(w.CallbacksOfRun(r.ID, callback.RunFinishedEvent)) != told {
			t.Errorf("%s: the refused stop changed the run from %s to %s", name, r.Status, after.Status)
		}
	}
}

func TestRunThatWantsABareResultIsToldOfItsStop(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.NewAction()
	r := w.NewRun(modelstest.Calling(modelstest.RunURL, run.CallbackOnResult))
	w.MustStop(r)
	w.WantEnded(r.ID, run.Stopped)
	told := w.CallbacksOfRun(r.ID, callback.RunResultEvent)
	if len(told) != 1 || told[0].OrderingKey == "" || len(w.CallbacksOfRun(r.ID, callback.RunFinishedEvent)) != 0 {
		t.Fatalf("told %v", told)
	}
	want := `{"error":{"message":"The run was stopped","error_label":"ACTION_ABORTED","error_scope":"RINGBACK",` +
		`"status_code":422,"params":{},"error_ref":"` + r.UID.String() + `"}}`
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
		r := w.NewRun(modelstest.Pages(2))
		claimed := w.MustClaimBatches(a, 2)
		status := run.Stopped
		modelstest.AtOnce(3, func(i int) {
			if i < len(claimed) {
				if err := w.Executions.Record(t.Context(), claimed[i], modelstest.Results(1, true)); err != nil {
					t.Error(err)
				}
				return
			}
			_, err := w.StopRun(t.Context(), w.Editor, r.ID)
			if models.ErrorCode(err) == models.CodeConflict {
				status = run.Succeeded
			} else if err != nil {
				t.Error(err)
			}
		})
		w.WantEnded(r.ID, status)
	}
}

// work takes what is due until nothing is, in any goroutine, and calls done for each record. Every answer says that
// there is more: the runs do not end by themselves.
func work(w *modelstest.World, a *run.Action, done func()) {
	for {
		claimed, _, _, err := w.Executions.Claim(w.T.Context(), modelstest.Limit(a.Lane(), 2))
		for _, e := range claimed {
			if err == nil {
				err = w.Executions.Record(w.T.Context(), e, modelstest.Results(1, true))
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
		r := w.NewRun(modelstest.Inputs(8))
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
			if _, err := w.StopRun(t.Context(), w.Editor, r.ID); err != nil {
				t.Errorf("stopRun: %v", err)
			}
		})
		w.WantEnded(r.ID, run.Stopped)
	}
}

func TestStopWhileLeasesAreRenewedEndsWithoutADeadlock(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	for range stopRounds {
		r := w.NewRun(modelstest.Inputs(20))
		claimed := w.MustClaimBatches(a, 20)
		leases := make([]callback.Lease, len(claimed))
		for i := range claimed {
			leases[i] = claimed[(i*7)%len(claimed)].Lease() // in another order than that of creation
		}
		stopped := atomic.Bool{}
		modelstest.AtOnce(3, func(i int) {
			var err error
			switch i {
			case 0:
				_, err = w.StopRun(t.Context(), w.Editor, r.ID)
				stopped.Store(true)
			case 1:
				for _, e := range claimed[:5] {
					err = w.Executions.Record(t.Context(), e, modelstest.Results(1, true))
				}
			default:
				for err == nil && !stopped.Load() {
					_, err = w.Executions.Renew(t.Context(), leases)
				}
			}
			if err != nil {
				t.Error(err)
			}
		})
		w.WantEnded(r.ID, run.Stopped)
	}
}
