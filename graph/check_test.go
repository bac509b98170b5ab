package graph_test

import (
	"context"
	"errors"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/tenant"
)

// resolver resolves the names of tests. Port 22 is not allowed, and what is private is denied.
type resolver map[string][]string

var names = resolver{
	"hooks.example.com": {"93.184.216.34", "2606:2800:220:1::1"}, "half.example.com": {"93.184.216.34", "10.0.0.9"},
	"private.example.com": {"10.0.0.9"}, "10.0.0.1": {"10.0.0.1"},
	"account.example.com": {"93.184.216.34"}, "project.example.com": {"93.184.216.34"},
}

func (r resolver) Addresses(_ context.Context, target string) (found []tenant.CheckedAddress, allowed bool, err error) {
	u, err := url.Parse(target)
	if err != nil {
		return nil, false, err
	}
	for _, text := range r[u.Hostname()] {
		addr := netip.MustParseAddr(text)
		found = append(found, tenant.CheckedAddress{Addr: addr, Denied: addr.IsPrivate()})
	}
	if found == nil {
		err = errors.New("the name " + u.Hostname() + " could not be resolved")
	}
	return found, u.Port() != "22", err
}

const checkQuery = `query($input: CheckCallbackInput!) { checkCallback(input: $input) {
	ok problems { field code severity } addresses { address verdict } effective { url source headers { key value source } } } }`

func TestCheckCallbackFindsAllProblemsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who := w.admin()
	before := w.dump()
	ofProject, ofAccount := variables{"projectId": 123}, variables{"accountId": demoAccount}
	const public = `[{"address":"93.184.216.34","verdict":"ALLOWED"},{"address":"2606:2800:220:1::1","verdict":"ALLOWED"}]`
	for name, tc := range map[string]struct {
		input variables
		want  string
	}{
		"a good one": {
			variables{"owner": ofAccount, "url": "https://hooks.example.com/a", "headers": []any{}},
			`{"ok":true,"problems":[],"addresses":` + public + `,
				"effective":{"url":"https://hooks.example.com/a","source":"ACCOUNT","headers":[]}}`,
		},
		"all rules": {
			variables{"owner": ofProject, "url": "ftp://u:p@a..b/#c", "headers": []any{header("Host", "a"), header("A", "b\n")}},
			`{"ok":false,"problems":[
				{"field":"apiCallbackUrl","code":"BAD_USER_INPUT","severity":"ERROR"},
				{"field":"apiCallbackUrl","code":"BAD_USER_INPUT","severity":"ERROR"},
				{"field":"apiCallbackUrl","code":"BAD_USER_INPUT","severity":"ERROR"},
				{"field":"apiCallbackUrl","code":"BAD_USER_INPUT","severity":"ERROR"},
				{"field":"apiCallbackHeaders.0.key","code":"BAD_USER_INPUT","severity":"ERROR"},
				{"field":"apiCallbackHeaders.1.value","code":"BAD_USER_INPUT","severity":"ERROR"}],"addresses":[],"effective":null}`,
		},
		"a good URL beside a bad header": {
			variables{"owner": ofProject, "url": "https://hooks.example.com/a", "headers": []any{header("Host", "a")}},
			`{"ok":false,"problems":[{"field":"apiCallbackHeaders.0.key","code":"BAD_USER_INPUT","severity":"ERROR"}],
				"addresses":` + public + `,"effective":null}`,
		},
		"a private address": {
			variables{"owner": ofProject, "url": "http://10.0.0.1/x", "headers": []any{}},
			`{"ok":true,"problems":[{"field":"apiCallbackUrl","code":"PLAIN_HTTP","severity":"WARNING"},
				{"field":"apiCallbackUrl","code":"BLOCKED_ADDRESS","severity":"WARNING"}],
				"addresses":[{"address":null,"verdict":"DENIED"}],
				"effective":{"url":"http://10.0.0.1/x","source":"PROJECT","headers":[]}}`,
		},
		"a port of another service, and a name of which half is private": {
			variables{"owner": ofProject, "url": "https://half.example.com:22/", "headers": []any{}},
			`{"ok":true,"problems":[{"field":"apiCallbackUrl","code":"BLOCKED_ADDRESS","severity":"WARNING"},
				{"field":"apiCallbackUrl","code":"BLOCKED_ADDRESS","severity":"WARNING"}],
				"addresses":[{"address":"93.184.216.34","verdict":"ALLOWED"},{"address":null,"verdict":"DENIED"}],
				"effective":{"url":"https://half.example.com:22/","source":"PROJECT","headers":[]}}`,
		},
		"a port of another service at a name that is none": {
			variables{"owner": ofProject, "url": "https://nobody.example.com:22/", "headers": []any{}},
			`{"ok":true,"problems":[{"field":"apiCallbackUrl","code":"BLOCKED_ADDRESS","severity":"WARNING"},
				{"field":"apiCallbackUrl","code":"DNS_ERROR","severity":"WARNING"}],"addresses":[],
				"effective":{"url":"https://nobody.example.com:22/","source":"PROJECT","headers":[]}}`,
		},
		"a name that is none": {
			variables{"owner": ofProject, "url": "https://nobody.example.com/", "headers": []any{}},
			`{"ok":true,"problems":[{"field":"apiCallbackUrl","code":"DNS_ERROR","severity":"WARNING"}],"addresses":[],
				"effective":{"url":"https://nobody.example.com/","source":"PROJECT","headers":[]}}`,
		},
		"nothing": {
			variables{"owner": ofAccount, "url": nil},
			`{"ok":true,"problems":[{"field":"apiCallbackUrl","code":"NO_CALLBACK_URL","severity":"WARNING"}],
				"addresses":[],"effective":null}`,
		},
	} {
		w.sameJSON(name, tc.want, w.ok(who, checkQuery, variables{"input": tc.input}).at("checkCallback"))
	}
	if diff := cmp.Diff(before, w.dump()); diff != "" {
		t.Errorf("a check changed the database (-before +after):\n%s", diff)
	}
}

