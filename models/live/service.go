package live

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/tenant"
)

// Store is the database as it is needed to look on. Each method is one statement.
type Store interface {
	// Watch has it written down what changes of owners' callbacks, from now on and for a time, and returns since when it
	// is without a gap.
	Watch(ctx context.Context, owners []Owner, lasts time.Duration) (map[Owner]time.Time, error)
	// CallbackWriters names the transactions that write callbacks at this moment. Those that begin later meet a watch
	// that is there now.
	CallbackWriters(ctx context.Context) ([]string, error)
	// Place is before what no transaction has written yet that has not ended: the rows from there on may become more, and
	// those before do not.
	Place(ctx context.Context) (int64, error)
	// CallbackChanges returns rows of the accounts of owners from a place on, in the order of their places.
	CallbackChanges(ctx context.Context, owners []Owner, from int64, limit int) ([]Row, error)
	// NamedBy returns the ids of what has a uid: a run, a batch, a job, and the callback of an attempt. It has no scope: what
	// is found says which of the callbacks that a subscriber sees are meant, and is shown to nobody.
	NamedBy(ctx context.Context, uid uuid.UUID) ([]models.ObjectID, error)
}

// PurgeTx deletes what nobody comes back for.
type PurgeTx interface {
	// PurgeCallbackChanges deletes rows that were written before a time, and watches that ended before.
	PurgeCallbackChanges(ctx context.Context, before time.Time, limit int) (entities, rows int, err error)
}

// Ports are the database as this room needs it.
type Ports struct {
	Store     Store
	InPurgeTx models.InTx[PurgeTx]
}

// Bell rings when callbacks may have changed. One that rings too often, or never, does no harm.
type Bell interface {
	// Listen calls ring, which does not wait, until the context ends.
	Listen(ctx context.Context, ring func())
}

// Rules bound what subscriptions take. What is 0 is as Defaults has it.
type Rules struct {
	MaxSubscriptions int           // of this process
	PerAccount       int           // of an account's callers; the platform's have no bound of their own
	Portals          int           // of these, the portal sessions': pages of anybody keep no member out
	PerCaller        int           // with the same session or key
	PerPortal        int           // with the same portal session
	MaxAge           time.Duration // of a subscription; who comes back goes on where it ended
	Renewal          time.Duration // of watches, which last for two minutes
}

// Defaults are the rules of a server. A connection takes some 60 KiB: 1,000 of them 60 MiB, and there are as many left
// for requests.
var Defaults = Rules{
	MaxSubscriptions: 1_000, PerAccount: 200, Portals: 100, PerCaller: 20, PerPortal: 5, MaxAge: 30 * time.Minute, Renewal: 20 * time.Second,
}

const (
	// minLook is between two looks, however often the bell rings, and maxLook where it does not.
	minLook = 100 * time.Millisecond
	maxLook = 2 * time.Second
	// awaitWriters is between two looks at the transactions that a new watch waits for, of a millisecond or two.
	awaitWriters = 20 * time.Millisecond
	// recheckInterval is between two looks at credentials: a session that has ended ends its subscriptions a maxLook later
	// at most.
	recheckInterval = 3 * time.Second
	// watchTime is how long a watch lasts: it can miss five renewals. Who comes back a minute and a half later has missed
	// nothing.
	watchTime = 2 * time.Minute
	// stepTimeout bounds one round, of some milliseconds.
	stepTimeout = 10 * time.Second
	// maxRows of a look, and maxAtOnce of its callbacks to one subscriber: of more it is told to read the list, which is
	// quicker.
	maxRows   = 10_000
	maxAtOnce = 250
	// maxBehind is how many changes wait for a subscriber: two looks with as many as there can be.
	maxBehind = 2 * maxAtOnce
	// readAtOnce bounds a statement.
	readAtOnce = 500
	// keepRows is how long rows are kept, at least, and maxAway how old a cursor may be: less by what a transaction can
	// take that has written a row before the cursor, and ended after. It is more than MaxAge: a cursor can be as old as its
	// subscription, where nothing has changed.
	keepRows = time.Hour + time.Minute
	maxAway  = time.Hour
)

// Service tells subscribers of this process what changes. Its methods are safe for concurrent use.
type Service struct {
	engine  *callback.Service
	tenants tenant.Queries
	access  *tenant.Access
	db      Store
	bell    Bell
	rules   Rules
	log     *slog.Logger
	rung    chan struct{}
	life    context.Context //nolint:containedctx // it is the life of the service, not of a call
	stop    context.CancelFunc
	looking sync.WaitGroup

	mu       sync.Mutex
	all      map[*Seat]*Subscription // nil: it has changes of its own
	accounts map[string]int          // and their portals
	callers  map[tenant.Credentials]int
	running  bool
}

// NewService wires it to the engine, whose purges delete what was written down, and to a database. A bell that is nil
// never rings.
func NewService(
	engine *callback.Service, tenants tenant.Queries, access *tenant.Access, db Ports, bell Bell, rules Rules,
	log *slog.Logger,
) *Service {
	engine.Upkeep.AddPurges(callback.PurgeAfter("changes", keepRows, db.InPurgeTx, PurgeTx.PurgeCallbackChanges))
	life, stop := context.WithCancel(context.Background())
	return &Service{
		life: life, stop: stop, engine: engine, tenants: tenants, access: access, db: db.Store, bell: bell, rules: rules.orDefaults(), log: log,
		rung: make(chan struct{}, 1), all: map[*Seat]*Subscription{}, accounts: map[string]int{},
		callers: map[tenant.Credentials]int{},
	}
}

func (r Rules) orDefaults() Rules {
	if r == (Rules{}) {
		return Defaults
	}
	return r
}

// Stop ends all subscriptions, and lets nobody begin one: the process stops.
func (s *Service) Stop() {
	s.mu.Lock()
	s.stop()
	s.mu.Unlock()
	for seat := range s.seats() {
		seat.end(errStopping)
	}
	s.looking.Wait()
}

// seats are those that are taken at this moment.
func (s *Service) seats() map[*Seat]*Subscription {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.all)
}

// ring lets the next look come at once.
func (s *Service) ring() {
	select {
	case s.rung <- struct{}{}:
	default:
	}
}
