package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/jobs/egress/egresstest"
)

// notice is a callback-failed notice as a partner reads it.
func (h *hostile) notice(t *testing.T, path string) (eventData anyMap, rest anyMap) {
	t.Helper()
	got := h.next(t, path)
	if kind := got.header.Get("Content-Type"); got.method != http.MethodPost ||
		!strings.HasPrefix(kind, "application/json") {
		t.Errorf("%s with the type %q", got.method, kind)
	}
	if err := json.Unmarshal([]byte(got.body), &rest); err != nil {
		t.Fatalf("%v: %s", err, got.body)
	}
	eventData, _ = rest["eventData"].(anyMap)
	delete(rest, "eventData")
	occurred, _ := eventData["occurredAt"].(string)
	if at, err := time.Parse("2006-01-02T15:04:05.000Z", occurred); err != nil || time.Since(at).Abs() > time.Minute {
		t.Errorf("occurredAt is %q", occurred)
	}
	delete(eventData, "occurredAt")
	return eventData, rest
}

func TestEveryCauseOfFailureReachesThePartner(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		behave http.HandlerFunc
		url    string // instead of the receiver's
		code   string
		status any // as JSON reads it
	}{
		"status 500": {behave: answers(500, "no"), code: "HTTP_STATUS", status: 500.0},
		"redirect": {
			behave: http.RedirectHandler("/elsewhere", http.StatusFound).ServeHTTP, code: "REDIRECT", status: 302.0,
		},
		"refused port":     {url: "http://" + egresstest.ClosedAddr(t) + "/hook", code: "CONNECT_REFUSED"},
		"blocked address":  {url: "http://10.0.0.1/hook", code: "BLOCKED_ADDRESS"},
		"metadata address": {url: "http://169.254.169.254/latest/meta-data", code: "BLOCKED_ADDRESS"},
		"timeout":          {behave: hang, code: "TIMEOUT"},
		"reset": {
			behave: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, code: "CONNECTION_RESET",
		},
		"too large": {behave: func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(make([]byte, 2<<20))
		}, code: "RESPONSE_TOO_LARGE", status: 200.0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHostile(t)
			s := startServer(t, options{env: vars{
				"RINGBACK_RETRY_SCHEDULE": "none", "RINGBACK_TIMEOUT": "1s", "RINGBACK_PUBLIC_URL": "https://ringback.example.com/",
			}})
			s.setWebhook(t, h.url("/sso"), header{"Authorization", "Bearer partner"})
			h.on("/hook", c.behave)
			if c.url == "" {
				c.url = h.url("/hook")
			}
			s.setURL(t, demoProjectID, c.url)
			failed := s.awaitStatus(t, s.finishCrawl(t, newCrawlID(), demoProjectID).UID, "FAILED")
			if failed.Error == nil || failed.Error.Code != c.code || failed.AttemptCount != 1 ||
				*failed.Attempts.Nodes[0].URL != c.url {
				t.Fatalf("want %s: %+v %+v", c.code, failed.Error, failed)
			}
			data, rest := h.notice(t, "/sso")
			if diff := cmp.Diff(wantNotice(failed, c.status, 1), data); diff != "" {
				t.Errorf("eventData (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(anyMap{
				"eventType": "callback-failed", "accountId": 123123.0, "ssoClientAccountId": "123123",
			}, rest); diff != "" {
				t.Errorf("notice (-want +got):\n%s", diff)
			}
			h.nothingAt(t, "/elsewhere")
			s.awaitStatus(t, s.callbacks(t)[0].UID, "SUCCESS")
			if all := s.callbacks(t); len(all) != 2 { // the crawl's and one notice
				t.Errorf("%d callbacks, want 2", len(all))
			}
		})
	}
}

// wantNotice is the eventData of a notice that tells of the last attempt of a callback that was given up.
func wantNotice(failed apiCallback, status any, attempt float64) anyMap {
	notice := anyMap{
		"projectId": 1123123.0, "firstName": "Demo", "lastName": "User", "projectName": "Demo project",
		"projectSettingsLink": "https://ringback.example.com/accounts/123123/projects/1123123/edit?step=4",
		"sitePrimary":         "https://www.example.com/", "status": status,
		"callbackUid": failed.UID, "callbackRef": failed.Ref, "event": "CRAWL_FINISHED", "attempt": attempt, "attempts": attempt,
		"willRetry": false, "nextAttemptAt": nil, "targetUrl": *failed.TargetURL,
		"error":   anyMap{"code": failed.Error.Code, "message": failed.Error.Message},
		"crawlId": nil, "reportId": nil, "runUid": nil, "jobUuid": nil,
	}
	if _, id, ok := strings.Cut(failed.Payload, "crawl_id="); ok {
		id, _, _ = strings.Cut(id, "&")
		notice["crawlId"], _ = strconv.ParseFloat(id, 64)
	}
	return notice
}

