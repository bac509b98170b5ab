package graph_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store/storetest"
	"github.com/ringback/ringback/models/tenant"
)

// caller is a header with a credential; the zero caller is a stranger.
type caller struct{ header, value string }

func (c caller) sign(r *http.Request) {
	if c.header != "" {
		r.Header.Set(c.header, c.value)
	}
}

func platform() caller { return caller{"x-api-key", platformKey.Reveal()} }

// session logs a user in.
func (w *world) session(userID int64) caller {
	w.tb.Helper()
	s, err := w.service.Access.StartSession(context.WithoutCancel(w.tb.Context()), userID, nil)
	modelstest.NoError(w.tb, err)
	return caller{"x-auth-token", s.Token.Reveal()}
}

// key makes a key of a project for a program.
func (w *world) key(projectID int64) caller {
	w.tb.Helper()
	ctx := context.WithoutCancel(w.tb.Context())
	_, text, err := w.service.Access.CreateProjectKey(ctx, models.PlatformActor(), projectID, "CI")
	modelstest.NoError(w.tb, err)
	return caller{"x-api-key", text.Reveal()}
}

// partnerKey makes a key of an SSO client.
func (w *world) partnerKey(ssoClientID int64) caller {
	w.tb.Helper()
	ctx := context.WithoutCancel(w.tb.Context())
	_, text, err := w.service.Access.CreateSSOClientKey(ctx, models.PlatformActor(), ssoClientID, "CI")
	modelstest.NoError(w.tb, err)
	return caller{"x-api-key", text.Reveal()}
}

// otherPartner makes another SSO client, which has the other account, and a key of it.
func (w *world) otherPartner() caller {
	w.tb.Helper()
	ctx := context.WithoutCancel(w.tb.Context())
	client, err := w.service.Tenants.CreateSSOClient(ctx, models.PlatformActor(), tenant.NewSSOClient{Name: "Other SSO"})
	modelstest.NoError(w.tb, err)
	pools, err := w.store.Pools()
	modelstest.NoError(w.tb, err)
	statement := fmt.Sprintf("UPDATE accounts SET sso_client_id = %d WHERE id = %d", client.ID, otherAccount)
	_, err = pools["write"].ExecContext(ctx, statement)
	modelstest.NoError(w.tb, err)
	return w.partnerKey(client.ID)
}

func (w *world) admin() caller  { return w.session(demoUser) }
func (w *world) editor() caller { return w.session(editorUser) }
func (w *world) viewer() caller { return w.session(viewerUser) }
func (w *world) other() caller  { return w.session(otherUser) }

type variables map[string]any

// answer is what came back.
type answer struct {
	tb     testing.TB
	Status int
	Header http.Header
	Body   string
	Data   any           `json:"data"`
	Errors []answerError `json:"errors"`
}

type answerError struct {
	Message    string         `json:"message"`
	Path       []any          `json:"path"`
	Extensions map[string]any `json:"extensions"`
}

// do sends a query as a front end would.
func (w *world) do(who caller, query string, vars variables) *answer {
	w.tb.Helper()
	if strings.HasPrefix(query, "subscription") {
		s := w.subscribe(who, query, vars)
		defer s.leave()
		return s.next()
	}
	body, err := json.Marshal(map[string]any{"query": query, "variables": vars})
	modelstest.NoError(w.tb, err)
	return w.post(who, string(body))
}

func (w *world) post(who caller, body string) *answer {
	w.tb.Helper()
	r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	who.sign(r)
	return w.send(r)
}

func (w *world) send(r *http.Request) *answer {
	w.tb.Helper()
	recorder := httptest.NewRecorder()
	w.handler.ServeHTTP(recorder, r.WithContext(w.tb.Context()))
	return readAnswer(w.tb, recorder)
}

func readAnswer(tb testing.TB, recorder *httptest.ResponseRecorder) *answer {
	tb.Helper()
	a := &answer{tb: tb, Status: recorder.Code, Header: recorder.Header(), Body: recorder.Body.String()}
	if err := json.Unmarshal(recorder.Body.Bytes(), a); err != nil {
		tb.Fatalf("%v in %s", err, a.Body)
	}
	return a
}

// ok sends a query that must succeed.
func (w *world) ok(who caller, query string, vars variables) *answer {
	w.tb.Helper()
	a := w.do(who, query, vars)
	if len(a.Errors) > 0 || a.Status != http.StatusOK {
		w.tb.Fatalf("%s\nstatus %d: %s", query, a.Status, a.Body)
	}
	return a
}

