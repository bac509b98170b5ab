package jobs

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"github.com/ringback/ringback/jobs/egress"
	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store/storetest"
)

// panics is how many a registry has counted in one place.
func panics(t *testing.T, registry *prometheus.Registry, where string) int {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if family.GetName() == "ringback_panics_total" && m.GetLabel()[0].GetValue() == where {
				return int(m.GetCounter().GetValue())
			}
		}
	}
	t.Fatalf("panics of %s are not counted", where)
	return 0
}

func awaitPanic(t *testing.T, registry *prometheus.Registry, where string) {
	t.Helper()
	modelstest.Eventually(t, "the panic is counted", func() bool { return panics(t, registry, where) == 1 })
}

func TestPanicCostsAPieceOfWorkAndNeverTheWorker(t *testing.T) {
	t.Parallel()
	for name, where := range map[string]string{
		"ClaimDue": "claim", "SettleCallbacks": "settlement", "OverdueLanes": "sweep", "LockDueSchedules": "firing",
		"PurgeCallbacks": "purge",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, queueName := openQueue(t)
			queue := NewQueue(client, queueName, prometheus.NewRegistry())
			w := newWorld(t, queue, callback.Schedule{}, func(http.ResponseWriter, *http.Request) {})
			w.panicOnce(name)
			counted := w.counted
			first := w.newCallback(t)
			startWorker(t, client, queue, w)
			second := w.newCallback(t)
			awaitPanic(t, counted, where)
			third := w.newCallback(t)
			arrived := 0
			modelstest.Eventually(t, "all but the one that it cost have arrived", func() bool {
				arrived = 0
				put := 0
				for _, c := range []*callback.Callback{first, second, third} {
					switch got := w.callback(t, c.ID); {
					case got.Status == callback.StatusSuccess:
						arrived++
					case got.PanicCount == 1:
						put++
					}
				}
				return arrived+put == 3
			})
			if arrived < 2 {
				t.Errorf("%d arrived", arrived)
			}
		})
	}
}

// shy is a store whose first sign-in panics.
type shy struct {
	presentStore
	panicky
}

func (s shy) SignIn(ctx context.Context, process *models.Process, forget time.Duration) error {
	s.may("SignIn")
	return s.presentStore.SignIn(ctx, process, forget)
}

func TestPanicWhileSigningInCostsThatLookAlone(t *testing.T) {
	t.Parallel()
	store := storetest.Open(t)
	p := newPresent(t, shy{store, once("SignIn")}, miniredis.RunT(t), "q", "api")
	counted := p.counted
	p.Start()
	awaitPanic(t, counted, "presence")
	p.Stop()
	p.look(t.Context())
	if seen, err := store.ProcessesSeen(t.Context(), models.SignInLapse); err != nil || len(seen) != 1 {
		t.Errorf("there are %+v, %v", seen, err)
	}
}

// patientWorker starts a worker whose requests may take as long as the test, in a world whose store's methods of one
// name panic once.
func patientWorker(t *testing.T, method string, receiver http.HandlerFunc) (*world, *Worker, *prometheus.Registry) {
	t.Helper()
	client, name := openQueue(t)
	queue := NewQueue(client, name, prometheus.NewRegistry())
	w := newWorld(t, queue, callback.Schedule{}, receiver)
	w.on(once(method).ports)
	counted := w.counted
	out := egress.New(
		egress.Config{AllowedNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Timeout: modelstest.Patience},
	)
	t.Cleanup(out.CloseIdle)
	worker := NewWorker(client, queue, w.Service, w.RunService, w.ReceiverService, out, WorkerConfig{
		Concurrency: 40, PerHost: 4, Retention: callback.Retention{Rows: time.Hour}, Timeout: modelstest.Patience,
		UserAgent: "Ringback/test",
	}, NewMetrics(prometheus.NewRegistry()), slog.New(slog.DiscardHandler))
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	return w, worker, counted
}

func TestPanicWhileLeasesAreRenewedCostsThatRenewalAlone(t *testing.T) {
	t.Parallel()
	goOn := make(chan struct{})
	var arrived atomic.Int64
	w, worker, counted := patientWorker(t, "RenewLeases", func(_ http.ResponseWriter, q *http.Request) {
		arrived.Add(1)
		select {
		case <-goOn:
		case <-q.Context().Done():
		}
	})
	defer worker.Stop()
	id := w.newCallback(t).ID
	modelstest.Eventually(t, "it is in flight", func() bool { return arrived.Load() == 1 })
	claimed := *w.callback(t, id).LeaseUntil
	awaitPanic(t, counted, "renewal")
	modelstest.Eventually(
		t, "the next renewal is made", func() bool { return w.callback(t, id).LeaseUntil.After(claimed) },
	)
	close(goOn)
	modelstest.Eventually(t, "it has arrived", func() bool { return w.callback(t, id).Status == callback.StatusSuccess })
	if n := arrived.Load(); n != 1 {
		t.Errorf("%d requests were made", n)
	}
}

