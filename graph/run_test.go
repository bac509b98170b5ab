package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
	"github.com/ringback/ringback/models/tenant"
)

const runFields = `status mode action parameters { maxResults pageSize } callbackUrl callbackOn inputCount batchCount outputCount
	error { label } createdAt startedAt finishedAt createdByUser { rawID } schedule { cron at timezone } project { rawID } account { rawID }`

// createRunAs makes a run of the demo project in two ways, which must come to the same: with the fields as a literal
// and as JSON.
func (w *world) createRunAs(who caller, literal, text string) [2]*answer {
	w.tb.Helper()
	const query = `mutation%s { createRun(input: %s) { status message run { ` + runFields + ` } } }`
	literal = fmt.Sprintf(query, "", `{projectId: 1123123, action: "search", `+literal+`}`)
	variable := fmt.Sprintf(query, `($input: CreateRunInput!)`, `$input`)
	return [2]*answer{
		w.do(who, literal, nil),
		w.post(who, `{"query":`+quote(variable)+`,"variables":{"input":{"projectId":1123123,"action":"search",`+text+`}}}`),
	}
}

func TestAllThatIsWrongWithARunIsSaidAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, a := range w.createRunAs(w.editor(),
		`inputs: [1, "x"], parameters: {maxResults: 0}, callback: {url: "zz", on: RESULT}, schedule: {cron: "x"}`,
		`"inputs":[1,"x"],"parameters":{"maxResults":0},"callback":{"url":"zz","on":"RESULT"},"schedule":{"cron":"x"}`) {
		var fields []string
		for _, problem := range a.Errors {
			fields = append(fields, fmt.Sprint(problem.Extensions["field"]))
		}
		if got := strings.Join(fields, " "); got != "inputs callback.on schedule parameters.maxResults callback.url" {
			t.Errorf("%s: %s", got, a.Body)
		}
	}
}

