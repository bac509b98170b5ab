package graph_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
)

// Whatever goes wrong, a planted secret is neither in the log nor in the errors of an answer.
func TestSecretsAreNeitherInLogsNorInErrors(t *testing.T) {
	t.Parallel()
	const planted = "planted-4715-secret"
	w := newWorld(t)
	admin, editor, program := w.admin(), w.editor(), w.key(bareProject)
	key, userSecret := w.userKey(demoUser)
	w.ok(admin, updateProjectQuery, variables{"input": variables{
		"projectId": demoProject, "apiCallbackHeaders": []any{header("Authorization", planted)},
	}})
	update := func(headers ...any) func() *answer {
		return func() *answer {
			return w.do(
				editor, updateProjectQuery, variables{"input": variables{"projectId": bareProject, "apiCallbackHeaders": headers}},
			)
		}
	}
	document := func(text string) func() *answer {
		return func() *answer { return w.do(editor, text, nil) }
	}
	for name, send := range map[string]func() *answer{
		"a bad name":        update(header("A B", planted)),
		"a bad value":       update(header("A", planted+"\n")),
		"a long value":      update(header("A", planted+strings.Repeat("a", 5000))),
		"a reserved name":   update(header("Host", planted)),
		"twice":             update(header("A", planted), header("a", planted)),
		"a text for a list": update(planted),
		"a map for a text":  update(map[string]any{"key": "A", "value": map[string]any{"v": planted}}),
		"no JSON": func() *answer {
			return w.post(admin, `{"query": "{ version }", "variables": {"a": "`+planted)
		},
		"JSON of other kind": func() *answer { return w.post(admin, `["`+planted+`"]`) },
		"a literal of a wrong type": document(`mutation { updateProject(input: {projectId: 123, apiCallbackHeaders: "` + planted +
			`"}) { project { id } } }`),
		"a literal beside a wrong one": document(`mutation { updateProject(input: {projectId: 99999999999999999999,
			apiCallbackHeaders: [{key: "A", value: "` + planted + `"}]}) { project { id } } }`),
		"a wrong user key": document(
			`mutation { createSessionUsingUserKey(input: {userKeyId: 99, secret: "` + planted + `"}) { token } }`,
		),
		"a wrong key id": document(`mutation { createSessionUsingUserKey(input: {userKeyId: "` + userSecret +
			`", secret: "x"}) { token } }`),
		"a wrong login code": document(`mutation { createSessionUsingLoginCode(input: {code: "` + planted + `"}) { token } }`),
		"a wrong token":      func() *answer { return w.do(caller{"x-auth-token", planted}, `{ version }`, nil) },
		"a wrong key":        func() *answer { return w.do(caller{"x-api-key", planted}, `{ version }`, nil) },
		"a wrong scheme": func() *answer {
			return w.do(caller{"Authorization", "Token " + planted}, `{ version }`, nil)
		},
		"a key for a secret": document(
			`mutation { createSessionUsingUserKey(input: {userKeyId: "` + key + `", secret: "` + planted + `"}) { token } }`,
		),
		"a URL with a secret": document(
			`mutation { updateProject(input: {projectId: 123, apiCallbackUrl: "https://u:` + planted +
				`@a.example.com"}) { project { id } } }`,
		),
		"an uid":   document(`{ getCallback(uid: "` + planted + `") { id } }`),
		"a cursor": document(`{ getAccount(id: 123123) { callbacks(after: "` + planted + `") { totalCount } } }`),
		"not allowed": func() *answer {
			return w.do(
				w.viewer(), updateProjectQuery,
				variables{"input": variables{"projectId": demoProject, "apiCallbackHeaders": []any{header("A", planted)}}},
			)
		},
		"a project's key, used": func() *answer { return w.do(program, `{ me { id } }`, nil) },
		"a project's key, almost": func() *answer {
			return w.do(caller{program.header, program.value + planted}, `{ version }`, nil)
		},
		"a project's key for a token": func() *answer {
			return w.do(caller{"x-auth-token", program.value}, `{ version }`, nil)
		},
		"a project's key for its id": func() *answer {
			return w.do(
				admin, `mutation($k: ObjectID!) { deleteProjectKey(input: {projectKeyId: $k}) { projectKey { id } } }`,
				variables{"k": program.value},
			)
		},
		"a failing database":                    w.springing(trapFails, admin),
		"a panicking database":                  w.springing(trapPanics, admin),
		"a failing database of a project's key": w.springing(trapFails, program),
	} {
		a := send()
		if len(a.Errors) == 0 {
			t.Errorf("%s: no error: %s", name, a.Body)
		}
		for _, secret := range []string{planted, userSecret, admin.value, editor.value, program.value, platformKey.Reveal()} {
			if strings.Contains(fmt.Sprint(a.Errors), secret) {
				t.Errorf("%s: a secret in the answer: %s", name, a.Body)
			}
		}
	}
	if !strings.Contains(w.log.String(), "the store has a bug") {
		t.Error("the log does not have what went wrong")
	}
	for _, secret := range []string{
		planted, userSecret, admin.value, editor.value, program.value, platformKey.Reveal(), "whsec_",
	} {
		if strings.Contains(w.log.String(), secret) {
			t.Errorf("%q in the log:\n%s", secret, w.log)
		}
	}
}

