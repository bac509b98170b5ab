package main

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store/storetest"
)

type readiness struct {
	Status string
	Checks map[string]string
}

func (s *instance) readiness(t *testing.T) (status int, r readiness) {
	t.Helper()
	status, body := s.get(t, "/readyz")
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return status, r
}

func TestReadinessNamesEachCheck(t *testing.T) {
	t.Parallel()
	engine := miniredis.RunT(t)
	s := startServer(t, options{bare: true, env: vars{"REDIS_URL": "redis://" + engine.Addr()}})
	status, r := s.readiness(t)
	want := readiness{"ready", map[string]string{"database": "ok", "queue": "ok", "migrations": "ok", "engine": "ok"}}
	if diff := cmp.Diff(want, r); diff != "" || status != http.StatusOK {
		t.Errorf("HTTP %d (-want +got):\n%s", status, diff)
	}
	engine.Close()
	want.Checks["queue"] = "degraded"
	status, r = s.readiness(t)
	if diff := cmp.Diff(want, r); diff != "" || status != http.StatusOK {
		t.Errorf("without Redis: HTTP %d (-want +got):\n%s", status, diff)
	}
	if status, body := s.get(t, "/livez"); status != http.StatusOK || body != "ok\n" {
		t.Errorf("without Redis the process is alive all the same: HTTP %d: %s", status, body)
	}
	if err := engine.Restart(); err != nil {
		t.Fatal(err)
	}
	modelstest.Eventually(t, "all is well again", func() bool { _, r := s.readiness(t); return r.Checks["queue"] == "ok" })
}

func TestDatabaseThatHangsIsNotBlamedOnTheQueue(t *testing.T) {
	t.Parallel()
	if !storetest.OnPostgres() {
		t.Skip("SQLite does not hang")
	}
	databaseURL, proxy := storetest.Before(t, storetest.Direct(storetest.MigratedURL(t)))
	s := startServer(t, options{bare: true, env: vars{"DATABASE_URL": databaseURL}})
	if status, r := s.readiness(t); status != http.StatusOK {
		t.Fatalf("at first: HTTP %d, %v", status, r)
	}
	silent, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	proxy.Turn(silent.Addr().String())
	proxy.Cut()
	status, r := s.readiness(t)
	if status != http.StatusServiceUnavailable || r.Checks["database"] != "failing" || r.Checks["queue"] != "ok" {
		t.Errorf("it hangs: HTTP %d, %v", status, r)
	}
}

func TestOutageOfRedisDelaysButLosesNothing(t *testing.T) {
	t.Parallel()
	engine := miniredis.RunT(t)
	h := newHostile(t)
	s := startServer(t, options{env: vars{"REDIS_URL": "redis://" + engine.Addr()}})
	project := s.newProject(t, h.url("/hook"))
	engine.SetError("LOADING Redis is loading the dataset in memory")
	made := s.finishCrawl(t, newCrawlID(), project) // answers although nobody can be woken
	if made.Status != "PENDING" {
		t.Errorf("the callback is %s", made.Status)
	}
	engine.SetError("")
	engine.FlushAll()
	s.awaitStatus(t, made.UID, "SUCCESS")
	h.next(t, "/hook")
}