func TestARunIsMadeInAllForms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who := w.editor()
	at := models.FormatTime(start)
	for name, tc := range map[string]struct {
		literal, text string
		want          map[string]any // what differs from the plainest run
		batches       int
	}{
		"the least":        {`inputs: [{q: 1}]`, `"inputs":[{"q":1}]`, nil, 1},
		"one for a list":   {`inputs: {q: 1}`, `"inputs":{"q":1}`, nil, 1},
		"an empty input":   {`inputs: [{}]`, `"inputs":[{}]`, nil, 1},
		"only custom data": {`inputs: [{customData: 5}]`, `"inputs":[{"customData":5}]`, nil, 1},
		"the mode":         {`inputs: [{q: 1}], mode: ASYNC`, `"inputs":[{"q":1}],"mode":"ASYNC"`, nil, 1},
		"empty parameters": {`inputs: [{q: 1}], parameters: {}`, `"inputs":[{"q":1}],"parameters":{}`, nil, 1},
		"nulls": {
			`inputs: [{q: 1}], parameters: null, callback: null, schedule: null`,
			`"inputs":[{"q":1}],"parameters":null,"callback":null,"schedule":null`, nil, 1,
		},
		"nulls inside": {
			`inputs: [{q: 1}], parameters: {maxResults: null, pageSize: null}`,
			`"inputs":[{"q":1}],"parameters":{"maxResults":null,"pageSize":null}`, nil, 1,
		},
		"a page size": {
			`inputs: [{q: 1}], parameters: {pageSize: 1000}`, `"inputs":[{"q":1}],"parameters":{"pageSize":1000}`,
			variables{"parameters": parameters(nil, 1000)},
			1,
		},
		"pages in parallel": {
			`inputs: [{q: 1}], parameters: {maxResults: 100}`, `"inputs":[{"q":1}],"parameters":{"maxResults":100}`,
			variables{"parameters": parameters(100.0, 10)},
			10,
		},
		"a last page": {
			`inputs: [{q: 1}], parameters: {maxResults: 11, pageSize: 5}`,
			`"inputs":[{"q":1}],"parameters":{"maxResults":11,"pageSize":5}`,
			variables{"parameters": parameters(11.0, 5)},
			3,
		},
		"two inputs": {
			`inputs: [{q: 1}, {q: 2}], parameters: {maxResults: 20}`,
			`"inputs":[{"q":1},{"q":2}],"parameters":{"maxResults":20}`,
			variables{"parameters": parameters(20.0, 10), "inputCount": 2.0},
			4,
		},
		"a callback": {
			`inputs: [{q: 1}], callback: {url: "https://run.example.com/a?b=c"}`,
			`"inputs":[{"q":1}],"callback":{"url":"https://run.example.com/a?b=c"}`,
			variables{"callbackUrl": "https://run.example.com/a?b=c"},
			1,
		},
		"the final callback": {
			`inputs: [{q: 1}], callback: {url: "https://run.example.com", headers: [{key: "X-A", value: "b"}], on: FINAL}`,
			`"inputs":[{"q":1}],"callback":{"url":"https://run.example.com","headers":[{"key":"X-A","value":"b"}],"on":"FINAL"}`,
			variables{"callbackUrl": "https://run.example.com", "callbackOn": "FINAL"},
			1,
		},
		"all callbacks": {
			`inputs: [{q: 1}], callback: {url: "https://run.example.com", headers: null, on: ALL}`,
			`"inputs":[{"q":1}],"callback":{"url":"https://run.example.com","headers":null,"on":"ALL"}`,
			variables{"callbackUrl": "https://run.example.com"},
			1,
		},
	} {
		want := variables{
			"status": "QUEUED", "mode": "ASYNC", "action": "search", "parameters": parameters(nil, 10), "callbackUrl": nil,
			"callbackOn": "ALL",
			"inputCount": 1.0, "batchCount": float64(tc.batches), "outputCount": 0.0, "error": nil, "createdAt": at,
			"startedAt": nil, "finishedAt": nil,
			"createdByUser": variables{"rawID": fmt.Sprint(editorUser)}, "schedule": nil,
			"project": variables{"rawID": fmt.Sprint(demoProject)}, "account": variables{"rawID": fmt.Sprint(demoAccount)},
		}
		for field, value := range tc.want {
			want[field] = value
		}
		w.queue.Take()
		for i, a := range w.createRunAs(who, tc.literal, tc.text) {
			if len(a.Errors) > 0 {
				t.Fatalf("%s %d: %s", name, i, a.Body)
			}
			w.same(name, plain(want), a.at("createRun.run"))
			if a.at("createRun.status") != "processing" || !strings.HasSuffix(a.text("createRun.message"), ".") {
				t.Errorf("%s: %s", name, a.Body)
			}
		}
		woke := w.queue.Take()
		if len(woke) != 2 ||
			slices.ContainsFunc(woke, func(u callback.Wakeup) bool { return !run.OfBatches(u.Lane) || !u.At.Equal(start) }) {
			t.Errorf("%s: woken %v", name, woke)
		}
	}
}

func parameters(maxResults any, pageSize int) variables {
	return variables{"maxResults": maxResults, "pageSize": float64(pageSize)}
}

// plain turns the maps of an expectation into those of an answer.
func plain(v any) any {
	if m, ok := v.(variables); ok {
		out := map[string]any{}
		for k, child := range m {
			out[k] = plain(child)
		}
		return out
	}
	return v
}

