package main

import (
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store/storetest"
)

// crashConcurrency is RINGBACK_CONCURRENCY of the crash tests, and with it the number of duplicates that a kill may
// cause.
const crashConcurrency = 16

// crashRun is callbacks on their way while something is killed.
type crashRun struct {
	*hostile
	made    map[string]bool // refs
	project string
}

// startCrashRun accepts callbacks for a receiver that takes 20 ms for each, and waits until some have arrived.
func startCrashRun(t *testing.T, s *instance, callbacks int) *crashRun {
	t.Helper()
	r := &crashRun{hostile: newHostile(t), made: map[string]bool{}}
	r.on("/hook", func(_ http.ResponseWriter, q *http.Request) {
		takeYourTime(q, 20*time.Millisecond)
	})
	r.project = s.newProject(t, r.url("/hook"))
	r.accept(t, s, callbacks)
	modelstest.Eventually(t, "some have arrived", func() bool { return len(r.at("/hook")) >= callbacks/10 })
	return r
}

func (r *crashRun) accept(t *testing.T, s *instance, callbacks int) {
	t.Helper()
	for range callbacks {
		r.made[s.finishCrawl(t, newCrawlID(), r.project).Ref] = true
	}
}

// insist accepts a callback of a server that fails at times: it is told of the same crawl until it answers without an
// error.
func (r *crashRun) insist(t *testing.T, s *instance) {
	t.Helper()
	type answer struct {
		FinishCrawl struct{ Callback struct{ Ref string } }
	}
	crawl := newCrawlID()
	modelstest.Eventually(t, "a new callback is accepted", func() bool {
		got, err := try[answer](t, s, s.platform(), `mutation($id: ObjectID!, $project: ObjectID!) {
			finishCrawl(input: {crawlId: $id, projectId: $project}) { callback { ref } } }`, anyMap{"id": crawl, "project": r.project})
		if err == nil {
			r.made[got.FinishCrawl.Callback.Ref] = true
		}
		return err == nil
	})
}

// check waits until every accepted callback has arrived and says so, and holds the requests against the history.
func (r *crashRun) check(t *testing.T, s *instance, kills int) {
	t.Helper()
	modelstest.Eventually(
		t, "every callback has arrived", func() bool { return r.count(t, s, "status: [SUCCESS]") == len(r.made) },
	)
	if n := r.count(t, s, ""); n != len(r.made) {
		t.Errorf("%d callbacks in the history, %d were accepted", n, len(r.made))
	}
	seen := map[string]bool{}
	var attempts []string
	for len(r.at("/hook")) > 0 {
		got := <-r.at("/hook")
		seen[got.header.Get("X-Callback-Ref")] = true
		attempts = append(attempts, got.header.Get("X-Run-Callback"))
	}
	for ref := range r.made {
		if !seen[ref] {
			t.Errorf("callback %s never arrived", ref)
		}
	}
	causes := r.attemptsInHistory(t, s)
	for _, uid := range attempts {
		// One that has not left may be: the claim is written, and who has made it has not heard of it.
		if kills == 0 && causes[uid] == "INTERRUPTED" {
			t.Errorf("attempt %s has left, and was taken for that of a worker that is gone", uid)
		}
	}
	checkAgain(t, again(t, attempts, causes, len(r.made)), kills)
}

// retried are the causes for which a request comes again whatever is killed: the receiver refused it, or was too slow
// for its timeout, as one is on a machine that is busy with other tests.
var retried = []string{"HTTP_STATUS", "TIMEOUT", "CONNECT_TIMEOUT"}

// again holds the attempts that the other side saw against the causes in the history, and returns how many it saw
// without need: beyond one for each piece of work, and not after a failure. Those were in flight at a kill, or answered
// and not yet written down.
func again(t *testing.T, attempts []string, causes map[string]string, works int) int {
	t.Helper()
	retries := 0
	for _, uid := range attempts {
		cause, known := causes[uid]
		if !known {
			t.Errorf("the other side saw attempt %s, the history did not", uid)
		}
		if slices.Contains(retried, cause) {
			retries++
		}
	}
	n := len(attempts) - works - retries
	t.Logf("%d requests for %d pieces of work, %d of them after a failure and %d again", len(attempts), works, retries, n)
	return n
}

func checkAgain(t *testing.T, again, kills int) {
	t.Helper()
	if again > kills*crashConcurrency {
		t.Errorf("%d requests were made again, at most %d can have been in flight", again, kills*crashConcurrency)
	}
}

