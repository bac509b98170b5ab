package graph_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ringback/ringback/graph"
	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/receiver"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
	"github.com/ringback/ringback/models/tenant"
)

// The entities of every world: the demo tenant of the design, and a second account that must stay apart.
const (
	demoAccount, demoUser          = 123123, 123123
	demoProject, bareProject       = 1123123, 123
	finishedCrawl, queuedCrawl     = 124234, 124235
	reportDownload, otherReport    = 567890, 567891
	editorUser, viewerUser         = 31, 32
	otherAccount, otherUser        = 200200, 200201
	otherProject, otherCrawl       = 200, 201
	demoKey                        = 1
	demoPartner                    = 1
	accountSecret, projectSecret   = "Bearer account-secret-4711", "Bearer project-secret-4712"
	webhookSecret                  = "Bearer webhook-secret-4713"
	accountURL, projectURL         = "https://account.example.com/hook", "https://project.example.com/hook"
	webhookURL, testVersion        = "https://sso.example.com/hook", "1.2.3-test"
	platformKey                    = models.Secret("rbp_platform-key-4714")
	reportFileURL, reportFileURL2  = "https://files.example.com/1", "https://files.example.com/2"
	adminEmail, reportTemplateCode = "demo@example.com", "all_pages"
)

var start = time.Date(2020, 7, 9, 16, 25, 35, 0, time.UTC)

// world is one service with the demo tenant behind its API.
type world struct {
	tb       testing.TB
	url      string // of the database
	store    *trap
	service  graph.Services
	clock    *modelstest.Clock
	queue    *modelstest.Queue
	log      *modelstest.Buffer
	handler  http.Handler
	executed *atomic.Int64 // statements
	widest   *atomic.Int64 // the most owners whose lists one statement reads
	callback struct{ crawl, report *callback.Callback }
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	w := &world{
		tb: tb, clock: modelstest.NewClock(start), queue: &modelstest.Queue{}, log: &modelstest.Buffer{},
		executed: new(atomic.Int64), widest: new(atomic.Int64),
	}
	db, databaseURL := storetest.OpenWithURL(tb, store.WithStatementLog(func(_ context.Context, statement string, _ time.Duration) {
		w.executed.Add(1)
		owners := ownersIn(statement)
		for widest := w.widest.Load(); owners > widest && !w.widest.CompareAndSwap(widest, owners); widest = w.widest.Load() {
		}
	}))
	w.url, w.store = databaseURL, &trap{Store: db}
	w.service = w.serviceOn(w.store)
	w.handler = identified(
		graph.NewHandler(w.service, graph.AnyAnswers(), testVersion, slog.New(slog.NewJSONHandler(w.log, nil))),
	)
	w.inTx(func(s graph.Services) {
		populate(tb, w, s)
		for _, test := range apiTests {
			if test.populate != nil {
				test.populate(tb, s)
			}
		}
	})
	modelstest.NoError(tb, w.store.CreateDiagnosis(tb.Context(), &receiver.Diagnosis{
		UID: models.NewUID(), Of: receiver.Of{ProjectID: demoProject}, AccountID: demoAccount, URL: projectURL,
		CreatedAt: start, Deadline: start.Add(25 * time.Second),
	}))
	w.beginBulkReplays()
	w.queue.Take()
	return w
}

var ownerIDs = regexp.MustCompile(`IN \(([^()]*)\)\) AS owners`)

// ownersIn counts the owners whose lists a statement reads, each in a part of its own or all by one list of ids.
func ownersIn(statement string) int64 {
	owners := strings.Count(statement, "AS page")
	if list := ownerIDs.FindStringSubmatch(statement); list != nil {
		owners = max(owners, 1+strings.Count(list[1], ","))
	}
	return int64(owners)
}

// identified gives each request an id, as the server does.
func identified(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(models.WithRequestID(r.Context(), uuid.NewString())))
	})
}

// in is the same world within a subtest.
func (w *world) in(tb testing.TB) *world {
	inner := *w
	inner.tb = tb
	return &inner
}

func (w *world) serviceOn(db *trap) graph.Services {
	log := slog.New(slog.NewJSONHandler(w.log, nil))
	rules := callback.Rules{
		PublicURL: "https://ringback.example.com", Schedule: callback.Schedule{time.Minute, time.Hour},
	}
	ports := db.RunPorts()
	ports.Reader = db
	services := modelstest.Wiring{
		Store: db.Store, RunPorts: &ports, Engine: modelstest.Choosy, Crawls: db, Queue: w.queue, Rules: rules,
		Access: tenant.AccessRules{PlatformKeyHash: platformKey.Hash()}, Now: w.clock.Now, Log: log,
		Receivers: receiver.Rules{Patience: time.Microsecond}, // there is no worker
		Resolver:  names,
	}.Services().All
	services.Callbacks.Reader = db
	return services
}

// inTx runs many use-cases in one transaction, which is quicker.
func (w *world) inTx(f func(graph.Services)) {
	w.tb.Helper()
	err := w.store.Transaction(w.tb.Context(), func(tx *store.Store) error {
		f(w.serviceOn(&trap{Store: tx}))
		return nil
	})
	if err != nil {
		w.tb.Fatal(err)
	}
}

