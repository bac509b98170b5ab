package run

import (
	"context"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

// FiringInterval is how often each worker looks for schedules whose time has come.
const FiringInterval = time.Second

const (
	// maxFirings bounds what one look begins; the next look goes on.
	maxFirings = 10_000
	// firingGroup is how many schedules one transaction fires: a dozen statements do for all of them.
	firingGroup = 100
	// What the runs of a group bring with them is bounded too; what the first brings may be more.
	maxGroupBatches = 2_000
	maxGroupBytes   = 4 << 20
	// firingTimeout bounds the firing of one group, of some milliseconds: one that hangs holds up the others of its
	// look no longer.
	firingTimeout = 5 * time.Second
	// firingWakeTimeout bounds what a look waits for the queue in the end: nobody waits for it, but the next one.
	firingWakeTimeout = time.Second
)

// FiringTx is what the firing of schedules asks of its transaction.
type FiringTx interface {
	ScheduleTx
	// LockDueSchedules takes schedules whose time has come and that nobody else has locked: one of each account, then
	// a second one, and so on.
	LockDueSchedules(ctx context.Context, now time.Time, limit int) ([]*Schedule, error)
	// SchedulesAtWork are those of schedules that have a run which has begun and not ended.
	SchedulesAtWork(ctx context.Context, ids ...int64) ([]int64, error)
	// Owners returns projects with their accounts, by project, also those that are deleted.
	Owners(ctx context.Context, projectIDs ...int64) (map[int64]callback.Owners, error)
	Actions(ctx context.Context, scope models.Scope, ids ...int64) ([]*Action, error)
	// InputsOfRuns returns all inputs of runs, in order.
	InputsOfRuns(ctx context.Context, runIDs ...int64) ([]*Input, error)
	// CreateRuns sets the IDs, and so does CreateBatches.
	CreateRuns(ctx context.Context, runs ...*Run) error
	// CopyRunInputs gives each of runs the inputs of another.
	CopyRunInputs(ctx context.Context, fromRunIDs []int64, to []*Run) error
	CreateBatches(ctx context.Context, batches []*Batch) error
}

// Firings is what workers do with schedules: begin the runs whose time has come.
type Firings struct {
	engine *callback.Service
	db     Ports
	quotas Quotas
	since  atomic.Pointer[time.Time] // when the look that is under way has begun
}

// Fire begins the runs whose time has come and returns how many; what is skipped does not count. Any number of
// processes may do so at the same time: a group of schedules is fired in one transaction that holds them, and one by
// one where that fails. What was missed while all were down fires once. A schedule that cannot be fired is postponed,
// and holds up no other.
//
// Workers are woken after the last group: what the first have begun would take the processor and the database from
// the firing of the others. Where a look takes longer than firingPatience, or its process dies, the sweep wakes them.
func (f *Firings) Fire(ctx context.Context) (fired int, err error) {
	begun := map[callback.Lane]time.Time{}
	f.since.Store(new(f.engine.Now()))
	defer func() {
		f.since.Store(nil)
		f.wake(ctx, begun)
	}()
	alone := 0 // how many are to be fired one by one
	for done := 0; done < maxFirings; {
		limit := firingGroup
		if alone > 0 {
			limit, alone = 1, alone-1
		}
		due, n, err := f.next(ctx, limit, begun)
		if err == nil && len(due) == 0 {
			return fired, nil
		}
		if len(due) > 1 && err != nil && ctx.Err() == nil {
			alone = len(due)
			continue
		}
		if models.ErrorCode(err) == models.CodeLimitReached {
			err = f.skip(ctx, due[0].ID, err)
		}
		if err == nil {
			done, fired = done+len(due), fired+n
			continue
		}
		// Whatever the error: where it is the database that fails, it fails here too.
		if len(due) == 0 || ctx.Err() != nil {
			return fired, err
		}
		if err := f.postpone(ctx, due[0].ID, err); err != nil {
			return fired, err
		}
	}
	return fired, nil
}

// next fires schedules that are due, up to a limit, and returns them also when they cannot be fired, and how many of
// them it fired. It adds the lanes of what has begun, and since when something is due there. A panic is logged of a
// schedule that is alone: those of a group that fails are fired one by one.
func (f *Firings) next(
	ctx context.Context, limit int, begun map[callback.Lane]time.Time,
) (due []*Schedule, fired int, err error) {
	var batches []*Batch
	caught, err := models.Recover(func() error {
		ctx, cancel := context.WithTimeout(ctx, firingTimeout)
		defer cancel()
		return f.db.InFiringTx(ctx, func(tx FiringTx) (err error) {
			if due, err = tx.LockDueSchedules(ctx, f.engine.Now(), limit); err != nil || len(due) == 0 {
				return err
			}
			group, err := prepare(ctx, tx, due)
			if err != nil {
				return err
			}
			due = due[:len(group)]
			batches, err = f.begin(ctx, tx, group)
			fired = countFired(group)
			return err
		})
	})
	if caught != nil {
		if err = caught; len(due) <= 1 {
			f.engine.Troubles().Panicked(ctx, "firing", caught)
		}
	}
	if err != nil {
		return due, 0, err
	}
	for _, b := range batches {
		begun[b.Lane] = *b.NextAttemptAt
	}
	return due, fired, nil
}

// wake asks the queue to look at all lanes in which something has begun.
func (f *Firings) wake(ctx context.Context, begun map[callback.Lane]time.Time) {
	if len(begun) == 0 {
		return
	}
	wakeups := make([]callback.Wakeup, 0, len(begun))
	for _, lane := range callback.DistinctLanes(slices.Collect(maps.Keys(begun))) {
		wakeups = append(wakeups, callback.Wakeup{Lane: lane, At: begun[lane]})
	}
	f.engine.WakeLanes(ctx, wakeups, firingWakeTimeout)
}

// firingPatience is for how long the sweep leaves batches alone while schedules fire, which wakes them in the end.
const firingPatience = 5 * time.Second

// underWay tells whether schedules are firing, and not for too long.
func (f *Firings) underWay(at time.Time) bool {
	since := f.since.Load()
	return since != nil && at.Sub(*since) < firingPatience
}
