package modelstest

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/live"
	"github.com/ringback/ringback/models/receiver"
	"github.com/ringback/ringback/models/run"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
	"github.com/ringback/ringback/models/tenant"
)

// Where callbacks go, and the hosts as lanes name them.
const (
	AccountURL  = "https://account.example/hook"
	ProjectURL  = "https://project.example/hook"
	ProjectHost = "project.example:443"
	WebhookURL  = "https://partner.example/webhook"
	WebhookHost = "partner.example:443"
)

// World is a database with the tenant of the published examples, one more account that is none of its business, and the
// use-cases on it. Its methods fail the test where what they do fails; those called Must do what the use-case of that
// name does.
type World struct {
	Services
	T           testing.TB
	Store       *store.Store
	DatabaseURL string
	Queue       *Queue
	Clock       *Clock
	Monitor     *Monitor
	Rules       callback.Rules
	AccessRules tenant.AccessRules
	RunRules    run.Rules
	LiveRules   live.Rules
	MaxProjects int // of an account; 0: any number

	Partner     *tenant.SSOClient
	Acme, Other *tenant.Account
	Shop        *tenant.Project // with a callback URL of its own
	AdminUser   *tenant.User
	// The admin, editor and viewer are the account's; the outsider is the other account's admin.
	Platform, Admin, Editor, Viewer, Outsider *models.Actor
}

// TwoRetries is the schedule of most tests.
var TwoRetries = callback.Schedule{5 * time.Second, 5 * time.Minute}

// NewWorld opens a database of the test's own.
func NewWorld(t testing.TB, opts ...store.Option) *World {
	t.Helper()
	opened, url := storetest.OpenWithURL(t, opts...)
	w := &World{
		T: t, Store: opened, DatabaseURL: url, Queue: &Queue{}, Clock: NewClock(Start), Monitor: &Monitor{},
		Platform: models.PlatformActor(),
		Rules:    callback.Rules{PublicURL: "https://ringback.example", Schedule: TwoRetries, LineWait: 15 * time.Minute},
	}
	w.Configure()
	ctx := t.Context()
	var err error
	w.Partner, err = w.CreateSSOClient(ctx, w.Platform, tenant.NewSSOClient{
		Name: "Acme SSO", Webhook: models.EndpointUpdate{URL: models.Given(new(WebhookURL))},
	})
	NoError(t, err)
	w.Acme, err = w.CreateAccount(ctx, w.Platform, tenant.NewAccount{
		RawID: 123123, Name: "Acme", SSOClientID: &w.Partner.ID, PartnerAccountID: new("123123"),
	})
	NoError(t, err)
	w.Other, err = w.CreateAccount(ctx, w.Platform, tenant.NewAccount{Name: "Other"})
	NoError(t, err)
	w.Admin = w.NewActor(w.Acme, models.RoleAdmin)
	w.AdminUser, err = w.User(ctx, w.Platform, w.Admin.UserID)
	NoError(t, err)
	w.Editor, w.Viewer = w.NewActor(w.Acme, models.RoleEditor), w.NewActor(w.Acme, models.RoleViewer)
	w.Outsider = w.NewActor(w.Other, models.RoleAdmin)
	w.Shop = w.NewProject(w.Acme, new(ProjectURL))
	return w
}

// Configure makes the services anew, after a change of the rules.
func (w *World) Configure() {
	w.Services = w.wiring().Services()
}

// ServiceOn returns an engine on other ports.
func (w *World) ServiceOn(change func(db *callback.Ports)) *callback.Service {
	on := w.wiring()
	on.Engine = change
	return on.Services().Service
}

// ReceiversOn are the use-cases of those who set up a receiver, on an engine with other ports.
func (w *World) ReceiversOn(change func(db *callback.Ports)) *receiver.Service {
	on := w.wiring()
	on.Engine = change
	return on.Services().ReceiverService
}

// TenantsOn are the use-cases of tenants on another store.
func (w *World) TenantsOn(s *store.Store) *tenant.Service {
	on := w.wiring()
	on.Store = s
	return on.Services().Tenants
}

func (w *World) wiring() Wiring {
	return Wiring{
		Store: w.Store, Queue: w.Queue, Rules: w.Rules, Access: w.AccessRules, Runs: w.RunRules, Live: w.LiveRules,
		MaxProjects: w.MaxProjects, Now: w.Clock.Now,
		Monitor: w.Monitor, Receivers: receiver.Rules{Patience: time.Millisecond}, // there is no worker
	}
}

// CrawlsOn are the use-cases of crawls with an engine and transactions of their own.
func (w *World) CrawlsOn(engine *callback.Service, inTx models.InTx[crawl.Store]) *crawl.Service {
	return w.FreshCrawlsOn(engine, inTx, nil)
}

// FreshCrawlsOn are CrawlsOn where new crawls end without a transaction.
func (w *World) FreshCrawlsOn(engine *callback.Service, inTx models.InTx[crawl.Store], fresh crawl.EndStore) *crawl.Service {
	return crawl.NewService(engine, w.Queries, w.Store, inTx, fresh, slog.New(slog.DiscardHandler))
}

// Through runs transactions on what wrap makes of their port, such as one that fails.
func Through[Port any](inTx models.InTx[Port], wrap func(Port) Port) models.InTx[Port] {
	return func(ctx context.Context, f func(Port) error) error {
		return inTx(ctx, func(tx Port) error { return f(wrap(tx)) })
	}
}

// RunsOn are the use-cases of runs with an engine and ports of their own.
func (w *World) RunsOn(engine *callback.Service, db run.Ports) *run.Service {
	return run.NewService(engine, w.Queries, db, w.RunRules)
}

// Lane is where the project's callbacks to a host wait, or its jobs', or the notices to the partner.
func (w *World) Lane(host string) callback.Lane {
	lane := LaneOf(w.Shop, host)
	switch host {
	case WebhookHost:
		lane.Owner = "sso:" + w.Partner.RawID()
	case JobHost:
		lane.Owner = "request:" + w.Shop.RawID()
	}
	return lane
}

// LaneOf is where callbacks to a project's own URL wait.
func LaneOf(p *tenant.Project, host string) callback.Lane {
	return callback.Lane{Host: host, Owner: "project:" + p.RawID(), Account: p.AccountID}
}

// SQL is a statement on the database itself.
func (w *World) SQL(statement string, args ...any) {
	w.T.Helper()
	pools, err := w.Store.Pools()
	NoError(w.T, err)
	_, err = pools["write"].ExecContext(w.T.Context(), statement, args...)
	NoError(w.T, err)
}
