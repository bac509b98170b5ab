package graph_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/tenant"
)

const everyHeader = `
fragment p on Project { id apiCallbackHeaders { value } effectiveApiCallback { headers { value } }
	account { apiCallbackHeaders { value } } }
fragment a on Account { apiCallbackHeaders { value } projects(first: 3) { nodes { ...p } edges { node { ...p } } } }
fragment c on Callback { account { ...a } project { ...p } crawl { project { ...p } account { ...a } }
	reportDownload { crawl { project { ...p } } } replays { project { ...p } } }
query {
	me { accounts(first: 3) { nodes { ...a } edges { node { ...a } } } }
	node(id: "TjAwNlByb2plY3QxMTIzMTIz") { ... on Project { ...p } }
	account: node(id: "TjAwNkFjY291bnQxMjMxMjM") { ... on Account { ...a } }
	getAccount(id: 123123) { ...a callbacks(first: 3) { nodes { ...c } edges { node { ...c } } } }
	getProject(id: 1123123) { ...p callbacks(first: 3) { nodes { ...c } } }
	bare: getProject(id: 123) { ...p }
	getCrawl(id: 124234) { project { ...p } account { ...a } callbacks(first: 3) { nodes { ...c } } }
	getReportDownload(id: 567890) { crawl { project { ...p } } }
	getCallback(id: 1) { ...c }
}`

func TestHeaderValuesAreMaskedForAViewerWhereverTheyAppear(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, tc := range []struct {
		name string
		who  caller
		sees bool
	}{{"viewer", w.viewer(), false}, {"editor", w.editor(), true}, {"admin", w.admin(), true}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			values := valuesOf(w.in(t).ok(tc.who, everyHeader, nil).Data)
			if len(values) < 20 {
				t.Fatalf("only %d header values in the answer", len(values))
			}
			for _, v := range values {
				if got := v != models.Masked; got != tc.sees {
					t.Errorf("value %q", v)
				}
			}
		})
	}
}

// valuesOf collects what stands under "value" anywhere in an answer.
func valuesOf(v any) []string {
	var found []string
	switch v := v.(type) {
	case map[string]any:
		for k, child := range v {
			if text, ok := child.(string); ok && k == "value" {
				found = append(found, text)
			}
			found = append(found, valuesOf(child)...)
		}
	case []any:
		for _, child := range v {
			found = append(found, valuesOf(child)...)
		}
	}
	return found
}

func TestMutationPayloadsShowHeaderValuesToEditors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.ok(w.editor(), `mutation { runCrawlForProject(input: {projectId: 1123123}) { crawl { project {
		apiCallbackHeaders { value } account { apiCallbackHeaders { value } } } } } }`, nil)
	if got := a.text("runCrawlForProject.crawl.project.apiCallbackHeaders.0.value"); got != projectSecret {
		t.Errorf("project: %q", got)
	}
	if got := a.text("runCrawlForProject.crawl.project.account.apiCallbackHeaders.0.value"); got != accountSecret {
		t.Errorf("account: %q", got)
	}
}

// A Viewer on one account can be an Editor on another: each value is masked by the account that it belongs to.
func TestTheRoleIsThatOnTheAccountOfTheValue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	createUser(t, w.service, tenant.NewUser{Email: "both@example.com", RawID: 90, Accounts: []tenant.Membership{
		{AccountID: demoAccount, Role: models.RoleViewer}, {AccountID: otherAccount, Role: models.RoleEditor},
	}})
	both := w.session(90)
	a := w.ok(both, `mutation { updateProject(input: {projectId: 200, apiCallbackHeaders: [{key: "X-A", value: "open"}]}) {
		project { apiCallbackHeaders { value } } } }`, nil)
	if got := a.at("updateProject.project.apiCallbackHeaders.0.value"); got != "open" {
		t.Errorf("as Editor: %v", got)
	}
	a = w.ok(
		both,
		`{ getProject(id: 1123123) { apiCallbackHeaders { value } account { role } } other: getAccount(id: 200200) { role } }`,
		nil,
	)
	if got := a.at("getProject.apiCallbackHeaders.0.value"); got != models.Masked {
		t.Errorf("as Viewer: %v", got)
	}
	if got := []any{a.at("getProject.account.role"), a.at("other.role")}; got[0] != "Viewer" || got[1] != "Editor" {
		t.Errorf("roles %v", got)
	}
}

func TestSigningSecretsAreForAdminsOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const query = `{ getProject(id: 1123123) { callbackSigningSecrets { secret createdAt expiresAt } } }`
	for name, who := range map[string]caller{"viewer": w.viewer(), "editor": w.editor()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := w.in(t).do(who, query, nil)
			a.wantError(models.CodeForbidden, "", "getProject.callbackSigningSecrets")
			if strings.Contains(a.Body, "whsec_") {
				t.Error(a.Body)
			}
		})
	}
	for name, who := range map[string]caller{"admin": w.admin(), "platform": platform()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			secret := w.in(t).ok(who, query, nil).text("getProject.callbackSigningSecrets.0.secret")
			if !strings.HasPrefix(secret, "whsec_") || len(secret) < 40 {
				t.Errorf("no secret: %q", secret)
			}
		})
	}
}

func TestAnSSOClientIsInSightOfThePlatformOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	query := fmt.Sprintf(`{ node(id: %q) { id ... on SSOClient {
		name webhookUrl webhookHeaders { value } webhookSigningSecrets { secret } } } }`,
		models.ObjectID{Type: tenant.TypeSSOClient, Raw: 1})
	for name, who := range map[string]caller{"admin": w.admin(), "other": w.other()} {
		a := w.do(who, query, nil)
		a.wantError(models.CodeNotFound, "", "node")
		if strings.Contains(a.Body, webhookURL) || strings.Contains(a.Body, webhookSecret) {
			t.Errorf("%s: %s", name, a.Body)
		}
	}
	seen := w.ok(platform(), query, nil)
	if got := seen.at("node.webhookHeaders.0.value"); got != webhookSecret {
		t.Errorf("the platform sees %v", got)
	}
	if got := seen.text("node.webhookSigningSecrets.0.secret"); !strings.HasPrefix(got, "whsec_") {
		t.Errorf("the platform sees the signing secret %q", got)
	}
}

func TestOtherUsersAccountsStayUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.ok(w.viewer(), `{ getCrawl(id: 124234) { createdByUser { email accounts { totalCount nodes { id } } } } }`, nil)
	if got := a.text("getCrawl.createdByUser.accounts.totalCount") +
		a.text("getCrawl.createdByUser.email"); got != "0"+adminEmail {
		t.Errorf("got %s", a.Body)
	}
}

// TestHeadersOfAttemptsShowNoConfiguredValue: neither to the Admin, who may read it elsewhere, nor in the database.
func TestHeadersOfAttemptsShowNoConfiguredValue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := modelstest.ClaimOnly(t, w.service.Callbacks, w.callback.report.ID)
	at := w.clock.Now()
	d.Start(at)
	sent, err := d.Headers("Ringback/1", at)
	modelstest.NoError(t, err)
	status := 503
	o := callback.Outcome{
		HTTPStatus: &status, Sent: sent, Connection: callback.Connection{Remote: "203.0.113.10:443", HTTP: "HTTP/1.1"},
		Received: http.Header{"Retry-After": {"120"}, "X-Echo": {"you sent " + projectSecret}, "Set-Cookie": {"a=b"}},
	}
	modelstest.NoError(t, w.service.Callbacks.Deliveries.Settle(t.Context(), w.service.Callbacks.Deliveries.Decide(d, o)))
	const query = `{ getCallback(id: 2) { attempts { nodes { trigger remoteAddress httpVersion tlsVersion connectionReused
		responseBodyTruncated headersTruncated requestHeaders { name value } responseHeaders { name value }
		retryAfter { header seconds notBefore capped } } } } }`
	for _, who := range []caller{w.viewer(), w.editor(), w.admin(), platform()} {
		a := w.ok(who, query, nil)
		got := a.at("getCallback.attempts.nodes.0").(map[string]any)
		if strings.Contains(a.Body, "project-secret") || strings.Contains(a.Body, "a=b") ||
			strings.Contains(a.Body, sent.Get("Webhook-Signature")) {
			t.Errorf("a secret is shown: %s", a.Body)
		}
		if n := len(got["requestHeaders"].([]any)); n != len(sent) || len(got["responseHeaders"].([]any)) != 3 {
			t.Errorf("%d headers were sent, %d are shown: %s", len(sent), n, a.Body)
		}
		if got["trigger"] != "FIRST" || got["remoteAddress"] != "203.0.113.10:443" || got["httpVersion"] != "HTTP/1.1" ||
			got["tlsVersion"] != nil || a.text("getCallback.attempts.nodes.0.retryAfter.seconds") != "120" {
			t.Errorf("got %s", a.Body)
		}
	}
	if text := fmt.Sprintf("%s", w.dump()); strings.Contains(text, "project-secret") {
		t.Error("a secret is in the database")
	}
}