func TestMetricsCountAttemptsWithoutURLsOrIDs(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	s := startServer(t, options{env: vars{"RINGBACK_RETRY_SCHEDULE": "none"}})
	h.on("/bad", answers(500, ""))
	c := s.awaitStatus(t, s.finishCrawl(t, newCrawlID(), s.newProject(t, h.url("/hook"))).UID, "SUCCESS")
	s.awaitStatus(t, s.finishCrawl(t, newCrawlID(), s.newProject(t, h.url("/bad"))).UID, "FAILED")
	var metrics string
	modelstest.Eventually(t, "both attempts are counted", func() bool {
		_, metrics = s.get(t, "/metrics")
		return strings.Contains(metrics, `ringback_attempts_total{event="CRAWL_FINISHED",outcome="delivered"} 1`) &&
			strings.Contains(metrics, `ringback_attempts_total{event="CRAWL_FINISHED",outcome="HTTP_STATUS"} 1`)
	})
	labels := regexp.MustCompile(`"[^"]*"`)
	for _, name := range []string{
		"ringback_callbacks_accepted_total{event=\"CRAWL_FINISHED\"} 2", "ringback_attempt_duration_seconds_bucket",
		"ringback_accepted_to_first_byte_seconds_bucket", "ringback_callbacks_due 0", "ringback_callbacks_overdue 0",
		"ringback_queue_size", "ringback_queue_age_seconds", "ringback_requests_in_flight 0", "ringback_swept_total",
		"go_sql_open_connections{db_name=\"write\"}",
	} {
		if !strings.Contains(metrics, name) {
			t.Errorf("no %s", name)
		}
	}
	for line := range strings.Lines(metrics) {
		if !strings.HasPrefix(line, "ringback_") {
			continue
		}
		for _, value := range labels.FindAllString(line, -1) {
			if !regexp.MustCompile(`^"([A-Z_]+|[a-z_]+|[0-9.]+|\+Inf)"$`).MatchString(value) || strings.Contains(value, c.UID) {
				t.Errorf("a label with the value %s: %s", value, line)
			}
		}
	}
}

func TestGraphQLIsServed(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{bare: true})
	if status, body := s.get(t, "/graphql?query=%7Bversion%7D"); status != http.StatusOK || !strings.Contains(body, `"version"`) {
		t.Errorf("GET /graphql: HTTP %d: %s", status, body)
	}
	if status, body := s.post(t, nil, "{ version }", nil); status != http.StatusOK ||
		string(body) != `{"data":{"version":"`+version+`"}}` {
		t.Errorf("POST /graphql: HTTP %d: %s", status, body)
	}
	if status, body := s.post(
		t, http.Header{"X-Auth-Token": {"wrong"}}, "{ version }", nil,
	); status != http.StatusUnauthorized ||
		!strings.Contains(string(body), `"code":"UNAUTHENTICATED"`) {
		t.Errorf("a wrong token: HTTP %d: %s", status, body)
	}
	if status, body := s.get(t, "/explorer"); status != http.StatusOK || !strings.Contains(body, "graphiql") {
		t.Errorf("GET /explorer: HTTP %d", status)
	}
	for _, path := range []string{"/", "/console", "/console/projects/1", "/accounts/1/projects/2/edit?step=4"} {
		if status, body := s.get(t, path); status != http.StatusOK || !strings.Contains(body, `<div id="app">`) {
			t.Errorf("GET %s: HTTP %d, and not the console's page", path, status)
		}
	}
}

func TestARequestHasOneIDForItsCallerAndTheLog(t *testing.T) {
	t.Parallel()
	h := identified(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(models.RequestID(r.Context())))
	}))
	seen := map[string]bool{"": true}
	for range 2 {
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/", nil))
		id := answer.Header().Get("X-Request-Id")
		if id != answer.Body.String() || seen[id] {
			t.Errorf("the caller has %q, the log %q", id, answer.Body)
		}
		seen[id] = true
	}
	s := startServer(t, options{bare: true})
	response, err := s.http.Post(s.base+"/graphql", "application/json", strings.NewReader(`{"query":"{version}"}`))
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.Header.Get("X-Request-Id") == "" {
		t.Errorf("the API gives no id: %v", response.Header)
	}
}

