package store_test

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3/lock"
	"gorm.io/gorm"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
)

// modes are the ways in which a pooler shares out its connections, each with a pooler of its own before a database.
func modes(t *testing.T, test func(t *testing.T, mode store.Pooler, databaseURL string)) {
	t.Helper()
	if !storetest.OnPostgres() {
		t.Skip("SQLite has no pooler")
	}
	for _, mode := range []store.Pooler{store.PoolerSession, store.PoolerTransaction} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			databaseURL := storetest.MigratedURL(t)
			test(t, mode, storetest.StartPooler(t, mode, databaseURL).URL(databaseURL))
		})
	}
}

// shown are the settings that matter.
var shown = []string{
	"statement_timeout", "enable_seqscan", "enable_bitmapscan", "jit", "plan_cache_mode", "default_transaction_isolation",
}

// shows reads settings with a function that reads one.
func shows(t *testing.T, show func(name string) (string, error)) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, name := range shown {
		value, err := show(name)
		modelstest.NoError(t, err)
		found[name] = value
	}
	return found
}

var ours = map[string]string{
	"statement_timeout": "30s", "enable_seqscan": "off", "enable_bitmapscan": "off", "jit": "off",
	"plan_cache_mode":               "force_generic_plan",
	"default_transaction_isolation": "read committed",
}

// ofDB reads the settings of a connection, or of the transaction that it is in.
func ofDB(t *testing.T, db *gorm.DB) map[string]string {
	t.Helper()
	return shows(
		t, func(name string) (value string, err error) { return value, db.Raw("SHOW " + name).Scan(&value).Error },
	)
}

func TestSettingsHoldInTransactionsThroughAPoolerAndAreLeftToNobody(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, mode store.Pooler, databaseURL string) {
		direct, err := pgx.Connect(t.Context(), storetest.Direct(os.Getenv(storetest.EnvDatabaseURL)))
		modelstest.NoError(t, err)
		defer func() { _ = direct.Close(context.Background()) }()
		untouched := shows(t, func(name string) (value string, err error) {
			return value, direct.QueryRow(t.Context(), "SHOW "+name).Scan(&value)
		})
		s := storetest.OpenURL(t, databaseURL, store.WithPooler(mode))
		const conns = 4
		var all sync.WaitGroup
		all.Add(conns)
		modelstest.AtOnce(conns, func(int) { // each on a connection of its own
			modelstest.NoError(t, s.DB().Transaction(func(tx *gorm.DB) error {
				all.Done()
				all.Wait()
				if diff := cmp.Diff(ours, ofDB(t, tx)); diff != "" {
					t.Errorf("in a transaction (-want +got):\n%s", diff)
				}
				return nil
			}))
		})
		modelstest.NoError(t, s.Planned(t.Context(), func(s *store.Store) error {
			if diff := cmp.Diff(ours, ofDB(t, s.DB())); diff != "" {
				t.Errorf("for a list (-want +got):\n%s", diff)
			}
			return nil
		}))
		modelstest.NoError(t, s.Close())
		// Others, who come through the same pooler, are given the same connections.
		for range 2 * conns {
			other, err := pgx.Connect(t.Context(), databaseURL+"&default_query_exec_mode=simple_protocol")
			modelstest.NoError(t, err)
			defer func() { _ = other.Close(context.Background()) }()
			if diff := cmp.Diff(untouched, shows(t, func(name string) (value string, err error) {
				return value, other.QueryRow(t.Context(), "SHOW "+name).Scan(&value)
			})); diff != "" {
				t.Errorf("another (-untouched +got):\n%s", diff)
			}
		}
	})
}

