package graph_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/store/storetest"
	"github.com/ringback/ringback/models/tenant"
)

// portal makes a portal session of an owner, such as `projectId: 1`.
func (w *world) portal(owner, permission string) caller {
	w.tb.Helper()
	a := w.ok(platform(), fmt.Sprintf(
		`mutation { createPortalSession(input: {owner: {%s}, permission: %s, expiresIn: 3600}) { token } }`, owner, permission,
	), nil)
	return caller{"x-auth-token", a.text("createPortalSession.token")}
}

// forPortal is what a portal session of an owner gets for an example; an empty code means that it may.
func forPortal(owner, permission, name string, e example) models.Code {
	manages := permission == "MANAGE"
	switch {
	case e.who == sessionOnly || e.who == ownLists:
		return ""
	case e.who == platformOnly || e.who == userOnly || e.who == userOrNamed:
		return models.CodeForbidden
	case owner == "ssoClientId: 1":
		code := forPartner(name, e)
		reads := e.who != partnerOnly && !slices.Contains(partnersActs, name) || strings.HasPrefix(name, "Query.")
		if code == "" && (!manages && !reads || strings.HasSuffix(name, "SSOClientKey")) {
			return models.CodeForbidden
		}
		return code
	case e.who == partnerOnly || e.who == adminOnly && owner != "projectId: 200" && (owner != "projectId: 1123123" || name != "Mutation.deleteProject"):
		return models.CodeForbidden
	case owner == "accountId: 123123":
		if e.who == editorUp && !manages {
			return models.CodeForbidden
		}
		return ""
	}
	id := map[string]int64{"projectId: 1123123": demoProject, "projectId: 200": otherProject}[owner]
	code := keyFor(id, name, e)
	if code == "" && e.who == editorUp && !manages {
		return models.CodeForbidden
	}
	return code
}

func TestAPortalSessionDoesWhatItsPermissionSays(t *testing.T) {
	t.Parallel()
	for _, owner := range []string{"projectId: 1123123", "projectId: 200", "accountId: 123123", "ssoClientId: 1"} {
		for _, permission := range []string{"READ", "MANAGE"} {
			t.Run(permission+" of "+owner, func(t *testing.T) {
				t.Parallel()
				w := newExamples(t)
				userKey, _ := w.userKey(demoUser)
				each(func(name string, e example) {
					who, query := w.portal(owner, permission), strings.ReplaceAll(e.query, "$key", quote(userKey))
					code := forPortal(owner, permission, name, e)
					if code == "" {
						w.ok(who, query, nil)
						return
					}
					w.unchanged(func() { w.do(who, query, nil).wantError(code, "", rootPath(name)) })
				})
			})
		}
	}
}

func TestAPortalSessionKnowsWhatItIsOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const query = `{ viewer { user { rawID } project { rawID } account { rawID } ssoClient { rawID } permission } }`
	none := map[string]any{"user": nil, "project": nil, "account": nil, "ssoClient": nil, "permission": nil}
	with := func(field, rawID string, permission any) map[string]any {
		v := map[string]any{"user": nil, "project": nil, "account": nil, "ssoClient": nil, "permission": permission}
		v[field] = map[string]any{"rawID": rawID}
		return v
	}
	for name, test := range map[string]struct {
		who  caller
		want map[string]any
	}{
		"platform": {platform(), none}, "user": {w.viewer(), with("user", "32", nil)}, "key": {w.key(demoProject), with("project", "1123123", nil)},
		"partner": {w.partnerKey(demoPartner), with("ssoClient", "1", nil)}, "project": {w.portal("projectId: 123", "READ"), with("project", "123", "READ")},
		"account":    {w.portal("accountId: 123123", "MANAGE"), with("account", "123123", "MANAGE")},
		"SSO client": {w.portal("ssoClientId: 1", "READ"), with("ssoClient", "1", "READ")},
	} {
		if diff := cmp.Diff(any(test.want), w.ok(test.who, query, nil).at("viewer")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestAPortalSessionEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.ok(w.admin(), `mutation { createPortalSession(input: {owner: {projectId: 123}, permission: READ}) { token expiresAt } }`, nil)
	token := made.text("createPortalSession.token")
	if !strings.HasPrefix(token, "rbt_") || made.at("createPortalSession.expiresAt") != "2020-07-09T16:40:35.000Z" {
		t.Errorf("got %s", made.Body)
	}
	if strings.Contains(fmt.Sprint(w.dump())+w.log.String(), token) {
		t.Error("the token is kept")
	}
	out := func(who caller, ended bool) {
		t.Helper()
		if a := w.do(who, `{ version }`, nil); (a.Status == http.StatusUnauthorized) != ended {
			t.Errorf("%d %s", a.Status, a.Body)
		}
	}
	who, longer := caller{"Authorization", "Bearer " + token}, w.portal("projectId: 123", "READ")
	for _, wrong := range []caller{{"x-auth-token", token + "x"}, {"x-api-key", token}} {
		out(wrong, true)
	}
	w.clock.Advance(15*time.Minute - time.Second)
	out(who, false)
	w.clock.Advance(time.Second)
	out(who, true)
	out(longer, false)
	if got := w.ok(longer, `mutation { deleteSession { token } }`, nil).at("deleteSession.token"); got != longer.value {
		t.Errorf("ended %v", got)
	}
	out(longer, true)
	partner := w.partnerKey(demoPartner)
	made = w.ok(partner, `mutation { createSSOClientKey(input: {ssoClientId: 1, name: "A"}) { id } }`, nil)
	ofPartner, other := w.portal("ssoClientId: 1", "MANAGE"), w.portal("accountId: 123123", "READ")
	w.ok(partner, `mutation($id: ObjectID!) { deleteSSOClientKey(input: {ssoClientKeyId: $id}) { ssoClientKey { id } } }`,
		variables{"id": made.text("createSSOClientKey.id")})
	out(ofPartner, true)
	out(other, false)
	w.endsWithItsAdmin(out)
	last := w.portal("projectId: 123", "MANAGE")
	w.ok(w.admin(), `mutation { deleteProject(input: {projectId: 123}) { project { id } } }`, nil)
	out(last, true)
	for _, wrong := range []string{"0", "3601", `"61m"`, "-1"} {
		w.unchanged(func() {
			w.do(platform(), `mutation { createPortalSession(input: {owner: {accountId: 123123}, permission: READ, expiresIn: `+wrong+`}) { token } }`, nil).
				wantError(models.CodeBadUserInput, "expiresIn", "createPortalSession")
		})
	}
}

// endsWithItsAdmin: a session that an Admin made ends with the role, whether that is another one or gone; not one of the platform's.
func (w *world) endsWithItsAdmin(out func(who caller, ended bool)) {
	w.tb.Helper()
	admin := w.admin()
	open := func(owner string) caller {
		a := w.ok(admin, `mutation { createPortalSession(input: {owner: {`+owner+`}, permission: MANAGE, expiresIn: 3600}) { token } }`, nil)
		return caller{"x-auth-token", a.text("createPortalSession.token")}
	}
	ofAdmin := []caller{open("projectId: 1123123"), open("accountId: 123123")}
	platforms := w.portal("accountId: 123123", "MANAGE")
	for _, change := range []string{"UPDATE memberships SET role = 'Editor'", "DELETE FROM memberships"} {
		for _, who := range ofAdmin {
			out(who, false)
		}
		w.sql(fmt.Sprintf("%s WHERE user_id = %d", change, demoUser))
		for _, who := range ofAdmin {
			out(who, true)
		}
		out(platforms, false)
		w.sql(fmt.Sprintf("DELETE FROM memberships WHERE user_id = %d", demoUser))
		w.sql(fmt.Sprintf("INSERT INTO memberships (user_id, account_id, role) VALUES (%d, %d, 'Admin')", demoUser, demoAccount))
	}
}

// TestAThousandPortalsAreOpenAtATime of one owner: one more ends the oldest, and none of another owner.
func TestAThousandPortalsAreOpenAtATime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	out := func(who caller, ended bool) {
		t.Helper()
		if a := w.do(who, `{ version }`, nil); (a.Status == http.StatusUnauthorized) != ended {
			t.Errorf("%d %s", a.Status, a.Body)
		}
	}
	more := func(n int, expires string) {
		t.Helper()
		bytes := "BLOB"
		if storetest.OnPostgres() {
			bytes = "BYTEA"
		}
		w.sql(fmt.Sprintf(`INSERT INTO portal_sessions (token_hash, account_id, project_id, sso_client_id, role, created_at, expires_at)
			WITH RECURSIVE series (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM series WHERE i < %d)
			SELECT CAST('%s:' || CAST(i AS TEXT) AS %s), account_id, project_id, 0, role, created_at, %s
			FROM portal_sessions CROSS JOIN series WHERE id = (SELECT min(id) FROM portal_sessions)`, n, expires, bytes, expires))
	}
	first, second, other := w.portal("projectId: 123", "READ"), w.portal("projectId: 123", "MANAGE"), w.portal("projectId: 1123123", "READ")
	more(2*tenant.MaxPortalSessions, "created_at")
	w.portal("projectId: 123", "READ")
	out(first, false) // what has expired counts no more
	more(tenant.MaxPortalSessions-3, "expires_at")
	out(first, false)
	last := w.portal("projectId: 123", "READ")
	out(first, true)
	for _, who := range []caller{second, other, last} {
		out(who, false)
	}
}

