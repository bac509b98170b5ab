package job

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

var (
	states = []State{
		Scheduled, InProgress, Failed, Suspended, Canceled, Expired, Completed,
	}
	actions = []Action{Resolved, Edited, Accepted, Declined}
)

// outcome is what a change of a job comes to, by the words of the issue.
func outcome(from State, action Action, to *State) (models.Code, string) {
	isResolution := to != nil && *to != Scheduled && *to != InProgress
	switch {
	case action == Resolved && !isResolution:
		return models.CodeBadUserInput, "state"
	case action == Resolved && (from == Scheduled || from == InProgress):
		return "", ""
	case action == Resolved && from == Suspended && *to != Suspended:
		return "", ""
	case action == Resolved:
		return models.CodeConflict, "state"
	case from != Completed:
		return models.CodeConflict, "action"
	case to != nil && *to != from:
		return models.CodeConflict, "state"
	}
	return "", ""
}

func TestJobGoesTheWaysThatThereAreAndNoOthers(t *testing.T) {
	t.Parallel()
	targets := []*State{nil}
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
					before := &Job{State: from, Output: json.RawMessage(`1`), ChangeCount: 3}
					j := *before
					in := Change{State: to, Action: action, Output: json.RawMessage(`2`)}
					err := in.check()
					if err == nil {
						err = j.change(in, start)
					}
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
func wantChanged(t *testing.T, before, after *Job, in Change) {
	t.Helper()
	want := *before
	want.LastAction, want.UpdatedAt, want.ChangeCount, want.Output = &in.Action, start, before.ChangeCount+1, in.Output
	switch in.Action {
	case Resolved:
		want.State = *in.State
		if want.State != Suspended {
			want.CompletedAt = &start
		}
	case Accepted, Declined:
		want.Correct = new(in.Action == Accepted)
	case Edited:
	}
	if diff := cmp.Diff(&want, after); diff != "" {
		t.Error(diff)
	}
}
