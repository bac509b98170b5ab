package graph_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/run"
	"github.com/ringback/ringback/models/tenant"
)

// partnersActs are what a partner may do of what Editors may: have callbacks sent again.
var partnersActs = []string{
	"Mutation.replayCallback", "Mutation.retryCallback", "Mutation.retryCallbacks", "Mutation.replayCallbacks",
}

// forPartner is what the partner gets for an example, which is about an account of its SSO client; an empty code means
// that it may.
func forPartner(name string, e example) models.Code {
	switch {
	case name == "Query.previewCallback": // a body
		return models.CodeForbidden
	case e.who == member || e.who == ownLists || e.who == partnerOnly || slices.Contains(partnersActs, name):
		return ""
	}
	return models.CodeForbidden
}

// forOtherPartner is what another one gets.
func forOtherPartner(name string, e example) models.Code {
	switch {
	case e.who == ownLists || name == "Query.ssoClients" || name == "Query.callbacks" && e.who == partnerOnly:
		return ""
	case e.who == platformOnly || e.who == userOnly || e.who == userOrNamed || e.who == sessionOnly:
		return models.CodeForbidden
	}
	return models.CodeNotFound
}

func TestAPartnerSeesItsAccountsAndHasCallbacksSentAgain(t *testing.T) {
	t.Parallel()
	for caller, want := range map[string]func(string, example) models.Code{"own": forPartner, "other": forOtherPartner} {
		t.Run(caller, func(t *testing.T) {
			t.Parallel()
			w := newExamples(t)
			userKey, _ := w.userKey(demoUser)
			who := w.otherPartner()
			if caller == "own" {
				who = w.partnerKey(demoPartner)
			}
			each(func(name string, e example) {
				query := strings.ReplaceAll(e.query, "$key", quote(userKey))
				code := want(name, e)
				if code == "" {
					a := w.ok(who, query, nil)
					if caller == "other" && (strings.Contains(a.Body, "TjAwN1Byb2plY3QxMTIzMTIz") || strings.Contains(a.Body, globalID("Account", demoAccount))) {
						t.Errorf("%s tells about the other partner's: %s", name, a.Body)
					}
					return
				}
				w.unchanged(func() {
					a := w.do(who, query, nil)
					a.wantError(code, "", rootPath(name))
					if caller == "other" && (strings.Contains(a.Body, "Demo") || strings.Contains(a.Body, "example.com")) {
						t.Errorf("%s tells about the other partner's: %s", name, a.Body)
					}
				})
			})
		})
	}
}

func TestAPartnerChangesOfItsSSOClientTheWebhookAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who := w.partnerKey(demoPartner)
	for _, fields := range []string{
		`name: "Mine"`, `name: null`, `noticeMode: DIGEST`, `seesPayloads: true`, `webhookUrl: "https://new.example.com", seesPayloads: true`,
	} {
		w.unchanged(func() {
			w.do(who, `mutation { updateSSOClient(input: {ssoClientId: 1, `+fields+`}) { ssoClient { id } } }`, nil).
				wantError(models.CodeForbidden, "", "updateSSOClient")
		})
	}
	a := w.ok(who, `mutation { updateSSOClient(input: {ssoClientId: 1, webhookUrl: "https://new.example.com", ifVersion: 1,
		webhookHeaders: [{key: "X-Mine", value: "secret"}]}) { ssoClient { webhookUrl webhookHeaders { key value } version seesPayloads } } }`, nil)
	want := map[string]any{
		"webhookUrl": "https://new.example.com", "version": 2.0, "seesPayloads": false,
		"webhookHeaders": []any{map[string]any{"key": "X-Mine", "value": models.Masked}},
	}
	if diff := cmp.Diff(any(want), a.at("updateSSOClient.ssoClient")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	w.do(who, `mutation { updateSSOClient(input: {ssoClientId: 1, webhookUrl: null, ifVersion: 1}) { ssoClient { id } } }`, nil).
		wantError(models.CodeConflict, "ifVersion", "updateSSOClient")
	if got := w.ok(platform(), `{ getSSOClient(id: 1) { webhookHeaders { value } } }`, nil).at("getSSOClient.webhookHeaders.0.value"); got != "secret" {
		t.Errorf("the platform sees %v", got)
	}
}

