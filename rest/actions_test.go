package rest_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
	"github.com/ringback/ringback/models/tenant"
)

const (
	asyncPath    = "/v1/actions/" + action + "/run/async"
	schedulePath = "/v1/actions/" + action + "/run/schedule"
	resolvePath  = "/v1/actions/" + action
)

// made is the run of an answer.
func (w *world) made(a *answer) *run.Run {
	w.tb.Helper()
	r, err := w.service.RunByUID(w.tb.Context(), models.PlatformActor().Scope(models.RoleViewer), a.text("run_uid"))
	modelstest.NoError(w.tb, err)
	return r
}

func TestRunAsync(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.ok(w.session(editorUser).of(thisProject), http.MethodPost, asyncPath, `{
		"inputs": [{"url": "https://a.example"}, {"url": "https://b.example", "custom_data": {"k": 1}}],
		"parameters": {"max_results": 100, "page_size": 10, "unknown": true},
		"callback": {"url": "https://hook.example.com/b", "headers": {"X-B": "two", "Authorization": "Bearer one"}, "on": "FiNaL"},
		"identity_mode": "managed", "cron": 5, "inputsFileUrl": null
	}`)
	got.golden("run_async.json")
	r, err := w.store.LockRun(t.Context(), w.made(got).ID) // the history leaves out the headers
	modelstest.NoError(t, err)
	want := models.Endpoint{
		URL:     new("https://hook.example.com/b"),
		Headers: []models.Header{{Key: "X-B", Value: "two"}, {Key: "Authorization", Value: "Bearer one"}},
	}
	if diff := cmp.Diff(want, r.Callback); diff != "" {
		t.Errorf("callback (-want +got):\n%s", diff)
	}
	if *r.MaxResults != 100 || r.PageSize != 10 || r.CallbackOn != run.CallbackOnFinal || r.BatchCount != 20 ||
		*r.CreatedByUserID != editorUser {
		t.Errorf("made %+v", r)
	}
	if len(w.queue.Wakeups()) == 0 {
		t.Error("nobody was told to begin")
	}
}

func TestWhatARunDoesNotSayHasItsDefault(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, body := range map[string]string{
		"left out": `{"inputs": [{}]}`,
		"null":     `{"inputs": [{"custom_data": null}], "parameters": {"max_results": null, "page_size": null}, "callback": null}`,
		"empty":    `{"inputs": [{}], "parameters": {}}`,
	} {
		r := w.made(w.ok(w.key(project), http.MethodPost, asyncPath, body))
		if r.MaxResults != nil || r.PageSize != run.DefaultPageSize || r.Callback.URL != nil ||
			r.CallbackOn != run.CallbackOnAll {
			t.Errorf("%s: made %+v", name, r)
		}
	}
	for name, body := range map[string]string{
		"left out": `{"inputs": [{}], "callback": {"url": "https://hook.example.com/b"}}`,
		"null":     `{"inputs": [{}], "callback": {"url": "https://hook.example.com/b", "headers": null, "on": null}}`,
		"empty":    `{"inputs": [{}], "callback": {"url": "https://hook.example.com/b", "headers": {}, "on": "all"}}`,
	} {
		r := w.made(w.ok(w.key(project), http.MethodPost, asyncPath, body))
		if *r.Callback.URL != "https://hook.example.com/b" || len(r.Callback.Headers) != 0 ||
			r.CallbackOn != run.CallbackOnAll {
			t.Errorf("%s: made %+v", name, r)
		}
	}
}

func TestCustomDataComesBackAsItWasGiven(t *testing.T) {
	t.Parallel()
	const (
		given    = `{"z": 1.50, "a": [1e3, -0.0, "\u00e9é<&>\u2028"], "z2": 12345678901234567890, "": {}}`
		comes    = `{"z":1.50,"a":[1e3,-0.0,"\u00e9é<&>\u2028"],"z2":12345678901234567890,"":{}}`
		body     = `{"inputs": [{"k": 0.10, "custom_data": ` + given + `, "url": "https://e.example/?a=1&b=<2>"}]}`
		theInput = `{"k":0.10,"url":"https://e.example/?a=1&b=<2>"}`
	)
	w := newWorld(t)
	run := w.made(w.ok(w.key(project), http.MethodPost, asyncPath, body))
	for _, asked := range w.execute(http.StatusOK, oneResult) {
		if !strings.Contains(asked, `"input":`+theInput+`,`) || strings.Contains(asked, "custom_data") {
			t.Errorf("the executor was asked %s", asked)
		}
	}
	callbacks := w.callbacks(run)
	if len(callbacks) != 2 {
		t.Fatalf("%d callbacks", len(callbacks))
	}
	for _, c := range callbacks {
		if !strings.Contains(string(c.Body), `"input":`+theInput+`,"custom_data":`+comes+`,"error"`) {
			t.Errorf("sent %s", c.Body)
		}
	}
}

