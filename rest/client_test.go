package rest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
)

// caller is some headers; the nil caller is a stranger.
type caller map[string]string

// of names a project beside the credentials.
func (c caller) of(projectID string) caller {
	with := caller{"x-project-id": projectID}
	for name, value := range c {
		with[name] = value
	}
	return with
}

func platform() caller { return caller{"x-api-key": platformKey.Reveal()} }

// session logs a user in.
func (w *world) session(userID int64) caller {
	w.tb.Helper()
	s, err := w.service.StartSession(context.WithoutCancel(w.tb.Context()), userID, nil)
	modelstest.NoError(w.tb, err)
	return caller{"Authorization": "Bearer " + s.Token.Reveal()}
}

// key makes a key of a project.
func (w *world) key(projectID int64) caller {
	w.tb.Helper()
	_, text, err := w.service.CreateProjectKey(w.tb.Context(), models.PlatformActor(), projectID, "CI")
	modelstest.NoError(w.tb, err)
	return caller{"x-api-key": text.Reveal()}
}

// answer is what came back.
type answer struct {
	tb     testing.TB
	Status int
	Header http.Header
	Body   string
}

// do sends a request and holds it, and what comes back, against the document.
func (w *world) do(who caller, method, target, body string) *answer {
	w.tb.Helper()
	newRequest := func() *http.Request {
		r := httptest.NewRequest(method, target, strings.NewReader(body)).WithContext(w.tb.Context())
		if body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		for name, value := range who {
			r.Header.Set(name, value)
		}
		return r
	}
	recorder := httptest.NewRecorder()
	w.handler.ServeHTTP(recorder, newRequest())
	a := &answer{tb: w.tb, Status: recorder.Code, Header: recorder.Header(), Body: recorder.Body.String()}
	if got := a.Header.Get("Content-Type"); got != "application/json" || !json.Valid(recorder.Body.Bytes()) {
		w.tb.Errorf("%s %s: answered %s: %s", method, target, got, a.Body)
	}
	a.compare(newRequest())
	return a
}

// compare holds a request and its answer against the document: what the doors take must be allowed there, and every
// answer described.
func (a *answer) compare(r *http.Request) {
	a.tb.Helper()
	router := router(a.tb)
	route, parameters, err := router.FindRoute(r)
	if err != nil {
		if a.Status != http.StatusNotFound && a.Status != http.StatusMethodNotAllowed {
			a.tb.Errorf("%s %s answers %d but is not in the document: %v", r.Method, r.URL, a.Status, err)
		}
		a.conforms(document(a.tb).Components.Schemas["Error"].Value)
		return
	}
	request := &openapi3filter.RequestValidationInput{
		Request: r, PathParams: parameters, Route: route, Options: &openapi3filter.Options{
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true,
		},
	}
	if err := openapi3filter.ValidateRequest(r.Context(), request); err != nil && a.Status == http.StatusOK {
		a.tb.Errorf("%s %s is taken, against the document: %v", r.Method, r.URL, err)
	}
	response := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: request, Status: a.Status, Header: a.Header, Options: request.Options,
	}
	if err := openapi3filter.ValidateResponse(r.Context(), response.SetBodyBytes([]byte(a.Body))); err != nil {
		a.tb.Errorf("%s %s answers %d, against the document: %v", r.Method, r.URL, a.Status, err)
	}
}

func (a *answer) conforms(schema *openapi3.Schema) {
	a.tb.Helper()
	var body any
	modelstest.NoError(a.tb, json.Unmarshal([]byte(a.Body), &body))
	if err := schema.VisitJSON(body); err != nil {
		a.tb.Errorf("against the document: %v in %s", err, a.Body)
	}
}

// ok sends a request that must succeed.
func (w *world) ok(who caller, method, target, body string) *answer {
	w.tb.Helper()
	a := w.do(who, method, target, body)
	if a.Status != http.StatusOK {
		w.tb.Fatalf("%s %s: status %d: %s", method, target, a.Status, a.Body)
	}
	return a
}

// into decodes an answer, whose members must all be known.
func (a *answer) into(v any) {
	a.tb.Helper()
	decoder := json.NewDecoder(strings.NewReader(a.Body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil {
		a.tb.Fatalf("%v in %s", err, a.Body)
	}
}

// text is a member of an object, as text.
func (a *answer) text(name string) string {
	a.tb.Helper()
	var object map[string]any
	a.into(&object)
	return fmt.Sprint(object[name])
}

// wantError checks everything about an answer that is an error but its words.
func (a *answer) wantError(status int, label, field string) {
	a.tb.Helper()
	var got models.StandardError
	a.into(&got)
	if got.Message == "" || got.Ref != a.Header.Get("X-Request-Id") {
		a.tb.Errorf("no message, or another reference than %s: %s", a.Header.Get("X-Request-Id"), a.Body)
	}
	want := models.StandardError{
		Message: got.Message, Label: label, Scope: "API", StatusCode: status, Params: map[string]any{}, Ref: got.Ref,
	}
	if field != "" {
		want.Params["field"] = field
		if !strings.HasPrefix(got.Message, field+": ") {
			a.tb.Errorf("the message does not name the field %s: %s", field, got.Message)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" || a.Status != status {
		a.tb.Errorf("HTTP %d (-want +got):\n%s", a.Status, diff)
	}
}

var uids = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// golden compares with a file of testdata. UUIDs, which are new each time, are numbered in the order in which they
// come.
func (a *answer) golden(name string) {
	a.tb.Helper()
	var indented bytes.Buffer
	modelstest.NoError(a.tb, json.Indent(&indented, []byte(a.Body), "", "  "))
	numbers := map[string]string{}
	text := uids.ReplaceAllStringFunc(indented.String(), func(uid string) string {
		if numbers[uid] == "" {
			numbers[uid] = fmt.Sprintf("<uid %d>", len(numbers)+1)
		}
		return numbers[uid]
	})
	modelstest.Golden(a.tb, name, []byte(text))
}

// in is the same world within a subtest.
func (w *world) in(tb testing.TB) *world {
	inner := *w
	inner.tb = tb
	return &inner
}
