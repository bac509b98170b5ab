package models_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
)

const executorURL = "https://platform.example/actions/search"

// newAction makes an action of the world's account.
func (w *world) newAction() *models.Action {
	w.t.Helper()
	a, err := w.CreateAction(w.t.Context(), w.platform, w.account.ID, "search", models.ActionSettings{
		Executor: models.EndpointUpdate{URL: models.Given(new(executorURL))},
	})
	noError(w.t, err)
	return a
}

// newRun makes a run of one input.
func (w *world) newRun(change func(*models.NewRun)) *models.Run {
	w.t.Helper()
	in := models.NewRun{
		ProjectID: w.project.ID, Action: "search",
		Inputs: []models.NewRunInput{{Input: json.RawMessage(`{"q":"shoes"}`), CustomData: json.RawMessage(`{"b":1.50,"a":2}`)}},
	}
	if change != nil {
		change(&in)
	}
	run, err := w.CreateRun(w.t.Context(), w.editor, in)
	noError(w.t, err)
	return run
}

func (w *world) claimBatches(a *models.Action, limit int) []*models.Execution {
	w.t.Helper()
	claimed, err := w.ClaimBatches(w.t.Context(), a.ID, limit)
	noError(w.t, err)
	return claimed
}

func (w *world) recordBatch(e *models.Execution, o models.Outcome) {
	w.t.Helper()
	noError(w.t, w.RecordBatch(w.t.Context(), e, o))
}

func (w *world) run(id int64) *models.Run {
	w.t.Helper()
	r, err := w.Run(w.t.Context(), w.platform, id)
	noError(w.t, err)
	return r
}

// executed is an executor's answer.
func executed(status int, body string) models.Outcome {
	return models.Outcome{HTTPStatus: &status, ResponseBody: []byte(body), Duration: time.Millisecond}
}

func TestTenPagesMakeTenRunningCallbacksAndOneFinal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	run := w.newRun(func(in *models.NewRun) { in.MaxResults = new(100) })
	if run.Status != models.RunQueued || run.BatchCount != 10 {
		t.Fatalf("the run is %s with %d batches", run.Status, run.BatchCount)
	}
	for _, e := range w.claimBatches(a, 20) {
		w.recordBatch(e, executed(200, `{"results":[{"z":1,"a":1.0}],"has_more":true}`))
	}
	run = w.run(run.ID)
	if run.Status != models.RunSucceeded || run.OutputCount != 10 || run.OpenBatches != 0 {
		t.Errorf("the run is %s with %d results and %d open batches", run.Status, run.OutputCount, run.OpenBatches)
	}
	if got := len(w.callbacks(models.RunBatchFinishedEvent)); got != 10 {
		t.Errorf("%d callbacks of batches", got)
	}
	finals := w.callbacks(models.RunFinishedEvent)
	if len(finals) != 1 {
		t.Fatalf("%d final callbacks", len(finals))
	}
	t.Log(string(w.callbacks(models.RunBatchFinishedEvent)[0].Body), string(finals[0].Body))
}