// TestAPortalIsNoUser who could have made or paused something: what it does stands without a name.
func TestAPortalIsNoUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cancelBulkReplay(demoBulkReplay)
	manages := w.portal("projectId: 1123123", "MANAGE")
	a := w.ok(manages, `mutation {
		pauseCallbacks(input: {owner: {projectId: 1123123}}) { project { pausedAt pausedBy { id } } }
		replayCallbacks(input: {owner: {projectId: 1123123}}) { bulkReplay { createdBy { id } } }
		runCrawlForProject(input: {projectId: 1123123}) { crawl { createdByUser { id } } }
		replayCallback(input: {callbackId: 1}) { callback { replayedBy { id } } } }`, nil)
	if a.at("pauseCallbacks.project.pausedAt") == nil {
		t.Errorf("not paused: %s", a.Body)
	}
	for _, path := range []string{
		"pauseCallbacks.project.pausedBy", "replayCallbacks.bulkReplay.createdBy", "runCrawlForProject.crawl.createdByUser", "replayCallback.callback.replayedBy",
	} {
		w.same(path, nil, a.at(path))
	}
}

func TestAPartnerOpensPortalsToItsSSOClientAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	own := w.partnerKey(demoPartner)
	const query = `mutation { createPortalSession(input: {owner: {%s}, permission: READ}) { token } }`
	w.ok(own, fmt.Sprintf(query, "ssoClientId: 1"), nil)
	for _, test := range []struct {
		who   caller
		owner string
		code  models.Code
	}{
		{own, "accountId: 123123", models.CodeForbidden},
		{own, "projectId: 1123123", models.CodeForbidden},
		{own, "accountId: 200200", models.CodeNotFound},
		{w.otherPartner(), "ssoClientId: 1", models.CodeNotFound},
		{w.admin(), "ssoClientId: 1", models.CodeNotFound},
		{w.portal("ssoClientId: 1", "MANAGE"), "ssoClientId: 1", models.CodeForbidden},
		{w.editor(), "accountId: 123123", models.CodeForbidden},
		{w.key(demoProject), "projectId: 1123123", models.CodeForbidden},
		{w.portal("accountId: 123123", "MANAGE"), "projectId: 1123123", models.CodeForbidden},
	} {
		w.unchanged(func() {
			w.do(test.who, fmt.Sprintf(query, test.owner), nil).wantError(test.code, "", "createPortalSession")
		})
	}
}

func TestAPartnersListsHoldItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	own, other := w.partnerKey(demoPartner), w.otherPartner()
	w.ok(platform(), `mutation { updateProject(input: {projectId: 200, apiCallbackUrl: "https://other.example.com"}) { project { id } } }`, nil)
	finishCrawl(t, w.service, 7001, otherProject)
	const query = `{ accounts { totalCount nodes { rawID } } ssoClients { totalCount nodes { rawID accounts { totalCount nodes { rawID } } } }
		callbacks(first: 100) { nodes { account { rawID } } } }`
	account := func(id string) map[string]any {
		return map[string]any{"totalCount": 1.0, "nodes": []any{map[string]any{"rawID": id}}}
	}
	for name, test := range map[string]struct {
		who             caller
		client, account string
	}{
		"own": {own, "1", fmt.Sprint(demoAccount)}, "other": {other, "2", fmt.Sprint(otherAccount)},
		"READ": {w.portal("ssoClientId: 1", "READ"), "1", fmt.Sprint(demoAccount)},
	} {
		a := w.ok(test.who, query, nil)
		if diff := cmp.Diff(any(account(test.account)), a.at("accounts")); diff != "" {
			t.Errorf("%s: accounts (-want +got):\n%s", name, diff)
		}
		client := map[string]any{"rawID": test.client, "accounts": account(test.account)}
		if diff := cmp.Diff(any(map[string]any{"totalCount": 1.0, "nodes": []any{client}}), a.at("ssoClients")); diff != "" {
			t.Errorf("%s: SSO clients (-want +got):\n%s", name, diff)
		}
		all := a.list("callbacks.nodes")
		for _, c := range all {
			if got := c.(map[string]any)["account"]; !cmp.Equal(got, any(map[string]any{"rawID": test.account})) {
				t.Errorf("%s: a callback of %v", name, got)
			}
		}
		if len(all) == 0 {
			t.Errorf("%s: no callbacks", name)
		}
	}
	if got := w.ok(platform(), query, nil).at("ssoClients.totalCount"); got != 2.0 {
		t.Errorf("the platform sees %v", got)
	}
	if n, err := w.store.CountSSOClientAccounts(context.Background(), models.Scope{}, []int64{1}); err != nil || n[1] != 0 {
		t.Errorf("the zero scope counts %v, %v", n, err)
	}
}
