package job_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/job"
	"github.com/ringback/ringback/models/modelstest"
)

var (
	states = []job.State{
		job.Scheduled, job.InProgress, job.Failed, job.Suspended, job.Canceled, job.Expired, job.Completed,
	}
	actions = []job.Action{job.Resolved, job.Edited, job.Accepted, job.Declined}
)

// outcome is what a change of a job comes to, by the words of the issue.
func outcome(from job.State, action job.Action, to *job.State) (models.Code, string) {
	isResolution := to != nil && *to != job.Scheduled && *to != job.InProgress
	switch {
	case action == job.Resolved && !isResolution:
		return models.CodeBadUserInput, "state"
	case action == job.Resolved && (from == job.Scheduled || from == job.InProgress):
		return "", ""
	case action == job.Resolved && from == job.Suspended && *to != job.Suspended:
		return "", ""
	case action == job.Resolved:
		return models.CodeConflict, "state"
	case from != job.Completed:
		return models.CodeConflict, "action"
	case to != nil && *to != from:
		return models.CodeConflict, "state"
	}
	return "", ""
}

func TestJobGoesTheWaysThatThereAreAndNoOthers(t *testing.T) {
	t.Parallel()
	targets := []*job.State{nil}
	for _, state := range states {
		targets = append(targets, &state)
	}
	for _, from := range states {
		for _, action := range actions {
			for _, to := range targets {
				name := fmt.Sprintf("%s %s", from, action)
				if to != nil {
					name += " " + string(*to)
				}
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					before := &job.Job{State: from, Output: json.RawMessage(`1`), ChangeCount: 3}
					j := *before
					in := job.Change{State: to, Action: action, Output: json.RawMessage(`2`)}
					err := j.ChangeBy(in, modelstest.Start)
					if code, field := outcome(from, action, to); code != "" {
						var e *models.Error
						if !errors.As(err, &e) || e.Code != code || e.Field != field {
							t.Errorf("got %v, want %s on %q", err, code, field)
						}
						if diff := cmp.Diff(before, &j); diff != "" {
							t.Errorf("the refused change changed the job: %s", diff)
						}
						return
					}
					if err != nil {
						t.Fatal(err)
					}
					wantChanged(t, before, &j, in)
				})
			}
		}
	}
}

// wantChanged checks what a change has done to a job.
func wantChanged(t *testing.T, before, after *job.Job, in job.Change) {
	t.Helper()
	want := *before
	want.LastAction, want.UpdatedAt = &in.Action, modelstest.Start
	want.ChangeCount, want.Output = before.ChangeCount+1, in.Output
	switch in.Action {
	case job.Resolved:
		want.State = *in.State
		if want.State != job.Suspended {
			want.CompletedAt = &modelstest.Start
		}
	case job.Accepted, job.Declined:
		want.Correct = new(in.Action == job.Accepted)
	case job.Edited:
	}
	if diff := cmp.Diff(&want, after); diff != "" {
		t.Error(diff)
	}
}
