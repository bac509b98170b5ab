package main

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/ringback/ringback/models/modelstest"
)

// recoveries are the callbacks whose arrival the partner has heard of, with how many notices there are of each.
func (r *crashRun) recoveries(t *testing.T) map[string]int {
	t.Helper()
	seen, of := map[string]bool{}, map[string]int{}
	for len(r.at("/sso")) > 0 {
		got := <-r.at("/sso")
		var n struct {
			EventType string
			EventData struct{ CallbackRef string }
		}
		if err := json.Unmarshal([]byte(got.body), &n); err != nil {
			t.Fatalf("%v: %s", err, got.body)
		}
		if ref := got.header.Get("webhook-id"); n.EventType == "callback-recovered" && !seen[ref] {
			seen[ref] = true
			of[n.EventData.CallbackRef]++
		}
	}
	return of
}

// setWebhookEvents says what the partner hears of.
func (s *instance) setWebhookEvents(t *testing.T, events ...string) {
	t.Helper()
	ask[any](t, s, s.platform(), `mutation($input: UpdateSSOClientInput!) { updateSSOClient(input: $input) { ssoClient { webhookEvents } } }`,
		anyMap{"input": anyMap{"ssoClientId": demoSSOClientID, "webhookEvents": events}})
}

func TestKilledBetweenAnArrivalAndItsNoticeTellsOfItOnce(t *testing.T) {
	t.Parallel()
	long(t)
	s := startServer(t, options{process: true, env: crashEnv(nil)})
	h := newHostile(t)
	s.setWebhook(t, h.url("/sso"))
	s.setWebhookEvents(t, "FIRST_FAILURE", "RECOVERED")
	const callbacks = 60
	r := failingRun(t, s, h, callbacks)
	modelstest.Eventually(t, "each has failed", func() bool { return r.count(t, s, "event: [CALLBACK_FAILED]") == callbacks })
	h.on("/hook", func(_ http.ResponseWriter, q *http.Request) { takeYourTime(q, 100*time.Millisecond) })
	for some := range 2 {
		modelstest.Eventually(t, "some have arrived", func() bool {
			return r.count(t, s, "event: [CALLBACK_RECOVERED]") > some*callbacks/3
		})
		s.kill(t)
		s = s.startAgain(t, nil)
	}
	modelstest.Eventually(t, "all have arrived", func() bool {
		return r.count(t, s, "event: [CRAWL_FINISHED], status: [SUCCESS]") == callbacks
	})
	modelstest.Eventually(t, "all is told", func() bool {
		return r.count(t, s, "event: [CALLBACK_RECOVERED], status: [SUCCESS]") == callbacks
	})
	if got := r.count(t, s, "event: [CALLBACK_RECOVERED]"); got != callbacks {
		t.Errorf("%d notices of %d arrivals", got, callbacks)
	}
	heard := r.recoveries(t)
	for ref, notices := range heard {
		if notices != 1 {
			t.Errorf("%d notices of %s", notices, ref)
		}
	}
	if len(heard) != callbacks {
		t.Errorf("the partner has heard of %d of %d arrivals", len(heard), callbacks)
	}
}
