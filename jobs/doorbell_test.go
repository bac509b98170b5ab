package jobs

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/trace"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
)

// heard is who stands at a doorbell and writes down the hosts that it says.
type heard struct {
	mu    sync.Mutex
	hosts []string
	full  bool
}

func (h *heard) answer(w wake) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hosts = append(h.hosts, hostOf(w.Lane))
	return !h.full
}

func hostOf(key string) string {
	lane, err := callback.ParseLane(key)
	if err != nil {
		return err.Error()
	}
	return lane.Host
}

func (h *heard) free(wake) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.full
}

func (h *heard) setFull() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.full = true
}

func (h *heard) attendant() attendant { return attendant{answer: h.answer, free: h.free} }

func (h *heard) all() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.hosts...)
}

// want waits until as many rings were heard, and compares.
func (h *heard) want(t *testing.T, hosts ...string) {
	t.Helper()
	modelstest.Eventually(t, "the doorbell is heard", func() bool { return len(h.all()) >= len(hosts) })
	if diff := cmp.Diff(hosts, h.all()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// listening waits until somebody listens to the doorbell.
func listening(t *testing.T, client redis.UniversalClient, d *doorbell) {
	t.Helper()
	modelstest.Eventually(
		t, "somebody listens", func() bool { return client.PubSubNumSub(t.Context(), d.channel).Val()[d.channel] > 0 },
	)
}

// hear stands at a doorbell until the test ends.
func hear(t *testing.T, client redis.UniversalClient, d *doorbell) *heard {
	t.Helper()
	h := &heard{}
	d.attend(h.attendant())
	var wg sync.WaitGroup
	t.Cleanup(wg.Wait)
	wg.Go(func() {
		d.subscribe(t.Context(), models.NewTroubles(slog.New(slog.DiscardHandler), nil), slog.New(slog.DiscardHandler))
	})
	listening(t, client, d)
	return h
}

func ringing(hosts ...string) []wake {
	var wakes []wake
	for _, host := range hosts {
		wakes = append(wakes, wake{V: wakeVersion, Lane: to(host).String()})
	}
	return wakes
}

func ringThere(t *testing.T, d *doorbell, hosts ...string) {
	t.Helper()
	if err := d.ringThere(t.Context(), ringing(hosts...)); err != nil {
		t.Fatal(err)
	}
}

func TestRingIsHeardInThisProcessWhenNobodyElseIsThere(t *testing.T) {
	t.Parallel()
	embedded := must[*EmbeddedRedis](t)(StartEmbeddedRedis())
	queue := NewQueue(embedded.Client, "q", prometheus.NewRegistry())
	h := &heard{}
	queue.bell.ringHere(ringing("nobody")) // that is no harm
	queue.bell.attend(h.attendant())
	if err := embedded.Close(); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	err := queue.Wake(t.Context(), now, []callback.Wakeup{
		{Lane: to("a"), At: now},
		{Lane: to("a"), At: now},
		{Lane: to("later"), At: now.Add(time.Hour)},
		{Lane: to("b"), At: now.Add(-time.Hour)},
		{Lane: to("a"), At: now, Epoch: 1},
	})
	if err == nil {
		t.Error("nothing says that Redis is away")
	}
	h.want(t, "a", "b", "a")
}

func TestRingOfAnotherProcessIsHeardAndOnesOwnIsNot(t *testing.T) {
	t.Parallel()
	client, name := openQueue(t)
	here, there := newDoorbell(client, name), newDoorbell(client, name)
	h := hear(t, client, here)
	elsewhere := newDoorbell(client, name+"-other")
	ringThere(t, here, "own")
	ringThere(t, elsewhere, "another queue's")
	ringThere(t, there, "a", "b")
	ringThere(t, here, "own again")
	ringThere(t, there, "c")
	h.want(t, "a", "b", "c") // Redis keeps the order
}

func TestGarbageAtTheDoorbellDoesNoHarm(t *testing.T) {
	t.Parallel()
	client, name := openQueue(t)
	here, there := newDoorbell(client, name), newDoorbell(client, name)
	h := hear(t, client, here)
	for _, garbage := range []string{
		"", "{", "7", "null", "{}", `{"from":7}`, `{"from":"x","wakes":null}`,
		`{"from":"x","wakes":{"v":3,"lane":"no list"}}`,
		`{"from":"x","wakes":[{"v":3,"lane":7}]}`,
		`{"from":"x","wakes":[{"v":1,"callback":7},{"lane":"no version"},{"v":4,"lane":"newer"}]}`,
	} {
		if err := client.Publish(t.Context(), here.channel, garbage).Err(); err != nil {
			t.Fatal(err)
		}
	}
	ringThere(t, there, "a")
	h.want(t, "a")
}

func TestDoorbellIsHeardAgainAfterRedisWasAway(t *testing.T) {
	t.Parallel()
	engine := miniredis.RunT(t)
	client := must[redis.UniversalClient](t)(OpenRedis("redis://" + engine.Addr()))
	t.Cleanup(func() { _ = client.Close() })
	here, there := newDoorbell(client, "q"), newDoorbell(client, "q")
	h := hear(t, client, here)
	ringThere(t, there, "before")
	h.want(t, "before")
	engine.Close()
	if there.ringThere(t.Context(), ringing("lost")) == nil {
		t.Error("nothing says that Redis is away")
	}
	here.ringHere(ringing("here"))
	h.want(t, "before", "here")
	if err := engine.Restart(); err != nil {
		t.Fatal(err)
	}
	listening(t, client, here)
	ringThere(t, there, "after")
	h.want(t, "before", "here", "after")
}

func TestDoorbellOutlivesItsClient(t *testing.T) {
	t.Parallel()
	embedded := must[*EmbeddedRedis](t)(StartEmbeddedRedis())
	d := newDoorbell(embedded.Client, "q")
	h := hear(t, embedded.Client, d)
	if err := embedded.Close(); err != nil {
		t.Fatal(err)
	}
	d.ringHere(ringing("a"))
	h.want(t, "a")
}

// listen lets a worker answer the doorbell, and do nothing else: neither does asynq run, nor the sweep.
func listen(t *testing.T, client redis.UniversalClient, queue *Queue, w *world) {
	t.Helper()
	worker := newWorker(t, client, queue, w)
	worker.listen()
	t.Cleanup(func() { worker.Stop() })
	listening(t, client, queue.bell)
}

// patient is a queue whose wake-ups have as long as they take, where a mutation waits 50 ms at most: a busy machine must
// not cost a test the only ring that it waits for, since neither task nor sweep says the same again.
type patient struct{ *Queue }

func (q patient) Wake(ctx context.Context, now time.Time, wakeups []callback.Wakeup) error {
	return q.Queue.Wake(context.WithoutCancel(ctx), now, wakeups)
}

// processes are the queues through which a callback can come to a worker: its own process's, and another's.
func processes(client redis.UniversalClient, name string) map[string][2]*Queue {
	of := func() *Queue { return NewQueue(client, name, prometheus.NewRegistry()) }
	here := of()
	return map[string][2]*Queue{"this process": {here, here}, "another process": {of(), of()}}
}

func TestCallbackIsSentAtOnceThoughAsynqOnlyPolls(t *testing.T) {
	t.Parallel()
	for _, who := range []string{"this process", "another process"} {
		t.Run(who, func(t *testing.T) {
			t.Parallel()
			client, name := openQueue(t)
			queues := processes(client, name)[who]
			w := newWorld(t, patient{queues[1]}, callback.Schedule{}, answer(http.StatusOK))
			listen(t, client, queues[0], w)
			c := w.newCallback(t)
			delivered := func(id int64) func() bool {
				return func() bool { return w.callback(t, id).Status == callback.StatusSuccess }
			}
			modelstest.Eventually(t, "the callback is delivered", delivered(c.ID))
			replay := must[*callback.Callback](t)(w.Replay(t.Context(), models.PlatformActor(), c.ID))
			modelstest.Eventually(t, "the replay is delivered", delivered(replay.ID))
			info := must[*asynq.QueueInfo](t)(asynq.NewInspectorFromRedisClient(client).GetQueueInfo(name))
			if info.Pending == 0 || info.Processed != 0 {
				t.Errorf("%d tasks wait, %d were processed", info.Pending, info.Processed)
			}
		})
	}
}

func TestCallbackIsSentAtOnceWhileRedisIsAway(t *testing.T) {
	t.Parallel()
	engine := miniredis.RunT(t)
	client := must[redis.UniversalClient](t)(OpenRedis("redis://" + engine.Addr()))
	t.Cleanup(func() { _ = client.Close() })
	queue := NewQueue(client, "q", prometheus.NewRegistry())
	w := newWorld(t, queue, callback.Schedule{}, answer(http.StatusOK))
	listen(t, client, queue, w)
	engine.Close()
	c := w.newCallback(t)
	modelstest.Eventually(
		t, "the callback is delivered", func() bool { return w.callback(t, c.ID).Status == callback.StatusSuccess },
	)
}

func TestStoppedWorkerHearsNothing(t *testing.T) {
	t.Parallel()
	client, name := openQueue(t)
	queue := NewQueue(client, name, prometheus.NewRegistry())
	w := newWorld(t, queue, callback.Schedule{}, answer(http.StatusOK))
	worker := newWorker(t, client, queue, w)
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	listening(t, client, queue.bell)
	worker.Stop()
	modelstest.Eventually(t, "nobody listens", func() bool {
		return client.PubSubNumSub(t.Context(), queue.bell.channel).Val()[queue.bell.channel] == 0
	})
	c := w.newCallback(t)
	ringThere(t, newDoorbell(client, name), c.Lane.Host)
	if n := worker.dispatcher.inHandNow(); n != 0 || queue.bell.local.Load() != nil {
		t.Errorf("%d are in hand", n)
	}
	if got := w.callback(t, c.ID); got.Status != callback.StatusPending {
		t.Errorf("the callback is %s", got.Status)
	}
}

func TestWorkerThatNeverStartedCanBeStopped(t *testing.T) {
	t.Parallel()
	client, name := openQueue(t)
	queue := NewQueue(client, name, prometheus.NewRegistry())
	newWorker(t, client, queue, newWorld(t, queue, callback.Schedule{}, answer(http.StatusOK))).Stop()
}

func TestTraceGoesOnThroughTheDoorbell(t *testing.T) {
	t.Parallel()
	for _, who := range []string{"this process", "another process"} {
		t.Run(who, func(t *testing.T) {
			t.Parallel()
			client, name := openQueue(t)
			queues := processes(client, name)[who]
			got := make(chan string, 10)
			w := newWorld(
				t, patient{queues[1]}, callback.Schedule{},
				func(_ http.ResponseWriter, r *http.Request) { got <- r.Header.Get("Traceparent") },
			)
			listen(t, client, queues[0], w)
			w.newCallbackIn(traced(t, trace.FlagsSampled), t)
			if header := <-got; !strings.HasPrefix(header, "00-"+testTrace+"-") {
				t.Errorf("the receiver got the trace %q", header)
			}
			w.newCallback(t)
			if header := <-got; header != "" {
				t.Errorf("the next one got the trace %q", header)
			}
		})
	}
}

func TestTracesThatNobodyTakesAreForgottenAndOthersGoOn(t *testing.T) {
	t.Parallel()
	var remembered traces
	ctx := traced(t, trace.FlagsSampled)
	for id := range int64(3 * maxTraces) { // another worker sends them
		remembered.put(ctx, id)
		if n := len(remembered.young) + len(remembered.old); n > maxTraces {
			t.Fatalf("%d are remembered", n)
		}
	}
	remembered.put(t.Context(), -1) // without a trace
	for id, want := range map[int64]bool{0: false, 3*maxTraces - 1: true, 3*maxTraces - maxTraces/2: true, -1: false} {
		for _, want := range []bool{want, false} { // taken once
			if got := trace.SpanContextFromContext(remembered.continued(t.Context(), id)).IsValid(); got != want {
				t.Errorf("%d goes on: %t", id, got)
			}
		}
	}
}

func TestOneOfTheWorkersWithRoomAnswersARingAndTheFullOnesKeepItInMind(t *testing.T) {
	t.Parallel()
	client, name := openQueue(t)
	full := hear(t, client, newDoorbell(client, name))
	full.setFull()
	a, b := hear(t, client, newDoorbell(client, name)), hear(t, client, newDoorbell(client, name))
	modelstest.Eventually(t, "all listen", func() bool {
		channel := newDoorbell(client, name).channel
		return client.PubSubNumSub(t.Context(), channel).Val()[channel] == 3
	})
	const rings = 50
	there := newDoorbell(client, name)
	for range rings {
		ringThere(t, there, "a")
	}
	ringThere(t, there, "last")
	full.want(t, append(slices.Repeat([]string{"a"}, rings), "last")...)
	answers := func() int { return len(a.all()) + len(b.all()) }
	modelstest.Eventually(t, "every ring is answered", func() bool { return answers() >= rings+1 })
	if n := answers(); n != rings+1 {
		t.Errorf("%d answers to %d rings", n, rings+1)
	}
}

func TestRingThatTheWorkerHereTakesIsNotHeardElsewhere(t *testing.T) {
	t.Parallel()
	client, name := openQueue(t)
	queue := NewQueue(client, name, prometheus.NewRegistry())
	here := &heard{}
	queue.bell.attend(here.attendant())
	there := hear(t, client, newDoorbell(client, name))
	wake := func(host string) {
		now := time.Now()
		if err := queue.Wake(t.Context(), now, []callback.Wakeup{{Lane: to(host), At: now}}); err != nil {
			t.Error(err)
		}
	}
	wake("taken")
	here.setFull()
	wake("too much")
	there.want(t, "too much")
	here.want(t, "taken", "too much")
}