func TestSettingsOfAConnectionOfOurOwnHoldForEveryStatement(t *testing.T) {
	t.Parallel()
	if !storetest.OnPostgres() {
		t.Skip("SQLite has none of them")
	}
	databaseURL := storetest.Direct(storetest.MigratedURL(t))
	if diff := cmp.Diff(ours, ofDB(t, storetest.OpenURL(t, databaseURL).DB())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	given := storetest.OpenURL(t, databaseURL+"&statement_timeout=0&jit=on").DB()
	if found := ofDB(t, given); found["statement_timeout"] != "0" || found["jit"] != "on" ||
		found["enable_seqscan"] != "off" {
		t.Errorf("what the URL says does not go before: %v", found)
	}
}

// Rows are locked and read again by those who change them: under any other isolation that is an error.
func TestTransactionsAreReadCommittedWhateverTheDatabaseSays(t *testing.T) {
	t.Parallel()
	if !storetest.OnPostgres() {
		t.Skip("SQLite's transactions are alone")
	}
	databaseURL := storetest.Direct(storetest.URL(t))
	alter := "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = serializable', " +
		"current_database()); END $$"
	modelstest.NoError(t, storetest.OpenURL(t, databaseURL).DB().Exec(alter).Error)
	for _, test := range []struct {
		mode        store.Pooler
		databaseURL string
	}{
		{store.PoolerSession, databaseURL},
		{store.PoolerSession, storetest.StartPooler(t, store.PoolerSession, databaseURL).URL(databaseURL)},
		{store.PoolerTransaction, storetest.StartPooler(t, store.PoolerTransaction, databaseURL).URL(databaseURL)},
	} {
		s := storetest.OpenURL(t, test.databaseURL, store.WithPooler(test.mode))
		modelstest.NoError(t, s.DB().Transaction(func(tx *gorm.DB) error {
			var level string
			if err := tx.Raw("SHOW transaction_isolation").Scan(&level).Error; err != nil || level != "read committed" {
				t.Errorf("%s, %s: %q, %v", test.mode, test.databaseURL, level, err)
			}
			return nil
		}))
	}
}

// tryOpen opens a database as where nobody has said that there is a pooler.
func tryOpen(t *testing.T, databaseURL string) error {
	t.Helper()
	sealer, err := store.NewSealer(storetest.Key)
	modelstest.NoError(t, err)
	s, err := store.Open(databaseURL, sealer)
	if err == nil {
		return s.Close()
	}
	return err
}

func TestPoolerThatIsNotExpectedIsNamed(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, mode store.Pooler, databaseURL string) {
		err := tryOpen(t, databaseURL)
		if mode == store.PoolerSession {
			modelstest.NoError(t, err)
		} else if err == nil || !strings.Contains(err.Error(), "RINGBACK_POOLER=transaction") {
			t.Errorf("got %v", err)
		}
		err = tryOpen(t, databaseURL+"&search_path=public")
		if err == nil || !strings.Contains(err.Error(), "search_path") ||
			!strings.Contains(err.Error(), "ignore_startup_parameters") {
			t.Errorf("a parameter of the URL: got %v", err)
		}
	})
}

// ofLimitedRole is the URL of a database for a role that may connect once.
func ofLimitedRole(t *testing.T, databaseURL string) string {
	t.Helper()
	const password = "of a role"
	role := "ringback_test_" + strings.ReplaceAll(newUID().String(), "-", "")
	beside := storetest.OpenURL(t, databaseURL).DB()
	modelstest.NoError(t, beside.Exec("CREATE ROLE "+role+" LOGIN PASSWORD '"+password+"' CONNECTION LIMIT 1").Error)
	t.Cleanup(func() { modelstest.NoError(t, beside.Exec("DROP ROLE "+role).Error) })
	u, err := url.Parse(databaseURL)
	modelstest.NoError(t, err)
	u.User = url.UserPassword(role, password)
	return u.String()
}

func TestLimitOfConnectionsIsNamed(t *testing.T) {
	t.Parallel()
	if !storetest.OnPostgres() {
		t.Skip("SQLite has none")
	}
	databaseURL := storetest.Direct(storetest.MigratedURL(t))
	for limit, limited := range map[string]string{
		"CONNECTION LIMIT": ofLimitedRole(t, databaseURL),
		"max_client_conn": storetest.StartPooler(
			t, store.PoolerSession, databaseURL, "max_client_conn = 3",
		).URL(databaseURL),
	} {
		s := storetest.OpenURL(t, limited, store.WithPooler(store.PoolerTransaction)) // which is not probed
		pool, err := s.DB().DB()
		modelstest.NoError(t, err)
		for range pooled {
			var conn *sql.Conn
			if conn, err = pool.Conn(t.Context()); err != nil {
				break
			}
			defer func() { _ = conn.Close() }()
		}
		if err == nil || !strings.Contains(err.Error(), "20 connections; raise") || !strings.Contains(err.Error(), limit) {
			t.Errorf("%s: got %v", limit, err)
		}
	}
}

func TestPoolerWithASingleConnectionIsNamed(t *testing.T) {
	t.Parallel()
	if !storetest.OnPostgres() {
		t.Skip("SQLite has no pooler")
	}
	databaseURL := storetest.MigratedURL(t)
	behind := func(mode store.Pooler) string {
		return storetest.StartPooler(t, mode, databaseURL, "default_pool_size = 1").URL(databaseURL)
	}
	if err := tryOpen(t, behind(store.PoolerTransaction)); err == nil ||
		!strings.Contains(err.Error(), "RINGBACK_POOLER=transaction") {
		t.Errorf("by transaction: got %v", err)
	}
	s := storetest.OpenURL(t, behind(store.PoolerSession), store.WithPooler(store.PoolerSession))
	modelstest.NoError(t, s.DB().Transaction(func(*gorm.DB) error {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if err := s.Ping(ctx); !errors.Is(err, context.DeadlineExceeded) ||
			!strings.Contains(err.Error(), "default_pool_size") {
			t.Errorf("by session: got %v", err)
		}
		return nil
	}))
}

