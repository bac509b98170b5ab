package models_test

import (
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/crawl"
)

func (w *world) newProjectKey(p *models.Project) (*models.ProjectKey, models.Secret) {
	w.t.Helper()
	key, text, err := w.CreateProjectKey(w.t.Context(), w.platform, p.ID, "CI")
	noError(w.t, err)
	return key, text
}

// keyActor is a program with a new key of the project.
func (w *world) keyActor(p *models.Project) *models.Actor {
	w.t.Helper()
	_, text := w.newProjectKey(p)
	actor, err := w.AuthenticateKey(w.t.Context(), text)
	noError(w.t, err)
	return actor
}

func (w *world) keysOf(p *models.Project) []*models.ProjectKey {
	w.t.Helper()
	keys, err := w.ProjectKeys(w.t.Context(), w.admin, p.ID)
	noError(w.t, err)
	return keys[p.ID]
}

func TestProjectHasTenKeysAtMost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var all []*models.ProjectKey
	for range models.MaxProjectKeys {
		key, _ := w.newProjectKey(w.project)
		all = append([]*models.ProjectKey{key}, all...)
	}
	_, _, err := w.CreateProjectKey(t.Context(), w.admin, w.project.ID, "one more")
	wantError(t, err, models.CodeConflict, "projectId")
	if diff := cmp.Diff(all, w.keysOf(w.project)); diff != "" {
		t.Errorf("newest first (-want +got):\n%s", diff)
	}
	w.newProjectKey(w.newProject(w.account, nil)) // the limit is each project's own

	deleted, err := w.DeleteProjectKey(t.Context(), w.admin, all[3].ID)
	noError(t, err)
	if diff := cmp.Diff(all[3], deleted); diff != "" {
		t.Error(diff)
	}
	_, err = w.DeleteProjectKey(t.Context(), w.admin, all[3].ID)
	wantError(t, err, models.CodeNotFound, "")
	w.newProjectKey(w.project)
}

func TestProjectKeysMadeAtOnceAreTenAtMost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range models.MaxProjectKeys - 3 {
		w.newProjectKey(w.project)
	}
	var made, conflicts atomic.Int32
	atOnce(8, func(int) {
		switch _, _, err := w.CreateProjectKey(t.Context(), w.admin, w.project.ID, "CI"); {
		case err == nil:
			made.Add(1)
		case models.ErrorCode(err) == models.CodeConflict:
			conflicts.Add(1)
		default:
			t.Error(err)
		}
	})
	if made.Load() != 3 || conflicts.Load() != 5 || len(w.keysOf(w.project)) != models.MaxProjectKeys {
		t.Errorf("made %d, refused %d", made.Load(), conflicts.Load())
	}
}

func TestProjectKeyHasANameAndATextOfItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, name := range []string{"", " ", strings.Repeat("a", 256), "a\nb"} {
		_, _, err := w.CreateProjectKey(t.Context(), w.admin, w.project.ID, name)
		wantError(t, err, models.CodeBadUserInput, "name")
	}
	if got := w.keysOf(w.project); len(got) != 0 {
		t.Errorf("bad input made %v", got)
	}
	name := strings.Repeat("a", 255)
	key, text, err := w.CreateProjectKey(t.Context(), w.admin, w.project.ID, name)
	noError(t, err)
	want := &models.ProjectKey{ID: key.ID, AccountID: w.account.ID, ProjectID: w.project.ID, Name: name, CreatedAt: start}
	if diff := cmp.Diff(want, key); diff != "" || key.ID == 0 {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !strings.HasPrefix(text.Reveal(), "rbj_") || len(text.Reveal()) != 4+43 {
		t.Error("a project's key has a prefix and 256 random bits")
	}
	if _, other := w.newProjectKey(w.project); other == text {
		t.Error("two keys are the same")
	}
}

