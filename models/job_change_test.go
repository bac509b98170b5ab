package models_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
)

var (
	jobStates = []models.JobState{
		models.JobScheduled, models.JobInProgress, models.JobFailed, models.JobSuspended, models.JobCanceled, models.JobExpired, models.JobCompleted,
	}
	jobActions = []models.JobAction{models.JobResolved, models.JobEdited, models.JobAccepted, models.JobDeclined}
)

// jobOutcome is what a change of a job comes to, by the words of the issue.
func jobOutcome(from models.JobState, action models.JobAction, to *models.JobState) (models.Code, string) {
	isResolution := to != nil && *to != models.JobScheduled && *to != models.JobInProgress
	switch {
	case action == models.JobResolved && !isResolution:
		return models.CodeBadUserInput, "state"
	case action == models.JobResolved && (from == models.JobScheduled || from == models.JobInProgress):
		return "", ""
	case action == models.JobResolved && from == models.JobSuspended && *to != models.JobSuspended:
		return "", ""
	case action == models.JobResolved:
		return models.CodeConflict, "state"
	case from != models.JobCompleted:
		return models.CodeConflict, "action"
	case to != nil && *to != from:
		return models.CodeConflict, "state"
	}
	return "", ""
}

func TestJobGoesTheWaysThatThereAreAndNoOthers(t *testing.T) {
	t.Parallel()
	targets := []*models.JobState{nil}
	for _, state := range jobStates {
		targets = append(targets, &state)
	}
	for _, from := range jobStates {
		for _, action := range jobActions {
			for _, to := range targets {
				name := fmt.Sprintf("%s %s", from, action)
				if to != nil {
					name += " " + string(*to)
				}
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					before := &models.Job{State: from, Output: json.RawMessage(`1`), ChangeCount: 3}
					j := *before
					in := models.JobChange{State: to, Action: action, Output: json.RawMessage(`2`)}
					err := in.Check()
					if err == nil {
						err = j.Change(in, start)
					}
					if code, field := jobOutcome(from, action, to); code != "" {
						wantError(t, err, code, field)
						if diff := cmp.Diff(before, &j); diff != "" {
							t.Errorf("the refused change changed the job: %s", diff)
						}
						return
					}
					noError(t, err)
					wantChanged(t, before, &j, in)
				})
			}
		}
	}
}

// wantChanged checks what a change has done to a job.
func wantChanged(t *testing.T, before, after *models.Job, in models.JobChange) {
	t.Helper()
	want := *before
	want.LastAction, want.UpdatedAt, want.ChangeCount, want.Output = &in.Action, start, before.ChangeCount+1, in.Output
	switch in.Action {
	case models.JobResolved:
		want.State = *in.State
		if want.State != models.JobSuspended {
			want.CompletedAt = &start
		}
	case models.JobAccepted, models.JobDeclined:
		want.Correct = new(in.Action == models.JobAccepted)
	case models.JobEdited:
	}
	if diff := cmp.Diff(&want, after); diff != "" {
		t.Error(diff)
	}
}

func TestUpdateJobRefusesWhatDoesNotFitAndTellsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	jobs := w.newJobs(2)
	scheduled, done := jobs[0], jobs[1]
	w.change(done, completed())
	told := len(w.callbacks(models.JobUpdatedEvent))
	w.queue.take()
	with := func(j *models.Job, in models.JobChange) models.JobChange {
		in.JobID = j.ID
		return in
	}
	tests := map[string]struct {
		in    models.JobChange
		code  models.Code
		field string
	}{
		"RESOLVED without a state":        {with(scheduled, models.JobChange{Action: models.JobResolved}), models.CodeBadUserInput, "state"},
		"RESOLVED to the start":           {with(scheduled, resolved(models.JobScheduled, "")), models.CodeBadUserInput, "state"},
		"EDITED without an output":        {with(done, models.JobChange{Action: models.JobEdited}), models.CodeBadUserInput, "output"},
		"an output that is no JSON":       {with(done, edited("shoe")), models.CodeBadUserInput, "output"},
		"an unknown job":                  {with(&models.Job{ID: 999}, completed()), models.CodeNotFound, ""},
		"EDITED too early":                {with(scheduled, edited("1")), models.CodeConflict, "action"},
		"ACCEPTED too early":              {with(scheduled, accepted()), models.CodeConflict, "action"},
		"RESOLVED with another state":     {with(done, resolved(models.JobFailed, "")), models.CodeConflict, "state"},
		"RESOLVED with another output":    {with(done, resolved(models.JobCompleted, "2")), models.CodeConflict, "state"},
		"ACCEPTED with another state":     {with(done, models.JobChange{Action: models.JobAccepted, State: new(models.JobFailed)}), models.CodeConflict, "state"},
		"RESOLVED with its output spaced": {with(done, resolved(models.JobCompleted, `{"label": "shoe"}`)), models.CodeConflict, "state"},
	}
	for name, test := range tests {
		before := []*models.Job{w.job(scheduled.ID), w.job(done.ID)}
		_, _, err := w.UpdateJob(t.Context(), w.platform, test.in)
		t.Log(name)
		wantError(t, err, test.code, test.field)
		if diff := cmp.Diff(before, []*models.Job{w.job(scheduled.ID), w.job(done.ID)}); diff != "" {
			t.Errorf("%s: the refused change changed something: %s", name, diff)
		}
	}
	if now, woken := len(w.callbacks(models.JobUpdatedEvent)), w.queue.take(); now != told || len(woken) != 0 {
		t.Errorf("told %d times, woken: %v", now-told, woken)
	}
}

