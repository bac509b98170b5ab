package main

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRetrySucceedsWithTheSameBytes(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	s := startServer(t, options{env: vars{"RINGBACK_RETRY_SCHEDULE": "1s,1s"}})
	h.on("/hook", then(answers(500, "once"), answers(200, "")))
	c := s.awaitStatus(t, s.finishCrawl(t, newCrawlID(), s.newProject(t, h.url("/hook"))).UID, "SUCCESS")
	first, second := h.next(t, "/hook"), h.next(t, "/hook")
	if first.body != second.body || first.header.Get("webhook-id") != second.header.Get("webhook-id") {
		t.Errorf("the retry is another request: %+v, %+v", first, second)
	}
	if first.header.Get("X-Run-Callback") == second.header.Get("X-Run-Callback") {
		t.Error("both attempts have the same id")
	}
	var outcomes []string
	for _, a := range c.Attempts.Nodes {
		outcome := "ok"
		if a.Error != nil {
			outcome = a.Error.Code
		}
		outcomes = append(outcomes, outcome)
	}
	if diff := cmp.Diff([]string{"HTTP_STATUS", "ok"}, outcomes); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFixedURLHelpsWaitingCallback(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	s := startServer(t, options{env: vars{"RINGBACK_RETRY_SCHEDULE": "2s,2s,2s,2s,2s"}})
	h.on("/old", answers(500, ""))
	project := s.newProject(t, h.url("/old"), header{"X-Token", "old"})
	made := s.finishCrawl(t, newCrawlID(), project)
	s.awaitAttempts(t, made.UID, 1)
	s.setURL(t, project, h.url("/new"), header{"X-Token", "new"})
	if got := h.next(t, "/new"); got.header.Get("X-Token") != "new" || got.body != made.Payload {
		t.Errorf("arrived %+v", got)
	}
	c := s.awaitStatus(t, made.UID, "SUCCESS")
	n := c.Attempts.Nodes
	if *n[0].URL != h.url("/old") || *n[len(n)-1].URL != h.url("/new") || *c.TargetURL != h.url("/new") {
		t.Errorf("the history does not tell which URL was used: %+v", c)
	}
}

func (s *instance) setAccount(t *testing.T, url any, headers ...header) {
	t.Helper()
	ask[any](t, s, s.user(), `mutation($input: UpdateAccountInput!) { updateAccount(input: $input) { account { id } } }`,
		anyMap{"input": anyMap{"accountId": demoAccountID, "apiCallbackUrl": url, "apiCallbackHeaders": headers}})
}

// configured are the headers of a request that somebody configured, of the names that this file uses.
func configured(h http.Header) map[string][]string {
	out := map[string][]string{}
	for _, name := range []string{"Authorization", "X-Account", "X-Project"} {
		if values := h.Values(name); values != nil {
			out[name] = values
		}
	}
	return out
}

func TestAccountURLCarriesProjectHeadersOverAccountHeaders(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	s := startServer(t, options{})
	s.setAccount(t, h.url("/account"), header{"Authorization", "account"}, header{"X-Account", "yes"})
	project := s.newProject(t, "", header{"authorization", "project"}, header{"X-Project", "yes"})
	s.finishCrawl(t, newCrawlID(), project)
	want := map[string][]string{"Authorization": {"project"}, "X-Account": {"yes"}, "X-Project": {"yes"}}
	if diff := cmp.Diff(want, configured(h.next(t, "/account").header)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestProjectURLGetsNoAccountHeaders(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	s := startServer(t, options{})
	s.setAccount(t, h.url("/account"), header{"Authorization", "account"}, header{"X-Account", "yes"})
	s.finishCrawl(t, newCrawlID(), s.newProject(t, h.url("/project"), header{"X-Project", "yes"}))
	if diff := cmp.Diff(map[string][]string{"X-Project": {"yes"}}, configured(h.next(t, "/project").header)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	h.nothingAt(t, "/account")
}

func TestClearedURLEndsWaitingCallbackWithItsOwnCode(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	s := startServer(t, options{env: vars{"RINGBACK_RETRY_SCHEDULE": "1s"}})
	h.on("/hook", answers(500, ""))
	project := s.newProject(t, h.url("/hook"))
	made := s.finishCrawl(t, newCrawlID(), project)
	s.awaitAttempts(t, made.UID, 1)
	ask[any](t, s, s.user(), `mutation($id: ObjectID!) { updateProject(input: {projectId: $id, apiCallbackUrl: null}) { project { id } } }`,
		anyMap{"id": project})
	c := s.awaitStatus(t, made.UID, "FAILED")
	if last := c.Attempts.Nodes[len(c.Attempts.Nodes)-1]; last.Error.Code != "NO_CALLBACK_URL" || last.URL != nil {
		t.Errorf("the last attempt is %+v", last)
	}
}
