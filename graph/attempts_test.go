package graph_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
)

func TestACallbackIsRetriedAndCancelledByItsIDOrItsUID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who := w.editor()
	uid := w.callback.report.UID.String()
	a := w.ok(who, `mutation($uid: ID!) { retryCallback(input: {uid: $uid}) { callback { uid status nextAttemptAt } } }`,
		variables{"uid": uid})
	w.sameJSON("retried", `{"uid":"`+uid+`","status":"PENDING","nextAttemptAt":"`+models.FormatTime(start)+`"}`,
		a.at("retryCallback.callback"))
	const cancelled = `{"uid":"%s","status":"FAILED","error":{"code":"CANCELLED"},"nextAttemptAt":null}`
	for _, name := range []variables{{"uid": uid}, {"callbackId": 2}} { // twice is once
		a = w.ok(who, `mutation($input: CancelCallbackInput!) { cancelCallback(input: $input) {
			callback { uid status error { code } nextAttemptAt } } }`, variables{"input": name})
		w.sameJSON("cancelled", fmt.Sprintf(cancelled, uid), a.at("cancelCallback.callback"))
	}
	w.unchanged(func() {
		w.do(who, `mutation { retryCallback(input: {callbackId: 2}) { callback { id } } }`, nil).
			wantError(models.CodeConflict, "callbackId", "retryCallback")
		w.do(who, `mutation($uid: ID!) { cancelCallback(input: {uid: $uid}) { callback { id } } }`,
			variables{"uid": w.callback.crawl.UID.String()}).wantError(models.CodeConflict, "uid", "cancelCallback")
		w.do(who, `mutation { cancelCallback(input: {uid: "1"}) { callback { id } } }`, nil).
			wantError(models.CodeBadUserInput, "uid", "cancelCallback")
		for _, name := range []variables{{}, {"callbackId": 2, "uid": uid}, {"callbackId": nil}} {
			a := w.do(who, `mutation($input: RetryCallbackInput!) { retryCallback(input: $input) { callback { id } } }`,
				variables{"input": name})
			if len(a.Errors) == 0 {
				t.Errorf("%v: %s", name, a.Body)
			}
		}
	})
}

const whenOver = `{ getCallback(id: 2) { nextAttemptAt givesUpAt heldByPause } }`

func TestACallbackSaysWhenItGivesUpAndWhetherAPauseHoldsIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who := w.viewer()
	says := func(what string, next, over *time.Time, held bool) {
		t.Helper()
		text := func(at *time.Time) any {
			if at == nil {
				return nil
			}
			return models.FormatTime(*at)
		}
		w.same(what, map[string]any{"nextAttemptAt": text(next), "givesUpAt": text(over), "heldByPause": held},
			w.ok(who, whenOver, nil).at("getCallback"))
	}
	pause := func(mutation string) {
		t.Helper()
		w.ok(platform(), `mutation { `+mutation+`(input: {owner: {accountId: 123123}}) { account { pausedAt } } }`, nil)
	}
	// The schedule of these tests: a minute and an hour.
	says("it waits", ptr(start), ptr(start.Add(73*time.Minute+12*time.Second)), false)
	pause("pauseCallbacks")
	says("it is paused, and no claim has met it yet", ptr(start), nil, true)
	pause("resumeCallbacks")
	deliver(t, w.service, 2, 500)
	next := start.Add(time.Minute)
	says("it has failed once", &next, ptr(next.Add(72*time.Minute)), false)
	w.ok(platform(), `mutation { cancelCallback(input: {callbackId: 2}) { callback { id } } }`, nil)
	pause("pauseCallbacks")
	says("it has ended", nil, nil, false)
}

func TestACallbackIsReplayedToAnotherURL(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const replay = `mutation($input: ReplayCallbackInput!) { replayCallback(input: $input) {
		callback { targetUrl replayOf { id } replayedBy { id } } } }`
	uid, url := w.callback.crawl.UID.String(), "https://elsewhere.example.com/try"
	a := w.ok(w.admin(), replay, variables{"input": variables{"uid": uid, "toUrl": url}})
	w.sameJSON("the replay", `{"targetUrl":"`+url+`","replayOf":{"id":"`+globalID("Callback", 1)+`"},"replayedBy":{"id":"`+
		globalID("User", demoUser)+`"}}`, a.at("replayCallback.callback"))
	a = w.ok(w.key(demoProject), replay, variables{"input": variables{"callbackId": 1, "toUrl": nil}})
	w.same("by a key", nil, a.at("replayCallback.callback.replayedBy"))
	w.same("to where it goes", projectURL, a.at("replayCallback.callback.targetUrl"))
	who, editor := w.admin(), w.editor()
	w.unchanged(func() {
		for _, neither := range []variables{{}, {"uid": uid, "callbackId": 1}, {"uid": nil}} {
			w.do(who, replay, variables{"input": neither}).wantError(models.CodeBadUserInput, "callbackId", "replayCallback")
		}
		w.do(who, replay, variables{"input": variables{"uid": uid, "toUrl": "/"}}).
			wantError(models.CodeBadUserInput, "toUrl", "replayCallback")
		w.do(editor, replay, variables{"input": variables{"uid": uid, "toUrl": url}}).
			wantError(models.CodeForbidden, "", "replayCallback")
	})
}