// springing sends a query that meets a broken store.
func (w *world) springing(mode int32, who caller) func() *answer {
	return func() *answer {
		w.store.mode.Store(mode)
		defer w.store.mode.Store(0)
		return w.do(who, `{ getProject(id: 1123123) { apiCallbackHeaders { value } } getCrawl(id: 124234) { id } }`, nil)
	}
}

// A user key's secret and a session's token are in the one answer that makes them, and nowhere afterwards.
func TestAUserKeysSecretIsShownOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin := w.admin()
	made := w.ok(admin, `mutation { createUserKey { id rawID secret } }`, nil)
	secret := made.text("createUserKey.secret")
	if !strings.HasPrefix(secret, "rbk_") {
		t.Errorf("secret %q", secret)
	}
	deleted := w.ok(
		admin,
		`mutation { deleteUserKey(input: {userKeyId: "`+made.text("createUserKey.id")+`"}) { userKey { id rawID createdAt } } }`,
		nil,
	)
	if strings.Contains(deleted.Body, secret) || strings.Contains(fmt.Sprint(w.dump()), secret) {
		t.Error("the secret is kept")
	}
	for _, d := range []string{"UserKey", "User", "Account", "Callback"} {
		if schema().Types[d].Fields.ForName("secret") != nil {
			t.Errorf("%s has a field secret", d)
		}
	}
}

func TestNothingIsStoredInTheClear(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin, program := w.admin(), w.key(demoProject)
	text := fmt.Sprintf("%v", w.dump())
	for _, secret := range []string{
		accountSecret, projectSecret, webhookSecret, executorSecret, runSecret, admin.value, program.value, "whsec_",
	} {
		if strings.Contains(text, secret) || strings.Contains(text, fmt.Sprintf("%d", []byte(secret))[1:20]) {
			t.Errorf("%q is in the database", secret)
		}
	}
}

// The API behaves behind a real server as it does in the other tests.
func TestTheHandlerWorksBehindARealServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := httptest.NewServer(w.handler)
	t.Cleanup(server.Close)
	r, err := http.NewRequestWithContext(
		t.Context(), http.MethodPost, server.URL+"/graphql", strings.NewReader(`{"query":"{version}"}`),
	)
	modelstest.NoError(t, err)
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	response, err := server.Client().Do(r)
	modelstest.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		t.Errorf("status %d", response.StatusCode)
	}
}

func TestARedactedAnswerStaysRedacted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := modelstest.ClaimOnly(t, w.service.Callbacks, w.callback.report.ID)
	status := 500
	modelstest.NoError(
		t,
		w.service.Callbacks.Deliveries.Settle(
			t.Context(),
			w.service.Callbacks.Deliveries.Decide(
				d, callback.Outcome{HTTPStatus: &status, ResponseBody: []byte("you sent " + projectSecret)},
			),
		),
	)
	a := w.ok(
		w.admin(), `{ getCallback(id: 2) { attempts { nodes { responseBody url httpStatus error { code message } } } } }`,
		nil,
	)
	if strings.Contains(a.Body, "project-secret") || !strings.Contains(a.Body, models.Masked) {
		t.Error(a.Body)
	}
}
