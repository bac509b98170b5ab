package models_test

import (
	"math/rand/v2"
	"testing"

	"github.com/ringback/ringback/models"
)

// tryExecute claims some batches and lets chance decide what comes of them, in any goroutine; some workers die.
func (w *world) tryExecute(a *models.Action) {
	claimed, _, _, err := w.ClaimBatches(w.t.Context(), of(a.Lane(), 3))
	for _, e := range claimed {
		switch n := rand.IntN(10); {
		case err != nil || n == 0:
		case n == 1:
			err = w.InterruptBatch(w.t.Context(), e)
		case n == 2:
			err = w.RecordBatch(w.t.Context(), e, executed(500, ""))
		case n == 3:
			err = w.RecordBatch(w.t.Context(), e, executed(400, ""))
		case n == 4:
			_, err = w.RenewBatches(w.t.Context(), []models.Lease{e.Lease()})
		case n == 5:
			err = w.RecordBatch(w.t.Context(), copyOf(e), found(2, e.Batch.Page < 5))
			if err == nil {
				err = w.RecordBatch(w.t.Context(), e, found(2, e.Batch.Page < 5))
			}
		default:
			err = w.RecordBatch(w.t.Context(), e, found(2, e.Batch.Page < 5))
		}
	}
	if err != nil {
		w.t.Error(err)
	}
}

func TestRunsEndOnceWhateverHappensAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	var runs []*models.Run
	for range 4 {
		runs = append(runs, w.newRun(inputs(3)), w.newRun(inputs(2), pages(3)), w.newRun(calling(runURL, models.CallbackOnFinal)))
	}
	const workers, rounds = 3, 25
	atOnce(workers+2, func(i int) {
		for round := range rounds {
			switch i {
			case 0: // leases run out, also of what is in hand
				w.clock.advance(models.LeaseTime / 4)
				w.sweepAtAnyTime()
			case 1:
				if round%8 == 7 {
					_, err := w.StopRun(t.Context(), w.editor, runs[rand.IntN(len(runs))].ID)
					if err != nil && models.ErrorCode(err) != models.CodeConflict {
						t.Error(err)
					}
				}
				w.clock.advance(models.LeaseRenewal / 4)
			default:
				w.tryExecute(a)
			}
		}
	})
	for range 5 { // what workers left behind when they died, and what waits for its next try
		w.clock.advance(models.LeaseTime)
		w.sweep()
		w.execute(a, func(*models.Execution) models.Outcome { return found(2, false) })
		suspects, err := w.ClaimSuspectBatch(t.Context()) // that died with their workers each time
		noError(t, err)
		for _, e := range suspects {
			w.recordBatch(e, found(2, false))
		}
	}
	for _, run := range runs {
		run = w.wantEnded(run.ID, w.run(run.ID).Status)
		told, want := len(w.told(run.ID, models.RunBatchFinishedEvent)), 0
		for _, b := range w.batches(run.ID) {
			if b.Status != models.RunStopped && run.CallbackOn == models.CallbackOnAll {
				want++
			}
		}
		if told != want {
			t.Errorf("run %d, %s, told %d of %d batches", run.ID, run.Status, told, want)
		}
	}
}
