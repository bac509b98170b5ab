package modelstest

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/run"
)

// ExecutorSettings is the settings of an action with a URL.
func ExecutorSettings(url string) run.ActionSettings {
	return run.ActionSettings{Executor: models.EndpointUpdate{URL: models.Given(&url)}}
}

// Unanswered is a call that no answer came to.
func Unanswered(code callback.AttemptErrorCode) callback.Outcome {
	return callback.Outcome{Error: &callback.AttemptError{Code: code, Message: "no answer"}, Duration: time.Millisecond}
}

// OddInput and OddCustom must come back byte by byte.
const (
	OddInput = `{"url":"https://www.example.com/?a=1&b=<2>","n":12345678901234567890,` +
		`"z":{"y":[1.50,1e3,-0],"a":null},"é":"\u00e9\u2028"}`
	OddCustom = `{"z":1,"a":{"c":[{"d":1.50}],"b":"<&>"},"z":2}`
)

// ReadUsage is what the runs of the account hold.
func (w *World) ReadUsage() run.Usage {
	w.T.Helper()
	has, err := w.Store.ChangeUsage(w.T.Context(), w.Acme.ID, run.Usage{})
	NoError(w.T, err)
	return has
}

// DeliveredTo makes an attempt, which must go to a URL; false when the callback was only moved to another host.
func (w *World) DeliveredTo(id int64, url string) bool {
	w.T.Helper()
	c := w.ReadCallback(id)
	if !w.Due(c) {
		w.T.Fatalf("callback %d is not due", id)
	}
	d := DeliveryOf(w.ClaimLane(c.Lane, 100), id)
	if d == nil {
		return false
	}
	if d.Target.URL != url {
		w.T.Errorf("sent to %s, want %s", d.Target.URL, url)
	}
	w.MustSettle(d, Answered(299)) // any 2xx will do
	return true
}

// CopyOfExecution is what another goroutine, or the same after a commit that it has not heard of, has in hand.
func CopyOfExecution(e *run.Execution) *run.Execution {
	c := *e
	c.Batch, c.Attempt = new(*e.Batch), new(*e.Attempt)
	return &c
}

// MustStop stops a run.
func (w *World) MustStop(r *run.Run) *run.Run {
	w.T.Helper()
	stopped, err := w.StopRun(w.T.Context(), w.Editor, r.ID)
	NoError(w.T, err)
	return stopped
}

// Where runs go.
const (
	ExecutorURL = "https://platform.example/actions/search"
	RunURL      = "https://caller.example/hook" // of a request itself
)

// Shoes and CustomData are what runs have for input unless they are changed.
var (
	Shoes      = json.RawMessage(`{"q":"shoes"}`)
	CustomData = json.RawMessage(`{"b":1.50,"a":2}`)
)

// NewAction makes the action that runs are of.
func (w *World) NewAction() *run.Action {
	w.T.Helper()
	a, err := w.CreateAction(w.T.Context(), w.Platform, w.Acme.ID, "search", run.ActionSettings{
		Executor: models.EndpointUpdate{URL: models.Given(new(ExecutorURL))},
	})
	NoError(w.T, err)
	return a
}

// RunInput is the input of a run of one input.
func (w *World) RunInput() run.NewRun {
	return run.NewRun{
		ProjectID: w.Shop.ID, Action: "search", Inputs: []run.NewInput{{Input: Shoes, CustomData: CustomData}},
	}
}

// NewRun makes a run of one input, unless it is changed, and forgets its wake-ups.
func (w *World) NewRun(changes ...func(*run.NewRun)) *run.Run {
	w.T.Helper()
	in := w.RunInput()
	for _, change := range changes {
		change(&in)
	}
	r, err := w.CreateRun(w.T.Context(), w.Editor, in)
	NoError(w.T, err)
	w.Queue.Take()
	return r
}

// Pages makes a run ask for so many pages of ten at once.
func Pages(n int) func(*run.NewRun) {
	return func(in *run.NewRun) { in.MaxResults = new(n * run.DefaultPageSize) }
}

// Inputs makes a run of so many inputs.
func Inputs(n int) func(*run.NewRun) {
	return func(in *run.NewRun) { in.Inputs = slices.Repeat(in.Inputs[:1], n) }
}

// Calling gives a run a callback of its own.
func Calling(url string, on run.CallbackOn) func(*run.NewRun) {
	return func(in *run.NewRun) { in.Callback = &run.NewCallback{URL: url, On: on} }
}

// ReadRun reads a run as it is in the database.
func (w *World) ReadRun(id int64) *run.Run {
	w.T.Helper()
	r, err := w.Run(w.T.Context(), w.Platform.Scope(models.RoleViewer), id)
	NoError(w.T, err)
	return r
}