func TestEachChangeOfAJobIsToldOnceAndInOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	j := w.newJobs(1)[0]
	steps := []struct {
		in     models.JobChange
		state  models.JobState
		action models.JobAction
	}{
		{resolved(models.JobSuspended, ""), models.JobSuspended, models.JobResolved},
		{completed(), models.JobCompleted, models.JobResolved},
		{edited(`"boot"`), models.JobCompleted, models.JobEdited},
		{edited(`"boot"`), models.JobCompleted, models.JobEdited}, // an edit is one even if it changes nothing
		{accepted(), models.JobCompleted, models.JobAccepted},
		{declined(), models.JobCompleted, models.JobDeclined},
		{accepted(), models.JobCompleted, models.JobAccepted},
	}
	for i, step := range steps {
		w.clock.advance(time.Second)
		w.queue.take()
		c := w.change(j, step.in)
		want := fmt.Sprintf(`{"id":"%d","uuid":"%s","state":"%s","action":"%s"}`, j.ID, j.UUID, step.state, step.action)
		if string(c.Body) != want || c.ContentType != "application/json" || c.Source.Of != j.ObjectID() || *c.TargetURL != jobURL || c.Target != models.TargetRequest {
			t.Errorf("step %d is told as %s: %+v", i, c.Body, c)
		}
		if woken := wokenIDs(w.queue.take()); (len(woken) == 1) != (i == 0) {
			t.Errorf("step %d wakes %v", i, woken)
		}
		if c.Held != (i > 0) || c.OrderingKey == "" {
			t.Errorf("step %d: held %t behind %q", i, c.Held, c.OrderingKey)
		}
	}
	got := w.job(j.ID)
	if got.ChangeCount != len(steps) || !*got.Correct || string(got.Output) != `"boot"` || !got.CompletedAt.Equal(start.Add(2*time.Second)) ||
		!got.UpdatedAt.Equal(w.clock.now()) || *got.LastAction != models.JobAccepted {
		t.Errorf("got %+v", got)
	}
	told := w.callbacks(models.JobUpdatedEvent)
	for i, c := range told {
		w.deliver(c.ID, answered(200+i)) // any 2xx will do
	}
	if len(told) != len(steps) {
		t.Errorf("told %d times", len(told))
	}
}

func TestRepeatedChangeIsTheSameCallAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, steps := range map[string][]models.JobChange{
		"resolved": {completed()}, "resolved without an output": {resolved(models.JobFailed, "")}, "suspended": {resolved(models.JobSuspended, "")},
		"accepted": {completed(), accepted()}, "declined": {completed(), declined()}, "accepted with an output": {completed(), {Action: models.JobAccepted, Output: json.RawMessage("2")}},
	} {
		j := w.newJobs(1)[0]
		var c *models.Callback
		for _, in := range steps {
			c = w.change(j, in)
		}
		before := w.job(j.ID)
		w.clock.advance(time.Second)
		w.queue.take()
		last := steps[len(steps)-1]
		for _, again := range []models.JobChange{last, {State: last.State, Action: last.Action}} {
			if same := w.change(j, again); same == nil || same.UID != c.UID {
				t.Errorf("%s: got %+v", name, same)
			}
		}
		if diff := cmp.Diff(before, w.job(j.ID)); diff != "" || len(w.queue.take()) != 0 {
			t.Errorf("%s: it did something: %s", name, diff)
		}
	}
}

func TestSameChangeEightTimesAtOnceIsToldOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	j := w.newJobs(1)[0]
	uids := make([]string, 8)
	atOnce(len(uids), func(i int) {
		in := completed()
		in.JobID = j.ID
		_, c, err := w.UpdateJob(t.Context(), w.platform, in)
		if err != nil {
			t.Error(err)
			return
		}
		uids[i] = c.UID.String()
	})
	if slices.Sort(uids); uids[0] != uids[7] || len(w.callbacks(models.JobUpdatedEvent)) != 1 || w.job(j.ID).ChangeCount != 1 {
		t.Errorf("the callers saw %v", uids)
	}
}

func TestJobsURLGoesBeforeTheProjectsAndThatBeforeTheAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	create := func() *models.Job {
		jobs, err := w.CreateJobs(t.Context(), w.editor, models.NewJobs{ProjectID: w.project.ID, Inputs: []json.RawMessage{shoes}})
		noError(t, err)
		return jobs[0]
	}
	w.setTarget(nil, new(accountURL))
	own := w.newJobs(1)[0]
	if c := w.change(own, completed()); *c.TargetURL != jobURL || len(c.TargetHeaders) != 0 {
		t.Errorf("got %+v", c)
	}
	if c := w.change(create(), completed()); *c.TargetURL != projectURL { // which needs no slash
		t.Errorf("it goes to %s", *c.TargetURL)
	}
	w.setTarget(w.project, nil)
	if c := w.change(create(), completed()); *c.TargetURL != accountURL {
		t.Errorf("it goes to %s", *c.TargetURL)
	}
	w.setTarget(nil, nil)
	silent := create()
	for range 2 {
		if c := w.change(silent, completed()); c != nil || w.job(silent.ID).State != models.JobCompleted {
			t.Errorf("got %+v", c)
		}
	}
	_, err := w.DeleteProject(t.Context(), w.admin, w.project.ID)
	noError(t, err)
	if c := w.change(own, accepted()); c != nil {
		t.Errorf("a deleted project tells %+v", c)
	}
}
