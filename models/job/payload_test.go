package job

import (
	"testing"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models/modelstest"
)

func TestJobBodiesAreThePublishedOnes(t *testing.T) {
	t.Parallel()
	id := uuid.MustParse("01990000-0000-7000-8000-000000000005")
	tests := map[string]struct {
		state  State
		action Action
	}{
		"job_resolved.json":  {Completed, Resolved},
		"job_suspended.json": {Suspended, Resolved},
		"job_edited.json":    {Completed, Edited},
		"job_accepted.json":  {Completed, Accepted},
		"job_declined.json":  {Completed, Declined},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := updatedBody(&Job{ID: 4711, UUID: id, State: test.state, LastAction: &test.action})
			if err != nil {
				t.Fatal(err)
			}
			modelstest.Golden(t, name, got)
		})
	}
}