// What was claimed ahead is lost to this process where it cannot be given back: the sweep finds it when its lease has
// run out.
func TestPanicOfAStoppingWorkerCostsWhatItGivesBackAtMost(t *testing.T) {
	t.Parallel()
	for method, where := range map[string]string{"GiveBackCallbacks": "release", "AnnounceStop": "stop"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			const quick, inFlight = 8, 4
			goOn := make(chan struct{})
			var arrived atomic.Int64
			w, worker, counted := patientWorker(t, method, func(_ http.ResponseWriter, q *http.Request) {
				if arrived.Add(1) <= quick {
					return
				}
				select {
				case <-goOn:
				case <-q.Context().Done():
				}
			})
			for range 20 {
				w.newCallback(t)
			}
			modelstest.Eventually(t, "some are claimed ahead", func() bool {
				return arrived.Load() == quick+inFlight && w.number(t, callback.StatusRunning) > inFlight
			})
			stopped := make(chan struct{})
			go func() {
				defer close(stopped)
				worker.Stop()
			}()
			awaitPanic(t, counted, where)
			close(goOn)
			<-stopped
			if n := w.number(t, callback.StatusSuccess); n != quick+inFlight {
				t.Errorf("%d have arrived, want %d", n, quick+inFlight)
			}
			lost := w.number(t, callback.StatusRunning)
			if (lost > 0) != (where == "release") {
				t.Errorf("%d are lost", lost)
			}
			if found := w.swept(t, callback.LeaseTime+2*callback.SweepInterval); found != lost {
				t.Errorf("the sweep has found %d of %d", found, lost)
			}
		})
	}
}

// number is how many callbacks have a status.
func (w *world) number(t *testing.T, status callback.Status) int {
	t.Helper()
	pages := must[map[int64]*models.PageOf[*callback.Callback]](t)(w.CallbackPages(t.Context(), models.PlatformActor().Scope(models.RoleViewer),
		callback.OfProject, []int64{testProject}, callback.Filter{
			Status: []callback.Status{status},
		}, models.Page{First: 100}))
	return len(pages[testProject].Nodes)
}

// swept sweeps as often as workers do within a time, and returns how many it took from those that are gone.
func (w *world) swept(t *testing.T, within time.Duration) (interrupted int) {
	t.Helper()
	begin := time.Now()
	for passed := time.Duration(0); passed <= within; passed += callback.SweepInterval {
		at := begin.Add(passed)
		n, _, err := w.serviceAt(func() time.Time { return at }).Upkeep.Sweep(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		interrupted += n
	}
	return interrupted
}

func TestPanicAtTheDoorbellCostsThatRingAlone(t *testing.T) {
	t.Parallel()
	client, name := openQueue(t)
	here, there := newDoorbell(client, name), newDoorbell(client, name)
	h := &heard{}
	here.attend(attendant{free: h.free, answer: func(w wake) bool {
		if w.Lane == to("bad").String() {
			panic("as planned")
		}
		return h.answer(w)
	}})
	w := newWorld(t, nil, nil, http.NotFound)
	var listener sync.WaitGroup
	t.Cleanup(listener.Wait)
	listener.Go(func() { here.subscribe(t.Context(), w.Troubles(), slog.New(slog.DiscardHandler)) })
	listening(t, client, here)
	ringThere(t, there, "before", "bad", "lost with it")
	ringThere(t, there, "after")
	h.want(t, "before", "after")
	awaitPanic(t, w.counted, "doorbell")
}

// asked notes for which lanes a claim was made.
type asked struct {
	callback.DeliveryTx
	lanes *sync.Map
}

func (a asked) ClaimDue(
	ctx context.Context, lanes []callback.LaneLimit, now, until time.Time,
) ([]*callback.Callback, error) {
	for _, l := range lanes {
		a.lanes.Store(l.Lane, true)
	}
	return a.DeliveryTx.ClaimDue(ctx, lanes, now, until)
}

func TestPanicOfATaskCostsThatTaskAlone(t *testing.T) {
	t.Parallel()
	client, name := openQueue(t)
	queue := NewQueue(client, name, prometheus.NewRegistry())
	w := newWorld(t, queue, nil, http.NotFound)
	lanes := &sync.Map{}
	w.on(func(db *callback.Ports) {
		db.InDeliveryTx = modelstest.Through(db.InDeliveryTx, func(tx callback.DeliveryTx) callback.DeliveryTx {
			return asked{tx, lanes}
		})
	})
	counted := w.counted
	worker := newWorker(t, client, queue, w)
	worker.deliverer = nil // what carries a trace panics, and nothing else does
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	defer worker.Stop()
	now := time.Now()
	// Into asynq and past the doorbell; no callback waits there for the sweep to find.
	bad := newEntry(traced(t, trace.FlagsSampled), callback.Wakeup{Lane: to("bad"), CallbackID: 1, At: now}, now)
	if err := queue.enqueue(t.Context(), bad); err != nil {
		t.Fatal(err)
	}
	// asynq tries again
	modelstest.Eventually(t, "the panic is counted", func() bool { return panics(t, counted, "task") >= 1 })
	good := newEntry(t.Context(), callback.Wakeup{Lane: to("good"), At: now}, now)
	if err := queue.enqueue(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	modelstest.Eventually(
		t, "the next task is handled", func() bool { _, ok := lanes.Load(to("good").String()); return ok },
	)
	if _, ok := lanes.Load(to("bad").String()); ok {
		t.Error("the task that panicked was handled")
	}
}

func TestPanicWhileMetricsAreCollectedCostsThoseOfThatScrape(t *testing.T) {
	t.Parallel()
	client, name := openQueue(t)
	w := newWorld(t, nil, nil, http.NotFound)
	w.on(once("CountDue").ports)
	registry := w.counted
	registry.MustRegister(NewBacklog(client, name, w.Service, slog.New(slog.DiscardHandler)))
	scrape := func() (names []string) {
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, family := range families {
			names = append(names, family.GetName())
		}
		return names
	}
	if got := scrape(); slices.Contains(got, "ringback_callbacks_due") || !slices.Contains(got, "ringback_panics_total") {
		t.Errorf("the scrape in which it panics has %v", got)
	}
	if got := scrape(); !slices.Contains(got, "ringback_callbacks_due") || !slices.Contains(got, "ringback_queue_size") {
		t.Errorf("the next scrape has %v", got)
	}
	awaitPanic(t, registry, "metrics")
}
