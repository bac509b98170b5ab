package run_test

import (
	"math/rand/v2"
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
)

// tryExecute claims some batches and lets chance decide what comes of them, in any goroutine; some workers die.
func tryExecute(w *modelstest.World, a *run.Action) {
	claimed, _, _, err := w.Executions.Claim(w.T.Context(), modelstest.Limit(a.Lane(), 3))
	for _, e := range claimed {
		switch n := rand.IntN(10); {
		case err != nil || n == 0:
		case n == 1:
			err = w.Executions.Interrupt(w.T.Context(), e)
		case n == 2:
			err = w.Executions.Record(w.T.Context(), e, modelstest.Executed(500, ""))
		case n == 3:
			err = w.Executions.Record(w.T.Context(), e, modelstest.Executed(400, ""))
		case n == 4:
			_, err = w.Executions.Renew(w.T.Context(), []callback.Lease{e.Lease()})
		case n == 5:
			err = w.Executions.Record(w.T.Context(), modelstest.CopyOfExecution(e),
				modelstest.Results(2, e.Batch.Page < 5))
			if err == nil {
				err = w.Executions.Record(w.T.Context(), e, modelstest.Results(2, e.Batch.Page < 5))
			}
		default:
			err = w.Executions.Record(w.T.Context(), e, modelstest.Results(2, e.Batch.Page < 5))
		}
	}
	if err != nil {
		w.T.Error(err)
	}
}

func TestRunsEndOnceWhateverHappensAtOnce(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	var runs []*run.Run
	for range 4 {
		runs = append(runs, w.NewRun(modelstest.Inputs(3)), w.NewRun(modelstest.Inputs(2), modelstest.Pages(3)),
			w.NewRun(modelstest.Calling(modelstest.RunURL, run.CallbackOnFinal)))
	}
	const workers, rounds = 3, 25
	modelstest.AtOnce(workers+2, func(i int) {
		for round := range rounds {
			switch i {
			case 0: // leases run out, also of what is in hand
				w.Clock.Advance(callback.LeaseTime / 4)
				w.SweepAtAnyTime()
			case 1:
				if round%8 == 7 {
					_, err := w.StopRun(t.Context(), w.Editor, runs[rand.IntN(len(runs))].ID)
					if err != nil && models.ErrorCode(err) != models.CodeConflict {
						t.Error(err)
					}
				}
				w.Clock.Advance(callback.LeaseRenewal / 4)
			default:
				tryExecute(w, a)
			}
		}
	})
	for range 5 { // what workers left behind when they died, and what waits for its next try
		w.Clock.Advance(callback.LeaseTime)
		w.MustSweep()
		w.ExecuteAll(a, func(*run.Execution) callback.Outcome { return modelstest.Results(2, false) })
		suspects, err := w.Executions.ClaimSuspect(t.Context()) // that died with their workers each time
		modelstest.NoError(t, err)
		for _, e := range suspects {
			w.MustRecordBatch(e, modelstest.Results(2, false))
		}
	}
	for _, r := range runs {
		r = w.WantEnded(r.ID, w.ReadRun(r.ID).Status)
		told, want := len(w.CallbacksOfRun(r.ID, callback.RunBatchFinishedEvent)), 0
		for _, b := range w.BatchesOf(r.ID) {
			if b.Status != run.Stopped && r.CallbackOn == run.CallbackOnAll {
				want++
			}
		}
		if told != want {
			t.Errorf("run %d, %s, told %d of %d batches", r.ID, r.Status, told, want)
		}
	}
}
