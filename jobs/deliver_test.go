package jobs

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/ringback/ringback/jobs/egress/egresstest"
	"github.com/ringback/ringback/jobs/scheduler"
	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
)

// deliver makes one attempt of a callback, as a worker would; it tells whether there was anything to do.
func deliver(ctx context.Context, t *testing.T, w *world, d *deliverer, callbackID int64) bool {
	t.Helper()
	c, err := w.Callback(t.Context(), models.PlatformActor().Scope(models.RoleViewer), callbackID)
	if err != nil {
		return false
	}
	deliveries, movedTo, _, err := w.Claim(t.Context(), modelstest.Limit(c.Lane, 1))
	if err != nil {
		t.Fatal(err)
	}
	for _, delivery := range deliveries {
		d.deliver(ctx, delivery, func(scheduler.Answer) {})
	}
	return len(movedTo) == 1 && deliver(ctx, t, w, d, callbackID) || len(deliveries) == 1
}

func answer(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
}

func hang(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // only then does the server notice that the client has gone
	<-r.Context().Done()
}

func TestEachOutcomeIsRecordedUnderItsCode(t *testing.T) {
	t.Parallel()
	refused := "http://" + egresstest.ClosedAddr(t)
	for name, c := range map[string]struct {
		behave http.HandlerFunc
		url    func(receiver string) string
		code   callback.AttemptErrorCode // empty: success
		status int                       // 0: none
	}{
		"success":  {behave: answer(204), status: 204},
		"status":   {behave: answer(500), code: callback.HTTPStatusError, status: 500},
		"redirect": {behave: answer(307), code: callback.Redirect, status: 307},
		"timeout":  {behave: hang, code: callback.Timeout},
		"reset": {
			behave: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, code: callback.ConnectionReset,
		},
		"too large": {
			behave: func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 2<<20)) },
			code:   callback.ResponseTooLarge, status: 200,
		},
		"no TLS": {
			behave: answer(200), url: func(r string) string { return strings.Replace(r, "http:", "https:", 1) },
			code: callback.TLSError,
		},
		"refused": {behave: answer(200), url: func(string) string { return refused }, code: callback.ConnectRefused},
		"blocked": {
			behave: answer(200), url: func(string) string { return "http://10.0.0.1/" }, code: callback.BlockedAddress,
		},
		"no such": {
			behave: answer(200), url: func(string) string { return "http://ringback.invalid/" }, code: callback.DNSError,
		},
		"no URL now": {behave: answer(200), url: func(string) string { return "" }, code: callback.NoCallbackURL},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil, callback.Schedule{}, c.behave)
			made := w.newCallback(t)
			if c.url != nil {
				if url := c.url(w.url); url != "" {
					w.setURL(t, &url)
				} else {
					w.setURL(t, nil)
				}
			}
			deliver(t.Context(), t, w, newDeliverer(t, w), made.ID)
			got := w.callback(t, made.ID)
			code, status, end := callback.AttemptErrorCode(""), 0, callback.StatusSuccess
			if got.Error != nil {
				code = got.Error.Code
			}
			if got.HTTPStatus != nil {
				status = *got.HTTPStatus
			}
			if c.code != "" {
				end = callback.StatusFailed
			}
			if code != c.code || status != c.status || got.Status != end || got.AttemptCount != 1 {
				t.Errorf("%q, HTTP %d, %s: %+v", code, status, got.Status, got.Error)
			}
			if a := w.attempts(t, made.ID); len(a) != 1 || a[0].FinishedAt == nil || (a[0].Error == nil) != (c.code == "") {
				t.Errorf("the history is %+v", a)
			}
		})
	}
}

func TestOurOwnStopIsNoFailureOfTheReceiver(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{}, 1)
	w := newWorld(
		t, nil, callback.Schedule{time.Hour},
		func(rw http.ResponseWriter, r *http.Request) { arrived <- struct{}{}; hang(rw, r) },
	)
	made := w.newCallback(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { <-arrived; cancel() }()
	woken := len(w.queue.Wakeups())
	deliver(ctx, t, w, newDeliverer(t, w), made.ID)
	c := w.callback(t, made.ID)
	if c.Status != callback.StatusPending || c.FailureCount != 0 || c.Error != nil || c.NextAttemptAt.After(time.Now()) {
		t.Errorf("the callback is %+v", c)
	}
	if a := w.attempts(t, made.ID); len(a) != 1 || a[0].Error == nil || a[0].Error.Code != callback.Interrupted {
		t.Errorf("the history is %+v", a)
	}
	if all := w.queue.Wakeups(); len(all) != woken+1 || all[woken].CallbackID != made.ID || all[woken].Lane != made.Lane {
		t.Errorf("woken: %+v", all)
	}
}