func TestBlockedAddressOpensNoSocket(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	s := startServer(t, options{env: vars{"RINGBACK_RETRY_SCHEDULE": "none", "RINGBACK_ALLOWED_NETWORKS": "192.0.2.0/24"}})
	for _, url := range []string{h.url("/hook"), strings.Replace(h.url("/hook"), "127.0.0.1", "[::ffff:127.0.0.1]", 1)} {
		c := s.awaitStatus(t, s.finishCrawl(t, newCrawlID(), s.newProject(t, url)).UID, "FAILED")
		if c.Error.Code != "BLOCKED_ADDRESS" {
			t.Errorf("%s: %+v", url, c.Error)
		}
	}
	if n := h.conns.Load(); n != 0 {
		t.Errorf("%d connections were opened", n)
	}
}

func TestPartnerHearsOfFirstFailureAndOfGivingUp(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	s := startServer(
		t, options{env: vars{"RINGBACK_RETRY_SCHEDULE": "1s,1s", "RINGBACK_PUBLIC_URL": "https://ringback.example.com"}},
	)
	s.setWebhook(t, h.url("/sso"))
	h.on("/hook", answers(503, "not now"))
	s.setURL(t, demoProjectID, h.url("/hook"))
	made := s.finishCrawl(t, newCrawlID(), demoProjectID)

	first, _ := h.notice(t, "/sso")
	next, _ := first["nextAttemptAt"].(string)
	if at, err := time.Parse("2006-01-02T15:04:05.000Z", next); err != nil || time.Until(at).Abs() > 30*time.Second {
		t.Errorf("nextAttemptAt is %q", next)
	}
	failed := s.awaitStatus(t, made.UID, "FAILED")
	want := wantNotice(failed, 503.0, 1)
	want["willRetry"], want["nextAttemptAt"] = true, next
	if diff := cmp.Diff(want, first); diff != "" {
		t.Errorf("first notice (-want +got):\n%s", diff)
	}
	last, _ := h.notice(t, "/sso")
	if diff := cmp.Diff(wantNotice(failed, 503.0, 3), last); diff != "" {
		t.Errorf("last notice (-want +got):\n%s", diff)
	}
	if all := s.callbacks(t); len(all) != 3 || failed.AttemptCount != 3 {
		t.Errorf("%d callbacks, want 3; %d attempts, want 3", len(all), failed.AttemptCount)
	}
	for i, wantBody := range []string{"1", "2", "3"} {
		if got := h.next(t, "/hook"); got.header.Get("X-Callback-Attempt") != wantBody ||
			got.header.Get("webhook-id") != failed.Ref ||
			got.body != failed.Payload || got.header.Get("X-Run-Callback") != failed.Attempts.Nodes[i].UID {
			t.Errorf("attempt %s: %+v", wantBody, got)
		}
	}
}

func TestFailingNoticeRaisesNoNotice(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	s := startServer(t, options{env: vars{"RINGBACK_RETRY_SCHEDULE": "none"}})
	s.setWebhook(t, h.url("/sso"))
	h.on("/hook", answers(500, ""))
	h.on("/sso", answers(500, ""))
	s.setURL(t, demoProjectID, h.url("/hook"))
	s.awaitStatus(t, s.finishCrawl(t, newCrawlID(), demoProjectID).UID, "FAILED")
	h.next(t, "/sso")
	// A notice is raised in the transaction that ends the attempt: once this one has ended, another would be there.
	s.awaitStatus(t, s.callbacks(t)[0].UID, "FAILED")
	var events []string
	for _, c := range s.callbacks(t) {
		events = append(events, c.Event+" "+c.Status)
	}
	if diff := cmp.Diff([]string{"CALLBACK_FAILED FAILED", "CRAWL_FINISHED FAILED"}, events); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNoNoticeWithoutWebhook(t *testing.T) {
	t.Parallel()
	r := httptest.NewServer(answers(500, "the reason"))
	t.Cleanup(r.Close)
	s := startServer(t, options{env: vars{"RINGBACK_RETRY_SCHEDULE": "none"}})
	c := s.awaitStatus(t, s.finishCrawl(t, newCrawlID(), s.newProject(t, r.URL)).UID, "FAILED")
	if body := c.Attempts.Nodes[0].ResponseBody; body == nil || *body != "the reason" {
		t.Errorf("the history has the answer %v", body)
	}
	if all := s.callbacks(t); len(all) != 1 {
		t.Errorf("%d callbacks, want 1", len(all))
	}
}

func TestNoLinkOfANoticeLeadsToEveryAddress(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	s := startServer(t, options{env: vars{"RINGBACK_RETRY_SCHEDULE": "none", "RINGBACK_ADDR": "0.0.0.0:0"}})
	s.setWebhook(t, h.url("/sso"))
	h.on("/hook", answers(500, ""))
	s.setURL(t, demoProjectID, h.url("/hook"))
	s.finishCrawl(t, newCrawlID(), demoProjectID)
	data, _ := h.notice(t, "/sso")
	if link := data["projectSettingsLink"]; link != "/accounts/123123/projects/1123123/edit?step=4" {
		t.Errorf("the link is %v", link)
	}
}
