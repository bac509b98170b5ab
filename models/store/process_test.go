package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store/storetest"
)

func TestProcessesAreSeenUntilTheySignOutOrSayNothingMore(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	seen := func(within time.Duration) map[uuid.UUID]models.Process {
		t.Helper()
		all, err := s.ProcessesSeen(t.Context(), within)
		modelstest.NoError(t, err)
		found := map[uuid.UUID]models.Process{}
		for _, p := range all {
			if since := time.Since(p.SeenAt).Abs(); since > time.Minute {
				t.Errorf("seen %s ago, by the database's clock", since)
			}
			found[p.UID] = models.Process{UID: p.UID, Role: p.Role, QueueID: p.QueueID, Version: p.Version}
		}
		return found
	}
	api := models.Process{UID: uuid.New(), Role: "api", Version: "1"}
	worker := models.Process{UID: uuid.New(), Role: "worker", QueueID: "q", Version: "2"}
	killed := models.Process{UID: uuid.New(), Role: "worker", QueueID: "q", Version: "1"}
	for _, p := range []*models.Process{&api, &worker, &killed} {
		modelstest.NoError(t, s.SignIn(t.Context(), p, time.Hour))
	}
	api.QueueID = "other" // Redis has been reached meanwhile
	modelstest.NoError(t, s.SignIn(t.Context(), &api, time.Hour))
	want := map[uuid.UUID]models.Process{api.UID: api, worker.UID: worker, killed.UID: killed}
	if diff := cmp.Diff(want, seen(time.Minute)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	ago := func(d time.Duration) {
		t.Helper()
		modelstest.NoError(
			t, s.DB().Exec("UPDATE processes SET seen_at = seen_at - ? WHERE uid = ?", d.Microseconds(), killed.UID).Error,
		)
	}
	ago(31 * time.Second)
	delete(want, killed.UID)
	if diff := cmp.Diff(want, seen(30*time.Second)); diff != "" {
		t.Errorf("after half a minute (-want +got):\n%s", diff)
	}
	if n := len(seen(time.Minute)); n != 3 {
		t.Errorf("%d processes were seen within a minute", n)
	}
	ago(time.Hour)
	modelstest.NoError(t, s.SignIn(t.Context(), &worker, time.Hour))
	modelstest.NoError(t, s.SignOut(t.Context(), api.UID))
	if diff := cmp.Diff(map[uuid.UUID]models.Process{worker.UID: worker}, seen(24*time.Hour)); diff != "" {
		t.Errorf("in the end (-want +got):\n%s", diff)
	}
}

func TestClockIsTheDatabases(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	p := &models.Process{UID: uuid.New(), Role: "all", Version: "1"}
	before, err := s.Clock(t.Context())
	modelstest.NoError(t, err)
	modelstest.NoError(t, s.SignIn(t.Context(), p, time.Hour))
	after, err := s.Clock(t.Context())
	modelstest.NoError(t, err)
	seen, err := s.ProcessesSeen(t.Context(), time.Hour)
	modelstest.NoError(t, err)
	// SQLite writes milliseconds.
	if at := seen[0].SeenAt; at.Before(before.Truncate(time.Millisecond)) || at.After(after) ||
		after.Sub(before) > time.Minute {
		t.Errorf("%s is not between %s and %s", at, before, after)
	}
}