func TestFailureWakesTheNextAttempt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, callback.Schedule{10 * time.Second}, answer(500))
	made := w.newCallback(t)
	woken := len(w.queue.Wakeups())
	deliver(t.Context(), t, w, newDeliverer(t, w), made.ID)
	c := w.callback(t, made.ID)
	want := []callback.Wakeup{{
		Lane: made.Lane, At: *c.NextAttemptAt, CallbackID: made.ID, Event: callback.CrawlFinishedEvent,
	}}
	if diff := cmp.Diff(want, w.queue.Wakeups()[woken:]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTaskThatComesTwiceOrForNothingSendsNothing(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	w := newWorld(t, nil, callback.Schedule{time.Hour}, func(rw http.ResponseWriter, _ *http.Request) {
		if requests.Add(1) == 1 {
			rw.WriteHeader(http.StatusInternalServerError)
		}
	})
	d, made := newDeliverer(t, w), w.newCallback(t)
	for range 3 { // the second and third are early
		deliver(t.Context(), t, w, d, made.ID)
	}
	if deliver(t.Context(), t, w, d, 99999) {
		t.Error("there was something to do for a callback that does not exist")
	}
	if n := requests.Load(); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}

func TestAnswerIsRecordedOnceTheDatabaseIsBack(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	var w *world
	w = newWorld(t, nil, callback.Schedule{}, func(http.ResponseWriter, *http.Request) {
		requests.Add(1)
		w.outage.failures.Store(2)
	})
	made := w.newCallback(t)
	deliver(t.Context(), t, w, newDeliverer(t, w), made.ID)
	if c := w.callback(t, made.ID); c.Status != callback.StatusSuccess || requests.Load() != 1 ||
		w.outage.failures.Load() >= 0 {
		t.Errorf("%s after %d requests", c.Status, requests.Load())
	}
}

func TestWorkerDeliversAndRetriesThroughTheQueue(t *testing.T) {
	t.Parallel()
	client, name := openQueue(t)
	var requests atomic.Int64
	queue := NewQueue(client, name, prometheus.NewRegistry())
	w := newWorld(t, queue, callback.Schedule{time.Second}, func(rw http.ResponseWriter, _ *http.Request) {
		if requests.Add(1) == 1 {
			rw.WriteHeader(http.StatusBadGateway)
		}
	})
	startWorker(t, client, queue, w)
	made := w.newCallback(t)
	modelstest.Eventually(
		t, "the retry succeeds", func() bool { return w.callback(t, made.ID).Status == callback.StatusSuccess },
	)
	a := w.attempts(t, made.ID)
	if requests.Load() != 2 || len(a) != 2 || a[1].StartedAt.Sub(a[0].StartedAt) < 800*time.Millisecond {
		t.Errorf("%d requests: %+v", requests.Load(), a)
	}
}

func TestSweepWakesWhatTheQueueForgot(t *testing.T) {
	t.Parallel()
	client, name := openQueue(t)
	w := newWorld(t, nil, callback.Schedule{}, answer(200)) // nobody is woken through this queue
	made := w.newCallback(t)
	late := w.serviceAt(func() time.Time { return time.Now().Add(2 * time.Second) })
	if _, woken, err := late.Upkeep.Sweep(t.Context()); woken != 1 || err != nil {
		t.Fatalf("%d woken, %v", woken, err)
	}
	all := w.queue.Wakeups()
	queue := NewQueue(client, name, prometheus.NewRegistry())
	if err := queue.Wake(t.Context(), time.Now(), all[len(all)-1:]); err != nil {
		t.Fatal(err)
	}
	startWorker(t, client, queue, w)
	modelstest.Eventually(
		t, "the callback is delivered", func() bool { return w.callback(t, made.ID).Status == callback.StatusSuccess },
	)
}

// TestClosedIdleConnectionCostsNoRetryAndIsNoLoad: a receiver that closes a kept connection as the next request comes
// gets it on another at once, under another uid.
func TestClosedIdleConnectionCostsNoRetryAndIsNoLoad(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	uids := make(chan string, 3)
	w := newWorld(t, &modelstest.Queue{}, callback.Schedule{time.Hour}, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		uids <- r.Header.Get("X-Run-Callback")
		if calls.Add(1) == 2 {
			panic(http.ErrAbortHandler)
		}
	})
	d := newDeliverer(t, w)
	deliver(t.Context(), t, w, d, w.newCallback(t).ID)
	c := w.newCallback(t)
	said := scheduler.Answer{}
	claimed, _, _, err := w.Claim(t.Context(), modelstest.Limit(c.Lane, 1))
	if err != nil || len(claimed) != 1 {
		t.Fatalf("claimed %v, %v", claimed, err)
	}
	d.deliver(t.Context(), claimed[0], func(a scheduler.Answer) { said = a })
	if said.Kind != scheduler.Ours {
		t.Errorf("the scheduler is told %+v", said)
	}
	deliver(t.Context(), t, w, d, c.ID)
	attempts := w.attempts(t, c.ID)
	if got := w.callback(t, c.ID); got.Status != callback.StatusSuccess || got.FailureCount != 0 || len(attempts) != 2 {
		t.Fatalf("it is %+v, after %d attempts", got, len(attempts))
	}
	<-uids
	for _, a := range attempts {
		if uid := <-uids; uid != a.UID.String() {
			t.Errorf("attempt %d went out as %s", a.Number, uid)
		}
	}
}
