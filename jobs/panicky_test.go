package jobs

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
)

// panicky is a store whose methods of one name panic as often as it is told.
type panicky struct {
	callback.Store
	name string
	left *atomic.Int64
}

func (p panicky) InTx(ctx context.Context, f func(callback.Store) error) error {
	return p.Store.InTx(ctx, func(tx callback.Store) error { return f(panicky{tx, p.name, p.left}) })
}

func (p panicky) may(name string) {
	if name == p.name && p.left.Add(-1) >= 0 {
		panic("as planned: " + name)
	}
}

func (p panicky) ClaimDue(ctx context.Context, lanes []callback.LaneLimit, now, until time.Time) ([]*callback.Callback, error) {
	p.may("ClaimDue")
	return p.Store.ClaimDue(ctx, lanes, now, until)
}

func (p panicky) SettleCallbacks(ctx context.Context, callbacks ...*callback.Callback) ([]bool, error) {
	p.may("SettleCallbacks")
	return p.Store.SettleCallbacks(ctx, callbacks...)
}

func (p panicky) OverdueLanes(ctx context.Context, of callback.Leased, after string, dueBy time.Time, limit int) ([]string, string, error) {
	p.may("OverdueLanes")
	return p.Store.OverdueLanes(ctx, of, after, dueBy, limit)
}

// panickyFirings are those transactions in which schedules are fired.
type panickyFirings struct {
	run.FiringTx
	panicky
}

func (p panickyFirings) LockDueSchedules(ctx context.Context, now time.Time, limit int) ([]*run.Schedule, error) {
	p.may("LockDueSchedules")
	return p.FiringTx.LockDueSchedules(ctx, now, limit)
}

func (p panicky) PurgeCallbacks(ctx context.Context, before time.Time, limit int) (callbacks, rows int, err error) {
	p.may("PurgeCallbacks")
	return p.Store.PurgeCallbacks(ctx, before, limit)
}

func (p panicky) RenewLeases(ctx context.Context, of callback.Leased, leases []callback.Lease, until time.Time) ([]callback.Lease, error) {
	p.may("RenewLeases")
	return p.Store.RenewLeases(ctx, of, leases, until)
}

func (p panicky) GiveBackCallbacks(ctx context.Context, callbacks ...*callback.Callback) error {
	if len(callbacks) > 0 {
		p.may("GiveBackCallbacks")
	}
	return p.Store.GiveBackCallbacks(ctx, callbacks...)
}

func (p panicky) Excuse(ctx context.Context, of callback.Leased, ids []int64) error {
	p.may("Excuse")
	return p.Store.Excuse(ctx, of, ids)
}

func (p panicky) CountDue(ctx context.Context, of callback.Leased, dueBy time.Time, limit int) (int, error) {
	p.may("CountDue")
	return p.Store.CountDue(ctx, of, dueBy, limit)
}

// once is a store whose methods of one name panic once.
func once(store callback.Store, name string) panicky {
	left := &atomic.Int64{}
	left.Store(1)
	return panicky{store, name, left}
}

// panicOnce has methods of one name panic once, those of the engine's store and LockDueSchedules.
func (w *world) panicOnce(name string) {
	panicky, ports := once(w.store.Store, name), w.wiring.Store.RunPorts()
	ports.InFiringTx = modelstest.Through(ports.InFiringTx, func(tx run.FiringTx) run.FiringTx { return panickyFirings{tx, panicky} })
	w.store.Store, w.wiring.RunPorts = panicky, &ports
	w.Services = w.wiring.Services()
}
