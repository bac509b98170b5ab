package models_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
)

const (
	executorURL = "https://platform.example/actions/search"
	runURL      = "https://caller.example/hook" // of a request itself
)

// shoes and customData are what runs have for input unless they are changed.
var (
	shoes      = json.RawMessage(`{"q":"shoes"}`)
	customData = json.RawMessage(`{"b":1.50,"a":2}`)
)

// newAction makes the action that runs are of.
func (w *world) newAction() *models.Action {
	w.t.Helper()
	a, err := w.CreateAction(w.t.Context(), w.platform, w.account.ID, "search", models.ActionSettings{
		Executor: models.EndpointUpdate{URL: models.Given(new(executorURL))},
	})
	noError(w.t, err)
	return a
}

// aRun is the input of a run of one input.
func (w *world) aRun() models.NewRun {
	return models.NewRun{
		ProjectID: w.project.ID, Action: "search", Inputs: []models.NewRunInput{{Input: shoes, CustomData: customData}},
	}
}

// newRun makes a run of one input, unless it is changed, and forgets its wake-ups.
func (w *world) newRun(changes ...func(*models.NewRun)) *models.Run {
	w.t.Helper()
	in := w.aRun()
	for _, change := range changes {
		change(&in)
	}
	run, err := w.CreateRun(w.t.Context(), w.editor, in)
	noError(w.t, err)
	w.queue.take()
	return run
}

// pages makes a run ask for so many pages of ten at once.
func pages(n int) func(*models.NewRun) {
	return func(in *models.NewRun) { in.MaxResults = new(n * models.DefaultPageSizeOfAction) }
}

// inputs makes a run of so many inputs.
func inputs(n int) func(*models.NewRun) {
	return func(in *models.NewRun) { in.Inputs = slices.Repeat(in.Inputs[:1], n) }
}

// calling gives a run a callback of its own.
func calling(url string, on models.CallbackOn) func(*models.NewRun) {
	return func(in *models.NewRun) { in.Callback = &models.NewRunCallback{URL: url, On: on} }
}

// run reads a run as it is in the database.
func (w *world) run(id int64) *models.Run {
	w.t.Helper()
	r, err := w.Run(w.t.Context(), w.platform, id)
	noError(w.t, err)
	return r
}

// withResults adds what lists leave out.
func (w *world) withResults(b *models.Batch) *models.Batch {
	w.t.Helper()
	if text := w.text(models.ResultsText, b.ID); text != "" {
		b.Results = json.RawMessage(text)
	}
	return b
}

// batches returns all batches of a run, in the order of creation.
func (w *world) batches(runID int64) (all []*models.Batch) {
	w.t.Helper()
	for page := (models.Page{First: models.MaxPageSize}); ; {
		found, err := w.BatchPages(w.t.Context(), w.platform, []int64{runID}, page)
		noError(w.t, err)
		for _, b := range found[runID].Nodes {
			all = append(all, w.withResults(b))
		}
		if !found[runID].HasNext {
			return all
		}
		page.After = new(all[len(all)-1].ListCursor())
	}
}

func (w *world) batch(id int64) *models.Batch {
	w.t.Helper()
	found, err := w.Batches(w.t.Context(), w.platform, id)
	noError(w.t, err)
	return w.withResults(found[0])
}

// batchAttempts returns the calls of the executor for a batch, oldest first.
func (w *world) batchAttempts(id int64) []*models.BatchAttempt {
	w.t.Helper()
	found, err := w.BatchAttempts(w.t.Context(), w.platform, id)
	noError(w.t, err)
	return found
}

// told returns what a run has told: the callbacks of an event, in the order of creation.
func (w *world) told(runID int64, event models.EventName) (all []*models.Callback) {
	w.t.Helper()
	for page := (models.Page{First: models.MaxPageSize}); ; {
		found, err := w.CallbackPages(w.t.Context(), w.platform, models.OwnerRun, []int64{runID},
			models.CallbackFilter{Event: []models.EventName{event}}, page)
		noError(w.t, err)
		for _, c := range found[runID].Nodes {
			c.Body = []byte(w.text(models.PayloadText, c.ID))
			all = append(all, c)
		}
		if !found[runID].HasNext {
			slices.SortFunc(all, func(a, b *models.Callback) int { return int(a.ID - b.ID) })
			return all
		}
		page.After = new(all[len(all)-1].ListCursor())
	}
}

