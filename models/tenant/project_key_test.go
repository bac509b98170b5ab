package tenant_test

import (
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/tenant"
)

func keysOf(w *modelstest.World, p *tenant.Project) []*tenant.ProjectKey {
	w.T.Helper()
	keys, err := w.ProjectKeys(w.T.Context(), w.Admin, p.ID)
	modelstest.NoError(w.T, err)
	return keys[p.ID]
}

func TestProjectHasTenKeysAtMost(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	var all []*tenant.ProjectKey
	for range tenant.MaxProjectKeys {
		key, _ := w.NewProjectKey(w.Shop)
		all = append([]*tenant.ProjectKey{key}, all...)
	}
	_, _, err := w.CreateProjectKey(t.Context(), w.Admin, w.Shop.ID, "one more")
	modelstest.WantError(t, err, models.CodeConflict, "projectId")
	if diff := cmp.Diff(all, keysOf(w, w.Shop)); diff != "" {
		t.Errorf("newest first (-want +got):\n%s", diff)
	}
	w.NewProjectKey(w.NewProject(w.Acme, nil)) // the limit is each project's own

	deleted, err := w.DeleteProjectKey(t.Context(), w.Admin, all[3].ID)
	modelstest.NoError(t, err)
	if diff := cmp.Diff(all[3], deleted); diff != "" {
		t.Error(diff)
	}
	_, err = w.DeleteProjectKey(t.Context(), w.Admin, all[3].ID)
	modelstest.WantError(t, err, models.CodeNotFound, "")
	w.NewProjectKey(w.Shop)
}

func TestProjectKeysMadeAtOnceAreTenAtMost(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	for range tenant.MaxProjectKeys - 3 {
		w.NewProjectKey(w.Shop)
	}
	var made, conflicts atomic.Int32
	modelstest.AtOnce(8, func(int) {
		switch _, _, err := w.CreateProjectKey(t.Context(), w.Admin, w.Shop.ID, "CI"); {
		case err == nil:
			made.Add(1)
		case models.ErrorCode(err) == models.CodeConflict:
			conflicts.Add(1)
		default:
			t.Error(err)
		}
	})
	if made.Load() != 3 || conflicts.Load() != 5 || len(keysOf(w, w.Shop)) != tenant.MaxProjectKeys {
		t.Errorf("made %d, refused %d", made.Load(), conflicts.Load())
	}
}

