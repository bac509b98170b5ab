package models_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/job"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
	"github.com/ringback/ringback/models/tenant"
)

// The codes of the table below; an empty one means that the caller may.
const (
	may     models.Code = ""
	forbid              = models.CodeForbidden
	missing             = models.CodeNotFound
	unknown             = models.CodeUnauthenticated
)

// permissions is who may do what: what the caller cannot see is not found, what it can see but not do is forbidden.
var permissions = map[string]struct {
	viewer, editor, admin, outsider, stranger, platform models.Code
	do                                                  func(context.Context, *modelstest.World, *models.Actor, fixtures) error
}{
	"CreateAccount": {forbid, forbid, forbid, forbid, unknown, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, _ fixtures) error {
		_, err := w.CreateAccount(ctx, a, tenant.NewAccount{Name: "New"})
		return err
	}},
	"UpdateAccount": {forbid, forbid, may, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, _ fixtures) error {
		_, err := w.UpdateAccount(ctx, a, tenant.AccountUpdate{AccountID: w.Acme.ID, Name: models.Given(new("New"))})
		return err
	}},
	"Account": {may, may, may, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, _ fixtures) error {
		_, err := w.Account(ctx, a, w.Acme.ID)
		return err
	}},
	"CreateUser": {forbid, forbid, forbid, forbid, unknown, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, _ fixtures) error {
		_, err := w.CreateUser(ctx, a, tenant.NewUser{Email: "new@example.com"})
		return err
	}},
	"User (the admin)": {missing, missing, may, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, _ fixtures) error {
		_, err := w.User(ctx, a, w.AdminUser.ID)
		return err
	}},
	"CreateSSOClient": {forbid, forbid, forbid, forbid, unknown, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, _ fixtures) error {
		_, err := w.CreateSSOClient(ctx, a, tenant.NewSSOClient{Name: "New"})
		return err
	}},
	"UpdateSSOClient": {forbid, forbid, forbid, forbid, unknown, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, _ fixtures) error {
		_, err := w.UpdateSSOClient(ctx, a, tenant.SSOClientUpdate{SSOClientID: w.Partner.ID, Name: models.Given(new("New"))})
		return err
	}},
	"SSOClient": {missing, missing, missing, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, _ fixtures) error {
		_, err := w.SSOClient(ctx, a, w.Partner.ID)
		return err
	}},
	"CreateProject": {forbid, may, may, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, _ fixtures) error {
		_, err := w.CreateProject(ctx, a, tenant.NewProject{AccountID: w.Acme.ID, Name: "New", PrimaryDomain: "example.com"})
		return err
	}},
	"CreateProject with a rawID": {forbid, forbid, forbid, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, _ fixtures) error {
		_, err := w.CreateProject(ctx, a, tenant.NewProject{AccountID: w.Acme.ID, Name: "New", PrimaryDomain: "example.com", RawID: 4711})
		return err
	}},
	"UpdateProject": {forbid, may, may, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, _ fixtures) error {
		_, err := w.UpdateProject(ctx, a, tenant.ProjectUpdate{ProjectID: w.Shop.ID, Name: models.Given(new("New"))})
		return err
	}},
	"DeleteProject": {forbid, forbid, may, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, f fixtures) error {
		_, err := w.DeleteProject(ctx, a, f.doomed.ID)
		return err
	}},
	"RotateSigningSecret": {forbid, forbid, may, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, _ fixtures) error {
		_, _, err := w.RotateSigningSecret(ctx, a, w.Shop.ID, tenant.DefaultExpireOldAfter)
		return err
	}},
	"CreateProjectKey": {forbid, forbid, may, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, _ fixtures) error {
		_, _, err := w.CreateProjectKey(ctx, a, w.Shop.ID, "New")
		return err
	}},
	"DeleteProjectKey": {forbid, forbid, may, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, f fixtures) error {
		_, err := w.DeleteProjectKey(ctx, a, f.projectKey.ID)
		return err
	}},
	"SSOClientSigningSecrets": {forbid, forbid, forbid, forbid, unknown, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, _ fixtures) error {
		_, err := w.SSOClientSigningSecrets(ctx, a, w.Partner.ID)
		return err
	}},
	"Project": {may, may, may, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, _ fixtures) error {
		_, err := w.Project(ctx, a, w.Shop.ID)
		return err
	}},
	"RunCrawl": {forbid, may, may, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, _ fixtures) error {
		_, err := w.RunCrawl(ctx, a, w.Shop.ID)
		return err
	}},
	"FinishCrawl": {forbid, forbid, forbid, forbid, unknown, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, f fixtures) error {
		_, _, err := w.FinishCrawl(ctx, a, w.CrawlEnd(f.crawl.ID))
		return err
	}},
	"FinishCrawls": {forbid, forbid, forbid, forbid, unknown, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, f fixtures) error {
		_, err := w.FinishCrawls(ctx, a, []models.Entry[crawl.End]{{In: w.CrawlEnd(f.crawl.ID)}})
		return err
	}},
	"Crawl": {may, may, may, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, f fixtures) error {
		_, err := w.Crawl(ctx, a, f.crawl.ID)
		return err
	}},
	"CreateReportDownload": {forbid, may, may, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, f fixtures) error {
		_, err := w.CreateReportDownload(ctx, a, crawl.NewReportDownload{
			CrawlID: f.crawl.ID, ReportTemplateCode: "all_pages", ReportTypeCode: crawl.ReportBasic,
		})
		return err
	}},
	"FinishReportDownload": {forbid, forbid, forbid, forbid, unknown, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, f fixtures) error {
		_, _, err := w.FinishReportDownload(ctx, a, modelstest.ReportEnd(f.report.ID, f.crawl.ID))
		return err
	}},
	"FinishReportDownloads": {forbid, forbid, forbid, forbid, unknown, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, f fixtures) error {
		_, err := w.FinishReportDownloads(ctx, a, []models.Entry[crawl.ReportDownloadEnd]{{In: modelstest.ReportEnd(f.report.ID, f.crawl.ID)}})
		return err
	}},
	"ReportDownload": {may, may, may, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, f fixtures) error {
		_, err := w.ReportDownload(ctx, a, f.report.ID)
		return err
	}},
	"ReplayCallback": {forbid, may, may, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, f fixtures) error {
		_, err := w.Replay(ctx, a, f.callback.ID)
		return err
	}},
	"RetryCallback": {forbid, may, may, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, f fixtures) error {
		_, err := w.RetryCallback(ctx, a, callback.Which{UID: f.waiting.UID.String()})
		return err
	}},
	"Cancel": {forbid, may, may, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, f fixtures) error {
		_, err := w.Cancel(ctx, a, callback.Which{ID: f.unwanted.ID})
		return err
	}},
	"Callback": {may, may, may, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, f fixtures) error {
		_, err := w.Callback(ctx, a.Scope(models.RoleViewer), f.callback.ID)
		return err
	}},
	"CallbackByUID": {may, may, may, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, f fixtures) error {
		_, err := w.CallbackByUID(ctx, a.Scope(models.RoleViewer), f.callback.UID.String())
		return err
	}},
	"CreateUserKey for another user": {forbid, forbid, forbid, forbid, unknown, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, f fixtures) error {
		_, _, err := w.CreateUserKey(ctx, a, &f.keyless.UserID)
		return err
	}},
	"CreateAction": {forbid, forbid, forbid, forbid, unknown, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, _ fixtures) error {
		_, err := w.CreateAction(ctx, a, w.Acme.ID, "new", modelstest.ExecutorSettings(modelstest.ExecutorURL))
		return err
	}},
	"UpdateAction": {forbid, forbid, forbid, forbid, unknown, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, f fixtures) error {
		_, err := w.UpdateAction(ctx, a, f.action.ID, run.ActionSettings{PageSize: new(20)})
		return err
	}},
	"Action": {may, may, may, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, f fixtures) error {
		_, err := w.Action(ctx, a.Scope(models.RoleViewer), f.action.ID)
		return err
	}},
	"CreateRun": {forbid, may, may, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, _ fixtures) error {
		_, err := w.CreateRun(ctx, a, w.RunInput())
		return err
	}},
	"StopRun": {forbid, may, may, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, f fixtures) error {
		_, err := w.StopRun(ctx, a, f.run.ID)
		return err
	}},
	"Run": {may, may, may, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, f fixtures) error {
		_, err := w.Run(ctx, a.Scope(models.RoleViewer), f.run.ID)
		return err
	}},
	"RunByUID": {may, may, may, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, f fixtures) error {
		_, err := w.RunByUID(ctx, a.Scope(models.RoleViewer), f.run.UID.String())
		return err
	}},
	"PauseSchedule": {forbid, may, may, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, _ fixtures) error {
		_, err := w.PauseSchedule(ctx, a, w.Hourly().ID)
		return err
	}},
	"ResumeSchedule": {forbid, may, may, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, _ fixtures) error {
		paused, err := w.PauseSchedule(ctx, w.Editor, w.Hourly().ID)
		modelstest.NoError(w.T, err)
		_, err = w.ResumeSchedule(ctx, a, paused.ID)
		return err
	}},
	"CancelSchedule": {forbid, may, may, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, _ fixtures) error {
		_, err := w.CancelSchedule(ctx, a, w.Hourly().ID)
		return err
	}},
	"Schedule": {may, may, may, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, _ fixtures) error {
		_, err := w.Schedule(ctx, a.Scope(models.RoleViewer), w.Hourly().ID)
		return err
	}},
	"CreateJobs": {forbid, may, may, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, _ fixtures) error {
		_, err := w.CreateJobs(ctx, a, job.NewJobs{ProjectID: w.Shop.ID, Inputs: []json.RawMessage{modelstest.Shoes}})
		return err
	}},
	"UpdateJobs": {forbid, forbid, forbid, forbid, unknown, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, f fixtures) error {
		_, err := w.UpdateJobs(ctx, a, []models.Entry[job.Change]{{In: job.Change{JobID: 1, Action: job.Accepted}}})
		return err
	}},
	"UpdateJob": {forbid, forbid, forbid, forbid, unknown, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, f fixtures) error {
		in := modelstest.JobCompleted()
		in.JobID = f.job.ID
		_, _, err := w.UpdateJob(ctx, a, in)
		return err
	}},
	"Job": {may, may, may, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, f fixtures) error {
		_, err := w.Job(ctx, a, f.job.ID)
		return err
	}},
	"JobByUUID": {may, may, may, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, f fixtures) error {
		_, err := w.JobByUUID(ctx, a, f.job.UUID.String())
		return err
	}},
	"DeleteUserKey of another user": {missing, missing, missing, missing, unknown, forbid, func(ctx context.Context, w *modelstest.World, a *models.Actor, f fixtures) error {
		_, err := w.DeleteUserKey(ctx, a, f.key.ID)
		return err
	}},
}

