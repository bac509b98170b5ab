package run_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
)

// The ids of the golden files.
var (
	refUID     = uuid.MustParse("01990000-0000-7000-8000-000000000001")
	runUID     = uuid.MustParse("01990000-0000-7000-8000-000000000002")
	batchUID   = uuid.MustParse("01990000-0000-7000-8000-000000000003")
	attemptUID = uuid.MustParse("01990000-0000-7000-8000-000000000004")
)

// The spellings that a reader of JSON would lose: the order of keys, 1.50, a number beyond 64 bits, the characters
// that Go escapes, a key twice.
const (
	oddResults = `[{"name":"A & B <c>","employees":400,"ratio":1.50},{"z":1,"a":12345678901234567890}]`
)

func noResults() *models.StandardError {
	return &models.StandardError{
		Message: "No results", Label: models.LabelNoResult, Scope: models.ScopeExecutor, StatusCode: 424,
		Params: map[string]any{"http_status": 200}, Ref: attemptUID.String(),
	}
}

// ran is what a run's payloads tell of.
type ran struct {
	callback.Envelope
	Run            *run.Run
	Batch          *run.Batch
	RunInput       *run.Input
	BatchCallbacks int
}

func runBatch(r ran) ([]byte, error) {
	return run.BatchBody(r.Envelope, r.Run, r.Batch, r.RunInput)
}

func runFinished(r ran) ([]byte, error) {
	return run.FinishedBody(r.Envelope, r.Run, r.RunInput, r.BatchCallbacks)
}

func runResult(r ran) ([]byte, error) { return run.ResultBody(r.Run, r.Batch) }

// ranWell is a batch that has gone well.
func ranWell() ran {
	return ran{
		Envelope: callback.Envelope{Ref: refUID}, Run: &run.Run{UID: runUID, Status: run.Running, InputCount: 1},
		Batch: &run.Batch{
			UID: batchUID, Status: run.Succeeded, Results: json.RawMessage(oddResults),
			ResultCount: 2,
		},
		RunInput: &run.Input{
			Input:      json.RawMessage(modelstest.OddInput),
			CustomData: json.RawMessage(modelstest.OddCustom),
		},
	}
}

// plain is what has happened, without odd spellings.
func plain(r ran) ran {
	r.RunInput = &run.Input{
		Input:      json.RawMessage(`{"url":"https://www.example.com/"}`),
		CustomData: json.RawMessage(`{"order":4711}`),
	}
	if r.Batch != nil && r.Batch.Results != nil {
		r.Batch.Results = json.RawMessage(`[{"name":"Acme","employees":400}]`)
	}
	return r
}

func TestRunBodiesAreThePublishedOnes(t *testing.T) {
	t.Parallel()
	batch := func(status run.Status, failed *models.StandardError) ran {
		s := ranWell()
		s.Batch = &run.Batch{UID: batchUID, Status: status, Error: failed}
		return s
	}
	ended := func(status run.Status, failed *models.StandardError) ran {
		s := ranWell()
		s.Batch, s.Run.Status, s.Run.Error, s.Run.OutputCount, s.BatchCallbacks = nil, status, failed, 29, 3
		return s
	}
	refused := &models.StandardError{
		Message: `"q" must be <text> & more`, Label: models.LabelBadInput, Scope: models.ScopeExecutor, StatusCode: 422,
		Params: map[string]any{"http_status": 422}, Ref: attemptUID.String(),
	}
	noCustom := ranWell()
	noCustom.RunInput.CustomData = nil
	many := ended(run.PartialSucceeded, noResults())
	many.RunInput = nil
	tests := map[string]struct {
		body func(ran) ([]byte, error)
		ran  ran
	}{
		// what docs/receivers.md shows
		"example_batch.json":        {runBatch, plain(ranWell())},
		"example_batch_failed.json": {runBatch, plain(batch(run.Failed, noResults()))},
		"example_finished.json":     {runFinished, plain(ended(run.Succeeded, nil))},
		"example_result.json":       {runResult, plain(ranWell())},

		"run_batch_running.json":              {runBatch, ranWell()},
		"run_batch_no_custom_data.json":       {runBatch, noCustom},
		"run_batch_failed.json":               {runBatch, batch(run.Failed, noResults())},
		"run_batch_blocked.json":              {runBatch, batch(run.Blocked, refused)},
		"run_finished_succeeded.json":         {runFinished, ended(run.Succeeded, nil)},
		"run_finished_failed.json":            {runFinished, ended(run.Failed, noResults())},
		"run_finished_blocked.json":           {runFinished, ended(run.Blocked, refused)},
		"run_finished_partial_of_inputs.json": {runFinished, many},
		"run_result.json":                     {runResult, ranWell()},
		"run_result_error.json":               {runResult, batch(run.Failed, noResults())},
		"run_result_stopped.json":             {runResult, ended(run.Stopped, noResults())},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := test.body(test.ran)
			modelstest.NoError(t, err)
			modelstest.Golden(t, name, got)
		})
	}
}

