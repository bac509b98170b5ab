package rest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/job"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
	"github.com/ringback/ringback/rest"
)

// The entities of every world: an account with two projects, and another that must stay apart.
const (
	account, otherAccount          = 11, 12
	project, sibling, otherProject = 123, 124, 125

	adminUser, editorUser, viewerUser, otherUser = 31, 32, 33, 34

	// ids of projects, as headers name them
	thisProject, thatProject, unknownProject = "TjAwNlByb2plY3QxMjM", "124", "4711"

	platformKey    = models.Secret("rbp_platform-key-4714")
	executorSecret = "Bearer executor-secret-4716"
	action         = "extract-company"
	projectURL     = "https://project.example.com/hook"
	hookURL        = "https://hook.example.com/a"
	unknownUID     = "00000000-0000-4000-8000-000000000000"
	secretTable    = "pq: relation secret_table of SELECT does not exist"
	oneResult      = `{"results": [{"b": 1.0, "a": 2}], "has_more": false}` // of an executor
)

var start = time.Date(2020, 7, 9, 16, 25, 35, 123456000, time.UTC)

// world is one service with its doors.
type world struct {
	tb      testing.TB
	url     string // of the database
	store   *trap
	service rest.Services
	crawls  *crawl.Service
	clock   *clock
	queue   *queue
	log     *logBuffer
	handler http.Handler
	quotas  models.Quotas
	actions []*models.Action // one of each account

	executed *atomic.Int64 // statements
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	w := &world{tb: tb, clock: &clock{at: start}, queue: &queue{}, log: &logBuffer{}, executed: new(atomic.Int64)}
	db, databaseURL := storetest.OpenWithURL(tb, store.WithTrace(func(context.Context, string, time.Duration) { w.executed.Add(1) }))
	w.url, w.store = databaseURL, &trap{Store: db, mode: new(atomic.Int32)}
	w.service = w.serviceOn(w.store)
	w.crawls = crawl.NewService(w.service.Service, db, db.InCrawlTx, slog.New(slog.DiscardHandler))
	w.handler = w.handlerOf(w.service)
	must(tb, db.Transaction(tb.Context(), func(tx *store.Store) error {
		w.populate(w.serviceOn(&trap{tx, w.store.mode}))
		return nil
	}))
	return w
}

func (w *world) handlerOf(service rest.Services) http.Handler {
	return identified(rest.NewHandler(service, models.NewAnswers(32<<20, 0), slog.New(slog.NewJSONHandler(w.log, nil))))
}

// identified gives each request an id, as the server does.
func identified(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := uuid.NewString()
		w.Header().Set("X-Request-Id", id)
		next.ServeHTTP(w, r.WithContext(models.WithRequestID(r.Context(), id)))
	})
}

func (w *world) serviceOn(db *trap) rest.Services {
	rules := models.Rules{
		PublicURL: "https://ringback.example.com", Schedule: models.Schedule{time.Minute, time.Hour}, PlatformKeyHash: platformKey.Hash(), Quotas: w.quotas,
	}
	engine := models.NewService(choosy{db}, w.queue, rules, slog.New(slog.NewJSONHandler(w.log, nil))).
		WithClock(w.clock.now, func() float64 { return 0.5 })
	return rest.Services{Service: engine, Jobs: job.NewService(engine, db, db.InJobTx)}
}

