package models_test

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
)

func (w *world) stop(run *models.Run) *models.Run {
	w.t.Helper()
	stopped, err := w.StopRun(w.t.Context(), w.editor, run.ID)
	noError(w.t, err)
	return stopped
}

func TestStoppedRunExecutesNothingMoreAndTellsItOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	run := w.newRun(pages(4))
	claimed := w.claimBatches(a, 2)
	w.recordBatch(claimed[0], found(10, true))
	w.queue.take()
	stopped := w.stop(run)
	run = w.wantEnded(run.ID, models.RunStopped)
	if stopped.Status != run.Status || !stopped.FinishedAt.Equal(start) || run.OutputCount != 10 {
		t.Errorf("got %+v, read %+v", stopped, run)
	}
	final := w.told(run.ID, models.RunFinishedEvent)[0]
	if got := w.queue.take(); len(got) != 1 || got[0].CallbackID != final.ID {
		t.Errorf("woken: %v", got)
	}
	for _, e := range []*models.StandardError{run.Error, readRunBody(t, final).Error} {
		if e == nil || e.Label != models.LabelActionAborted || e.StatusCode != 422 || e.Scope != models.ScopeRingback {
			t.Errorf("the error is %+v", e)
		}
	}
	w.clock.advance(time.Minute)
	for _, b := range w.batches(run.ID) {
		if !b.Status.Ended() || b.NextAttemptAt != nil {
			t.Errorf("batch %d is %s, due at %s", b.ID, b.Status, b.NextAttemptAt)
		}
	}
	if more := w.claimBatches(a, 10); len(more) != 0 {
		t.Errorf("%d batches were claimed", len(more))
	}
	if interrupted, _ := w.sweep(); interrupted != 0 {
		t.Errorf("%d were interrupted", interrupted)
	}
	if got := w.queue.take(); slices.ContainsFunc(got, func(u models.Wakeup) bool { return u.Lane.OfBatches() }) {
		t.Errorf("woken: %v", got)
	}
}

func TestAnswerThatComesAfterTheStopIsDropped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	answers := map[string]func(*models.Execution){
		"results":   func(e *models.Execution) { w.recordBatch(e, found(10, true)) },
		"failed":    func(e *models.Execution) { w.recordBatch(e, executed(500, "")) },
		"interrupt": func(e *models.Execution) { noError(t, w.InterruptBatch(t.Context(), e)) },
	}
	for name, answer := range answers {
		run := w.newRun()
		e := w.claimBatches(a, 1)[0]
		w.stop(run)
		w.queue.take()
		answer(e)
		if run = w.wantEnded(run.ID, models.RunStopped); run.OutputCount != 0 || run.BatchCount != 1 {
			t.Errorf("%s: the run is %+v", name, run)
		}
		if b := w.batch(e.Batch.ID); b.Status != models.RunStopped || b.Results != nil || b.FailureCount != 0 {
			t.Errorf("%s: the batch is %+v", name, b)
		}
		if told, woken := w.told(run.ID, models.RunBatchFinishedEvent), w.queue.take(); len(told) != 0 || len(woken) != 0 {
			t.Errorf("%s: it was told %d times, woken: %v", name, len(told), woken)
		}
		// What the worker learned is in the history.
		if attempts := w.batchAttempts(e.Batch.ID); len(attempts) != 1 || attempts[0].FinishedAt == nil {
			t.Errorf("%s: the attempts are %+v", name, attempts)
		}
	}
}

