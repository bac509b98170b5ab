package graph_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/tenant"
)

// keyFor is what a key gets for an example; an empty code means that it may. The examples are about the demo project,
// but for the deletion, which is of the bare one.
func keyFor(projectID int64, name string, e example) models.Code {
	ofAccount := []string{
		"Query.getAccount", "Query.getAction", "Mutation.createProject", "Mutation.updateAccount", "Mutation.setAccountRole", "Mutation.removeAccountRole",
	}
	deletesOwn := (name == "Mutation.deleteProject") == (projectID == bareProject)
	switch {
	case e.privileged() || e.who == userOnly || e.who == sessionOnly || e.who == userOrNamed:
		return models.CodeForbidden
	case e.who == ownLists:
		return ""
	case projectID == otherProject:
		return models.CodeNotFound
	case slices.Contains(ofAccount, name) && e.who == member:
		return ""
	case slices.Contains(ofAccount, name):
		return models.CodeForbidden
	case !deletesOwn:
		return models.CodeNotFound
	case e.who == adminOnly:
		return models.CodeForbidden
	}
	return ""
}

func TestAProjectKeyIsAnEditorOfItsProjectAndFindsNoOther(t *testing.T) {
	t.Parallel()
	for caller, projectID := range map[string]int64{
		"own": demoProject, "sibling": bareProject, "of another account": otherProject,
	} {
		t.Run(caller, func(t *testing.T) {
			t.Parallel()
			w := newExamples(t)
			userKey, _ := w.userKey(demoUser)
			who := w.key(projectID)
			each(func(name string, e example) {
				query, want := strings.ReplaceAll(e.query, "$key", quote(userKey)), keyFor(projectID, name, e)
				if want == "" {
					w.ok(who, query, nil)
					return
				}
				w.unchanged(func() {
					a := w.do(who, query, nil)
					a.wantError(want, "", rootPath(name))
					if strings.Contains(a.Body, "Demo") || strings.Contains(a.Body, "example.com") {
						t.Errorf("%s tells about what is not the key's: %s", name, a.Body)
					}
				})
			})
		})
	}
}

func TestAProjectKeySeesItsProjectsHeaderValuesAndNotTheAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := `me { accounts(first: 3) { nodes { ...a } edges { node { ...a } } } }`
	everything := strings.Replace(everyHeader, me, "", 1) // a key has no me
	a := w.do(w.key(demoProject), everything, nil)
	a.wantError(models.CodeNotFound, "", "bare")
	values := valuesOf(a.Data)
	for _, v := range values {
		if v != projectSecret && v != models.Masked {
			t.Errorf("value %q", v)
		}
	}
	if len(values) < 20 || !slices.Contains(values, projectSecret) || !slices.Contains(values, models.Masked) {
		t.Errorf("only %d header values in the answer: %s", len(values), a.Body)
	}
	a = w.ok(
		w.key(demoProject),
		`{ getProject(id: 1123123) { apiCallbackHeaders { value } account { role apiCallbackHeaders { value } } } }`, nil,
	)
	want := map[string]any{"getProject": map[string]any{
		"apiCallbackHeaders": []any{map[string]any{"value": projectSecret}},
		"account": map[string]any{
			"role": "Viewer", "apiCallbackHeaders": []any{map[string]any{"value": models.Masked}},
		},
	}}
	if diff := cmp.Diff(any(want), a.Data); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// With the account's URL go the headers of both levels: the key sees the values of one.
