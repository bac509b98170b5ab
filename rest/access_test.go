package rest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store/storetest"
	"github.com/ringback/ringback/models/tenant"
)

// example is a request about the project that succeeds for those who may make it.
type example struct {
	least models.Role // empty: anyone
	// optional: the project need not be named.
	optional bool
	// platform: only its key opens the door, which is of no project.
	platform bool
	target   func(*world) string
	body     string
}

func path(text string) func(*world) string { return func(*world) string { return text } }

func ofFinal(format string) func(*world) string {
	return func(w *world) string { return fmt.Sprintf(format, w.final(project).UID) }
}

// examples has one for each door.
var examples = map[string]example{
	"GET /v1/openapi.json": {optional: true, target: path("/v1/openapi.json")},
	"POST /v1/actions/{action}": {
		least: models.RoleEditor, target: path(resolvePath),
		body: `{"q": 1, "callbackUrl": "https://hook.example.com/resolution"}`,
	},
	"POST /v1/actions/{action}/run/async": {
		least: models.RoleEditor, target: path(asyncPath), body: `{"inputs": [{}]}`,
	},
	"POST /v1/actions/{action}/run/schedule": {
		least: models.RoleEditor, target: path(schedulePath), body: `{"inputs": [{}]}`,
	},
	"GET /v1/runs/callbacks":                {least: models.RoleViewer, target: path("/v1/runs/callbacks")},
	"GET /v1/runs/callbacks/{callback_uid}": {least: models.RoleViewer, target: ofFinal("/v1/runs/callbacks/%s")},
	"POST /v1/runs/callbacks/{callback_uid}/replay": {
		least: models.RoleEditor, target: ofFinal("/v1/runs/callbacks/%s/replay"),
	},
	"POST /v1/crawls/finish": {
		least: models.RoleAdmin, optional: true, platform: true, target: path("/v1/crawls/finish"),
		body: `{"crawl_id": 7001, "project_id": 123}`,
	},
	"POST /v1/report-downloads/finish": {
		least: models.RoleAdmin, optional: true, platform: true, target: path("/v1/report-downloads/finish"),
		body: `{"report_download_id": 8001, "crawl_id": 7001, "report_template_code": "a", "file_url": "https://f.example.com/a.csv"}`,
	},
	"GET /v1/jobs/{job_id}": {least: models.RoleViewer, optional: true, target: func(w *world) string {
		return "/v1/jobs/" + w.newJob(project, nil).RawID()
	}},
}

// forEveryDoor runs a test for each operation of the document, so that a new one cannot be forgotten.
func forEveryDoor(t *testing.T, test func(w *world, method string, e example)) {
	t.Helper()
	w := newWorld(t)
	for name, o := range operations(t) {
		e, ok := examples[name]
		if !ok {
			t.Errorf("%s needs an example", name)
			continue
		}
		t.Run(name, func(t *testing.T) { test(w.in(t), o.method, e) })
	}
}

func TestEveryDoorAsksWhoCalls(t *testing.T) {
	t.Parallel()
	forEveryDoor(t, func(w *world, method string, e example) {
		fresh := w.session(editorUser)
		for name, test := range map[string]struct {
			caller caller
			has    models.Role // on the project; empty: none
		}{
			"a viewer":                    {w.session(viewerUser), models.RoleViewer},
			"an editor":                   {fresh, models.RoleEditor},
			"an admin":                    {w.session(adminUser), models.RoleAdmin},
			"the platform":                {platform(), models.RoleAdmin},
			"the project's key":           {w.key(project), models.RoleEditor},
			"the key of a sibling":        {w.key(sibling), ""},
			"the key of another account":  {w.key(otherProject), ""},
			"an admin of another account": {w.session(otherUser), ""},
			"both a session and another's key": {
				caller{"Authorization": fresh["Authorization"], "x-api-key": "wrong"}, models.RoleEditor,
			},
			"a session token in its own header": {
				caller{"x-auth-token": fresh["Authorization"][len("Bearer "):]}, models.RoleEditor,
			},
		} {
			target := e.target(w)
			send := func() *answer { return w.do(test.caller.of(thisProject), method, target, e.body) }
			switch {
			case e.platform && name != "the platform":
				w.unchanged(func() { send().wantError(http.StatusForbidden, "FORBIDDEN", "") })
			case e.least == "" || test.has.AtLeast(e.least):
				if a := send(); a.Status != http.StatusOK {
					w.tb.Errorf("%s gets %d: %s", name, a.Status, a.Body)
				}
			case test.has == "":
				w.unchanged(func() { send().wantError(http.StatusNotFound, "NOT_FOUND", "") })
			default:
				w.unchanged(func() { send().wantError(http.StatusForbidden, "FORBIDDEN", "") })
			}
		}
	})
}

func TestNoDoorOpensWithoutValidCredentials(t *testing.T) {
	t.Parallel()
	forEveryDoor(t, func(w *world, method string, e example) {
		late := w.session(editorUser)
		w.clock.Advance(tenant.SessionLifetime)
		for name, who := range map[string]caller{
			"none": nil, "an unknown token": {"x-auth-token": "rbs_unknown"}, "an unknown key": {"x-api-key": "rbj_unknown"},
			"a token of yesterday": late, "another scheme": {"Authorization": "Basic dXNlcjpwYXNzd29yZA=="},
		} {
			target := e.target(w)
			w.unchanged(func() {
				a := w.do(who.of(thisProject), method, target, e.body)
				if e.least == "" {
					if a.Status != http.StatusOK {
						w.tb.Errorf("%s: %d: %s", name, a.Status, a.Body)
					}
					return
				}
				a.wantError(http.StatusUnauthorized, "UNAUTHENTICATED", "")
				if got := a.Header.Get("WWW-Authenticate"); got != "Bearer" {
					w.tb.Errorf("%s: WWW-Authenticate is %q", name, got)
				}
			})
		}
	})
}