func TestOnlyARunThatIsAtWorkCanBeStopped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	ways := map[string]func() *models.Run{
		"stopped": func() *models.Run { return w.stop(w.newRun()) },
		"succeeded": func() *models.Run {
			run := w.newRun()
			w.execute(a, func(*models.Execution) models.Outcome { return found(1, false) })
			return run
		},
		"blocked": func() *models.Run {
			run := w.newRun()
			w.execute(a, func(*models.Execution) models.Outcome { return executed(400, "") })
			return run
		},
		"scheduled": func() *models.Run {
			return w.newRun(func(in *models.NewRun) { in.Schedule = &models.NewSchedule{At: new(start.Add(time.Hour))} })
		},
	}
	for name, way := range ways {
		run := w.run(way().ID)
		told := len(w.told(run.ID, models.RunFinishedEvent))
		_, err := w.StopRun(t.Context(), w.editor, run.ID)
		t.Log(name)
		wantError(t, err, models.CodeConflict, "runId")
		after := w.run(run.ID)
		if after.Status != run.Status || len(w.told(run.ID, models.RunFinishedEvent)) != told {
			t.Errorf("%s: the refused stop changed the run from %s to %s", name, run.Status, after.Status)
		}
	}
}

func TestRunThatWantsABareResultIsToldOfItsStop(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.newAction()
	run := w.newRun(calling(runURL, models.CallbackOnResult))
	w.stop(run)
	w.wantEnded(run.ID, models.RunStopped)
	told := w.told(run.ID, models.RunResultEvent)
	if len(told) != 1 || told[0].OrderingKey == "" || len(w.told(run.ID, models.RunFinishedEvent)) != 0 {
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
	w := newWorld(t)
	a := w.newAction()
	for range stopRounds {
		run := w.newRun(pages(2))
		claimed := w.claimBatches(a, 2)
		status := models.RunStopped
		atOnce(3, func(i int) {
			if i < len(claimed) {
				if err := w.RecordBatch(t.Context(), claimed[i], found(1, true)); err != nil {
					t.Error(err)
				}
				return
			}
			_, err := w.StopRun(t.Context(), w.editor, run.ID)
			if models.ErrorCode(err) == models.CodeConflict {
				status = models.RunSucceeded
			} else if err != nil {
				t.Error(err)
			}
		})
		w.wantEnded(run.ID, status)
	}
}

// work takes what is due until nothing is, in any goroutine, and calls done for each record. Every answer says that there is
// more: the runs do not end by themselves.
func (w *world) work(a *models.Action, done func()) {
	for {
		claimed, _, _, err := w.ClaimBatches(w.t.Context(), of(a.Lane(), 2))
		for _, e := range claimed {
			if err == nil {
				err = w.RecordBatch(w.t.Context(), e, found(1, true))
			}
			done()
		}
		if err != nil {
			w.t.Errorf("a worker: %v", err)
		}
		if err != nil || len(claimed) == 0 {
			return
		}
	}
}

func TestStopWhilePagesAreAddedLeavesNoneOpenAndOneFinal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	const workers = 3
	for round := range stopRounds {
		run := w.newRun(inputs(8))
		underWay, records := make(chan struct{}), atomic.Int32{}
		atOnce(workers+1, func(i int) {
			if i < workers {
				w.work(a, func() {
					if records.Add(1) == int32(round%8)+1 {
						close(underWay)
					}
				})
				return
			}
			<-underWay
			if _, err := w.StopRun(t.Context(), w.editor, run.ID); err != nil {
				t.Errorf("stopRun: %v", err)
			}
		})
		w.wantEnded(run.ID, models.RunStopped)
	}
}

func TestStopWhileLeasesAreRenewedEndsWithoutADeadlock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	for range stopRounds {
		run := w.newRun(inputs(20))
		claimed := w.claimBatches(a, 20)
		leases := make([]models.Lease, len(claimed))
		for i := range claimed {
			leases[i] = claimed[(i*7)%len(claimed)].Lease() // in another order than that of creation
		}
		stopped := atomic.Bool{}
		atOnce(3, func(i int) {
			var err error
			switch i {
			case 0:
				_, err = w.StopRun(t.Context(), w.editor, run.ID)
				stopped.Store(true)
			case 1:
				for _, e := range claimed[:5] {
					err = w.RecordBatch(t.Context(), e, found(1, true))
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
		w.wantEnded(run.ID, models.RunStopped)
	}
}