// fixtures are what the use-cases of the table work on.
type fixtures struct {
	doomed     *tenant.Project
	crawl      *crawl.Crawl
	callback   *callback.Callback
	waiting    *callback.Callback
	unwanted   *callback.Callback
	report     *crawl.ReportDownload
	keyless    *models.Actor
	key        *tenant.UserKey
	projectKey *tenant.ProjectKey
	action     *run.Action
	run        *run.Run
	job        *job.Job
}

func newFixtures(t *testing.T, w *modelstest.World) fixtures {
	t.Helper()
	ctx := t.Context()
	f := fixtures{doomed: w.NewProject(w.Acme, nil), crawl: w.NewCrawl(77, &w.AdminUser.ID)}
	f.callback = w.Deliver(w.CallbacksOf(callback.CrawlFinishedEvent)[0].ID, modelstest.Answered(410))
	f.waiting, f.unwanted = w.NewCallback(), w.NewCallback()
	f.action = w.NewAction()
	f.run, f.job = w.NewRun(), w.NewJobs(1)[0]
	var err error
	f.report, _, err = w.FinishReportDownload(ctx, w.Platform, modelstest.ReportEnd(88, f.crawl.ID))
	modelstest.NoError(t, err)
	account, err := w.CreateAccount(ctx, w.Platform, tenant.NewAccount{Name: "Third"})
	modelstest.NoError(t, err)
	f.keyless = w.NewActor(account, models.RoleViewer)
	f.key, _, err = w.CreateUserKey(ctx, w.Platform, &f.keyless.UserID)
	modelstest.NoError(t, err)
	f.projectKey, _ = w.NewProjectKey(w.Shop)
	return f
}