// What the pooler does with prepared statements is seen when two connections use the same one, also long after the
// start.
func TestPreparedStatementThatIsNotOursNamesThePooler(t *testing.T) {
	t.Parallel()
	if !storetest.OnPostgres() {
		t.Skip("SQLite has no pooler")
	}
	databaseURL := storetest.MigratedURL(t)
	through := storetest.StartPooler(t, store.PoolerTransaction, databaseURL).URL(databaseURL)
	var errs []error
	for range 2 { // each with a single connection, which at the start shows nothing
		s := storetest.OpenURL(t, through, store.WithPooler(store.PoolerSession), store.WithMaxConns(1))
		errs = append(errs, s.DB().Exec("SELECT ?::int", 1).Error)
	}
	modelstest.NoError(t, errs[0])
	errs[0] = storetest.OpenURL(t, storetest.Direct(databaseURL)).DB().Exec("EXECUTE nothing").Error
	for _, err := range errs {
		if err == nil || strings.Count(err.Error(), "RINGBACK_POOLER=transaction") != 1 {
			t.Errorf("got %v", err)
		}
	}
}

func TestStatementThroughAPoolerEndsOnTheServerWithItsContext(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, mode store.Pooler, databaseURL string) {
		s := storetest.OpenURL(t, databaseURL, store.WithPooler(mode))
		direct := storetest.OpenURL(t, storetest.Direct(os.Getenv(storetest.EnvDatabaseURL))).DB()
		name := strings.TrimSuffix(databaseURL[strings.LastIndexByte(databaseURL, '/')+1:], "?sslmode=disable")
		running := func() (n int) {
			modelstest.NoError(
				t, direct.Raw("SELECT count(*) FROM pg_stat_activity WHERE datname = ? AND state = 'active'", name).Scan(&n).Error,
			)
			return n
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.DB().WithContext(ctx).Exec("SELECT pg_sleep(60)").Error }()
		modelstest.Eventually(t, "it runs", func() bool { return running() == 1 })
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		modelstest.Eventually(t, "it has ended", func() bool { return running() == 0 })
	})
}

func TestMigrationThroughAPoolerHoldsARow(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, mode store.Pooler, _ string) {
		databaseURL := storetest.URL(t)
		databaseURL = storetest.StartPooler(t, mode, databaseURL).URL(databaseURL)
		open := func() *store.Store { return storetest.OpenURL(t, databaseURL, store.WithPooler(mode)) }
		first, second := open(), open()
		// One that was killed holds the others up for as long as its lease lasts, and no longer.
		modelstest.NoError(t, first.DB().Exec("CREATE TABLE goose_lock (lock_id bigint PRIMARY KEY, locked boolean NOT "+
			"NULL, locked_at timestamptz, "+
			"locked_by text, lease_expires_at timestamptz, updated_at timestamptz)").Error)
		modelstest.NoError(t, first.DB().Exec("INSERT INTO goose_lock VALUES (?, true, now(), 'killed', now() + interval "+
			"'2 seconds', now())",
			lock.DefaultLockID).Error)
		began, counts := time.Now(), [2]int{}
		modelstest.AtOnce(2, func(i int) {
			applied, err := []*store.Store{first, second}[i].Migrate(t.Context())
			if err != nil {
				t.Error(err)
			}
			counts[i] = len(applied)
		})
		if took := time.Since(began); took < 1500*time.Millisecond {
			t.Errorf("they have waited %s for a lease of 2 s", took)
		}
		if min(counts[0], counts[1]) != 0 || max(counts[0], counts[1]) < 5 {
			t.Errorf("two at once have applied %v", counts)
		}
	})
}

func TestWorkThroughAPoolerIsDone(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, mode store.Pooler, databaseURL string) {
		one := storetest.OpenURL(t, databaseURL, store.WithPooler(mode))
		other := storetest.OpenURL(t, databaseURL, store.WithPooler(mode))
		n := newCustomer(t, one, "a")
		for range 20 {
			c := newCallback(t, one, n, start)
			newAttempt(t, other, c, 1)
		}
		modelstest.AtOnce(8, func(i int) {
			s := []*store.Store{one, other}[i%2]
			pages, err := s.CallbackPages(
				t.Context(), n.scope(), callback.OfAccount, []int64{n.account.ID}, callback.Filter{}, models.Page{First: 30},
			)
			if err != nil || len(pages[n.account.ID].Nodes) != 20 {
				t.Errorf("%v, %v", pages, err)
			}
		})
	})
}
