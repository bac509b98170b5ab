package models_test

import (
	"testing"

	"github.com/ringback/ringback/models"
)

// A process of the release before ends runs without counting, and begins runs that it does not count.
func TestWhatAnOlderProcessDidNotCountIsCountedAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	recount := func(want int) {
		t.Helper()
		n, err := w.RecountUsages(t.Context())
		noError(t, err)
		if n != want {
			t.Errorf("%d accounts were recounted, want %d", n, want)
		}
	}
	run := w.newRun(pages(3))
	held := w.usage()
	recount(0)
	for _, wrong := range []models.Usage{{OpenBatches: 5, RunBytes: 7_000}, {OpenBatches: -2}, {RunBytes: -1}} {
		_, err := w.store.ChangeUsage(t.Context(), w.account.ID, wrong)
		noError(t, err)
		recount(1)
		if has := w.usage(); has != held {
			t.Errorf("after %+v too much: %+v is held, want %+v", wrong, has, held)
		}
	}
	w.execute(a, func(e *models.Execution) models.Outcome { return found(10, e.Batch.Page < 3) })
	w.wantEnded(run.ID, models.RunSucceeded)
	_, err := w.store.ChangeUsage(t.Context(), w.account.ID, models.Usage{OpenBatches: 100_000})
	noError(t, err)
	recount(1)
	if has := w.usage(); has != (models.Usage{}) {
		t.Errorf("nothing is open: %+v is held", has)
	}
	recount(0)
}
