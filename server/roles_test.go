package main

import (
	"bytes"
	"encoding/base64"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"

	"github.com/ringback/ringback/jobs/egress/egresstest"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store/storetest"
)

func TestRolesDeliverTogether(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	if env["DATABASE_URL"] == "" || env["REDIS_URL"] == "" {
		t.Skip("processes share Postgres and Redis: needs TEST_DATABASE_URL and TEST_REDIS_URL")
	}
	h := newHostile(t)
	api := startServer(t, options{role: roleAPI, env: env})
	made := api.finishCrawl(t, newCrawlID(), api.newProject(t, h.url("/hook")))
	worker := start(t, options{role: roleWorker}, api.env)
	h.next(t, "/hook")
	api.awaitStatus(t, made.UID, "SUCCESS")
	for path, want := range map[string]int{
		"/graphql": 404, "/v1/openapi.json": 404, "/explorer": 404, "/console": 404,
		"/livez": 200, "/readyz": 200, "/metrics": 200,
	} {
		if status, _ := worker.get(t, path); status != want {
			t.Errorf("worker: GET %s: HTTP %d, want %d", path, status, want)
		}
	}
	if _, metrics := worker.get(t, "/metrics"); !strings.Contains(metrics, "ringback_attempts_total") {
		t.Error("the worker does not count attempts")
	}
}

func TestRolesNeedEnginesOfTheirOwn(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for name, env := range map[string][]string{
		"nothing":    {},
		"only Redis": {"REDIS_URL=redis://127.0.0.1:1/0"},
		"only Postgres": {
			"DATABASE_URL=postgres://127.0.0.1:1/none",
			"RINGBACK_ENCRYPTION_KEY=" + base64.StdEncoding.EncodeToString(storetest.Key),
		},
	} {
		for _, role := range []string{roleAPI, roleWorker} {
			status, _, stderr := runCommand(t, append(env, "RINGBACK_DATA_DIR="+folder), "serve", "--role", role)
			if status != exitUsage || !strings.Contains(stderr, "DATABASE_URL, REDIS_URL: both must be set for --role "+role) {
				t.Errorf("%s, %s: exit status %d: %s", name, role, status, stderr)
			}
		}
	}
}

func TestPendingMigrationStopsServe(t *testing.T) {
	t.Parallel()
	if !storetest.OnPostgres() {
		t.Skip("the embedded default migrates by itself: needs TEST_DATABASE_URL")
	}
	env := newEnv(t)
	env["DATABASE_URL"] = storetest.URL(t) // which is not migrated
	steps := []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{"migrate", "status"}, exitOK, "pending"},
		{[]string{"serve"}, exitFailed, "migrate up"},
		{[]string{"migrate", "up"}, exitOK, "applied"},
		{[]string{"migrate", "up"}, exitOK, "up to date: 0 applied now"},
		{[]string{"migrate", "status"}, exitOK, "applied"},
	}
	for _, step := range steps {
		status, stdout, stderr := runCommand(t, list(env), step.args...)
		if status != step.status || !strings.Contains(stdout+stderr, step.says) {
			t.Errorf("%v: exit status %d, want %d and %q:\n%s%s", step.args, status, step.status, step.says, stdout, stderr)
		}
	}
	start(t, options{bare: true}, env)
}

func TestMigrateOnTheEmbeddedDefault(t *testing.T) {
	t.Parallel()
	env := []string{"RINGBACK_DATA_DIR=" + t.TempDir()}
	for _, step := range [][2]string{
		{"status", "pending"}, {"up", "applied"}, {"up", "up to date: 0"}, {"status", "applied"},
	} {
		args, want := []string{"migrate", step[0]}, step[1]
		status, stdout, stderr := runCommand(t, env, args...)
		if status != exitOK || !strings.Contains(stdout, want) {
			t.Errorf("%v: exit status %d, want %q: %s%s", args, status, want, stdout, stderr)
		}
	}
}

func TestUnreachableEnginesAreNamed(t *testing.T) {
	t.Parallel()
	closed := egresstest.ClosedAddr(t)
	base := vars{"RINGBACK_ADDR": "127.0.0.1:0", "RINGBACK_DATA_DIR": t.TempDir()}
	for name, change := range map[string]vars{
		"REDIS_URL: ": {"REDIS_URL": "redis://:hidden@127.0.0.1:no-port/0"},
		"DATABASE_URL: ": {
			"DATABASE_URL":            "postgres://ringback:hidden@127.0.0.1:no-port/none",
			"RINGBACK_ENCRYPTION_KEY": base64.StdEncoding.EncodeToString(storetest.Key),
		},
		"DATABASE_URL": {
			"DATABASE_URL":            "postgres://ringback:hidden@" + closed + "/none",
			"RINGBACK_ENCRYPTION_KEY": base64.StdEncoding.EncodeToString(storetest.Key),
		},
		"RINGBACK_ADDR": {"RINGBACK_ADDR": strings.TrimPrefix(newHostile(t).URL, "http://")},
	} {
		env := maps.Clone(base)
		maps.Copy(env, change)
		want := exitFailed
		if strings.HasSuffix(name, ": ") { // a URL that cannot be read is a mistake in the configuration
			want = exitUsage
		}
		status, _, stderr := runCommand(t, list(env), "serve")
		if status != want || !strings.Contains(stderr, name) || strings.Contains(stderr, "hidden") {
			t.Errorf("%s: exit status %d: %s", name, status, stderr)
		}
	}
}

