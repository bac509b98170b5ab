package callback

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/ringback/ringback/models/combine"
)

// SettlementTx is the database as settlements need it.
type SettlementTx interface {
	NoticeTx
	// FinishAttempts writes what came of attempts. Where the row of one is missing it returns NotFound, and the
	// transaction is to be undone.
	FinishAttempts(ctx context.Context, attempts ...*Attempt) error
	// FirstHeld returns the first callback of an ordering key that is held; nil where there is none.
	FirstHeld(ctx context.Context, key string) (*Callback, error)
	// HoldsNewer reports whether a callback of the same event and line is held, replays apart, whose source was
	// created after this one's.
	HoldsNewer(ctx context.Context, c *Callback) (bool, error)
}

// Settlement is what becomes of a delivery: decided, and not yet written.
type Settlement struct {
	delivery *Delivery
	next     *Delivery // what it is when this is written
}

// Decide says what becomes of a delivery after its request: success, another attempt later, or giving up.
func (ds *Deliveries) Decide(d *Delivery, o Outcome) *Settlement {
	return ds.settlement(d, func(next *Delivery, at time.Time) {
		next.Attempt.finish(o, next.rules(), next.Target.Configured(), at)
		next.Attempt.Warning = next.warning()
		ds.decide(next, o, at)
	})
}

// GiveBack is for a delivery whose answer nobody waits for, because this process stops. It costs no retry.
func (ds *Deliveries) GiveBack(d *Delivery) *Settlement {
	return ds.settlement(d, func(next *Delivery, at time.Time) {
		next.Attempt.interrupt(at)
		if next.rules().test {
			next.Callback.endTest(next.Attempt.Error, at)
			return
		}
		next.Callback.due(at)
	})
}

func (ds *Deliveries) settlement(d *Delivery, change func(next *Delivery, at time.Time)) *Settlement {
	next := *d
	next.Callback, next.Attempt = new(*d.Callback), new(*d.Attempt)
	change(&next, ds.engine.now())
	return &Settlement{d, &next}
}

// decide moves the callback to its next status after a finished attempt.
func (ds *Deliveries) decide(d *Delivery, o Outcome, at time.Time) {
	c := d.Callback
	c.HTTPStatus, c.Error = d.Attempt.HTTPStatus, d.Attempt.Error
	if d.Attempt.Error == nil {
		c.end(StatusSuccess, at)
		return
	}
	if d.rules().test {
		c.endTest(d.Attempt.Error, at)
		return
	}
	before, rules := c.FailureCount, ds.engine.rules
	next, again := c.again(rules.Schedule, o, d.Attempt.Error.Code, d.Attempt.Number, at, rules.Chance())
	if again {
		c.due(next)
	} else {
		c.end(StatusFailed, at)
	}
	d.counted, d.first = c.FailureCount > before, before == 0
}

// Arrived reports whether the receiver has taken the callback.
func (x *Settlement) Arrived() bool { return x.next.Attempt.Error == nil }

// together is with what others a settlement shares a transaction; nil: with none. Where more is to be written than
// the delivery's own two rows, a notice or the next of its line, it would hold up others. What a digest
// tells of goes together: one after the other they would wait for its lock.
func (ds *Deliveries) together(x *Settlement) *combine.Combiner[*Settlement, struct{}] {
	switch {
	case x.next.Callback.OrderingKey != "":
		return nil
	case !x.next.failureDue() && (!x.next.recoveryDue() || !ds.recovering.has(x.next.Callback.AccountID)):
		return ds.settlements
	case ds.digesting.has(x.next.Callback.AccountID):
		return ds.failures
	}
	return nil
}

// settleTimeout is when a batch is given up and each is tried alone. It takes some milliseconds.
const settleTimeout = 5 * time.Second

// Settle writes what was decided on a delivery, in one transaction with the notice to the SSO partner where one is
// due, and with others that end at the same time. Where that fails each is tried alone, so that a row which cannot be
// written spoils no other. When another worker has claimed the callback since (this one's lease ran out), only the
// attempt is completed. On an error nothing is changed, and the same call may be made again; when all is written, the
// delivery shows it.
func (ds *Deliveries) Settle(ctx context.Context, x *Settlement) error {
	if others := ds.together(x); others != nil {
		// Who leaves would find the delivery changed behind its back.
		_, err := others.Do(context.WithoutCancel(ctx), x)
		if !errors.As(err, new(combine.SharedError)) {
			return err
		}
	}
	_, err := ds.settleAll(ctx, []*Settlement{x})
	return err
}

