package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
)

// told keeps what Migrate tells of its progress.
func told() (opts []store.Option, steps <-chan store.MigrationProgress) {
	all := make(chan store.MigrationProgress)
	return []store.Option{
		store.WithProgressInterval(10 * time.Millisecond),
		store.WithMigrationProgress(func(ctx context.Context, p store.MigrationProgress) {
			select {
			case all <- p:
			case <-ctx.Done():
			}
		}),
	}, all
}

// hold keeps a step of the migration from its end.
func hold(t *testing.T, databaseURL string) (release func()) {
	t.Helper()
	s := storetest.OpenURL(t, databaseURL)
	tx := s.DB().Begin()
	modelstest.NoError(t, tx.Error)
	if storetest.OnPostgres() {
		modelstest.NoError(t, tx.Exec("SELECT 1 FROM callbacks").Error)
	}
	return func() { modelstest.NoError(t, tx.Rollback().Error) }
}

func TestMigrationTellsHowFarItIs(t *testing.T) {
	t.Parallel()
	opts, steps := told()
	s, databaseURL := newReleaseBefore(t, opts...)
	all, err := s.Migrations(t.Context())
	modelstest.NoError(t, err)
	pending := 0
	for _, m := range all {
		if !m.Applied {
			pending++
		}
	}
	release := hold(t, databaseURL)
	ended := migrating(t.Context(), s)
	first, again := <-steps, <-steps
	for storetest.OnPostgres() && again.Oldest == "" { // until it is older than a second
		again = <-steps
	}
	if first.Number != 1 || first.Of != pending || !strings.HasPrefix(first.Name, "00006_") || first.Took <= 0 ||
		again.Took <= first.Took {
		t.Errorf("of %d it told %+v, and then %+v", pending, first, again)
	}
	if storetest.OnPostgres() && !strings.Contains(again.Oldest, "(ringback), for 1 s") {
		t.Errorf("it waits for %s", again.Oldest)
	}
	release()
	for done := false; !done; {
		select {
		case <-steps:
		case err := <-ended:
			modelstest.NoError(t, err)
			done = true
		}
	}
	modelstest.NoError(t, s.CheckMigrated(t.Context()))
}

func TestMigrationThatWasBrokenOffGoesOn(t *testing.T) {
	t.Parallel()
	opts, steps := told()
	s, databaseURL := newReleaseBefore(t, opts...)
	release := hold(t, databaseURL)
	ctx, cancel := context.WithCancel(t.Context())
	ended := migrating(ctx, s)
	<-steps
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	release()
	again := storetest.OpenURL(t, databaseURL)
	modelstest.NoError(t, <-migrating(t.Context(), again))
	modelstest.NoError(t, again.CheckMigrated(t.Context()))
}
