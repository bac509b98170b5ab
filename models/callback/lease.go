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

// LeaseStore keeps what is in workers' hands, of each kind alike.
type LeaseStore interface {
	// RenewLeases moves leases of what is RUNNING to until, and returns them: not those that were lost, which the
	// attempt count tells, nor those that somebody is just settling.
	RenewLeases(ctx context.Context, of Leased, leases []Lease, until time.Time) ([]Lease, error)
	// Excuse takes back in advance what the sweep will count: the process that has these RUNNING ones was told to
	// stop. What is written of one after all, when it is settled or given back, undoes that.
	Excuse(ctx context.Context, of Leased, ids []int64) error
	// CountDue counts what waits and was due by the given time, up to limit.
	CountDue(ctx context.Context, of Leased, dueBy time.Time, limit int) (int, error)
	// Body reads a callback's body.
	Body(ctx context.Context, callbackID int64) ([]byte, error)
}

// Lease returns the delivery's lease.
func (d *Delivery) Lease() Lease { return Lease{d.Callback.ID, d.Attempt.Number} }

// Lane is where the delivery waited.
func (d *Delivery) Lane() Lane { return d.Callback.Lane }

// Renew keeps deliveries in this worker's hand for LeaseTime from now on, and returns the leases that it has renewed.
// The others were lost to another worker, or are just being settled.
func (s *Service) Renew(ctx context.Context, leases []Lease) ([]Lease, error) {
	return s.renew(ctx, LeasedCallbacks, leases)
}

func (s *Service) renew(ctx context.Context, of Leased, leases []Lease) ([]Lease, error) {
	if len(leases) == 0 {
		return nil, nil
	}
	return s.store.RenewLeases(ctx, of, leases, s.now().Add(LeaseTime))
}

// Excuse is for deliveries of a process that was told to stop: should it be killed before it has come to their ends,
// that is no mishap of theirs.
func (s *Service) Excuse(ctx context.Context, callbackIDs []int64) error {
	return s.store.Excuse(ctx, LeasedCallbacks, callbackIDs)
}

// Release gives back deliveries whose requests have not left and will not: their attempts never were. One that was
// due for the first time has its place before those that were created since.
func (s *Service) Release(ctx context.Context, deliveries []*Delivery) error {
	at := s.now()
	callbacks, attempts := make([]*Callback, len(deliveries)), make([]int64, len(deliveries))
	for i, d := range deliveries {
		callbacks[i], attempts[i] = new(*d.Callback), d.Attempt.ID
		callbacks[i].due(DueSince(d.Attempt.Number, d.Callback.CreatedAt, at))
	}
	return s.store.InTx(ctx, func(tx Store) error {
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

const (
	// outageTime is how long there was no sweep where nobody could renew a lease either. A sweep takes 5 s at most
	// and the next one begins at once, so without an outage the gap is smaller; and of a lease more than 7 s are left
	// when its renewal fails for the first time, so none has run out in an outage that is shorter.
	outageTime = 3 * SweepInterval
)

// swept notes a sweep, and tells whether a lease that has run out means that its worker is gone. After an outage it
// does not, for another LeaseTime: no worker could renew its leases, and those that live will. So an outage is no
// reason to send anything again.
func (s *Service) swept(ctx context.Context, at time.Time) (expire bool, err error) {
	grace, err := s.store.Swept(ctx, at, at.Add(-outageTime), at.Add(LeaseTime))
	// One that lies further ahead than any that is given now was written before the clock was set back.
	return !grace.After(at) || grace.Sub(at) > 2*LeaseTime, err
}
