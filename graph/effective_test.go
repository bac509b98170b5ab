package graph_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
)

func sourced(key, value, source string) map[string]any {
	return map[string]any{"key": key, "value": value, "source": source}
}

func TestEffectiveApiCallbackShowsWhatWouldBeUsed(t *testing.T) {
	t.Parallel()
	accountHeaders := []any{header("Authorization", "account-token"), header("X-Account", "a")}
	projectHeaders := []any{header("AUTHORIZATION", "project-token"), header("X-Project", "p")}
	for _, tc := range []struct {
		name             string
		account, project any // URLs
		want             any
	}{
		{"neither", nil, nil, nil},
		{"project only", nil, projectURL, map[string]any{"url": projectURL, "source": "PROJECT", "headers": []any{
			sourced("AUTHORIZATION", "project-token", "PROJECT"), sourced("X-Project", "p", "PROJECT"),
		}}},
		{"account only", accountURL, nil, map[string]any{"url": accountURL, "source": "ACCOUNT", "headers": []any{
			sourced("AUTHORIZATION", "project-token", "PROJECT"), sourced("X-Account", "a", "ACCOUNT"),
			sourced("X-Project", "p", "PROJECT"),
		}}},
		{"both", accountURL, projectURL, map[string]any{"url": projectURL, "source": "PROJECT", "headers": []any{
			sourced("AUTHORIZATION", "project-token", "PROJECT"), sourced("X-Project", "p", "PROJECT"),
		}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.ok(w.admin(), `mutation($a: UpdateAccountInput!, $p: UpdateProjectInput!) {
				updateAccount(input: $a) { account { id } } updateProject(input: $p) { project { id } } }`, variables{
				"a": variables{"accountId": demoAccount, "apiCallbackUrl": tc.account, "apiCallbackHeaders": accountHeaders},
				"p": variables{"projectId": bareProject, "apiCallbackUrl": tc.project, "apiCallbackHeaders": projectHeaders},
			})
			const query = `{ getProject(id: 123) { effectiveApiCallback { url source headers { key value source } } } }`
			got := w.ok(w.editor(), query, nil).at("getProject.effectiveApiCallback")
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			masked := w.ok(w.viewer(), query, nil)
			for _, v := range valuesOf(masked.Data) {
				if v != models.Masked {
					t.Errorf("a Viewer sees %q", v)
				}
			}
			if tc.want == nil {
				return
			}
			if diff := cmp.Diff(
				masked.at("getProject.effectiveApiCallback.source"), tc.want.(map[string]any)["source"],
			); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What the page shows is what a delivery uses.
func TestEffectiveApiCallbackIsWhatADeliveryUses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.crawls(1, bareProject, 5000)[0]
	a := w.ok(w.admin(), `{ getProject(id: 123) { effectiveApiCallback { url headers { value } } } }`, nil)
	d := modelstest.ClaimOnly(t, w.service.Callbacks, c.ID)
	if d.Target.URL != a.at("getProject.effectiveApiCallback.url") ||
		d.Target.Headers[0].Value.Reveal() != a.at("getProject.effectiveApiCallback.headers.0.value") {
		t.Errorf("delivery %v, page %s", d.Target, a.Body)
	}
}
