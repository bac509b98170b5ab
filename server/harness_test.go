package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/ringback/ringback/jobs"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store/storetest"
	"github.com/ringback/ringback/models/tenant"
)

type vars = map[string]string

// options say how a server is started.
type options struct {
	env     vars // laid over the test's own
	role    string
	process bool   // a process of its own, which can be killed
	program string // of that process; empty: the one that is tested
	files   int    // how many it may open; 0: as many as this one
	bare    bool   // without the demo tenant where the server does not make it by itself
	// open, where it is set, gets the opened server before it serves.
	open func(*server)
}

// instance is a running server, and the demo tenant behind its API.
type instance struct {
	opts           options
	env            vars
	base           string
	stdout, stderr *modelstest.Buffer
	token, key     string // of the demo user, and of the platform
	http           *http.Client

	signal func(os.Signal) error
	pid    int           // of a process of its own
	exited chan struct{} // closed once it has ended
	status int           // valid then
}

// newEnv is the environment of a fresh installation: a data folder, or a migrated database and a queue of its own.
func newEnv(t *testing.T) vars {
	t.Helper()
	env := vars{"RINGBACK_ADDR": "127.0.0.1:0", "RINGBACK_DATA_DIR": t.TempDir(), "RINGBACK_CONCURRENCY": "16"}
	if !storetest.OnPostgres() {
		return env
	}
	maps.Copy(env, vars{
		"DATABASE_URL":              storetest.MigratedURL(t),
		"RINGBACK_POOLER":           string(storetest.ModeOfPooler()),
		"RINGBACK_ENCRYPTION_KEY":   base64.StdEncoding.EncodeToString(storetest.Key),
		"RINGBACK_PLATFORM_KEY":     tenant.NewPlatformKey().Reveal(),
		"RINGBACK_ALLOWED_NETWORKS": "127.0.0.0/8",
	})
	if url := os.Getenv("TEST_REDIS_URL"); url != "" {
		env["REDIS_URL"], env["RINGBACK_QUEUE"] = url, newQueue(t, url)
	}
	return env
}

// newQueue returns the name of a queue that is gone when the test ends.
func newQueue(t *testing.T, url string) string {
	t.Helper()
	name := "test-" + strings.ToLower(rand.Text())
	t.Cleanup(func() {
		client, err := jobs.OpenRedis(url)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = client.Close() }()
		ctx := context.Background()
		keys, _ := client.Keys(ctx, "asynq:{"+name+"}:*").Result()
		if len(keys) > 0 {
			client.Del(ctx, keys...)
		}
		client.SRem(ctx, "asynq:queues", name)
		client.Del(ctx, "ringback:"+name+":id")
	})
	return name
}

func list(env vars) []string {
	var out []string
	for name, value := range env {
		out = append(out, name+"="+value)
	}
	return out
}

// startServer starts a server on a fresh installation, with the demo tenant, and stops it when the test ends.
func startServer(t *testing.T, opts options) *instance {
	t.Helper()
	env := newEnv(t)
	maps.Copy(env, opts.env)
	if opts.env["DATABASE_URL"] != "" {
		opts.migrate(t, env)
	}
	s := start(t, opts, env)
	if env["DATABASE_URL"] == "" {
		s.token = find(t, s.stdout.String(), `Session token +(\S+)`)
		if s.key = env["RINGBACK_PLATFORM_KEY"]; s.key == "" {
			s.key = find(t, s.stdout.String(), `Platform key +(\S+)`)
		}
		return s
	}
	s.key = env["RINGBACK_PLATFORM_KEY"]
	if !opts.bare {
		s.makeTenant(t)
	}
	return s
}

// migrate brings a database up to date, as far as the program knows.
func (o options) migrate(t *testing.T, env vars) {
	t.Helper()
	if o.program == "" {
		if status, _, stderr := runCommand(t, list(env), "migrate", "up"); status != exitOK {
			t.Fatalf("migrate up: exit status %d: %s", status, stderr)
		}
		return
	}
	cmd := o.command("migrate", "up")
	cmd.Env = append(cmd.Env, list(env)...)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("migrate up: %v: %s", err, text)
	}
}

// command runs the program in a process of its own.
func (o options) command(args ...string) *exec.Cmd {
	program := cmp.Or(o.program, os.Args[0])
	cmd := exec.Command(program, args...)
	if o.files > 0 {
		limited := append([]string{"-c", `ulimit -n "$0" && exec "$@"`, strconv.Itoa(o.files), program}, args...)
		cmd = exec.Command("/bin/sh", limited...)
	}
	cmd.Env = []string{envRunMain + "=1", "PATH=" + os.Getenv("PATH")}
	return cmd
}

