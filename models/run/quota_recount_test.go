package run_test

import (
	"testing"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
)

// A process of the release before ends runs without counting, and begins runs that it does not count.
func TestWhatAnOlderProcessDidNotCountIsCountedAnew(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	recount := func(want int) {
		t.Helper()
		n, err := w.RecountUsages(t.Context())
		modelstest.NoError(t, err)
		if n != want {
			t.Errorf("%d accounts were recounted, want %d", n, want)
		}
	}
	r := w.NewRun(modelstest.Pages(3))
	held := w.ReadUsage()
	recount(0)
	for _, wrong := range []run.Usage{{OpenBatches: 5, RunBytes: 7_000}, {OpenBatches: -2}, {RunBytes: -1}} {
		_, err := w.Store.ChangeUsage(t.Context(), w.Acme.ID, wrong)
		modelstest.NoError(t, err)
		recount(1)
		if has := w.ReadUsage(); has != held {
			t.Errorf("after %+v too much: %+v is held, want %+v", wrong, has, held)
		}
	}
	w.ExecuteAll(a, func(e *run.Execution) callback.Outcome { return modelstest.Results(10, e.Batch.Page < 3) })
	w.WantEnded(r.ID, run.Succeeded)
	_, err := w.Store.ChangeUsage(t.Context(), w.Acme.ID, run.Usage{OpenBatches: 100_000})
	modelstest.NoError(t, err)
	recount(1)
	if has := w.ReadUsage(); has != (run.Usage{}) {
		t.Errorf("nothing is open: %+v is held", has)
	}
	recount(0)
}
