package graph_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
)

func TestGetRunTakesAnIDOrAUID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who := w.viewer()
	byID := w.ok(who, `{ getRun(id: 1) { id uid action } }`, nil)
	uid := byID.text("getRun.uid")
	byUID := w.ok(who, `{ getRun(uid: "`+strings.ToUpper(uid)+`") { id uid action } }`, nil)
	w.same("the run", byID.Data, byUID.Data)
	w.do(who, `{ getRun { id } }`, nil).wantError(models.CodeBadUserInput, "id", "getRun")
	w.do(who, `{ getRun(id: null, uid: null) { id } }`, nil).wantError(models.CodeBadUserInput, "id", "getRun")
	w.do(who, `{ getRun(id: 1, uid: "`+uid+`") { id } }`, nil).wantError(models.CodeBadUserInput, "id", "getRun")
	w.do(who, `{ getRun(uid: "1") { id } }`, nil).wantError(models.CodeBadUserInput, "uid", "getRun")
	w.do(
		who, `{ getRun(id: "`+globalID("Schedule", 1)+`") { id } }`, nil,
	).wantError(models.CodeBadUserInput, "id", "getRun")
	w.do(
		who, `{ getRun(uid: "01890a5d-ac96-774b-bcce-b302099a8057") { id } }`, nil,
	).wantError(models.CodeNotFound, "", "getRun")
	w.do(w.other(), `{ getRun(uid: "`+uid+`") { id } }`, nil).wantError(models.CodeNotFound, "", "getRun")
	w.do(w.key(bareProject), `{ getRun(uid: "`+uid+`") { id } }`, nil).wantError(models.CodeNotFound, "", "getRun")
	w.same("to a key", byID.Data, w.ok(w.key(demoProject), `{ getRun(uid: "`+uid+`") { id uid action } }`, nil).Data)
}

// lookup makes a run of the bare project with an action of its own, which is given back with it.
func (w *world) lookup(change func(*run.NewRun)) (actionID int64, r *run.Run) {
	w.tb.Helper()
	actionID = w.action("lookup")
	in := run.NewRun{ProjectID: bareProject, Action: "lookup"}
	if change != nil {
		change(&in)
	}
	return actionID, createRun(w.tb, w.service, in)
}

func inputs(texts ...string) (in []run.NewInput) {
	for _, text := range texts {
		in = append(in, run.NewInput{Input: json.RawMessage(text)})
	}
	return in
}

const batchesQuery = `query($id: ObjectID!) { getRun(id: $id) { status batchCount outputCount startedAt finishedAt error { label }
	batches { nodes { page status resultCount attemptCount nextAttemptAt startedAt finishedAt error { message label scope statusCode params ref }
	attempts { uid number startedAt durationMs httpStatus errorCode } } } } }`

func TestABatchTellsWhatCameOfEachCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	action, r := w.lookup(func(in *run.NewRun) { in.Inputs = inputs(`{}`, `{}`, `{}`, `{}`, `{}`, `{}`, `{}`) })
	vars := variables{"id": r.ID}
	a := w.ok(w.viewer(), batchesQuery, vars)
	w.sameJSON("waiting", `{"page":1,"status":"QUEUED","resultCount":0,"attemptCount":0,"nextAttemptAt":"2020-07-09T16:25:35.000Z","startedAt":null,
		"finishedAt":null,"error":null,"attempts":[]}`, a.at("getRun.batches.nodes.6"))
	claimed := claimBatches(t, w.service, action, 1)
	a = w.ok(w.viewer(), `query($id: ObjectID!) { getRun(id: $id) { status startedAt batches(first: 1) { nodes { status nextAttemptAt startedAt
		attempts { number durationMs httpStatus errorCode } } } } }`, vars)
	w.sameJSON("under way", `{"status":"RUNNING","startedAt":"2020-07-09T16:25:35.000Z","batches":{"nodes":[{"status":"RUNNING","nextAttemptAt":null,
		"startedAt":"2020-07-09T16:25:35.000Z","attempts":[{"number":1,"durationMs":null,"httpStatus":null,"errorCode":null}]}]}}`, a.at("getRun"))
	modelstest.NoError(
		t, w.service.Runs.Executions.Record(t.Context(), claimed[0], executed(200, `{"results":[1,2],"has_more":true}`)),
	)
	execute(t, w.service, action, executed(
		422, `{"message":"no such thing"}`,
	), executed(404, ``), executed(500, ``), unanswered(callback.Timeout),
		executed(402, `{"message":["no text"]}`), executed(200, `{"results":5}`), executed(200, `{"results":[3]}`))
	a = w.ok(w.viewer(), batchesQuery, vars)
	w.sameJSON("between tries", `{"page":1,"status":"QUEUED","resultCount":0,"attemptCount":1,"nextAttemptAt":"2020-07-09T16:25:36.000Z",
		"startedAt":"2020-07-09T16:25:35.000Z","finishedAt":null,"error":null,"attempts":[{"number":1,"startedAt":"2020-07-09T16:25:35.000Z",
		"durationMs":70,"httpStatus":500,"errorCode":null}]}`, without(a.at("getRun.batches.nodes.3"), "uid"))
	w.clock.Advance(time.Second)
	execute(t, w.service, action, executed(503, `{"message":"later"}`), unanswered(callback.ConnectRefused))
	w.clock.Advance(4 * time.Second)
	execute(t, w.service, action, executed(500, ``), unanswered(callback.DNSError))

	a = w.ok(w.viewer(), batchesQuery, vars)
	for i, want := range []string{
		`{"page":1,"status":"SUCCEEDED","resultCount":2,"attemptCount":1,"error":null}`,
		`{"page":1,"status":"BLOCKED","resultCount":0,"attemptCount":1,"error":{"message":"no such thing","label":"BAD_INPUT","scope":"EXECUTOR",
			"statusCode":422,"params":{"http_status":422}}}`,
		`{"page":1,"status":"FAILED","resultCount":0,"attemptCount":1,"error":{"message":"No results","label":"NO_RESULT","scope":"EXECUTOR",
			"statusCode":424,"params":{"http_status":404}}}`,
		`{"page":1,"status":"FAILED","resultCount":0,"attemptCount":3,"error":{"message":"The executor failed","label":"API_MAX_RETRY",
			"scope":"EXECUTOR","statusCode":424,"params":{"http_status":500}}}`,
		`{"page":1,"status":"FAILED","resultCount":0,"attemptCount":3,"error":{"message":"The executor gave no answer (DNS_ERROR)",
			"label":"API_MAX_RETRY","scope":"EXECUTOR","statusCode":424,"params":{"code":"DNS_ERROR"}}}`,
		`{"page":1,"status":"FAILED","resultCount":0,"attemptCount":1,"error":{"message":"The executor refused the call","label":"STATUS_402",
			"scope":"EXECUTOR","statusCode":424,"params":{"http_status":402}}}`,
		`{"page":1,"status":"FAILED","resultCount":0,"attemptCount":1,"error":{"message":"The executor's answer is not {\"results\": […], \"has_more\": …}",
			"label":"INTEGRATION_ERROR","scope":"EXECUTOR","statusCode":424,"params":{"http_status":200}}}`,
		`{"page":2,"status":"SUCCEEDED","resultCount":1,"attemptCount":1,"error":null}`,
	} {
		batch := fmt.Sprintf("getRun.batches.nodes.%d", i)
		w.sameJSON(batch, want, without(a.at(batch), "ref", "nextAttemptAt", "startedAt", "finishedAt", "attempts"))
		attempts := a.list(batch + ".attempts")
		if last := fmt.Sprintf("%s.attempts.%d.uid", batch, len(attempts)-1); a.at(batch+".error") != nil {
			w.same("the error's ref", a.at(last), a.at(batch+".error.ref"))
		}
	}
	w.sameJSON("three calls", `[{"number":1,"startedAt":"2020-07-09T16:25:35.000Z","durationMs":1000,"httpStatus":null,"errorCode":"TIMEOUT"},
		{"number":2,"startedAt":"2020-07-09T16:25:36.000Z","durationMs":1000,"httpStatus":null,"errorCode":"CONNECT_REFUSED"},
		{"number":3,"startedAt":"2020-07-09T16:25:40.000Z","durationMs":1000,"httpStatus":null,"errorCode":"DNS_ERROR"}]`,
		without(a.at("getRun.batches.nodes.4.attempts"), "uid"))
	w.sameJSON("the run", `{"status":"PARTIAL_SUCCEEDED","batchCount":8,"outputCount":3,"startedAt":"2020-07-09T16:25:35.000Z",
		"finishedAt":"2020-07-09T16:25:40.000Z","error":{"label":"BAD_INPUT"}}`, without(a.at("getRun"), "batches"))
	if strings.Contains(a.Body, "platform.example.com") {
		t.Errorf("the executor's address is in the answer: %s", a.Body)
	}
}

