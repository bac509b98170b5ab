package rest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/run"
)

// withRun puts members into the body of a run of one input.
func withRun(members string) string { return `{"inputs": [{}], ` + members + `}` }

// refusals are requests with something wrong, by what that is. They are made with a key of the project.
var refusals = []struct {
	name                 string
	method, target, body string
	status               int
	label, field         string
}{
	{"no such path", "GET", "/v1/nothing", "", 404, "NOT_FOUND", ""},
	{"the root", "GET", "/v1/", "", 404, "NOT_FOUND", ""},
	{"a slash too many", "GET", "/v1/runs/callbacks/", "", 404, "NOT_FOUND", ""},
	{"two slashes", "GET", "/v1//runs/callbacks", "", 404, "NOT_FOUND", ""},
	{"dots", "GET", "/v1/jobs/../runs/callbacks", "", 404, "NOT_FOUND", ""},
	{"escaped dots", "POST", "/v1/actions/..%2Fx", "{}", 404, "NOT_FOUND", ""},
	{"not for POST", "POST", "/v1/runs/callbacks", "{}", 405, "METHOD_NOT_ALLOWED", ""},
	{"not for GET", "GET", asyncPath, "", 405, "METHOD_NOT_ALLOWED", ""},
	{"not for DELETE", "DELETE", "/v1/jobs/1", "", 405, "METHOD_NOT_ALLOWED", ""},

	{"no body", "POST", asyncPath, "", 400, "BAD_INPUT", "body"},
	{"a list", "POST", asyncPath, "[]", 400, "BAD_INPUT", "body"},
	{"null", "POST", schedulePath, "null", 400, "BAD_INPUT", "body"},
	{"a broken object", "POST", asyncPath, `{"inputs": [{}]`, 400, "BAD_INPUT", "body"},
	{"something behind the object", "POST", asyncPath, `{"inputs": [{}]} {}`, 400, "BAD_INPUT", "body"},
	{"not UTF-8", "POST", asyncPath, "{\"inputs\": [{\"a\": \"\xff\"}]}", 400, "BAD_INPUT", "body"},
	{
		"too deep", "POST", resolvePath, `{"a": ` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + `}`, 400,
		"BAD_INPUT", "body",
	},
	{
		"too large", "POST", asyncPath, `{"inputs": [{"a": "` + strings.Repeat("x", 1<<20) + `"}]}`, 413, "BAD_INPUT", "body",
	},
	{
		"too large for nothing", "POST", "/v1/runs/callbacks/" + unknownUID + "/replay", strings.Repeat(" ", 1<<20+1), 413,
		"BAD_INPUT", "body",
	},

	{"no inputs", "POST", asyncPath, `{}`, 400, "BAD_INPUT", "inputs"},
	{"empty inputs", "POST", asyncPath, `{"inputs": []}`, 400, "BAD_INPUT", "inputs"},
	{
		"too many inputs", "POST", asyncPath, `{"inputs": [{}` + strings.Repeat(",{}", run.MaxInputs) + `]}`, 400,
		"BAD_INPUT", "inputs",
	},
	{
		"far too many inputs", "POST", asyncPath, `{"inputs": [{}` + strings.Repeat(",{}", 200_000) + `]}`, 400, "BAD_INPUT",
		"inputs",
	},
	{"inputs that are no list", "POST", asyncPath, `{"inputs": {}}`, 400, "BAD_INPUT", "inputs"},
	{"an input that is no object", "POST", asyncPath, `{"inputs": [{}, [1]]}`, 400, "BAD_INPUT", "inputs"},
	{"an input that is null", "POST", asyncPath, `{"inputs": [null]}`, 400, "BAD_INPUT", "inputs"},
	{
		"no results wanted", "POST", asyncPath, withRun(`"parameters": {"max_results": 0}`), 400, "BAD_INPUT",
		"parameters.max_results",
	},
	{
		"too many results wanted", "POST", asyncPath, withRun(`"parameters": {"max_results": 100001}`), 400, "BAD_INPUT",
		"parameters.max_results",
	},
	{
		"too many pages", "POST", asyncPath, withRun(`"parameters": {"max_results": 10001, "page_size": 1}`), 400,
		"BAD_INPUT", "parameters.max_results",
	},
	{
		"a number as text", "POST", asyncPath, withRun(`"parameters": {"max_results": "10"}`), 400, "BAD_INPUT",
		"parameters.max_results",
	},
	{
		"half a result", "POST", asyncPath, withRun(`"parameters": {"max_results": 1.5}`), 400, "BAD_INPUT",
		"parameters.max_results",
	},
	{
		"a large number", "POST", asyncPath, withRun(`"parameters": {"max_results": 99999999999999999999}`), 400, "BAD_INPUT",
		"parameters.max_results",
	},
	{
		"an empty page", "POST", asyncPath, withRun(`"parameters": {"page_size": 0}`), 400, "BAD_INPUT",
		"parameters.page_size",
	},
	{
		"a large page", "POST", schedulePath, withRun(`"parameters": {"page_size": 1001}`), 400, "BAD_INPUT",
		"parameters.page_size",
	},
	{"parameters that are no object", "POST", asyncPath, withRun(`"parameters": 5`), 400, "BAD_INPUT", "parameters"},
	{
		"a callback that is no object", "POST", asyncPath, withRun(`"callback": "https://hook.example.com"`), 400,
		"BAD_INPUT", "callback",
	},
	{"a callback without URL", "POST", asyncPath, withRun(`"callback": {"on": "all"}`), 400, "BAD_INPUT", "callback.url"},
	{"an empty URL", "POST", asyncPath, withRun(`"callback": {"url": ""}`), 400, "BAD_INPUT", "callback.url"},
	{"a URL that is no text", "POST", asyncPath, withRun(`"callback": {"url": 5}`), 400, "BAD_INPUT", "callback.url"},
	{"a relative URL", "POST", asyncPath, withRun(`"callback": {"url": "/hook"}`), 400, "BAD_INPUT", "callback.url"},
	{
		"plain http", "POST", asyncPath, withRun(`"callback": {"url": "http://hook.example.com"}`), 400, "BAD_INPUT",
		"callback.url",
	},
	{
		"on something else", "POST", asyncPath, withRun(`"callback": {"url": "https://hook.example.com", "on": "RESULT"}`),
		400, "BAD_INPUT", "callback.on",
	},
	{
		"on nothing", "POST", asyncPath, withRun(`"callback": {"url": "https://hook.example.com", "on": ""}`), 400,
		"BAD_INPUT", "callback.on",
	},
	{
		"on a number", "POST", asyncPath, withRun(`"callback": {"url": "https://hook.example.com", "on": 1}`), 400,
		"BAD_INPUT", "callback.on",
	},
	{
		"headers in a list", "POST", asyncPath,
		withRun(`"callback": {"url": "https://hook.example.com", "headers": [{"a": "b"}]}`), 400, "BAD_INPUT",
		"callback.headers",
	},
	{
		"headers as text", "POST", asyncPath, withRun(`"callback": {"url": "https://hook.example.com", "headers": "a: b"}`),
		400, "BAD_INPUT", "callback.headers",
	},
	{
		"a header that is no text", "POST", asyncPath,
		withRun(`"callback": {"url": "https://hook.example.com", "headers": {"a": {"b": "c"}}}`), 400, "BAD_INPUT",
		"callback.headers",
	},
	{
		"a header twice", "POST", asyncPath,
		withRun(`"callback": {"url": "https://hook.example.com", "headers": {"a": "1", "a": "1"}}`), 400, "BAD_INPUT",
		"callback.headers",
	},
	{
		"a header that is ours", "POST", asyncPath,
		withRun(`"callback": {"url": "https://hook.example.com", "headers": {"Webhook-Id": "1"}}`), 400, "BAD_INPUT",
		"callback.headers",
	},

	{"a cron that is none", "POST", schedulePath, withRun(`"cron": "every day"`), 400, "BAD_INPUT", "cron"},
	{"a cron that is no text", "POST", schedulePath, withRun(`"cron": ["0 0 * * *"]`), 400, "BAD_INPUT", "cron"},
	{"a cron that never comes", "POST", schedulePath, withRun(`"cron": "0 0 31 2 *"`), 400, "BAD_INPUT", "cron"},
	{"a time that is none", "POST", schedulePath, withRun(`"schedule_at": "tomorrow"`), 400, "BAD_INPUT", "schedule_at"},
	{
		"a time without its zone", "POST", schedulePath, withRun(`"schedule_at": "2020-07-10T09:00:00"`), 400, "BAD_INPUT",
		"schedule_at",
	},
	{"a time as a number", "POST", schedulePath, withRun(`"schedule_at": 1594366135`), 400, "BAD_INPUT", "schedule_at"},
	{
		"a time that is over", "POST", schedulePath, withRun(`"schedule_at": "2020-07-09T16:24:35Z"`), 400, "BAD_INPUT",
		"schedule_at",
	},
	{
		"both", "POST", schedulePath, withRun(`"schedule_at": "2020-07-10T09:00:00Z", "cron": "0 0 * * *"`), 400, "BAD_INPUT",
		"schedule_at",
	},
	{
		"a zone that there is not", "POST", schedulePath, withRun(`"cron": "0 0 * * *", "timezone": "Mars/Phobos"`), 400,
		"BAD_INPUT", "timezone",
	},
	{"a zone that is no text", "POST", schedulePath, withRun(`"timezone": 1`), 400, "BAD_INPUT", "timezone"},

	{
		"a schedule in an object", "POST", schedulePath, withRun(`"schedule": {"cron": "0 0 * * *"}`), 400, "BAD_INPUT",
		"body",
	},
	{
		"a time that is misspelt", "POST", schedulePath, withRun(`"scheduleAt": "2020-07-10T09:00:00Z"`), 400, "BAD_INPUT",
		"body",
	},

	{
		"no callbackUrl", "POST", resolvePath, `{"callback_url": "https://hook.example.com"}`, 400, "BAD_INPUT",
		"callbackUrl",
	},
	{"a callbackUrl that is null", "POST", resolvePath, `{"callbackUrl": null}`, 400, "BAD_INPUT", "callbackUrl"},
	{
		"a callbackUrl that is no text", "POST", resolvePath, `{"callbackUrl": ["https://hook.example.com"]}`, 400,
		"BAD_INPUT", "callbackUrl",
	},
	{
		"a callbackUrl of plain http", "POST", resolvePath, `{"callbackUrl": "http://hook.example.com"}`, 400, "BAD_INPUT",
		"callbackUrl",
	},
	{"no object", "POST", resolvePath, `"https://hook.example.com"`, 400, "BAD_INPUT", "body"},

	{"a limit of none", "GET", "/v1/runs/callbacks?limit=0", "", 400, "BAD_INPUT", "limit"},
	{"a high limit", "GET", "/v1/runs/callbacks?limit=21", "", 400, "BAD_INPUT", "limit"},
	{"a limit that is no number", "GET", "/v1/runs/callbacks?limit=ten", "", 400, "BAD_INPUT", "limit"},
	{"an empty limit", "GET", "/v1/runs/callbacks?limit=", "", 400, "BAD_INPUT", "limit"},
	{"two limits", "GET", "/v1/runs/callbacks?limit=1&limit=2", "", 400, "BAD_INPUT", "limit"},
	{"a large limit", "GET", "/v1/runs/callbacks?limit=99999999999999999999", "", 400, "BAD_INPUT", "limit"},
	{"before the first", "GET", "/v1/runs/callbacks?offset=-1", "", 400, "BAD_INPUT", "offset"},
	{"a time that is none", "GET", "/v1/runs/callbacks?created_after=yesterday", "", 400, "BAD_INPUT", "created_after"},
	{"two times", "GET", "/v1/runs/callbacks?created_before=2020-07-09T16:25:35Z&created_before=2020-07-09T16:25:36Z", "", 400, "BAD_INPUT", "created_before"},
	{"too many runs", "GET", "/v1/runs/callbacks?" + strings.Repeat("run_uid="+unknownUID+"&", 21), "", 400, "BAD_INPUT", "run_uid"},
	{"an offset that is no number", "GET", "/v1/runs/callbacks?offset=1.5", "", 400, "BAD_INPUT", "offset"},
	{"an unknown status", "GET", "/v1/runs/callbacks?status=SUCCEEDED", "", 400, "BAD_INPUT", "status"},
	{"a status in small letters", "GET", "/v1/runs/callbacks?status[]=failed", "", 400, "BAD_INPUT", "status"},
	{"an empty status", "GET", "/v1/runs/callbacks?status=", "", 400, "BAD_INPUT", "status"},
	{"a uid that is none", "GET", "/v1/runs/callbacks?run_uid=17", "", 400, "BAD_INPUT", "run_uid"},
	{"an empty uid", "GET", "/v1/runs/callbacks?run_uid[]=", "", 400, "BAD_INPUT", "run_uid"},
	{"an unknown column", "GET", "/v1/runs/callbacks?sort=body", "", 400, "BAD_INPUT", "sort"},
	{"two minuses", "GET", "/v1/runs/callbacks?sort[]=--status", "", 400, "BAD_INPUT", "sort"},
	{"a statement", "GET", "/v1/runs/callbacks?sort=id%3B+DROP+TABLE+runs", "", 400, "BAD_INPUT", "sort"},
	{"eleven columns", "GET", "/v1/runs/callbacks?" + strings.Repeat("sort=status&", 11), "", 400, "BAD_INPUT", "sort"},
	{"a broken query", "GET", "/v1/runs/callbacks?limit=%zz", "", 400, "BAD_INPUT", "query"},

	{"a callback's uid that is none", "GET", "/v1/runs/callbacks/17", "", 400, "BAD_INPUT", "callback_uid"},
	{"an unknown callback", "GET", "/v1/runs/callbacks/" + unknownUID, "", 404, "NOT_FOUND", ""},
	{"to replay a uid that is none", "POST", "/v1/runs/callbacks/17/replay", "", 400, "BAD_INPUT", "callback_uid"},
	{"to replay an unknown callback", "POST", "/v1/runs/callbacks/" + unknownUID + "/replay", "", 404, "NOT_FOUND", ""},
	{"a job's id that is none", "GET", "/v1/jobs/cat.jpg", "", 400, "BAD_INPUT", "job_id"},
	{"the id of a project", "GET", "/v1/jobs/" + thisProject, "", 400, "BAD_INPUT", "job_id"},
	{"an unknown job by id", "GET", "/v1/jobs/4711", "", 404, "NOT_FOUND", ""},
	{"an unknown job by uuid", "GET", "/v1/jobs/" + unknownUID, "", 404, "NOT_FOUND", ""},
}

func TestWhatIsWrongWithARequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key(project)
	before := w.dump()
	for _, r := range refusals {
		t.Run(r.name, func(t *testing.T) {
			a := w.in(t).do(key, r.method, r.target, r.body)
			a.wantError(r.status, r.label, r.field)
		})
	}
	if after := w.dump(); fmt.Sprint(before) != fmt.Sprint(after) || len(w.queue.Wakeups()) != 0 {
		t.Errorf("something was changed: %v", after)
	}
	if log := w.log.String(); log != "" {
		t.Errorf("a caller's mistake is logged: %s", log)
	}
}

func TestAnErrorLooksTheSameEverywhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key(project)
	for name, a := range map[string]*answer{
		"error_bad_input.json":       w.do(key, "POST", asyncPath, withRun(`"parameters": {"max_results": 0}`)),
		"error_wrong_type.json":      w.do(key, "POST", asyncPath, withRun(`"parameters": {"max_results": "ten"}`)),
		"error_no_project.json":      w.do(platform(), "GET", "/v1/runs/callbacks", ""),
		"error_unauthenticated.json": w.do(nil, "GET", "/v1/runs/callbacks", ""),
		"error_forbidden.json":       w.do(w.session(viewerUser).of(thisProject), "POST", asyncPath, `{"inputs": [{}]}`),
		"error_not_found.json":       w.do(key, "GET", "/v1/jobs/4711", ""),
		"error_no_path.json":         w.do(key, "GET", "/v1/nothing", ""),
		"error_method.json":          w.do(key, "PUT", "/v1/jobs/1", ""),
		"error_conflict.json":        w.do(key, "POST", "/v1/runs/callbacks/"+w.pending().UID.String()+"/replay", ""),
	} {
		t.Run(name, func(t *testing.T) {
			a.tb = t
			a.golden(name)
		})
	}
}

