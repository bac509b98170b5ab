package graph_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ringback/ringback/models/modelstest"
)

// subscriber reads the events of one subscription.
type subscriber struct {
	tb     testing.TB
	status int
	header http.Header
	lines  *bufio.Scanner
	leave  func()
}

// subscribe sends a subscription as a front end would: its events come through a real connection.
func (w *world) subscribe(who caller, query string, vars variables) *subscriber {
	w.tb.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": vars})
	modelstest.NoError(w.tb, err)
	server := httptest.NewServer(w.handler)
	ctx, cancel := context.WithTimeout(w.tb.Context(), modelstest.Patience)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+"/graphql", strings.NewReader(string(body)))
	modelstest.NoError(w.tb, err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "text/event-stream")
	who.sign(r)
	response, err := server.Client().Do(r) //nolint:bodyclose // leave closes it
	modelstest.NoError(w.tb, err)
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	return &subscriber{
		tb: w.tb, status: response.StatusCode, header: response.Header, lines: lines,
		leave: func() {
			cancel()
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
			server.Close()
		},
	}
}

// next returns the next answer; nil: it is complete.
func (s *subscriber) next() *answer {
	s.tb.Helper()
	event := ""
	for s.lines.Scan() {
		name, value, _ := strings.Cut(s.lines.Text(), ": ")
		switch name {
		case "event":
			event = value
		case "data", "data:":
			if event == "complete" {
				return nil
			}
			a := &answer{tb: s.tb, Status: s.status, Header: s.header, Body: value}
			modelstest.NoError(s.tb, json.Unmarshal([]byte(value), a))
			return a
		}
	}
	s.tb.Fatalf("the stream ended without an event: %v", s.lines.Err())
	return nil
}
