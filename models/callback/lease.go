package callback

import (
	"context"
	"time"
)

// Leased is a kind of what workers take in hand. The service has a list of all, which it sweeps.
type Leased string

// LeasedCallbacks are the engine's own.
const LeasedCallbacks Leased = "callbacks"

// Lease is a callback, say, in a worker's hand, for one attempt. One that was lost and is claimed again has another
// number.
type Lease struct {
	ID      int64
	Attempt int
}

// Leases keeps what is in workers' hands, of each kind alike.
type Leases interface {
	// RenewLeases moves leases of what is RUNNING to until, and returns them: not those that were lost, which the
	// attempt count tells, nor those that somebody is just settling.
	RenewLeases(ctx context.Context, of Leased, leases []Lease, until time.Time) ([]Lease, error)
	// AnnounceStop takes back in advance what the sweep will count: the process that has these RUNNING ones was told
	// to stop. What is written of one after all, when it is settled or given back, undoes that.
	AnnounceStop(ctx context.Context, of Leased, ids []int64) error
}

// LeaseStore is Leases and what a delivery fetches late.
type LeaseStore interface {
	Leases
	// Body reads a callback's body.
	Body(ctx context.Context, callbackID int64) ([]byte, error)
}

// Lease returns the delivery's lease.
func (d *Delivery) Lease() Lease { return Lease{d.Callback.ID, d.Attempt.Number} }

// Lane is where the delivery waited.
func (d *Delivery) Lane() Lane { return d.Callback.Lane }

// Release gives back deliveries whose requests have not left and will not: their attempts never were. One that was
// due for the first time has its place before those that were created since.
func (ds *Deliveries) Release(ctx context.Context, deliveries []*Delivery) error {
	at := ds.engine.now()
	callbacks, attempts := make([]*Callback, len(deliveries)), make([]int64, len(deliveries))
	for i, d := range deliveries {
		callbacks[i], attempts[i] = new(*d.Callback), d.Attempt.ID
		callbacks[i].due(DueSince(d.Attempt.Number, d.Callback.CreatedAt, at))
	}
	return ds.engine.db.InDeliveryTx(ctx, func(tx DeliveryTx) error {
		// The callbacks before their attempts, as the sweep locks them.
		if err := tx.GiveBackCallbacks(ctx, callbacks...); err != nil {
			return err
		}
		return tx.DeleteAttempts(ctx, LeasedCallbacks, attempts...)
	})
}

// DueSince is since when work that is given back is due: since its creation where it was never tried, else from now
// on.
func DueSince(attempt int, createdAt, now time.Time) time.Time {
	if attempt == 1 {
		return createdAt
	}
	return now
}
