package jobs

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/ringback/ringback/jobs/egress/egresstest"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
)

func TestBreakerLetsOneTryAfterAPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b breaker
		step := func(what string, want ...bool) {
			t.Helper()
			for i, w := range want {
				if got := b.closed(); got != w {
					t.Errorf("%s: caller %d may try: %t", what, i+1, got)
				}
			}
		}
		step("at first", true, true)
		b.note(true)
		step("while Redis answers", true, true)
		b.note(false)
		step("after a failure", false, false)
		modelstest.Pass(breakerPause)
		step("after the pause", true, false, false)
		modelstest.Pass(breakerPause)
		step("when the one who tried has not come back", true, false)
		b.note(false)
		step("after another failure", false)
		modelstest.Pass(breakerPause)
		step("after its pause", true, false)
		b.note(true)
		step("once Redis answers", true, true, true)
	})
}

// silent is a server that takes connections and never says a word.
func silent(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

// While Redis hangs, a caller waits for as long as it is willing to; those who come after it do not wait at all, and
// ask for nothing.
func TestOutageOfRedisKeepsOneCallerNotAll(t *testing.T) {
	t.Parallel()
	for name, addr := range map[string]string{"refuses": egresstest.ClosedAddr(t), "hangs": silent(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked counter
			client := must[redis.UniversalClient](t)(OpenRedis("redis://" + addr))
			client.AddHook(&asked)
			t.Cleanup(func() { _ = client.Close() })
			queue := NewQueue(client, "q", prometheus.NewRegistry())
			due := []callback.Wakeup{{Lane: to("a:1"), At: time.Now()}, {Lane: to("b:1"), At: time.Now()}}
			wakeUp := func() error {
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				defer cancel()
				return queue.Wake(ctx, time.Now(), due)
			}
			if err := wakeUp(); err == nil {
				t.Error("nobody answered, and that is no error")
			}
			tried, began := asked.n.Load(), time.Now()
			for range 100 {
				if err := wakeUp(); err != nil && time.Since(began) < breakerPause {
					t.Error(err)
				}
			}
			if again := asked.n.Load() - tried; again > tried*int64(time.Since(began)/breakerPause) {
				t.Errorf("Redis was asked %d times by 100 callers after the first", again)
			}
		})
	}
}

// The worker of this process is woken also while nobody asks Redis.
func TestOutageOfRedisKeepsNobodyFromTheWorkerHere(t *testing.T) {
	t.Parallel()
	client := must[redis.UniversalClient](t)(OpenRedis("redis://" + egresstest.ClosedAddr(t)))
	t.Cleanup(func() { _ = client.Close() })
	queue := NewQueue(client, "q", prometheus.NewRegistry())
	heard := 0
	queue.bell.attend(attendant{answer: func(wake) bool { heard++; return true }, free: func(wake) bool { return true }})
	for range 10 {
		now := time.Now()
		_ = queue.Wake(t.Context(), now, []callback.Wakeup{{Lane: to("a:1"), At: now}})
	}
	if heard != 10 {
		t.Errorf("the worker was woken %d times of 10", heard)
	}
}

func TestQueueAsksRedisAgainOnceItIsBack(t *testing.T) {
	t.Parallel()
	engine := miniredis.RunT(t)
	client := must[redis.UniversalClient](t)(OpenRedis("redis://" + engine.Addr()))
	t.Cleanup(func() { _ = client.Close() })
	queue := NewQueue(client, "q", prometheus.NewRegistry())
	engine.Close()
	wakeUp := func() {
		now := time.Now()
		_ = queue.Wake(t.Context(), now, []callback.Wakeup{{Lane: to("a:1"), At: now}})
	}
	wakeUp()
	if err := engine.Restart(); err != nil {
		t.Fatal(err)
	}
	modelstest.Eventually(t, "a task is there", func() bool { wakeUp(); return engine.Exists("asynq:{q}:pending") })
}