func TestProjectKeyHasANameAndATextOfItsOwn(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	for _, name := range []string{"", " ", strings.Repeat("a", 256), "a\nb"} {
		_, _, err := w.CreateProjectKey(t.Context(), w.Admin, w.Shop.ID, name)
		modelstest.WantError(t, err, models.CodeBadUserInput, "name")
	}
	if got := keysOf(w, w.Shop); len(got) != 0 {
		t.Errorf("bad input made %v", got)
	}
	name := strings.Repeat("a", 255)
	key, text, err := w.CreateProjectKey(t.Context(), w.Admin, w.Shop.ID, name)
	modelstest.NoError(t, err)
	want := &tenant.ProjectKey{
		ID: key.ID, AccountID: w.Acme.ID, ProjectID: w.Shop.ID, Name: name, CreatedAt: modelstest.Start,
	}
	if diff := cmp.Diff(want, key); diff != "" || key.ID == 0 {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !strings.HasPrefix(text.Reveal(), "rbj_") || len(text.Reveal()) != 4+43 {
		t.Error("a project's key has a prefix and 256 random bits")
	}
	if _, other := w.NewProjectKey(w.Shop); other == text {
		t.Error("two keys are the same")
	}
}

func TestProjectKeyWorksUntilItOrItsProjectIsDeleted(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	key, text := w.NewProjectKey(w.Shop)
	_, second := w.NewProjectKey(w.Shop)
	_, foreign := w.NewProjectKey(w.NewProject(w.Other, nil))
	for _, text := range []models.Secret{text, second, foreign} {
		_, err := w.AuthenticateKey(t.Context(), text)
		modelstest.NoError(t, err)
	}
	for _, wrong := range []models.Secret{"", "rbj_unknown", text + "x", text[1:], models.Secret(text.Hash())} {
		_, err := w.AuthenticateKey(t.Context(), wrong)
		modelstest.WantError(t, err, models.CodeUnauthenticated, "")
	}
	underWay, err := w.AuthenticateKey(t.Context(), text)
	modelstest.NoError(t, err)
	_, err = w.DeleteProjectKey(t.Context(), w.Admin, key.ID)
	modelstest.NoError(t, err)
	_, err = w.AuthenticateKey(t.Context(), text)
	modelstest.WantError(t, err, models.CodeUnauthenticated, "")
	_, err = w.Project(t.Context(), underWay, w.Shop.ID)
	modelstest.NoError(t, err)
	_, err = w.AuthenticateKey(t.Context(), second)
	modelstest.NoError(t, err)

	left := keysOf(w, w.Shop)[0]
	_, err = w.DeleteProject(t.Context(), w.Admin, w.Shop.ID)
	modelstest.NoError(t, err)
	_, err = w.AuthenticateKey(t.Context(), second)
	modelstest.WantError(t, err, models.CodeUnauthenticated, "")
	_, err = w.DeleteProjectKey(t.Context(), w.Admin, left.ID)
	modelstest.WantError(t, err, models.CodeNotFound, "")
	_, _, err = w.CreateProjectKey(t.Context(), w.Admin, w.Shop.ID, "CI")
	modelstest.WantError(t, err, models.CodeNotFound, "")
	if got := keysOf(w, w.Shop); len(got) != 0 {
		t.Errorf("a deleted project shows %v", got)
	}
	_, err = w.AuthenticateKey(t.Context(), foreign)
	modelstest.NoError(t, err)
}

func TestProjectKeysAreListedForAdmins(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	for name, test := range map[string]struct {
		actor *models.Actor
		want  int
	}{
		"admin": {w.Admin, 1}, "platform": {w.Platform, 1}, "editor": {w.Editor, 0}, "viewer": {w.Viewer, 0},
		"outsider": {w.Outsider, 0}, "stranger": {nil, 0}, "the key itself": {w.KeyActor(w.Shop), 0},
	} {
		keys, err := w.ProjectKeys(t.Context(), test.actor, w.Shop.ID)
		modelstest.NoError(t, err)
		if got := len(keys[w.Shop.ID]); got != test.want {
			t.Errorf("%s sees %d", name, got)
		}
	}
}

func TestProjectKeyHasNeitherSessionNorUserKeys(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	actor := w.KeyActor(w.Shop)
	err := w.DeleteSession(t.Context(), actor)
	modelstest.WantError(t, err, models.CodeForbidden, "")
	_, _, err = w.CreateUserKey(t.Context(), actor, nil)
	modelstest.WantError(t, err, models.CodeForbidden, "")
}

func TestWhatAProjectKeyStartsHasNoCreator(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	actor := w.KeyActor(w.Shop)
	made, err := w.RunCrawl(t.Context(), actor, w.Shop.ID)
	modelstest.NoError(t, err)
	report, err := w.CreateReportDownload(t.Context(), actor, crawl.NewReportDownload{
		CrawlID: made.ID, ReportTemplateCode: "all_pages", ReportTypeCode: crawl.ReportBasic,
	})
	modelstest.NoError(t, err)
	if made.CreatedByUserID != nil || report.CreatedByUserID != nil {
		t.Errorf("got %v and %v", made.CreatedByUserID, report.CreatedByUserID)
	}
	_, c, err := w.FinishCrawl(t.Context(), w.Platform, crawl.End{
		CrawlID: made.ID, Kind: crawl.Standard, Status: crawl.Finished,
	})
	modelstest.NoError(t, err)
	if got := modelstest.ReadForm(t, c).Get("user_id"); got != "" {
		t.Errorf("user_id %q", got)
	}
}

func TestListsHoldOnlyTheProjectOfItsKey(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.NewCallback()
	sibling, foreign := w.NewProject(w.Acme, nil), w.NewProject(w.Other, nil)
	page := models.Page{First: 10}
	for name, test := range map[string]struct {
		project                       *tenant.Project
		accounts, projects, callbacks int // of the account of the world
	}{"own": {w.Shop, 1, 1, 1}, "sibling": {sibling, 1, 1, 0}, "foreign": {foreign, 1, 0, 0}} {
		actor := w.KeyActor(test.project)
		accounts, err := w.AccountPage(t.Context(), actor, page)
		modelstest.NoError(t, err)
		count, err := w.CountAccounts(t.Context(), actor)
		modelstest.NoError(t, err)
		projects, err := w.ProjectPages(t.Context(), actor, []int64{w.Acme.ID}, page)
		modelstest.NoError(t, err)
		projectCount, err := w.CountProjects(t.Context(), actor, []int64{w.Acme.ID})
		modelstest.NoError(t, err)
		callbacks, err := w.CallbackPages(
			t.Context(), actor.Scope(models.RoleViewer), callback.OfAccount, []int64{w.Acme.ID}, callback.Filter{}, page,
		)
		modelstest.NoError(t, err)
		callbackCount, err := w.CountCallbacks(
			t.Context(), actor.Scope(models.RoleViewer), callback.OfAccount, []int64{w.Acme.ID}, callback.Filter{},
		)
		modelstest.NoError(t, err)
		got := []int{
			len(accounts.Nodes), count, len(projects[w.Acme.ID].Nodes), projectCount[w.Acme.ID],
			len(callbacks[w.Acme.ID].Nodes), callbackCount[w.Acme.ID].N,
		}
		want := []int{test.accounts, test.accounts, test.projects, test.projects, test.callbacks, test.callbacks}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: accounts, projects and callbacks, listed and counted (-want +got):\n%s", name, diff)
		}
	}
}

func TestProjectKeyIsAnEditorOfItsProjectAndAViewerOfItsAccount(t *testing.T) {
	t.Parallel()
	a := &models.Actor{Key: &models.KeyScope{AccountID: 1, ProjectID: 2, Role: models.RoleEditor}}
	for _, test := range []struct {
		account, project        int64
		onAccount, onTheProject models.Role
	}{
		{1, 2, models.RoleViewer, models.RoleEditor},
		{1, 3, models.RoleViewer, ""},
		{4, 2, "", ""},
		{4, 5, "", ""},
	} {
		if got := a.RoleOn(test.account); got != test.onAccount {
			t.Errorf("account %d: %q", test.account, got)
		}
		if got := a.RoleOnProject(test.account, test.project); got != test.onTheProject {
			t.Errorf("project %d of account %d: %q", test.project, test.account, got)
		}
	}
	admin := &models.Actor{Roles: map[int64]models.Role{1: models.RoleAdmin}}
	if admin.RoleOnProject(1, 2) != models.RoleAdmin || admin.RoleOnProject(4, 2) != "" {
		t.Error("a user's role on a project is that on its account")
	}
	for least, want := range map[models.Role][2]int64{
		models.RoleViewer: {1, 2}, models.RoleEditor: {0, 2}, models.RoleAdmin: {0, 0},
	} {
		scope := a.Scope(least)
		if got := [2]int64{scope.AccountID(), scope.ProjectID()}; got != want || scope.Everything() {
			t.Errorf("as %s it reaches account and project %v", least, got)
		}
	}
}
