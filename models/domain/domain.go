// Package domain puts the rooms of the domain together: the one place that knows all of them. A new room has its
// service here, and its entities among those that are found by their ids; the doors and the tests take it from there.
package domain

import (
	"context"
	"log/slog"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/job"
	"github.com/ringback/ringback/models/live"
	"github.com/ringback/ringback/models/receiver"
	"github.com/ringback/ringback/models/run"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/tenant"
)

// Services are the use-cases of all rooms.
type Services struct {
	Callbacks *callback.Service
	Tenants   *tenant.Service
	Checks    *tenant.Checks
	Access    *tenant.Access
	Crawls    *crawl.Service
	Jobs      *job.Service
	Runs      *run.Service
	Receivers *receiver.Service
	Live      *live.Service
	Texts     models.TextReader
	Once      *models.Once
}

// Rules are what the configuration says.
type Rules struct {
	Access      tenant.AccessRules
	MaxProjects int // of an account; 0: any number
	Runs        run.Rules
	Receivers   receiver.Rules
	Live        live.Rules
}

// Wiring says what services stand on.
type Wiring struct {
	Store     *store.Store
	Engine    *callback.Service
	Crawls    crawl.Reader    // nil: Store
	Runs      *run.Ports      // nil: those of Store
	Receivers *receiver.Ports // nil: those of Store
	Live      *live.Ports     // nil: those of Store
	// AccessPurges are transactions that purge what lets somebody in; nil: those of Store.
	AccessPurges models.InTx[tenant.AccessPurgeTx]

	Rules    Rules
	Resolver tenant.Resolver // of checks; nil: nobody checks
	Bell     live.Bell       // nil: it never rings
	Log      *slog.Logger
}

// New puts the domain together.
func New(w Wiring) Services {
	if w.Crawls == nil {
		w.Crawls = w.Store
	}
	if w.Runs == nil {
		w.Runs = new(w.Store.RunPorts())
	}
	if w.Receivers == nil {
		w.Receivers = new(w.Store.ReceiverPorts())
	}
	tenants, access := Tenants(w.Store, w.Rules, w.Engine.Now, w.Log)
	if w.Live == nil {
		w.Live = new(w.Store.LivePorts())
	}
	queries := tenants.Queries
	if w.AccessPurges == nil {
		w.AccessPurges = w.Store.InAccessPurgeTx
	}
	w.Engine.Upkeep.AddPurges(
		callback.PurgeAfter("portal_sessions", 0, w.AccessPurges, tenant.AccessPurgeTx.PurgePortalSessions),
		callback.PurgeAfter("login_codes", 0, w.AccessPurges, tenant.AccessPurgeTx.PurgeLoginCodes),
	)
	return Services{
		Callbacks: w.Engine, Tenants: tenants, Access: access, Texts: w.Store,
		Once:      models.NewOnce(w.Store, w.Engine.Now),
		Checks:    tenant.NewChecks(queries, w.Store, w.Resolver),
		Runs:      run.NewService(w.Engine, queries, *w.Runs, w.Rules.Runs),
		Crawls:    crawl.NewService(w.Engine, queries, w.Crawls, w.Store.InCrawlTx, w.Store, w.Log),
		Jobs:      job.NewService(w.Engine, queries, w.Store, w.Store.InJobTx),
		Receivers: receiver.NewService(w.Engine, queries, *w.Receivers, w.Rules.Receivers),
		Live:      live.NewService(w.Engine, queries, access, *w.Live, w.Bell, w.Rules.Live, w.Log),
	}
}

// Tenants wires the use-cases of tenants to a database, or to a transaction.
func Tenants(
	s *store.Store, rules Rules, now func() time.Time, log *slog.Logger,
) (*tenant.Service, *tenant.Access) {
	tenants := tenant.NewService(tenant.NewQueries(s, now), s.InTenantTx, rules.MaxProjects)
	return tenants, tenant.NewAccess(s, s.InAccessTx, rules.Access, now, log)
}

// Entity is everything that can be named by an ObjectID.
type Entity interface {
	ObjectID() models.ObjectID
	RawID() string
}

// Entities finds those of a type that the actor may see, in no order; none of a type that nothing has.
func (s Services) Entities(
	ctx context.Context, actor *models.Actor, typeName string, ids ...int64,
) ([]Entity, error) {
	visible := actor.Scope(models.RoleViewer)
	switch typeName {
	case tenant.TypeAccount:
		return found(s.Tenants.Accounts(ctx, actor, ids...))
	case tenant.TypeProject:
		return found(s.Tenants.Projects(ctx, actor, ids...))
	case models.TypeCrawl:
		return found(s.Crawls.Crawls(ctx, actor, ids...))
	case models.TypeReportDownload:
		return found(s.Crawls.ReportDownloads(ctx, actor, ids...))
	case models.TypeCallback:
		return found(s.Callbacks.Callbacks(ctx, visible, ids...))
	case callback.TypeBulkReplay:
		return found(s.Callbacks.BulkReplays(ctx, visible, ids...))
	case models.TypeAction:
		return found(s.Runs.Actions(ctx, visible, ids...))
	case models.TypeRun:
		return found(s.Runs.Runs(ctx, visible, ids...))
	case models.TypeSchedule:
		return found(s.Runs.Schedules(ctx, visible, ids...))
	case models.TypeJob:
		return found(s.Jobs.Jobs(ctx, actor, ids...))
	case models.TypeDiagnosis:
		return found(s.Receivers.Diagnoses(ctx, actor, ids...))
	case tenant.TypeSSOClient:
		return found(s.Tenants.SSOClients(ctx, actor, ids...))
	case tenant.TypeUser:
		return found(s.Tenants.VisibleUsers(ctx, actor, ids...))
	}
	return nil, nil
}

// found is entities of one type as those of any.
func found[T Entity](some []T, err error) ([]Entity, error) {
	entities := make([]Entity, len(some))
	for i, entity := range some {
		entities[i] = entity
	}
	return entities, err
}