func TestARunEndsAsItsBatchesDid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	results, refused, none := executed(200, `{"results":[1]}`), executed(400, ``), executed(424, ``)
	for name, tc := range map[string]struct {
		answers []callback.Outcome
		status  string
		label   any
	}{
		"succeeded": {[]callback.Outcome{results, results}, "SUCCEEDED", nil},
		"partly":    {[]callback.Outcome{none, results}, "PARTIAL_SUCCEEDED", "NO_RESULT"},
		"blocked":   {[]callback.Outcome{refused, refused}, "BLOCKED", "BAD_INPUT"},
		"failed":    {[]callback.Outcome{refused, none}, "FAILED", "BAD_INPUT"},
	} {
		action := w.action(name)
		r := createRun(t, w.service, run.NewRun{ProjectID: bareProject, Action: name, Inputs: inputs(`{}`, `{}`)})
		execute(t, w.service, action, tc.answers...)
		a := w.ok(
			w.viewer(),
			`query($id: ObjectID!) { getRun(id: $id) { status error { label } callbacks { nodes { event payload } } } }`,
			variables{"id": r.ID},
		)
		w.same(name, any(tc.status), a.at("getRun.status"))
		if tc.label != nil {
			w.same(name, tc.label, a.at("getRun.error.label"))
		}
		if final := a.text("getRun.callbacks.nodes.0.payload"); a.at("getRun.callbacks.nodes.0.event") != "RUN_FINISHED" ||
			!strings.Contains(final, `"batch_uid":null,"status":"`+tc.status+`","callback_count":2,"output_count":`) {
			t.Errorf("%s: the final callback is %s", name, final)
		}
	}
}

func TestAStoppedRunHasEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	action, r := w.lookup(func(in *run.NewRun) { in.MaxResults = ptr(30) })
	claimed := claimBatches(t, w.service, action, 1)
	const query = `mutation($id: ObjectID!) { stopRun(input: {runId: $id}) { run { status finishedAt error { message label scope statusCode params }
		batches { nodes { status finishedAt nextAttemptAt } } callbacks { nodes { event payload } } } } }`
	w.clock.Advance(time.Minute)
	a := w.ok(w.editor(), query, variables{"id": r.ID})
	stopped := `{"status":"STOPPED","finishedAt":"2020-07-09T16:26:35.000Z","nextAttemptAt":null}`
	w.sameJSON("the run", `{"status":"STOPPED","finishedAt":"2020-07-09T16:26:35.000Z","error":{"message":"The run was stopped","label":"ACTION_ABORTED",
		"scope":"RINGBACK","statusCode":422,"params":{}},"batches":{"nodes":[`+stopped+`,`+stopped+`,`+stopped+`]}}`, without(a.at("stopRun.run"), "callbacks"))
	if got := a.list("stopRun.run.callbacks.nodes"); len(got) != 1 ||
		!strings.Contains(a.text("stopRun.run.callbacks.nodes.0.payload"), `"status":"STOPPED"`) {
		t.Errorf("callbacks %v", got)
	}
	modelstest.NoError(t, w.service.Runs.Executions.Record(t.Context(), claimed[0], executed(200, `{"results":[1]}`)))
	who := w.editor()
	w.unchanged(func() {
		w.do(who, query, variables{"id": r.ID}).wantError(models.CodeConflict, "runId", "stopRun")
		// it waits for its schedule
		w.do(who, query, variables{"id": queuedRun + 1}).wantError(models.CodeConflict, "runId", "stopRun")
		w.do(who, query, variables{"id": 99999}).wantError(models.CodeNotFound, "", "stopRun")
	})
}

func TestACallbackKnowsItsRunBatchAndJob(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	action, run := w.lookup(nil)
	execute(t, w.service, action, executed(200, `{"results":[1]}`))
	const list = `query($id: ObjectID!) { getRun(id: $id) { uid batches { nodes { uid } } callbacks { nodes { id event run { uid action } batch { uid page } job { id } crawl { id } } } } }`
	a := w.ok(w.viewer(), list, variables{"id": run.ID})
	batch := a.text("getRun.batches.nodes.0.uid")
	ofRun := `"run":{"uid":"` + run.UID.String() + `","action":"lookup"}`
	w.sameJSON("callbacks of a run", `[{"event":"RUN_FINISHED",`+ofRun+`,"batch":null,"job":null,"crawl":null},
		{"event":"RUN_BATCH_FINISHED",`+ofRun+`,"batch":{"uid":"`+batch+`","page":1},"job":null,"crawl":null}]`, without(a.at("getRun.callbacks.nodes"), "id"))
	id, err := models.ParseObjectID(a.text("getRun.callbacks.nodes.1.id"))
	modelstest.NoError(t, err)
	deliver(t, w.service, id.Raw, 201)
	replay := w.ok(w.editor(), `mutation($id: ObjectID!) { replayCallback(input: {callbackId: $id}) { callback { replayOf { id } run { uid } batch { uid } } } }`,
		variables{"id": id.Raw})
	w.sameJSON(
		"its replay",
		`{"replayOf":{"id":"`+id.String()+`"},"run":{"uid":"`+run.UID.String()+`"},"batch":{"uid":"`+batch+`"}}`,
		replay.at("replayCallback.callback"),
	)
	crawl := w.ok(w.viewer(), `{ getCallback(id: 1) { run { id } batch { uid } job { id } crawl { rawID } } }`, nil)
	w.sameJSON("a crawl's", `{"run":null,"batch":null,"job":null,"crawl":{"rawID":"124234"}}`, crawl.at("getCallback"))
}
