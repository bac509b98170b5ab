package modelstest

import (
	"log/slog"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/domain"
	"github.com/ringback/ringback/models/job"
	"github.com/ringback/ringback/models/live"
	"github.com/ringback/ringback/models/receiver"
	"github.com/ringback/ringback/models/run"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/tenant"
)

type (
	// CrawlService has the use-cases of crawls.
	CrawlService = crawl.Service
	// JobService has the use-cases of jobs.
	JobService = job.Service
	// RunService has the use-cases of runs.
	RunService = run.Service
	// ReceiverService has the use-cases of those who set up a receiver.
	ReceiverService = receiver.Service
	// Tenants has the use-cases of what tenants configure.
	Tenants = tenant.Service
)

// Services are the use-cases of all rooms. Those that most tests need are reached without saying whose they are.
type Services struct {
	All domain.Services
	*callback.Service
	*callback.Deliveries
	*callback.Upkeep
	*Tenants
	*tenant.Access
	*CrawlService
	*JobService
	*RunService
	*ReceiverService
}

// Wiring says what services stand on. Tests that need a domain get it here, and nowhere else.
type Wiring struct {
	Store         *store.Store             // nil: none of the sources is called
	Engine        func(db *callback.Ports) // changes the engine's, which are those of Store; nil: nothing
	Crawls        crawl.Reader             // of crawls; nil: Store
	Queue         callback.Queue           // nil: one that nobody reads
	Rules         callback.Rules           // the zero value will do
	Access        tenant.AccessRules
	Runs          run.Rules
	Receivers     receiver.Rules
	Live          live.Rules      // of subscriptions; the zero value is as a server has it
	ReceiverPorts *receiver.Ports // nil: those of Store
	LivePorts     *live.Ports
	AccessPurges  models.InTx[tenant.AccessPurgeTx] // nil: those of Store
	RunPorts      *run.Ports                        // nil: those of Store
	MaxProjects   int                               // of an account; 0: any number
	Now           func() time.Time                  // nil: this machine's clock, and chance. Else delays are as planned.
	Clock         models.ClockStore                 // that of the database; nil: Store
	Resolver      tenant.Resolver                   // of checks; nil: nobody checks
	Monitor       models.Monitor                    // nil: nobody counts
	Log           *slog.Logger                      // nil: nobody reads it
}

// Services puts the domain together.
func (w Wiring) Services() Services {
	if w.Queue == nil {
		w.Queue = &Queue{}
	}
	if w.Log == nil {
		w.Log = slog.New(slog.DiscardHandler)
	}
	if w.Clock == nil {
		w.Clock = w.Store
	}
	system := time.Now
	if w.Now != nil {
		system, w.Rules.Chance = w.Now, func() float64 { return 0.5 }
	}
	clock := models.NewClock(w.Clock, system, w.Log)
	db := w.Store.CallbackPorts()
	if w.Engine != nil {
		w.Engine(&db)
	}
	engine := callback.NewService(db, w.Queue, w.Rules, clock, models.NewTroubles(w.Log, w.Monitor), w.Log)
	bell, _ := w.Queue.(live.Bell)
	all := domain.New(domain.Wiring{
		Store: w.Store, Engine: engine, Crawls: w.Crawls, Runs: w.RunPorts, Receivers: w.ReceiverPorts, Live: w.LivePorts, Log: w.Log,
		AccessPurges: w.AccessPurges,
		Rules: domain.Rules{
			Access: w.Access, MaxProjects: w.MaxProjects, Runs: w.Runs, Receivers: w.Receivers, Live: w.Live,
		},
		Resolver: w.Resolver, Bell: bell,
	})
	return Services{
		All: all, Service: engine, Deliveries: engine.Deliveries, Upkeep: engine.Upkeep,
		Tenants: all.Tenants, Access: all.Access, RunService: all.Runs, CrawlService: all.Crawls, JobService: all.Jobs,
		ReceiverService: all.Receivers,
	}
}