func TestWhatARunCannotBeNamesItsField(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who := w.editor()
	in, jsonIn := `inputs: [{q: 1}], `, `"inputs":[{"q":1}],`
	callback := func(literal, text string) [2]string {
		return [2]string{in + `callback: {` + literal + `}`, jsonIn + `"callback":{` + text + `}`}
	}
	url := func(url string) [2]string { return callback(`url: `+quote(url), `"url":`+quote(url)) }
	parameters := func(literal, text string) [2]string {
		return [2]string{in + `parameters: {` + literal + `}`, jsonIn + `"parameters":{` + text + `}`}
	}
	schedule := func(literal, text string) [2]string {
		return [2]string{
			in + `mode: SCHEDULE, schedule: {` + literal + `}`, jsonIn + `"mode":"SCHEDULE","schedule":{` + text + `}`,
		}
	}
	cases := map[string]struct {
		input [2]string
		field string
	}{
		"no inputs":        {[2]string{`inputs: []`, `"inputs":[]`}, "inputs"},
		"a number":         {[2]string{`inputs: [{q: 1}, 5]`, `"inputs":[{"q":1},5]`}, "inputs"},
		"a text":           {[2]string{`inputs: ["{}"]`, `"inputs":["{}"]`}, "inputs"},
		"a list":           {[2]string{`inputs: [[{q: 1}]]`, `"inputs":[[{"q":1}]]`}, "inputs"},
		"no results":       {parameters(`maxResults: 0`, `"maxResults":0`), "parameters.maxResults"},
		"below no results": {parameters(`maxResults: -1`, `"maxResults":-1`), "parameters.maxResults"},
		"too many results": {parameters(`maxResults: 100001`, `"maxResults":100001`), "parameters.maxResults"},
		"too many pages": {
			parameters(`maxResults: 10001, pageSize: 1`, `"maxResults":10001,"pageSize":1`), "parameters.maxResults",
		},
		"no page size":     {parameters(`pageSize: 0`, `"pageSize":0`), "parameters.pageSize"},
		"a large page":     {parameters(`pageSize: 1001`, `"pageSize":1001`), "parameters.pageSize"},
		"an empty URL":     {url(""), "callback.url"},
		"no absolute URL":  {url("/hook"), "callback.url"},
		"another scheme":   {url("ftp://run.example.com"), "callback.url"},
		"plain http":       {url("http://run.example.com"), "callback.url"},
		"plain http to us": {url("http://localhost:8080"), "callback.url"},
		"a user":           {url("https://u:p@run.example.com"), "callback.url"},
		"a fragment":       {url("https://run.example.com/#a"), "callback.url"},
		"a long URL":       {url("https://run.example.com/" + strings.Repeat("a", 2048)), "callback.url"},
		"a reserved header": {
			callback(
				`url: "https://a.example.com", headers: [{key: "Host", value: "a"}]`,
				`"url":"https://a.example.com","headers":[{"key":"Host","value":"a"}]`,
			),
			"callback.headers.0.key",
		},
		"a header twice": {
			callback(
				`url: "https://a.example.com", headers: [{key: "a", value: "a"}, {key: "A", value: "a"}]`,
				`"url":"https://a.example.com","headers":[{"key":"a","value":"a"},{"key":"A","value":"a"}]`,
			),
			"callback.headers.1.key",
		},
		"the bare result": {
			callback(`url: "https://a.example.com", on: RESULT`, `"url":"https://a.example.com","on":"RESULT"`), "callback.on",
		},
		"another mode": {
			[2]string{in + `mode: ASYNC, schedule: {}`, jsonIn + `"mode":"ASYNC","schedule":{}`}, "schedule",
		},
		"no mode": {
			[2]string{in + `schedule: {cron: "0 6 * * *"}`, jsonIn + `"schedule":{"cron":"0 6 * * *"}`}, "schedule",
		},
		"no cron":       {schedule(`cron: "at six"`, `"cron":"at six"`), "schedule.cron"},
		"an empty cron": {schedule(`cron: ""`, `"cron":""`), "schedule.cron"},
		"cron and time": {
			schedule(`cron: "0 6 * * *", at: "2020-08-09T16:25:35Z"`, `"cron":"0 6 * * *","at":"2020-08-09T16:25:35Z"`),
			"schedule.at",
		},
		"the past": {schedule(`at: "2020-07-09T16:24:34Z"`, `"at":"2020-07-09T16:24:34Z"`), "schedule.at"},
		"no zone": {
			schedule(`cron: "0 6 * * *", timezone: "Mars/Olympus"`, `"cron":"0 6 * * *","timezone":"Mars/Olympus"`),
			"schedule.timezone",
		},
		"the local zone": {schedule(`timezone: "Local"`, `"timezone":"Local"`), "schedule.timezone"},
	}
	w.unchanged(func() {
		for name, tc := range cases {
			for _, a := range w.createRunAs(who, tc.input[0], tc.input[1]) {
				a.wantError(models.CodeBadUserInput, tc.field, "createRun")
				if t.Failed() {
					t.Fatalf("%s: %s", name, a.Body)
				}
			}
		}
	})
}

