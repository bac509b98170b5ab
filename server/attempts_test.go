package main

import (
	"net/http"
	"testing"
)

// act does something about a callback, by a mutation of that name.
func (s *instance) act(t *testing.T, mutation, uid string) {
	t.Helper()
	ask[any](t, s, s.user(), `mutation($uid: ID!) { `+mutation+`(input: {uid: $uid}) { callback { id } } }`, anyMap{"uid": uid})
}

// retriedAtOnce: a receiver fails, and by the schedule the next attempt is in an hour. It has moved meanwhile.
func retriedAtOnce(t *testing.T, h *hostile, s *instance) {
	t.Helper()
	h.on("/broken", answers(http.StatusInternalServerError, ""))
	project := s.newProject(t, h.url("/broken"))
	sent := s.finishCrawl(t, newCrawlID(), project)
	unwanted := s.finishCrawl(t, newCrawlID(), project)
	for _, c := range []apiCallback{sent, unwanted} {
		s.awaitAttempts(t, c.UID, 1)
	}
	s.setURL(t, project, h.url("/mended"))
	s.act(t, "retryCallback", sent.UID)
	if c := s.awaitStatus(t, sent.UID, "SUCCESS"); c.AttemptCount != 2 || c.Attempts.Nodes[1].Number != 2 {
		t.Errorf("%+v", c)
	}
	if got := h.next(t, "/mended"); got.header.Get("X-Callback-Ref") != sent.Ref || got.header.Get("X-Callback-Attempt") != "2" {
		t.Errorf("got %+v", got)
	}
	s.act(t, "cancelCallback", unwanted.UID)
	if c := s.callback(t, unwanted.UID); c.Status != "FAILED" || c.Error == nil || c.Error.Code != "CANCELLED" {
		t.Errorf("%+v", c)
	}
	h.nothingAt(t, "/mended")
}

func TestARetryAtOnceLeavesAtOnce(t *testing.T) {
	t.Parallel()
	retriedAtOnce(t, newHostile(t), startServer(t, options{env: vars{"RINGBACK_RETRY_SCHEDULE": "1h"}}))
}

// TestARetryAtOnceOverProcesses: the one that is asked has no worker.
func TestARetryAtOnceOverProcesses(t *testing.T) {
	t.Parallel()
	needsServices(t)
	api := startServer(t, options{role: roleAPI, env: vars{"RINGBACK_RETRY_SCHEDULE": "1h"}})
	start(t, options{role: roleWorker}, api.env)
	retriedAtOnce(t, newHostile(t), api)
}