// TestAPartnerSendsNoHeaderItDoesNotSeeToAnotherHost: what the platform had set beside the URL would be shown there.
func TestAPartnerSendsNoHeaderItDoesNotSeeToAnotherHost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	set := func(fields string) string {
		return `mutation { updateSSOClient(input: {ssoClientId: 1, ` + fields + `}) { ssoClient { id } } }`
	}
	w.ok(platform(), set(`webhookUrl: "https://sso.example.com/hook", webhookHeaders: [{key: "X-Key", value: "secret"}]`), nil)
	for _, who := range []caller{w.partnerKey(demoPartner), w.portal("ssoClientId: 1", "MANAGE")} {
		w.ok(who, set(`webhookUrl: "https://sso.example.com/other"`), nil)
		w.unchanged(func() { // in the clear
			w.do(who, set(`webhookUrl: "http://sso.example.com:443/hook"`), nil).wantError(models.CodeBadUserInput, "webhookHeaders", "updateSSOClient")
		})
		elsewhere := set(`webhookUrl: "https://mine.example.com/hook"`)
		w.unchanged(func() {
			w.do(who, elsewhere, nil).wantError(models.CodeBadUserInput, "webhookHeaders", "updateSSOClient")
		})
		w.ok(who, set(`webhookUrl: null`), nil)
		w.unchanged(func() {
			w.do(who, elsewhere, nil).wantError(models.CodeBadUserInput, "webhookHeaders", "updateSSOClient")
		})
		w.ok(platform(), set(`webhookUrl: "https://sso.example.com/hook"`), nil)
	}
	w.ok(w.partnerKey(demoPartner), set(`webhookUrl: "https://mine.example.com/hook", webhookHeaders: []`), nil)
}

// TestACustomersBulkReplaysAreItsOwnToBegin: that of a partner can be cancelled by whose callbacks they are, and one of
// notices is in nobody's way.
func TestACustomersBulkReplaysAreItsOwnToBegin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cancelBulkReplay(demoBulkReplay)
	partner := w.partnerKey(demoPartner)
	begin := func(who caller, owner string) *answer {
		return w.do(who, `mutation { replayCallbacks(input: {owner: {`+owner+`}}) { bulkReplay { id } } }`, nil)
	}
	act := func(who caller, name, id string) *answer {
		return w.do(who, `mutation($id: ObjectID!) { `+name+`(input: {bulkReplayId: $id}) { bulkReplay { status } } }`, variables{"id": id})
	}
	notices := begin(partner, "ssoClientId: 1").text("replayCallbacks.bulkReplay.id")
	own := begin(w.admin(), "accountId: 123123").text("replayCallbacks.bulkReplay.id")
	begin(partner, "accountId: 123123").wantError(models.CodeConflict, "owner", "replayCallbacks")
	act(w.admin(), "cancelBulkReplay", own).text("cancelBulkReplay.bulkReplay.status")
	begin(partner, "accountId: 123123").wantError(models.CodeConflict, "owner", "replayCallbacks") // the partner's own of notices
	act(partner, "cancelBulkReplay", notices).text("cancelBulkReplay.bulkReplay.status")
	theirs := begin(partner, "accountId: 123123").text("replayCallbacks.bulkReplay.id")
	act(partner, "pauseBulkReplay", theirs).text("pauseBulkReplay.bulkReplay.status")
	act(w.admin(), "resumeBulkReplay", theirs).wantError(models.CodeForbidden, "", "resumeBulkReplay")
	act(w.viewer(), "cancelBulkReplay", theirs).wantError(models.CodeForbidden, "", "cancelBulkReplay")
	act(w.admin(), "cancelBulkReplay", theirs).text("cancelBulkReplay.bulkReplay.status")
	begin(w.admin(), "accountId: 123123").text("replayCallbacks.bulkReplay.id")
}