// startAgain starts a server on what an earlier one left behind.
func (s *instance) startAgain(t *testing.T, changes vars) *instance {
	t.Helper()
	env := maps.Clone(s.env)
	maps.Copy(env, changes)
	next := start(t, s.opts, env)
	next.token, next.key = s.token, s.key
	return next
}

// start starts a server and waits until it is ready.
func start(t *testing.T, opts options, env vars) *instance {
	t.Helper()
	s := &instance{
		opts: opts, env: env, stdout: &modelstest.Buffer{}, stderr: &modelstest.Buffer{}, exited: make(chan struct{}),
		http: &http.Client{Transport: &http.Transport{}, Timeout: modelstest.Patience},
	}
	t.Cleanup(s.http.CloseIdleConnections)
	var args []string
	if opts.role != "" {
		args = []string{"serve", "--role", opts.role}
	}
	switch {
	case opts.process:
		s.startProcess(t, args)
	case opts.open != nil:
		s.startOpened(t)
	default:
		s.startRun(t, args)
	}
	modelstest.Eventually(t, "the server says where it listens", func() bool {
		select {
		case <-s.exited:
			t.Fatalf("the server ended with status %d: %s", s.status, s.stderr)
		default:
		}
		return strings.Contains(s.stdout.String(), "listens on") && strings.HasSuffix(s.stdout.String(), "\n")
	})
	s.base = find(t, s.stdout.String(), `listens on (\S+)`)
	modelstest.Eventually(
		t, "the server is ready", func() bool { status, _ := s.get(t, "/readyz"); return status == http.StatusOK },
	)
	return s
}

// startRun runs the program in a goroutine.
func (s *instance) startRun(t *testing.T, args []string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s.signal = func(os.Signal) error { cancel(); return nil }
	go func() {
		defer close(s.exited)
		s.status = execute(ctx, args, list(s.env), s.stdout, s.stderr)
	}()
	t.Cleanup(func() { s.stop(t) })
}

// startOpened does what serve does, with the server in the test's hand before it runs.
func (s *instance) startOpened(t *testing.T) {
	t.Helper()
	cfg, err := parseConfig(list(s.env))
	if err != nil {
		t.Fatal(err)
	}
	opened, err := openServer(t.Context(), cfg, roleAll, newLogger(cfg.LogFormat, s.stderr))
	if err != nil {
		t.Fatal(err)
	}
	s.opts.open(opened)
	ctx, cancel := context.WithCancel(context.Background())
	s.signal = func(os.Signal) error { cancel(); return nil }
	opened.announce(&environment{ctx: ctx, stdout: s.stdout, stderr: s.stderr})
	go func() {
		defer close(s.exited)
		if err := opened.run(ctx); err != nil {
			s.status = exitFailed
		}
	}()
	t.Cleanup(func() { s.stop(t) })
}

// startProcess runs the program in a process of its own.
func (s *instance) startProcess(t *testing.T, args []string) {
	t.Helper()
	cmd := s.opts.command(args...)
	cmd.Env = append(cmd.Env, list(s.env)...)
	cmd.Stdout, cmd.Stderr = s.stdout, s.stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.signal, s.pid = cmd.Process.Signal, cmd.Process.Pid
	go func() {
		defer close(s.exited)
		_ = cmd.Wait()
		s.status = cmd.ProcessState.ExitCode()
	}()
	t.Cleanup(func() {
		if err := s.signal(os.Kill); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Error(err)
		}
		<-s.exited
	})
}

// stop ends the server as an operator would, and expects that it ends well.
func (s *instance) stop(t *testing.T) {
	t.Helper()
	s.http.CloseIdleConnections()
	_ = s.signal(os.Interrupt)
	if status := s.wait(t); status != exitOK {
		t.Errorf("the server ended with status %d: %s", status, s.stderr)
	}
}

// wait returns the exit status.
func (s *instance) wait(t *testing.T) int {
	t.Helper()
	modelstest.Receive(t, "the server ends", s.exited)
	return s.status
}

// find returns what the pattern's group matches.
func find(t *testing.T, text, pattern string) string {
	t.Helper()
	match := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if match == nil {
		t.Fatalf("no %s in: %s", pattern, text)
	}
	return match[1]
}