// count is how many callbacks of the project pass a filter.
func (r *crashRun) count(t *testing.T, s *instance, filter string) int {
	t.Helper()
	n, err := r.tryCount(t, s, filter)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (r *crashRun) tryCount(t *testing.T, s *instance, filter string) (int, error) {
	t.Helper()
	got, err := try[struct {
		GetProject struct{ Callbacks struct{ TotalCount int } }
	}](t, s, s.platform(), `query($id: ObjectID!) { getProject(id: $id) { callbacks(filter: {`+filter+`}) { totalCount } } }`,
		anyMap{"id": r.project})
	return got.GetProject.Callbacks.TotalCount, err
}

// attemptsInHistory returns the causes of all attempts by their uids; one that did not fail has none.
func (r *crashRun) attemptsInHistory(t *testing.T, s *instance) map[string]string {
	t.Helper()
	causes := map[string]string{}
	var after any
	for {
		type page struct {
			GetProject struct {
				Callbacks struct {
					PageInfo struct {
						HasNextPage bool
						EndCursor   string
					}
					Nodes []struct {
						Attempts struct{ Nodes []attempt }
					}
				}
			}
		}
		p := ask[page](t, s, s.platform(), `query($id: ObjectID!, $after: String) { getProject(id: $id) { callbacks(first: 100, after: $after) {
			pageInfo { hasNextPage endCursor } nodes { attempts(first: 20) { nodes { uid error { code } } } } } } }`, anyMap{"id": r.project, "after": after})
		for _, c := range p.GetProject.Callbacks.Nodes {
			for _, a := range c.Attempts.Nodes {
				causes[a.UID] = a.cause()
			}
		}
		if !p.GetProject.Callbacks.PageInfo.HasNextPage {
			return causes
		}
		after = p.GetProject.Callbacks.PageInfo.EndCursor
	}
}

// crashEnv retries soon: a crash test wants to see the end.
func crashEnv(more vars) vars {
	env := vars{
		"RINGBACK_CONCURRENCY": strconv.Itoa(crashConcurrency), "RINGBACK_TIMEOUT": "5s",
		"RINGBACK_RETRY_SCHEDULE": "1s,1s,1s,1s,1s,1s,1s,1s",
	}
	maps.Copy(env, more)
	return env
}

func (s *instance) kill(t *testing.T) {
	t.Helper()
	if err := s.signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-s.exited
}

func TestKilledAgainAndAgainLosesNothing(t *testing.T) {
	t.Parallel()
	long(t)
	s := startServer(t, options{process: true, env: crashEnv(nil)})
	r := startCrashRun(t, s, 150)
	const kills = 3
	for range kills {
		s.kill(t)
		arrived := len(r.at("/hook"))
		restarted := time.Now()
		s = s.startAgain(t, nil)
		if arrived < len(r.made) {
			modelstest.Eventually(t, "deliveries go on", func() bool { return len(r.at("/hook")) > arrived })
			within(t, "recovery after a kill", restarted)
		}
		r.accept(t, s, 50)
	}
	r.check(t, s, kills)
}

func TestKilledWorkerAndKilledAPILoseNothing(t *testing.T) {
	t.Parallel()
	long(t)
	needsServices(t)
	api := startServer(t, options{process: true, role: roleAPI, env: crashEnv(nil)})
	worker := func() *instance {
		other := *api
		other.opts.role = roleWorker
		return other.startAgain(t, nil)
	}
	first, second := worker(), worker()
	r := startCrashRun(t, api, 200)
	first.kill(t)
	api.kill(t)
	api = api.startAgain(t, nil)
	r.accept(t, api, 50)
	second.kill(t)
	killed := time.Now()
	arrived := len(r.at("/hook"))
	worker()
	if arrived < len(r.made) {
		modelstest.Eventually(t, "deliveries go on", func() bool { return len(r.at("/hook")) > arrived })
		within(t, "recovery after both workers were killed", killed)
	}
	r.check(t, api, 2)
}

func TestFlushedRedisLosesNothing(t *testing.T) {
	t.Parallel()
	long(t)
	needsServices(t)
	redis := startOwnRedis(t)
	s := startServer(t, options{process: true, env: crashEnv(vars{"REDIS_URL": redis.url()})})
	r := startCrashRun(t, s, 150)
	for range 3 {
		redis.flush(t)
		r.accept(t, s, 30)
	}
	redis.flush(t)
	r.check(t, s, 0)
}

func TestKilledRedisThatComesBackEmptyLosesNothing(t *testing.T) {
	t.Parallel()
	long(t)
	needsServices(t)
	redis := startOwnRedis(t)
	s := startServer(t, options{process: true, env: crashEnv(vars{"REDIS_URL": redis.url()})})
	r := startCrashRun(t, s, 100)
	redis.kill(t)
	r.accept(t, s, 5) // accepted while Redis is away
	redis.start(t)
	back := time.Now()
	c := s.finishCrawl(t, newCrawlID(), r.project)
	r.made[c.Ref] = true
	s.awaitStatus(t, c.UID, "SUCCESS")
	within(t, "recovery after Redis came back", back)
	r.check(t, s, 0)
}

func TestRedisThatHangsKeepsNeitherTheCallerNorTheProcess(t *testing.T) {
	t.Parallel()
	long(t)
	needsServices(t)
	redis := startOwnRedis(t)
	s := startServer(t, options{process: true, env: crashEnv(vars{"REDIS_URL": redis.url()})})
	r := startCrashRun(t, s, 20)
	redis.signal(t, syscall.SIGSTOP)
	began := time.Now()
	r.accept(t, s, 1)
	took := time.Since(began)
	redis.signal(t, syscall.SIGCONT)
	t.Logf("accepted in %s", took.Round(time.Millisecond))
	if took > 5*time.Second { // 50 ms for the queue, and the rest for a busy machine
		t.Errorf("a mutation took %s while Redis hangs", took)
	}
	r.check(t, s, 0)
	redis.signal(t, syscall.SIGSTOP)
	s.endsInTime(t)
}

// A Redis that refuses or answers errors must not keep a core busy. asynq alone takes more than 90 % of one.
func TestRedisThatFailsCostsLittle(t *testing.T) {
	t.Parallel()
	long(t)
	needsServices(t)
	for name, fail := range map[string]func(*testing.T, *ownRedis){
		"refuses":        func(t *testing.T, r *ownRedis) { r.kill(t) },
		"answers errors": func(t *testing.T, r *ownRedis) { r.command(t, "CONFIG", "SET", "requirepass", "changed") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redis := startOwnRedis(t)
			s := startServer(t, options{process: true, env: crashEnv(vars{"REDIS_URL": redis.url()})})
			fail(t, redis)
			if name == "answers errors" {
				redis.dropClients(t)
			}
			modelstest.Eventually(
				t, "the server sees it", func() bool { _, r := s.readiness(t); return r.Checks["queue"] == degraded },
			)
			const watched = 10 * time.Second
			before := cpuTime(t, s.pid)
			<-time.After(watched) //nolint:forbidigo // a process is watched for as long
			share := float64(cpuTime(t, s.pid)-before) / float64(watched)
			t.Logf("%.1f %% of a core", 100*share)
			// The promise is 5 %. The race detector makes everything several times dearer, and a spin is 90 %.
			if share > 0.25 {
				t.Errorf("%.0f %% of a core while Redis fails", 100*share)
			}
		})
	}
}

