package store_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"github.com/ringback/ringback/jobs/egress/egresstest"
	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
)

// pooled is as many connections as a test's pool has.
const pooled = 4

// openCut opens a store on Postgres through a proxy.
func openCut(t *testing.T, opts ...store.Option) (*store.Store, *storetest.Proxy) {
	t.Helper()
	if !storetest.OnPostgres() {
		t.Skip("SQLite has no connections that can be cut")
	}
	_, databaseURL := storetest.OpenWithURL(t)
	// PgBouncer 1.18 ends, for all tests, when a cancelled statement's connection is cut.
	databaseURL, proxy := storetest.Before(t, storetest.Direct(databaseURL))
	return storetest.OpenURL(t, databaseURL, append([]store.Option{store.WithMaxConns(pooled)}, opts...)...), proxy
}

// onEach runs a statement on each connection of the pool, all at the same time.
func onEach(t *testing.T, s *store.Store, statement string) {
	t.Helper()
	var all sync.WaitGroup
	all.Add(pooled)
	modelstest.AtOnce(pooled, func(int) {
		err := s.DB().WithContext(t.Context()).Connection(func(db *gorm.DB) error {
			err := db.Exec(statement).Error
			all.Done()
			all.Wait()
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func checked(t *testing.T, s *store.Store, patience time.Duration) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return s.CheckWritable(ctx)
}

func TestOnlyTheFirstStatementWaitsOnConnectionsThatWereCutInSilence(t *testing.T) {
	t.Parallel()
	s, proxy := openCut(t)
	onEach(t, s, "SELECT 1")
	proxy.Cut()
	if err := checked(t, s, 2*time.Second); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the first statement after the cut: %v", err)
	}
	for i := range 2 * pooled {
		if err := checked(t, s, 10*time.Second); err != nil {
			t.Errorf("statement %d after it: %v", i, err)
		}
	}
	if n := proxy.Lost(); n != 1 {
		t.Errorf("%d statements were sent over connections that were cut", n)
	}
}

func TestConnectionThatWasIdleIsAskedForASignOfLifeBeforeItIsUsed(t *testing.T) {
	t.Parallel()
	s, proxy := openCut(t)
	onEach(t, s, "SELECT 1")
	proxy.Cut()
	<-time.After(1100 * time.Millisecond) //nolint:forbidigo // pgx asks those that were idle for longer than a second
	for i := range pooled {
		if err := checked(t, s, 10*time.Second); err != nil {
			t.Errorf("statement %d: %v", i, err)
		}
	}
	if n := proxy.Lost(); n != 1 {
		t.Errorf("%d signs of life were asked for over connections that were cut", n)
	}
}

func TestStatementOfAPatientCallerEndsByItself(t *testing.T) {
	t.Parallel()
	s, proxy := openCut(t, store.WithStatementDeadline(500*time.Millisecond))
	onEach(t, s, "SELECT 1")
	proxy.Cut()
	ended := make(chan error, 1)
	go func() { ended <- s.CheckWritable(context.Background()) }()
	if err := modelstest.Receive(t, "it ends", ended); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func TestLongStatementsHaveTheTimeOfTheirCaller(t *testing.T) {
	t.Parallel()
	if !storetest.OnPostgres() {
		t.Skip("SQLite's statements are computed in this process")
	}
	s := storetest.Open(t, store.WithStatementDeadline(50*time.Millisecond))
	sleep := func(ctx context.Context, seconds float64) error {
		return s.DB().WithContext(ctx).Exec("SELECT pg_sleep(?)", seconds).Error
	}
	if err := sleep(t.Context(), 20); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a caller's: %v", err)
	}
	modelstest.NoError(t, sleep(models.LongStatements(t.Context()), 0.2))
	ctx, cancel := context.WithTimeout(models.LongStatements(t.Context()), 200*time.Millisecond)
	defer cancel()
	if err := sleep(ctx, 20); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("one that takes longer than its caller has: %v", err)
	}
}

// TestStatementThatTheServerEndsIsATimeout: its role's statement_timeout, or a pooler's, may be shorter than ours.
func TestStatementThatTheServerEndsIsATimeout(t *testing.T) {
	t.Parallel()
	if !storetest.OnPostgres() {
		t.Skip("SQLite has no other who ends statements")
	}
	s := storetest.OpenURL(t, storetest.Direct(storetest.MigratedURL(t))+"&statement_timeout=50",
		store.WithPooler(store.PoolerSession))
	var slept string
	err := s.DB().WithContext(t.Context()).Raw("SELECT pg_sleep(20)").Scan(&slept).Error
	if errors.Is(err, context.DeadlineExceeded) || !models.IsTimeout(err) {
		t.Errorf("got %v", err)
	}
}

func TestConnectionsThatBecomeReadOnlyAreNotUsedAgain(t *testing.T) {
	t.Parallel()
	s, _ := openCut(t)
	onEach(t, s, "SET default_transaction_read_only = on")
	<-time.After(1100 * time.Millisecond) //nolint:forbidigo // pgx keeps what has just been opened for a second
	var refused *pgconn.PgError
	if err := checked(t, s, 10*time.Second); !errors.As(err, &refused) || refused.Code != "25006" {
		t.Errorf("the first statement that would write: %v", err)
	}
	for i := range 2 * pooled {
		if err := checked(t, s, 10*time.Second); err != nil {
			t.Errorf("statement %d after it: %v", i, err)
		}
	}
}

func TestReadOnlyServerDoesNotCostAConnectionForEachStatement(t *testing.T) {
	t.Parallel()
	s, _ := openCut(t)
	onEach(t, s, "SET default_transaction_read_only = on")
	pids := map[int]bool{}
	for range 50 {
		modelstest.NoError(t, s.DB().Connection(func(db *gorm.DB) error {
			var pid int
			if err := db.Raw("SELECT pg_backend_pid()").Scan(&pid).Error; err != nil {
				return err
			}
			pids[pid] = true
			if err := db.Exec("SET default_transaction_read_only = on").Error; err != nil {
				return err
			}
			if err := db.Exec("UPDATE accounts SET id = id").Error; err == nil {
				return fmt.Errorf("it was written")
			}
			return nil
		}))
	}
	if len(pids) > 2*pooled {
		t.Errorf("50 statements took %d connections", len(pids))
	}
}

// A transaction whose connection was cut has locks: who comes next must not wait for them until the server's system
// notices, which by default takes two hours.
func TestTransactionThatWasCutGivesItsLocksBack(t *testing.T) {
	t.Parallel()
	s, proxy := openCut(t)
	tx := s.DB().WithContext(t.Context()).Begin()
	modelstest.NoError(t, tx.Exec("LOCK TABLE accounts IN EXCLUSIVE MODE").Error)
	proxy.Cut()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // for a failure only
	defer cancel()
	for err := errors.New("not tried"); err != nil; err = s.DB().WithContext(ctx).Exec("UPDATE accounts SET id = id").Error {
		modelstest.NoError(t, ctx.Err())
	}
	_ = tx.Rollback()
}

func TestConnectionsAreReplacedAtTheEndOfTheirLives(t *testing.T) {
	t.Parallel()
	s, _ := openCut(t, store.WithMaxConns(1), store.WithConnLifetime(50*time.Millisecond))
	pid := func() (pid int) {
		modelstest.NoError(t, s.DB().Raw("SELECT pg_backend_pid()").Scan(&pid).Error)
		return pid
	}
	first := pid()
	modelstest.Eventually(t, "the connection is replaced", func() bool { return pid() != first })
}

// Behind a pooler that shares them out by session, each is one that another process waits for.
func TestConnectionsThatNobodyNeedsAreGivenBack(t *testing.T) {
	t.Parallel()
	if !storetest.OnPostgres() {
		t.Skip("SQLite has no connections to give back")
	}
	const conns = 4
	s := storetest.OpenURL(t, storetest.MigratedURL(t), store.WithPooler(storetest.ModeOfPooler()), store.WithMaxConns(conns),
		store.WithConnIdleTime(50*time.Millisecond))
	pool, err := s.DB().DB()
	modelstest.NoError(t, err)
	var all sync.WaitGroup
	all.Add(conns)
	modelstest.AtOnce(conns, func(int) { // each on a connection of its own
		modelstest.NoError(t, s.DB().Transaction(func(tx *gorm.DB) error {
			all.Done()
			all.Wait()
			return tx.Exec("SELECT 1").Error
		}))
	})
	modelstest.Eventually(t, "they have been given back", func() bool { return pool.Stats().OpenConnections == 0 })
}

// Of two hosts the first may be silent.
func TestSilentHostIsLeftAfterTwoSecondsOrWhatTheURLSays(t *testing.T) {
	t.Parallel()
	if !storetest.OnPostgres() {
		t.Skip("SQLite has no hosts")
	}
	silent := egresstest.Raw(t, func(conn *net.TCPConn) { _, _ = io.Copy(io.Discard, conn) })
	for parameter, within := range map[string]time.Duration{"": 2 * time.Second, "connect_timeout=1": time.Second} {
		u, err := url.Parse(storetest.Direct(storetest.MigratedURL(t)))
		modelstest.NoError(t, err)
		u.Host = silent + "," + u.Host
		u.RawQuery += "&" + parameter
		began := time.Now()
		modelstest.NoError(t, storetest.OpenURL(t, u.String()).Ping(t.Context()))
		if took := time.Since(began); took < within || took > within+5*time.Second {
			t.Errorf("%q: connected after %s", parameter, took)
		}
	}
}