// WithResults adds what lists leave out.
func (w *World) WithResults(b *run.Batch) *run.Batch {
	w.T.Helper()
	if text := w.ReadText(models.ResultsText, b.ID); text != "" {
		b.Results = json.RawMessage(text)
	}
	return b
}

// BatchesOf returns all batches of a run, in the order of creation.
func (w *World) BatchesOf(runID int64) (all []*run.Batch) {
	w.T.Helper()
	for page := (models.Page{First: models.MaxPageSize}); ; {
		found, err := w.BatchPages(w.T.Context(), w.Platform.Scope(models.RoleViewer), []int64{runID}, page)
		NoError(w.T, err)
		for _, b := range found[runID].Nodes {
			all = append(all, w.WithResults(b))
		}
		if !found[runID].HasNext {
			return all
		}
		page.After = new(all[len(all)-1].ListCursor())
	}
}

// ReadBatch reads a batch as it is in the database.
func (w *World) ReadBatch(id int64) *run.Batch {
	w.T.Helper()
	found, err := w.Batches(w.T.Context(), w.Platform.Scope(models.RoleViewer), id)
	NoError(w.T, err)
	return w.WithResults(found[0])
}

// AttemptsOfBatch returns the calls of the executor for a batch, oldest first.
func (w *World) AttemptsOfBatch(id int64) []*run.BatchAttempt {
	w.T.Helper()
	found, err := w.BatchAttempts(w.T.Context(), w.Platform.Scope(models.RoleViewer), id)
	NoError(w.T, err)
	return found
}

// CallbacksOfRun returns what a run has told: the callbacks of an event, in the order of creation.
func (w *World) CallbacksOfRun(runID int64, event callback.EventName) (all []*callback.Callback) {
	w.T.Helper()
	for page := (models.Page{First: models.MaxPageSize}); ; {
		found, err := w.CallbackPages(w.T.Context(), w.Platform.Scope(models.RoleViewer), run.Owner, []int64{runID},
			callback.Filter{Event: []callback.EventName{event}}, page)
		NoError(w.T, err)
		for _, c := range found[runID].Nodes {
			c.Body = []byte(w.ReadText(models.PayloadText, c.ID))
			all = append(all, c)
		}
		if !found[runID].HasNext {
			slices.SortFunc(all, func(a, b *callback.Callback) int { return int(a.ID - b.ID) })
			return all
		}
		page.After = new(all[len(all)-1].ListCursor())
	}
}

// RunBody is a run's callback as its receiver reads it.
type RunBody struct {
	CallbackRefUID string `json:"callback_ref_uid"`
	Run            struct {
		RunUID   string     `json:"run_uid"`
		BatchUID *string    `json:"batch_uid"`
		Status   run.Status `json:"status"`
		// Of the final callback.
		CallbackCount *int `json:"callback_count"`
		OutputCount   *int `json:"output_count"`
	} `json:"run"`
	Input      json.RawMessage       `json:"input"`
	CustomData json.RawMessage       `json:"custom_data"`
	Error      *models.StandardError `json:"error"`
	Results    json.RawMessage       `json:"results"`
}

// ReadRunBody reads the body of a run's callback.
func ReadRunBody(t testing.TB, c *callback.Callback) RunBody {
	t.Helper()
	var b RunBody
	decoder := json.NewDecoder(bytes.NewReader(c.Body))
	decoder.DisallowUnknownFields()
	NoError(t, decoder.Decode(&b))
	return b
}

// MustClaimBatches takes batches that are due.
func (w *World) MustClaimBatches(a *run.Action, limit int) []*run.Execution {
	w.T.Helper()
	claimed, _, _, err := w.Executions.Claim(w.T.Context(), Limit(a.Lane(), limit))
	NoError(w.T, err)
	// A claim has no order of its own.
	slices.SortFunc(claimed, func(a, b *run.Execution) int { return int(a.Batch.ID - b.Batch.ID) })
	return claimed
}

// MustRecordBatch records what came of an execution.
func (w *World) MustRecordBatch(e *run.Execution, o callback.Outcome) {
	w.T.Helper()
	NoError(w.T, w.Executions.Record(w.T.Context(), e, o))
}

// ExecuteAll sees all batches through that are due, and those that follow them, with an answer for each.
func (w *World) ExecuteAll(a *run.Action, answer func(*run.Execution) callback.Outcome) {
	w.T.Helper()
	for {
		claimed := w.MustClaimBatches(a, 100)
		if len(claimed) == 0 {
			return
		}
		for _, e := range claimed {
			w.MustRecordBatch(e, answer(e))
		}
	}
}

// Executed is an executor's answer.
func Executed(status int, body string) callback.Outcome {
	return callback.Outcome{HTTPStatus: &status, ResponseBody: []byte(body), Duration: time.Millisecond}
}

