package callback

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ringback/ringback/models"
)

const (
	// SweepInterval is how often each worker sweeps.
	SweepInterval = 2 * time.Second
	// sweepGrace is how long the queue has for a wake-up before the sweep sends another.
	sweepGrace = time.Second
	// sweepBatch bounds one statement that interrupts, and one that gives lanes.
	sweepBatch = 500
	// maxLaneParts bounds how often one sweep gives lanes.
	maxLaneParts = 20
	// maxSweptLanes bounds what one sweep wakes. Where there are more, the next one goes on after the last of them.
	maxSweptLanes = 10_000
	// sweepWakeTimeout bounds what a sweep waits for the queue: nobody waits for the sweep, but the next one.
	sweepWakeTimeout = time.Second
)

// SweepTx is the database as the sweep needs it within a transaction, for each kind alike.
type SweepTx interface {
	// InterruptExpired makes RUNNING ones whose lease ran out wait again, and their open attempts INTERRUPTED; it
	// counts.
	InterruptExpired(ctx context.Context, of Leased, now time.Time, limit int) (int, error)
	// OverdueLanes looks at up to limit lanes in which something waits, in the order of their keys after the given
	// one, and returns those with something that was due by the given time. Where there may be more lanes, next is
	// the last that it looked at.
	OverdueLanes(
		ctx context.Context, of Leased, after string, dueBy time.Time, limit int,
	) (overdue []string, next string, err error)
}

// SweepStore is the database as the sweep needs it beside that. Each method is one statement, which holds nothing when
// it returns.
type SweepStore interface {
	// Swept notes a sweep, and returns until when leases that have run out are left alone: where there was a sweep
	// before, and the last one before the given time, that becomes graceUntil.
	Swept(ctx context.Context, now, lastSince, graceUntil time.Time) (time.Time, error)
	// GiveLanes gives lanes to up to limit of those that wait without one, as the release before leaves them, and
	// returns how many.
	GiveLanes(ctx context.Context, of Leased, limit int) (int, error)
	// StuckHeads returns the next heads of lines, by id, that have failed and wait for a later time, with callbacks
	// behind them that lined up before a time.
	StuckHeads(ctx context.Context, after int64, now, linedUpBy time.Time, limit int) ([]*Callback, error)
	LineReader
	// PullForward is LineTx.PullForward.
	PullForward(ctx context.Context, c *Callback, now time.Time) (bool, error)
	PauseStore
	// CountDue counts what waits and was due by the given time, up to limit.
	CountDue(ctx context.Context, of Leased, dueBy time.Time, limit int) (int, error)
}

// Upkeep is what workers do beside deliveries: sweeps and purges, each of which is a list that sources add to.
type Upkeep struct {
	engine    *Service
	leased    []sweeping
	sweptTo   sync.Map // where the last sweep has ended early: the key of a lane, by Leased
	purges    []Purging
	resumedTo atomic.Int64 // the last project that the last sweep has looked at; 0: it has come to the end
	stuckHead atomic.Int64 // the last head of a line that it has looked at; 0: it has come to the end
	counting  atomic.Bool  // from when on is noted
}

func newUpkeep(engine *Service) *Upkeep {
	u := &Upkeep{engine: engine, leased: []sweeping{{of: LeasedCallbacks}}}
	u.AddPurges(
		PurgeRows("callbacks", engine.db.InPurgeTx, PurgeTx.PurgeCallbacks),
		PurgePayloads("callbacks", engine.db.InPurgeTx, PurgeTx.PurgeCallbackPayloads),
		PurgeRows("bulk replays", engine.db.InPurgeTx, PurgeTx.PurgeBulkReplays),
		PurgeAfter("health", HealthKept, engine.db.InPurgeTx, PurgeTx.PurgeHealth),
		PurgeAfter("idempotency keys", models.OnceTime, engine.db.InPurgeTx, PurgeTx.PurgeClaims),
	)
	return u
}

// sweeping is one kind of what the sweep looks after.
type sweeping struct {
	of        Leased
	wokenSoon func(at time.Time) bool // who made it due is about to wake its lanes; nil: nobody is
}

// AddLeased lets the sweep look after a kind of what workers take in hand. wokenSoon reports whether who made it due
// is about to wake its lanes, so that the sweep needs not; nil: nobody ever is. A kind that is there already is
// replaced. It is to be called before the service is used.
func (u *Upkeep) AddLeased(of Leased, wokenSoon func(at time.Time) bool) {
	u.leased = slices.DeleteFunc(u.leased, func(l sweeping) bool { return l.of == of })
	u.leased = append(u.leased, sweeping{of, wokenSoon})
}

