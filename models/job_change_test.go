package models_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/job"
)

func TestUpdateJobRefusesWhatDoesNotFitAndTellsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	jobs := w.newJobs(2)
	scheduled, done := jobs[0], jobs[1]
	w.change(done, completed())
	told := len(w.callbacks(models.JobUpdatedEvent))
	w.queue.take()
	with := func(j *job.Job, in job.Change) job.Change {
		in.JobID = j.ID
		return in
	}
	tests := map[string]struct {
		in    job.Change
		code  models.Code
		field string
	}{
		"RESOLVED without a state":        {with(scheduled, job.Change{Action: job.Resolved}), models.CodeBadUserInput, "state"},
		"RESOLVED to the start":           {with(scheduled, resolved(job.Scheduled, "")), models.CodeBadUserInput, "state"},
		"EDITED without an output":        {with(done, job.Change{Action: job.Edited}), models.CodeBadUserInput, "output"},
		"an output that is no JSON":       {with(done, edited("shoe")), models.CodeBadUserInput, "output"},
		"an unknown job":                  {with(&job.Job{ID: 999}, completed()), models.CodeNotFound, ""},
		"EDITED too early":                {with(scheduled, edited("1")), models.CodeConflict, "action"},
		"ACCEPTED too early":              {with(scheduled, accepted()), models.CodeConflict, "action"},
		"RESOLVED with another state":     {with(done, resolved(job.Failed, "")), models.CodeConflict, "state"},
		"RESOLVED with another output":    {with(done, resolved(job.Completed, "2")), models.CodeConflict, "state"},
		"ACCEPTED with another state":     {with(done, job.Change{Action: job.Accepted, State: new(job.Failed)}), models.CodeConflict, "state"},
		"RESOLVED with its output spaced": {with(done, resolved(job.Completed, `{"label": "shoe"}`)), models.CodeConflict, "state"},
	}
	for name, test := range tests {
		before := []*job.Job{w.job(scheduled.ID), w.job(done.ID)}
		_, _, err := w.UpdateJob(t.Context(), w.platform, test.in)
		t.Log(name)
		wantError(t, err, test.code, test.field)
		if diff := cmp.Diff(before, []*job.Job{w.job(scheduled.ID), w.job(done.ID)}); diff != "" {
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
		in     job.Change
		state  job.State
		action job.Action
	}{
		{resolved(job.Suspended, ""), job.Suspended, job.Resolved},
		{completed(), job.Completed, job.Resolved},
		{edited(`"boot"`), job.Completed, job.Edited},
		{edited(`"boot"`), job.Completed, job.Edited}, // an edit is one even if it changes nothing
		{accepted(), job.Completed, job.Accepted},
		{declined(), job.Completed, job.Declined},
		{accepted(), job.Completed, job.Accepted},
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
		!got.UpdatedAt.Equal(w.clock.now()) || *got.LastAction != job.Accepted {
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
	for name, steps := range map[string][]job.Change{
		"resolved": {completed()}, "resolved without an output": {resolved(job.Failed, "")}, "suspended": {resolved(job.Suspended, "")},
		"accepted": {completed(), accepted()}, "declined": {completed(), declined()}, "accepted with an output": {completed(), {Action: job.Accepted, Output: json.RawMessage("2")}},
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
		for _, again := range []job.Change{last, {State: last.State, Action: last.Action}} {
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
	create := func() *job.Job {
		jobs, err := w.CreateJobs(t.Context(), w.editor, job.NewJobs{ProjectID: w.project.ID, Inputs: []json.RawMessage{shoes}})
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
		if c := w.change(silent, completed()); c != nil || w.job(silent.ID).State != job.Completed {
			t.Errorf("got %+v", c)
		}
	}
	_, err := w.DeleteProject(t.Context(), w.admin, w.project.ID)
	noError(t, err)
	if c := w.change(own, accepted()); c != nil {
		t.Errorf("a deleted project tells %+v", c)
	}
}
