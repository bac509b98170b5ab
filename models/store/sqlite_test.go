package store_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
)

// 2 is FULL: a commit is on the disk when it has been answered, also in the write-ahead log.
func TestCommitsOfTheEmbeddedDatabaseAreSyncedToDisk(t *testing.T) {
	t.Parallel()
	if storetest.OnPostgres() {
		t.Skip("Postgres has its own settings for that")
	}
	s := storetest.Open(t)
	var synchronous int
	modelstest.NoError(t, s.DB().Raw("PRAGMA synchronous").Scan(&synchronous).Error)
	if synchronous != 2 {
		t.Errorf("synchronous is %d", synchronous)
	}
}

func TestOpeningOfTheEmbeddedDatabaseWaitsForAnotherAndNotForEver(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ringback.db")
	unlock, err := store.LockOpening(path, time.Hour)
	modelstest.NoError(t, err)
	if _, err := store.LockOpening(path, 20*time.Millisecond); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a second one ends with %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it locks the database's own file, which is SQLite's to lock: %v", err)
	}
	modelstest.NoError(t, unlock())
	again, err := store.LockOpening(path, time.Hour)
	modelstest.NoError(t, err)
	modelstest.NoError(t, again())
}

// The file stays for ever, and its lock ends with the process that had it.
func TestMigrationThatWasKilledHoldsNobodyUpOnTheEmbeddedDefault(t *testing.T) {
	t.Parallel()
	if storetest.OnPostgres() {
		t.Skip("Postgres has a row with a lease")
	}
	path := storetest.URL(t)
	modelstest.NoError(t, os.WriteFile(path+".migrate", nil, 0o600))
	began := time.Now()
	_, err := storetest.OpenURL(t, path).Migrate(t.Context())
	modelstest.NoError(t, err)
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestStatementIsParsedOnceForAllTransactionsAndValues(t *testing.T) {
	t.Parallel()
	if storetest.OnPostgres() {
		t.Skip("pgx keeps its own")
	}
	s := storetest.Open(t)
	n := newCustomer(t, s, "a")
	newCallbacks(t, s, n, shared, 20)
	before, err := s.Kept(t.Context())
	modelstest.NoError(t, err)
	for limit := range 5 {
		modelstest.NoError(t, s.Transaction(t.Context(), func(tx *store.Store) error {
			claimed, err := tx.ClaimDue(t.Context(), of(to(shared), limit+1), start.Add(time.Second), start.Add(time.Minute))
			if len(claimed) != limit+1 {
				t.Errorf("claimed %d of %d", len(claimed), limit+1)
			}
			return err
		}))
	}
	after, err := s.Kept(t.Context())
	modelstest.NoError(t, err)
	for text, parsed := range after {
		if parsed > 0 && strings.HasPrefix(text, "UPDATE callbacks") {
			t.Errorf("parsed %d times more: %s", parsed, text)
		}
	}
	if more := len(after) - len(before); more != 1 {
		t.Errorf("%d statements more", more)
	}
}

func TestPragmaIsNotKept(t *testing.T) {
	t.Parallel()
	if storetest.OnPostgres() {
		t.Skip("of SQLite")
	}
	s := storetest.Open(t)
	var on []int
	modelstest.NoError(t, s.DB().Raw("PRAGMA foreign_keys").Scan(&on).Error)
	kept, err := s.Kept(t.Context())
	modelstest.NoError(t, err)
	for text := range kept {
		if strings.HasPrefix(text, "PRAGMA") {
			t.Errorf("kept: %s", text)
		}
	}
}
