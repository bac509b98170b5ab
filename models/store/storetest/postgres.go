package storetest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// Main is the tests of a package. While they run, a test on Postgres gets a schema that another has left: to empty one takes a tenth
// of the time that it takes to make one and to drop it, and does not fill Postgres's own tables with what is gone.
type Main struct{ *testing.M }

// Run runs the tests, and drops what they have left to each other.
func (m Main) Run() int {
	drop := left.keep()
	defer drop()
	return m.M.Run()
}

// left is what the tests of this process have left.
var left leftovers

// leftovers are schemas, by the URLs of databases that have nothing else. They are migrated, and empty again.
type leftovers struct {
	mu       sync.Mutex
	kept     bool
	urls     []string
	emptying string // the statement, once it is known
}

// keep lets schemas be left from now on, until all are dropped.
func (l *leftovers) keep() (drop func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept = true
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.kept = false
		for _, databaseURL := range l.urls {
			if err := dropSchema(databaseURL); err != nil {
				fmt.Fprintln(os.Stderr, "drop a schema of tests:", err)
			}
		}
		l.urls = nil
	}
}

// take gives a schema to a test until that ends: one that was left, or else a new one, which is not migrated.
func (l *leftovers) take(tb testing.TB) (databaseURL string, migrated bool) {
	tb.Helper()
	if databaseURL, migrated = l.pop(); !migrated {
		databaseURL = newSchema(tb)
	}
	tb.Cleanup(func() {
		// Nobody knows what a test that failed has left running.
		if !tb.Failed() && l.push(databaseURL) {
			return
		}
		if err := dropSchema(databaseURL); err != nil {
			tb.Error(err)
		}
	})
	return databaseURL, migrated
}

func (l *leftovers) pop() (databaseURL string, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	last := len(l.urls) - 1
	if last < 0 {
		return "", false
	}
	databaseURL, l.urls = l.urls[last], l.urls[:last]
	return databaseURL, true
}

// push empties a schema and keeps it, if that can be.
func (l *leftovers) push(databaseURL string) bool {
	statement, err := l.empty(databaseURL)
	if err != nil || statement == "" || execute(databaseURL, statement) != nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.kept {
		l.urls = append(l.urls, databaseURL)
	}
	return l.kept
}

// empty returns the statement that makes any of the schemas as it was when it was migrated; none when they are not kept.
func (l *leftovers) empty(databaseURL string) (statement string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.kept {
		return "", nil
	}
	if l.emptying == "" {
		l.emptying, err = emptying(databaseURL)
	}
	return l.emptying, err
}

const ownNames = `SELECT string_agg(relname, ' ') FILTER (WHERE relkind = 'r'), string_agg(relname, ' ') FILTER (WHERE relkind = 'S')
	FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relname NOT LIKE 'goose%'`

// inOrder are the tables from which workers claim what is due, and those that point at them. Their new rows must lie in the order in
// which they are made, as in a new schema: of two that are due at the same moment, which the fake clocks of tests make, the index has
// the one first that lies first. On pages where others have been they lie anywhere.
const inOrder = "callbacks, callback_attempts, run_batches, batch_attempts"

// emptying names all tables and sequences: to look them up each time would take longer than what it does. It waits for what is still
// under way there. All rows go in one statement, since only at its end none may point at one that is gone. TRUNCATE would make new
// files for each table and index, and that is what makes a new schema slow.
func emptying(databaseURL string) (statement string, err error) {
	var tables, sequences string
	err = connected(databaseURL, func(ctx context.Context, db *sql.DB) error {
		return db.QueryRowContext(ctx, ownNames).Scan(&tables, &sequences)
	})
	if err != nil {
		return "", err
	}
	names := strings.Fields(tables)
	var gone, restarted []string
	for _, table := range names {
		gone = append(gone, "gone_"+table+" AS (DELETE FROM "+table+")")
	}
	for _, sequence := range strings.Fields(sequences) {
		restarted = append(restarted, "setval('"+sequence+"', 1, false)")
	}
	return "DO $$ BEGIN SET LOCAL lock_timeout = '10s'; LOCK TABLE " + strings.Join(names, ", ") + ";" +
		" TRUNCATE " + inOrder + ";" +
		" EXECUTE 'WITH " + strings.Join(gone, ", ") + " SELECT 1';" +
		" PERFORM " + strings.Join(restarted, ", ") + "; END $$", nil
}

// schemaName has the second in which a schema was made, to tell those that were left behind.
const schemaName = "test_%d_%s"

// leftBehind is longer, by far, than tests may take.
const leftBehind = time.Hour

// newSchema makes an empty schema, and returns the URL of a database that has nothing else.
func newSchema(tb testing.TB) string {
	tb.Helper()
	base := os.Getenv(EnvDatabaseURL)
	if err := dropLeftBehindOnce(); err != nil {
		tb.Fatal("drop what tests that were killed have left: ", err)
	}
	schema := fmt.Sprintf(schemaName, time.Now().Unix(), strings.ToLower(rand.Text()))
	if err := execute(base, "CREATE SCHEMA "+schema); err != nil {
		tb.Fatal(err)
	}
	return withParameter(tb, base, "search_path", schema)
}

func dropSchema(databaseURL string) error {
	return execute(databaseURL, "DO $$ BEGIN EXECUTE format('DROP SCHEMA %I CASCADE', current_schema()); END $$")
}

var dropLeftBehindOnce = sync.OnceValue(dropLeftBehind)

// dropLeftBehind drops the schemas of processes that were killed. The lock is for processes that begin together.
func dropLeftBehind() error {
	return connected(os.Getenv(EnvDatabaseURL), func(ctx context.Context, db *sql.DB) error {
		if _, err := db.ExecContext(ctx, "SELECT pg_advisory_lock(hashtextextended('drop schemas of tests', 0))"); err != nil {
			return err
		}
		var names string
		if err := db.QueryRowContext(ctx, "SELECT string_agg(nspname, ' ') FROM pg_namespace").Scan(&names); err != nil {
			return err
		}
		for _, name := range strings.Fields(names) {
			var made int64
			var random string
			if n, _ := fmt.Sscanf(name, schemaName, &made, &random); n < 2 || time.Since(time.Unix(made, 0)) < leftBehind {
				continue
			}
			if _, err := db.ExecContext(ctx, "DROP SCHEMA "+name+" CASCADE"); err != nil {
				return err
			}
		}
		return nil
	})
}

func withParameter(tb testing.TB, databaseURL, name, value string) string {
	tb.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		tb.Fatal("parse ", EnvDatabaseURL)
	}
	query := u.Query()
	query.Set(name, value)
	u.RawQuery = query.Encode()
	return u.String()
}

func execute(databaseURL, statement string) error {
	return connected(databaseURL, func(ctx context.Context, db *sql.DB) error {
		_, err := db.ExecContext(ctx, statement)
		return err
	})
}

// connected connects to a database for one thing. The context is not a test's: that has ended when it is cleaned up.
func connected(databaseURL string, do func(context.Context, *sql.DB) error) error {
	db, err := sql.Open("pgx", databaseURL)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1) // locks are a connection's
	return do(context.Background(), db)
}