func TestProjectKeyWorksUntilItOrItsProjectIsDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key, text := w.newProjectKey(w.project)
	_, second := w.newProjectKey(w.project)
	_, foreign := w.newProjectKey(w.newProject(w.other, nil))
	for _, text := range []models.Secret{text, second, foreign} {
		_, err := w.AuthenticateKey(t.Context(), text)
		noError(t, err)
	}
	for _, wrong := range []models.Secret{"", "rbj_unknown", text + "x", text[1:], models.Secret(text.Hash())} {
		_, err := w.AuthenticateKey(t.Context(), wrong)
		wantError(t, err, models.CodeUnauthenticated, "")
	}
	underWay, err := w.AuthenticateKey(t.Context(), text)
	noError(t, err)
	_, err = w.DeleteProjectKey(t.Context(), w.admin, key.ID)
	noError(t, err)
	_, err = w.AuthenticateKey(t.Context(), text)
	wantError(t, err, models.CodeUnauthenticated, "")
	_, err = w.Project(t.Context(), underWay, w.project.ID)
	noError(t, err)
	_, err = w.AuthenticateKey(t.Context(), second)
	noError(t, err)

	left := w.keysOf(w.project)[0]
	_, err = w.DeleteProject(t.Context(), w.admin, w.project.ID)
	noError(t, err)
	_, err = w.AuthenticateKey(t.Context(), second)
	wantError(t, err, models.CodeUnauthenticated, "")
	_, err = w.DeleteProjectKey(t.Context(), w.admin, left.ID)
	wantError(t, err, models.CodeNotFound, "")
	_, _, err = w.CreateProjectKey(t.Context(), w.admin, w.project.ID, "CI")
	wantError(t, err, models.CodeNotFound, "")
	if got := w.keysOf(w.project); len(got) != 0 {
		t.Errorf("a deleted project shows %v", got)
	}
	_, err = w.AuthenticateKey(t.Context(), foreign)
	noError(t, err)
}

func TestProjectKeysAreListedForAdmins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, test := range map[string]struct {
		actor *models.Actor
		want  int
	}{
		"admin": {w.admin, 1}, "platform": {w.platform, 1}, "editor": {w.editor, 0}, "viewer": {w.viewer, 0},
		"outsider": {w.outsider, 0}, "stranger": {nil, 0}, "the key itself": {w.keyActor(w.project), 0},
	} {
		keys, err := w.ProjectKeys(t.Context(), test.actor, w.project.ID)
		noError(t, err)
		if got := len(keys[w.project.ID]); got != test.want {
			t.Errorf("%s sees %d", name, got)
		}
	}
}

// keyPermissions is who may do what of the table permissions with a key: of the project itself, of another project of the account,
// and of another account's project. It is an Editor of its project, sees its account, and finds nothing else.
var keyPermissions = map[string]struct{ own, sibling, foreign models.Code }{
	"CreateAccount":                  {forbid, forbid, forbid},
	"UpdateAccount":                  {forbid, forbid, missing},
	"Account":                        {may, may, missing},
	"CreateUser":                     {forbid, forbid, forbid},
	"User (the admin)":               {missing, missing, missing},
	"CreateSSOClient":                {forbid, forbid, forbid},
	"UpdateSSOClient":                {forbid, forbid, forbid},
	"SSOClient":                      {missing, missing, missing},
	"CreateProject":                  {forbid, forbid, missing},
	"CreateProject with a rawID":     {forbid, forbid, missing},
	"UpdateProject":                  {may, missing, missing},
	"DeleteProject":                  {forbid, missing, missing},
	"CreateProjectKey":               {forbid, missing, missing},
	"DeleteProjectKey":               {forbid, missing, missing},
	"RotateSigningSecret":            {forbid, missing, missing},
	"SSOClientSigningSecrets":        {forbid, forbid, forbid},
	"Project":                        {may, missing, missing},
	"RunCrawl":                       {may, missing, missing},
	"FinishCrawl":                    {forbid, forbid, forbid},
	"Crawl":                          {may, missing, missing},
	"CreateReportDownload":           {may, missing, missing},
	"FinishReportDownload":           {forbid, forbid, forbid},
	"ReportDownload":                 {may, missing, missing},
	"ReplayCallback":                 {may, missing, missing},
	"Callback":                       {may, missing, missing},
	"CallbackByUID":                  {may, missing, missing},
	"CreateAction":                   {forbid, forbid, forbid},
	"UpdateAction":                   {forbid, forbid, forbid},
	"Action":                         {may, may, missing},
	"CreateRun":                      {may, missing, missing},
	"StopRun":                        {may, missing, missing},
	"Run":                            {may, missing, missing},
	"RunByUID":                       {may, missing, missing},
	"CreateJobs":                     {may, missing, missing},
	"UpdateJob":                      {forbid, forbid, forbid},
	"Job":                            {may, missing, missing},
	"JobByUUID":                      {may, missing, missing},
	"PauseSchedule":                  {may, missing, missing},
	"ResumeSchedule":                 {may, missing, missing},
	"CancelSchedule":                 {may, missing, missing},
	"Schedule":                       {may, missing, missing},
	"CreateUserKey for another user": {forbid, forbid, forbid},
	"DeleteUserKey of another user":  {forbid, forbid, forbid},
}

