package main

import (
	"context"
	"net/http"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
)

// behindPoolers runs a test for each way in which a PgBouncer shares out its connections.
func behindPoolers(t *testing.T, test func(t *testing.T, mode store.Pooler)) {
	t.Helper()
	long(t)
	needsServices(t)
	for _, mode := range []store.Pooler{store.PoolerSession, store.PoolerTransaction} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			test(t, mode)
		})
	}
}

// poolerRun is callbacks on their way from a process that reaches its database through a PgBouncer.
type poolerRun struct {
	crashRun
	*storetest.Pooler
	databaseURL string
}

// startPoolerRun starts a PgBouncer and a process.
func startPoolerRun(t *testing.T, mode store.Pooler, databaseURL string) (*poolerRun, *instance) {
	t.Helper()
	p := storetest.StartPooler(t, mode, databaseURL)
	r := &poolerRun{crashRun{hostile: newHostile(t), made: map[string]bool{}}, p, p.URL(databaseURL)}
	env := crashEnv(vars{"DATABASE_URL": r.databaseURL, "RINGBACK_POOLER": string(mode), "RINGBACK_TIMEOUT": "1m"})
	s := startServer(t, options{process: true, env: env})
	r.project = s.newProject(t, r.url("/hook"))
	return r, s
}

// fly accepts callbacks, and returns when as many are in flight as can be, all but the one that is kept for who comes
// new, and more wait. The receiver answers when it is let.
func (r *poolerRun) fly(t *testing.T, s *instance) (answer func()) {
	t.Helper()
	var inFlight atomic.Int64
	held := make(chan struct{})
	r.on("/hook", func(_ http.ResponseWriter, q *http.Request) {
		inFlight.Add(1)
		select {
		case <-held:
		case <-q.Context().Done():
		}
	})
	r.accept(t, s, 2*crashConcurrency)
	modelstest.Eventually(t, "many are in flight", func() bool { return inFlight.Load() >= crashConcurrency-1 })
	return func() { close(held) }
}

func TestProcessKilledBehindAPoolerLosesNothing(t *testing.T) {
	t.Parallel()
	behindPoolers(t, func(t *testing.T, mode store.Pooler) {
		r, s := startPoolerRun(t, mode, storetest.MigratedURL(t))
		answer := r.fly(t, s)
		s.kill(t)
		answer()
		killed := time.Now()
		s = s.startAgain(t, nil)
		r.goesOn(t, s, "going on after the process was killed", killed)
		r.check(t, s, 1)
	})
}

// frozen is longer than a statement's deadline, and than a lease.
const frozen = 12 * time.Second

func TestPoolerThatIsKilledOrHangsLosesNothingAndSendsNothingTwice(t *testing.T) {
	t.Parallel()
	behindPoolers(t, func(t *testing.T, mode store.Pooler) {
		r, s := startPoolerRun(t, mode, storetest.MigratedURL(t))
		for range 2 {
			answer := r.fly(t, s)
			r.Signal(t, syscall.SIGKILL)
			answer()
			r.goesOn(t, s, "going on after the pooler was killed", time.Now())
		}
		answer := r.fly(t, s)
		r.Signal(t, syscall.SIGSTOP)
		answer()
		thaw := time.After(frozen) //nolint:forbidigo // the processes go by the clock on the wall
		s.awaitReady(t, http.StatusServiceUnavailable)
		<-thaw
		r.Signal(t, syscall.SIGCONT)
		r.goesOn(t, s, "going on after the pooler hung", time.Now())
		r.check(t, s, 0)
	})
}

func TestPostgresRestartedBehindAPoolerLosesNothingAndSendsNothingTwice(t *testing.T) {
	t.Parallel()
	behindPoolers(t, func(t *testing.T, mode store.Pooler) {
		postgres := startOwnPostgres(t)
		r, s := startPoolerRun(t, mode, postgres.url())
		answer := r.fly(t, s)
		postgres.restart(t)
		answer()
		began := time.Now()
		// its server_login_retry is 15 s
		modelstest.Eventually(t, "PgBouncer has found it again", func() bool { return reaches(t, r.databaseURL) })
		t.Logf("PgBouncer has found it again after %s", time.Since(began).Round(time.Millisecond))
		r.goesOn(t, s, "going on after Postgres came back", time.Now())
		s.awaitReady(t, http.StatusOK)
		r.check(t, s, 0)
	})
}

// reaches tells whether a pooler lets a statement through to its Postgres.
func reaches(t *testing.T, databaseURL string) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), modelstest.Patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, databaseURL)
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close(ctx) }()
	return conn.Ping(ctx) == nil
}
