// Package storetest opens fresh databases for tests: SQLite files, or databases on the Postgres that TEST_DATABASE_URL
// names.
package storetest

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/ringback/ringback/models/store"
)

// EnvDatabaseURL names a Postgres on which every test has a database to itself. Empty: SQLite.
const EnvDatabaseURL = "TEST_DATABASE_URL"

// maxConns is small: dozens of tests run at the same time on one Postgres.
const maxConns = 4

// Key is the encryption key of test databases.
var Key = bytes.Repeat([]byte{7}, store.KeyBytes)

// Open returns an empty, migrated database that is the test's own until it ends.
func Open(tb testing.TB, opts ...store.Option) *store.Store {
	tb.Helper()
	s, _ := OpenWithURL(tb, opts...)
	return s
}

// OpenWithURL is Open, for those who want to reach the database in another way as well.
func OpenWithURL(tb testing.TB, opts ...store.Option) (s *store.Store, databaseURL string) {
	tb.Helper()
	if OnPostgres() {
		databaseURL = MigratedURL(tb)
		return OpenURL(tb, databaseURL, opts...), databaseURL
	}
	databaseURL = URL(tb)
	if err := copyMigrated(databaseURL); err != nil {
		tb.Fatal(err)
	}
	return OpenURL(tb, databaseURL, opts...), databaseURL
}

// OpenNew is Open with a database that no test has been in: what they leave of statistics says which indexes Postgres
// goes through.
func OpenNew(tb testing.TB, opts ...store.Option) *store.Store {
	tb.Helper()
	if !OnPostgres() {
		return Open(tb, opts...)
	}
	url := URL(tb)
	s := OpenURL(tb, url, opts...)
	if _, err := s.Migrate(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	// Nor does Postgres gather any by itself in the middle of a test.
	if err := execute(url, "ALTER TABLE callbacks SET (autovacuum_enabled = false)"); err != nil {
		tb.Fatal(err)
	}
	return s
}

// MigratedURL returns the URL of an empty, migrated database on Postgres.
func MigratedURL(tb testing.TB) string {
	tb.Helper()
	return throughPooler(left.take(tb))
}

// OpenURL opens a database of URL once more, as another process would.
func OpenURL(tb testing.TB, databaseURL string, opts ...store.Option) *store.Store {
	tb.Helper()
	return OpenWithKey(tb, databaseURL, Key, opts...)
}

// OpenWithKey is OpenURL for a process with another encryption key.
func OpenWithKey(tb testing.TB, databaseURL string, key []byte, opts ...store.Option) *store.Store {
	tb.Helper()
	sealer, err := store.NewSealer(key)
	if err != nil {
		tb.Fatal(err)
	}
	opts = append([]store.Option{store.WithMaxConns(maxConns), store.WithPooler(ModeOfPooler())}, opts...)
	s, err := store.Open(databaseURL, sealer, opts...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.Close() })
	return s
}

// migrate migrates a database. The context is not that of the first test that needs it, which may end while others
// wait.
func migrate(databaseURL string) error {
	sealer, err := store.NewSealer(Key)
	if err != nil {
		return err
	}
	s, err := store.Open(databaseURL, sealer)
	if err != nil {
		return err
	}
	_, err = s.Migrate(context.Background())
	return errors.Join(err, s.Close())
}

// OnPostgres tells whether tests run on Postgres.
func OnPostgres() bool { return os.Getenv(EnvDatabaseURL) != "" }

// URL returns the URL of an empty database that is not migrated.
func URL(tb testing.TB) string {
	tb.Helper()
	if !OnPostgres() {
		return filepath.Join(tb.TempDir(), "ringback.db")
	}
	databaseURL, err := newDatabase("")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := dropDatabase(databaseURL); err != nil {
			tb.Error(err)
		}
	})
	return throughPooler(databaseURL)
}