func TestWhoIsNotKnownIsToldWhatToSendInstead(t *testing.T) {
	t.Parallel()
	forEveryDoor(t, func(w *world, method string, e example) {
		if e.least == "" {
			return
		}
		who := caller{"x-api-token": strings.TrimPrefix(w.session(editorUser)["Authorization"], "Bearer ")}
		a := w.do(who.of(thisProject), method, e.target(w), e.body)
		a.wantError(http.StatusUnauthorized, "UNAUTHENTICATED", "")
		if !strings.Contains(a.Body, "x-api-token has a session's token: send it as x-auth-token") ||
			strings.Contains(a.Body, who["x-api-token"]) {
			w.tb.Error(a.Body)
		}
	})
}

func TestEveryDoorIsToldWhichProjectIsMeant(t *testing.T) {
	t.Parallel()
	forEveryDoor(t, func(w *world, method string, e example) {
		if e.least == "" || e.platform {
			return
		}
		editor, key := w.session(editorUser), w.key(project)
		type want struct {
			status       int
			label, field string
		}
		ok, notFound := want{status: http.StatusOK}, want{http.StatusNotFound, "NOT_FOUND", ""}
		badInput := want{http.StatusBadRequest, "BAD_INPUT", "x-project-id"}
		unnamed := badInput
		if e.optional {
			unnamed = ok
		}
		for name, test := range map[string]struct {
			caller caller
			want   want
		}{
			"a session that names none":          {editor, unnamed},
			"the platform that names none":       {platform(), unnamed},
			"a key that names none":              {key, ok},
			"by its number":                      {editor.of("123"), ok},
			"by another published spelling":      {editor.of("TjAwN1Byb2plY3QxMjM"), ok},
			"a key that names its own":           {key.of(thisProject), ok},
			"a key that names a sibling":         {key.of(thatProject), notFound},
			"a key that names none there is":     {key.of(unknownProject), notFound},
			"an unknown project":                 {editor.of(unknownProject), notFound},
			"the platform, an unknown project":   {platform().of(unknownProject), notFound},
			"a project of another account":       {editor.of("125"), notFound},
			"an id that is none":                 {editor.of("0x7b"), badInput},
			"the id of an account":               {editor.of("TjAwN0FjY291bnQxMjM"), badInput},
			"a key, beside an id that is none":   {key.of("?"), badInput},
			"a key, beside the id of an account": {key.of("TjAwN0FjY291bnQxMjM"), badInput},
		} {
			target := e.target(w)
			a := w.do(test.caller, method, target, e.body)
			if test.want == ok {
				if a.Status != http.StatusOK {
					w.tb.Errorf("%s: %d: %s", name, a.Status, a.Body)
				}
				continue
			}
			a.wantError(test.want.status, test.want.label, test.want.field)
		}
	})
}

// Where the id says it all, the project that is meant must still be its project.
func TestWhatIsAnotherProjectsIsNotFound(t *testing.T) {
	t.Parallel()
	forEveryDoor(t, func(w *world, method string, e example) {
		target := e.target(w)
		if e.least == "" || e.platform || target == resolvePath || target == asyncPath || target == schedulePath ||
			target == "/v1/runs/callbacks" {
			return
		}
		for _, who := range []caller{w.key(sibling), w.session(editorUser).of(thatProject), platform().of(thatProject)} {
			w.unchanged(func() { w.do(who, method, target, e.body).wantError(http.StatusNotFound, "NOT_FOUND", "") })
		}
	})
}

func TestAKeyMakesRunsInItsProject(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, id := range []int64{project, sibling, otherProject} {
		if run := w.made(w.ok(w.key(id), http.MethodPost, asyncPath, `{"inputs": [{}]}`)); run.ProjectID != id {
			t.Errorf("the key of project %d made a run in %d", id, run.ProjectID)
		}
	}
}

func TestADeletedProjectIsNotFound(t *testing.T) {
	t.Parallel()
	forEveryDoor(t, func(w *world, method string, e example) {
		if e.least == "" || e.optional {
			return
		}
		w = newWorld(w.tb)
		target, key := e.target(w), w.key(project)
		_, err := w.service.DeleteProject(w.tb.Context(), models.PlatformActor(), project)
		modelstest.NoError(w.tb, err)
		w.do(w.session(editorUser).of(thisProject), method, target, e.body).wantError(http.StatusNotFound, "NOT_FOUND", "")
		w.do(key, method, target, e.body).wantError(http.StatusUnauthorized, "UNAUTHENTICATED", "")
	})
}

// unchanged runs f and checks that the database is as it was, and that nobody was woken.
func (w *world) unchanged(f func()) {
	w.tb.Helper()
	before, woken := w.dump(), len(w.queue.Wakeups())
	f()
	if diff := cmp.Diff(before, w.dump()); diff != "" {
		w.tb.Errorf("the database changed (-before +after):\n%s", diff)
	}
	if n := len(w.queue.Wakeups()) - woken; n != 0 {
		w.tb.Errorf("%d were woken", n)
	}
}

// dump is what the doors could change, as text.
func (w *world) dump() map[string][]string {
	w.tb.Helper()
	return storetest.Dump(
		w.tb, w.url, "actions", "callbacks", "jobs", "projects", "run_batches", "run_inputs", "runs", "schedules",
	)
}
