package main

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ringback/ringback/jobs/egress/egresstest"
	"github.com/ringback/ringback/models/modelstest"
)

// The caller's trace goes on in the mutation, the task and the attempt, and reaches the receiver.
func TestTraceTravelsFromTheMutationToThePost(t *testing.T) {
	t.Parallel()
	const traceID = "4bf92f3577b34da6a3ce929d0e0e4736"
	exported := make(chan []byte, 100)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.URL.Path == "/v1/traces" {
			exported <- body
		}
	}))
	t.Cleanup(collector.Close)
	h := newHostile(t)
	s := startServer(t, options{process: true, env: vars{
		"OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL, "OTEL_BSP_SCHEDULE_DELAY": "100",
	}})
	project := s.newProject(t, h.url("/hook"))
	who := s.platform()
	who.Set("Traceparent", "00-"+traceID+"-00f067aa0ba902b7-01")
	ask[any](t, s, who, `mutation($crawl: ObjectID!, $project: ObjectID!) {
		finishCrawl(input: {crawlId: $crawl, projectId: $project}) { callback { uid } } }`,
		anyMap{"crawl": newCrawlID(), "project": project})
	if got := h.next(t, "/hook").header.Get("Traceparent"); !strings.HasPrefix(got, "00-"+traceID+"-") ||
		strings.Contains(got, "00f067aa0ba902b7") {
		t.Errorf("the receiver got the trace %q", got)
	}
	var all []byte
	for !bytes.Contains(all, []byte("callback.attempt")) {
		all = append(all, modelstest.Receive(t, "the attempt's span", exported)...)
	}
}

// A customer's own trace is another than ours, whatever the letter case of its name.
func TestConfiguredTraceWinsOverOurs(t *testing.T) {
	t.Parallel()
	const theirs = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	h := newHostile(t)
	s := startServer(t, options{process: true, env: vars{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}})
	project := s.newProject(t, h.url("/hook"))
	ask[any](t, s, s.platform(), `mutation($project: ObjectID!, $headers: [APICallbackHeaderInput!]) {
		updateProject(input: {projectId: $project, apiCallbackHeaders: $headers}) { project { id } } }`,
		anyMap{"project": project, "headers": []anyMap{{"key": "traceparent", "value": theirs}}})
	s.finishCrawl(t, newCrawlID(), project)
	if got := h.next(t, "/hook").header.Values("Traceparent"); len(got) != 1 || got[0] != theirs {
		t.Errorf("the receiver got the traces %q", got)
	}
}

func TestTraceIsNotPropagatedWhereThatIsSwitchedOff(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	s := startServer(
		t, options{process: true, env: vars{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_PROPAGATORS": "none"}},
	)
	s.finishCrawl(t, newCrawlID(), s.newProject(t, h.url("/hook")))
	if got := h.next(t, "/hook").header.Values("Traceparent"); len(got) != 0 {
		t.Errorf("the receiver got the trace %q", got)
	}
}

func TestWithoutACollectorNoTraceIsSent(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	s := startServer(t, options{})
	s.finishCrawl(t, newCrawlID(), s.newProject(t, h.url("/hook")))
	if got := h.next(t, "/hook").header.Get("Traceparent"); got != "" {
		t.Errorf("the receiver got the trace %q", got)
	}
}

func TestACollectorThatHangsKeepsNoProcessFromEnding(t *testing.T) {
	t.Parallel()
	collector := "http://" + egresstest.Raw(t, func(conn *net.TCPConn) { _, _ = io.Copy(io.Discard, conn) })
	s := startServer(t, options{process: true, env: vars{"OTEL_EXPORTER_OTLP_ENDPOINT": collector}})
	s.finishCrawl(t, newCrawlID(), s.newProject(t, "http://127.0.0.1:9/hook"))
	s.endsInTime(t)
}
