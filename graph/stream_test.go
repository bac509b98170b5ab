package graph_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/job"
	"github.com/ringback/ringback/models/modelstest"
)

const lookOn = `subscription { callbackChanged(input: {owner: {projectId: 1123123}}) {
	kind callback { rawID status project { name } attempts { nodes { number } } payload } } }`

func TestASubscriptionIsToldWhatItAsksOfEachCallback(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.subscribe(w.viewer(), lookOn, nil)
	defer s.leave()
	if got := s.next().at("callbackChanged.kind"); got != "READY" {
		t.Fatalf("told %v", got)
	}
	for _, crawlID := range []int64{124400, 124401} { // each has loaders of its own
		c := finishCrawl(t, w.service, crawlID, demoProject)
		w.same("the callback", map[string]any{
			"rawID": c.RawID(), "status": "PENDING", "project": map[string]any{"name": "Site"},
			"attempts": map[string]any{"nodes": []any{}}, "payload": string(c.Body),
		}, s.next().at("callbackChanged.callback"))
	}
}

// stream sends an operation to who takes some media types, and returns all that comes.
func (w *world) stream(accept, query string) *httptest.ResponseRecorder {
	w.tb.Helper()
	r := httptest.NewRequest(http.MethodPost, "/graphql", bytes.NewReader(mustJSON(map[string]any{"query": query})))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", accept)
	w.admin().sign(r)
	recorder := httptest.NewRecorder()
	ctx, cancel := context.WithTimeout(w.tb.Context(), modelstest.Patience)
	defer cancel()
	w.handler.ServeHTTP(recorder, r.WithContext(ctx))
	return recorder
}

func TestSubscriptionsAreAskedForByEventStreams(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	readAnswer(t, w.stream("application/json", lookOn)).wantError(models.CodeBadUserInput, "Accept", "")
	both := "application/graphql-response+json, application/json, text/event-stream"
	if got := readAnswer(t, w.stream(both, `{ version }`)); got.at("version") != testVersion {
		t.Errorf("who takes both: %s", got.Body)
	}
	for query, want := range map[string]string{
		`{ version }`:                 `{"data":{"version":"` + testVersion + `"}}`,
		`subscription { __typename }`: "GRAPHQL_VALIDATION_FAILED",
		`subscription { nothing }`:    "GRAPHQL_VALIDATION_FAILED",
		`subscription { callbackChanged(input: {owner: {projectId: 999}}) { kind } }`: "ENTITY_NOT_FOUND",
	} {
		got := w.stream("text/event-stream", query)
		if body := got.Body.String(); got.Code != http.StatusOK || !strings.Contains(body, want) ||
			strings.Count(body, "event: next\ndata: {") != 1 || !strings.HasSuffix(body, "\n\nevent: complete\ndata:\n\n") {
			t.Errorf("%s: %d %s", query, got.Code, body)
		}
	}
}

// TestAnAnswerIsOneLineOfAnEvent: also where it is long, and a caller's own JSON in it has lines.
func TestAnAnswerIsOneLineOfAnEvent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	text := strings.Repeat("x", 100<<10)
	w.job(job.NewJobs{ProjectID: demoProject, Metadata: []byte("{\n\"text\":\r\n" + quote(text) + "}")})
	s := w.subscribe(w.editor(), `query { getProject(id: 1123123) { jobs(first: 1) { nodes { metadata } } } }`, nil)
	defer s.leave()
	if got := s.next().text("getProject.jobs.nodes.0.metadata.text"); got != text || s.next() != nil {
		t.Errorf("%d bytes came", len(got))
	}
}

func TestStreamsAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	long := w.stream("text/event-stream", lookOn+"#"+strings.Repeat(" ", 16<<10)).Body.String()
	if !strings.Contains(long, string(models.CodeBadUserInput)) || !strings.Contains(long, `"field":"body"`) {
		t.Error(long)
	}
	w.withLarge(1)
	var many strings.Builder
	for i := range 20 {
		fmt.Fprintf(&many, " m%d: metadata", i)
	}
	s := w.subscribe(w.admin(), fmt.Sprintf(`subscription { callbackChanged(input: {owner: {projectId: 1123123}}) {
		kind callback { project { jobs(first: 1) { nodes { %s } } } } } }`, many.String()), nil)
	defer s.leave()
	s.next()
	for _, crawlID := range []int64{124500, 124501} { // one that is too large ends nothing
		finishCrawl(t, w.service, crawlID, demoProject)
		if a := s.next(); a.code() != string(models.CodeAnswerTooLarge) {
			t.Errorf("%.500s", a.Body)
		}
	}
}

// clogged is a connection that takes nothing.
type clogged struct {
	*httptest.ResponseRecorder
	until chan time.Duration
}

func (c clogged) SetWriteDeadline(t time.Time) error {
	c.until <- time.Until(t)
	return nil
}

func (c clogged) Write([]byte) (int, error) { return 0, os.ErrDeadlineExceeded }

func TestWhoTakesNoEventIsCutOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := httptest.NewRequest(http.MethodPost, "/graphql", bytes.NewReader(mustJSON(map[string]any{"query": lookOn})))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "text/event-stream")
	w.admin().sign(r)
	c := clogged{httptest.NewRecorder(), make(chan time.Duration, 100)}
	w.handler.ServeHTTP(c, r) // it returns
	if got := <-c.until; got > 10*time.Second || got < 9*time.Second {
		t.Errorf("an event has %s", got)
	}
}
