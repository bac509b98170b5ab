package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/trace"

	"github.com/ringback/ringback/models/callback"
)

const (
	testTrace = "4bf92f3577b34da6a3ce929d0e0e4736"
	testSpan  = "00f067aa0ba902b7"
)

// executorOf is the lane of an action's batches.
func executorOf(action int) callback.Lane {
	return callback.Lane{Host: "platform.example:443", Owner: fmt.Sprintf("action:%d", action), Account: testAccount}
}

// traced returns a context within a trace that is sampled, or not.
func traced(t *testing.T, sampled trace.TraceFlags) context.Context {
	t.Helper()
	return trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID:    must[trace.TraceID](t)(trace.TraceIDFromHex(testTrace)),
		SpanID:     must[trace.SpanID](t)(trace.SpanIDFromHex(testSpan)),
		TraceFlags: sampled,
	}))
}

// names returns the ids of the scheduled tasks of a queue.
func names(t *testing.T, client redis.UniversalClient, queue string) []string {
	t.Helper()
	var ids []string
	for _, info := range must[[]*asynq.TaskInfo](t)(asynq.NewInspectorFromRedisClient(client).ListScheduledTasks(queue)) {
		ids = append(ids, info.ID)
	}
	slices.Sort(ids)
	return ids
}

func TestTaskCarriesItsLaneOnlyAndItsVersion(t *testing.T) {
	t.Parallel()
	client, name := openQueue(t)
	queue := NewQueue(client, name, prometheus.NewRegistry())
	at := time.Now().Add(time.Hour).Truncate(time.Second)
	second := at.Add(time.Second).Unix()
	host, action := to("a.example:443"), executorOf(9)
	type task struct {
		Type, Payload string
		MaxRetry      int
		Timeout       time.Duration
	}
	for id, c := range map[string]struct {
		ctx    context.Context
		wakeup callback.Wakeup
		want   task
	}{
		fmt.Sprintf("a.example:443 project:12 11 %d:0", second): {
			t.Context(),
			callback.Wakeup{Lane: host, At: at, CallbackID: 7, Event: callback.CrawlFinishedEvent},
			task{"callback:deliver", `{"v":3,"lane":"a.example:443 project:12 11"}`, maxTaskRetries, taskTimeout},
		},
		fmt.Sprintf(" project:12 11 %d:0", second): {
			t.Context(),
			callback.Wakeup{Lane: to(""), At: at, CallbackID: 7},
			task{"callback:deliver", `{"v":3,"lane":" project:12 11"}`, maxTaskRetries, taskTimeout},
		},
		"a.example:443 project:12 11 sweep:3": {
			t.Context(),
			callback.Wakeup{Lane: host, At: at, Epoch: 3},
			task{"callback:deliver", `{"v":3,"lane":"a.example:443 project:12 11"}`, maxTaskRetries, taskTimeout},
		},
		fmt.Sprintf("platform.example:443 action:9 11 %d:0", second): {
			t.Context(),
			callback.Wakeup{Lane: action, At: at},
			task{"batch:execute", `{"v":3,"lane":"platform.example:443 action:9 11"}`, maxTaskRetries, taskTimeout},
		},
		"platform.example:443 action:9 11 sweep:3": {
			t.Context(),
			callback.Wakeup{Lane: action, At: at, Epoch: 3},
			task{"batch:execute", `{"v":3,"lane":"platform.example:443 action:9 11"}`, maxTaskRetries, taskTimeout},
		},
		fmt.Sprintf("a.example:443 project:12 11 %d:7", second): {
			traced(t, trace.FlagsSampled),
			callback.Wakeup{Lane: host, At: at, CallbackID: 7},
			task{
				"callback:deliver",
				`{"v":3,"lane":"a.example:443 project:12 11","callback":7,"trace":{"traceparent":"00-` + testTrace + `-` +
					testSpan + `-01"}}`,
				maxTaskRetries, taskTimeout,
			},
		},
	} {
		if err := queue.Wake(c.ctx, time.Now(), []callback.Wakeup{c.wakeup}); err != nil {
			t.Fatal(err)
		}
		info, err := asynq.NewInspectorFromRedisClient(client).GetTaskInfo(name, id)
		if err != nil {
			t.Errorf("%s: %v; there are %q", id, err, names(t, client, name))
			continue
		}
		if diff := cmp.Diff(c.want, task{info.Type, string(info.Payload), info.MaxRetry, info.Timeout}); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", id, diff)
		}
	}
	if maxTaskRetries < 5 {
		t.Error("asynq archives a task whose worker died")
	}
}

