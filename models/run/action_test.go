package run_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
)

func TestActionHasTheDefaultsOrWhatIsGiven(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	plain, err := w.CreateAction(t.Context(), w.Platform, w.Acme.ID, "search",
		modelstest.ExecutorSettings(modelstest.ExecutorURL))
	modelstest.NoError(t, err)
	want := &run.Action{
		ID: plain.ID, AccountID: w.Acme.ID, Name: "search", Executor: models.Endpoint{URL: new(modelstest.ExecutorURL)},
		PageSize: 10, Timeout: 30 * time.Second, CreatedAt: modelstest.Start, UpdatedAt: modelstest.Start,
	}
	if diff := cmp.Diff(want, plain); diff != "" {
		t.Error(diff)
	}
	in := modelstest.ExecutorSettings(modelstest.ExecutorURL)
	in.Executor.Headers = models.Given([]models.Header{{Key: "Authorization", Value: "Bearer " +
		modelstest.HiddenSecret}})
	in.PageSize, in.Timeout = new(1000), new(10*time.Minute)
	full, err := w.CreateAction(t.Context(), w.Platform, w.Acme.ID, "a.B_c-9", in)
	modelstest.NoError(t, err)
	for _, a := range []*run.Action{plain, full} {
		got, err := w.Action(t.Context(), w.Viewer.Scope(models.RoleViewer), a.ID)
		modelstest.NoError(t, err)
		if diff := cmp.Diff(a, got); diff != "" {
			t.Errorf("what was returned is not what was written: %s", diff)
		}
	}
	if full.PageSize != 1000 || full.Timeout != 10*time.Minute ||
		full.Executor.Headers[0].Value.Reveal() != "Bearer "+modelstest.HiddenSecret {
		t.Errorf("got %+v", full)
	}
}

func TestAllThatIsWrongWithAnActionOrARunIsSaid(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	action := w.NewAction()
	in := modelstest.ExecutorSettings("")
	in.PageSize, in.Timeout = new(0), new(time.Hour)
	said := func(err error, want string) {
		t.Helper()
		var fields []string
		for _, p := range models.ProblemsOf(err) {
			fields = append(fields, p.Field)
		}
		if got := strings.Join(fields, " "); got != want {
			t.Errorf("got problems of %q, want of %q", got, want)
		}
	}
	_, err := w.CreateAction(t.Context(), w.Platform, w.Acme.ID, "a b", in)
	said(err, "name executorUrl pageSize timeout")
	_, err = w.UpdateAction(t.Context(), w.Platform, action.ID, in)
	said(err, "executorUrl pageSize timeout")
	_, err = w.CreateRun(t.Context(), w.Editor, run.NewRun{
		ProjectID: w.Shop.ID, Action: action.Name, MaxResults: new(0), PageSize: new(0),
		Callback: &run.NewCallback{URL: "ftp://a.example", On: run.CallbackOnAll},
		Schedule: &run.NewSchedule{Cron: new("never"), At: new(time.Time{}), Timezone: new("Mars"), Overlap: "MAYBE"},
	})
	said(err, "inputs parameters.maxResults parameters.pageSize callback.url "+
		"schedule.timezone schedule.overlap schedule.at schedule.cron")
}

func TestActionsRefuseWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	before := w.NewAction()
	with := func(change func(*run.ActionSettings)) run.ActionSettings {
		in := modelstest.ExecutorSettings(modelstest.ExecutorURL)
		change(&in)
		return in
	}
	settings := map[string]struct {
		in    run.ActionSettings
		field string
	}{
		"null for a URL": {
			run.ActionSettings{Executor: models.EndpointUpdate{URL: modelstest.NoURL}},
			"executorUrl",
		},
		"no URL":     {modelstest.ExecutorSettings(""), "executorUrl"},
		"half a URL": {modelstest.ExecutorSettings("platform.example/search"), "executorUrl"},
		"a reserved header": {with(func(in *run.ActionSettings) {
			in.Executor.Headers = models.Given([]models.Header{{Key: "Host"}})
		}), "executorHeaders.0.key"},
		"an empty page":    {with(func(in *run.ActionSettings) { in.PageSize = new(0) }), "pageSize"},
		"too large a page": {with(func(in *run.ActionSettings) { in.PageSize = new(1001) }), "pageSize"},
		"too short a time": {with(func(in *run.ActionSettings) { in.Timeout = new(time.Second - 1) }), "timeout"},
		"too long a time":  {with(func(in *run.ActionSettings) { in.Timeout = new(10*time.Minute + 1) }), "timeout"},
	}
	for name, test := range settings {
		t.Log(name)
		_, err := w.CreateAction(t.Context(), w.Platform, w.Acme.ID, "new", test.in)
		modelstest.WantError(t, err, models.CodeBadUserInput, test.field)
		_, err = w.UpdateAction(t.Context(), w.Platform, before.ID, test.in)
		modelstest.WantError(t, err, models.CodeBadUserInput, test.field)
	}
	for _, name := range []string{"", ".", "-a", "a b", "a/b", "a\n", "ä", strings.Repeat("a", 101)} {
		t.Logf("the name %q", name)
		_, err := w.CreateAction(t.Context(), w.Platform, w.Acme.ID, name,
			modelstest.ExecutorSettings(modelstest.ExecutorURL))
		modelstest.WantError(t, err, models.CodeBadUserInput, "name")
	}
	_, err := w.CreateAction(t.Context(), w.Platform, w.Acme.ID, "new", run.ActionSettings{})
	modelstest.WantError(t, err, models.CodeBadUserInput, "executorUrl")
	_, err = w.CreateAction(t.Context(), w.Platform, w.Acme.ID, before.Name,
		modelstest.ExecutorSettings(modelstest.ExecutorURL))
	modelstest.WantError(t, err, models.CodeConflict, "name")
	_, err = w.CreateAction(t.Context(), w.Platform, 999, "new", modelstest.ExecutorSettings(modelstest.ExecutorURL))
	modelstest.WantError(t, err, models.CodeNotFound, "")
	_, err = w.UpdateAction(t.Context(), w.Platform, 999, run.ActionSettings{})
	modelstest.WantError(t, err, models.CodeNotFound, "")

	all, err := w.ActionPages(t.Context(), w.Platform.Scope(models.RoleViewer), []int64{w.Acme.ID},
		models.Page{First: 10})
	modelstest.NoError(t, err)
	if diff := cmp.Diff([]*run.Action{before}, all[w.Acme.ID].Nodes); diff != "" {
		t.Errorf("a refused call changed something: %s", diff)
	}
	// The name is the account's own.
	_, err = w.CreateAction(t.Context(), w.Platform, w.Other.ID, before.Name,
		modelstest.ExecutorSettings(modelstest.ExecutorURL))
	modelstest.NoError(t, err)
	counts, err := w.CountActions(t.Context(), w.Platform.Scope(models.RoleViewer), []int64{w.Acme.ID, w.Other.ID})
	modelstest.NoError(t, err)
	if diff := cmp.Diff(map[int64]int{w.Acme.ID: 1, w.Other.ID: 1}, counts); diff != "" {
		t.Error(diff)
	}
}

func TestUpdatedActionIsWhatTheNextCallGoesBy(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	w.NewRun()
	w.Clock.Advance(time.Second)
	in := modelstest.ExecutorSettings("https://platform.example/v2")
	in.Executor.Headers = models.Given([]models.Header{{Key: "X-Key", Value: "rotated"}})
	in.PageSize, in.Timeout = new(50), new(time.Minute)
	updated, err := w.UpdateAction(t.Context(), w.Platform, a.ID, in)
	modelstest.NoError(t, err)
	if !updated.UpdatedAt.Equal(w.Clock.Now()) || !updated.CreatedAt.Equal(modelstest.Start) {
		t.Errorf("got %+v", updated)
	}
	same, err := w.UpdateAction(t.Context(), w.Platform, a.ID, run.ActionSettings{})
	modelstest.NoError(t, err)
	if diff := cmp.Diff(updated, same); diff != "" {
		t.Errorf("nothing given changes something: %s", diff)
	}
	e := w.MustClaimBatches(a, 1)[0]
	if diff := cmp.Diff(updated, e.Action); diff != "" || e.Attempt.URL != "https://platform.example/v2" {
		t.Errorf("called at %s: %s", e.Attempt.URL, diff)
	}
	// How many pages there are was decided when the run was made.
	if e.Run.PageSize != run.DefaultPageSize {
		t.Errorf("the run's pages have %d results", e.Run.PageSize)
	}
}

func TestExecutorIsCalledWithItsHeadersAndTheAttemptsID(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	in := run.ActionSettings{Executor: models.EndpointUpdate{Headers: models.Given([]models.Header{
		{Key: "authorization", Value: "Bearer " + modelstest.HiddenSecret}, {Key: "x-batch-Attempt", Value: "mine"},
	})}}
	_, err := w.UpdateAction(t.Context(), w.Platform, a.ID, in)
	modelstest.NoError(t, err)
	w.NewRun()
	e := w.MustClaimBatches(a, 1)[0]
	h := e.Headers("Ringback/test")
	want := map[string]string{
		"authorization": "Bearer " + modelstest.HiddenSecret, "User-Agent": "Ringback/test",
		"Content-Type":    "application/json",
		"X-Batch-Attempt": e.Attempt.UID.String(),
	}
	for key, value := range want {
		if got := h[key]; len(got) != 1 || got[0] != value {
			t.Errorf("%s: got %q, want %q", key, got, value)
		}
	}
	if len(h) != len(want) {
		t.Errorf("got %v", h)
	}
}
