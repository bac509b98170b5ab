package storetest_test

import (
	"database/sql"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
	"github.com/ringback/ringback/models/tenant"
)

func TestMain(m *testing.M) { storetest.Main{M: m}.Run() }

// fill writes rows that point at each other, and returns the id of the last.
func fill(t *testing.T, s *store.Store) int64 {
	t.Helper()
	ctx, at := t.Context(), time.Unix(0, 0)
	account := &tenant.Account{Name: "A", Timezone: "UTC", CreatedAt: at, UpdatedAt: at}
	modelstest.NoError(t, s.CreateAccount(ctx, account))
	project := &tenant.Project{AccountID: account.ID, Name: "P", CreatedAt: at, UpdatedAt: at}
	modelstest.NoError(t, s.CreateProject(ctx, project))
	var original *int64
	for range 3 {
		uid := uuid.Must(uuid.NewV7())
		c := &callback.Callback{
			UID: uid, Ref: uid, Status: callback.StatusPending, Target: callback.TargetConfigured, AccountID: account.ID,
			ProjectID: project.ID,
			Body:      []byte("body"), DedupKey: uid.String(), NextAttemptAt: &at, CreatedAt: at, ReplayOfID: original,
		}
		modelstest.NoError(t, s.CreateCallbacks(ctx, c))
		original = &c.ID
	}
	return *original
}

func TestDatabaseOfATestIsAsNewWhateverAnotherHasLeft(t *testing.T) {
	t.Parallel()
	for range 3 {
		t.Run("a test", func(t *testing.T) {
			s, databaseURL := storetest.OpenWithURL(t)
			modelstest.NoError(t, s.CheckMigrated(t.Context()))
			if last := fill(t, s); last != 3 {
				t.Errorf("the third callback has the id %d", last)
			}
			found, err := storetest.OpenURL(t, databaseURL).Callbacks(
				t.Context(), models.PlatformActor().Scope(models.RoleViewer), 1, 2, 3,
			)
			if len(found) != 3 || err != nil {
				t.Errorf("through the URL there are %d callbacks, %v", len(found), err)
			}
		})
	}
}

// test is one that ends when it is told to.
type test struct {
	testing.TB
	failed   bool
	cleanups []func()
}

func (f *test) Cleanup(cleanup func()) { f.cleanups = append(f.cleanups, cleanup) }
func (f *test) Failed() bool           { return f.failed }

func (f *test) end() {
	for _, cleanup := range slices.Backward(f.cleanups) {
		cleanup()
	}
}

// take gives a database to a test, which must be migrated.
func take(t *testing.T, l *storetest.Leftovers) (taker *test, databaseURL string) {
	t.Helper()
	taker = &test{TB: t}
	databaseURL = l.Take(taker)
	modelstest.NoError(t, storetest.OpenURL(t, databaseURL).CheckMigrated(t.Context()))
	return taker, databaseURL
}

// exists tells whether a database is there.
func exists(t *testing.T, name string) (there bool) {
	t.Helper()
	db, err := sql.Open("pgx", os.Getenv(storetest.EnvDatabaseURL))
	modelstest.NoError(t, err)
	defer func() { _ = db.Close() }()
	modelstest.NoError(
		t, db.QueryRowContext(t.Context(), "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", name).Scan(&there),
	)
	return there
}

func onPostgres(t *testing.T) {
	t.Helper()
	if !storetest.OnPostgres() {
		t.Skip("a SQLite file is thrown away")
	}
}

func TestDatabaseIsGivenOnUntilTheLastTestHasEnded(t *testing.T) {
	t.Parallel()
	onPostgres(t)
	var l storetest.Leftovers
	drop := l.Keep()
	one, first := take(t, &l)
	other, second := take(t, &l)
	one.end()
	next, again := take(t, &l)
	if first == second || first != again {
		t.Errorf("the tests have %q, %q at the same time, and then %q", first, second, again)
	}
	next.end()
	drop()
	if exists(t, storetest.NameOf(first)) || !exists(t, storetest.NameOf(second)) {
		t.Error("it was not dropped, or the one that is still used was")
	}
	other.end()
	if exists(t, storetest.NameOf(second)) {
		t.Error("what was given back after the end is still there")
	}
}

func TestDatabaseOfATestThatFailedIsNotGivenOn(t *testing.T) {
	t.Parallel()
	onPostgres(t)
	var l storetest.Leftovers
	defer l.Keep()()
	failing, databaseURL := take(t, &l)
	failing.failed = true
	failing.end()
	if exists(t, storetest.NameOf(databaseURL)) {
		t.Error("it is still there")
	}
}

func TestDatabaseIsDroppedWhereNobodyWouldDropItInTheEnd(t *testing.T) {
	t.Parallel()
	onPostgres(t)
	var l storetest.Leftovers
	only, databaseURL := take(t, &l)
	only.end()
	if exists(t, storetest.NameOf(databaseURL)) {
		t.Error("it is still there")
	}
}

func TestDatabasesOfTestsThatWereKilledAreDropped(t *testing.T) {
	t.Parallel()
	onPostgres(t)
	base := os.Getenv(storetest.EnvDatabaseURL)
	for age, want := range map[time.Duration]bool{
		0: true, storetest.LeftBehind - time.Minute: true, storetest.LeftBehind + time.Minute: false,
	} {
		name := fmt.Sprintf(
			storetest.DatabaseName, time.Now().Add(-age).Unix(), strings.ReplaceAll(uuid.NewString(), "-", ""),
		)
		modelstest.NoError(t, storetest.Execute(base, "CREATE DATABASE "+name))
		modelstest.NoError(t, storetest.DropLeftBehind())
		if got := exists(t, name); got != want {
			t.Errorf("after %s it is there: %t", age, got)
		}
		modelstest.NoError(t, storetest.Execute(base, "DROP DATABASE IF EXISTS "+name))
	}
}

func TestPoolerThatDiesIsStartedAgain(t *testing.T) {
	t.Parallel()
	onPostgres(t)
	databaseURL := storetest.MigratedURL(t)
	p := storetest.StartPooler(t, store.PoolerSession, databaseURL)
	s := storetest.OpenURL(t, p.URL(databaseURL), store.WithPooler(store.PoolerSession))
	const kills = 2
	for range kills {
		p.Signal(t, os.Kill)
		modelstest.Eventually(t, "it is there again", func() bool { return s.Ping(t.Context()) == nil })
	}
	if deaths := p.Stop(); len(deaths) != kills || deaths[0] != "signal: killed" {
		t.Errorf("it tells of the deaths %q", deaths)
	}
}
