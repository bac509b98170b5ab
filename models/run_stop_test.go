package models_test

import (
	"sync/atomic"
	"testing"

	"github.com/ringback/ringback/models"
)

// stopRounds is how often races with a stop are run.
const stopRounds = 25

// stopAtOnce stops a run while others work on it, and returns how it ended.
func (w *world) stopAtOnce(run *models.Run, workers int, work func(worker int)) models.RunStatus {
	w.t.Helper()
	status := models.RunStopped
	atOnce(workers+1, func(i int) {
		if i > 0 {
			work(i - 1)
			return
		}
		_, err := w.StopRun(w.t.Context(), w.editor, run.ID)
		if err != nil && models.ErrorCode(err) != models.CodeConflict {
			w.t.Errorf("stopRun: %v", err)
		}
		if err != nil {
			status = models.RunSucceeded
		}
	})
	return status
}

func TestStopAtTheMomentOfTheLastRecordLeavesOneFinal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	for range stopRounds {
		run := w.newRun(pages(2))
		claimed := w.claimBatches(a, 2)
		status := w.stopAtOnce(run, 2, func(worker int) {
			if err := w.RecordBatch(t.Context(), claimed[worker], found(1, true)); err != nil {
				t.Error(err)
			}
		})
		w.wantEnded(run.ID, status)
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
		// Each worker takes what is due until nothing is: the run would never end by itself.
		work := func(int) {
			for {
				claimed, err := w.ClaimBatches(t.Context(), a.ID, 2)
				for _, e := range claimed {
					if err == nil {
						err = w.RecordBatch(t.Context(), e, found(1, true))
					}
					if records.Add(1) == int32(round%8)+1 {
						close(underWay)
					}
				}
				if err != nil {
					t.Errorf("a worker: %v", err)
				}
				if err != nil || len(claimed) == 0 {
					return
				}
			}
		}
		atOnce(workers+1, func(i int) {
			if i > 0 {
				work(i)
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