func TestAProjectKeySeesWhatWouldBeSentButTheAccountsValues(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.ok(w.key(bareProject), `mutation { updateProject(input: {projectId: 123, apiCallbackHeaders: [{key: "X-B", value: "open"}]}) {
		project { effectiveApiCallback { url source headers { key value source } } } } }`, nil)
	want := map[string]any{"url": accountURL, "source": "ACCOUNT", "headers": []any{
		sourced("Authorization", models.Masked, "ACCOUNT"), sourced("X-B", "open", "PROJECT"),
	}}
	if diff := cmp.Diff(any(want), a.at("updateProject.project.effectiveApiCallback")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAProjectKeysAccountHasOnlyItsProject(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	finishCrawl(t, w.service, queuedCrawl, bareProject)
	const query = `{ getAccount(id: 123123) { projects { totalCount nodes { rawID } } callbacks { totalCount nodes { project { rawID } } } } }`
	for _, projectID := range []int{demoProject, bareProject} {
		callbacks := len(w.walk(fmt.Sprintf("getProject(id: %d)", projectID), 100, 100, func() {}))
		a := w.ok(w.key(int64(projectID)), query, nil)
		project := map[string]any{"rawID": fmt.Sprint(projectID)}
		want := map[string]any{
			"projects": map[string]any{"totalCount": 1.0, "nodes": []any{project}},
			"callbacks": map[string]any{
				"totalCount": float64(callbacks), "nodes": slices.Repeat([]any{map[string]any{"project": project}}, callbacks),
			},
		}
		if diff := cmp.Diff(any(want), a.at("getAccount")); diff != "" {
			t.Errorf("key of %d (-want +got):\n%s", projectID, diff)
		}
	}
}

func TestProjectKeysAreListedForAdminsOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const query = `{ getProject(id: 1123123) { rawID keys { id rawID name createdAt } } }`
	for name, who := range map[string]caller{"viewer": w.viewer(), "editor": w.editor(), "key": w.key(demoProject)} {
		a := w.do(who, query, nil)
		a.wantError(models.CodeForbidden, "", "getProject.keys")
		if got := a.at("getProject.rawID"); got != "1123123" || a.at("getProject.keys") != nil {
			t.Errorf("%s: %s", name, a.Body)
		}
	}
	first := map[string]any{
		"id": globalID("ProjectKey", demoKey), "rawID": "1", "name": "CI", "createdAt": models.FormatTime(start),
	}
	for name, who := range map[string]caller{"admin": w.admin(), "platform": platform()} {
		list := w.ok(who, query, nil).list("getProject.keys")
		if diff := cmp.Diff(any(first), list[len(list)-1]); diff != "" || len(list) != 2 {
			t.Errorf("%s sees %d keys (-want +got):\n%s", name, len(list), diff)
		}
		if got := w.ok(who, `{ getProject(id: 123) { keys { id } } }`, nil).list("getProject.keys"); len(got) != 0 {
			t.Errorf("a project without keys has %v", got)
		}
	}
}

func TestAProjectKeyIsShownOnceAndWorksUntilItIsDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.ok(
		w.admin(), `mutation { createProjectKey(input: {projectId: 123, name: "Deploy"}) { id rawID name key } }`, nil,
	)
	text, id := made.text("createProjectKey.key"), made.text("createProjectKey.id")
	if !strings.HasPrefix(text, "rbj_") || made.at("createProjectKey.name") != "Deploy" {
		t.Errorf("got %s", made.Body)
	}
	who := caller{"x-api-key", text}
	w.ok(who, `{ getProject(id: 123) { id } }`, nil)
	listed := w.ok(w.admin(), `{ getProject(id: 123) { keys { id name } } }`, nil)
	deleted := w.ok(w.admin(), `mutation($id: ObjectID!) { deleteProjectKey(input: {projectKeyId: $id}) { projectKey { id rawID name createdAt } } }`,
		variables{"id": id})
	if deleted.at("deleteProjectKey.projectKey.id") != id || listed.at("getProject.keys.0.id") != id {
		t.Errorf("listed %s, deleted %s", listed.Body, deleted.Body)
	}
	if a := w.do(who, `{ version }`, nil); a.Status != http.StatusUnauthorized {
		t.Errorf("status %d: %s", a.Status, a.Body)
	}
	for _, kept := range []string{listed.Body, deleted.Body, fmt.Sprint(w.dump()), w.log.String()} {
		if strings.Contains(kept, text) {
			t.Error("the key is kept")
		}
	}
}

func TestTheLimitOfProjectKeysIsAConflict(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range tenant.MaxProjectKeys {
		w.key(bareProject)
	}
	admin := w.admin()
	w.unchanged(func() {
		w.do(admin, `mutation { createProjectKey(input: {projectId: 123, name: "A"}) { id } }`, nil).
			wantError(models.CodeConflict, "projectId", "createProjectKey")
	})
}
