package store_test

import (
	"context"
	"errors"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
)

// releaseBefore is the last migration of the release before.
const releaseBefore = 5

// newReleaseBefore is a database as the release before has it.
func newReleaseBefore(t *testing.T, opts ...store.Option) (s *store.Store, databaseURL string) {
	t.Helper()
	databaseURL = storetest.URL(t)
	s = storetest.OpenURL(t, databaseURL, opts...)
	modelstest.NoError(t, s.MigrateTo(t.Context(), releaseBefore))
	return s, databaseURL
}

// migrating runs Migrate and hands its error out.
func migrating(ctx context.Context, s *store.Store) <-chan error {
	ended := make(chan error, 1)
	go func() {
		_, err := s.Migrate(ctx)
		ended <- err
	}()
	return ended
}

// A reader keeps the migration from its lock, and whoever comes after the migration waits behind it, for as long as it
// tries.
func TestMigrationDoesNotQueueOthersBehindAReader(t *testing.T) {
	t.Parallel()
	if !storetest.OnPostgres() {
		t.Skip("SQLite has one writer, and no other release works beside it")
	}
	s, _ := newReleaseBefore(t)
	reader := s.DB().Begin()
	modelstest.NoError(t, reader.Exec("SELECT 1 FROM callbacks").Error)
	ended := migrating(t.Context(), s)
	const noticed, bearable = 50 * time.Millisecond, time.Second
	for waits := 0; waits < 2; { // each time the migration tries
		began := time.Now()
		modelstest.NoError(t, s.DB().Exec("UPDATE callbacks SET held = held WHERE false").Error)
		took := time.Since(began)
		if took > bearable {
			t.Errorf("a writer waits for %s", took)
		}
		if took > noticed {
			waits++
		}
		select {
		case err := <-ended:
			t.Fatalf("it has ended beside the reader: %v", err)
		default:
		}
	}
	modelstest.NoError(t, reader.Commit().Error)
	modelstest.NoError(t, <-ended)
	modelstest.NoError(t, s.CheckMigrated(t.Context()))
}

func TestMigrationTellsAtOnceOfWhatDoesNotPass(t *testing.T) {
	t.Parallel()
	if !storetest.OnPostgres() {
		t.Skip("on SQLite it locks a file")
	}
	s := storetest.OpenURL(t, storetest.URL(t))
	modelstest.NoError(t, s.DB().Exec("CREATE TABLE goose_lock (of_another text)").Error)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // for a failure only
	defer cancel()
	_, err := s.Migrate(ctx)
	if known := (*pgconn.PgError)(nil); !errors.As(err, &known) || known.Code != "42703" {
		t.Errorf("got %v, want that there is no such column", err)
	}
}

// settingsOfMigrations are what the server says of statement_timeout and lock_timeout, in a transaction of a migration
// and outside.
func settingsOfMigrations(t *testing.T, s *store.Store) (in, out [2]string) {
	t.Helper()
	pool, closePool, err := s.MigrationPool()
	modelstest.NoError(t, err)
	defer func() { modelstest.NoError(t, closePool()) }()
	const shown = "SELECT current_setting('statement_timeout'), current_setting('lock_timeout')"
	tx, err := pool.BeginTx(t.Context(), nil)
	modelstest.NoError(t, err)
	modelstest.NoError(t, tx.QueryRowContext(t.Context(), shown).Scan(&in[0], &in[1]))
	modelstest.NoError(t, tx.Commit())
	modelstest.NoError(t, pool.QueryRowContext(t.Context(), shown).Scan(&out[0], &out[1]))
	return in, out
}

