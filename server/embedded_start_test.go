package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gofrs/flock"
)

// A long history takes minutes to migrate, and a start that gave up would undo them each time.
func TestEmbeddedStartWaitsForItsMigrationLongerThanItConnects(t *testing.T) {
	t.Parallel()
	long(t)
	env := newEnv(t)
	delete(env, "DATABASE_URL")
	delete(env, "REDIS_URL")
	another := flock.New(
		filepath.Join(env["RINGBACK_DATA_DIR"], databaseFile+".migrate"), flock.SetFlag(os.O_CREATE|os.O_RDWR),
	)
	if locked, err := another.TryLock(); err != nil || !locked {
		t.Fatal(locked, err)
	}
	const until = openTimeout + time.Second
	began := time.Now()
	time.AfterFunc(until, func() {
		if err := another.Close(); err != nil {
			t.Error(err)
		}
	})
	start(t, options{}, env)
	if took := time.Since(began); took < until {
		t.Errorf("it has waited for %s", took)
	}
}
