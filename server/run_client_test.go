package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/ringback/ringback/models/modelstest"
)

var lastAction atomic.Int64

// newAction names an executor of the demo account, by what is laid over the defaults of these tests, and returns the
// name.
func (s *instance) newAction(t *testing.T, url string, changes ...anyMap) string {
	t.Helper()
	name := fmt.Sprintf("action-%d", lastAction.Add(1))
	input := anyMap{
		"accountId": demoAccountID, "name": name, "executorUrl": url, "executorHeaders": []header{executorHeader},
	}
	for _, c := range changes {
		maps.Copy(input, c)
	}
	ask[any](
		t, s, s.platform(), `mutation($input: CreateActionInput!) { createAction(input: $input) { action { id } } }`,
		anyMap{"input": input},
	)
	return name
}

// runRecord is what the API tells of a run.
type runRecord struct {
	ID, UID, Status                     string
	InputCount, BatchCount, OutputCount int
	Error                               *standardError
	Schedule                            *struct{ ID, Status string }
	Batches                             struct{ Nodes []batchRecord }
	Callbacks                           struct{ Nodes []apiCallback }
	Results                             struct{ Nodes []json.RawMessage }
}

type batchRecord struct {
	UID, Status                     string
	Page, ResultCount, AttemptCount int
	Error                           *standardError
	Attempts                        []batchAttempt
}

type batchAttempt struct {
	UID        string
	HTTPStatus *int
	ErrorCode  *string
	DurationMs *int
}

// standardError is an error as the API and the callbacks spell it; Ref and Params are left out.
type standardError struct {
	Message    string `json:"message"`
	Label      string `json:"label"`
	Scope      string `json:"scope"`
	StatusCode int    `json:"statusCode"`
}

const runFields = ` id uid status inputCount batchCount outputCount error { message label scope statusCode } schedule { id status }
	batches(first: 100) { nodes { uid status page resultCount attemptCount error { message label scope statusCode }
		attempts { uid httpStatus errorCode durationMs } } }
	callbacks(first: 20) { nodes {` + callbackFields + `} } results(first: 100) { nodes } `

// createdRun is what createRun answers.
type createdRun struct {
	Run             runRecord
	Status, Message string
}

const createRun = `mutation($input: CreateRunInput!) { createRun(input: $input) { status message run { id uid status schedule { id status } } } }`

// createRun asks for a run, by what is laid over a run of one input without anything.
func (s *instance) createRun(t *testing.T, project, action string, changes anyMap) createdRun {
	t.Helper()
	return ask[struct{ CreateRun createdRun }](
		t, s, s.user(), createRun, anyMap{"input": runInput(project, action, changes)},
	).CreateRun
}

func runInput(project, action string, changes anyMap) anyMap {
	input := anyMap{"projectId": project, "action": action, "inputs": []anyMap{{}}}
	maps.Copy(input, changes)
	return input
}

func (s *instance) run(t *testing.T, uid string) runRecord {
	t.Helper()
	return ask[struct{ GetRun runRecord }](
		t, s, s.user(), `query($uid: ID!) { getRun(uid: $uid) {`+runFields+`} }`, anyMap{"uid": uid},
	).GetRun
}

// awaitRun waits until a run has a status and each of its callbacks has ended.
func (s *instance) awaitRun(t *testing.T, uid, status string) runRecord {
	t.Helper()
	var r runRecord
	modelstest.Eventually(t, fmt.Sprintf("run %s is %s and has told so", uid, status), func() bool {
		r = s.run(t, uid)
		return r.Status == status &&
			!slices.ContainsFunc(
				r.Callbacks.Nodes, func(c apiCallback) bool { return c.Status == "PENDING" || c.Status == "RUNNING" },
			)
	})
	return r
}

// outcomes says of each batch what became of it.
func (r runRecord) outcomes() (out []string) {
	for _, b := range r.Batches.Nodes {
		out = append(out, b.Status)
	}
	return out
}

func (r runRecord) batch(t *testing.T, uid string) batchRecord {
	t.Helper()
	i := slices.IndexFunc(r.Batches.Nodes, func(b batchRecord) bool { return b.UID == uid })
	if i < 0 {
		t.Fatalf("the run has no batch %s: %+v", uid, r)
	}
	return r.Batches.Nodes[i]
}

// runBody is a run's callback as a receiver reads it.
type runBody struct {
	CallbackRefUID string `json:"callback_ref_uid"`
	Run            struct {
		RunUID   string  `json:"run_uid"`
		BatchUID *string `json:"batch_uid"`
		Status   string  `json:"status"`
	} `json:"run"`
	Input      json.RawMessage   `json:"input"`
	CustomData json.RawMessage   `json:"custom_data"`
	Error      *runError         `json:"error"`
	Results    []json.RawMessage `json:"results"`
}

// runError is an error in a run's callback.
type runError struct {
	Message    string         `json:"message"`
	Label      string         `json:"error_label"`
	Scope      string         `json:"error_scope"`
	StatusCode int            `json:"status_code"`
	Params     map[string]any `json:"params"`
	Ref        string         `json:"error_ref"`
}

// nextRunBody waits for the next callback of a run, and checks that all members are there and no others.
func (h *hostile) nextRunBody(t *testing.T, path string) (runBody, arrival) {
	t.Helper()
	got := h.next(t, path)
	var body runBody
	var members map[string]any
	for _, into := range []any{&body, &members} {
		if err := json.Unmarshal([]byte(got.body), into); err != nil {
			t.Fatalf("%v: %s", err, got.body)
		}
	}
	names := slices.Sorted(maps.Keys(members))
	if want := []string{
		"callback_ref_uid", "custom_data", "error", "input", "results", "run",
	}; !slices.Equal(names, want) {
		t.Errorf("the members are %v, want %v", names, want)
	}
	if ref := got.header.Get("X-Callback-Ref"); ref != body.CallbackRefUID {
		t.Errorf("X-Callback-Ref is %q, in %s", ref, got.body)
	}
	return body, got
}
