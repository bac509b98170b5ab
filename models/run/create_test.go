package run_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
)

func TestCreatedRunIsQueuedWithItsFirstBatches(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	in := w.RunInput()
	modelstest.Inputs(3)(&in)
	in.MaxResults, in.PageSize = new(25), new(20)
	r, err := w.CreateRun(t.Context(), w.Editor, in)
	modelstest.NoError(t, err)
	want := &run.Run{
		ID: r.ID, UID: r.UID, AccountID: w.Acme.ID, ProjectID: w.Shop.ID, ActionID: a.ID,
		CreatedByUserID: &w.Editor.UserID,
		Status:          run.Queued, MaxResults: new(25), PageSize: 20, CallbackOn: run.CallbackOnAll, InputCount: 3,
		BatchCount:  6,
		OpenBatches: 6, StoredBytes: r.StoredBytes, CreatedAt: modelstest.Start,
	}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, w.ReadRun(r.ID)); diff != "" {
		t.Errorf("what was returned is not what was written: %s", diff)
	}
	pages := map[int64][]int{}
	for _, b := range w.BatchesOf(r.ID) {
		if b.Status != run.Queued || !b.NextAttemptAt.Equal(modelstest.Start) || b.RunID != r.ID ||
			b.ActionID != a.ID || b.AttemptCount != 0 {
			t.Errorf("got %+v", b)
		}
		pages[b.InputID] = append(pages[b.InputID], b.Page)
	}
	if len(pages) != 3 {
		t.Errorf("the inputs have the pages %v", pages)
	}
	for id, numbers := range pages {
		if !slices.Equal(numbers, []int{1, 2}) {
			t.Errorf("input %d has the pages %v", id, numbers)
		}
	}
	// One wake-up leads to all that is due.
	if diff := cmp.Diff([]callback.Wakeup{{Lane: a.Lane(), At: modelstest.Start}}, w.Queue.Take()); diff != "" {
		t.Errorf("woken: %s", diff)
	}
	if all := w.CallbacksOf(callback.RunBatchFinishedEvent); len(all) != 0 {
		t.Errorf("told before anything was done: %v", all)
	}
}

func TestRunTakesAThousandInputsAndKeepsTheirOrder(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	r := w.NewRun(modelstest.Inputs(run.MaxInputs), func(in *run.NewRun) {
		for i := range in.Inputs {
			in.Inputs[i].Input, _ = json.Marshal(map[string]int{"n": i}) // it cannot fail
		}
	})
	if r.BatchCount != run.MaxInputs {
		t.Fatalf("the run has %d batches", r.BatchCount)
	}
	last := 0
	for _, e := range w.MustClaimBatches(a, run.MaxInputs) {
		if e.Input.Number != last+1 || e.Input.ID != e.Batch.InputID || e.Input.RunID != r.ID {
			t.Fatalf("after input %d comes %+v", last, e.Input)
		}
		last = e.Input.Number
		var input struct{ N int }
		if modelstest.NoError(t, json.Unmarshal(e.Input.Input, &input)); input.N != last-1 {
			t.Fatalf("input %d is %s", last, e.Input.Input)
		}
	}
	if last != run.MaxInputs {
		t.Errorf("%d inputs were claimed", last)
	}
}

// wantNoRun checks that a refused request has left nothing behind.
func wantNoRun(w *modelstest.World) {
	w.T.Helper()
	counts, err := w.CountRuns(w.T.Context(), w.Platform.Scope(models.RoleViewer), run.OfProject, []int64{w.Shop.ID},
		run.Filter{})
	modelstest.NoError(w.T, err)
	schedules, err := w.CountSchedules(w.T.Context(), w.Platform.Scope(models.RoleViewer), []int64{w.Shop.ID})
	modelstest.NoError(w.T, err)
	if woken := w.Queue.Take(); len(counts)+len(schedules)+len(woken) != 0 {
		w.T.Errorf("a refused call left %v runs, %v schedules, %v wake-ups", counts, schedules, woken)
	}
}

func TestCreateRunRefusesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.NewAction()
	elsewhere := w.NewProject(w.Other, nil)
	deleted := w.NewProject(w.Acme, nil)
	_, err := w.DeleteProject(t.Context(), w.Admin, deleted.ID)
	modelstest.NoError(t, err)
	type change = func(*run.NewRun)
	input := func(text string) change {
		return func(in *run.NewRun) {
			in.Inputs = append(in.Inputs, run.NewInput{Input: json.RawMessage(text)})
		}
	}
	custom := func(text string) change {
		return func(in *run.NewRun) { in.Inputs[0].CustomData = json.RawMessage(text) }
	}
	limits := func(maxResults, pageSize *int) change {
		return func(in *run.NewRun) { in.MaxResults, in.PageSize = maxResults, pageSize }
	}
	header := func(key, value string) change {
		return func(in *run.NewRun) {
			modelstest.Calling(modelstest.RunURL, run.CallbackOnAll)(in)
			in.Callback.Headers = []models.Header{
				{Key: "X-Fine", Value: "yes"},
				{Key: key, Value: models.Secret(value)},
			}
		}
	}
	tests := map[string]struct {
		change change
		code   models.Code
		field  string
	}{
		"no inputs":             {modelstest.Inputs(0), models.CodeBadUserInput, "inputs"},
		"too many inputs":       {modelstest.Inputs(run.MaxInputs + 1), models.CodeBadUserInput, "inputs"},
		"an input that is null": {input("null"), models.CodeBadUserInput, "inputs"},
		"a list":                {input("[{}]"), models.CodeBadUserInput, "inputs"},
		"a text":                {input(`"{}"`), models.CodeBadUserInput, "inputs"},
		"a number":              {input("1"), models.CodeBadUserInput, "inputs"},
		"an empty input":        {input(""), models.CodeBadUserInput, "inputs"},
		"half an object":        {input(`{"a":`), models.CodeBadUserInput, "inputs"},
		"an object and more":    {input(`{} {}`), models.CodeBadUserInput, "inputs"},
		"no JSON beside it":     {custom(`{"a"}`), models.CodeBadUserInput, "inputs"},
		"nothing beside it":     {custom(``), models.CodeBadUserInput, "inputs"},
		"no results":            {limits(new(0), nil), models.CodeBadUserInput, "parameters.maxResults"},
		"too many results":      {limits(new(run.MaxResults+1), nil), models.CodeBadUserInput, "parameters.maxResults"},
		"an empty page":         {limits(nil, new(0)), models.CodeBadUserInput, "parameters.pageSize"},
		"a page below zero":     {limits(new(1), new(-1)), models.CodeBadUserInput, "parameters.pageSize"},
		"too large a page":      {limits(nil, new(run.MaxPageSize+1)), models.CodeBadUserInput, "parameters.pageSize"},
		"too many pages": {
			limits(new(run.MaxBatches+1), new(1)), models.CodeBadUserInput,
			"parameters.maxResults",
		},
		"too many pages of all inputs": {func(in *run.NewRun) {
			modelstest.Inputs(run.MaxInputs)(in)
			limits(new(11), new(1))(in)
		}, models.CodeBadUserInput, "parameters.maxResults"},
		"no URL": {modelstest.Calling("", run.CallbackOnAll), models.CodeBadUserInput, "callback.url"},
		"half a URL": {
			modelstest.Calling("caller.example/hook", run.CallbackOnAll), models.CodeBadUserInput,
			"callback.url",
		},
		"another scheme": {
			modelstest.Calling("ftp://caller.example/", run.CallbackOnAll),
			models.CodeBadUserInput, "callback.url",
		},
		"a user in the URL": {
			modelstest.Calling("https://me:secret@caller.example/", run.CallbackOnAll),
			models.CodeBadUserInput, "callback.url",
		},
		"a fragment": {
			modelstest.Calling(modelstest.RunURL+"#top", run.CallbackOnAll),
			models.CodeBadUserInput, "callback.url",
		},
		"too long a URL": {modelstest.Calling(modelstest.RunURL+strings.Repeat("a", models.MaxCallbackURLBytes),
			run.CallbackOnAll), models.CodeBadUserInput, "callback.url"},
		"plain http": {
			modelstest.Calling("http://caller.example/", run.CallbackOnAll),
			models.CodeBadUserInput, "callback.url",
		},
		"a reserved header":   {header("webhook-id", "1"), models.CodeBadUserInput, "callback.headers.1.key"},
		"a header twice":      {header("x-fine", "no"), models.CodeBadUserInput, "callback.headers.1.key"},
		"a header that is no": {header("X", "a\nb"), models.CodeBadUserInput, "callback.headers.1.value"},
		"an unknown zone": {func(in *run.NewRun) {
			in.Schedule = &run.NewSchedule{At: new(modelstest.Start.Add(time.Hour)), Timezone: new("Nowhere")}
		}, models.CodeBadUserInput, "schedule.timezone"},
		"an unknown action":  {func(in *run.NewRun) { in.Action = "Search" }, models.CodeNotFound, ""},
		"an unknown project": {func(in *run.NewRun) { in.ProjectID = 999 }, models.CodeNotFound, ""},
		"a deleted project":  {func(in *run.NewRun) { in.ProjectID = deleted.ID }, models.CodeNotFound, ""},
		"another's project":  {func(in *run.NewRun) { in.ProjectID = elsewhere.ID }, models.CodeNotFound, ""},
		"a scheduled wrong run": {
			func(in *run.NewRun) { in.Schedule, in.Inputs = &run.NewSchedule{}, nil },
			models.CodeBadUserInput, "inputs",
		},
		"a time that has passed": {
			func(in *run.NewRun) { in.Schedule = &run.NewSchedule{At: new(modelstest.Start.Add(-time.Hour))} },
			models.CodeBadUserInput, "schedule.at",
		},
	}
	for name, test := range tests {
		in := w.RunInput()
		test.change(&in)
		_, err := w.CreateRun(t.Context(), w.Editor, in)
		t.Log(name)
		modelstest.WantError(t, err, test.code, test.field)
	}
	wantNoRun(w)
}