// TestAPartnerLeavesBulkReplaysOfOthersAlone, which it sees, and not who has begun them.
func TestAPartnerLeavesBulkReplaysOfOthersAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	partners := []caller{w.partnerKey(demoPartner), w.portal("ssoClientId: 1", "MANAGE")}
	for _, who := range []caller{w.admin(), platform()} {
		w.cancelBulkReplay(demoBulkReplay)
		id := w.ok(who, `mutation { replayCallbacks(input: {owner: {accountId: 123123}}) { bulkReplay { id } } }`, nil).text("replayCallbacks.bulkReplay.id")
		for _, partner := range partners {
			for _, name := range []string{"pauseBulkReplay", "resumeBulkReplay", "cancelBulkReplay"} {
				w.unchanged(func() {
					w.do(partner, `mutation($id: ObjectID!) { `+name+`(input: {bulkReplayId: $id}) { bulkReplay { status } } }`, variables{"id": id}).
						wantError(models.CodeForbidden, "", name)
				})
			}
			seen := w.ok(partner, `query($id: ObjectID!) { node(id: $id) { ... on BulkReplay { status createdBy { email } } } }`, variables{"id": id})
			if seen.at("node.createdBy") != nil || seen.at("node.status") != "COUNTING" {
				t.Errorf("sees %s", seen.Body)
			}
		}
		w.ok(who, `mutation($id: ObjectID!) { cancelBulkReplay(input: {bulkReplayId: $id}) { bulkReplay { status } } }`, variables{"id": id})
	}
}

// TestAPartnerSeesNoneOfACustomersPeople by what they have made.
func TestAPartnerSeesNoneOfACustomersPeople(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ok(w.admin(), `mutation { pauseCallbacks(input: {owner: {accountId: 123123}}) { account { id } } }`, nil)
	const query = `{ getProject(id: 1123123) { account { pausedBy { email } } crawls { nodes { createdByUser { email } } } bulkReplays { nodes { createdBy { email } } } } }`
	for _, who := range []caller{w.partnerKey(demoPartner), w.portal("ssoClientId: 1", "READ")} {
		if a := w.ok(who, query, nil); strings.Contains(a.Body, "@") {
			t.Errorf("sees %s", a.Body)
		}
	}
	if a := w.ok(w.viewer(), query, nil); strings.Count(a.Body, "@") < 3 {
		t.Errorf("a Viewer sees %s", a.Body)
	}
}

func TestAPartnersKeyIsShownOnceAndWorksUntilItIsDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.partnerKey(demoPartner)
	made := w.ok(first, `mutation { createSSOClientKey(input: {ssoClientId: 1, name: "Pages", idempotencyKey: "k"}) { id rawID name key } }`, nil)
	text, id := made.text("createSSOClientKey.key"), made.text("createSSOClientKey.id")
	if !strings.HasPrefix(text, "rbc_") || made.at("createSSOClientKey.name") != "Pages" {
		t.Errorf("got %s", made.Body)
	}
	w.do(first, `mutation { createSSOClientKey(input: {ssoClientId: 1, name: "Pages", idempotencyKey: "k"}) { id rawID name key } }`, nil).
		wantError(models.CodeConflict, "idempotencyKey", "createSSOClientKey")
	who := caller{"x-api-key", text}
	listed := w.ok(who, `{ ssoClients { totalCount nodes { keys { id name } } } }`, nil)
	if got := listed.list("ssoClients.nodes.0.keys"); len(got) != 3 || listed.at("ssoClients.nodes.0.keys.0.id") != id {
		t.Errorf("listed %s", listed.Body)
	}
	deleted := w.ok(who, `mutation($id: ObjectID!) { deleteSSOClientKey(input: {ssoClientKeyId: $id}) { ssoClientKey { id } } }`, variables{"id": id})
	if a := w.do(who, `{ version }`, nil); a.Status != http.StatusUnauthorized {
		t.Errorf("status %d: %s", a.Status, a.Body)
	}
	for _, kept := range []string{listed.Body, deleted.Body, fmt.Sprint(w.dump()), w.log.String()} {
		if strings.Contains(kept, text) {
			t.Error("the key is kept")
		}
	}
	for range tenant.MaxSSOClientKeys - 2 {
		w.partnerKey(demoPartner)
	}
	w.unchanged(func() {
		w.do(first, `mutation { createSSOClientKey(input: {ssoClientId: 1, name: "A"}) { id } }`, nil).
			wantError(models.CodeConflict, "ssoClientId", "createSSOClientKey")
	})
}

