package main

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/ringback/ringback/models/modelstest"
)

const (
	crashInputs  = 15 // of each of the two runs
	crashPages   = 10 // of each input
	crashBatches = 2 * crashInputs * crashPages
)

// crashedRuns are two runs on their way while something is killed: one asks for all its pages at once, the other page
// by page.
type crashedRuns struct {
	crashRun
	uids []string

	mu    sync.Mutex
	ended map[string]int // executions that came to their end, by batch
}

// startCrashedRuns starts the runs, with an executor that takes 50 ms and a receiver that takes 20 ms.
func startCrashedRuns(t *testing.T, s *instance) *crashedRuns {
	t.Helper()
	r := &crashedRuns{crashRun: crashRun{hostile: newHostile(t)}, ended: map[string]int{}}
	r.on("/executor", func(w http.ResponseWriter, q *http.Request) {
		batch := peek(q).BatchUID
		slowly(50*time.Millisecond, func(w http.ResponseWriter, q *http.Request) {
			r.mu.Lock()
			r.ended[batch]++
			r.mu.Unlock()
			pages(10*crashPages)(w, q)
		})(w, q)
	})
	r.on("/hook", slowly(20*time.Millisecond, answers(http.StatusOK, "")))
	r.project = s.newProject(t, r.url("/hook"))
	action := s.newAction(t, r.url("/executor"))
	inputs := make([]anyMap, crashInputs)
	for i := range inputs {
		inputs[i] = anyMap{"number": i}
	}
	for _, parameters := range []anyMap{{"maxResults": 10 * crashPages, "pageSize": 10}, {"pageSize": 10}} {
		r.uids = append(r.uids, s.createRun(t, r.project, action, anyMap{"inputs": inputs, "parameters": parameters}).Run.UID)
	}
	return r
}

// executed is how many batches were executed to their end.
func (r *crashedRuns) executed() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.ended)
}

// await waits until so many batches have been executed; the others are under way, or wait.
func (r *crashedRuns) await(t *testing.T, batches int) {
	t.Helper()
	modelstest.Eventually(
		t, fmt.Sprintf("%d batches are executed", batches), func() bool { return r.executed() >= batches },
	)
}

// progress is what was executed, and what has arrived.
type progress struct{ executed, arrived int }

// inTheMiddle notes how far the runs are.
func (r *crashedRuns) inTheMiddle(t *testing.T) progress {
	t.Helper()
	p := progress{r.executed(), len(r.at("/hook"))}
	if p.executed == crashBatches {
		t.Fatal("all is executed already: this test would prove nothing")
	}
	return p
}

// goesOn waits until a batch is executed that was not, or a callback arrives, and measures how long that took.
func (r *crashedRuns) goesOn(t *testing.T, what string, since time.Time, before progress) {
	t.Helper()
	modelstest.Eventually(
		t, "the runs go on", func() bool { return r.executed() > before.executed || len(r.at("/hook")) > before.arrived },
	)
	within(t, what, since)
}

// check waits until both runs have ended and told so, and holds what the executor and the receiver saw against the
// history.
func (r *crashedRuns) check(t *testing.T, s *instance, kills int) {
	t.Helper()
	began := time.Now()
	const callbacks = crashBatches + 2
	modelstest.Eventually(
		t, "every callback has arrived", func() bool { return r.count(t, s, "status: [SUCCESS]") == callbacks },
	)
	took := time.Since(began)
	if n := r.count(t, s, ""); n != callbacks {
		t.Errorf("%d callbacks in the history, want %d", n, callbacks)
	}
	t.Logf("all was done after %s more", took.Round(time.Millisecond))
	repeated := again(t, r.checkCallbacks(t), r.attemptsInHistory(t, s), callbacks)
	batches, causes := map[string]string{}, map[string]string{} // by attempt
	for _, uid := range r.uids {
		r.checkHistory(t, s, uid, batches, causes)
	}
	var attempts []string
	for _, c := range r.calls(t, "/executor") {
		if attempts = append(attempts, c.attempt); batches[c.attempt] != c.BatchUID {
			t.Errorf(
				"the executor saw call %s for batch %s, in the history it is for %q", c.attempt, c.BatchUID, batches[c.attempt],
			)
		}
	}
	checkAgain(t, repeated+again(t, attempts, causes, crashBatches), kills)
}

// checkCallbacks checks that there is one ref for each batch and for each run's end, and returns the attempts that
// arrived.
func (r *crashedRuns) checkCallbacks(t *testing.T) (attempts []string) {
	t.Helper()
	refs := map[string]string{} // by batch, or by run
	for len(r.at("/hook")) > 0 {
		body, got := r.nextRunBody(t, "/hook")
		of := body.Run.RunUID
		if body.Run.BatchUID != nil {
			of = *body.Run.BatchUID
		} else if body.Run.Status != "SUCCEEDED" {
			t.Errorf("the final callback is %s", got.body)
		}
		if ref, known := refs[of]; known && ref != body.CallbackRefUID {
			t.Errorf("two callbacks tell of %s: %s and %s", of, ref, body.CallbackRefUID)
		}
		refs[of] = body.CallbackRefUID
		attempts = append(attempts, got.header.Get("X-Run-Callback"))
	}
	if len(refs) != crashBatches+2 {
		t.Errorf("%d batches and runs were told of, want %d", len(refs), crashBatches+2)
	}
	for _, uid := range r.uids {
		if refs[uid] == "" {
			t.Errorf("nobody told of the end of run %s", uid)
		}
	}
	return attempts
}