func TestEachRoleMayDoWhatTheTableSays(t *testing.T) {
	t.Parallel()
	// One database for each kind of caller: within one, no use-case takes from another what it needs.
	callers := map[string]func(*modelstest.World) *models.Actor{
		"viewer": func(w *modelstest.World) *models.Actor { return w.Viewer }, "editor": func(w *modelstest.World) *models.Actor { return w.Editor },
		"admin": func(w *modelstest.World) *models.Actor { return w.Admin }, "outsider": func(w *modelstest.World) *models.Actor { return w.Outsider },
		"stranger": func(*modelstest.World) *models.Actor { return nil }, "platform": func(w *modelstest.World) *models.Actor { return w.Platform },
	}
	for caller, actor := range callers {
		t.Run(caller, func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			f := newFixtures(t, w)
			for name, p := range permissions {
				want := map[string]models.Code{
					"viewer": p.viewer, "editor": p.editor, "admin": p.admin,
					"outsider": p.outsider, "stranger": p.stranger, "platform": p.platform,
				}[caller]
				err := p.do(t.Context(), w, actor(w), f)
				if want == may && err != nil || want != may && (err == nil || models.ErrorCode(err) != want) {
					t.Errorf("%s: got %v, want %q", name, err, want)
				}
			}
		})
	}
}