// runBody is a run's callback as its receiver reads it.
type runBody struct {
	CallbackRefUID string `json:"callback_ref_uid"`
	Run            struct {
		RunUID   string           `json:"run_uid"`
		BatchUID *string          `json:"batch_uid"`
		Status   models.RunStatus `json:"status"`
		// Of the final callback.
		CallbackCount *int `json:"callback_count"`
		OutputCount   *int `json:"output_count"`
	} `json:"run"`
	Input      json.RawMessage       `json:"input"`
	CustomData json.RawMessage       `json:"custom_data"`
	Error      *models.StandardError `json:"error"`
	Results    json.RawMessage       `json:"results"`
}

func readRunBody(t testing.TB, c *models.Callback) runBody {
	t.Helper()
	var b runBody
	decoder := json.NewDecoder(bytes.NewReader(c.Body))
	decoder.DisallowUnknownFields()
	noError(t, decoder.Decode(&b))
	return b
}

// claimBatches takes batches that are due.
func (w *world) claimBatches(a *models.Action, limit int) []*models.Execution {
	w.t.Helper()
	claimed, _, _, err := w.ClaimBatches(w.t.Context(), of(a.Lane(), limit))
	noError(w.t, err)
	// A claim has no order of its own.
	slices.SortFunc(claimed, func(a, b *models.Execution) int { return int(a.Batch.ID - b.Batch.ID) })
	return claimed
}

func (w *world) recordBatch(e *models.Execution, o models.Outcome) {
	w.t.Helper()
	noError(w.t, w.RecordBatch(w.t.Context(), e, o))
}

// execute sees all batches through that are due, and those that follow them, with an answer for each.
func (w *world) execute(a *models.Action, answer func(*models.Execution) models.Outcome) {
	w.t.Helper()
	for {
		claimed := w.claimBatches(a, 100)
		if len(claimed) == 0 {
			return
		}
		for _, e := range claimed {
			w.recordBatch(e, answer(e))
		}
	}
}

// executed is an executor's answer.
func executed(status int, body string) models.Outcome {
	return models.Outcome{HTTPStatus: &status, ResponseBody: []byte(body), Duration: time.Millisecond}
}

// found is the answer of an executor that has n results and, perhaps, more.
func found(n int, more bool) models.Outcome {
	results := slices.Repeat([]json.RawMessage{[]byte(`{"name":"shoe"}`)}, n)
	body, _ := json.Marshal(map[string]any{"results": results, "has_more": more}) // it cannot fail
	return executed(200, string(body))
}

// nothing is the answer of an executor behind its last page.
func nothing() models.Outcome { return executed(200, `{"results":[],"has_more":false}`) }

// wantEnded checks that a run has come to an end with everything that belongs to it, once, and returns it.
func (w *world) wantEnded(id int64, status models.RunStatus) *models.Run {
	w.t.Helper()
	run, batches := w.run(id), w.batches(id)
	if run.Status != status || run.FinishedAt == nil || run.OpenBatches != 0 || run.BatchCount != len(batches) {
		w.t.Errorf("want %s with %d batches, the run is %+v", status, len(batches), run)
	}
	results := 0
	for _, b := range batches {
		results += b.ResultCount
		if !b.Status.Ended() || b.FinishedAt == nil || b.NextAttemptAt != nil || b.LeaseUntil != nil {
			w.t.Errorf("batch %d of an ended run is %s: %+v", b.ID, b.Status, b)
		}
	}
	if run.OutputCount != results {
		w.t.Errorf("the run counts %d results, its batches have %d", run.OutputCount, results)
	}
	w.wantOneFinal(run)
	return run
}

// wantOneFinal checks that one callback tells that a run has ended, and that it was created last.
func (w *world) wantOneFinal(run *models.Run) {
	w.t.Helper()
	if run.CallbackOn == models.CallbackOnResult {
		return
	}
	finals := w.told(run.ID, models.RunFinishedEvent)
	if len(finals) != 1 {
		w.t.Fatalf("%d final callbacks", len(finals))
	}
	if b := readRunBody(w.t, finals[0]); b.Run.Status != run.Status || b.Run.RunUID != run.UID.String() || b.Run.BatchUID != nil {
		w.t.Errorf("the run is %s, the final callback says %s", run.Status, finals[0].Body)
	}
	told := w.told(run.ID, models.RunBatchFinishedEvent)
	if b := readRunBody(w.t, finals[0]); b.Run.CallbackCount == nil || *b.Run.CallbackCount != len(told) || *b.Run.OutputCount != run.OutputCount {
		w.t.Errorf("of %d callbacks and %d results the final one says %s", len(told), run.OutputCount, finals[0].Body)
	}
	for _, c := range told {
		if c.ID > finals[0].ID {
			w.t.Errorf("callback %d of a batch was created after the final one, %d", c.ID, finals[0].ID)
		}
	}
}
