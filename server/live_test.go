package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ringback/ringback/models/modelstest"
)

func TestChangesAreToldAsTheyCome(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	s := startServer(t, options{})
	project := s.newProject(t, h.url("/hook"))
	sub := s.subscribe(t, s.user(), project, nil)
	made := s.finishCrawl(t, newCrawlID(), project)
	sub.until(made.UID, "SUCCESS")
	cursor := sub.cursor
	sub.leave()
	made = s.finishCrawl(t, newCrawlID(), project)
	s.subscribe(t, s.user(), project, &cursor).until(made.UID, "SUCCESS")
}

// TestChangesAreToldOverProcesses: to who is connected to either api, of what a worker does; without Redis too, by
// looking.
func TestChangesAreToldOverProcesses(t *testing.T) {
	t.Parallel()
	needsServices(t)
	for name, env := range map[string]vars{"Redis": nil, "no Redis": {"REDIS_URL": "redis://127.0.0.1:1/0"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHostile(t)
			api := startServer(t, options{role: roleAPI, env: env})
			other := start(t, options{role: roleAPI}, api.env)
			other.token = api.token
			start(t, options{role: roleWorker}, api.env)
			project := api.newProject(t, h.url("/hook"))
			here, there := api.subscribe(t, api.user(), project, nil), other.subscribe(t, api.user(), project, nil)
			begun := time.Now()
			made := api.finishCrawl(t, newCrawlID(), project)
			here.until(made.UID, "SUCCESS")
			there.until(made.UID, "SUCCESS")
			within(t, name, begun)
		})
	}
}

// TestWhoComesBackAfterAKillHasMissedNothing: to another process, while callbacks are made and delivered.
func TestWhoComesBackAfterAKillHasMissedNothing(t *testing.T) {
	t.Parallel()
	needsServices(t)
	h := newHostile(t)
	api := startServer(t, options{role: roleAPI})
	killed := start(t, options{role: roleAPI, process: true}, api.env)
	killed.token = api.token
	start(t, options{role: roleWorker}, api.env)
	project := api.newProject(t, h.url("/hook"))
	sub := killed.subscribe(t, api.user(), project, nil)
	missing := map[string]bool{}
	for i := range 60 {
		if i == 30 {
			killed.kill(t)
		}
		missing[api.finishCrawl(t, newCrawlID(), project).UID] = true
	}
	note := func(answer *told) {
		if answer != nil && answer.Data != nil && answer.Data.CallbackChanged.Kind == "CHANGED" &&
			answer.Data.CallbackChanged.Callback.Status == "SUCCESS" {
			delete(missing, answer.Data.CallbackChanged.Callback.UID)
		}
	}
	for answer := sub.next(); answer != nil; answer = sub.next() {
		note(answer)
	}
	before := len(missing)
	sub = api.subscribe(t, api.user(), project, &sub.cursor)
	for len(missing) > 0 {
		note(sub.next())
	}
	t.Logf("%d were told before the kill", 60-before)
}

func TestAStoppingProcessSaysSoToSubscribers(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{})
	project := s.newProject(t, "")
	sub := s.subscribe(t, s.user(), project, nil)
	begun := time.Now()
	s.stop(t)
	sub.wantEnd("RECONNECT")
	if took := time.Since(begun); took > requestDrain {
		t.Errorf("took %s", took)
	}
}

// TestASubscriptionOutlivesTheLimitsOfRequests: what ends a request in time ends no stream.
func TestASubscriptionOutlivesTheLimitsOfRequests(t *testing.T) {
	t.Parallel()
	long(t)
	s := startServer(t, options{})
	project := s.newProject(t, "")
	sub := s.subscribe(t, s.user(), project, nil)
	begun := time.Now()
	comments := 0
	for sub.lines.Scan() && time.Since(begun) < requestTimeout+20*time.Second {
		if sub.lines.Text() == ":" {
			comments++
		}
	}
	if err := sub.lines.Err(); err != nil || comments < 3 {
		t.Errorf("%d comments, %v", comments, err)
	}
}

// TestAThousandSubscribersTakeLittle: a process of its own with them has less than 100 MB more than without. What is resident
// depends on when the collector has run: it may take some changes until then.
func TestAThousandSubscribersTakeLittle(t *testing.T) {
	t.Parallel()
	measured(t)
	const subscribers = 1_000
	s := startServer(t, options{process: true, files: 4 * subscribers, env: vars{"RINGBACK_ALLOWED_NETWORKS": "127.0.0.0/8"}})
	before := s.residentKiB(t)
	body := fmt.Sprintf(`{"query":"subscription { callbackChanged(input: {owner: {accountId: %d}}) { kind cursor callback { id status } } }"}`,
		demoAccountID)
	address := strings.TrimPrefix(s.base, "http://")
	all := make([]net.Conn, subscribers)
	for i := range all {
		conn, err := net.Dial("tcp", address)
		modelstest.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		all[i] = conn
		_, err = fmt.Fprintf(conn, "POST /graphql HTTP/1.1\r\nHost: x\r\nX-Api-Key: %s\r\nContent-Type: application/json\r\n"+
			"Accept: text/event-stream\r\nContent-Length: %d\r\n\r\n%s", s.key, len(body), body)
		modelstest.NoError(t, err)
	}
	await := func(what string) {
		for _, conn := range all {
			wantIn(t, conn, what)
		}
	}
	await("READY")
	const most = 100_000_000 >> 10 // KiB
	project, took := s.newProject(t, "http://127.0.0.1:1/hook"), most+1
	for changes := 0; took > most && changes < 5; changes++ {
		s.endCrawl(t, anyMap{"crawlId": newCrawlID(), "projectId": project})
		await("CHANGED")
		took = s.residentKiB(t) - before
		t.Logf("%d subscribers take %d MiB", subscribers, took>>10)
	}
	if took > most {
		t.Errorf("%d subscribers take %d MiB", subscribers, took>>10)
	}
	one := s.listen(t, s.platform(), subscription, anyMap{"owner": anyMap{"accountId": demoAccountID}})
	one.wantEnd("RATE_LIMITED")
}

// wantIn reads a connection until a text has come.
func wantIn(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	modelstest.NoError(t, conn.SetReadDeadline(time.Now().Add(modelstest.Patience)))
	got, buffer := "", make([]byte, 4096)
	for !strings.Contains(got, text) {
		n, err := conn.Read(buffer)
		if err != nil {
			t.Fatalf("%v after %q", err, got)
		}
		got += string(buffer[:n])
	}
}

// residentKiB is the memory of a process of its own.
func (s *instance) residentKiB(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.pid))
	if err != nil {
		t.Skip("needs /proc")
	}
	n, err := strconv.Atoi(find(t, string(status), `VmRSS:\s+(\d+) kB`))
	modelstest.NoError(t, err)
	return n
}

func TestSubscriptionsEndWithTheirSession(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{})
	id, secret := s.newUserKey(t)
	who := http.Header{"X-Auth-Token": {s.newSession(t, id, secret)}}
	project := s.newProject(t, "")
	sub := s.subscribe(t, who, project, nil)
	ask[any](t, s, who, `mutation { deleteSession { token } }`, nil)
	sub.wantEnd("UNAUTHENTICATED")
}