func TestProjectKeyMayDoWhatTheTableSays(t *testing.T) {
	t.Parallel()
	names := slices.Sorted(maps.Keys(permissions))
	if diff := cmp.Diff(names, slices.Sorted(maps.Keys(keyPermissions))); diff != "" {
		t.Fatalf("the two tables differ (-permissions +keyPermissions):\n%s", diff)
	}
	for _, caller := range []string{"own", "sibling", "foreign"} {
		t.Run(caller, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			f := newFixtures(t, w)
			f.doomed = w.project // no key may delete it, so the others still find it
			actor := w.keyActor(map[string]*models.Project{
				"own": w.project, "sibling": w.newProject(w.account, nil), "foreign": w.newProject(w.other, nil),
			}[caller])
			for _, name := range names {
				p := keyPermissions[name]
				want := map[string]models.Code{"own": p.own, "sibling": p.sibling, "foreign": p.foreign}[caller]
				err := permissions[name].do(t.Context(), w, actor, f)
				if want == may && err != nil || want != may && (err == nil || models.ErrorCode(err) != want) {
					t.Errorf("%s: got %v, want %q", name, err, want)
				}
			}
		})
	}
}

func TestProjectKeyHasNeitherSessionNorUserKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	actor := w.keyActor(w.project)
	_, err := w.DeleteSession(t.Context(), actor)
	wantError(t, err, models.CodeForbidden, "")
	_, _, err = w.CreateUserKey(t.Context(), actor, nil)
	wantError(t, err, models.CodeForbidden, "")
}

func TestWhatAProjectKeyStartsHasNoCreator(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	actor := w.keyActor(w.project)
	made, err := w.RunCrawl(t.Context(), actor, w.project.ID)
	noError(t, err)
	report, err := w.CreateReportDownload(t.Context(), actor, crawl.NewReportDownload{
		CrawlID: made.ID, ReportTemplateCode: "all_pages", ReportTypeCode: crawl.ReportBasic,
	})
	noError(t, err)
	if made.CreatedByUserID != nil || report.CreatedByUserID != nil {
		t.Errorf("got %v and %v", made.CreatedByUserID, report.CreatedByUserID)
	}
	_, c, err := w.FinishCrawl(t.Context(), w.platform, crawl.End{
		CrawlID: made.ID, Kind: crawl.Standard, Status: crawl.Finished,
	})
	noError(t, err)
	if got := form(t, c).Get("user_id"); got != "" {
		t.Errorf("user_id %q", got)
	}
}

func TestListsHoldOnlyTheProjectOfItsKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.raised()
	sibling, foreign := w.newProject(w.account, nil), w.newProject(w.other, nil)
	page := models.Page{First: 10}
	for name, test := range map[string]struct {
		project                       *models.Project
		accounts, projects, callbacks int // of the account of the world
	}{"own": {w.project, 1, 1, 1}, "sibling": {sibling, 1, 1, 0}, "foreign": {foreign, 1, 0, 0}} {
		actor := w.keyActor(test.project)
		accounts, err := w.AccountPage(t.Context(), actor, page)
		noError(t, err)
		count, err := w.CountAccounts(t.Context(), actor)
		noError(t, err)
		projects, err := w.ProjectPages(t.Context(), actor, []int64{w.account.ID}, page)
		noError(t, err)
		projectCount, err := w.CountProjects(t.Context(), actor, []int64{w.account.ID})
		noError(t, err)
		callbacks, err := w.CallbackPages(t.Context(), actor, models.OwnerAccount, []int64{w.account.ID}, models.CallbackFilter{}, page)
		noError(t, err)
		callbackCount, err := w.CountCallbacks(t.Context(), actor, models.OwnerAccount, []int64{w.account.ID}, models.CallbackFilter{})
		noError(t, err)
		got := []int{
			len(accounts.Nodes), count, len(projects[w.account.ID].Nodes), projectCount[w.account.ID],
			len(callbacks[w.account.ID].Nodes), callbackCount[w.account.ID],
		}
		want := []int{test.accounts, test.accounts, test.projects, test.projects, test.callbacks, test.callbacks}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: accounts, projects and callbacks, listed and counted (-want +got):\n%s", name, diff)
		}
	}
}

func TestProjectKeyIsAnEditorOfItsProjectAndAViewerOfItsAccount(t *testing.T) {
	t.Parallel()
	a := &models.Actor{ProjectKey: &models.ProjectKey{AccountID: 1, ProjectID: 2}}
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
	for least, want := range map[models.Role][2]int64{models.RoleViewer: {1, 2}, models.RoleEditor: {0, 2}, models.RoleAdmin: {0, 0}} {
		scope := a.Scope(least)
		if got := [2]int64{scope.AccountID(), scope.ProjectID()}; got != want || scope.Everything() {
			t.Errorf("as %s it reaches account and project %v", least, got)
		}
	}
}
