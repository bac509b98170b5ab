package run

import (
	"context"
	"net/netip"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/tenant"
)

// Rules are the settings that runs obey.
type Rules struct {
	// AllowedNetworks are those in which URLs of runs may be plain http.
	AllowedNetworks []netip.Prefix
	Quotas          Quotas
}

// Ports are the database as runs need it: what is read, what workers do beside it, and transactions, each with what
// is done in it.
type Ports struct {
	Reader       Reader
	Log          LogReader
	Upkeep       Upkeep
	Preview      PreviewReader
	InActionTx   models.InTx[ActionTx]
	InCreateTx   models.InTx[CreateTx]
	InClaimTx    models.InTx[ClaimTx]
	InEndTx      models.InTx[EndTx]
	InScheduleTx models.InTx[ScheduleTx]
	InFiringTx   models.InTx[FiringTx]
	InPurgeTx    models.InTx[PurgeTx]
}

// Service has the use-cases of runs. Its methods, and those of its parts, are safe for concurrent use.
type Service struct {
	Query
	Log        *Log
	Executions *Executions
	Firings    *Firings

	engine   *callback.Service
	projects tenant.Queries
	db       Ports
	rules    Rules
}

// NewService wires runs to the engine, which sweeps their batches and purges them from then on, and to a database.
func NewService(engine *callback.Service, projects tenant.Queries, db Ports, rules Rules) *Service {
	s := &Service{
		Query: Query{db.Reader}, Log: &Log{engine, projects, db.Log}, Executions: newExecutions(engine, db, rules.Quotas),
		Firings: &Firings{engine: engine, db: db, quotas: rules.Quotas}, engine: engine,
		projects: projects, db: db, rules: rules,
	}
	engine.AddComposers(s.composers()...)
	engine.Upkeep.AddLeased(LeasedBatches, s.Firings.underWay)
	engine.Upkeep.AddPurges(
		callback.PurgeRows("runs", db.InPurgeTx, PurgeTx.PurgeRuns),
		callback.PurgePayloads("runs", db.InPurgeTx, PurgeTx.PurgeRunPayloads),
	)
	return s
}

// PurgeTx deletes runs that ended before a time, a part at a time, as callback.PurgeTx does with callbacks.
type PurgeTx interface {
	// PurgeRuns deletes runs without callbacks: of a large one some batches at a time, and the run with the last.
	PurgeRuns(ctx context.Context, endedBefore time.Time, limit int) (runs, rows int, err error)
	// PurgeRunPayloads empties the inputs and results of runs, of a large one some at a time.
	PurgeRunPayloads(ctx context.Context, endedBefore, now time.Time, limit int) (runs, rows int, err error)
}

// Upkeep is what workers do outside of transactions.
type Upkeep interface {
	callback.Leases
	// CronSchedulesAfter returns schedules by cron that wait for a later time, in the order of their ids.
	CronSchedulesAfter(ctx context.Context, id int64, now time.Time, limit int) ([]*Schedule, error)
	// MoveSchedule changes the time that a schedule waits for, unless it waits for another one by now.
	MoveSchedule(ctx context.Context, id int64, from, to time.Time) error
	// MiscountedAccounts are those that hold something else than their runs do.
	MiscountedAccounts(ctx context.Context) ([]int64, error)
	// RecountUsage sets what an account holds to what its runs hold, in a transaction of its own, for which others of
	// the account wait.
	RecountUsage(ctx context.Context, accountID int64) error
}
