package graph_test

import (
	"fmt"
	"testing"

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
