package run_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
)

// runWays is the state machine of runs, once more.
var runWays = map[run.Status][]run.Status{
	run.Created:   {run.Scheduled, run.Stopped},
	run.Scheduled: {run.Queued, run.Created, run.Stopped, run.Invalid},
	run.Queued:    {run.Running, run.Stopped},
	run.Running: {
		run.Succeeded, run.PartialSucceeded, run.Failed, run.Blocked, run.Stopped,
	},
}

func TestRunGoesTheWaysThatAreDrawnAndNoOthers(t *testing.T) {
	t.Parallel()
	for _, from := range run.Statuses {
		for _, to := range run.Statuses {
			t.Run(fmt.Sprintf("%s to %s", from, to), func(t *testing.T) {
				t.Parallel()
				drawn, ends := slices.Contains(runWays[from], to), runWays[to] == nil
				before := modelstest.Start.Add(-time.Hour)
				r := &run.Run{Status: from}
				if from.Ended() {
					r.FinishedAt = &before
				}
				err := r.Become(to, modelstest.Start)
				if !drawn {
					modelstest.WantError(t, err, models.CodeConflict, "runId")
					if r.Status != from || r.FinishedAt != nil && !r.FinishedAt.Equal(before) {
						t.Errorf("the refused way changed the run: %+v", r)
					}
					return
				}
				modelstest.NoError(t, err)
				if r.Status != to || ends != (r.FinishedAt != nil) || ends && !r.FinishedAt.Equal(modelstest.Start) {
					t.Errorf("got %+v", r)
				}
			})
		}
	}
}

func TestRunHasEndedWhereNoWayLeadsOn(t *testing.T) {
	t.Parallel()
	for _, status := range run.Statuses {
		if got, want := status.Ended(), runWays[status] == nil; got != want {
			t.Errorf("%s: got %t", status, got)
		}
	}
}
