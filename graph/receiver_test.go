package graph_test

import (
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

const sendTest = `mutation { sendTestCallback(input: {owner: {projectId: 1123123}}) { callback { event status targetUrl } attempt { uid } } }`

func TestARateSaysWhenTheNextMayBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who := w.editor()
	for range 10 {
		w.sameJSON("a test", `{"callback":{"event":"TEST","status":"PENDING","targetUrl":"`+projectURL+`"},"attempt":null}`,
			w.ok(who, sendTest, nil).at("sendTestCallback"))
	}
	a := w.do(who, sendTest, nil)
	a.wantError(models.CodeRateLimited, "", "sendTestCallback")
	if got := a.Errors[0].Extensions["retryAt"]; got != "2020-07-09T16:26:35.000Z" {
		t.Errorf("retryAt: %v", got)
	}
}

func TestATestOfBothOrNeitherIsNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.unchanged(func() {
		for _, owner := range []variables{{}, {"projectId": 1123123, "ssoClientId": 1}} {
			a := w.do(platform(), `mutation($o: ReceiverOwnerInput!) { sendTestCallback(input: {owner: $o}) { callback { id } } }`,
				variables{"o": owner})
			if len(a.Errors) == 0 {
				t.Errorf("%v: %s", owner, a.Body)
			}
		}
	})
}

// TestATestIsInTheHistory: it is found by its event.
func TestATestIsInTheHistory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ok(w.editor(), sendTest, nil)
	a := w.ok(w.viewer(), `{ getProject(id: 1123123) { callbacks(filter: {event: [TEST]}) { totalCount nodes { event } } } }`, nil)
	if a.at("getProject.callbacks.totalCount") != 1.0 ||
		a.text("getProject.callbacks.nodes.0.event") != string(callback.TestEvent) {
		t.Error(a.Body)
	}
}
