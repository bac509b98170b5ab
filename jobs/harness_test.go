package jobs

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	redislog "github.com/redis/go-redis/v9/logging"
	"go.uber.org/goleak"

	"github.com/ringback/ringback/jobs/egress"
	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
	"github.com/ringback/ringback/models/tenant"
)

func TestMain(m *testing.M) {
	redislog.Disable() // as the program does
	goleak.VerifyTestMain(storetest.Main{M: m})
}

func must[T any](t testing.TB) func(T, error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// openQueue returns a Redis and the name of a queue of the test's own: on TEST_REDIS_URL, else in this process.
func openQueue(t testing.TB) (redis.UniversalClient, string) {
	t.Helper()
	name := "test-" + strings.ToLower(rand.Text())
	url := os.Getenv("TEST_REDIS_URL")
	if url == "" {
		embedded := must[*EmbeddedRedis](t)(StartEmbeddedRedis())
		t.Cleanup(func() { _ = embedded.Close() })
		return embedded.Client, name
	}
	client := must[redis.UniversalClient](t)(OpenRedis(url))
	t.Cleanup(func() {
		ctx := context.Background()
		if keys, _ := client.Keys(ctx, "asynq:{"+name+"}:*").Result(); len(keys) > 0 {
			client.Del(ctx, keys...)
		}
		client.SRem(ctx, "asynq:queues", name)
		_ = client.Close()
	})
	return client, name
}

// outage has transactions fail as often as it is told.
type outage struct {
	failures     atomic.Int64
	transactions atomic.Int64
}

// check is called before each of the engine's transactions.
func (o *outage) check(context.Context) error {
	o.transactions.Add(1)
	if o.failures.Add(-1) >= 0 {
		return errors.New("the database is away")
	}
	return nil
}

// beforeAll has a check before each of the engine's transactions.
func beforeAll(db *callback.Ports, check func(context.Context) error) {
	db.InDeliveryTx = before(db.InDeliveryTx, check)
	db.InSettlementTx = before(db.InSettlementTx, check)
	record := db.Record
	db.Record = func(ctx context.Context, c []*callback.Callback, a []*callback.Attempt, n []callback.HealthCount) (bool, error) {
		if err := check(ctx); err != nil {
			return false, err
		}
		return record(ctx, c, a, n)
	}
	db.InReplayTx = before(db.InReplayTx, check)
	db.InSweepTx = before(db.InSweepTx, check)
	db.InPurgeTx = before(db.InPurgeTx, check)
}

func before[Port any](inTx models.InTx[Port], check func(context.Context) error) models.InTx[Port] {
	return func(ctx context.Context, f func(Port) error) error {
		if err := check(ctx); err != nil {
			return err
		}
		return inTx(ctx, f)
	}
}

// world is a domain on a database of its own, with one project.
type world struct {
	modelstest.Services
	wiring  modelstest.Wiring
	outage  *outage
	queue   *modelstest.Queue
	counted *prometheus.Registry // the panics
	url     string               // of the receiver
	crawl   int64                // the last one
}

const testAccount, testProject = 11, 12

// to is the lane of the project's callbacks to a host.
func to(host string) callback.Lane {
	return callback.Lane{Host: host, Owner: fmt.Sprintf("project:%d", testProject), Account: testAccount}
}

// testTimeout is what a request to a receiver may take.
const testTimeout = time.Second

// newWorld makes callbacks that go to a receiver; on queue, or where that is nil on one that only keeps the wake-ups.
func newWorld(
	t testing.TB, queue callback.Queue, schedule callback.Schedule, receiver http.HandlerFunc, opts ...store.Option,
) *world {
	t.Helper()
	server := httptest.NewServer(receiver)
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	db := storetest.Open(t, opts...)
	w := &world{
		outage: &outage{}, queue: &modelstest.Queue{}, url: server.URL, counted: prometheus.NewRegistry(),
	}
	if queue == nil {
		queue = w.queue
	}
	w.wiring = modelstest.Wiring{
		Store: db, Queue: queue, Rules: callback.Rules{Schedule: schedule}, Monitor: NewTroubles(w.counted),
	}
	w.on(func(db *callback.Ports) { beforeAll(db, w.outage.check) })
	ctx, platform := t.Context(), models.PlatformActor()
	must[*tenant.Account](t)(w.CreateAccount(ctx, platform, tenant.NewAccount{Name: "Account", RawID: testAccount}))
	must[*tenant.Project](t)(w.CreateProject(ctx, platform, tenant.NewProject{
		AccountID: testAccount, RawID: testProject, Name: "Project", PrimaryDomain: "https://www.example.com",
	}))
	w.setURL(t, &server.URL)
	return w
}

// on makes the services anew, on other ports of the engine.
func (w *world) on(change func(db *callback.Ports)) {
	w.wiring.Engine = change
	w.Services = w.wiring.Services()
}

// serviceAt is that of a process with a clock of its own.
func (w *world) serviceAt(now func() time.Time) *callback.Service {
	at := w.wiring
	at.Now = now
	return at.Services().Service
}

func (w *world) setURL(t testing.TB, url *string) {
	t.Helper()
	must[tenant.Configured](t)(w.UpdateProject(t.Context(), models.PlatformActor(), tenant.ProjectUpdate{
		ProjectID: testProject, Callback: models.EndpointUpdate{URL: models.Given(url)},
	}))
}

// newCallback makes a callback that is due.
func (w *world) newCallback(t testing.TB) *callback.Callback {
	t.Helper()
	return w.newCallbackIn(t.Context(), t)
}

func (w *world) newCallbackIn(ctx context.Context, t testing.TB) *callback.Callback {
	t.Helper()
	w.crawl++
	project := int64(testProject)
	_, c, err := w.FinishCrawl(ctx, models.PlatformActor(), crawl.End{
		CrawlID: w.crawl, ProjectID: &project, Kind: crawl.Standard, Status: crawl.Finished,
	})
	if err != nil || c == nil {
		t.Fatal("no callback is due", err)
	}
	return c
}

func (w *world) callback(t *testing.T, id int64) *callback.Callback {
	t.Helper()
	return must[*callback.Callback](t)(w.Callback(t.Context(), models.PlatformActor().Scope(models.RoleViewer), id))
}

func (w *world) attempts(t *testing.T, id int64) []*callback.Attempt {
	t.Helper()
	pages := must[map[int64]*models.PageOf[*callback.Attempt]](t)(
		w.AttemptPages(t.Context(), models.PlatformActor().Scope(models.RoleViewer), []int64{id}, models.Page{First: 10}))
	if pages[id] == nil {
		return nil
	}
	return pages[id].Nodes
}

// newOut is the way out of tests: to this machine.
func newOut(t testing.TB) *egress.Client { return newPatientOut(t, testTimeout) }

func newPatientOut(t testing.TB, timeout time.Duration) *egress.Client {
	t.Helper()
	out := egress.New(
		egress.Config{AllowedNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Timeout: timeout},
	)
	t.Cleanup(out.CloseIdle)
	return out
}

func newDeliverer(t *testing.T, w *world) *deliverer {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	return &deliverer{
		service: w.Service, deliveries: w.Service.Deliveries, client: newOut(t),
		metrics: NewMetrics(prometheus.NewRegistry()), log: log, userAgent: "Ringback/test",
	}
}

func newWorker(t *testing.T, client redis.UniversalClient, queue *Queue, w *world) *Worker {
	t.Helper()
	return NewWorker(client, queue, w.Service, w.RunService, w.ReceiverService, newOut(t), WorkerConfig{
		Concurrency: 4, PerHost: 4, Retention: callback.Retention{Rows: time.Hour}, Timeout: testTimeout,
		UserAgent: "Ringback/test",
	}, NewMetrics(prometheus.NewRegistry()), slog.New(slog.DiscardHandler))
}

// startWorker starts a worker on a queue, and stops it when the test ends.
func startWorker(t *testing.T, client redis.UniversalClient, queue *Queue, w *world) {
	t.Helper()
	worker := newWorker(t, client, queue, w)
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { worker.Stop() })
}
