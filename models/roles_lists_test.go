package models_test

import (
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/job"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
)

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
