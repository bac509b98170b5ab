package jobs

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/ringback/ringback/jobs/scheduler"
	"github.com/ringback/ringback/models/callback"
)

// budgetInterval is how often what budgets allow is read anew, where any is known: work brings them along, and a worker
// that has no part of one gets no work of it.
const budgetInterval = 2 * time.Second

// budgetOf is how much may leave at once and in a second of what a piece of work belongs to. The caller holds the lock.
func (d *dispatcher) budgetOf(w work) scheduler.Budget {
	delivery, ok := w.(*callback.Delivery)
	if !ok || delivery.Budget.Owner == "" {
		return scheduler.Budget{}
	}
	d.budgets[delivery.Budget.Owner] = delivery.Callback.ProjectID
	return schedulers(delivery.Budget)
}

func schedulers(b callback.Budget) scheduler.Budget {
	return scheduler.Budget{Key: b.Owner, InFlight: b.MaxInFlight, PerSecond: b.MaxPerSecond}
}

// knownBudgets forgets those that the scheduler has forgotten, and returns a project of each of the others.
func (d *dispatcher) knownBudgets() map[string]int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	known := map[string]int64{}
	for _, key := range d.scheduler.Budgets() {
		known[key] = d.budgets[key]
	}
	d.budgets = known
	return known
}

// readBudgets is callback.Deliveries.Budgets.
type readBudgets func(ctx context.Context, projectIDs []int64) (map[int64]callback.Budget, error)

// rebudget reads anew what budgets allow.
func (d *dispatcher) rebudget(ctx context.Context, read readBudgets) {
	known := d.knownBudgets()
	for keys := range slices.Chunk(slices.Collect(maps.Keys(known)), callback.MaxBudgets) {
		if err := d.setBudgets(ctx, read, keys, known); err != nil && ctx.Err() == nil {
			d.log.WarnContext(ctx, "budgets.not_read", "error", err)
		}
	}
}

func (d *dispatcher) setBudgets(ctx context.Context, read readBudgets, keys []string, projects map[string]int64) error {
	ctx, cancel := context.WithTimeout(ctx, claimTimeout)
	defer cancel()
	ids := make([]int64, len(keys))
	for i, key := range keys {
		ids[i] = projects[key]
	}
	budgets, err := read(ctx, ids)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, key := range keys {
		now := budgets[ids[i]]
		if now.Owner != key { // the project is under another one, or none, by now
			now = callback.Budget{Owner: key}
		}
		d.carryOut(d.scheduler.SetBudget(d.now(), schedulers(now)))
	}
	return nil
}

// share is Worker.Share.
func (d *dispatcher) share(rank, of int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.carryOut(d.scheduler.Share(d.now(), rank, of))
}

// Share says which of how many workers this one is: it keeps to that part of what each budget allows. rank counts from
// 0; -1: it has no part yet. Until it is called the worker is the only one.
func (w *Worker) Share(rank, of int) { w.dispatcher.share(rank, of) }