func TestActionOfAnotherAccountIsUnknown(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.NewAction()
	project := w.NewProject(w.Other, nil)
	in := w.RunInput()
	in.ProjectID = project.ID
	_, err := w.CreateRun(t.Context(), w.Platform, in)
	modelstest.WantError(t, err, models.CodeNotFound, "")
}

func TestRunMayAskForAsMuchAsTheLimitsSay(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.NewAction()
	r := w.NewRun(func(in *run.NewRun) {
		in.MaxResults, in.PageSize = new(run.MaxResults), new(run.MaxPageSize)
	})
	if r.BatchCount != run.MaxResults/run.MaxPageSize {
		t.Errorf("the run has %d batches", r.BatchCount)
	}
	if r = w.NewRun(modelstest.Pages(1), modelstest.Inputs(2)); r.BatchCount != 2 {
		t.Errorf("the run has %d batches", r.BatchCount)
	}
}

// A body of 1 MiB has 300,000 inputs, and each takes a microsecond or two to look at.
func TestOfTooManyInputsNoneIsLookedAt(t *testing.T) {
	t.Parallel()
	none := json.RawMessage("no object")
	_, err := run.TakeInputs(slices.Repeat([]json.RawMessage{none}, run.MaxInputs+1), "custom_data")
	modelstest.WantError(t, err, models.CodeBadUserInput, "inputs")
	if !strings.Contains(err.Error(), "1 to 1000 elements, not 1001") {
		t.Error(err)
	}
	_, err = run.TakeInputs([]json.RawMessage{none}, "custom_data")
	modelstest.WantError(t, err, models.CodeBadUserInput, "inputs")
}
