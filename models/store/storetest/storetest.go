// Package storetest opens fresh databases for tests: SQLite files, or schemas of the Postgres that TEST_DATABASE_URL names.
package storetest

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"github.com/ringback/ringback/models/store"
)

// EnvDatabaseURL names a Postgres on which every test gets a schema of its own. Empty: SQLite.
const EnvDatabaseURL = "TEST_DATABASE_URL"

// maxConns is small: dozens of tests run at the same time on one Postgres.
const maxConns = 4

// Key is the encryption key of test databases.
var Key = bytes.Repeat([]byte{7}, store.KeyBytes)

// Open returns an empty, migrated database that is gone when the test ends.
func Open(tb testing.TB, opts ...store.Option) *store.Store {
	tb.Helper()
	s := OpenURL(tb, unsynced(tb, URL(tb)), opts...)
	if _, err := s.Migrate(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return s
}

// unsynced lets Postgres commit without waiting for the disk: what a test has written nobody wants after a crash. A process that is
// started with URL keeps to the server's setting.
func unsynced(tb testing.TB, databaseURL string) string {
	tb.Helper()
	if !OnPostgres() {
		return databaseURL
	}
	u, err := url.Parse(databaseURL)
	if err != nil {
		tb.Fatal("parse ", EnvDatabaseURL)
	}
	query := u.Query()
	query.Set("synchronous_commit", "off")
	u.RawQuery = query.Encode()
	return u.String()
}

// OpenURL opens a database of URL once more, as another process would.
func OpenURL(tb testing.TB, databaseURL string, opts ...store.Option) *store.Store {
	tb.Helper()
	sealer, err := store.NewSealer(Key)
	if err != nil {
		tb.Fatal(err)
	}
	s, err := store.Open(databaseURL, sealer, append([]store.Option{store.WithMaxConns(maxConns)}, opts...)...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.Close() })
	return s
}

// OnPostgres tells whether tests run on Postgres.
func OnPostgres() bool { return os.Getenv(EnvDatabaseURL) != "" }

// URL returns the URL of an empty database that is not migrated.
func URL(tb testing.TB) string {
	tb.Helper()
	if !OnPostgres() {
		return filepath.Join(tb.TempDir(), "ringback.db")
	}
	base := os.Getenv(EnvDatabaseURL)
	schema := "test_" + strings.ToLower(rand.Text())
	execute(tb, base, "CREATE SCHEMA "+schema)
	tb.Cleanup(func() { execute(tb, base, "DROP SCHEMA "+schema+" CASCADE") })
	u, err := url.Parse(base)
	if err != nil {
		tb.Fatal("parse ", EnvDatabaseURL)
	}
	query := u.Query()
	query.Set("search_path", schema)
	u.RawQuery = query.Encode()
	return u.String()
}

func execute(tb testing.TB, databaseURL, statement string) {
	tb.Helper()
	db, err := sql.Open("pgx", databaseURL)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	// Not the test's context: that has ended when the clean-up runs.
	if _, err := db.ExecContext(context.Background(), statement); err != nil {
		tb.Fatal(err)
	}
}
