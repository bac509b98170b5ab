package job_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/job"
	"github.com/ringback/ringback/models/modelstest"
)

func TestUpdateJobRefusesWhatDoesNotFitAndTellsNothing(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	jobs := w.NewJobs(2)
	scheduled, done := jobs[0], jobs[1]
	w.MustChange(done, modelstest.JobCompleted())
	told := len(w.CallbacksOf(callback.JobUpdatedEvent))
	w.Queue.Take()
	with := func(j *job.Job, in job.Change) job.Change {
		in.JobID = j.ID
		return in
	}
	tests := map[string]struct {
		in    job.Change
		code  models.Code
		field string
	}{
		"RESOLVED without a state": {
			with(scheduled, job.Change{Action: job.Resolved}), models.CodeBadUserInput, "state",
		},
		"RESOLVED to the start": {
			with(scheduled, modelstest.JobResolved(job.Scheduled, "")), models.CodeBadUserInput, "state",
		},
		"EDITED without an output":    {with(done, job.Change{Action: job.Edited}), models.CodeBadUserInput, "output"},
		"an output that is no JSON":   {with(done, modelstest.JobEdited("shoe")), models.CodeBadUserInput, "output"},
		"an unknown job":              {with(&job.Job{ID: 999}, modelstest.JobCompleted()), models.CodeNotFound, ""},
		"EDITED too early":            {with(scheduled, modelstest.JobEdited("1")), models.CodeConflict, "action"},
		"ACCEPTED too early":          {with(scheduled, modelstest.JobAccepted()), models.CodeConflict, "action"},
		"RESOLVED with another state": {with(done, modelstest.JobResolved(job.Failed, "")), models.CodeConflict, "state"},
		"RESOLVED with another output": {
			with(done, modelstest.JobResolved(job.Completed, "2")), models.CodeConflict, "state",
		},
		"ACCEPTED with another state": {
			with(done, job.Change{Action: job.Accepted, State: new(job.Failed)}), models.CodeConflict, "state",
		},
		"RESOLVED with its output spaced": {
			with(done, modelstest.JobResolved(job.Completed, `{"label": "shoe"}`)), models.CodeConflict, "state",
		},
	}
	for name, test := range tests {
		before := []*job.Job{w.ReadJob(scheduled.ID), w.ReadJob(done.ID)}
		_, _, err := w.UpdateJob(t.Context(), w.Platform, test.in)
		t.Log(name)
		modelstest.WantError(t, err, test.code, test.field)
		if diff := cmp.Diff(before, []*job.Job{w.ReadJob(scheduled.ID), w.ReadJob(done.ID)}); diff != "" {
			t.Errorf("%s: the refused change changed something: %s", name, diff)
		}
	}
	if now, woken := len(w.CallbacksOf(callback.JobUpdatedEvent)), w.Queue.Take(); now != told || len(woken) != 0 {
		t.Errorf("told %d times, woken: %v", now-told, woken)
	}
}

func TestEachChangeOfAJobIsToldOnceAndInOrder(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	j := w.NewJobs(1)[0]
	steps := []struct {
		in     job.Change
		state  job.State
		action job.Action
	}{
		{modelstest.JobResolved(job.Suspended, ""), job.Suspended, job.Resolved},
		{modelstest.JobCompleted(), job.Completed, job.Resolved},
		{modelstest.JobEdited(`"boot"`), job.Completed, job.Edited},
		{modelstest.JobEdited(`"boot"`), job.Completed, job.Edited}, // an edit is one even if it changes nothing
		{modelstest.JobAccepted(), job.Completed, job.Accepted},
		{modelstest.JobDeclined(), job.Completed, job.Declined},
		{modelstest.JobAccepted(), job.Completed, job.Accepted},
	}
	for i, step := range steps {
		w.Clock.Advance(time.Second)
		w.Queue.Take()
		c := w.MustChange(j, step.in)
		want := fmt.Sprintf(`{"id":"%d","uuid":"%s","state":"%s","action":"%s"}`, j.ID, j.UUID, step.state, step.action)
		if string(c.Body) != want || c.ContentType != "application/json" || c.Source.Of != j.ObjectID() ||
			*c.TargetURL != modelstest.JobURL || c.Target != callback.TargetRequest {
			t.Errorf("step %d is told as %s: %+v", i, c.Body, c)
		}
		if woken := modelstest.WokenIDs(w.Queue.Take()); (len(woken) == 1) != (i == 0) {
			t.Errorf("step %d wakes %v", i, woken)
		}
		if c.Held != (i > 0) || c.OrderingKey == "" {
			t.Errorf("step %d: held %t behind %q", i, c.Held, c.OrderingKey)
		}
	}
	got := w.ReadJob(j.ID)
	if got.ChangeCount != len(steps) || !*got.Correct || string(got.Output) != `"boot"` ||
		!got.CompletedAt.Equal(modelstest.Start.Add(2*time.Second)) ||
		!got.UpdatedAt.Equal(w.Clock.Now()) || *got.LastAction != job.Accepted {
		t.Errorf("got %+v", got)
	}
	told := w.CallbacksOf(callback.JobUpdatedEvent)
	for i, c := range told {
		w.Deliver(c.ID, modelstest.Answered(200+i)) // any 2xx will do
	}
	if len(told) != len(steps) {
		t.Errorf("told %d times", len(told))
	}
}

