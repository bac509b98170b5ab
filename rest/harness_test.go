package rest_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/job"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
	"github.com/ringback/ringback/models/tenant"
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
	service modelstest.Services
	clock   *modelstest.Clock
	queue   *modelstest.Queue
	log     *modelstest.Buffer
	handler http.Handler
	quotas  run.Quotas
	actions []*run.Action // one of each account

	executed *atomic.Int64 // statements
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	w := &world{
		tb: tb, clock: modelstest.NewClock(start), queue: &modelstest.Queue{}, log: &modelstest.Buffer{},
		executed: new(atomic.Int64),
	}
	db, databaseURL := storetest.OpenWithURL(
		tb, store.WithStatementLog(func(context.Context, string, time.Duration) { w.executed.Add(1) }),
	)
	w.url, w.store = databaseURL, &trap{Store: db, mode: new(atomic.Int32)}
	w.service = w.servicesOn(w.store)
	w.handler = w.handlerOf(w.service)
	modelstest.NoError(tb, db.Transaction(tb.Context(), func(tx *store.Store) error {
		w.populate(w.servicesOn(&trap{tx, w.store.mode}))
		return nil
	}))
	return w
}

func (w *world) handlerOf(s modelstest.Services) http.Handler {
	services := s.All
	services.Texts = w.store
	return identified(rest.NewHandler(services, models.NewAnswers(32<<20, 0), slog.New(slog.NewJSONHandler(w.log, nil))))
}

// identified gives each request an id, as the server does.
func identified(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := uuid.NewString()
		w.Header().Set("X-Request-Id", id)
		next.ServeHTTP(w, r.WithContext(models.WithRequestID(r.Context(), id)))
	})
}

func (w *world) servicesOn(db *trap) modelstest.Services {
	rules := callback.Rules{
		PublicURL: "https://ringback.example.com", Schedule: callback.Schedule{time.Minute, time.Hour},
	}
	ports := db.RunPorts()
	ports.Log = db
	return modelstest.Wiring{
		Store: db.Store, RunPorts: &ports, Runs: run.Rules{Quotas: w.quotas}, Engine: modelstest.Choosy, Queue: w.queue,
		Rules: rules, Now: w.clock.Now,
		Access: tenant.AccessRules{PlatformKeyHash: platformKey.Hash()}, Log: slog.New(slog.NewJSONHandler(w.log, nil)),
	}.Services()
}

func (w *world) populate(s modelstest.Services) {
	w.tb.Helper()
	ctx, platform := w.tb.Context(), models.PlatformActor()
	client, err := s.CreateSSOClient(ctx, platform, tenant.NewSSOClient{
		Name: "Acme SSO", Webhook: models.EndpointUpdate{URL: models.Given(new("https://sso.example.com/hook"))},
	})
	modelstest.NoError(w.tb, err)
	for _, id := range []int64{account, otherAccount} {
		_, err := s.CreateAccount(ctx, platform, tenant.NewAccount{Name: "Acme", RawID: id, SSOClientID: &client.ID})
		modelstest.NoError(w.tb, err)
		a, err := s.CreateAction(ctx, platform, id, action, run.ActionSettings{Executor: models.EndpointUpdate{
			URL:     models.Given(new("https://executor.example.com/extract")),
			Headers: models.Given([]models.Header{{Key: "Authorization", Value: executorSecret}}),
		}})
		modelstest.NoError(w.tb, err)
		w.actions = append(w.actions, a)
	}
	for user, member := range map[int64]tenant.Membership{
		adminUser: {AccountID: account, Role: models.RoleAdmin}, editorUser: {AccountID: account, Role: models.RoleEditor},
		viewerUser: {AccountID: account, Role: models.RoleViewer},
		otherUser:  {AccountID: otherAccount, Role: models.RoleAdmin},
	} {
		_, err := s.CreateUser(ctx, platform, tenant.NewUser{
			Email: string(member.Role) + uuid.NewString() + "@example.com", RawID: user, Accounts: []tenant.Membership{member},
		})
		modelstest.NoError(w.tb, err)
	}
	for id, owner := range map[int64]int64{project: account, sibling: account, otherProject: otherAccount} {
		_, err := s.CreateProject(ctx, platform, tenant.NewProject{
			AccountID: owner, RawID: id, Name: "Site", PrimaryDomain: "https://www.example.com",
			Callback: models.EndpointUpdate{URL: models.Given(new(projectURL))},
		})
		modelstest.NoError(w.tb, err)
	}
}

