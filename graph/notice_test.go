package graph_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
)

const noticeFields = `{ uid event status targetUrl payload httpStatus error { code message }
	attempts { nodes { uid url httpStatus responseBody error { code message } } edges { node { url responseBody } } } }`

const noticesQuery = `query($uid: ID!, $id: ObjectID!) {
	getCallback(uid: $uid) ` + noticeFields + `
	node(id: $id) { ... on Callback ` + noticeFields + ` }
	getAccount(id: 123123) { callbacks(filter: {event: [CALLBACK_FAILED, CALLBACKS_FAILED]}) { nodes ` + noticeFields + ` edges { node ` + noticeFields + ` } } }
	getProject(id: 1123123) { callbacks { nodes ` + noticeFields + ` } }
	getCrawl(id: 124300) { callbacks { nodes ` + noticeFields + ` } }
}`

func TestThePartnersWebhookAndItsAnswersAreNullForAllButThePlatform(t *testing.T) {
	t.Parallel()
	for mode, event := range map[string]callback.EventName{
		"EACH": callback.CallbackFailedEvent, "DIGEST": callback.CallbacksFailedEvent,
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			a := w.ok(
				platform(),
				`mutation { updateSSOClient(input: {ssoClientId: 1, noticeMode: `+mode+`}) { ssoClient { noticeMode } } }`, nil,
			)
			if got := a.text("updateSSOClient.ssoClient.noticeMode"); got != mode {
				t.Errorf("the mode is %s", got)
			}
			checkWhoSeesTheNotice(t, w, event)
		})
	}
}

func checkWhoSeesTheNotice(t *testing.T, w *world, event callback.EventName) {
	t.Helper()
	c := finishCrawl(t, w.service, 124300, demoProject)
	deliver(t, w.service, c.ID, 503)
	pages, err := w.service.Callbacks.CallbackPages(t.Context(), models.PlatformActor().Scope(models.RoleViewer), callback.OfProject, []int64{demoProject},
		callback.Filter{Event: []callback.EventName{event}}, models.Page{First: 1})
	modelstest.NoError(t, err)
	notice := pages[demoProject].Nodes[0]
	deliver(t, w.service, notice.ID, 418) // it answers "received"
	vars := variables{"uid": notice.UID.String(), "id": notice.ObjectID().String()}

	seen := w.ok(platform(), noticesQuery, vars)
	for path, want := range map[string]any{
		"targetUrl": webhookURL, "attempts.nodes.0.url": webhookURL, "attempts.nodes.0.responseBody": "received",
	} {
		if got := seen.at("getCallback." + path); got != want {
			t.Errorf("%s: the platform sees %v", path, got)
		}
	}
	listed := w.ok(platform(), `{ getSSOClient(id: 1) { callbacks(filter: {search: "`+notice.UID.String()+`"}) { totalCount nodes { uid targetUrl } } } }`, nil)
	if got := listed.uids("getSSOClient.callbacks.nodes"); !slices.Equal(got, []string{notice.UID.String()}) ||
		listed.at("getSSOClient.callbacks.nodes.0.targetUrl") != webhookURL || listed.at("getSSOClient.callbacks.totalCount") != 1.0 {
		t.Errorf("the SSO client's list has %s", listed.Body)
	}
	for name, who := range map[string]caller{
		"viewer": w.viewer(), "editor": w.editor(), "admin": w.admin(), "project key": w.key(demoProject),
	} {
		a := w.ok(who, noticesQuery, vars)
		for _, path := range []string{
			"targetUrl", "attempts.nodes.0.url", "attempts.nodes.0.responseBody", "attempts.edges.0.node.responseBody",
		} {
			if got := a.at("getCallback." + path); got != nil {
				t.Errorf("%s: the %s sees %v", path, name, got)
			}
		}
		if a.at("getCallback.httpStatus") == nil || a.text("getCallback.error.message") != callback.NoticeFailedMessage {
			t.Errorf("the %s does not see that it failed: %s", name, a.Body)
		}
		if strings.Contains(a.Body, "sso.example.com") || strings.Count(a.Body, projectURL) < 2 {
			t.Errorf("the %s sees %s", name, a.Body)
		}
		w.unchanged(func() {
			w.do(
				who, `mutation($id: ObjectID!) { replayCallback(input: {callbackId: $id}) { callback { id } } }`,
				variables{"id": vars["id"]},
			).
				wantError(models.CodeForbidden, "", "replayCallback")
		})
	}
	for name, who := range map[string]caller{
		"stranger": {}, "other account": w.other(), "sibling's key": w.key(bareProject),
	} {
		if a := w.do(who, noticesQuery, vars); strings.Contains(a.Body, "sso.example.com") ||
			strings.Contains(a.Body, notice.UID.String()) {
			t.Errorf("the %s sees %s", name, a.Body)
		}
	}
}
