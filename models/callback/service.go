package callback

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/combine"
	"github.com/ringback/ringback/models/tenant"
)

// Store is the database as the use-cases see it. Every method that serves a caller takes the caller's Scope and
// makes it part of its statement; the methods without one serve the delivery engine or a transaction that has
// checked already. Methods that find nothing return NotFound.
type Store interface {
	// InTx runs f in one transaction on a store bound to it: f's error, or a failed commit, undoes everything.
	// No HTTP request and no enqueue belongs inside.
	InTx(ctx context.Context, f func(Store) error) error

	PartiesTx
	tenant.SecretsTx
	CallbackStore
	LeaseStore
	SweepStore
	RetentionStore
}

// Queue wakes workers. What it forgets, the sweep finds again, so an error from it is never the caller's problem.
type Queue interface {
	// Their times are by the clock that shows now.
	Wake(ctx context.Context, now time.Time, wakeups []Wakeup) error
	// Reserve keeps room for up to n callbacks of a lane, whose bodies have so many bytes together, in the worker of this process: for
	// none where there is no worker, where it is full, or where others wait for their turn. It waits for nothing.
	Reserve(lane Lane, n int, bytes int64) Reservation
}

// Reservation is room in a worker for callbacks that are about to be created. It is to be ended by Start or Return: the first call counts.
type Reservation interface {
	// N is for how many there is room.
	N() int
	// Start starts deliveries, at most N, and returns the rest of the room.
	Start(ctx context.Context, deliveries []*Delivery)
	// Return returns the room.
	Return()
}

// NoRoom is a Reservation of nothing.
var NoRoom Reservation = noRoom{}

type noRoom struct{}

func (noRoom) N() int                             { return 0 }
func (noRoom) Start(context.Context, []*Delivery) {}
func (noRoom) Return()                            {}

// Wakeup says: at that time something is due in this lane. One wake-up does for all that is due there.
type Wakeup struct {
	Lane Lane
	At   time.Time
	// Epoch is the number of the sweep that sends it; 0 for others. It only names the wake-up, so that one which got stuck in the
	// queue never stands in the way of a new one.
	Epoch int
	// CallbackID, Event and First are for traces and for counting: First is set when the callback was just accepted.
	CallbackID int64
	Event      EventName
	First      bool
}

// Rules are the settings that the domain obeys.
type Rules struct {
	// PublicURL is the base of links in notices, without a trailing slash.
	PublicURL string
	// Schedule has the delays after the 1st, 2nd, … failed attempt.
	Schedule Schedule
	// LineWait is for how long the first of a line that fails holds up those behind it, counted from when the next lined up, where its lane
	// succeeds with others.
	LineWait time.Duration
	// Chance is in [0, 1), and spreads retries; nil: it is random.
	Chance func() float64
}

// Service has the use-cases. Its methods are safe for concurrent use.
type Service struct {
	store Store
	queue Queue
	rules Rules
	log   *slog.Logger
	clock *models.Clock
	now   func() time.Time // by it

	troubles  *models.Troubles
	leased    []sweeping
	sweptTo   sync.Map // where the last sweep has ended early: the key of a lane, by Leased
	purges    []Purging
	stuckHead atomic.Int64 // the last head of a line that it has looked at; 0: it has come to the end

	settlements *combine.Combiner[*Settlement, struct{}]
	failures    *combine.Combiner[*Settlement, struct{}] // those that digests tell of
	digesting   digesting
}

// NewService wires the use-cases to a database and a queue. The clock is that of the database.
func NewService(store Store, queue Queue, rules Rules, clock *models.Clock, troubles *models.Troubles, log *slog.Logger) *Service {
	s := &Service{store: store, queue: queue, rules: rules, log: log, clock: clock, now: clock.Now, troubles: troubles}
	if s.rules.Chance == nil {
		s.rules.Chance = rand.Float64
	}
	s.leased = []sweeping{{of: LeasedCallbacks}}
	s.AddPurges(
		PurgeRows("callbacks", store.InTx, Store.PurgeCallbacks),
		PurgePayloads("callbacks", store.InTx, Store.PurgeCallbackPayloads),
	)
	settlement := combine.Work[*Settlement, struct{}]{
		Name: "settlement", Do: s.settleAll, Timeout: settleTimeout, Gather: combine.GatherTime, Log: log,
		Catch: s.troubles.Catch,
	}
	s.settlements, s.failures = combine.New(settlement), combine.New(settlement)
	return s
}

// Clock is that by which leases, due times and sweeps go.
func (s *Service) Clock() *models.Clock { return s.clock }

// Now is the time by the database's clock, in UTC and whole microseconds.
func (s *Service) Now() time.Time { return s.now() }

// Troubles is where goroutines that serve this service catch their panics.
func (s *Service) Troubles() *models.Troubles { return s.troubles }

// WakeTimeout bounds what a mutation waits for the queue after its commit: a ring and a task take two or three round trips, each well
// under a millisecond within a network. What it cuts off the sweep finds.
const WakeTimeout = 50 * time.Millisecond

// Wake asks the queue to look at callbacks that are committed, and at whom they let move up as they lined up. A failure is only logged: the
// sweep will find them.
func (s *Service) Wake(ctx context.Context, callbacks ...*Callback) {
	s.WakeLanes(ctx, s.wakeups(callbacks...), WakeTimeout)
}

func (s *Service) wakeups(callbacks ...*Callback) (wakeups []Wakeup) {
	for _, c := range callbacks {
		if c != nil && c.Released != nil {
			c = c.Released // c itself is behind it
		}
		if w, ok := c.wakeup(s.now()); ok {
			wakeups = append(wakeups, w)
		}
	}
	return wakeups
}

// WakeLanes asks the queue to look at lanes in which something is committed, and waits for it for so long at most. A failure is only logged.
func (s *Service) WakeLanes(ctx context.Context, wakeups []Wakeup, timeout time.Duration) {
	if len(wakeups) == 0 {
		return
	}
	// The commit stands, so the caller's cancelling changes nothing; and a queue that hangs must not keep the caller.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	defer cancel()
	if err := s.queue.Wake(ctx, s.now(), wakeups); err != nil {
		s.log.WarnContext(ctx, "queue.wake_failed", "wakeups", len(wakeups), "error", err)
	}
}