func TestListsHoldOnlyWhatTheCallerMaySee(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.NewCallback()
	page := models.Page{First: 10}
	for name, test := range map[string]struct {
		actor                         *models.Actor
		accounts, projects, callbacks int
	}{
		"viewer": {w.Viewer, 1, 1, 1}, "outsider": {w.Outsider, 1, 0, 0}, "stranger": {nil, 0, 0, 0}, "platform": {w.Platform, 2, 1, 1},
	} {
		accounts, err := w.AccountPage(t.Context(), test.actor, page)
		modelstest.NoError(t, err)
		count, err := w.CountAccounts(t.Context(), test.actor)
		modelstest.NoError(t, err)
		projects, err := w.ProjectPages(t.Context(), test.actor, []int64{w.Acme.ID}, page)
		modelstest.NoError(t, err)
		projectCount, err := w.CountProjects(t.Context(), test.actor, []int64{w.Acme.ID})
		modelstest.NoError(t, err)
		callbacks, err := w.CallbackPages(t.Context(), test.actor.Scope(models.RoleViewer), callback.OfAccount, []int64{w.Acme.ID}, callback.Filter{}, page)
		modelstest.NoError(t, err)
		callbackCount, err := w.CountCallbacks(t.Context(), test.actor.Scope(models.RoleViewer), callback.OfAccount, []int64{w.Acme.ID}, callback.Filter{})
		modelstest.NoError(t, err)
		if len(accounts.Nodes) != test.accounts || count != test.accounts {
			t.Errorf("%s: %d accounts, counted %d", name, len(accounts.Nodes), count)
		}
		if got := len(projects[w.Acme.ID].Nodes); got != test.projects || projectCount[w.Acme.ID] != test.projects {
			t.Errorf("%s: %d projects, counted %d", name, got, projectCount[w.Acme.ID])
		}
		if got := len(callbacks[w.Acme.ID].Nodes); got != test.callbacks || callbackCount[w.Acme.ID].N != test.callbacks {
			t.Errorf("%s: %d callbacks, counted %d", name, got, callbackCount[w.Acme.ID].N)
		}
	}
}

func TestListsOfWorkHoldOnlyWhatTheCallerMaySee(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	r, j := w.NewRun(), w.NewJobs(1)[0]
	w.ExecuteAll(a, func(*run.Execution) callback.Outcome { return modelstest.Results(1, false) })
	batch := w.BatchesOf(r.ID)[0]
	page, projects, runs := models.Page{First: 10}, []int64{w.Shop.ID}, []int64{r.ID}
	for name, test := range map[string]struct {
		actor *models.Actor
		want  int
	}{
		"viewer": {w.Viewer, 1}, "editor": {w.Editor, 1}, "outsider": {w.Outsider, 0}, "stranger": {nil, 0}, "platform": {w.Platform, 1},
	} {
		ctx, got := t.Context(), map[string]int{}
		actions, err := w.ActionPages(ctx, test.actor.Scope(models.RoleViewer), []int64{w.Acme.ID}, page)
		modelstest.NoError(t, err)
		got["actions"] = len(actions[w.Acme.ID].Nodes)
		listed, err := w.RunPages(ctx, test.actor.Scope(models.RoleViewer), run.OfProject, projects, run.Filter{}, page)
		modelstest.NoError(t, err)
		got["runs"] = len(listed[w.Shop.ID].Nodes)
		batches, err := w.BatchPages(ctx, test.actor.Scope(models.RoleViewer), runs, page)
		modelstest.NoError(t, err)
		got["batches"] = len(batches[r.ID].Nodes)
		attempts, err := w.BatchAttempts(ctx, test.actor.Scope(models.RoleViewer), batch.ID)
		modelstest.NoError(t, err)
		got["attempts"] = len(attempts)
		inputs, err := w.Store.Texts(ctx, test.actor.Scope(models.RoleViewer), models.RunInputText, batch.InputID)
		modelstest.NoError(t, err)
		got["inputs"] = len(inputs)
		results, err := w.ResultPages(ctx, test.actor.Scope(models.RoleViewer), runs, page)
		modelstest.NoError(t, err)
		got["results"] = len(results[r.ID].Nodes)
		jobs, err := w.JobPages(ctx, test.actor, []int64{j.ProjectID}, job.Filter{}, page)
		modelstest.NoError(t, err)
		got["jobs"] = len(jobs[j.ProjectID].Nodes)
		for what, n := range got {
			if n != test.want {
				t.Errorf("%s sees %d %s", name, n, what)
			}
		}
	}
}

func TestSigningSecretsAreForAdmins(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	for name, test := range map[string]struct {
		actor *models.Actor
		want  int
	}{
		"admin": {w.Admin, 1}, "platform": {w.Platform, 1},
		"editor": {w.Editor, 0}, "viewer": {w.Viewer, 0}, "outsider": {w.Outsider, 0}, "stranger": {nil, 0},
	} {
		secrets, err := w.ProjectSigningSecrets(t.Context(), test.actor, w.Shop.ID)
		modelstest.NoError(t, err)
		if got := len(secrets[w.Shop.ID]); got != test.want {
			t.Errorf("%s sees %d", name, got)
		}
	}
}
