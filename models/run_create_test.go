package models_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
)

func TestCreatedRunIsQueuedWithItsFirstBatches(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	in := w.aRun()
	inputs(3)(&in)
	in.MaxResults, in.PageSize = new(25), new(20)
	run, err := w.CreateRun(t.Context(), w.editor, in)
	noError(t, err)
	want := &models.Run{
		ID: run.ID, UID: run.UID, AccountID: w.account.ID, ProjectID: w.project.ID, ActionID: a.ID, CreatedByUserID: &w.editor.User.ID,
		Status: models.RunQueued, MaxResults: new(25), PageSize: 20, CallbackOn: models.CallbackOnAll, InputCount: 3, BatchCount: 6,
		OpenBatches: 6, StoredBytes: run.StoredBytes, CreatedAt: start,
	}
	if diff := cmp.Diff(want, run); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, w.run(run.ID)); diff != "" {
		t.Errorf("what was returned is not what was written: %s", diff)
	}
	pages := map[int64][]int{}
	for _, b := range w.batches(run.ID) {
		if b.Status != models.RunQueued || !b.NextAttemptAt.Equal(start) || b.RunID != run.ID || b.ActionID != a.ID || b.AttemptCount != 0 {
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
	if diff := cmp.Diff([]models.Wakeup{{Lane: a.Lane(), At: start}}, w.queue.take()); diff != "" {
		t.Errorf("woken: %s", diff)
	}
	if all := w.callbacks(models.RunBatchFinishedEvent); len(all) != 0 {
		t.Errorf("told before anything was done: %v", all)
	}
}

func TestRunTakesAThousandInputsAndKeepsTheirOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	run := w.newRun(inputs(models.MaxRunInputs), func(in *models.NewRun) {
		for i := range in.Inputs {
			in.Inputs[i].Input, _ = json.Marshal(map[string]int{"n": i}) // it cannot fail
		}
	})
	if run.BatchCount != models.MaxRunInputs {
		t.Fatalf("the run has %d batches", run.BatchCount)
	}
	last := 0
	for _, e := range w.claimBatches(a, models.MaxRunInputs) {
		if e.Input.Number != last+1 || e.Input.ID != e.Batch.InputID || e.Input.RunID != run.ID {
			t.Fatalf("after input %d comes %+v", last, e.Input)
		}
		last = e.Input.Number
		var input struct{ N int }
		if noError(t, json.Unmarshal(e.Input.Input, &input)); input.N != last-1 {
			t.Fatalf("input %d is %s", last, e.Input.Input)
		}
	}
	if last != models.MaxRunInputs {
		t.Errorf("%d inputs were claimed", last)
	}
}

// wantNoRun checks that a refused request has left nothing behind.
func (w *world) wantNoRun() {
	w.t.Helper()
	counts, err := w.CountRuns(w.t.Context(), w.platform, models.RunsOfProject, []int64{w.project.ID}, models.RunFilter{})
	noError(w.t, err)
	schedules, err := w.CountSchedules(w.t.Context(), w.platform, []int64{w.project.ID})
	noError(w.t, err)
	if woken := w.queue.take(); len(counts)+len(schedules)+len(woken) != 0 {
		w.t.Errorf("a refused call left %v runs, %v schedules, %v wake-ups", counts, schedules, woken)
	}
}

func TestCreateRunRefusesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.newAction()
	elsewhere := w.newProject(w.other, nil)
	deleted := w.newProject(w.account, nil)
	_, err := w.DeleteProject(t.Context(), w.admin, deleted.ID)
	noError(t, err)
	type change = func(*models.NewRun)
	input := func(text string) change {
		return func(in *models.NewRun) {
			in.Inputs = append(in.Inputs, models.NewRunInput{Input: json.RawMessage(text)})
		}
	}
	custom := func(text string) change {
		return func(in *models.NewRun) { in.Inputs[0].CustomData = json.RawMessage(text) }
	}
	limits := func(maxResults, pageSize *int) change {
		return func(in *models.NewRun) { in.MaxResults, in.PageSize = maxResults, pageSize }
	}
	header := func(key, value string) change {
		return func(in *models.NewRun) {
			calling(runURL, models.CallbackOnAll)(in)
			in.Callback.Headers = []models.Header{{Key: "X-Fine", Value: "yes"}, {Key: key, Value: models.Secret(value)}}
		}
	}
	tests := map[string]struct {
		change change
		code   models.Code
		field  string
	}{
		"no inputs":             {inputs(0), models.CodeBadUserInput, "inputs"},
		"too many inputs":       {inputs(models.MaxRunInputs + 1), models.CodeBadUserInput, "inputs"},
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
		"too many results":      {limits(new(models.MaxRunResults+1), nil), models.CodeBadUserInput, "parameters.maxResults"},
		"an empty page":         {limits(nil, new(0)), models.CodeBadUserInput, "parameters.pageSize"},
		"a page below zero":     {limits(new(1), new(-1)), models.CodeBadUserInput, "parameters.pageSize"},
		"too large a page":      {limits(nil, new(models.MaxPageSizeOfAction+1)), models.CodeBadUserInput, "parameters.pageSize"},
		"too many pages":        {limits(new(models.MaxRunBatches+1), new(1)), models.CodeBadUserInput, "parameters.maxResults"},
		"too many pages of all inputs": {func(in *models.NewRun) {
			inputs(models.MaxRunInputs)(in)
			limits(new(11), new(1))(in)
		}, models.CodeBadUserInput, "parameters.maxResults"},
		"no URL":              {calling("", models.CallbackOnAll), models.CodeBadUserInput, "callback.url"},
		"half a URL":          {calling("caller.example/hook", models.CallbackOnAll), models.CodeBadUserInput, "callback.url"},
		"another scheme":      {calling("ftp://caller.example/", models.CallbackOnAll), models.CodeBadUserInput, "callback.url"},
		"a user in the URL":   {calling("https://me:secret@caller.example/", models.CallbackOnAll), models.CodeBadUserInput, "callback.url"},
		"a fragment":          {calling(runURL+"#top", models.CallbackOnAll), models.CodeBadUserInput, "callback.url"},
		"too long a URL":      {calling(runURL+strings.Repeat("a", models.MaxCallbackURLBytes), models.CallbackOnAll), models.CodeBadUserInput, "callback.url"},
		"plain http":          {calling("http://caller.example/", models.CallbackOnAll), models.CodeBadUserInput, "callback.url"},
		"a reserved header":   {header("webhook-id", "1"), models.CodeBadUserInput, "callback.headers"},
		"a header twice":      {header("x-fine", "no"), models.CodeBadUserInput, "callback.headers"},
		"a header that is no": {header("X", "a\nb"), models.CodeBadUserInput, "callback.headers"},
		"an unknown zone": {func(in *models.NewRun) {
			in.Schedule = &models.NewSchedule{At: new(start.Add(time.Hour)), Timezone: new("Nowhere")}
		}, models.CodeBadUserInput, "schedule.timezone"},
		"an unknown action":      {func(in *models.NewRun) { in.Action = "Search" }, models.CodeNotFound, ""},
		"an unknown project":     {func(in *models.NewRun) { in.ProjectID = 999 }, models.CodeNotFound, ""},
		"a deleted project":      {func(in *models.NewRun) { in.ProjectID = deleted.ID }, models.CodeNotFound, ""},
		"another's project":      {func(in *models.NewRun) { in.ProjectID = elsewhere.ID }, models.CodeNotFound, ""},
		"a scheduled wrong run":  {func(in *models.NewRun) { in.Schedule, in.Inputs = &models.NewSchedule{}, nil }, models.CodeBadUserInput, "inputs"},
		"a time that has passed": {func(in *models.NewRun) { in.Schedule = &models.NewSchedule{At: new(start.Add(-time.Hour))} }, models.CodeBadUserInput, "schedule.at"},
	}
	for name, test := range tests {
		in := w.aRun()
		test.change(&in)
		_, err := w.CreateRun(t.Context(), w.editor, in)
		t.Log(name)
		wantError(t, err, test.code, test.field)
	}
	w.wantNoRun()
}

func TestActionOfAnotherAccountIsUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.newAction()
	project := w.newProject(w.other, nil)
	in := w.aRun()
	in.ProjectID = project.ID
	_, err := w.CreateRun(t.Context(), w.platform, in)
	wantError(t, err, models.CodeNotFound, "")
}

func TestRunMayAskForAsMuchAsTheLimitsSay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.newAction()
	run := w.newRun(func(in *models.NewRun) {
		in.MaxResults, in.PageSize = new(models.MaxRunResults), new(models.MaxPageSizeOfAction)
	})
	if run.BatchCount != models.MaxRunResults/models.MaxPageSizeOfAction {
		t.Errorf("the run has %d batches", run.BatchCount)
	}
	if run = w.newRun(pages(1), inputs(2)); run.BatchCount != 2 {
		t.Errorf("the run has %d batches", run.BatchCount)
	}
}

// A body of 1 MiB has 300,000 inputs, and each takes a microsecond or two to look at.
func TestOfTooManyInputsNoneIsLookedAt(t *testing.T) {
	t.Parallel()
	none := json.RawMessage("no object")
	_, err := models.TakeRunInputs(slices.Repeat([]json.RawMessage{none}, models.MaxRunInputs+1), "custom_data")
	wantError(t, err, models.CodeBadUserInput, "inputs")
	if !strings.Contains(err.Error(), "1 to 1000 elements, not 1001") {
		t.Error(err)
	}
	_, err = models.TakeRunInputs([]json.RawMessage{none}, "custom_data")
	wantError(t, err, models.CodeBadUserInput, "inputs")
}
