package graph_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
)

// everythingOfRuns reads all fields of a run's and a job's neighbourhood that are texts.
const everythingOfRuns = `query($id: ObjectID!) { getRun(id: $id) { callbackUrl error { ...e } schedule { cron } batches { nodes { input customData results error { ...e }
	attempts { httpStatus errorCode } } } results { nodes } callbacks { nodes { targetUrl payload error { message } attempts { nodes { url responseBody error { message } } } } }
	account { apiCallbackHeaders { value } actions { nodes { name executorUrl executorHeaders { key value } } } } project { effectiveApiCallback { url headers { value } } } } }
	fragment e on StandardError { message label scope params ref }`

// A run's own header value and an executor's are in no answer, payload, log or column, whatever the executor and the
// receiver say back.
func TestHeaderValuesOfRunsAndExecutorsStaySecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin := w.admin()
	action := w.action("lookup")
	made := w.ok(admin, `mutation($in: CreateRunInput!) { createRun(input: $in) { run { rawID callbackUrl } } }`, variables{"in": variables{
		"projectId": demoProject, "action": "lookup", "inputs": []any{variables{}, variables{}, variables{}},
		"callback": variables{"url": runURL, "headers": []any{header("Authorization", runSecret)}},
	}})
	id := made.at("createRun.run.rawID")
	execute(t, w.service, action, executed(422, `{"message":"wrong: `+executorSecret+`"}`),
		executed(
			403, `{"message":"`+strings.Repeat("a", 1000-len("executor-secret"))+`executor-secret-4718"}`,
		), executed(500, `{"message":"executor-secret-4718?"}`))
	w.clock.Advance(callback.LeaseTime)
	execute(t, w.service, action, executed(500, `{"message":"executor-secret-4718?"}`))
	w.clock.Advance(callback.LeaseTime)
	execute(t, w.service, action, executed(500, `{"message":"executor-secret-4718?"}`))
	callbacks := w.ok(
		admin, `query($id: ObjectID!) { getRun(id: $id) { callbacks { nodes { rawID } } } }`, variables{"id": id},
	)
	for i := range callbacks.list("getRun.callbacks.nodes") {
		raw, err := models.ParseObjectID(callbacks.text(fmt.Sprintf("getRun.callbacks.nodes.%d.rawID", i)))
		modelstest.NoError(t, err)
		d := modelstest.ClaimOnly(t, w.service.Callbacks, raw.Raw)
		if got := d.Target.Headers[0].Value.Reveal(); got != runSecret {
			t.Errorf("sent with %q", got)
		}
		modelstest.NoError(
			t,
			w.service.Callbacks.Deliveries.Settle(
				t.Context(), w.service.Callbacks.Deliveries.Decide(d, executed(500, "you sent "+runSecret)),
			),
		)
	}
	bodies := []string{made.Body, fmt.Sprint(w.dump()), w.log.String()}
	for _, who := range []caller{admin, w.viewer(), w.key(demoProject), platform()} {
		a := w.ok(who, everythingOfRuns, variables{"id": id})
		if who == platform() { // it may see what it has configured
			w.same("an executor's header", any(executorSecret), a.at("getRun.account.actions.nodes.0.executorHeaders.0.value"))
			continue
		}
		if n := strings.Count(a.Body, models.Masked); n < 6 {
			t.Errorf("only %d values are masked: %s", n, a.Body)
		}
		bodies = append(bodies, a.Body)
	}
	for _, body := range bodies {
		for _, part := range []string{"executor-secret", "run-secret", inBytes("executor-secret"), inBytes("run-secret")} {
			if i := strings.Index(body, part); i >= 0 {
				t.Errorf("%q in %s", part, body[max(0, i-300):min(len(body), i+100)])
			}
		}
	}
}

// inBytes is a text as it looks in a dump of binary columns.
func inBytes(text string) string { return strings.Trim(fmt.Sprintf("%d", []byte(text)), "[]") }

func TestRefusedHeaderValuesOfRunsAreNeitherInLogsNorInErrors(t *testing.T) {
	t.Parallel()
	const planted = "planted-4720-secret"
	w := newWorld(t)
	run := func(headers any) (string, variables) {
		return `mutation($in: CreateRunInput!) { createRun(input: $in) { run { id } } }`, variables{"in": variables{
			"projectId": demoProject, "action": "search", "inputs": []any{variables{}},
			"callback": variables{"url": runURL, "headers": headers},
		}}
	}
	action := func(headers any) (string, variables) {
		return createActionQuery, newAction(variables{"executorHeaders": headers})
	}
	for name, headers := range map[string]any{
		"a bad name": []any{header("A B", planted)}, "a bad value": []any{header("A", planted+"\n")},
		"a reserved name":   []any{header("Host", planted)},
		"twice":             []any{header("A", planted), header("a", planted)},
		"a long value":      []any{header("A", planted+strings.Repeat("a", 5000))},
		"a text for a list": planted, "a map for a text": []any{variables{"key": "A", "value": variables{"v": planted}}},
		"an unknown member": []any{variables{"key": "A", "value": planted, planted: 1}},
	} {
		for _, input := range []func(any) (string, variables){run, action} {
			query, vars := input(headers)
			a := w.do(platform(), query, vars)
			if len(a.Errors) == 0 || strings.Contains(a.Body, planted) {
				t.Errorf("%s: %s", name, a.Body)
			}
		}
	}
	for _, query := range []string{
		`mutation { createRun(input: {projectId: 123, action: "search", inputs: [{}], callback: {url: "https://u:` +
			planted + `@a.example.com"}}) { run { id } } }`,
		`mutation { createRun(input: {projectId: 123, action: "search", inputs: [{}], callback: {url: "https://a.example.com", headers: "` + planted + `"}}) { run { id } } }`,
		`mutation { createAction(input: {accountId: 123123, name: "a", executorUrl: "https://u:` + planted +
			`@a.example.com"}) { action { id } } }`,
		`{ getRun(uid: "` + planted + `") { id } }`, `{ getJob(uuid: "` + planted + `") { id } }`,
	} {
		if a := w.do(platform(), query, nil); len(a.Errors) == 0 || strings.Contains(a.Body, planted) {
			t.Errorf("%s: %s", query, a.Body)
		}
	}
	if strings.Contains(w.log.String(), planted) {
		t.Errorf("in the log:\n%s", w.log)
	}
}

// An answer that is no UTF-8 would make answers and callbacks that are none.
func TestAnExecutorsAnswerThatIsNotUTF8IsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	action, r := w.lookup(func(in *run.NewRun) { in.Inputs = inputs(`{}`, `{}`) })
	execute(
		t, w.service, action, executed(200, "{\"results\":[\"\xff\"]}"), executed(400, "{\"message\":\"\xffno \\u0000\"}"),
	)
	a := w.ok(
		w.viewer(),
		`query($id: ObjectID!) { getRun(id: $id) { batches { nodes { status results error { message label } } } } }`,
		variables{"id": r.ID},
	)
	w.sameJSON("the batches", `[{"status":"FAILED","results":null,"error":{"message":"The executor's answer is not {\"results\": […], \"has_more\": …}",
		"label":"INTEGRATION_ERROR"}},{"status":"BLOCKED","results":null,"error":{"message":"\ufffdno \u0000","label":"BAD_INPUT"}}]`, a.at("getRun.batches.nodes"))
}