func TestRunSchedule(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key(project)
	for name, body := range map[string]string{
		"run_schedule_cron.json": `{"inputs": [{}], "cron": "30 9 * * 1-5", "timezone": "Europe/London"}`,
		"run_schedule_at.json":   `{"inputs": [{}], "schedule_at": "2020-07-10T09:00:00+02:00", "timezone": null, "cron": null}`,
		"run_schedule_now.json":  `{"inputs": [{}], "identity_mode": "managed", "identity_ids": []}`,
	} {
		t.Run(name, func(t *testing.T) {
			w := w.in(t)
			got := w.ok(key, http.MethodPost, schedulePath, body)
			r := w.made(got)
			// Which of them is first is left open.
			got.Body = strings.Replace(got.Body, `"run_id":`+r.RawID()+",", `"run_id":1,`, 1)
			got.golden(name)
			if r.Status != run.Scheduled || r.ProjectID != project {
				t.Errorf("made %+v", r)
			}
		})
	}
	fired, err := w.service.Firings.Fire(t.Context())
	modelstest.NoError(t, err)
	if fired != 1 {
		t.Errorf("%d fired at once", fired)
	}
	w.clock.Advance(24 * time.Hour) // over Friday, 10:30 in London
	if fired, err = w.service.Firings.Fire(t.Context()); err != nil || fired != 2 {
		t.Errorf("%d fired on the next day: %v", fired, err)
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.ok(platform().of(thisProject), http.MethodPost, resolvePath,
		`{"companyName": "Acme \u0026 <Sons>", "callbackUrl": "https://hook.example.com/resolution", "n": 1.0}`)
	got.golden("resolve.json")
	asked := w.execute(http.StatusOK, oneResult)
	if len(asked) != 1 || !strings.Contains(asked[0], `"input":{"companyName":"Acme \u0026 <Sons>","n":1.0},`) {
		t.Errorf("the executor was asked %s", asked)
	}
	callbacks := w.callbacks(w.lastRun(project))
	if len(callbacks) != 1 || string(callbacks[0].Body) != `{"b":1.0,"a":2}` ||
		*callbacks[0].TargetURL != "https://hook.example.com/resolution" {
		t.Errorf("callbacks: %v", callbacks)
	}
}

func (w *world) lastRun(projectID int64) *run.Run {
	w.tb.Helper()
	pages, err := w.service.RunPages(
		w.tb.Context(), models.PlatformActor().Scope(models.RoleViewer), run.OfProject, []int64{projectID}, run.Filter{},
		models.Page{First: 1},
	)
	modelstest.NoError(w.tb, err)
	return pages[projectID].Nodes[0]
}

// An action's name stands in the path, so every text can come here, also one that no database takes.
func TestAnActionThatDoesNotExistIsNotFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key(project)
	for _, name := range []string{"unknown", "a\x00b", "a\xffb", "a/b", "%", " ", "extract-company "} {
		for path, body := range map[string]string{
			"": `{"callbackUrl": "https://hook.example.com/a"}`, "/run/async": `{"inputs": [{}]}`,
			"/run/schedule": `{"inputs": [{}]}`,
		} {
			w.do(
				key, http.MethodPost, "/v1/actions/"+url.PathEscape(name)+path, body,
			).wantError(http.StatusNotFound, "NOT_FOUND", "")
		}
	}
}

func TestAThousandInputsFitIntoOneRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inputs := strings.TrimSuffix(strings.Repeat(`{"q":"`+strings.Repeat("x", 900)+`"},`, run.MaxInputs), ",")
	if r := w.made(
		w.ok(w.key(project), http.MethodPost, asyncPath, `{"inputs":[`+inputs+`]}`),
	); r.InputCount != run.MaxInputs {
		t.Errorf("made %+v", r)
	}
}

func TestAProjectHasAlwaysTheSameUID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const want = "b427dd27-6b3b-535a-acdf-988f15381682"
	if got := tenant.ProjectUID(project).String(); got != want {
		t.Errorf("got %s, want %s: clients know it by heart", got, want)
	}
	uids := map[string]bool{}
	for _, id := range []int64{project, sibling} {
		key := w.key(id)
		uids[w.ok(key, http.MethodPost, asyncPath, `{"inputs":[{}]}`).text("workspace_uid")] = true
		w.final(id)
		var entries []map[string]any
		w.ok(key, http.MethodGet, "/v1/runs/callbacks", "").into(&entries)
		uids[entries[0]["workspace_uid"].(string)] = true
	}
	if len(uids) != 2 || !uids[want] {
		t.Errorf("two projects have %v", uids)
	}
}

func TestQuotaIsAConflictThatNamesTheNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.quotas = run.Quotas{Schedules: 1, Batches: 1}
	w.handler = w.handlerOf(w.servicesOn(w.store))
	editor := w.session(editorUser).of(thisProject)
	const scheduled = `{"inputs": [{}], "cron": "0 0 * * *"}`
	w.ok(editor, http.MethodPost, schedulePath, scheduled)
	for path, body := range map[string]string{asyncPath: `{"inputs": [{}, {}]}`, schedulePath: scheduled} {
		got := w.do(editor, http.MethodPost, path, body)
		if got.Status != http.StatusConflict || got.text("error_label") != models.LabelLimitReached ||
			!strings.Contains(got.text("message"), "at most 1 ") {
			t.Errorf("%s: got %d %s", path, got.Status, got.Body)
		}
	}
}