// Results is the answer of an executor that has n results and, perhaps, more.
func Results(n int, more bool) callback.Outcome {
	results := slices.Repeat([]json.RawMessage{[]byte(`{"name":"shoe"}`)}, n)
	body, _ := json.Marshal(map[string]any{"results": results, "has_more": more}) // it cannot fail
	return Executed(200, string(body))
}

// NoResults is the answer of an executor behind its last page.
func NoResults() callback.Outcome { return Executed(200, `{"results":[],"has_more":false}`) }

// WantEnded checks that a run has come to an end with everything that belongs to it, once, and returns it.
func (w *World) WantEnded(id int64, status run.Status) *run.Run {
	w.T.Helper()
	r, batches := w.ReadRun(id), w.BatchesOf(id)
	if r.Status != status || r.FinishedAt == nil || r.OpenBatches != 0 || r.BatchCount != len(batches) {
		w.T.Errorf("want %s with %d batches, the run is %+v", status, len(batches), r)
	}
	results := 0
	for _, b := range batches {
		results += b.ResultCount
		if !b.Status.Ended() || b.FinishedAt == nil || b.NextAttemptAt != nil || b.LeaseUntil != nil {
			w.T.Errorf("batch %d of an ended run is %s: %+v", b.ID, b.Status, b)
		}
	}
	if r.OutputCount != results {
		w.T.Errorf("the run counts %d results, its batches have %d", r.OutputCount, results)
	}
	w.WantOneFinal(r)
	return r
}

// WantOneFinal checks that one callback tells that a run has ended, and that it was created last.
func (w *World) WantOneFinal(r *run.Run) {
	w.T.Helper()
	if r.CallbackOn == run.CallbackOnResult {
		return
	}
	finals := w.CallbacksOfRun(r.ID, callback.RunFinishedEvent)
	if len(finals) != 1 {
		w.T.Fatalf("%d final callbacks", len(finals))
	}
	b := ReadRunBody(w.T, finals[0])
	if b.Run.Status != r.Status || b.Run.RunUID != r.UID.String() || b.Run.BatchUID != nil {
		w.T.Errorf("the run is %s, the final callback says %s", r.Status, finals[0].Body)
	}
	told := w.CallbacksOfRun(r.ID, callback.RunBatchFinishedEvent)
	if b.Run.CallbackCount == nil || *b.Run.CallbackCount != len(told) || *b.Run.OutputCount != r.OutputCount {
		w.T.Errorf("of %d callbacks and %d results the final one says %s", len(told), r.OutputCount, finals[0].Body)
	}
	for _, c := range told {
		if c.ID > finals[0].ID {
			w.T.Errorf("callback %d of a batch was created after the final one, %d", c.ID, finals[0].ID)
		}
	}
}

// NewScheduled makes a run that waits for a schedule of the world's action.
func (w *World) NewScheduled(schedule run.NewSchedule) (*run.Schedule, *run.Run) {
	w.T.Helper()
	r := w.NewRun(func(in *run.NewRun) { in.Schedule = &schedule })
	return w.ReadSchedule(*r.ScheduleID), r
}

// Hourly makes a schedule.
func (w *World) Hourly() *run.Schedule {
	w.T.Helper()
	schedule, _ := w.NewScheduled(run.NewSchedule{Cron: new("0 * * * *")})
	return schedule
}

// ReadSchedule reads a schedule as it is in the database.
func (w *World) ReadSchedule(id int64) *run.Schedule {
	w.T.Helper()
	schedule, err := w.Schedule(w.T.Context(), w.Viewer.Scope(models.RoleViewer), id)
	NoError(w.T, err)
	return schedule
}

// RunsOf returns the runs of a schedule, oldest first.
func (w *World) RunsOf(schedule *run.Schedule) []*run.Run {
	w.T.Helper()
	page := models.Page{First: models.MaxPageSize}
	scope := w.Viewer.Scope(models.RoleViewer)
	pages, err := w.RunPages(w.T.Context(), scope, run.OfSchedule, []int64{schedule.ID}, run.Filter{}, page)
	NoError(w.T, err)
	found := pages[schedule.ID].Nodes
	slices.Reverse(found)
	return found
}

// MustFire fires what is due, and returns how many runs that made.
func (w *World) MustFire() int {
	w.T.Helper()
	fired, err := w.Firings.Fire(w.T.Context())
	NoError(w.T, err)
	return fired
}

// WantRuns ends a test that cannot go on with other runs.
func WantRuns(t testing.TB, runs []*run.Run, want ...run.Status) {
	t.Helper()
	got := make([]run.Status, len(runs))
	for i, r := range runs {
		got[i] = r.Status
	}
	if !slices.Equal(got, want) {
		t.Fatalf("the runs are %s, want %s", got, want)
	}
}