func (w *world) populate(s rest.Services) {
	w.tb.Helper()
	ctx, platform := w.tb.Context(), models.PlatformActor()
	client, err := s.CreateSSOClient(ctx, platform, models.NewSSOClient{
		Name: "Acme SSO", Webhook: models.EndpointUpdate{URL: models.Given(new("https://sso.example.com/hook"))},
	})
	must(w.tb, err)
	for _, id := range []int64{account, otherAccount} {
		_, err := s.CreateAccount(ctx, platform, models.NewAccount{Name: "Acme", RawID: id, SSOClientID: &client.ID})
		must(w.tb, err)
		a, err := s.CreateAction(ctx, platform, id, action, models.ActionSettings{Executor: models.EndpointUpdate{
			URL:     models.Given(new("https://executor.example.com/extract")),
			Headers: models.Given([]models.Header{{Key: "Authorization", Value: executorSecret}}),
		}})
		must(w.tb, err)
		w.actions = append(w.actions, a)
	}
	for user, member := range map[int64]models.Membership{
		adminUser: {AccountID: account, Role: models.RoleAdmin}, editorUser: {AccountID: account, Role: models.RoleEditor},
		viewerUser: {AccountID: account, Role: models.RoleViewer}, otherUser: {AccountID: otherAccount, Role: models.RoleAdmin},
	} {
		_, err := s.CreateUser(ctx, platform, models.NewUser{
			Email: string(member.Role) + uuid.NewString() + "@example.com", RawID: user, Accounts: []models.Membership{member},
		})
		must(w.tb, err)
	}
	for id, owner := range map[int64]int64{project: account, sibling: account, otherProject: otherAccount} {
		_, err := s.CreateProject(ctx, platform, models.NewProject{
			AccountID: owner, RawID: id, Name: "Site", PrimaryDomain: "https://www.example.com",
			Callback: models.EndpointUpdate{URL: models.Given(new(projectURL))},
		})
		must(w.tb, err)
	}
}

// execute lets the executors give one answer to all batches that wait; it returns what they were asked.
func (w *world) execute(status int, body string) (asked []string) {
	w.tb.Helper()
	for _, a := range w.actions {
		executions, _, _, err := w.service.ClaimBatches(w.tb.Context(), of(a.Lane(), 1000))
		must(w.tb, err)
		for _, e := range executions {
			request, err := e.Body()
			must(w.tb, err)
			asked = append(asked, string(request))
			must(w.tb, w.service.RecordBatch(w.tb.Context(), e, models.Outcome{HTTPStatus: &status, ResponseBody: []byte(body)}))
		}
	}
	return asked
}

// deliver makes one attempt as a worker would, and lets the receiver answer; with the status 0 no answer comes.
func (w *world) deliver(c *models.Callback, status int, body string) {
	w.tb.Helper()
	o := models.Outcome{HTTPStatus: &status, ResponseBody: []byte(body), Duration: time.Second}
	if status == 0 {
		o = models.Outcome{Error: &models.AttemptError{Code: models.ConnectRefused, Message: "refused"}}
	}
	must(w.tb, w.service.Settle(w.tb.Context(), w.service.Decide(w.claim(c), o)))
}

// claim claims one callback as a worker would that finds no other due in its lane.
func (w *world) claim(c *models.Callback) *models.Delivery {
	w.tb.Helper()
	c, err := w.service.Callback(w.tb.Context(), models.PlatformActor(), c.ID)
	must(w.tb, err)
	deliveries, _, _, err := w.service.Claim(context.WithValue(w.tb.Context(), wanted{}, c.ID), of(c.Lane, 1000))
	must(w.tb, err)
	if len(deliveries) != 1 {
		w.tb.Fatalf("callback %d, %s and due at %s: got %d deliveries", c.ID, c.Status, c.NextAttemptAt, len(deliveries))
	}
	return deliveries[0]
}

// of asks for so much of a lane.
func of(lane models.Lane, limit int) []models.LaneLimit {
	return []models.LaneLimit{{Lane: lane.String(), Limit: limit}}
}

// wanted is the context key of the only callback that choosy lets be claimed.
type wanted struct{}

// choosy is a store that gives back at once what a test did not mean to claim.
type choosy struct{ models.Store }

func (c choosy) InTx(ctx context.Context, f func(models.Store) error) error {
	return c.Store.InTx(ctx, func(tx models.Store) error { return f(choosy{tx}) })
}