// pending is a callback that waits for its first attempt.
func (w *world) pending() *callback.Callback {
	w.tb.Helper()
	run := w.newRun(project, nil)
	w.execute(http.StatusOK, oneResult)
	return w.callbacks(run)[0]
}

func TestAnotherMethodIsAnsweredWithThoseThatDo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for target, want := range map[string]string{"/v1/runs/callbacks": "GET, HEAD", asyncPath: "POST"} {
		a := w.do(nil, http.MethodPut, target, "")
		a.wantError(http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED", "")
		if got := a.Header.Get("Allow"); got != want {
			t.Errorf("%s allows %q, want %q", target, got, want)
		}
	}
}

func TestWhatGoesWrongOnOurSideIsOneSentenceAndOneLine(t *testing.T) {
	t.Parallel()
	for name, mode := range map[string]int32{"an error": trapFails, "a panic": trapPanics} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.store.mode.Store(mode)
			a := w.do(w.key(project), http.MethodGet, "/v1/runs/callbacks?status=FAILED", "")
			a.wantError(http.StatusInternalServerError, "UNKNOWN_ERROR", "")
			if strings.Contains(a.Body, "secret_table") || !strings.Contains(a.Body, a.Header.Get("X-Request-Id")) {
				t.Errorf("answered %s", a.Body)
			}
			log := w.log.String()
			for _, want := range []string{
				"rest.error", "secret_table", a.Header.Get("X-Request-Id"), `"route":"GET /v1/runs/callbacks"`,
			} {
				if !strings.Contains(log, want) {
					t.Errorf("the log does not have %s: %s", want, log)
				}
			}
			if n := strings.Count(log, "\n"); n != 1 {
				t.Errorf("%d lines: %s", n, log)
			}
		})
	}
}

