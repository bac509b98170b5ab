package jobs

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
)

// panicky panics in methods of one name, as often as it is told.
type panicky struct {
	name string
	left *atomic.Int64
}

func (p panicky) may(name string) {
	if name == p.name && p.left.Add(-1) >= 0 {
		panic("as planned: " + name)
	}
}

// ports has what workers ask the engine's ports be panicky.
func (p panicky) ports(db *callback.Ports) {
	db.LeaseStore, db.SweepStore = panickyLeases{db.LeaseStore, p}, panickySweeps{db.SweepStore, p}
	db.InDeliveryTx = modelstest.Through(db.InDeliveryTx, func(tx callback.DeliveryTx) callback.DeliveryTx {
		return panickyDeliveries{tx, p}
	})
	db.Record = nil
	db.InSettlementTx = modelstest.Through(db.InSettlementTx, func(tx callback.SettlementTx) callback.SettlementTx {
		return panickySettlements{tx, p}
	})
	db.InSweepTx = modelstest.Through(db.InSweepTx, func(tx callback.SweepTx) callback.SweepTx {
		return panickySweep{tx, p}
	})
	db.InPurgeTx = modelstest.Through(db.InPurgeTx, func(tx callback.PurgeTx) callback.PurgeTx {
		return panickyPurges{tx, p}
	})
}

type panickyDeliveries struct {
	callback.DeliveryTx
	panicky
}

func (p panickyDeliveries) ClaimDue(
	ctx context.Context, lanes []callback.LaneLimit, now, until time.Time,
) ([]*callback.Callback, error) {
	p.may("ClaimDue")
	return p.DeliveryTx.ClaimDue(ctx, lanes, now, until)
}

func (p panickyDeliveries) GiveBackCallbacks(ctx context.Context, callbacks ...*callback.Callback) error {
	if len(callbacks) > 0 {
		p.may("GiveBackCallbacks")
	}
	return p.DeliveryTx.GiveBackCallbacks(ctx, callbacks...)
}

type panickySettlements struct {
	callback.SettlementTx
	panicky
}

func (p panickySettlements) SettleCallbacks(ctx context.Context, callbacks ...*callback.Callback) ([]bool, error) {
	p.may("SettleCallbacks")
	return p.SettlementTx.SettleCallbacks(ctx, callbacks...)
}

type panickySweep struct {
	callback.SweepTx
	panicky
}

func (p panickySweep) OverdueLanes(
	ctx context.Context, of callback.Leased, after string, dueBy time.Time, limit int,
) ([]string, string, error) {
	p.may("OverdueLanes")
	return p.SweepTx.OverdueLanes(ctx, of, after, dueBy, limit)
}

type panickyPurges struct {
	callback.PurgeTx
	panicky
}

func (p panickyPurges) PurgeCallbacks(
	ctx context.Context, before time.Time, limit int,
) (callbacks, rows int, err error) {
	p.may("PurgeCallbacks")
	return p.PurgeTx.PurgeCallbacks(ctx, before, limit)
}

type panickyLeases struct {
	callback.LeaseStore
	panicky
}

func (p panickyLeases) RenewLeases(
	ctx context.Context, of callback.Leased, leases []callback.Lease, until time.Time,
) ([]callback.Lease, error) {
	p.may("RenewLeases")
	return p.LeaseStore.RenewLeases(ctx, of, leases, until)
}

func (p panickyLeases) AnnounceStop(ctx context.Context, of callback.Leased, ids []int64) error {
	p.may("AnnounceStop")
	return p.LeaseStore.AnnounceStop(ctx, of, ids)
}

type panickySweeps struct {
	callback.SweepStore
	panicky
}

func (p panickySweeps) CountDue(ctx context.Context, of callback.Leased, dueBy time.Time, limit int) (int, error) {
	p.may("CountDue")
	return p.SweepStore.CountDue(ctx, of, dueBy, limit)
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

// once panics once, in methods of one name.
func once(name string) panicky {
	left := &atomic.Int64{}
	left.Store(1)
	return panicky{name, left}
}

// panicOnce has methods of one name panic once, those of the engine's ports and LockDueSchedules.
func (w *world) panicOnce(name string) {
	panicky, ports := once(name), w.wiring.Store.RunPorts()
	ports.InFiringTx = modelstest.Through(ports.InFiringTx, func(tx run.FiringTx) run.FiringTx {
		return panickyFirings{tx, panicky}
	})
	w.wiring.RunPorts = &ports
	w.on(panicky.ports)
}
