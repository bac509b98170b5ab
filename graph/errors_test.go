package graph_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/tenant"
)

func TestEveryCodeIsReachedWithItsFieldAndPath(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key, _ := w.userKey(demoUser)
	for _, tc := range []struct {
		name        string
		who         caller
		query       string
		code        models.Code
		field, path string
	}{
		{"stranger", caller{}, `{ me { id } }`, models.CodeUnauthenticated, "", "me"},
		{
			"role", w.viewer(), `mutation { runCrawlForProject(input: {projectId: 123}) { crawl { id } } }`,
			models.CodeForbidden, "", "runCrawlForProject",
		},
		{
			"rawID of a user's", w.admin(), `mutation {
			createProject(input: {accountId: 123123, name: "A", primaryDomain: "b", rawID: 5}) { project { id } } }`,
			models.CodeForbidden, "", "createProject",
		},
		{
			"user key",
			caller{},
			`mutation { createSessionUsingUserKey(input: {userKeyId: "` + key + `", secret: "wrong"}) { token } }`,
			models.CodeIncorrectUserKey, "", "createSessionUsingUserKey",
		},
		{
			"unknown user key",
			caller{},
			`mutation { createSessionUsingUserKey(input: {userKeyId: 987, secret: "wrong"}) { token } }`,
			models.CodeIncorrectUserKey, "", "createSessionUsingUserKey",
		},
		{"unknown", w.admin(), `{ getCrawl(id: 987654) { id } }`, models.CodeNotFound, "", "getCrawl"},
		{"not a member", w.admin(), `{ getProject(id: 200) { id } }`, models.CodeNotFound, "", "getProject"},
		{
			"nothing to input", w.admin(), `mutation { updateProject(input: {projectId: 123, name: ""}) { project { id } } }`,
			models.CodeBadUserInput, "name", "updateProject",
		},
		{
			"null name", w.admin(), `mutation { updateProject(input: {projectId: 123, name: null}) { project { id } } }`,
			models.CodeBadUserInput, "name", "updateProject",
		},
		{
			"time zone", w.admin(),
			`mutation { updateAccount(input: {accountId: 123123, timezone: "Mars/Olympus"}) { account { id } } }`,
			models.CodeBadUserInput, "timezone", "updateAccount",
		},
		{
			"DateTime", w.admin(), `{ getCrawl(id: 124234) { callbacks(filter: {createdAfter: "yesterday"}) { totalCount } } }`,
			models.CodeBadUserInput, "filter.createdAfter", "getCrawl.callbacks.filter.createdAfter",
		},
		{
			"template", w.admin(), `mutation {
			createReportDownload(input: {crawlId: 124234, reportTemplateCode: "a:b"}) { reportDownload { id } } }`,
			models.CodeBadUserInput, "reportTemplateCode", "createReportDownload",
		},
		{
			"taken rawID", platform(), `mutation { createAccount(input: {name: "A", rawID: 123123}) { account { id } } }`,
			models.CodeConflict, "rawID", "createAccount",
		},
		{
			"taken email", platform(), `mutation { createUser(input: {email: "demo@example.com"}) { user { id } } }`,
			models.CodeConflict, "email", "createUser",
		},
		{
			"not ended", w.admin(), `mutation { replayCallback(input: {callbackId: 2}) { callback { id } } }`,
			models.CodeConflict, "callbackId", "replayCallback",
		},
		{
			"contradiction", platform(), `mutation { finishCrawl(input: {crawlId: 124234, status: Failed}) { crawl { id } } }`,
			models.CodeConflict, "status", "finishCrawl",
		},
		{
			"new crawl", platform(), `mutation { finishCrawl(input: {crawlId: 9}) { crawl { id } } }`,
			models.CodeBadUserInput, "projectId", "finishCrawl",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			a := w.in(t).do(tc.who, tc.query, nil)
			a.wantError(tc.code, tc.field, tc.path)
			want := http.StatusOK
			if tc.code == models.CodeUnauthenticated {
				want = http.StatusUnauthorized
			}
			if a.Status != want {
				t.Errorf("status %d", a.Status)
			}
			if root, _, nested := strings.Cut(tc.path, "."); !nested && a.Data != nil {
				if data, ok := a.Data.(map[string]any); !ok || data[root] != nil {
					t.Errorf("data is not null: %s", a.Body)
				}
			}
		})
	}
}

