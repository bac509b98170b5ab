package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// serverBinary is built once, by the first test that needs it.
var serverBinary func(testing.TB) string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "ringback-bench-test-")
	if err != nil {
		panic(err)
	}
	path := filepath.Join(dir, "ringback")
	once := sync.OnceValue(func() error { return build(context.Background(), path) })
	serverBinary = func(tb testing.TB) string {
		tb.Helper()
		if testing.Short() {
			tb.Skip("builds and starts servers")
		}
		if err := once(); err != nil {
			tb.Fatal(err)
		}
		return path
	}
	status := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(status)
}

// engines are the flags for each engine that can be had here.
func engines() map[string][]string {
	found := map[string][]string{embedded: {"-engine", embedded}}
	database, redis := os.Getenv("TEST_DATABASE_URL"), os.Getenv("TEST_REDIS_URL")
	if database != "" && redis != "" {
		found[onPostgres] = []string{"-engine", onPostgres, "-database-url", database, "-redis-url", redis}
	}
	return found
}

// runBench runs the program, and returns the lines of JSON.
func runBench(t *testing.T, args ...string) (status int, lines []result, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(t.Context(), append(args, "-binary", serverBinary(t), "-baseline", "50ms", "-clients", "16"), &out, &errs)
	for line := range strings.Lines(out.String()) {
		if !strings.HasPrefix(line, "{") {
			continue
		}
		var r result
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		lines = append(lines, r)
	}
	return status, lines, errs.String()
}

func TestEveryCommandRunsInItsSmallestSize(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		args  []string
		lines int // of JSON, with the summaries
		check func(*testing.T, result)
		// second, where it is set, checks the second line.
		second func(*testing.T, result)
	}{
		"drain":  {[]string{"-n", "40", "-publishers", "4", "-rounds", "2"}, 3, checkDeliveries(40), checkDeliveries(40)},
		"steady": {[]string{"-rate", "50", "-duration", "400ms"}, 1, checkDeliveries(20), nil},
		"idle":   {[]string{"-settle", "0s", "-duration", "300ms"}, 1, checkIdle, nil},
		"history": {
			[]string{"-small", "100", "-large", "300", "-samples", "5", "-limit", "50ms"},
			1,
			func(t *testing.T, r result) {
				if r.History == nil || len(r.Pages) != len(pages()) || r.Pages[0].InSmall.P50 <= 0 || r.Pages[0].InLarge.P99 <= 0 {
					t.Errorf("got %+v", r.History)
				}
			},
			nil,
		},
		"neighbour": {
			[]string{"-n", "20", "-finished", "200", "-waiting", "100"}, 3, checkDeliveries(20), checkDeliveries(20),
		},
		"roles": {[]string{"-n", "20"}, 3, checkDeliveries(20), checkDeliveries(20)},
		"slow":  {[]string{"-n", "20", "-answer", "5ms"}, 3, checkDeliveries(20), checkReceivers(20)},
		"many": {
			[]string{"-n", "60", "-hosts", "20", "-accounts", "3", "-hanging", "10", "-rate", "50", "-duration", "400ms"},
			6,
			checkDeliveries(60), checkReceivers(54), // two of the hosts never answer
		},
		"shared": {[]string{"-rate", "20", "-duration", "400ms"}, 4, checkDeliveries(8), checkBeside(8, 8)},
		"flood":  {[]string{"-n", "100", "-rate", "20", "-duration", "400ms"}, 3, checkDeliveries(8), checkBeside(8, 100)},
		"replay": {[]string{"-n", "150", "-rate", "20", "-duration", "400ms", "-answer", "5ms"}, 3, checkDeliveries(8), checkReplay(150)},
	}
	for engine, flags := range engines() {
		for command, test := range tests {
			if command == "roles" && engine == embedded {
				continue
			}
			t.Run(engine+"/"+command, func(t *testing.T) {
				t.Parallel()
				status, lines, stderr := runBench(t, append(append([]string{command}, flags...), test.args...)...)
				if status != exitOK || len(lines) != test.lines {
					t.Fatalf("exit status %d, %d lines of JSON: %s", status, len(lines), stderr)
				}
				r := lines[0]
				if r.Command != command || r.Engine != engine || r.StraightPerSecond <= 0 || r.ReadyMillis <= 0 {
					t.Errorf("got %+v", r)
				}
				if engine == onPostgres && (r.Durability["fsync"] == "" || r.Durability["synchronous_commit"] == "") {
					t.Errorf("got %v", r.Durability)
				}
				test.check(t, r)
				if test.second != nil {
					test.second(t, lines[1])
				}
			})
		}
	}
}

func checkDeliveries(count int) func(*testing.T, result) {
	return func(t *testing.T, r result) {
		t.Helper()
		d := r.Deliveries
		if d == nil || d.Callbacks != count || d.Lost != 0 || d.AcceptedPerSecond <= 0 || d.DeliveredPerSecond <= 0 ||
			d.Max < d.P99 {
			t.Fatalf("got %+v", d)
		}
		if r.Receivers == nil && d.P50 <= 0 { // else it runs from the answer: all may have arrived before
			t.Errorf("got %+v", d)
		}
	}
}

