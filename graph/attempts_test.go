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

// previewedHeaders asks for a preview, and returns its headers by name.
func (w *world) previewedHeaders(who caller, input string) map[string]map[string]any {
	w.tb.Helper()
	headers := map[string]map[string]any{}
	a := w.ok(who, `{ previewCallback(input: {`+input+`}) { headers { name value source } } }`, nil)
	for _, h := range a.list("previewCallback.headers") {
		field := h.(map[string]any)
		headers[field["name"].(string)] = field
	}
	return headers
}

// TestAPreviewShowsValuesToThoseWhoMaySeeThem: Editors those of the project, Admins the signature.
func TestAPreviewShowsValuesToThoseWhoMaySeeThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, tc := range map[string]struct {
		who               caller
		project, signable bool
	}{
		"viewer": {w.viewer(), false, false}, "editor": {w.editor(), true, false}, "key": {w.key(demoProject), true, false},
		"admin": {w.admin(), true, true}, "platform": {platform(), true, true},
	} {
		headers := w.previewedHeaders(tc.who, "projectId: 1123123, event: CRAWL_FINISHED, crawlId: 124234")
		project, signature := headers["X-Project"], headers["Webhook-Signature"]
		if (project["value"] == projectSecret) != tc.project || (project["value"] == models.Masked) == tc.project ||
			project["source"] != "PROJECT" {
			t.Errorf("%s: %v", name, project)
		}
		if (signature["value"] != models.Masked) != tc.signable || signature["source"] != nil {
			t.Errorf("%s: %v", name, signature)
		}
		if headers["User-Agent"]["value"] != "Ringback/"+testVersion || headers["Webhook-Timestamp"]["value"] != "1234567890" ||
			headers["Content-Type"]["value"] != "application/x-www-form-urlencoded" {
			t.Errorf("%s: %v", name, headers)
		}
	}
}

// TestAPreviewShowsAnAccountsValuesToItsEditors, and a project's key is none.
func TestAPreviewShowsAnAccountsValuesToItsEditors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, tc := range map[string]struct {
		who  caller
		want string
	}{
		"viewer": {w.viewer(), models.Masked}, "key": {w.key(bareProject), models.Masked}, "editor": {w.editor(), accountSecret},
	} {
		header := w.previewedHeaders(tc.who, "projectId: 123, event: TEST")["Authorization"]
		if header["value"] != tc.want || header["source"] != "ACCOUNT" {
			t.Errorf("%s: %v", name, header)
		}
	}
}

// TestAPreviewShowsNobodyTheHeadersOfARequest: nobody sees them elsewhere either.
func TestAPreviewShowsNobodyTheHeadersOfARequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	execute(t, w.service, searchAction, executed(200, `[{"a":1}]`))
	run := w.ok(w.viewer(), `{ getRun(id: 1) { uid } }`, nil).text("getRun.uid")
	for _, who := range []caller{w.admin(), platform()} {
		header := w.previewedHeaders(who, `projectId: 1123123, event: RUN_FINISHED, runUid: "`+run+`"`)["Authorization"]
		if header["value"] != models.Masked || header["source"] != "REQUEST" {
			t.Errorf("%v", header)
		}
	}
}

func TestAPreviewIsAsTheCallbackWas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.ok(w.viewer(), `{ previewCallback(input: {projectId: 1123123, event: CRAWL_FINISHED, crawlId: 124234}) {
		event contentType payload targetUrl source isSample } getCallback(id: 1) { event contentType payload targetUrl } }`, nil)
	want := a.at("getCallback").(map[string]any)
	want["source"], want["isSample"] = "PROJECT", false
	w.same("the preview", want, a.at("previewCallback"))
	w.do(w.viewer(), `{ previewCallback(input: {projectId: 1123123, event: CRAWL_FINISHED, crawlId: 124234, runUid: "1"}) { event } }`, nil).
		wantError(models.CodeBadUserInput, "runUid", "previewCallback")
}