func TestErrorAnswersAsTheyLook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, query := range map[string]string{
		"error_not_found.json": `{ getProject(id: 4242) { id } }`,
		"error_bad_url.json": `mutation { updateProject(input: {projectId: 123, apiCallbackUrl: "ftp://example.com"}) {
			project { id } } }`,
		"error_malformed_id.json": `{ getProject(id: "not an id") { id } }`,
		"error_conflict.json":     `mutation { replayCallback(input: {callbackId: 2}) { callback { id } } }`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden(t, name, w.in(t).do(w.admin(), query, nil).Body)
		})
	}
}

func TestMalformedDocumentsGetGqlgensOwnCodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for query, code := range map[string]string{
		`{ version `:           "GRAPHQL_PARSE_FAILED",
		`{ nothingOfTheKind }`: "GRAPHQL_VALIDATION_FAILED",
		`query($a: Int!) { version @skip(if: $a) }`: "GRAPHQL_VALIDATION_FAILED",
	} {
		a := w.do(caller{}, query, nil)
		if a.code() != code || a.Status != http.StatusOK {
			t.Errorf("%s: status %d, %s", query, a.Status, a.Body)
		}
	}
}

func TestInvalidCredentialsAre401InTheShapeOfGraphQL(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	expired, ended := w.admin(), w.admin()
	w.ok(ended, `mutation { deleteSession { token } }`, nil)
	w.clock.Advance(tenant.SessionLifetime)
	valid := w.admin()
	for name, who := range map[string]caller{
		"x-auth-token": {"x-auth-token", "rbs_wrong"}, "bearer": {"Authorization", "Bearer rbs_wrong"},
		"empty bearer's neighbour": {"Authorization", "rbs_wrong"}, "basic": {"Authorization", "Basic ZGVtbzpkZW1v"},
		"x-api-key": {"x-api-key", "rbp_wrong"}, "key as a token": {"x-auth-token", platformKey.Reveal()},
		"token as a key": {"x-api-key", valid.value}, "expired": expired, "ended": ended,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := w.in(t).do(who, `{ version }`, nil)
			if a.Status != http.StatusUnauthorized || a.code() != "UNAUTHENTICATED" || a.Data != nil {
				t.Errorf("status %d: %s", a.Status, a.Body)
			}
			if !strings.Contains(a.Body, `"data":null`) || a.Header.Get("Content-Type") != "application/json" ||
				a.Header.Get("WWW-Authenticate") == "" {
				t.Errorf("headers %v: %s", a.Header, a.Body)
			}
			if strings.Contains(a.Body, who.value) {
				t.Errorf("the answer repeats the credential: %s", a.Body)
			}
		})
	}
}

func TestAllThreeHeadersCarryCredentials(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.admin().value
	for _, who := range []caller{
		{"X-Auth-Token", token},
		{"Authorization", "Bearer " + token},
		{"authorization", "bearer " + token},
		{"X-API-Key", platformKey.Reveal()},
	} {
		w.ok(who, `{ getAccount(id: 123123) { id } }`, nil)
	}
}

func TestASessionWorksUntilItExpires(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who := w.admin()
	w.clock.Advance(tenant.SessionLifetime - time.Microsecond)
	w.ok(who, `{ me { id } }`, nil)
	w.clock.Advance(time.Microsecond)
	if a := w.do(who, `{ me { id } }`, nil); a.Status != http.StatusUnauthorized {
		t.Errorf("status %d: %s", a.Status, a.Body)
	}
}

func TestTheLimitOfUserKeysIsAConflict(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin := w.admin()
	for range tenant.MaxUserKeys {
		w.ok(admin, `mutation { createUserKey { id } }`, nil)
	}
	w.unchanged(func() {
		w.do(admin, `mutation { createUserKey { id } }`, nil).wantError(models.CodeConflict, "", "createUserKey")
	})
}

func TestOneBadFieldLeavesTheOthersTheirData(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.do(w.admin(), `{ good: getProject(id: 123) { rawID } bad: getProject(id: 4242) { rawID } }`, nil)
	a.wantError(models.CodeNotFound, "", "bad")
	want := map[string]any{"good": map[string]any{"rawID": "123"}, "bad": nil}
	if diff := cmp.Diff(any(want), a.Data); diff != "" {
		t.Error(diff)
	}
}
