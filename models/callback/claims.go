package callback

import (
	"context"
	"time"

	"github.com/ringback/ringback/models"
)

// Kind is what there is to know of work that workers claim: of callbacks, or of batches of runs. C is what waits in the
// database, W what is in hand.
type Kind[Tx, C, W any] struct {
	Name   Leased
	Leases Leases
	Now    func() time.Time
	InTx   models.InTx[Tx]
	// Due and Suspect are what DeliveryTx has in ClaimDue and ClaimSuspect.
	Due     func(tx Tx, ctx context.Context, lanes []LaneLimit, now, leaseUntil time.Time) ([]C, error)
	Suspect func(tx Tx, ctx context.Context, now, leaseUntil time.Time) ([]C, error)
	Lane    func(C) Lane
	// Prepare reads what belongs to what was claimed, writes the rows of the attempts, and gives back what is not to be done
	// now. Of that it names the lanes in which it waits, if these are others than before.
	Prepare func(ctx context.Context, tx Tx, claimed []C, at time.Time) (works []W, movedTo []Lane, err error)
}

// Claims is how workers take work of a kind in hand, and keep it there.
type Claims[Tx, C, W any] struct{ kind Kind[Tx, C, W] }

// NewClaims claims work of a kind.
func NewClaims[Tx, C, W any](kind Kind[Tx, C, W]) Claims[Tx, C, W] { return Claims[Tx, C, W]{kind} }

// Claim takes what is due, of each lane up to its limit, for one attempt each: in one transaction it gets a lease, what
// belongs to it is read, and the attempts' rows are written, so that no request leaves without one. What is not to be done
// now is given back: what cannot be read is put off, and what goes to another lane by now waits there, which movedTo
// names. The lanes that gave as many as they were asked for are full: they may have more.
func (c Claims[Tx, C, W]) Claim(
	ctx context.Context, lanes []LaneLimit,
) (works []W, movedTo []Lane, full []string, err error) {
	works, movedTo, err = c.claim(ctx, func(tx Tx, at time.Time) ([]C, error) {
		claimed, err := c.kind.Due(tx, ctx, lanes, at, at.Add(LeaseTime))
		full = FullLanes(lanes, claimed, c.kind.Lane)
		return claimed, err
	})
	if err != nil {
		full = nil
	}
	return works, movedTo, full, err
}

// ClaimSuspect is Claim for one piece of work, of any lane, that a worker took with it SuspectAfter times when it died:
// it is to be done while nothing else is in flight.
func (c Claims[Tx, C, W]) ClaimSuspect(ctx context.Context) ([]W, error) {
	works, _, err := c.claim(ctx, func(tx Tx, at time.Time) ([]C, error) {
		return c.kind.Suspect(tx, ctx, at, at.Add(LeaseTime))
	})
	return works, err
}

func (c Claims[Tx, C, W]) claim(
	ctx context.Context, some func(tx Tx, at time.Time) ([]C, error),
) (works []W, movedTo []Lane, err error) {
	err = c.kind.InTx(ctx, func(tx Tx) error {
		at := c.kind.Now()
		claimed, err := some(tx, at)
		if err != nil || len(claimed) == 0 {
			return err
		}
		works, movedTo, err = c.kind.Prepare(ctx, tx, claimed, at)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	return works, movedTo, nil
}

// Renew keeps work in this worker's hand for LeaseTime from now on, and returns the leases that it has renewed. The
// others were lost to another worker, or are just being settled.
func (c Claims[Tx, C, W]) Renew(ctx context.Context, leases []Lease) ([]Lease, error) {
	if len(leases) == 0 {
		return nil, nil
	}
	return c.kind.Leases.RenewLeases(ctx, c.kind.Name, leases, c.kind.Now().Add(LeaseTime))
}

// AnnounceStop is for work of a process that was told to stop: should it be killed before it has come to the end of
// that, it is no mishap of the work's.
func (c Claims[Tx, C, W]) AnnounceStop(ctx context.Context, ids []int64) error {
	return c.kind.Leases.AnnounceStop(ctx, c.kind.Name, ids)
}