// checkHistory checks what became of one run, and notes of each of its calls the batch and the cause of its failure.
func (r *crashedRuns) checkHistory(t *testing.T, s *instance, uid string, batches, causes map[string]string) {
	t.Helper()
	const number = crashInputs * crashPages
	const query = `query($uid: ID!, $after: String) { getRun(uid: $uid) { status batchCount outputCount callbacks(first: 1) { nodes { event } }
		batches(first: 100, after: $after) { pageInfo { endCursor hasNextPage } nodes { uid status attempts { uid errorCode } } } } }`
	for after := any(nil); ; {
		run := ask[struct {
			GetRun struct {
				Status                  string
				BatchCount, OutputCount int
				Callbacks               struct{ Nodes []apiCallback }
				Batches                 struct {
					PageInfo struct {
						HasNextPage bool
						EndCursor   string
					}
					Nodes []batchRecord
				}
			}
		}](t, s, s.platform(), query, anyMap{"uid": uid, "after": after}).GetRun
		if run.Status != "SUCCEEDED" || run.BatchCount != number || run.OutputCount != 10*number ||
			run.Callbacks.Nodes[0].Event != "RUN_FINISHED" {
			t.Errorf("run %s is %+v", uid, run)
		}
		for _, b := range run.Batches.Nodes {
			r.mu.Lock()
			if b.Status != "SUCCEEDED" || r.ended[b.UID] == 0 {
				t.Errorf("batch %s is %s, and was executed to its end %d times", b.UID, b.Status, r.ended[b.UID])
			}
			r.mu.Unlock()
			for _, a := range b.Attempts {
				batches[a.UID] = b.UID
				if causes[a.UID] = ""; a.ErrorCode != nil {
					causes[a.UID] = *a.ErrorCode
				}
			}
		}
		if !run.Batches.PageInfo.HasNextPage {
			return
		}
		after = run.Batches.PageInfo.EndCursor
	}
}

func TestRunsOutliveAKilledProcess(t *testing.T) {
	t.Parallel()
	long(t)
	s := startServer(t, options{process: true, env: crashEnv(nil)})
	r := startCrashedRuns(t, s)
	const kills = 3
	for n := range kills {
		r.await(t, (n+1)*crashBatches/5)
		s.kill(t)
		before, killed := r.inTheMiddle(t), time.Now()
		s = s.startAgain(t, nil)
		r.goesOn(t, "recovery after a kill", killed, before)
	}
	r.check(t, s, kills)
}

func TestRunsOutliveKilledWorkers(t *testing.T) {
	t.Parallel()
	long(t)
	needsServices(t)
	api := startServer(t, options{role: roleAPI, env: crashEnv(nil)})
	worker := func() *instance { return start(t, options{process: true, role: roleWorker}, api.env) }
	first, second := worker(), worker()
	r := startCrashedRuns(t, api)
	r.await(t, crashBatches/5)
	first.kill(t) // the other goes on alone
	r.await(t, 2*crashBatches/5)
	second.kill(t)
	before, killed := r.inTheMiddle(t), time.Now()
	worker()
	r.goesOn(t, "recovery after both workers were killed", killed, before)
	r.check(t, api, 2)
}

func TestRunsOutliveAKilledRedisThatComesBackEmpty(t *testing.T) {
	t.Parallel()
	long(t)
	needsServices(t)
	redis := startOwnRedis(t)
	s := startServer(t, options{process: true, env: crashEnv(vars{"REDIS_URL": redis.url()})})
	r := startCrashedRuns(t, s)
	r.await(t, crashBatches/5)
	redis.kill(t)
	modelstest.Eventually(
		t, "the server sees it", func() bool { _, r := s.readiness(t); return r.Checks["queue"] == degraded },
	)
	r.inTheMiddle(t)
	redis.start(t)
	back := time.Now()
	// What is in hand goes on without Redis; a new run does not.
	h := newHostile(t)
	h.on("/executor", pages(1))
	s.awaitRun(
		t, s.createRun(t, s.newProject(t, h.url("/hook")), s.newAction(t, h.url("/executor")), nil).Run.UID, "SUCCEEDED",
	)
	within(t, "recovery after Redis came back", back)
	r.check(t, s, 0)
}

func TestRunsOutliveARestartedPostgres(t *testing.T) {
	t.Parallel()
	long(t)
	needsServices(t)
	postgres := startOwnPostgres(t)
	s := startServer(t, options{process: true, env: crashEnv(vars{"DATABASE_URL": postgres.url()})})
	r := startCrashedRuns(t, s)
	r.await(t, crashBatches/5)
	postgres.restart(t)
	before, back := r.inTheMiddle(t), time.Now()
	r.goesOn(t, "recovery after Postgres came back", back, before)
	modelstest.Eventually(
		t, "the API answers again", func() bool { status, _ := s.get(t, "/readyz"); return status == http.StatusOK },
	)
	r.check(t, s, 0)
}
