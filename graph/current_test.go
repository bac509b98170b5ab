package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
)

// TestAConflictShowsThePresentStateWithoutSecrets: errors go to logs, also those of callers who may see the values.
func TestAConflictShowsThePresentStateWithoutSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const at = "2020-07-09T16:25:35.000Z"
	for name, tc := range map[string]struct {
		who   caller
		query string
		want  map[string]any
	}{
		"updateProject": {
			w.editor(), `mutation { updateProject(input: {projectId: 1123123, ifVersion: 7, name: "New"}) { project { id } } }`,
			map[string]any{
				"version": 1.0, "updatedAt": at, "name": "Site", "primaryDomain": "https://www.example.com",
				"apiCallbackUrl": projectURL, "apiCallbackHeaderKeys": []any{"X-Project"},
				"apiCallbackMaxInFlight": nil, "apiCallbackMaxPerSecond": nil,
			},
		},
		"updateAccount": {
			w.admin(), `mutation { updateAccount(input: {accountId: 123123, ifVersion: 7, name: "New"}) { account { id } } }`,
			map[string]any{
				"version": 1.0, "updatedAt": at, "name": "Demo", "timezone": "Europe/London",
				"apiCallbackUrl": accountURL, "apiCallbackHeaderKeys": []any{"Authorization"},
				"apiCallbackMaxInFlight": nil, "apiCallbackMaxPerSecond": nil,
			},
		},
		"updateSSOClient": {
			platform(), `mutation { updateSSOClient(input: {ssoClientId: 1, ifVersion: 7, name: "New"}) { ssoClient { id } } }`,
			map[string]any{
				"version": 1.0, "updatedAt": at, "name": "Acme SSO", "noticeMode": "EACH",
				"webhookEvents": []any{"FIRST_FAILURE", "GIVEN_UP"},
				"webhookUrl":    webhookURL, "webhookHeaderKeys": []any{"Authorization"},
			},
		},
	} {
		w.unchanged(func() {
			a := w.do(tc.who, tc.query, nil)
			a.wantError(models.CodeConflict, "ifVersion", name)
			if diff := cmp.Diff(any(tc.want), a.Errors[0].Extensions["current"]); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
			if strings.Contains(a.Body, "Bearer") {
				t.Errorf("%s tells a secret: %s", name, a.Body)
			}
		})
		tc.query = strings.Replace(tc.query, "ifVersion: 7", "ifVersion: 1", 1)
		w.ok(tc.who, tc.query, nil)
	}
}

// TestWhoMayNotChangeLearnsNothingByAVersion: the role comes first.
func TestWhoMayNotChangeLearnsNothingByAVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const query = `mutation { updateProject(input: {projectId: 1123123, ifVersion: 7}) { project { id } } }`
	for code, who := range map[models.Code]caller{models.CodeForbidden: w.viewer(), models.CodeNotFound: w.other()} {
		a := w.do(who, query, nil)
		a.wantError(code, "", "updateProject")
		if strings.Contains(a.Body, "current") {
			t.Errorf("%s: %s", code, a.Body)
		}
	}
}

// TestAStaleVersionIsToldBesideWhatElseIsWrong: the caller mends all of it at once.
func TestAStaleVersionIsToldBesideWhatElseIsWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const wrong = `[{key: "Host", value: "a"}, {key: "X-Good", value: "é"}]`
	for input, want := range map[string]struct {
		who    caller
		fields []string
	}{
		`updateProject(input: {projectId: 1123123, ifVersion: 7, name: " ", apiCallbackUrl: "https://new.example.com", apiCallbackMaxInFlight: 0,
			apiCallbackHeaders: ` + wrong + `}) { project`: {
			w.editor(), []string{"name", "apiCallbackHeaders.0.key", "apiCallbackHeaders.1.value", "apiCallbackMaxInFlight"},
		},
		`updateAccount(input: {accountId: 123123, ifVersion: 7, name: "New", timezone: "Mars/Base"}) { account`: {w.admin(), []string{"timezone"}},
		`updateSSOClient(input: {ssoClientId: 1, ifVersion: 7, webhookUrl: "ftp://a"}) { ssoClient`:             {platform(), []string{"webhookUrl"}},
		`updateSSOClient(input: {ssoClientId: 1, ifVersion: 7, webhookUrl: "https://other.example", webhookEvents: []}) { ssoClient`: {
			w.partnerKey(demoPartner), []string{"webhookHeaders", "webhookEvents"},
		},
		`setApiCallbackHeaders(input: {owner: {projectId: 1123123}, ifVersion: 7, headers: ` + wrong + `}) { project`: {
			w.editor(), []string{"headers.0.key", "headers.1.value"},
		},
		`removeApiCallbackHeaders(input: {owner: {accountId: 123123}, ifVersion: 7, keys: ["A B"]}) { account`: {w.admin(), []string{"keys.0"}},
	} {
		w.unchanged(func() {
			a := w.do(want.who, "mutation { "+input+" { id } } }", nil)
			var fields []string
			for _, e := range a.Errors {
				current, _ := e.Extensions["current"].(map[string]any)
				code := models.CodeBadUserInput
				if e.Extensions["field"] == "ifVersion" {
					code = models.CodeConflict
				}
				if e.Extensions["code"] != string(code) || (current["version"] == 1.0) != (code == models.CodeConflict) {
					t.Errorf("%s: %+v", input, e)
				}
				if name := current["name"]; name == "New" || name == " " {
					t.Errorf("%s: the present state has what was refused: %v", input, current)
				}
				fields = append(fields, fmt.Sprint(e.Extensions["field"]))
			}
			slices.Sort(fields)
			sorted := append(slices.Clone(want.fields), "ifVersion")
			slices.Sort(sorted)
			if diff := cmp.Diff(sorted, fields); diff != "" {
				t.Errorf("%s (-want +got):\n%s", input, diff)
			}
		})
	}
}