func TestALaneHasOneTaskASecond(t *testing.T) {
	t.Parallel()
	client, name := openQueue(t)
	queue := NewQueue(client, name, prometheus.NewRegistry())
	at := time.Now().Add(time.Hour).Truncate(time.Second)
	a, b, action := to("a.example:443"), to("b.example:443"), executorOf(1)
	list := []callback.Wakeup{
		// one
		{Lane: a, At: at, CallbackID: 1},
		{Lane: a, At: at, CallbackID: 2},
		{Lane: a, At: at.Add(time.Second - 1), CallbackID: 3},
		{Lane: a, At: at.Add(time.Second), CallbackID: 1}, // another second
		{Lane: b, At: at},
		{Lane: action, At: at},
		{Lane: action, At: at}, // other lanes
		{Lane: a, At: at, Epoch: 1},
		{Lane: a, At: at.Add(time.Second), Epoch: 1},
		{Lane: a, At: at, Epoch: 2}, // sweeps
	}
	for _, lists := range [][][]callback.Wakeup{{list, list}, {list[2:], list[:2]}} { // in one call, and in another
		for _, l := range lists {
			if err := queue.Wake(t.Context(), time.Now(), l); err != nil {
				t.Fatal(err)
			}
		}
	}
	second := at.Unix() + 1
	want := []string{
		fmt.Sprintf("%s %d:0", a, second), fmt.Sprintf("%s %d:0", a, second+1), a.String() + " sweep:1",
		a.String() + " sweep:2",
		fmt.Sprintf("%s %d:0", b, second), fmt.Sprintf("%s %d:0", action, second),
	}
	if diff := cmp.Diff(want, names(t, client, name)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTaskThatWaitsNeverSharesItsNameWithOneThatComesBefore(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 3, 4, 5, 600_000_000, time.UTC)
	lane := to("a.example:443")
	atOnce := newEntry(t.Context(), callback.Wakeup{Lane: lane, At: now.Add(-100 * time.Millisecond)}, now)
	// due in the same second
	waiting := newEntry(t.Context(), callback.Wakeup{Lane: lane, At: now.Add(200 * time.Millisecond)}, now)
	if !atOnce.at.IsZero() || waiting.at.IsZero() || atOnce.name == waiting.name {
		t.Errorf("%q at once, %q at %s", atOnce.name, waiting.name, waiting.at)
	}
	// What is due by the time it comes may share it: that one is woken by it.
	later := newEntry(t.Context(), callback.Wakeup{Lane: lane, At: waiting.at}, waiting.at)
	if later.name != waiting.name {
		t.Errorf("%q comes at %s, and %q at once", waiting.name, waiting.at, later.name)
	}
}

func TestSampledTraceHasATaskOfItsOwnForEachCallback(t *testing.T) {
	t.Parallel()
	at := time.Now()
	wakeup := callback.Wakeup{Lane: to("a.example:443"), At: at, CallbackID: 7}
	other := wakeup
	other.CallbackID = 8
	plain := newEntry(t.Context(), wakeup, at)
	if unsampled := newEntry(traced(t, 0), wakeup, at); plain.name != unsampled.name || unsampled.Callback != 0 ||
		unsampled.Trace != nil {
		t.Errorf("a trace that is not sampled is carried: %+v", unsampled)
	}
	ctx := traced(t, trace.FlagsSampled)
	distinct := map[string]bool{plain.name: true}
	for _, w := range []callback.Wakeup{wakeup, other} {
		e := newEntry(ctx, w, at)
		got := trace.SpanContextFromContext(traceContext.Extract(t.Context(), e.Trace))
		if e.Callback != w.CallbackID || got.TraceID().String() != testTrace || got.SpanID().String() != testSpan ||
			distinct[e.name] {
			t.Errorf("got %+v", e)
		}
		distinct[e.name] = true
	}
	batches := newEntry(ctx, callback.Wakeup{Lane: executorOf(1), At: at}, at)
	if batches.Callback != 0 || batches.Trace != nil {
		t.Errorf("a trace without a callback is carried: %+v", batches)
	}
}

func TestWakingTellsThatRedisIsAway(t *testing.T) {
	t.Parallel()
	embedded := must[*EmbeddedRedis](t)(StartEmbeddedRedis())
	if err := embedded.Close(); err != nil {
		t.Fatal(err)
	}
	for name, at := range map[string]time.Time{"due": time.Now(), "later": time.Now().Add(time.Hour)} {
		queue := NewQueue(embedded.Client, "q", prometheus.NewRegistry())
		if err := queue.Wake(t.Context(), time.Now(), []callback.Wakeup{{CallbackID: 1, At: at}}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	queue := NewQueue(embedded.Client, "q", prometheus.NewRegistry())
	if err := queue.Wake(t.Context(), time.Now(), nil); err != nil {
		t.Errorf("nobody was to be woken: %v", err)
	}
}

func TestTaskIsNeverEarlyAndAtMostASecondLate(t *testing.T) {
	t.Parallel()
	now := time.Now()
	base := now.Add(time.Minute).Truncate(time.Second)
	for _, fraction := range []time.Duration{
		0, 1, time.Microsecond, time.Millisecond, 500 * time.Millisecond, 999_999_999,
	} {
		at := base.Add(fraction)
		_, options, err := newEntry(t.Context(), callback.Wakeup{CallbackID: 1, At: at}, now).task("q")
		if err != nil {
			t.Fatal(err)
		}
		got := processAt(options)
		if got.Before(at) || got.Sub(at) > time.Second || got.Nanosecond() != 0 {
			t.Errorf("due at %s, processed at %s", at, got)
		}
	}
	for _, ago := range []time.Duration{0, time.Millisecond, time.Hour} {
		_, options, err := newEntry(t.Context(), callback.Wakeup{CallbackID: 1, At: now.Add(-ago)}, now).task("q")
		if got := processAt(options); err != nil || !got.IsZero() {
			t.Errorf("what has been due for %s waits until %s, %v", ago, got, err)
		}
	}
}

// processAt is the time that a task's options name; zero where they name none.
func processAt(options []asynq.Option) time.Time {
	for _, o := range options {
		if o.Type() == asynq.ProcessAtOpt {
			return o.Value().(time.Time)
		}
	}
	return time.Time{}
}

func TestTaskOfAnotherShapeIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	for _, payload := range []string{``, `7`, `{"v":3,"lane":7}`} {
		if said, ok, err := readTask(asynq.NewTask(taskDeliver, []byte(payload))); !errors.Is(err, asynq.SkipRetry) || ok {
			t.Errorf("%q: %+v, %t, %v", payload, said, ok, err)
		}
	}
	for payload, want := range map[string]wake{
		`{"v":3,"lane":"a.example:443 project:1 2","more":true}`: {V: 3, Lane: "a.example:443 project:1 2"},
		`{"v":3}`: {V: 3},
	} {
		if said, ok, err := readTask(asynq.NewTask(taskDeliver, []byte(payload))); err != nil || !ok ||
			!cmp.Equal(said, want) {
			t.Errorf("%s: %+v, %t, %v", payload, said, ok, err)
		}
	}
}

// During an upgrade there are tasks of both releases. What another one wants to be looked at the sweep finds.
func TestTaskOfAnotherReleaseIsNeitherDoneNorAFailure(t *testing.T) {
	t.Parallel()
	for _, payload := range []string{
		`{"v":2,"host":"a.example:443"}`, `{"v":2,"action":7}`, `{"v":1,"callback":7}`,
		`{"v":4,"lane":"a.example:443 project:1 2"}`, `{}`,
	} {
		if said, ok, err := readTask(asynq.NewTask(taskDeliver, []byte(payload))); ok || err != nil {
			t.Errorf("%s: %+v, %t, %v", payload, said, ok, err)
		}
	}
}
