package graph_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/ringback/ringback/graph"
	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
)

// wantUnexpected checks an answer to something that went wrong on our side: one sentence with the request's id, and one
// line in the log that has the cause.
func wantUnexpected(t *testing.T, w *world, a *answer, cause string) {
	t.Helper()
	if a.code() != string(models.CodeInternal) {
		t.Fatalf("code %q: %s", a.code(), a.Body)
	}
	id, _ := a.Errors[0].Extensions["requestId"].(string)
	if id == "" || !strings.Contains(a.Errors[0].Message, id) {
		t.Errorf("request id %q: %s", id, a.Body)
	}
	for _, leak := range []string{"SELECT", "sql", "relation", "panic", "goroutine", "bug", ".go"} {
		if strings.Contains(a.Body, leak) {
			t.Errorf("%q in the answer: %s", leak, a.Body)
		}
	}
	lines := 0
	for line := range strings.Lines(w.log.String()) {
		if strings.Contains(line, id) {
			lines++
			if !strings.Contains(line, cause) || !strings.Contains(line, `"level":"ERROR"`) {
				t.Errorf("the line does not have the cause %q: %s", cause, line)
			}
		}
	}
	if lines != 1 {
		t.Errorf("%d lines with the request id in the log, want 1:\n%s", lines, w.log)
	}
}

func TestAnUnexpectedErrorIsOneSentenceAndOneLogLine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.store.mode.Store(trapFails)
	wantUnexpected(t, w, w.do(w.admin(), `{ getCrawl(id: 124234) { id } }`, nil), "pq: relation secret_table")
	w.store.mode.Store(0)
	w.ok(w.admin(), `{ getCrawl(id: 124234) { id } }`, nil)
}

func TestAnUnexpectedErrorInABatchIsOneToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.store.mode.Store(trapFails)
	a := w.do(w.admin(), `{ getCallback(id: 1) { crawl { id } } }`, nil)
	wantUnexpected(t, w, a, "pq: relation secret_table")
	if got := a.path(); got != "getCallback.crawl" {
		t.Errorf("path %s", got)
	}
}

func TestAClosedDatabaseIsAnUnexpectedError(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		caller func(*world) caller
		query  string
		status int
	}{
		{"resolver", func(*world) caller { return platform() }, `{ getAccount(id: 123123) { id } }`, http.StatusOK},
		{"session token", (*world).admin, `{ version }`, http.StatusInternalServerError},
		{"project's key", func(w *world) caller { return w.key(demoProject) }, `{ version }`, http.StatusInternalServerError},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			who := tc.caller(w)
			modelstest.NoError(t, w.store.Close())
			a := w.do(who, tc.query, nil)
			if a.Status != tc.status {
				t.Errorf("status %d", a.Status)
			}
			wantUnexpected(t, w, a, "closed")
		})
	}
}

func TestAPanicCostsOneRequestOnly(t *testing.T) {
	t.Parallel()
	for name, query := range map[string]string{
		"resolver": `{ getCrawl(id: 124234) { id } }`,
		"batch":    `{ getCallback(id: 1) { crawl { id } } }`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.store.mode.Store(trapPanics)
			wantUnexpected(t, w, w.do(w.admin(), query, nil), "the store has a bug")
			w.store.mode.Store(0)
			w.ok(w.admin(), query, nil)
		})
	}
}

func TestFailuresOfOneCauseAreOneLine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const nodes = 7
	w.crawls(nodes, 123, 5000)
	for _, mode := range []int32{trapFails, trapPanics} {
		w.store.mode.Store(mode)
		a := w.do(w.admin(), `{ getProject(id: 123) { callbacks(first: 7) { nodes { crawl { id } } } } }`, nil)
		if len(a.Errors) != nodes {
			t.Fatalf("%d errors: %s", len(a.Errors), a.Body)
		}
		id, _ := a.Errors[0].Extensions["requestId"].(string)
		var lines []string
		for line := range strings.Lines(w.log.String()) {
			if strings.Contains(line, id) {
				lines = append(lines, line)
			}
		}
		if len(lines) != 1 || !strings.Contains(lines[0], `"count":7`) || !strings.Contains(lines[0], `getProject.callbacks.nodes[`) {
			t.Errorf("the log has %d lines:\n%s", len(lines), lines)
		}
	}
}

func TestCausesOfOneRequestAreToldOfUpToABound(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	graph.TellFailures(slog.New(slog.NewTextHandler(&log, nil)), graph.MaxCauses+5, 3)
	text := log.String()
	if got := strings.Count(text, "\n"); got != graph.MaxCauses+1 || strings.Count(text, "count=3") != graph.MaxCauses ||
		strings.Count(text, "count=15") != 1 {
		t.Errorf("%d lines:\n%s", got, text)
	}
}