// The golden file could be rewritten by mistake; these are the fields and places of the published text.
func TestRunBodyReadsAsTheSeedSays(t *testing.T) {
	t.Parallel()
	body, err := runBatch(ranWell())
	modelstest.NoError(t, err)
	want := `{"callback_ref_uid":"` + refUID.String() + `","run":{"run_uid":"` + runUID.String() + `","batch_uid":"` +
		batchUID.String() +
		`","status":"RUNNING"},"input":` + modelstest.OddInput + `,"custom_data":` + modelstest.OddCustom +
		`,"error":null,"results":` + oddResults + `}`
	if string(body) != want {
		t.Errorf("got  %s\nwant %s", body, want)
	}
}

func TestExecutorCallsAreThePublishedOnes(t *testing.T) {
	t.Parallel()
	for name, maxResults := range map[string]*int{
		"executor_call.json":             new(100),
		"executor_call_all_results.json": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := &run.Execution{
				Action: &run.Action{Name: "search"}, Run: &run.Run{UID: runUID, MaxResults: maxResults, PageSize: 10},
				Batch: &run.Batch{UID: batchUID, Page: 3},
				Input: &run.Input{
					Input:      json.RawMessage(modelstest.OddInput),
					CustomData: json.RawMessage(modelstest.OddCustom),
				},
			}
			got, err := e.Body()
			modelstest.NoError(t, err)
			modelstest.Golden(t, name, got)
		})
	}
}

func TestInputAndCustomDataComeBackAsTheyWereGiven(t *testing.T) {
	t.Parallel()
	customs := map[string]string{
		"odd": modelstest.OddCustom, "a number": "1.50", "a text": `"<b>&amp;</b>"`, "null": "null",
		"a list": `[3,{"b":1,"a":[]}]`, "absent": "",
	}
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	for name, custom := range customs {
		r := w.NewRun(func(in *run.NewRun) {
			in.Inputs[0] = run.NewInput{Input: json.RawMessage(modelstest.OddInput)}
			if custom != "" {
				in.Inputs[0].CustomData = json.RawMessage(custom)
			}
		})
		e := w.MustClaimBatches(a, 1)[0]
		body, err := e.Body()
		modelstest.NoError(t, err)
		if !bytes.Contains(body, []byte(`"input":`+modelstest.OddInput+`,`)) || bytes.Contains(body, []byte("custom")) {
			t.Errorf("%s: the executor gets %s", name, body)
		}
		w.MustRecordBatch(e, modelstest.Executed(200, `{"results":`+oddResults+`}`))
		want := `"input":` + modelstest.OddInput + `,"custom_data":` + custom
		if custom == "" {
			want += "null"
		}
		for event, rest := range map[callback.EventName]string{
			callback.RunBatchFinishedEvent: `,"error":null,"results":` + oddResults + `}`,
			callback.RunFinishedEvent:      `,"error":null,"results":null}`,
		} {
			if got := string(w.CallbacksOfRun(r.ID, event)[0].Body); !strings.HasSuffix(got, want+rest) {
				t.Errorf("%s: got %s, want …%s", name, got, want+rest)
			}
		}
	}
}

func TestEachInputHasItsOwnCustomDataAndTheFinalOfManyHasNone(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	r := w.NewRun(modelstest.Inputs(3), modelstest.Pages(2), func(in *run.NewRun) {
		for i := range in.Inputs {
			n := string(rune('1' + i))
			in.Inputs[i] = run.NewInput{
				Input:      json.RawMessage(`{"n":` + n + `}`),
				CustomData: json.RawMessage(`"tag ` + n + `"`),
			}
		}
		in.Inputs[2].CustomData = nil
	})
	w.ExecuteAll(a, func(*run.Execution) callback.Outcome { return modelstest.Results(10, true) })
	w.WantEnded(r.ID, run.Succeeded)
	seen := map[string]int{}
	for _, c := range w.CallbacksOfRun(r.ID, callback.RunBatchFinishedEvent) {
		b := modelstest.ReadRunBody(t, c)
		seen[string(b.Input)+string(b.CustomData)]++
	}
	for _, want := range []string{`{"n":1}"tag 1"`, `{"n":2}"tag 2"`, `{"n":3}null`} {
		if seen[want] != 2 || len(seen) != 3 {
			t.Errorf("told: %v", seen)
		}
	}
	if b := modelstest.ReadRunBody(t, w.CallbacksOfRun(r.ID,
		callback.RunFinishedEvent)[0]); string(b.Input) != "null" || string(b.CustomData) != "null" {
		t.Errorf("the final has %s and %s", b.Input, b.CustomData)
	}
}

func FuzzCustomDataIsTakenOverByteForByteOrRefused(f *testing.F) {
	for _, text := range []string{
		modelstest.OddInput, modelstest.OddCustom, "1.50", `"\ud800"`, "\"\u2028<\"", "{}",
		"[[]]", "-0.0e-0", "\"\xff\"", "tru",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s := ranWell()
		s.RunInput.CustomData = text
		body, err := runBatch(s)
		if err != nil || len(text) == 0 {
			if json.Valid(text) {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		// Only blanks between the values may go.
		var compact bytes.Buffer
		modelstest.NoError(t, json.Compact(&compact, text))
		if !bytes.Contains(body, []byte(`,"custom_data":`+compact.String()+`,"error":`)) {
			t.Errorf("%q became %q", text, body)
		}
	})
}
