package models_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/job"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/receiver"
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
	"UpdateSSOClient (its webhook)": {forbid, forbid, forbid, forbid, unknown, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, _ fixtures) error {
		_, err := w.UpdateSSOClient(ctx, a, tenant.SSOClientUpdate{
			SSOClientID: w.Partner.ID, Webhook: models.EndpointUpdate{URL: models.Given(new(modelstest.WebhookURL))},
		})
		return err
	}},
	"CreateSSOClientKey": {forbid, forbid, forbid, forbid, unknown, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, _ fixtures) error {
		_, _, err := w.CreateSSOClientKey(ctx, a, w.Partner.ID, "New")
		return err
	}},
	"DeleteSSOClientKey": {forbid, forbid, forbid, forbid, unknown, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, f fixtures) error {
		_, err := w.DeleteSSOClientKey(ctx, a, f.ssoClientKey.ID)
		return err
	}},
	"RotateWebhookSecret": {forbid, forbid, forbid, forbid, unknown, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, _ fixtures) error {
		_, _, err := w.RotateWebhookSecret(ctx, a, w.Partner.ID, tenant.DefaultExpireOldAfter)
		return err
	}},
	"SSOClientPage": {forbid, forbid, forbid, forbid, unknown, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, _ fixtures) error {
		page, err := w.SSOClientPage(ctx, a, models.Page{First: 10})
		if err == nil && !slices.ContainsFunc(page.Nodes, func(c *tenant.SSOClient) bool { return c.ID == w.Partner.ID }) {
			err = models.NotFound(tenant.TypeSSOClient)
		}
		return err
	}},
	"CreatePortalSession of a project": {forbid, forbid, may, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, _ fixtures) error {
		return openPortal(ctx, w, a, models.KeyScope{ProjectID: w.Shop.ID})
	}},
	"CreatePortalSession of an account": {forbid, forbid, may, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, _ fixtures) error {
		return openPortal(ctx, w, a, models.KeyScope{AccountID: w.Acme.ID})
	}},
	"CreatePortalSession of an SSO client": {missing, missing, missing, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, _ fixtures) error {
		return openPortal(ctx, w, a, models.KeyScope{SSOClientID: w.Partner.ID})
	}},
	"ReplayCallback of a notice": {forbid, forbid, forbid, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, f fixtures) error {
		_, err := w.Replay(ctx, a, f.notice.ID)
		return err
	}},
	"ReplayCallback to another URL": {forbid, forbid, may, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, f fixtures) error {
		_, err := w.ReplayOne(ctx, a, callback.ToReplay{Which: callback.Which{ID: f.callback.ID}, ToURL: new("https://other.example/")})
		return err
	}},
	"ReplayAll of a project": {forbid, may, may, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, _ fixtures) error {
		return replayAll(ctx, w, a, callback.BulkOwner{ProjectID: w.Shop.ID})
	}},
	"ReplayAll of an account": {forbid, may, may, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, _ fixtures) error {
		return replayAll(ctx, w, a, callback.BulkOwner{AccountID: w.Acme.ID})
	}},
	"ReplayAll of an SSO client": {forbid, forbid, forbid, forbid, unknown, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, _ fixtures) error {
		return replayAll(ctx, w, a, callback.BulkOwner{SSOClientID: w.Partner.ID})
	}},
	"PauseCallbacks": {forbid, may, may, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, _ fixtures) error {
		_, err := w.PauseCallbacks(ctx, a, tenant.CallbackOwner{ProjectID: w.NewProject(w.Acme, nil).ID})
		return err
	}},
	"SendTest of an SSO client": {missing, missing, missing, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, _ fixtures) error {
		_, err := w.All.Receivers.SendTest(ctx, a, receiver.TestToSend{Of: receiver.Of{SSOClientID: w.Partner.ID}, Field: "ssoClientId"})
		return err
	}},
	"Preview": {may, may, may, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, _ fixtures) error {
		_, err := w.All.Receivers.Preview(ctx, a, callback.ToPreview{ProjectID: w.Shop.ID, Event: callback.CrawlFinishedEvent})
		return err
	}},
	"Preview of a notice": {forbid, forbid, forbid, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, _ fixtures) error {
		_, err := w.All.Receivers.Preview(ctx, a, callback.ToPreview{ProjectID: w.Shop.ID, Event: callback.CallbackFailedEvent})
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
	"RetryCallbacks of a project": {forbid, may, may, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, _ fixtures) error {
		return retryAll(ctx, w, a, callback.BulkOwner{ProjectID: w.Shop.ID})
	}},
	"RetryCallbacks of an account": {forbid, may, may, missing, missing, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, _ fixtures) error {
		return retryAll(ctx, w, a, callback.BulkOwner{AccountID: w.Acme.ID})
	}},
	"RetryCallbacks of an SSO client": {forbid, forbid, forbid, forbid, unknown, may, func(ctx context.Context, w *modelstest.World, a *models.Actor, _ fixtures) error {
		return retryAll(ctx, w, a, callback.BulkOwner{SSOClientID: w.Partner.ID})
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

func openPortal(ctx context.Context, w *modelstest.World, a *models.Actor, of models.KeyScope) error {
	of.Role = models.RoleEditor
	_, err := w.CreatePortalSession(ctx, a, tenant.NewPortalSession{Of: of, ExpiresIn: time.Minute})
	return err
}

// replayAll cancels it, so that the next one does not overlap.
func replayAll(ctx context.Context, w *modelstest.World, a *models.Actor, of callback.BulkOwner) error {
	b, err := w.ReplayAll(ctx, a, callback.ToReplayAll{Owner: of, DryRun: true})
	if err != nil {
		return err
	}
	_, err = w.CancelBulkReplay(ctx, a, b.ID)
	return err
}

func retryAll(ctx context.Context, w *modelstest.World, a *models.Actor, of callback.BulkOwner) error {
	w.Clock.Advance(time.Minute)
	_, err := w.RetryCallbacks(ctx, a, callback.ToAttempt{Owner: of})
	return err
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
	notice     *callback.Callback

	ssoClientKey *tenant.SSOClientKey
	action       *run.Action
	run          *run.Run
	job          *job.Job
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
	f.notice = w.Deliver(w.Notices()[0].ID, modelstest.Answered(410))
	f.ssoClientKey, _, err = w.CreateSSOClientKey(ctx, w.Platform, w.Partner.ID, "CI")
	modelstest.NoError(t, err)
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