// Sweep is how nothing stays stuck: what is leased and whose worker went away waits again, and lanes with something
// that was due a second ago are woken again. What it costs depends on the number of lanes in which something waits,
// not on how much waits there. It returns how many it interrupted, and how many lanes it woke. Any number of
// processes may sweep at the same time: the number of the sweep names the wake-ups, so within one interval the queue
// keeps one for each lane.
func (u *Upkeep) Sweep(ctx context.Context) (interrupted, woken int, err error) {
	at := u.engine.now()
	// Not in the transaction: a process that stops in the midst of it would hold up the sweeps of all others.
	expire, err := u.swept(ctx, at)
	if err != nil {
		return 0, 0, err
	}
	if err := u.giveLanes(ctx); err != nil {
		return 0, 0, err
	}
	var lanes []Lane
	err = u.engine.db.InSweepTx(ctx, func(tx SweepTx) (err error) {
		interrupted, lanes, err = u.sweep(ctx, tx, at, expire)
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	retried, err := u.retryStuckHeads(ctx, at)
	if err != nil {
		return 0, 0, err
	}
	resumed, err := u.resume(ctx, at)
	if err != nil {
		return 0, 0, err
	}
	lanes = append(append(lanes, retried...), resumed...)
	epoch := int(at.Unix() / int64(SweepInterval/time.Second))
	wakeups := make([]Wakeup, len(lanes))
	for i, lane := range lanes {
		wakeups[i] = Wakeup{Lane: lane, Epoch: epoch, At: at}
	}
	u.engine.WakeLanes(ctx, wakeups, sweepWakeTimeout)
	return interrupted, len(wakeups), nil
}

// sweep interrupts what is leased no more, where leases expire, and returns the lanes that are to be woken.
func (u *Upkeep) sweep(
	ctx context.Context, tx SweepTx, at time.Time, expire bool,
) (interrupted int, lanes []Lane, err error) {
	for _, swept := range u.leased {
		if expire {
			n, err := tx.InterruptExpired(ctx, swept.of, at, sweepBatch)
			if err != nil {
				return 0, nil, err
			}
			interrupted += n
		}
		if swept.wokenSoon != nil && swept.wokenSoon(at) {
			continue
		}
		overdue, err := u.overdueLanes(ctx, tx, swept.of, at.Add(-sweepGrace))
		if err != nil {
			return 0, nil, err
		}
		lanes = append(lanes, overdue...)
	}
	return interrupted, lanes, nil
}

// outageTime is how long there was no sweep where nobody could renew a lease either. A sweep takes 5 s at most and the
// next one begins at once, so without an outage the gap is smaller; and of a lease more than 7 s are left when its
// renewal fails for the first time, so none has run out in an outage that is shorter.
const outageTime = 3 * SweepInterval

// swept notes a sweep, and reports whether a lease that has run out means that its worker is gone. After an outage it
// does not, for another LeaseTime: no worker could renew its leases, and those that live will. So an outage is no
// reason to send anything again.
func (u *Upkeep) swept(ctx context.Context, at time.Time) (expire bool, err error) {
	grace, err := u.engine.db.Swept(ctx, at, at.Add(-outageTime), at.Add(LeaseTime))
	// One that lies further ahead than any that is given now was written before the clock was set back.
	return !grace.After(at) || grace.Sub(at) > 2*LeaseTime, err
}

// overdueLanes goes on where the last sweep of this process has come to its bound, and begins anew where it has not.
func (u *Upkeep) overdueLanes(ctx context.Context, tx SweepTx, of Leased, dueBy time.Time) ([]Lane, error) {
	after := ""
	if last, ok := u.sweptTo.LoadAndDelete(of); ok {
		after = last.(string)
	}
	keys, next, err := tx.OverdueLanes(ctx, of, after, dueBy, maxSweptLanes)
	if err != nil {
		return nil, err
	}
	if next != "" {
		u.sweptTo.Store(of, next)
	}
	lanes := make([]Lane, 0, len(keys))
	for _, key := range keys {
		lane, err := ParseLane(key)
		if err != nil {
			u.engine.log.ErrorContext(ctx, "sweep.no_lane", "error", err)
			continue
		}
		lanes = append(lanes, lane)
	}
	return lanes, nil
}

// giveLanes, part by part, gives lanes to what waits without one: while an upgrade is under way, the release before
// goes on to write such rows. Afterwards there is none.
func (u *Upkeep) giveLanes(ctx context.Context) error {
	for _, swept := range u.leased {
		for range maxLaneParts {
			given, err := u.engine.db.GiveLanes(ctx, swept.of, sweepBatch)
			if err != nil {
				return err
			}
			if given < sweepBatch {
				break
			}
		}
	}
	return nil
}

// maxCountDue bounds what counting reads: an alarm does not need more.
const maxCountDue = 10_000

// CountDue counts what has waited of a kind and been due for at least the given time, up to 10,000.
func (u *Upkeep) CountDue(ctx context.Context, of Leased, since time.Duration) (int, error) {
	return u.engine.db.CountDue(ctx, of, u.engine.now().Add(-since), maxCountDue)
}
