package main

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ringback/ringback/models/modelstest"
)

// A bulk replay of a history of so many failures, of which some have lost their payloads.
const (
	bulkCallbacks = 2000
	bulkSkipped   = 37
)

const fillFailures = `INSERT INTO callbacks (uid, ref, event, status, target, target_url, target_host, content_type, body, account_id, project_id,
	dedup_key, held, attempt_count, failure_count, http_status, error_code, error_message, created_at, finished_at, payload_purged_at)
SELECT uid, uid, 'CRAWL_FINISHED', 'FAILED', 'CONFIGURED', 'http://127.0.0.1:9/', '127.0.0.1:9', 'application/x-www-form-urlencoded', convert_to('message=' || i, 'UTF8'),
	123123, $1, 'made:' || i, FALSE, 1, 1, 410, 'HTTP_STATUS', 'the receiver answered with the status 410', at, at, CASE WHEN i <= $2 THEN at END
FROM (SELECT i, gen_random_uuid() AS uid, CAST(extract(epoch FROM now()) - 3600 AS BIGINT) * 1000000 + i AS at
	FROM generate_series(1, $3) AS n (i)) AS made`

// slowReceiver takes 50 ms for each request, and notes which there were of each ref.
type slowReceiver struct {
	*httptest.Server
	mu       sync.Mutex
	requests map[string][]string // the attempts, by refs
}

func newSlowReceiver(t *testing.T) *slowReceiver {
	t.Helper()
	r := &slowReceiver{requests: map[string][]string{}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
		ref := q.Header.Get("X-Callback-Ref")
		r.mu.Lock()
		r.requests[ref] = append(r.requests[ref], q.Header.Get("X-Run-Callback"))
		r.mu.Unlock()
		takeYourTime(q, 50*time.Millisecond)
	}))
	t.Cleanup(r.Close)
	return r
}

// refs is how many have arrived.
func (r *slowReceiver) refs() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.requests)
}

type bulkReplay struct {
	ID, Status                                          string
	Matched, Done, Replayed, Succeeded, Failed, Skipped int
}

const bulkReplayFields = `id status matched done replayed succeeded failed skipped`

// TestBulkReplayOutlivesItsWorkers: its worker is killed at 10, 50 and 90 %.
func TestBulkReplayOutlivesItsWorkers(t *testing.T) {
	t.Parallel()
	long(t)
	needsServices(t)
	api := startServer(t, options{process: true, role: roleAPI, env: crashEnv(nil)})
	start := func() *instance {
		other := *api
		other.opts.role = roleWorker
		return other.startAgain(t, nil)
	}
	r := newSlowReceiver(t)
	project := api.newProject(t, r.URL)
	if _, err := openSQL(t, api.env).ExecContext(t.Context(), fillFailures, project, bulkSkipped, bulkCallbacks); err != nil {
		t.Fatal(err)
	}
	worker := start()
	b := ask[struct {
		ReplayCallbacks struct{ BulkReplay bulkReplay }
	}](t, api, api.user(), `mutation($id: ObjectID!) {
		replayCallbacks(input: {owner: {projectId: $id}}) { bulkReplay {`+bulkReplayFields+`} } }`,
		anyMap{"id": project}).ReplayCallbacks.BulkReplay
	var fresh []string
	for _, percent := range []int{10, 50, 90} {
		modelstest.Eventually(t, "enough has arrived", func() bool { return r.refs() >= bulkCallbacks*percent/100 })
		for range 10 {
			fresh = append(fresh, api.finishCrawl(t, newCrawlID(), project).Ref)
		}
		worker.kill(t)
		worker = start()
	}
	modelstest.Eventually(t, "it has finished", func() bool {
		b = ask[struct{ Node bulkReplay }](t, api, api.user(), `query($id: ObjectID!) {
			node(id: $id) { ... on BulkReplay {`+bulkReplayFields+`} } }`, anyMap{"id": b.ID}).Node
		return b.Status == "FINISHED"
	})
	const sent = bulkCallbacks - bulkSkipped
	if b.Matched != bulkCallbacks || b.Skipped != bulkSkipped || b.Replayed != sent || b.Succeeded != sent || b.Failed != 0 ||
		b.Done != bulkCallbacks {
		t.Errorf("%+v", b)
	}
	modelstest.Eventually(t, "what is new has arrived", func() bool { return r.refs() >= sent+len(fresh) })
	r.check(t, api, project, fresh)
}

// check holds what has arrived against the history: of each ref that was to be sent once, and again only for attempts that
// were in flight when their worker was killed, or failed.
func (r *slowReceiver) check(t *testing.T, s *instance, project string, fresh []string) {
	t.Helper()
	excused, want := map[string]int{}, map[string]bool{}
	for _, ref := range fresh {
		want[ref] = true
	}
	rows, err := openSQL(t, s.env).QueryContext(t.Context(), `SELECT callbacks.ref, COALESCE(a.error_code, '') FROM callbacks
		LEFT JOIN callback_attempts a ON a.callback_id = callbacks.id WHERE project_id = $1 AND replay_of_id IS NOT NULL`, project)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var ref, cause string
		if err := rows.Scan(&ref, &cause); err != nil {
			t.Fatal(err)
		}
		want[ref] = true
		if cause == "INTERRUPTED" || slices.Contains(retried, cause) {
			excused[ref]++
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	again := 0
	for ref, attempts := range r.requests {
		if !want[ref] {
			t.Errorf("ref %s was not to be sent", ref)
		}
		if len(attempts) > 1 {
			again++
		}
		if !slices.Contains(fresh, ref) && len(attempts)-1 > excused[ref] {
			t.Errorf("ref %s was sent %d times, of which %d were in flight at a kill: %v", ref, len(attempts), excused[ref], attempts)
		}
	}
	if len(r.requests) != len(want) {
		t.Errorf("%d refs have arrived, want %d", len(r.requests), len(want))
	}
	t.Logf("%d of %d refs were sent again", again, len(want))
}