// settleAll writes settlements in one transaction.
func (ds *Deliveries) settleAll(ctx context.Context, settlements []*Settlement) ([]struct{}, error) {
	// In the order of their ids, in which a statement usually locks them: who writes the same rows at the same moment
	// waits then. No two settlements of the same attempt are written at once, so nothing depends on it.
	sorted := slices.SortedFunc(slices.Values(settlements), func(a, b *Settlement) int {
		return cmp.Compare(a.next.Callback.ID, b.next.Callback.ID)
	})
	wakeups, err := ds.record(ctx, sorted)
	if err != nil {
		return nil, err
	}
	for _, x := range settlements {
		*x.delivery = *x.next
	}
	ds.engine.WakeLanes(ctx, wakeups, WakeTimeout)
	return make([]struct{}, len(settlements)), nil
}

// record writes settlements, and returns what is to be woken.
func (ds *Deliveries) record(ctx context.Context, settlements []*Settlement) (wakeups []Wakeup, err error) {
	switch recorded, err := ds.recordAtOnce(ctx, settlements); {
	case err != nil:
		return nil, err
	case recorded:
		return ds.engine.wakeups(callbacksOf(settlements)...), nil
	}
	err = ds.engine.db.InSettlementTx(ctx, func(tx SettlementTx) (err error) {
		wakeups, err = ds.settle(ctx, tx, settlements)
		return err
	})
	return wakeups, err
}

// recordAtOnce writes settlements of which nothing follows in one statement: a transaction is five ways to the database.
// false: it has not.
func (ds *Deliveries) recordAtOnce(ctx context.Context, settlements []*Settlement) (bool, error) {
	follows := func(x *Settlement) bool {
		return x.next.Callback.OrderingKey != "" || x.next.failureDue() || x.next.recoveryDue()
	}
	if ds.engine.db.Record == nil || len(settlements) == 0 || slices.ContainsFunc(settlements, follows) {
		return false, nil
	}
	callbacks, attempts := callbacksOf(settlements), attemptsOf(settlements)
	owned := make([]bool, len(callbacks))
	for i := range owned {
		owned[i] = true // else it writes nothing
	}
	return ds.engine.db.Record(ctx, callbacks, attempts, healthCounts(callbacks, attempts, owned))
}

func callbacksOf(settlements []*Settlement) []*Callback {
	callbacks := make([]*Callback, len(settlements))
	for i, x := range settlements {
		callbacks[i] = x.next.Callback
	}
	return callbacks
}

func attemptsOf(settlements []*Settlement) []*Attempt {
	attempts := make([]*Attempt, len(settlements))
	for i, x := range settlements {
		attempts[i] = x.next.Attempt
	}
	return attempts
}

// settle returns what is to be woken.
func (ds *Deliveries) settle(ctx context.Context, tx SettlementTx, settlements []*Settlement) ([]Wakeup, error) {
	callbacks, attempts := callbacksOf(settlements), attemptsOf(settlements)
	// First of all: who lengthens a line locks it before any of its rows.
	if err := lockLines(ctx, tx, callbacks); err != nil {
		return nil, err
	}
	for _, x := range settlements {
		if err := ds.giveUpEarly(ctx, tx, x.next, ds.engine.now()); err != nil {
			return nil, err
		}
	}
	partners, err := partnersOf(ctx, tx, settlements)
	if err != nil {
		return nil, err
	}
	// The callbacks before their attempts, as the sweep locks them.
	owned, err := settleCallbacks(ctx, tx, callbacks, attempts)
	if err != nil {
		return nil, err
	}
	if err := tx.FinishAttempts(ctx, attempts...); err != nil {
		return nil, err
	}
	var settled []*Delivery
	for i, x := range settlements {
		if owned[i] {
			settled = append(settled, x.next)
		}
	}
	return ds.follow(ctx, tx, settled, partners)
}

// follow writes what follows from settlements, and returns what is to be woken.
func (ds *Deliveries) follow(
	ctx context.Context, tx SettlementTx, settled []*Delivery, partners map[int64]Partner,
) ([]Wakeup, error) {
	var changed []*Callback
	for _, d := range settled {
		follower, err := releaseNext(ctx, tx, d.Callback, ds.engine.now())
		if err != nil {
			return nil, err
		}
		changed = append(changed, d.Callback, follower)
	}
	notices, err := ds.notifyPartners(ctx, tx, settled, partners)
	return append(ds.engine.wakeups(changed...), notices...), err
}