func (c choosy) ClaimDue(ctx context.Context, lanes []models.LaneLimit, now, leaseUntil time.Time) ([]*models.Callback, error) {
	claimed, err := c.Store.ClaimDue(ctx, lanes, now, leaseUntil)
	if err != nil {
		return nil, err
	}
	id, _ := ctx.Value(wanted{}).(int64)
	var others []*models.Callback
	for _, o := range claimed {
		if o.ID != id {
			o.NextAttemptAt = &now
			others = append(others, o)
		}
	}
	return slices.DeleteFunc(claimed, func(c *models.Callback) bool { return c.ID != id }), c.GiveBackCallbacks(ctx, others...)
}

// newRun makes a run of the project and returns it.
func (w *world) newRun(projectID int64, change func(*models.NewRun)) *models.Run {
	w.tb.Helper()
	in := models.NewRun{
		ProjectID: projectID, Action: action, Inputs: []models.NewRunInput{{Input: json.RawMessage(`{"q":1}`)}},
		Callback: &models.NewRunCallback{URL: hookURL, On: models.CallbackOnAll},
	}
	if change != nil {
		change(&in)
	}
	run, err := w.service.CreateRun(w.tb.Context(), models.PlatformActor(), in)
	must(w.tb, err)
	return run
}

// callbacks returns the callbacks of a run in the order of their creation.
func (w *world) callbacks(run *models.Run) []*models.Callback {
	w.tb.Helper()
	pages, err := w.service.CallbackPages(
		w.tb.Context(), models.PlatformActor(), models.OwnerRun, []int64{run.ID}, models.CallbackFilter{}, models.Page{First: 100},
	)
	must(w.tb, err)
	nodes := pages[run.ID].Nodes
	slices.Reverse(nodes)
	for _, c := range nodes {
		texts, err := w.service.Texts(w.tb.Context(), models.PlatformActor(), models.PayloadText, c.ID)
		must(w.tb, err)
		c.Body = []byte(texts[c.ID])
	}
	return nodes
}

// final makes a run of a project whose only callback has arrived, and returns that.
func (w *world) final(projectID int64) *models.Callback {
	w.tb.Helper()
	run := w.newRun(projectID, func(in *models.NewRun) { in.Callback.On = models.CallbackOnFinal })
	w.execute(http.StatusOK, oneResult)
	c := w.callbacks(run)[0]
	w.deliver(c, http.StatusOK, "received")
	return c
}

func (w *world) newJob(projectID int64, change func(*job.NewJobs)) *job.Job {
	w.tb.Helper()
	in := job.NewJobs{ProjectID: projectID, Inputs: []json.RawMessage{json.RawMessage(`"cat.jpg"`)}}
	if change != nil {
		change(&in)
	}
	jobs, err := w.service.Jobs.CreateJobs(w.tb.Context(), models.PlatformActor(), in)
	must(w.tb, err)
	return jobs[0]
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// clock stands still until it is moved.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// queue counts the wake-ups.
type queue struct{ woken atomic.Int64 }

func (q *queue) Wake(_ context.Context, _ time.Time, wakeups []models.Wakeup) error {
	q.woken.Add(int64(len(wakeups)))
	return nil
}

func (*queue) Reserve(models.Lane, int, int64) models.Reservation { return models.NoRoom }

type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// trap is a store whose list of callbacks fails or panics when it is told to.
type trap struct {
	*store.Store
	mode *atomic.Int32
}

const (
	trapFails = iota + 1
	trapPanics
	trapCancels
)

func (s *trap) LogEntries(ctx context.Context, scope models.Scope, query models.LogQuery) ([]*models.LogEntry, error) {
	switch s.mode.Load() {
	case trapFails:
		return nil, errors.New(secretTable)
	case trapPanics:
		panic(secretTable)
	case trapCancels:
		return nil, context.Canceled
	}
	return s.Store.LogEntries(ctx, scope, query)
}
