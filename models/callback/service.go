package callback

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/ringback/ringback/models"
)

// Ports are the database as the engine needs it: what is read, single statements, and transactions, each with what is
// done in it. What serves a caller takes the caller's Scope and makes it part of its statement; the rest serves
// workers, or a transaction that has checked already. What is looked for by an id and is not there is NotFound.
type Ports struct {
	Reader  Reader
	Health  HealthReader
	Preview PreviewReader
	Bulk    BulkReader
	LeaseStore
	SweepStore
	BulkStore
	AttemptStore
	// Record writes what became of deliveries where nothing else is to be written, all of it in one statement. It returns
	// false where it has written nothing: one of the callbacks is no longer its claimer's, or the database wants a
	// transaction for it. nil: it always does.
	Record func(ctx context.Context, callbacks []*Callback, attempts []*Attempt, counts []HealthCount) (bool, error)

	InDeliveryTx   models.InTx[DeliveryTx]
	InSettlementTx models.InTx[SettlementTx]
	InReplayTx     models.InTx[ReplayTx]
	InBulkTx       models.InTx[BulkTx]
	InBulkPartTx   models.InTx[BulkPartTx]
	InCancelTx     models.InTx[CancelTx]
	InSweepTx      models.InTx[SweepTx]
	InPurgeTx      models.InTx[PurgeTx]
	InFoldTx       models.InTx[FoldTx]
}

// Rules are the settings that the domain obeys.
type Rules struct {
	// PublicURL is the base of links in notices, without a trailing slash.
	PublicURL string
	// Schedule has the delays after the 1st, 2nd, … failed attempt.
	Schedule Schedule
	// LineWait is for how long the first of a line that fails holds up those behind it, counted from when the next
	// lined up, where its lane succeeds with others.
	LineWait time.Duration
	// Retention is how long callbacks are kept that have ended; 0: for ever.
	Retention time.Duration
	// Chance is in [0, 1), and spreads retries; nil: it is random.
	Chance func() float64
}

// Service has the use-cases of callbacks. What makes callbacks raises them (Raise, or Compose and DirectStarts) and
// wakes those who send them (Wake); doors read and replay them. Its parts are for workers. Its methods, and those of
// its parts, are safe for concurrent use.
type Service struct {
	Query
	Deliveries *Deliveries
	Upkeep     *Upkeep

	db        Ports
	composers map[EventName]Composer
	queue     Queue
	rules     Rules
	clock     *models.Clock
	now       func() time.Time // by it
	troubles  *models.Troubles
	log       *slog.Logger
}

// NewService wires the engine to a database and a queue. The clock is that of the database.
func NewService(
	db Ports, queue Queue, rules Rules, clock *models.Clock, troubles *models.Troubles, log *slog.Logger,
) *Service {
	if rules.Chance == nil {
		rules.Chance = rand.Float64
	}
	db.InDeliveryTx, db.InSettlementTx = told(queue, db.InDeliveryTx), told(queue, db.InSettlementTx)
	db.InSweepTx, db.InCancelTx = told(queue, db.InSweepTx), told(queue, db.InCancelTx)
	s := &Service{
		Query: Query{db.Reader, db.Bulk}, db: db, queue: queue, rules: rules, clock: clock, now: clock.Now, troubles: troubles,
		log: log, composers: map[EventName]Composer{},
	}
	s.AddComposers(s.ownComposers()...)
	s.Deliveries, s.Upkeep = newDeliveries(s), newUpkeep(s)
	return s
}

// Clock is that by which leases, due times and sweeps go.
func (s *Service) Clock() *models.Clock { return s.clock }

// Now is the time by the database's clock, in UTC and whole microseconds.
func (s *Service) Now() time.Time { return s.now() }

// Retention is Rules.Retention.
func (s *Service) Retention() time.Duration { return s.rules.Retention }

// Troubles is where goroutines that serve this service catch their panics.
func (s *Service) Troubles() *models.Troubles { return s.troubles }
