package receiver

import (
	"context"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/tenant"
)

// Ports are the database as this room needs it: transactions, each with what is done in it.
type Ports struct {
	InTestTx      models.InTx[TestTx]
	InRetryTx     models.InTx[RetryTx]
	InRetryManyTx models.InTx[RetryManyTx]
	InRateTx      models.InTx[RateTx]
	InPurgeTx     models.InTx[PurgeTx]
	Diagnoses     DiagnosisStore
	InDiagnosisTx models.InTx[DiagnosisTx]
}

// PurgeTx deletes what nobody needs any more, a part at a time.
type PurgeTx interface {
	// PurgeRates forgets keys whose windows began before a time.
	PurgeRates(ctx context.Context, beganBefore time.Time, limit int) (keys, rows int, err error)
	// PurgeDiagnoses deletes those whose deadlines were before a time.
	PurgeDiagnoses(ctx context.Context, endedBefore time.Time, limit int) (diagnoses, rows int, err error)
}

// keepRates is longer than any window.
const keepRates = 24 * time.Hour

// Rules are the settings that this room obeys.
type Rules struct {
	// Patience is how long a caller waits at most for what a worker does; 0: as long as it is promised.
	Patience time.Duration
}

// Service has the use-cases of those who set up a receiver. Its methods are safe for concurrent use.
type Service struct {
	engine    *callback.Service
	tenants   tenant.Queries
	db        Ports
	rules     Rules
	tests     *watch
	diagnoses *watch
	progress  *progress
}

// NewService wires them to the engine, whose purges delete what is left behind, and to a database.
func NewService(engine *callback.Service, tenants tenant.Queries, db Ports, rules Rules) *Service {
	s := &Service{engine: engine, tenants: tenants, db: db, rules: rules}
	s.tests = newWatch(engine.Troubles(), s.endedCallbacks)
	s.diagnoses = newWatch(engine.Troubles(), s.endedDiagnoses)
	s.progress = &progress{
		troubles: engine.Troubles(), followers: map[*follower]struct{}{},
		read: func(ctx context.Context, ids []int64) ([]*Diagnosis, error) {
			return s.Diagnoses(ctx, models.PlatformActor(), ids...)
		},
	}
	engine.Upkeep.AddPurges(callback.PurgeAfter("rates", keepRates, db.InPurgeTx, PurgeTx.PurgeRates),
		callback.PurgeAfter("diagnoses", keepDiagnoses, db.InPurgeTx, PurgeTx.PurgeDiagnoses))
	return s
}

// patient is a context that ends when a caller has waited long enough.
func (s *Service) patient(ctx context.Context, promised time.Duration) (context.Context, context.CancelFunc) {
	if s.rules.Patience > 0 {
		promised = min(promised, s.rules.Patience)
	}
	return context.WithTimeout(ctx, promised)
}