func checkReceivers(count int) func(*testing.T, result) {
	return func(t *testing.T, r result) {
		t.Helper()
		checkDeliveries(count)(t, r)
		if r.Receivers == nil || r.PostsPerSecond <= 0 || r.Connections <= 0 {
			t.Errorf("got %+v", r.Receivers)
		}
	}
}

func checkBeside(count, published int) func(*testing.T, result) {
	return func(t *testing.T, r result) {
		t.Helper()
		checkReceivers(count)(t, r)
		if r.Beside == nil || r.Published != published || r.ArrivedPerSecond < 0 || r.Waiting < 0 || r.Waiting >= published {
			t.Errorf("got %+v", r.Beside)
		}
	}
}

func checkReplay(count int) func(*testing.T, result) {
	return func(t *testing.T, r result) {
		t.Helper()
		checkReceivers(8)(t, r)
		if r.Replay == nil || r.Matched != count || r.Skipped != 0 || r.Again != 0 || r.Took <= 0 {
			t.Errorf("got %+v", r.Replay)
		}
	}
}

func TestAReplayGoesOnAfterItsWorkerWasKilled(t *testing.T) {
	t.Parallel()
	flags, ok := engines()[onPostgres]
	if !ok {
		t.Skip("needs TEST_DATABASE_URL and TEST_REDIS_URL")
	}
	args := []string{"replay", "-kill", "-n", "1500", "-rate", "20", "-duration", "1s"}
	status, lines, stderr := runBench(t, append(args, flags...)...)
	if status != exitOK || len(lines) != 3 || lines[1].Replay == nil || lines[1].Matched != 1500 {
		t.Errorf("exit status %d, %+v: %s", status, lines, stderr)
	}
}

func checkIdle(t *testing.T, r result) {
	t.Helper()
	if r.Idle == nil || r.Seconds <= 0 {
		t.Fatalf("got %+v", r.Idle)
	}
	if counted := r.RedisCommandsPerMinute != nil; counted != (r.Engine == onPostgres) {
		t.Errorf("Redis commands are counted: %t", counted)
	}
}

func TestServerThatDoesNotStartIsExplained(t *testing.T) {
	t.Parallel()
	status, lines, stderr := runBench(t, "drain", "-engine", embedded, "-env", "RINGBACK_PER_HOST=none")
	if status != exitFailed || len(lines) != 0 ||
		!strings.Contains(stderr, `RINGBACK_PER_HOST: "none" is neither auto nor`) {
		t.Errorf("exit status %d: %s", status, stderr)
	}
}

func TestCallbacksThatCannotArriveEndInFailure(t *testing.T) {
	t.Parallel()
	status, _, stderr := runBench(
		t, "drain", "-engine", embedded, "-env", "RINGBACK_ALLOWED_NETWORKS=192.0.2.0/24", "-patience", "300ms",
	)
	if status != exitFailed || !strings.Contains(stderr, "the first callback did not arrive") {
		t.Errorf("exit status %d: %s", status, stderr)
	}
}

func TestInterruptedRunLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	for engine, flags := range engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			b := &bench{
				settings: settings{Engine: engine, Binary: serverBinary(t), Patience: time.Minute}, ctx: ctx, dir: t.TempDir(),
			}
			if engine == onPostgres {
				b.DatabaseURL, b.RedisURL = flags[3], flags[5]
			}
			i, err := b.install("", roleAll)
			if err != nil {
				t.Fatal(err)
			}
			cancel()
			if err := i.close(); err != nil {
				t.Error(err)
			}
			<-i.processes[0].exited
			if left, err := os.ReadDir(b.dir); err != nil || len(left) != 0 {
				t.Errorf("left in the folder: %v, %v", left, err)
			}
			if engine == onPostgres {
				wantGone(t, b, i)
			}
		})
	}
}

// wantGone looks for the database and the queue.
func wantGone(t *testing.T, b *bench, i *installation) {
	t.Helper()
	db, err := openDatabase(i.db.url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.PingContext(t.Context()); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("the database is still there: %v", err)
	}
	q, err := openQueue(t.Context(), b.RedisURL, i.queue.name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = q.client.Close() }()
	if keys, err := q.client.Keys(t.Context(), "*"+i.queue.name+"*").Result(); err != nil || len(keys) != 0 {
		t.Errorf("left in Redis: %v, %v", keys, err)
	}
}

func TestMistakesInFlagsAreUsageErrors(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{},
		{"nothing"},
		{"drain", "-n", "0"},
		{"drain", "-engine", "other"},
		{"drain", "-rounds", "0"},
		{"drain", "-env", "NAME"},
		{"drain", "-redis-url", "rediss://127.0.0.1"},
		{"steady", "-rate", "0"},
		{"idle", "-duration", "0s"},
		{"history", "-small", "10"},
		{"neighbour", "-waiting", "-1"},
		{"slow", "-answer", "0s"},
		{"many", "-accounts", "2000"},
		{"many", "-hanging", "1"},
		{"shared", "-sick", "sleep"},
		{"flood", "-grace", "0s"},
		{"replay", "-answer", "0s"},
	} {
		var out, errs bytes.Buffer
		if status := run(t.Context(), args, &out, &errs); status != exitUsage || errs.Len() == 0 {
			t.Errorf("%v: exit status %d: %s", args, status, errs.String())
		}
	}
}