func TestOnlyConfiguredOriginsMayCall(t *testing.T) {
	t.Parallel()
	const mine, other = "https://app.example.com", "https://evil.example.com"
	with := startServer(t, options{bare: true, env: vars{"RINGBACK_CORS_ORIGINS": mine + ",https://two.example.com"}})
	without := startServer(t, options{bare: true})
	for name, c := range map[string]struct {
		s      *instance
		origin string
		want   string
	}{
		"a configured origin": {with, mine, mine},
		"another origin":      {with, other, ""},
		"none configured":     {without, mine, ""},
	} {
		for _, method := range []string{http.MethodOptions, http.MethodPost} {
			request, err := http.NewRequestWithContext(
				t.Context(), method, c.s.base+"/graphql", strings.NewReader(`{"query":"{version}"}`),
			)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Content-Type", "application/json")
			request.Header.Set("Origin", c.origin)
			if method == http.MethodOptions {
				request.Header.Set("Access-Control-Request-Method", http.MethodPost)
				request.Header.Set("Access-Control-Request-Headers", "content-type,x-auth-token")
			}
			response, err := c.s.http.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			h := response.Header
			if got := h.Get("Access-Control-Allow-Origin"); got != c.want || h.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s, %s: allows %q, want %q", name, method, got, c.want)
			}
			if method == http.MethodOptions && c.want != "" &&
				!strings.Contains(strings.ToLower(h.Get("Access-Control-Allow-Headers")), "x-auth-token") {
				t.Errorf("%s: the token's header is not allowed: %v", name, h)
			}
		}
	}
}

func TestHeadersOfARequestAreBounded(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{bare: true})
	for size, want := range map[int]int{
		32 << 10: http.StatusUnauthorized, 128 << 10: http.StatusRequestHeaderFieldsTooLarge,
	} {
		if status, body := s.post(
			t, http.Header{"X-Auth-Token": {strings.Repeat("x", size)}}, "{ version }", nil,
		); status != want {
			t.Errorf("a token of %d bytes: HTTP %d, want %d: %.200s", size, status, want, body)
		}
	}
}

func TestNoAnswerIsSniffed(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{bare: true})
	for _, path := range []string{
		"/livez", "/readyz", "/metrics", "/explorer", "/", "/graphql", "/v1/openapi.json", "/v1//", "/nothing", "//graphql",
		"/explorer/assets/nothing", "/console", "/console/assets/nothing",
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodOptions} {
			if _, _, header := s.rest(t, nil, method, path, ""); header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s %s: %v", method, path, header)
			}
		}
	}
}

// Each header that GraphQL clients, tracers and error reporters send by themselves would stop the whole request.
func TestFrontEndsMaySendTheHeadersOfTheirTools(t *testing.T) {
	t.Parallel()
	const origin = "https://b.example"
	usual := startServer(t, options{bare: true, env: vars{"RINGBACK_CORS_ORIGINS": "https://a.example, " + origin}})
	own := startServer(
		t, options{bare: true, env: vars{"RINGBACK_CORS_ORIGINS": origin, "RINGBACK_CORS_HEADERS": "X-Mine, x-other"}},
	)
	for _, c := range []struct {
		s       *instance
		headers string
		allowed bool
	}{
		{usual, "baggage,sentry-trace,traceparent,x-apollo-operation-name", true},
		{usual, "apollo-require-preflight,content-type,tracestate,x-auth-token,x-request-id", true},
		{usual, "x-mine", false},
		{own, "content-type,idempotency-key,x-api-key,x-mine,x-other,x-query-cost", true},
		{own, "traceparent", false},
	} {
		for _, path := range []string{"/graphql", "/v1/runs/callbacks"} {
			_, _, header := c.s.rest(t, http.Header{
				"Origin": {origin}, "Access-Control-Request-Method": {http.MethodPost},
				"Access-Control-Request-Headers": {c.headers},
			}, http.MethodOptions, path, "")
			if allowed := header.Get("Access-Control-Allow-Headers") == c.headers; allowed != c.allowed {
				t.Errorf("%s: %s: allowed is %t: %v", path, c.headers, allowed, header)
			}
		}
	}
}

func TestRequestsToTheAPIAreGivenUp(t *testing.T) {
	t.Parallel()
	var left time.Duration
	bounded(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		deadline, _ := r.Context().Deadline()
		left = time.Until(deadline)
	})).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/graphql", nil))
	if left <= 0 || left > requestTimeout {
		t.Errorf("a request has %s", left)
	}
}
