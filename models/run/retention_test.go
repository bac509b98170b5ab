package run_test

import (
	"maps"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
)

// purge returns how many callbacks and runs went.
func purge(w *modelstest.World) int {
	w.T.Helper()
	gone := w.MustPurge(callback.Retention{Rows: modelstest.Retention})
	return gone["callbacks"] + gone["runs"]
}

// left counts what is left of a run: the run itself, its inputs, its batches and their attempts.
func left(w *modelstest.World, runID int64, batches []*run.Batch) int {
	w.T.Helper()
	ids, inputIDs := make([]int64, len(batches)), make([]int64, len(batches))
	for i, b := range batches {
		ids[i], inputIDs[i] = b.ID, b.InputID
	}
	runs, err := w.Runs(w.T.Context(), w.Platform.Scope(models.RoleViewer), runID)
	modelstest.NoError(w.T, err)
	found, err := w.Batches(w.T.Context(), w.Platform.Scope(models.RoleViewer), ids...)
	modelstest.NoError(w.T, err)
	attempts, err := w.BatchAttempts(w.T.Context(), w.Platform.Scope(models.RoleViewer), ids...)
	modelstest.NoError(w.T, err)
	inputs, err := w.Store.RunInputs(w.T.Context(), inputIDs...)
	modelstest.NoError(w.T, err)
	return len(runs) + len(found) + len(attempts) + len(inputs)
}

// batchTexts are the long texts of a batch.
func batchTexts(w *modelstest.World, b *run.Batch) [3]string {
	w.T.Helper()
	return [3]string{
		w.ReadText(models.ResultsText, b.ID), w.ReadText(models.RunInputText, b.InputID),
		w.ReadText(models.CustomDataText, b.InputID),
	}
}

func TestInputsAndResultsGoBeforeTheirRunsAndSaySo(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.SetTarget(w.Shop, nil) // no callbacks
	a := w.NewAction()
	scheduled := w.NewRun(func(in *run.NewRun) { in.Schedule = &run.NewSchedule{Cron: new("0 0 * * *")} })
	ended := w.NewRun(modelstest.Inputs(150), modelstest.Pages(1))
	w.ExecuteAll(a, func(*run.Execution) callback.Outcome { return modelstest.Results(2, false) })
	batches := w.BatchesOf(ended.ID)
	if texts := batchTexts(w, batches[0]); texts[0] == "" || texts[1] == "" || texts[2] == "" {
		t.Fatalf("got %q", texts)
	}
	open := w.NewRun(modelstest.Pages(2))
	w.MustRecordBatch(w.MustClaimBatches(a, 1)[0], modelstest.Results(2, false))
	w.Clock.Advance(modelstest.PayloadsFirst.Payloads + time.Microsecond)
	if gone := w.MustPurge(modelstest.PayloadsFirst); !maps.Equal(gone, callback.Purged{"payloads": 1}) {
		t.Errorf("%+v went", gone)
	}
	for _, b := range w.BatchesOf(ended.ID) {
		if texts := batchTexts(w, b); texts != [3]string{} || b.ResultCount != 2 {
			t.Fatalf("%+v has %q", b, texts)
		}
	}
	if r := w.ReadRun(ended.ID); r.PayloadPurgedAt == nil || !r.PayloadPurgedAt.Equal(w.Clock.Now()) ||
		r.OutputCount != 300 {
		t.Errorf("got %+v", r)
	}
	page, err := w.ResultPages(t.Context(), w.Viewer.Scope(models.RoleViewer), []int64{ended.ID, open.ID},
		models.Page{First: 10})
	modelstest.NoError(t, err)
	if len(page[ended.ID].Nodes) != 0 || page[ended.ID].HasNext || len(page[open.ID].Nodes) != 2 {
		t.Errorf("got %+v and %+v", page[ended.ID], page[open.ID])
	}
	if r := w.ReadRun(scheduled.ID); r.PayloadPurgedAt != nil {
		t.Errorf("got %+v, which waits for its schedule", r)
	}
	if gone := w.MustPurge(modelstest.PayloadsFirst); !maps.Equal(gone, callback.Purged{}) {
		t.Errorf("%+v went again", gone)
	}
}

func TestPurgeTakesRunsThatEndedBeforeTheRetentionWithAllThatIsTheirs(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.SetTarget(w.Shop, nil) // no callbacks
	a := w.NewAction()
	ran := func() (*run.Run, []*run.Batch) {
		r := w.NewRun(modelstest.Inputs(2))
		w.ExecuteAll(a, func(*run.Execution) callback.Outcome { return modelstest.Results(1, false) })
		return r, w.BatchesOf(r.ID)
	}
	old, oldBatches := ran()
	stopped := w.MustStop(w.NewRun())
	w.Clock.Advance(time.Microsecond)
	younger, youngerBatches := ran()
	atWork := w.NewRun()
	w.MustClaimBatches(a, 1)
	waiting := w.NewRun()
	scheduled := w.NewRun(func(in *run.NewRun) {
		in.Schedule = &run.NewSchedule{At: new(modelstest.Start.Add(1000 * modelstest.Retention))}
	})
	w.Clock.Advance(modelstest.Retention - time.Microsecond)
	if gone := purge(w); gone != 0 {
		t.Fatalf("%d went as old as the retention", gone)
	}
	w.Clock.Advance(time.Microsecond)
	if gone := purge(w); gone != 2 || left(w, old.ID, oldBatches) != 0 || left(w, stopped.ID, nil) != 0 ||
		left(w, younger.ID, youngerBatches) != 7 {
		t.Errorf("%d went; %d, %d and %d are left", gone, left(w, old.ID, oldBatches), left(w, stopped.ID, nil),
			left(w, younger.ID, youngerBatches))
	}
	w.Clock.Advance(500 * modelstest.Retention)
	if gone := purge(w); gone != 1 {
		t.Errorf("%d went", gone)
	}
	for _, r := range []*run.Run{atWork, waiting, scheduled} {
		if w.ReadRun(r.ID).FinishedAt != nil {
			t.Errorf("got %+v", r)
		}
	}
}

func TestPurgeTakesARunOnlyWhenItsCallbacksAreGone(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	r := w.NewRun()
	w.ExecuteAll(a, func(*run.Execution) callback.Outcome { return modelstest.Results(1, false) })
	batches := w.BatchesOf(r.ID)
	told, final := w.CallbacksOfRun(r.ID, callback.RunBatchFinishedEvent)[0],
		w.CallbacksOfRun(r.ID, callback.RunFinishedEvent)[0]
	for _, d := range w.ClaimLane(w.Lane(modelstest.ProjectHost), 2) {
		if d.Callback.ID == told.ID {
			w.MustSettle(d, modelstest.Answered(200))
		}
	}
	w.Clock.Advance(2 * modelstest.Retention)
	if gone := purge(w); gone != 1 || left(w, r.ID, batches) != 4 {
		t.Fatalf("%d went while the final callback has not ended", gone)
	}
	if _, err := w.Callback(
		t.Context(), w.Platform.Scope(models.RoleViewer), told.ID,
	); models.ErrorCode(err) != models.CodeNotFound {
		t.Errorf("the batch's callback has ended: got %v", err)
	}
	w.MustSweep()
	w.Deliver(final.ID, modelstest.Answered(200))
	w.Clock.Advance(2 * modelstest.Retention)
	if gone := purge(w); gone != 2 || left(w, r.ID, batches) != 0 {
		t.Errorf("%d went; %d are left", gone, left(w, r.ID, batches))
	}
}
