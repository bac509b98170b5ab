package jobs

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
)

// sweeping tells how often its process has swept.
type sweeping struct {
	callback.SweepStore
	swept atomic.Int64
}

func (s *sweeping) Swept(ctx context.Context, now, lastSince, graceUntil time.Time) (time.Time, error) {
	defer s.swept.Add(1)
	return s.SweepStore.Swept(ctx, now, lastSince, graceUntil)
}

// skewedWorker is that of a process of its own, whose clock is wrong.
func skewedWorker(
	t *testing.T, client redis.UniversalClient, name string, w *world, ahead time.Duration,
) (modelstest.Services, *sweeping) {
	t.Helper()
	queue := NewQueue(client, name, prometheus.NewRegistry())
	store := &sweeping{}
	on := w.wiring
	on.Queue, on.Rules.Schedule = queue, callback.Schedule{time.Hour}
	on.Engine = func(db *callback.Ports) { store.SweepStore, db.SweepStore = db.SweepStore, store }
	on.Now = func() time.Time { return time.Now().Add(ahead) }
	services := on.Services()
	if err := services.Clock().Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	worker := NewWorker(client, queue, services.Service, services.RunService, services.ReceiverService, newPatientOut(t, modelstest.Patience), WorkerConfig{
		Concurrency: 64, PerHost: 64, Retention: callback.Retention{Rows: time.Hour}, Timeout: modelstest.Patience,
		UserAgent: "Ringback/test",
	}, NewMetrics(prometheus.NewRegistry()), slog.New(slog.DiscardHandler))
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { worker.Stop() })
	return services, store
}

// Each of two workers looks twice at what the other has in hand, while the receiver has not answered yet.
func TestWorkersWhoseClocksDifferSendNothingTwice(t *testing.T) {
	t.Parallel()
	for _, ahead := range []time.Duration{15 * time.Second, -15 * time.Second} {
		t.Run(ahead.String(), func(t *testing.T) {
			t.Parallel()
			const callbacks = 60
			client, name := openQueue(t)
			var requests atomic.Int64
			refs, held := sync.Map{}, make(chan struct{})
			release := sync.OnceFunc(func() { close(held) })
			w := newWorld(t, nil, callback.Schedule{}, func(_ http.ResponseWriter, r *http.Request) {
				requests.Add(1)
				if _, again := refs.LoadOrStore(r.Header.Get("X-Callback-Ref"), true); again {
					t.Error("sent twice")
				}
				<-held
			})
			t.Cleanup(release)
			right, one := skewedWorker(t, client, name, w, 0)
			wrong, two := skewedWorker(t, client, name, w, ahead)
			began := time.Now()
			for i := range callbacks { // by the one and the other in turn
				w.Services = []modelstest.Services{right, wrong}[i%2]
				w.newCallback(t)
			}
			modelstest.Eventually(t, "all are sent at once", func() bool { return requests.Load() >= callbacks })
			if took := time.Since(began); took > ahead.Abs()*2/3 {
				t.Errorf("only after %s", took)
			}
			since := [2]int64{one.swept.Load(), two.swept.Load()}
			modelstest.Eventually(
				t, "both sweep", func() bool { return one.swept.Load() >= since[0]+2 && two.swept.Load() >= since[1]+2 },
			)
			release()
			modelstest.Eventually(t, "all arrive", func() bool { return w.number(t, callback.StatusSuccess) == callbacks })
			if n := requests.Load(); n != callbacks {
				t.Errorf("%d requests", n)
			}
		})
	}
}

// What is due now by the clock of the database is due, though this process's clock says that its time is yet to come.
func TestWakeupGoesByTheClockThatItIsToldWith(t *testing.T) {
	t.Parallel()
	client, name := openQueue(t)
	queue := NewQueue(client, name, prometheus.NewRegistry())
	h := &heard{}
	queue.bell.attend(attendant{free: h.free, answer: h.answer})
	database := time.Now().Add(15 * time.Second)
	if err := queue.Wake(t.Context(), database, []callback.Wakeup{{Lane: to("a:1"), At: database}}); err != nil {
		t.Fatal(err)
	}
	if got := h.all(); len(got) != 1 {
		t.Errorf("heard %v", got)
	}
}