func TestACallerWhoIsGoneIsNoErrorOfOurs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.store.mode.Store(trapCancels)
	w.do(
		w.key(project), http.MethodGet, "/v1/runs/callbacks", "",
	).wantError(http.StatusInternalServerError, "UNKNOWN_ERROR", "")
	if log := w.log.String(); log != "" {
		t.Errorf("logged %s", log)
	}
}

func TestNoErrorRepeatsASecret(t *testing.T) {
	t.Parallel()
	const secret = "tr0ub4dor-and-3"
	w := newWorld(t)
	for name, send := range map[string]func() *answer{
		"a token": func() *answer {
			return w.do(caller{"x-auth-token": secret}, "GET", "/v1/runs/callbacks", "")
		},
		"a key": func() *answer { return w.do(caller{"x-api-key": secret}, "GET", "/v1/runs/callbacks", "") },
		"another scheme": func() *answer {
			return w.do(caller{"Authorization": secret}, "GET", "/v1/runs/callbacks", "")
		},
		"a header's value":     func() *answer { return w.withHeader(`"Authorization": "` + secret + `\n"`) },
		"a value that is none": func() *answer { return w.withHeader(`"Authorization": ["` + secret + `"]`) },
		"a header twice":       func() *answer { return w.withHeader(`"a": "` + secret + `", "A": "` + secret + `"`) },
		"a URL's password": func() *answer {
			return w.do(
				platform().of(thisProject), "POST", resolvePath, `{"callbackUrl": "https://u:`+secret+`@hook.example.com"}`,
			)
		},
		"a broken body": func() *answer {
			return w.do(platform().of(thisProject), "POST", asyncPath, `{"inputs": "`+secret+`", }`)
		},
	} {
		a := send()
		if a.Status < 400 || strings.Contains(a.Body, secret) {
			t.Errorf("%s: %d: %s", name, a.Status, a.Body)
		}
	}
	if strings.Contains(w.log.String(), secret) {
		t.Errorf("logged %s", w.log)
	}
}

func (w *world) withHeader(header string) *answer {
	w.tb.Helper()
	return w.do(
		platform().of(thisProject), "POST", asyncPath,
		withRun(`"callback": {"url": "https://hook.example.com", "headers": {`+header+`}}`),
	)
}
