package job_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models/job"
	"github.com/ringback/ringback/models/modelstest"
)

func TestJobBodiesAreThePublishedOnes(t *testing.T) {
	t.Parallel()
	id := uuid.MustParse("01990000-0000-7000-8000-000000000005")
	tests := map[string]struct {
		state  job.State
		action job.Action
	}{
		"job_resolved.json":  {job.Completed, job.Resolved},
		"job_suspended.json": {job.Suspended, job.Resolved},
		"job_edited.json":    {job.Completed, job.Edited},
		"job_accepted.json":  {job.Completed, job.Accepted},
		"job_declined.json":  {job.Completed, job.Declined},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := job.UpdatedBody(&job.Job{ID: 4711, UUID: id, State: test.state, LastAction: &test.action})
			if err != nil {
				t.Fatal(err)
			}
			modelstest.Golden(t, name, got)
		})
	}
}
