package store_test

import (
	"os"
	"testing"
	"time"

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
	noError(t, s.DB().Raw("PRAGMA synchronous").Scan(&synchronous).Error)
	if synchronous != 2 {
		t.Errorf("synchronous is %d", synchronous)
	}
}

// The file stays for ever, and its lock ends with the process that had it.
func TestMigrationThatWasKilledHoldsNobodyUpOnTheEmbeddedDefault(t *testing.T) {
	t.Parallel()
	if storetest.OnPostgres() {
		t.Skip("Postgres has a row with a lease")
	}
	path := storetest.URL(t)
	noError(t, os.WriteFile(path+".migrate", nil, 0o600))
	began := time.Now()
	_, err := storetest.OpenURL(t, path).Migrate(t.Context())
	noError(t, err)
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
}
