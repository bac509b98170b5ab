package models

import (
	"context"
	"time"
)

// Lease is a callback or a batch in a worker's hand, for one attempt. One that was lost and is claimed again has another number.
type Lease struct {
	ID      int64
	Attempt int
}

// Lease returns the delivery's lease.
func (d *Delivery) Lease() Lease { return Lease{d.Callback.ID, d.Attempt.Number} }

// Lease returns the execution's lease.
func (e *Execution) Lease() Lease { return Lease{e.Batch.ID, e.Attempt.Number} }

// Renew keeps deliveries in this worker's hand for LeaseTime from now on, and returns the leases that it has renewed. The others were lost
// to another worker, or are just being settled.
func (s *Service) Renew(ctx context.Context, leases []Lease) ([]Lease, error) {
	if len(leases) == 0 {
		return nil, nil
	}
	return s.store.RenewLeases(ctx, leases, s.now().Add(LeaseTime))
}

// RenewBatches is Renew for executions.
func (s *Service) RenewBatches(ctx context.Context, leases []Lease) ([]Lease, error) {
	if len(leases) == 0 {
		return nil, nil
	}
	return s.store.RenewBatches(ctx, leases, s.now().Add(LeaseTime))
}

const (
	// outageTime is how long there was no sweep where nobody could renew a lease either. A sweep takes 5 s at most and the next one begins
	// at once, so without an outage the gap is smaller; and of a lease more than 7 s are left when its renewal fails for the first time, so
	// none has run out in an outage that is shorter.
	outageTime = 3 * SweepInterval
	// MaxClockSkew is more than the clocks of processes differ by. A time that lies further ahead was written by one whose clock is wrong.
	MaxClockSkew = time.Minute
)

// swept notes a sweep, and tells whether a lease that has run out means that its worker is gone. After an outage it does not, for
// another LeaseTime: no worker could renew its leases, and those that live will. So an outage is no reason to send anything again.
func (s *Service) swept(ctx context.Context, at time.Time) (expire bool, err error) {
	grace, err := s.store.Swept(ctx, at, at.Add(-outageTime), at.Add(LeaseTime))
	return !grace.After(at) || grace.Sub(at) > MaxClockSkew, err
}

// SweepStore keeps when workers swept.
type SweepStore interface {
	// Swept notes a sweep, and returns until when leases that have run out are left alone: where there was a sweep before, and the last one
	// before the given time, that becomes graceUntil. It is one statement and holds nothing when it returns.
	Swept(ctx context.Context, now, lastSince, graceUntil time.Time) (time.Time, error)
}
