package job

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares bytes with a file: receivers have seen exactly these.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("%s (-want +got):\n%s", name, cmp.Diff(string(want), string(got)))
	}
}

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
			golden(t, name, got)
		})
	}
}