// TestCheckCallbackCountsWhatWouldMove: as many as updateProject says afterwards.
func TestCheckCallbackCountsWhatWouldMove(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.crawls(3, 1123123, 7000) // beside one that waits
	const query = `query($url: String) { checkCallback(input: {owner: {projectId: 1123123}, url: $url}) { movedCallbacks } }`
	for url, want := range map[string]float64{"https://hooks.example.com/new": 4, projectURL: 0, "ftp://hooks.example.com": 0} {
		w.same(url, want, w.ok(w.editor(), query, variables{"url": url}).at("checkCallback.movedCallbacks"))
	}
	a := w.ok(w.editor(), `mutation { updateProject(input: {projectId: 1123123, apiCallbackUrl: "https://hooks.example.com/new"}) { movedCallbacks } }`, nil)
	w.same("updateProject", 4.0, a.at("updateProject.movedCallbacks"))
}

// TestCheckCallbackIsForWhoMaySave.
func TestCheckCallbackIsForWhoMaySave(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ofProject, ofAccount := variables{"owner": variables{"projectId": 123}}, variables{
		"owner": variables{"accountId": demoAccount},
	}
	for name, tc := range map[string]struct {
		who   caller
		input variables
		code  models.Code // empty: it may
	}{
		"an editor of the project": {w.editor(), ofProject, ""},
		"a viewer of the project":  {w.viewer(), ofProject, models.CodeForbidden},
		"an admin of the account":  {w.admin(), ofAccount, ""},
		"an editor of the account": {w.editor(), ofAccount, models.CodeForbidden},
		"the platform":             {platform(), ofAccount, ""},
		"neither":                  {w.admin(), variables{"owner": variables{}}, models.CodeBadUserInput},
		"both": {
			w.admin(), variables{"owner": variables{"projectId": 123, "accountId": demoAccount}}, models.CodeBadUserInput,
		},
		"an unknown one":    {w.admin(), variables{"owner": variables{"projectId": 987654}}, models.CodeNotFound},
		"another's project": {w.session(otherUser), ofProject, models.CodeNotFound},
	} {
		a := w.do(tc.who, checkQuery, variables{"input": tc.input})
		if got := a.code(); got != string(tc.code) && !strings.HasPrefix(got, "GRAPHQL_") {
			t.Errorf("%s: %q, want %q: %s", name, got, tc.code, a.Body)
		}
	}
}

func TestAnSSOClientConfiguresNoCallbacks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const owner = `owner: {ssoClientId: 1}`
	for field, query := range map[string]string{
		"checkCallback":            `{ checkCallback(input: {` + owner + `}) { ok } }`,
		"pauseCallbacks":           `mutation { pauseCallbacks(input: {` + owner + `}) { account { id } } }`,
		"resumeCallbacks":          `mutation { resumeCallbacks(input: {` + owner + `}) { account { id } } }`,
		"setApiCallbackHeaders":    `mutation { setApiCallbackHeaders(input: {` + owner + `, headers: []}) { account { id } } }`,
		"removeApiCallbackHeaders": `mutation { removeApiCallbackHeaders(input: {` + owner + `, keys: []}) { account { id } } }`,
	} {
		w.do(platform(), query, nil).wantError(models.CodeBadUserInput, "owner.ssoClientId", field)
	}
}