func TestAPartnerSeesPayloadsWhereThePlatformLetsIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who := w.partnerKey(demoPartner)
	const query = `{ getCallback(id: 1) { payload targetUrl attempts { nodes { responseBody requestHeaders { value } } } } }`
	hidden := w.ok(who, query, nil)
	if hidden.at("getCallback.payload") != "" || hidden.at("getCallback.attempts.nodes.0.responseBody") != nil || hidden.at("getCallback.targetUrl") == nil {
		t.Errorf("sees %s", hidden.Body)
	}
	preview := `{ previewCallback(input: {projectId: 1123123, event: CRAWL_FINISHED}) { payload headers { name value source } } }`
	w.do(who, preview, nil).wantError(models.CodeForbidden, "", "previewCallback")
	w.ok(platform(), `mutation { updateSSOClient(input: {ssoClientId: 1, seesPayloads: true}) { ssoClient { seesPayloads } } }`, nil)
	seen, all := w.ok(who, query, nil), w.ok(platform(), query, nil)
	if seen.Body != all.Body {
		t.Errorf("sees %s, the platform %s", seen.Body, all.Body)
	}
	if a := w.ok(who, preview, nil); a.text("previewCallback.payload") == "" || strings.Contains(a.Body, projectSecret) {
		t.Errorf("sees %s", a.Body)
	}
}

// TestAPartnerReadsNoWordsOfExecutors where it sees no payloads: what an executor answers is a body, and may have the input in it.
func TestAPartnerReadsNoWordsOfExecutors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	action := w.action("lookup")
	made := createRun(t, w.service, run.NewRun{
		ProjectID: demoProject, Action: "lookup", Callback: &run.NewCallback{URL: runURL, On: run.CallbackOnAll},
	})
	execute(t, w.service, action, executed(422, `{"message":"unknown customer ada@customer.example"}`))
	const words = "ada@customer.example"
	query := fmt.Sprintf(`{ getRun(id: %d) { error { message label scope statusCode params } batches { nodes { error { message label } } }
		callbacks { nodes { payload error { message } batch { error { message } } run { error { message } } attempts { nodes { responseBody error { message } } } } } }
		getProject(id: 1123123) { runs(first: 1) { nodes { error { message } } } } }`, made.ID)
	own, reads := w.partnerKey(demoPartner), w.portal("ssoClientId: 1", "READ")
	for _, who := range []caller{own, reads} {
		a := w.ok(who, query, nil)
		w.same("our words", "The executor answered with the status 422", a.at("getRun.error.message"))
		w.same("the kind", "BAD_INPUT", a.at("getRun.error.label"))
		w.same("the status", any(map[string]any{"http_status": 422.0}), a.at("getRun.error.params"))
		w.same("of the batch", "The executor answered with the status 422", a.at("getRun.batches.nodes.0.error.message"))
		if strings.Contains(a.Body, words) {
			t.Errorf("sees %s", a.Body)
		}
	}
	w.ok(platform(), `mutation { updateSSOClient(input: {ssoClientId: 1, seesPayloads: true}) { ssoClient { id } } }`, nil)
	for _, who := range []caller{own, reads, w.viewer(), w.portal("projectId: 1123123", "READ"), platform()} {
		if n := strings.Count(w.ok(who, query, nil).Body, words); n < 4 {
			t.Errorf("sees it %d times", n)
		}
	}
}

func TestAPartnerRotatesItsSecretAndSeesIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who := w.partnerKey(demoPartner)
	a := w.ok(who, `mutation { rotateWebhookSigningSecret(input: {ssoClientId: 1, expireOldAfter: 3600}) {
		webhookSigningSecret { secret expiresAt } ssoClient { webhookSigningSecrets { secret expiresAt } } } }`, nil)
	secret := a.text("rotateWebhookSigningSecret.webhookSigningSecret.secret")
	listed := a.list("rotateWebhookSigningSecret.ssoClient.webhookSigningSecrets")
	if len(listed) != 2 || listed[0].(map[string]any)["secret"] != secret || listed[1].(map[string]any)["expiresAt"] != "2020-07-09T17:25:35.000Z" {
		t.Errorf("got %s", a.Body)
	}
	for range 3 {
		w.ok(who, `mutation { rotateWebhookSigningSecret(input: {ssoClientId: 1}) { ssoClient { id } } }`, nil)
	}
	w.do(who, `mutation { rotateWebhookSigningSecret(input: {ssoClientId: 1}) { ssoClient { id } } }`, nil).
		wantError(models.CodeConflict, "ssoClientId", "rotateWebhookSigningSecret")
	w.do(who, `mutation { rotateWebhookSigningSecret(input: {ssoClientId: 1, expireOldAfter: "721h"}) { ssoClient { id } } }`, nil).
		wantError(models.CodeBadUserInput, "expireOldAfter", "rotateWebhookSigningSecret")
}