// execute lets the executors give one answer to all batches that wait; it returns what they were asked.
func (w *world) execute(status int, body string) (asked []string) {
	w.tb.Helper()
	for _, a := range w.actions {
		executions, _, _, err := w.service.Executions.Claim(w.tb.Context(), modelstest.Limit(a.Lane(), 1000))
		modelstest.NoError(w.tb, err)
		for _, e := range executions {
			request, err := e.Body()
			modelstest.NoError(w.tb, err)
			asked = append(asked, string(request))
			modelstest.NoError(
				w.tb,
				w.service.Executions.Record(w.tb.Context(), e, callback.Outcome{HTTPStatus: &status, ResponseBody: []byte(body)}),
			)
		}
	}
	return asked
}

// deliver makes one attempt as a worker would, and lets the receiver answer; with the status 0 no answer comes.
func (w *world) deliver(c *callback.Callback, status int, body string) {
	w.tb.Helper()
	o := callback.Outcome{HTTPStatus: &status, ResponseBody: []byte(body), Duration: time.Second}
	if status == 0 {
		o = callback.Outcome{Error: &callback.AttemptError{Code: callback.ConnectRefused, Message: "refused"}}
	}
	modelstest.NoError(
		w.tb, w.service.Settle(w.tb.Context(), w.service.Decide(modelstest.ClaimOnly(w.tb, w.service.Service, c.ID), o)),
	)
}

// newRun makes a run of the project and returns it.
func (w *world) newRun(projectID int64, change func(*run.NewRun)) *run.Run {
	w.tb.Helper()
	in := run.NewRun{
		ProjectID: projectID, Action: action, Inputs: []run.NewInput{{Input: json.RawMessage(`{"q":1}`)}},
		Callback: &run.NewCallback{URL: hookURL, On: run.CallbackOnAll},
	}
	if change != nil {
		change(&in)
	}
	r, err := w.service.CreateRun(w.tb.Context(), models.PlatformActor(), in)
	modelstest.NoError(w.tb, err)
	return r
}

// callbacks returns the callbacks of a run in the order of their creation.
func (w *world) callbacks(r *run.Run) []*callback.Callback {
	w.tb.Helper()
	pages, err := w.service.CallbackPages(
		w.tb.Context(), models.PlatformActor().Scope(models.RoleViewer), run.Owner, []int64{r.ID}, callback.Filter{},
		models.Page{First: 100},
	)
	modelstest.NoError(w.tb, err)
	nodes := pages[r.ID].Nodes
	slices.Reverse(nodes)
	for _, c := range nodes {
		texts, err := w.store.Texts(w.tb.Context(), models.PlatformActor().Scope(models.RoleViewer), models.PayloadText, c.ID)
		modelstest.NoError(w.tb, err)
		c.Body = []byte(texts[c.ID])
	}
	return nodes
}

// final makes a run of a project whose only callback has arrived, and returns that.
func (w *world) final(projectID int64) *callback.Callback {
	w.tb.Helper()
	r := w.newRun(projectID, func(in *run.NewRun) { in.Callback.On = run.CallbackOnFinal })
	w.execute(http.StatusOK, oneResult)
	c := w.callbacks(r)[0]
	w.deliver(c, http.StatusOK, "received")
	return c
}

func (w *world) newJob(projectID int64, change func(*job.NewJobs)) *job.Job {
	w.tb.Helper()
	in := job.NewJobs{ProjectID: projectID, Inputs: []json.RawMessage{json.RawMessage(`"cat.jpg"`)}}
	if change != nil {
		change(&in)
	}
	jobs, err := w.service.CreateJobs(w.tb.Context(), models.PlatformActor(), in)
	modelstest.NoError(w.tb, err)
	return jobs[0]
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

func (s *trap) LogEntries(ctx context.Context, scope models.Scope, query run.LogQuery) ([]*run.LogEntry, error) {
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
