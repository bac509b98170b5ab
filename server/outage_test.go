package main

import (
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store/storetest"
)

// goesOn expects that a new callback is accepted and arrives soon after an outage has ended, or connections were cut.
func (r *crashRun) goesOn(t *testing.T, s *instance, what string, since time.Time) {
	t.Helper()
	r.insist(t, s)
	t.Logf("accepted after %s", time.Since(since).Round(time.Millisecond))
	modelstest.Eventually(t, "it arrives", func() bool { return r.count(t, s, "status: [SUCCESS]") == len(r.made) })
	within(t, what, since)
}

func (s *instance) awaitReady(t *testing.T, want int) {
	t.Helper()
	modelstest.Eventually(t, "/readyz changes", func() bool { status, _ := s.get(t, "/readyz"); return status == want })
}

// endsInTime stops a process that has nothing in flight.
func (s *instance) endsInTime(t *testing.T) {
	t.Helper()
	began := time.Now()
	s.http.CloseIdleConnections()
	_ = s.signal(syscall.SIGTERM)
	if status := s.wait(t); status != 0 {
		t.Errorf("status %d: %s", status, s.stderr)
	}
	took := time.Since(began)
	t.Logf("ended after %s", took.Round(time.Millisecond))
	// Requests to it may take requestDrain, and nothing else is to be waited for; the rest is for a busy machine.
	if took > requestDrain+5*time.Second {
		t.Errorf("it ended %s after SIGTERM: %s", took, s.stderr)
	}
}

func TestConnectionsToPostgresThatWereCutInSilenceStopNothing(t *testing.T) {
	t.Parallel()
	long(t)
	needsServices(t)
	databaseURL, proxy := storetest.Before(t, storetest.URL(t))
	s := startServer(t, options{process: true, env: crashEnv(vars{"DATABASE_URL": databaseURL})})
	r := startCrashRun(t, s, 60)
	proxy.Cut()
	r.goesOn(t, s, "going on after the cut", time.Now())
	s.awaitReady(t, http.StatusOK)
	r.check(t, s, 0)
	proxy.Cut()
	s.endsInTime(t)
}

func TestPostgresThatHangsIsSeenAndKeepsNoProcessFromEnding(t *testing.T) {
	t.Parallel()
	long(t)
	needsServices(t)
	postgres := startOwnPostgres(t)
	t.Cleanup(func() { postgres.signal(t, syscall.SIGCONT) }) // or it would not stop
	s := startServer(t, options{process: true, env: crashEnv(vars{"DATABASE_URL": postgres.url()})})
	r := startCrashRun(t, s, 20)
	postgres.signal(t, syscall.SIGSTOP)
	s.awaitReady(t, http.StatusServiceUnavailable)
	modelstest.Eventually(
		t, "the engine does not get through",
		func() bool { _, body := s.get(t, "/readyz"); return strings.Contains(body, `"engine":"failing"`) },
	)
	postgres.signal(t, syscall.SIGCONT)
	r.goesOn(t, s, "going on after the server", time.Now())
	s.awaitReady(t, http.StatusOK)
	r.check(t, s, 0)
	postgres.signal(t, syscall.SIGSTOP)
	s.endsInTime(t)
}

func TestFailoverToAStandbyIsFollowed(t *testing.T) {
	t.Parallel()
	long(t)
	needsServices(t)
	primary := startOwnPostgres(t)
	standby := primary.standby(t)
	both := "postgres://postgres@127.0.0.1:" + primary.port + ",127.0.0.1:" + standby.port +
		"/postgres?sslmode=disable&target_session_attrs=read-write"
	s := startServer(t, options{process: true, env: crashEnv(vars{"DATABASE_URL": both})})
	r := startCrashRun(t, s, 60)
	modelstest.Eventually(t, "all have arrived", func() bool { return r.count(t, s, "status: [SUCCESS]") == len(r.made) })

	primary.execute(t, "ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")
	s.awaitReady(t, http.StatusServiceUnavailable)
	written := primary.text(t, "SELECT pg_current_wal_lsn()::text")
	modelstest.Eventually(t, "the standby has all of it", func() bool {
		return standby.text(t, "SELECT (pg_last_wal_replay_lsn() >= '"+written+"')::text") == "true"
	})
	standby.execute(t, "SELECT pg_promote()")
	r.goesOn(t, s, "going on after the failover", time.Now())
	s.awaitReady(t, http.StatusOK)
	r.check(t, s, 0)
}

const lastSweep = "SELECT swept_at::text FROM sweeps"

func TestOutageOfPostgresThatAllShareSendsNothingTwice(t *testing.T) {
	t.Parallel()
	long(t)
	needsServices(t)
	for name, outage := range map[string]time.Duration{
		// All leases have run out, and sweeps are further apart than they may be without being taken for an outage.
		"longer than a lease": callback.LeaseTime + 2*time.Second,
		// The restart of a managed Postgres, or its failover, takes as long.
		"a minute": time.Minute,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sendsNothingTwiceAfter(t, outage)
		})
	}
}

func sendsNothingTwiceAfter(t *testing.T, outage time.Duration) {
	t.Helper()
	postgres := startOwnPostgres(t)
	api := startServer(t, options{process: true, role: roleAPI, env: crashEnv(vars{"DATABASE_URL": postgres.url()})})
	throughProxy, proxy := storetest.Before(t, postgres.url())
	for _, databaseURL := range []string{postgres.url(), throughProxy} {
		worker := *api
		worker.opts.role = roleWorker
		worker.startAgain(t, vars{"DATABASE_URL": databaseURL})
	}
	r := startCrashRun(t, api, 10)
	r.on("/hook", func(_ http.ResponseWriter, q *http.Request) {
		takeYourTime(q, 2*time.Second) // many are in flight, or claimed ahead, when it begins
	})
	arrived := len(r.at("/hook"))
	r.accept(t, api, 100)
	modelstest.Eventually(t, "many are in flight", func() bool { return len(r.at("/hook")) >= arrived+2*crashConcurrency })
	postgres.crash(t)
	proxy.Turn(freeAddr(t)) // where nobody listens
	<-time.After(outage)    //nolint:forbidigo // the processes go by the clock on the wall, and it is what they have to survive
	r.on("/hook", answers(http.StatusOK, ""))
	postgres.control(t, "start")
	back := time.Now()
	// Of the two one sweeps before the other can renew: what that has in hand is left alone even so.
	for range 2 { // the first has ended when the second begins
		last := postgres.text(t, lastSweep)
		modelstest.Eventually(t, "one of the workers sweeps", func() bool { return postgres.text(t, lastSweep) != last })
	}
	proxy.Turn("127.0.0.1:" + postgres.port)
	r.goesOn(t, api, "going on after the outage", back)
	r.check(t, api, 0)
}
