package models_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
)

// executor is the settings of an action with a URL.
func executor(url string) models.ActionSettings {
	return models.ActionSettings{Executor: models.EndpointUpdate{URL: models.Given(&url)}}
}

func TestActionHasTheDefaultsOrWhatIsGiven(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	plain, err := w.CreateAction(t.Context(), w.platform, w.account.ID, "search", executor(executorURL))
	noError(t, err)
	want := &models.Action{
		ID: plain.ID, AccountID: w.account.ID, Name: "search", Executor: models.Endpoint{URL: new(executorURL)},
		PageSize: 10, Timeout: 30 * time.Second, CreatedAt: start, UpdatedAt: start,
	}
	if diff := cmp.Diff(want, plain); diff != "" {
		t.Error(diff)
	}
	in := executor(executorURL)
	in.Executor.Headers = models.Given([]models.Header{{Key: "Authorization", Value: "Bearer " + hidden}})
	in.PageSize, in.Timeout = new(1000), new(10*time.Minute)
	full, err := w.CreateAction(t.Context(), w.platform, w.account.ID, "a.B_c-9", in)
	noError(t, err)
	for _, a := range []*models.Action{plain, full} {
		got, err := w.Action(t.Context(), w.viewer, a.ID)
		noError(t, err)
		if diff := cmp.Diff(a, got); diff != "" {
			t.Errorf("what was returned is not what was written: %s", diff)
		}
	}
	if full.PageSize != 1000 || full.Timeout != 10*time.Minute || full.Executor.Headers[0].Value.Reveal() != "Bearer "+hidden {
		t.Errorf("got %+v", full)
	}
}

func TestActionsRefuseWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.newAction()
	with := func(change func(*models.ActionSettings)) models.ActionSettings {
		in := executor(executorURL)
		change(&in)
		return in
	}
	settings := map[string]struct {
		in    models.ActionSettings
		field string
	}{
		"null for a URL":    {models.ActionSettings{Executor: models.EndpointUpdate{URL: null}}, "executorUrl"},
		"no URL":            {executor(""), "executorUrl"},
		"half a URL":        {executor("platform.example/search"), "executorUrl"},
		"a reserved header": {with(func(in *models.ActionSettings) { in.Executor.Headers = models.Given([]models.Header{{Key: "Host"}}) }), "executorHeaders"},
		"an empty page":     {with(func(in *models.ActionSettings) { in.PageSize = new(0) }), "pageSize"},
		"too large a page":  {with(func(in *models.ActionSettings) { in.PageSize = new(1001) }), "pageSize"},
		"too short a time":  {with(func(in *models.ActionSettings) { in.Timeout = new(time.Second - 1) }), "timeout"},
		"too long a time":   {with(func(in *models.ActionSettings) { in.Timeout = new(10*time.Minute + 1) }), "timeout"},
	}
	for name, test := range settings {
		t.Log(name)
		_, err := w.CreateAction(t.Context(), w.platform, w.account.ID, "new", test.in)
		wantError(t, err, models.CodeBadUserInput, test.field)
		_, err = w.UpdateAction(t.Context(), w.platform, before.ID, test.in)
		wantError(t, err, models.CodeBadUserInput, test.field)
	}
	for _, name := range []string{"", ".", "-a", "a b", "a/b", "a\n", "ä", strings.Repeat("a", 101)} {
		t.Logf("the name %q", name)
		_, err := w.CreateAction(t.Context(), w.platform, w.account.ID, name, executor(executorURL))
		wantError(t, err, models.CodeBadUserInput, "name")
	}
	_, err := w.CreateAction(t.Context(), w.platform, w.account.ID, "new", models.ActionSettings{})
	wantError(t, err, models.CodeBadUserInput, "executorUrl")
	_, err = w.CreateAction(t.Context(), w.platform, w.account.ID, before.Name, executor(executorURL))
	wantError(t, err, models.CodeConflict, "name")
	_, err = w.CreateAction(t.Context(), w.platform, 999, "new", executor(executorURL))
	wantError(t, err, models.CodeNotFound, "")
	_, err = w.UpdateAction(t.Context(), w.platform, 999, models.ActionSettings{})
	wantError(t, err, models.CodeNotFound, "")

	all, err := w.ActionPages(t.Context(), w.platform, []int64{w.account.ID}, models.Page{First: 10})
	noError(t, err)
	if diff := cmp.Diff([]*models.Action{before}, all[w.account.ID].Nodes); diff != "" {
		t.Errorf("a refused call changed something: %s", diff)
	}
	// The name is the account's own.
	_, err = w.CreateAction(t.Context(), w.platform, w.other.ID, before.Name, executor(executorURL))
	noError(t, err)
	counts, err := w.CountActions(t.Context(), w.platform, []int64{w.account.ID, w.other.ID})
	noError(t, err)
	if diff := cmp.Diff(map[int64]int{w.account.ID: 1, w.other.ID: 1}, counts); diff != "" {
		t.Error(diff)
	}
}

func TestUpdatedActionIsWhatTheNextCallGoesBy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	w.newRun()
	w.clock.advance(time.Second)
	in := executor("https://platform.example/v2")
	in.Executor.Headers = models.Given([]models.Header{{Key: "X-Key", Value: "rotated"}})
	in.PageSize, in.Timeout = new(50), new(time.Minute)
	updated, err := w.UpdateAction(t.Context(), w.platform, a.ID, in)
	noError(t, err)
	if !updated.UpdatedAt.Equal(w.clock.now()) || !updated.CreatedAt.Equal(start) {
		t.Errorf("got %+v", updated)
	}
	same, err := w.UpdateAction(t.Context(), w.platform, a.ID, models.ActionSettings{})
	noError(t, err)
	if diff := cmp.Diff(updated, same); diff != "" {
		t.Errorf("nothing given changes something: %s", diff)
	}
	e := w.claimBatches(a, 1)[0]
	if diff := cmp.Diff(updated, e.Action); diff != "" || e.Attempt.URL != "https://platform.example/v2" {
		t.Errorf("called at %s: %s", e.Attempt.URL, diff)
	}
	// How many pages there are was decided when the run was made.
	if e.Run.PageSize != models.DefaultPageSizeOfAction {
		t.Errorf("the run's pages have %d results", e.Run.PageSize)
	}
}

func TestExecutorIsCalledWithItsHeadersAndTheAttemptsID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	in := models.ActionSettings{Executor: models.EndpointUpdate{Headers: models.Given([]models.Header{
		{Key: "authorization", Value: "Bearer " + hidden}, {Key: "x-batch-Attempt", Value: "mine"},
	})}}
	_, err := w.UpdateAction(t.Context(), w.platform, a.ID, in)
	noError(t, err)
	w.newRun()
	e := w.claimBatches(a, 1)[0]
	h := e.Headers("Ringback/test")
	want := map[string]string{
		"authorization": "Bearer " + hidden, "User-Agent": "Ringback/test", "Content-Type": "application/json",
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