func TestMigrationsHaveAConnectionWithSettingsOfTheirOwn(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, mode store.Pooler, databaseURL string) {
		if in, _ := settingsOfMigrations(
			t, storetest.OpenURL(t, databaseURL, store.WithPooler(mode)),
		); in != [2]string{"0", "200ms"} {
			t.Errorf("in a transaction: got %v", in)
		}
	})
	databaseURL := storetest.Direct(storetest.MigratedURL(t)) + "&statement_timeout=1000&lock_timeout=10"
	in, out := settingsOfMigrations(t, storetest.OpenURL(t, databaseURL, store.WithPooler(store.PoolerSession)))
	if in != [2]string{"0", "200ms"} || out != [2]string{"0", "0"} {
		t.Errorf("got %v in a transaction, and %v outside", in, out)
	}
}

// An index whose building was broken off is there, and is not used.
func TestIndexThatWasBrokenOffIsBuiltAnew(t *testing.T) {
	t.Parallel()
	if !storetest.OnPostgres() {
		t.Skip("SQLite builds an index in a transaction")
	}
	s, _ := newReleaseBefore(t)
	modelstest.NoError(t, s.MigrateTo(t.Context(), 13))
	modelstest.NoError(t, s.DB().Exec("CREATE INDEX callbacks_lanes ON callbacks (id)").Error)
	modelstest.NoError(t, s.DB().Exec("UPDATE pg_index SET indisvalid = false WHERE indexrelid = "+
		"'callbacks_lanes'::regclass").Error)
	modelstest.NoError(t, <-migrating(t.Context(), s))
	fresh := storetest.Open(t)
	if diff := cmp.Diff(indexes(t, fresh), indexes(t, s)); diff != "" {
		t.Error(diff)
	}
}

// indexes are the definitions of those that are valid.
func indexes(t *testing.T, s *store.Store) (list []string) {
	t.Helper()
	modelstest.NoError(t, s.DB().Raw(`SELECT pg_get_indexdef(indexrelid) AS definition FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
	WHERE indisvalid AND relnamespace = current_schema()::regnamespace ORDER BY definition`).Scan(&list).Error)
	return list
}

var (
	// A loop that commits after each part holds no lock for longer than one of these takes.
	comment = regexp.MustCompile(
		`(?s)-- \+goose StatementBegin\s+(?:CREATE (?:OR REPLACE )?FUNCTION|DO [^-]*LOOP[^-]*COMMIT;[^-]*END LOOP;).*?-- \+goose StatementEnd|--[^\n]*`,
	)
	strong = regexp.MustCompile(`^(ALTER TABLE (\w+)\s+(ADD|DROP) COLUMN|CREATE TABLE|DROP TABLE)`)
	// A column that has a constraint, or a default that is no constant, has the table read or written.
	reading = regexp.MustCompile(`CHECK|UNIQUE|ALTER COLUMN|TYPE|SET NOT NULL|\(\)`)
	weak    = regexp.MustCompile(`^(CREATE (UNIQUE )?INDEX CONCURRENTLY \w|DROP INDEX CONCURRENTLY IF EXISTS \w)`)
)

// What is in a transaction keeps its lock until the end of that, and what reads a table takes long.
func TestMigrationsReadNoTableUnderALockThatOthersWaitFor(t *testing.T) {
	t.Parallel()
	files, err := fs.Glob(store.Embedded, "migrations/postgres/*.sql")
	modelstest.NoError(t, err)
	for _, name := range files[slices.IndexFunc(files, func(name string) bool { return strings.Contains(name, "/00006_") }):] {
		text, err := fs.ReadFile(store.Embedded, name)
		modelstest.NoError(t, err)
		up, _, _ := strings.Cut(string(text), "-- +goose Down")
		alone := strings.Contains(up, "-- +goose NO TRANSACTION")
		for statement := range strings.SplitSeq(comment.ReplaceAllString(up, ""), ";") {
			statement = strings.TrimSpace(statement)
			switch {
			case statement == "", alone && weak.MatchString(statement), strings.HasPrefix(statement, "CREATE TABLE"),
				strings.HasPrefix(statement, "CREATE TRIGGER"): // it reads nothing of its table
			case alone || !strong.MatchString(statement) || reading.MatchString(statement):
				t.Errorf("%s: %s", name, statement)
			}
		}
	}
}