func TestRepeatedChangeIsTheSameCallAgain(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	for name, steps := range map[string][]job.Change{
		"resolved": {modelstest.JobCompleted()}, "resolved without an output": {modelstest.JobResolved(job.Failed, "")},
		"suspended":               {modelstest.JobResolved(job.Suspended, "")},
		"accepted":                {modelstest.JobCompleted(), modelstest.JobAccepted()},
		"declined":                {modelstest.JobCompleted(), modelstest.JobDeclined()},
		"accepted with an output": {modelstest.JobCompleted(), {Action: job.Accepted, Output: json.RawMessage("2")}},
	} {
		j := w.NewJobs(1)[0]
		var c *callback.Callback
		for _, in := range steps {
			c = w.MustChange(j, in)
		}
		before := w.ReadJob(j.ID)
		w.Clock.Advance(time.Second)
		w.Queue.Take()
		last := steps[len(steps)-1]
		for _, again := range []job.Change{last, {State: last.State, Action: last.Action}} {
			if same := w.MustChange(j, again); same == nil || same.UID != c.UID {
				t.Errorf("%s: got %+v", name, same)
			}
		}
		if diff := cmp.Diff(before, w.ReadJob(j.ID)); diff != "" || len(w.Queue.Take()) != 0 {
			t.Errorf("%s: it did something: %s", name, diff)
		}
	}
}

func TestSameChangeEightTimesAtOnceIsToldOnce(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	j := w.NewJobs(1)[0]
	uids := make([]string, 8)
	modelstest.AtOnce(len(uids), func(i int) {
		in := modelstest.JobCompleted()
		in.JobID = j.ID
		_, c, err := w.UpdateJob(t.Context(), w.Platform, in)
		if err != nil {
			t.Error(err)
			return
		}
		uids[i] = c.UID.String()
	})
	if slices.Sort(uids); uids[0] != uids[7] || len(w.CallbacksOf(callback.JobUpdatedEvent)) != 1 ||
		w.ReadJob(j.ID).ChangeCount != 1 {
		t.Errorf("the callers saw %v", uids)
	}
}

func TestJobsURLGoesBeforeTheProjectsAndThatBeforeTheAccounts(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	create := func() *job.Job {
		jobs, err := w.CreateJobs(
			t.Context(), w.Editor, job.NewJobs{ProjectID: w.Shop.ID, Inputs: []json.RawMessage{modelstest.Shoes}},
		)
		modelstest.NoError(t, err)
		return jobs[0]
	}
	w.SetTarget(nil, new(modelstest.AccountURL))
	own := w.NewJobs(1)[0]
	if c := w.MustChange(own, modelstest.JobCompleted()); *c.TargetURL != modelstest.JobURL || len(c.TargetHeaders) != 0 {
		t.Errorf("got %+v", c)
	}
	if c := w.MustChange(create(), modelstest.JobCompleted()); *c.TargetURL != modelstest.ProjectURL { // which needs no slash
		t.Errorf("it goes to %s", *c.TargetURL)
	}
	w.SetTarget(w.Shop, nil)
	if c := w.MustChange(create(), modelstest.JobCompleted()); *c.TargetURL != modelstest.AccountURL {
		t.Errorf("it goes to %s", *c.TargetURL)
	}
	w.SetTarget(nil, nil)
	silent := create()
	for range 2 {
		if c := w.MustChange(silent, modelstest.JobCompleted()); c != nil || w.ReadJob(silent.ID).State != job.Completed {
			t.Errorf("got %+v", c)
		}
	}
	_, err := w.DeleteProject(t.Context(), w.Admin, w.Shop.ID)
	modelstest.NoError(t, err)
	if c := w.MustChange(own, modelstest.JobAccepted()); c != nil {
		t.Errorf("a deleted project tells %+v", c)
	}
}