// code is extensions.code of the only error, empty where there is none.
func (a *answer) code() string {
	a.tb.Helper()
	if len(a.Errors) == 0 {
		return ""
	}
	if len(a.Errors) > 1 {
		a.tb.Fatalf("more than one error: %s", a.Body)
	}
	code, _ := a.Errors[0].Extensions["code"].(string)
	return code
}

func (a *answer) field() string {
	field, _ := a.Errors[0].Extensions["field"].(string)
	return field
}

func (a *answer) path() string {
	parts := make([]string, len(a.Errors[0].Path))
	for i, p := range a.Errors[0].Path {
		parts[i] = fmt.Sprint(p)
	}
	return strings.Join(parts, ".")
}

// at finds a value of the data by a path such as me.accounts.nodes.0.name.
func (a *answer) at(path string) any {
	a.tb.Helper()
	v := a.Data
	for part := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[part]
		case []any:
			i, err := strconv.Atoi(part)
			if err != nil || i >= len(x) {
				a.tb.Fatalf("no %s of %s in %s", part, path, a.Body)
			}
			v = x[i]
		default:
			a.tb.Fatalf("no %s of %s in %s", part, path, a.Body)
		}
	}
	return v
}

func (a *answer) text(path string) string {
	a.tb.Helper()
	return fmt.Sprint(a.at(path))
}

func (a *answer) list(path string) []any {
	a.tb.Helper()
	list, ok := a.at(path).([]any)
	if !ok {
		a.tb.Fatalf("no list at %s in %s", path, a.Body)
	}
	return list
}

// wantError checks everything about an answer with one error.
func (a *answer) wantError(code models.Code, field, path string) {
	a.tb.Helper()
	if len(a.Errors) != 1 {
		a.tb.Fatalf("want one error %s, got %s", code, a.Body)
	}
	got := []string{a.code(), a.field(), a.path()}
	if diff := cmp.Diff([]string{string(code), field, path}, got); diff != "" {
		a.tb.Errorf("code, field, path (-want +got):\n%s%s", diff, a.Body)
	}
	if field != "" && !strings.HasPrefix(a.Errors[0].Message, field+": ") {
		a.tb.Errorf("the message does not name the field %s: %s", field, a.Errors[0].Message)
	}
}

// golden compares with a file of testdata.
func golden(tb testing.TB, name, got string) {
	tb.Helper()
	var indented bytes.Buffer
	if err := json.Indent(&indented, []byte(got), "", "  "); err != nil {
		tb.Fatal(err)
	}
	text := strings.TrimSpace(indented.String()) + "\n"
	modelstest.Golden(tb, name, []byte(text))
}

// dump is everything in the database, as text: to tell that nothing changed.
func (w *world) dump() map[string][]string {
	w.tb.Helper()
	return storetest.Dump(
		w.tb, w.url, "sso_clients", "accounts", "users", "memberships", "user_keys", "sessions", "projects",
		"signing_secrets",
		"project_keys", "crawls", "report_downloads", "callbacks", "callback_attempts",
		"actions", "schedules", "runs", "run_inputs", "run_batches", "batch_attempts", "jobs", "portal_sessions", "bulk_replays",
	)
}

// unchanged runs f and checks that the database is as it was, and that nobody was woken.
func (w *world) unchanged(f func()) {
	w.tb.Helper()
	before := w.dump()
	w.queue.Take()
	f()
	if diff := cmp.Diff(before, w.dump()); diff != "" {
		w.tb.Errorf("the database changed (-before +after):\n%s", diff)
	}
	if woke := w.queue.Take(); len(woke) > 0 {
		w.tb.Errorf("woken: %v", woke)
	}
}

// same compares with a value of an answer.
func (w *world) same(what string, want, got any) {
	w.tb.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		w.tb.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// sameJSON compares with a value of an answer that is written as JSON.
func (w *world) sameJSON(what, want string, got any) {
	w.tb.Helper()
	var value any
	modelstest.NoError(w.tb, json.Unmarshal([]byte(want), &value))
	w.same(what, value, got)
}

// without is a value of an answer without the members of some names, wherever they stand.
func without(v any, names ...string) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, child := range v {
			if !slices.Contains(names, name) {
				out[name] = without(child, names...)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, child := range v {
			out[i] = without(child, names...)
		}
		return out
	}
	return v
}

func quote(s string) string { return string(mustJSON(s)) }

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// squeeze removes the white space of a JSON document.
func squeeze(s string) string {
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(s)); err != nil {
		return err.Error()
	}
	return b.String()
}