func TestRestartedPostgresLosesNothing(t *testing.T) {
	t.Parallel()
	long(t)
	needsServices(t)
	postgres := startOwnPostgres(t)
	s := startServer(t, options{process: true, env: crashEnv(vars{"DATABASE_URL": postgres.url()})})
	r := startCrashRun(t, s, 150)
	postgres.restart(t)
	back := time.Now()
	arrived := len(r.at("/hook"))
	if arrived < len(r.made) {
		modelstest.Eventually(t, "deliveries go on", func() bool { return len(r.at("/hook")) > arrived })
		within(t, "recovery after Postgres came back", back)
	}
	modelstest.Eventually(
		t, "the API answers again", func() bool { status, _ := s.get(t, "/readyz"); return status == http.StatusOK },
	)
	r.accept(t, s, 50)
	r.check(t, s, 0)
}

// long marks a test that takes many seconds: `go test -short` leaves it out.
func long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes many seconds")
	}
}

// needsServices marks a test of Postgres and Redis, which the embedded default has not.
func needsServices(t *testing.T) {
	t.Helper()
	if !storetest.OnPostgres() || os.Getenv("TEST_REDIS_URL") == "" {
		t.Skip("needs TEST_DATABASE_URL and TEST_REDIS_URL")
	}
}

// recovery is how soon deliveries must go on after the cause of an outage has gone.
const recovery = 15 * time.Second

func within(t *testing.T, what string, since time.Time) {
	t.Helper()
	took := time.Since(since)
	t.Logf("%s took %s", what, took.Round(time.Millisecond))
	if took > recovery {
		t.Errorf("%s took %s, promised is %s", what, took, recovery)
	}
}

// cpuTime returns what a process has used, from /proc/<pid>/stat: utime and stime, in ticks of 10 ms.
func cpuTime(t *testing.T, pid int) time.Duration {
	t.Helper()
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	ticks := 0
	for _, field := range fields[11:13] {
		n, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}