// Every role starts without Redis, says so, and does its work; once Redis is there, it is used, by itself.
func TestEveryRoleStartsWithoutRedis(t *testing.T) {
	t.Parallel()
	engine := miniredis.RunT(t)
	engine.RequireAuth("hidden")
	addr := engine.Addr()
	engine.Close()
	env := newEnv(t)
	maps.Copy(env, vars{"REDIS_URL": "redis://:hidden@" + addr + "/0", "RINGBACK_QUEUE": "callbacks"})
	h := newHostile(t)
	all := startServer(t, options{env: env})
	servers := []*instance{all}
	if env["DATABASE_URL"] != "" { // processes share nothing else
		servers = append(servers, start(t, options{role: roleAPI}, all.env), start(t, options{role: roleWorker}, all.env))
	}
	for _, s := range servers {
		if status, r := s.readiness(t); status != http.StatusOK || r.Checks["queue"] != "degraded" {
			t.Errorf("%s: HTTP %d: %+v", s.opts.role, status, r)
		}
		if log := s.stderr.String(); !strings.Contains(log, "redis.away") || strings.Contains(log, "hidden") {
			t.Errorf("%s: the log says %s", s.opts.role, log)
		}
	}
	accept := func(s *instance) {
		t.Helper()
		s.key, s.token = all.key, all.token
		made := s.finishCrawl(t, newCrawlID(), all.newProject(t, h.url("/hook")))
		h.next(t, "/hook")
		all.awaitStatus(t, made.UID, "SUCCESS")
	}
	accept(all)
	accept(servers[min(1, len(servers)-1)]) // a process without a worker
	if err := engine.Restart(); err != nil {
		t.Fatal(err)
	}
	for _, s := range servers {
		modelstest.Eventually(t, "Redis is used", func() bool { _, r := s.readiness(t); return r.Checks["queue"] == "ok" })
	}
	modelstest.Eventually(t, "workers hear the doorbell", func() bool {
		return len(engine.PubSubChannels("")) > 0 &&
			engine.PubSubNumSub("ringback:callbacks:doorbell")["ringback:callbacks:doorbell"] > 0
	})
	accept(all)
}

func TestAnotherEncryptionKeyStopsServe(t *testing.T) {
	t.Parallel()
	first := startServer(t, options{})
	first.stop(t)
	env := maps.Clone(first.env)
	env["RINGBACK_ENCRYPTION_KEY"] = base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{9}, len(storetest.Key)))
	roles := []string{roleAll}
	if env["REDIS_URL"] != "" {
		roles = append(roles, roleAPI, roleWorker)
	}
	for _, role := range roles {
		status, _, stderr := runCommand(t, list(env), "serve", "--role", role)
		if status != exitFailed || !strings.Contains(stderr, "is RINGBACK_ENCRYPTION_KEY the one of this database?") {
			t.Errorf("%s: exit status %d: %s", role, status, stderr)
		}
	}
	for _, command := range []string{"up", "status"} { // which seal and open nothing
		if status, _, stderr := runCommand(t, list(env), "migrate", command); status != exitOK {
			t.Errorf("migrate %s: exit status %d: %s", command, status, stderr)
		}
	}
	first.startAgain(t, nil)
}

func TestPlatformKeyOfTheEnvironmentCountsOnEveryStart(t *testing.T) {
	t.Parallel()
	if storetest.OnPostgres() {
		t.Skip("on Postgres there is no other key")
	}
	first := startServer(t, options{})
	first.stop(t)
	const key = "a-platform-key-of-the-operator"
	second := first.startAgain(t, vars{"RINGBACK_PLATFORM_KEY": key})
	if status, body := second.post(t, first.platform(), "{ version }", nil); status != http.StatusUnauthorized {
		t.Errorf("the first start's key: HTTP %d: %s", status, body)
	}
	second.key = key
	second.endCrawl(t, anyMap{"crawlId": newCrawlID(), "projectId": demoProjectID})
}