func populate(tb testing.TB, w *world, s graph.Services) {
	tb.Helper()
	ctx, platform := tb.Context(), models.PlatformActor()
	client, err := s.Tenants.CreateSSOClient(ctx, platform, tenant.NewSSOClient{
		Name: "Acme SSO", RawID: 1, Webhook: endpoint(webhookURL, "Authorization", webhookSecret),
	})
	modelstest.NoError(tb, err)
	_, err = s.Tenants.CreateAccount(ctx, platform, tenant.NewAccount{
		Name: "Demo", RawID: demoAccount, Timezone: ptr("Europe/London"), SSOClientID: &client.ID,
		PartnerAccountID: ptr("123123"),
		Callback:         endpoint(accountURL, "Authorization", accountSecret),
	})
	modelstest.NoError(tb, err)
	_, err = s.Tenants.CreateAccount(ctx, platform, tenant.NewAccount{Name: "Other", RawID: otherAccount})
	modelstest.NoError(tb, err)
	createUser(tb, s, tenant.NewUser{
		Email: adminEmail, RawID: demoUser, FirstName: ptr("Demo"), LastName: ptr("User"), PartnerUserID: ptr("3333312"),
		Accounts: []tenant.Membership{{AccountID: demoAccount, Role: models.RoleAdmin}},
	})
	createUser(tb, s, tenant.NewUser{
		Email: "editor@example.com", RawID: editorUser,
		Accounts: []tenant.Membership{{AccountID: demoAccount, Role: models.RoleEditor}},
	})
	createUser(tb, s, tenant.NewUser{
		Email: "viewer@example.com", RawID: viewerUser,
		Accounts: []tenant.Membership{{AccountID: demoAccount, Role: models.RoleViewer}},
	})
	createUser(tb, s, tenant.NewUser{
		Email: "other@example.com", RawID: otherUser,
		Accounts: []tenant.Membership{{AccountID: otherAccount, Role: models.RoleAdmin}},
	})
	createProject(tb, s, tenant.NewProject{
		AccountID: demoAccount, RawID: demoProject, Callback: endpoint(projectURL, "X-Project", projectSecret),
	})
	createProject(tb, s, tenant.NewProject{AccountID: demoAccount, RawID: bareProject})
	createProject(tb, s, tenant.NewProject{AccountID: otherAccount, RawID: otherProject})
	_, _, err = s.Access.CreateProjectKey(ctx, platform, demoProject, "CI")
	modelstest.NoError(tb, err)
	_, _, err = s.Access.CreateSSOClientKey(ctx, platform, demoPartner, "CI")
	modelstest.NoError(tb, err)
	populateRuns(tb, s)
	w.callback.crawl = finishCrawl(tb, s, finishedCrawl, demoProject)
	w.callback.report = finishReport(tb, s, reportDownload, finishedCrawl)
	finishCrawl(tb, s, otherCrawl, otherProject)
	deliver(tb, s, w.callback.crawl.ID, 200)
}

func createUser(tb testing.TB, s graph.Services, in tenant.NewUser) {
	tb.Helper()
	_, err := s.Access.CreateUser(tb.Context(), models.PlatformActor(), in)
	modelstest.NoError(tb, err)
}

func createProject(tb testing.TB, s graph.Services, in tenant.NewProject) {
	tb.Helper()
	in.Name, in.PrimaryDomain = "Site", "https://www.example.com"
	_, err := s.Tenants.CreateProject(tb.Context(), models.PlatformActor(), in)
	modelstest.NoError(tb, err)
}

func finishCrawl(tb testing.TB, s graph.Services, id, projectID int64) *callback.Callback {
	tb.Helper()
	user := int64(demoUser)
	_, c, err := s.Crawls.FinishCrawl(tb.Context(), models.PlatformActor(), crawl.End{
		CrawlID: id, ProjectID: &projectID, CreatedByUserID: &user, Kind: crawl.Standard, Status: crawl.Finished,
	})
	modelstest.NoError(tb, err)
	return c
}

func finishReport(tb testing.TB, s graph.Services, id, crawlID int64) *callback.Callback {
	tb.Helper()
	_, c, err := s.Crawls.FinishReportDownload(tb.Context(), models.PlatformActor(), crawl.ReportDownloadEnd{
		ReportDownloadID: id, CrawlID: &crawlID, ReportTemplateCode: ptr(reportTemplateCode), FileURL: reportFileURL,
	})
	modelstest.NoError(tb, err)
	return c
}

// deliver makes one attempt as a worker would, and lets the receiver answer with the status; 0 is no answer.
func deliver(tb testing.TB, s graph.Services, callbackID int64, status int) {
	tb.Helper()
	d := modelstest.ClaimOnly(tb, s.Callbacks, callbackID)
	o := callback.Outcome{HTTPStatus: &status, ResponseBody: []byte("received"), Duration: 120 * time.Millisecond}
	if status == 0 {
		o = callback.Outcome{Error: &callback.AttemptError{Code: callback.ConnectRefused, Message: "refused"}}
	}
	modelstest.NoError(tb, s.Callbacks.Deliveries.Settle(tb.Context(), s.Callbacks.Deliveries.Decide(d, o)))
}

func endpoint(url, key, value string) models.EndpointUpdate {
	return models.EndpointUpdate{
		URL: models.Given(&url), Headers: models.Given([]models.Header{{Key: key, Value: models.Secret(value)}}),
	}
}

func ptr[T any](v T) *T { return &v }

// trap is a store that fails or panics when it is told to.
type trap struct {
	*store.Store
	mode        atomic.Int32
	batchesRead atomic.Int64 // with their results
	stopsAt     atomic.Pointer[models.Cursor]
}

const (
	trapFails = iota + 1
	trapPanics
)

func (s *trap) spring() error {
	switch s.mode.Load() {
	case trapFails:
		return errors.New("pq: relation secret_table of SELECT does not exist")
	case trapPanics:
		panic("the store has a bug")
	}
	return nil
}

func (s *trap) Crawls(ctx context.Context, scope models.Scope, ids ...int64) ([]*crawl.Crawl, error) {
	if err := s.spring(); err != nil {
		return nil, err
	}
	return s.Store.Crawls(ctx, scope, ids...)
}