func TestARunHasUpTo1000Inputs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const query = `mutation($inputs: [JSON!]!, $max: Int) { createRun(input: {projectId: 123, action: "search", inputs: $inputs, parameters: {maxResults: $max}}) {
		run { inputCount batchCount } } }`
	inputs := slices.Repeat([]any{variables{"q": 1}}, run.MaxInputs+1)
	a := w.ok(w.editor(), query, variables{"inputs": inputs[1:], "max": 100})
	w.same("the run", plain(variables{"inputCount": 1000.0, "batchCount": 10_000.0}), a.at("createRun.run"))
	who := w.editor()
	w.unchanged(func() {
		w.do(who, query, variables{"inputs": inputs}).wantError(models.CodeBadUserInput, "inputs", "createRun")
		w.do(who, query, variables{"inputs": inputs[1:], "max": 101}).wantError(
			models.CodeBadUserInput, "parameters.maxResults", "createRun",
		)
	})
}

func TestARunNeedsAnActionOfItsProjectsAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.service.Runs.CreateAction(t.Context(), models.PlatformActor(), otherAccount, "theirs", run.ActionSettings{
		Executor: endpoint(executorURL, "Authorization", executorSecret),
	})
	modelstest.NoError(t, err)
	const query = `mutation($project: ObjectID!, $action: String!) { createRun(input: {projectId: $project, action: $action, inputs: [{q: 1}]}) { run { action } } }`
	w.unchanged(func() {
		for _, name := range []string{"theirs", "Search", "", "1", "search\x00"} {
			w.do(
				platform(), query, variables{"project": demoProject, "action": name},
			).wantError(models.CodeNotFound, "", "createRun")
		}
		w.do(
			platform(), query, variables{"project": otherProject, "action": "search"},
		).wantError(models.CodeNotFound, "", "createRun")
	})
	a := w.ok(platform(), query, variables{"project": otherProject, "action": "theirs"})
	w.same("the run", any(map[string]any{"createRun": map[string]any{"run": map[string]any{"action": "theirs"}}}), a.Data)
}

// What is exact about JSON: the order of keys, the spelling of numbers and texts, keys that stand twice.
const (
	exactData  = `{"z":1.50,"a":[12345678901234567890,-0,1E+40,{}],"h":"<&> é 😀 \u00e9","n":null}`
	exactTwice = `{"b":"\u0041\u2028","b":2,"":{"customData":[]}}`
)

func TestInputsAndCustomDataComeBackByteForByte(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	literals := strings.NewReplacer(`"z":`, `z: `, `"a":`, `a: `, `"h":`, `h: `, `"n":`, `n: `)
	for name, tc := range map[string]struct{ query, variables, input, customData string }{
		"a variable": {
			`inputs: $in`, `{"in":[{"q":1.0,"customData":` + exactData + `,"p":2}]}`, `{"q":1.0,"p":2}`, exactData,
		},
		"twice": {
			`inputs: $in`, `{"in":[{"q":` + exactTwice + `,"customData":1,"customData":` + exactTwice + `}]}`,
			`{"q":` + exactTwice + `}`, exactTwice,
		},
		"a literal": {
			`inputs: [{q: 1.0, customData: ` + literals.Replace(exactData) + `, p: 2}]`, `{}`, `{"q":1.0,"p":2}`, exactData,
		},
		"both": {
			`inputs: [{customData: $in, q: $in}]`, `{"in":` + exactData + `}`, `{"q":` + exactData + `}`, exactData,
		},
		"a text":         {`inputs: [{customData: "\u00e9é<"}]`, `{}`, `{}`, `"\u00e9é<"`},
		"null":           {`inputs: [{customData: null}]`, `{}`, `{}`, `null`},
		"none":           {`inputs: [{q: 1}]`, `{}`, `{"q":1}`, `null`},
		"only inside it": {`inputs: [{q: {customData: 1}}]`, `{}`, `{"q":{"customData":1}}`, `null`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := w.in(t)
			declared := map[bool]string{true: "mutation($in: [JSON!]!)", false: "mutation"}[strings.Contains(tc.query, "$in")]
			if name == "both" {
				declared = "mutation($in: JSON)"
			}
			id := w.action(strings.ReplaceAll(name, " ", "-"))
			query := declared + ` { createRun(input: {projectId: 123, action: "` + strings.ReplaceAll(name, " ", "-") + `", ` +
				tc.query + `}) { run { uid } } }`
			made := w.post(w.editor(), `{"query":`+quote(query)+`,"variables":`+tc.variables+`}`)
			if len(made.Errors) > 0 {
				t.Fatal(made.Body)
			}
			execute(t, w.service, id, executed(200, `{"results": [`+exactData+`, 1.0, "x"]}`))
			a := w.ok(w.viewer(), `query($uid: ID!) { getRun(uid: $uid) { callbacks { nodes { event payload ref batch { uid } } }
				batches { nodes { input customData results } } } }`, variables{"uid": made.at("createRun.run.uid")})
			for i, want := range []string{
				`{"callback_ref_uid":"%s","run":{"run_uid":"%s","batch_uid":null,"status":"SUCCEEDED","callback_count":1,"output_count":3},"input":%s,"custom_data":%s,"error":null,"results":null}`,
				`{"callback_ref_uid":"%s","run":{"run_uid":"%s","batch_uid":"` + a.text("getRun.callbacks.nodes.1.batch.uid") +
					`","status":"RUNNING"},"input":%s,"custom_data":%s,"error":null,"results":[` + exactData + `,1.0,"x"]}`,
			} {
				callback := fmt.Sprintf("getRun.callbacks.nodes.%d.", i)
				w.same(
					name, fmt.Sprintf(want, a.text(callback+"ref"), made.text("createRun.run.uid"), tc.input, tc.customData),
					a.text(callback+"payload"),
				)
			}
			if batch := `{"input":` + tc.input + `,"customData":` + tc.customData +
				`,"results":[`; !strings.Contains(a.Body, batch) {
				t.Errorf("no %s in %s", batch, a.Body)
			}
		})
	}
}

func TestARunsCallbacksGoWhereItSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.action("lookup")
	const query = `mutation($project: ObjectID!, $callback: RunCallbackInput) {
		createRun(input: {projectId: $project, action: "lookup", inputs: [{q: 1}], callback: $callback}) { run { uid } } }`
	own := variables{"url": runURL, "headers": []any{header("Authorization", runSecret)}}
	for name, tc := range map[string]struct {
		project  int
		callback variables
		want     []string
	}{
		"its own":       {demoProject, own, []string{"RUN_FINISHED " + runURL, "RUN_BATCH_FINISHED " + runURL}},
		"the project's": {demoProject, nil, []string{"RUN_FINISHED " + projectURL, "RUN_BATCH_FINISHED " + projectURL}},
		"the account's": {bareProject, nil, []string{"RUN_FINISHED " + accountURL, "RUN_BATCH_FINISHED " + accountURL}},
		"only the last": {bareProject, variables{"url": runURL, "on": "FINAL"}, []string{"RUN_FINISHED " + runURL}},
	} {
		made := w.ok(w.editor(), query, variables{"project": tc.project, "callback": tc.callback})
		execute(t, w.service, id, executed(200, `{"results": [1]}`))
		a := w.ok(w.viewer(), `query($uid: ID!) { getRun(uid: $uid) { callbacks { nodes { event targetUrl contentType } } } }`,
			variables{"uid": made.at("createRun.run.uid")})
		var got []string
		for i := range a.list("getRun.callbacks.nodes") {
			callback := fmt.Sprintf("getRun.callbacks.nodes.%d.", i)
			got = append(got, a.text(callback+"event")+" "+a.text(callback+"targetUrl"))
			w.same("the content type", "application/json", a.text(callback+"contentType"))
		}
		w.same(name, tc.want, got)
	}
	w.clock.Advance(time.Second)
	_, err := w.service.Tenants.UpdateAccount(t.Context(), models.PlatformActor(), tenant.AccountUpdate{
		AccountID: demoAccount, Callback: models.EndpointUpdate{URL: models.Given[*string](nil)},
	})
	modelstest.NoError(t, err)
	made := w.ok(w.editor(), query, variables{"project": bareProject})
	execute(t, w.service, id, executed(200, `{"results": [1]}`))
	a := w.ok(
		w.viewer(), `query($uid: ID!) { getRun(uid: $uid) { status callbacks { totalCount } } }`,
		variables{"uid": made.at("createRun.run.uid")},
	)
	w.same(
		"nowhere to go", any(map[string]any{"status": "SUCCEEDED", "callbacks": map[string]any{"totalCount": 0.0}}),
		a.at("getRun"),
	)
}
