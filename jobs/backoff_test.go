package jobs

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
)

// counter is a hook that counts what is sent to Redis.
type counter struct{ n atomic.Int64 }

func (c *counter) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *counter) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error { c.n.Add(1); return next(ctx, cmd) }
}

func (c *counter) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error { c.n.Add(1); return next(ctx, cmds) }
}

// window is how long the tests of the back-off count.
const window = time.Second

func TestErrorRepliesSlowALoopDown(t *testing.T) {
	t.Parallel()
	engine := miniredis.RunT(t)
	client := must[redis.UniversalClient](t)(OpenRedis("redis://" + engine.Addr()))
	t.Cleanup(func() { _ = client.Close() })
	for name, command := range map[string]func(context.Context) error{
		"command": func(ctx context.Context) error { return client.Ping(ctx).Err() },
		"pipeline": func(ctx context.Context) error {
			_, err := client.Pipelined(ctx, func(p redis.Pipeliner) error { return p.Ping(ctx).Err() })
			return err
		},
	} {
		engine.SetError("MISCONF Redis is configured to save RDB snapshots")
		n := 0
		for start := time.Now(); time.Since(start) < window; n++ {
			if command(t.Context()) == nil {
				t.Fatal("no error")
			}
		}
		if n > 10 {
			t.Errorf("%s: %d in %s", name, n, window)
		}
		engine.SetError("")
		if err := command(t.Context()); err != nil {
			t.Errorf("%s: afterwards: %v", name, err)
		}
	}
}

func TestOrdinaryRepliesAreNotSlowedDown(t *testing.T) {
	t.Parallel()
	client, name := openQueue(t)
	ctx := t.Context()
	start := time.Now()
	for range 50 {
		if err := client.Get(ctx, "asynq:{"+name+"}:none").Err(); !errors.Is(err, redis.Nil) {
			t.Fatal(err)
		}
		if err := client.EvalSha(
			ctx, "ffffffffffffffffffffffffffffffffffffffff", []string{"k"},
		).Err(); !redis.HasErrorPrefix(err, "NOSCRIPT") {
			t.Fatal(err)
		}
	}
	if took := time.Since(start); took > 50*errorReplyPause { // half of what it takes with the pauses
		t.Errorf("100 commands took %s", took)
	}
}

func TestPauseEndsWithItsContext(t *testing.T) {
	t.Parallel()
	engine := miniredis.RunT(t)
	engine.SetError("ERR no")
	client := must[redis.UniversalClient](t)(OpenRedis("redis://" + engine.Addr()))
	t.Cleanup(func() { _ = client.Close() })
	reply := client.Ping(t.Context()).Err()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	start := time.Now()
	for range 100 {
		pauseAfter(ended, reply)
	}
	if took := time.Since(start); took > 20*errorReplyPause {
		t.Errorf("100 pauses without a context took %s", took)
	}
}

func TestWorkerIsQuietWhileRedisRefusesAndRecovers(t *testing.T) {
	t.Parallel()
	engine := miniredis.RunT(t)
	client := must[redis.UniversalClient](t)(OpenRedis("redis://" + engine.Addr()))
	t.Cleanup(func() { _ = client.Close() })
	var sent counter
	client.AddHook(&sent)
	arrived := make(chan struct{}, 10)
	queue := NewQueue(client, "q", prometheus.NewRegistry())
	w := newWorld(t, queue, callback.Schedule{}, func(http.ResponseWriter, *http.Request) { arrived <- struct{}{} })
	startWorker(t, client, queue, w)
	w.newCallback(t)
	<-arrived

	engine.SetError("NOAUTH Authentication required.")
	// asynq has 7 loops (processor, forwarder, heartbeat, recoverer, syncer, subscriber, janitor), and each may ask 10
	// times a second.
	const some, perSecond = 50, 7 * 10
	before, start := sent.n.Load(), time.Now()
	modelstest.Eventually(t, "some commands have been refused", func() bool { return sent.n.Load()-before >= some })
	if n, took := sent.n.Load()-before, time.Since(start); float64(n) > 10+perSecond*took.Seconds() {
		t.Errorf("%d commands in %s", n, took)
	}
	engine.SetError("")
	c := w.newCallback(t)
	modelstest.Eventually(
		t, "a callback is delivered again", func() bool { return w.callback(t, c.ID).Status == callback.StatusSuccess },
	)
}

func TestIdleWorkerAsksRedisAFewTimesASecond(t *testing.T) {
	t.Parallel()
	engine := miniredis.RunT(t)
	client := must[redis.UniversalClient](t)(OpenRedis("redis://" + engine.Addr()))
	t.Cleanup(func() { _ = client.Close() })
	var sent counter
	client.AddHook(&sent)
	queue := NewQueue(client, "q", prometheus.NewRegistry())
	w := newWorld(t, queue, callback.Schedule{}, answer(http.StatusOK))
	start := time.Now()
	startWorker(t, client, queue, w)
	// At most 2 polls a second, and 2 looks for what was scheduled; the rest is rarer. The beginning costs some 20.
	const some, atFirst, perSecond = 40, 25, 8
	modelstest.Eventually(t, "some commands were sent", func() bool { return sent.n.Load() >= some })
	if n, took := sent.n.Load(), time.Since(start); float64(n) > atFirst+perSecond*took.Seconds() {
		t.Errorf("%d commands in %s", n, took)
	}
}
