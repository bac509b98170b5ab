package models_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
)

// runWays is the state machine of runs, once more.
var runWays = map[models.RunStatus][]models.RunStatus{
	models.RunCreated:   {models.RunScheduled, models.RunStopped},
	models.RunScheduled: {models.RunQueued, models.RunCreated, models.RunStopped, models.RunInvalid},
	models.RunQueued:    {models.RunRunning, models.RunStopped},
	models.RunRunning: {
		models.RunSucceeded, models.RunPartialSucceeded, models.RunFailed, models.RunBlocked, models.RunStopped,
	},
}

func TestRunGoesTheWaysThatAreDrawnAndNoOthers(t *testing.T) {
	t.Parallel()
	for _, from := range models.RunStatuses {
		for _, to := range models.RunStatuses {
			t.Run(fmt.Sprintf("%s to %s", from, to), func(t *testing.T) {
				t.Parallel()
				drawn, ends := slices.Contains(runWays[from], to), runWays[to] == nil
				before := modelstest.Start.Add(-time.Hour)
				run := &models.Run{Status: from}
				if from.Ended() {
					run.FinishedAt = &before
				}
				err := run.Become(to, modelstest.Start)
				if !drawn {
					modelstest.WantError(t, err, models.CodeConflict, "runId")
					if run.Status != from || run.FinishedAt != nil && !run.FinishedAt.Equal(before) {
						t.Errorf("the refused way changed the run: %+v", run)
					}
					return
				}
				modelstest.NoError(t, err)
				if run.Status != to || ends != (run.FinishedAt != nil) || ends && !run.FinishedAt.Equal(modelstest.Start) {
					t.Errorf("got %+v", run)
				}
			})
		}
	}
}

func TestRunHasEndedWhereNoWayLeadsOn(t *testing.T) {
	t.Parallel()
	for _, status := range models.RunStatuses {
		if got, want := status.Ended(), runWays[status] == nil; got != want {
			t.Errorf("%s: got %t", status, got)
		}
	}
}
