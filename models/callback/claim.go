package callback

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/tenant"
)

// DeliveryTx is the database as claims and releases need it.
type DeliveryTx interface {
	PartiesTx
	AttemptTx

	// ClaimDue turns PENDING callbacks that are due into RUNNING ones with a lease and their next attempt numbers: of
	// each lane up to its limit, those that wait the longest, in one statement. Callers at the same moment get
	// different ones.
	ClaimDue(ctx context.Context, lanes []LaneLimit, now, leaseUntil time.Time) ([]*Callback, error)
	// ClaimSuspect is ClaimDue for one callback that only ever is sent alone, of any lane; ClaimDue leaves those out.
	ClaimSuspect(ctx context.Context, now, leaseUntil time.Time) ([]*Callback, error)
	// DeleteAttempts deletes attempts that are still open.
	DeleteAttempts(ctx context.Context, of Leased, ids ...int64) error
	// PauseDue makes Paused what has been due in a lane for the longest, of some projects, looking at so many at most. What
	// somebody else has locked stays.
	PauseDue(ctx context.Context, lane string, projectIDs []int64, now time.Time, look int) error
}

// AttemptTx is how attempts begin.
type AttemptTx interface {
	tenant.SecretsTx
	// CreateAttempts sets the IDs.
	CreateAttempts(ctx context.Context, attempts []*Attempt) error
	// GiveBackCallbacks makes claimed callbacks wait again as if they had not been claimed, to be due when and in the
	// lane that they say now. One that somebody else has taken since stays as it is.
	GiveBackCallbacks(ctx context.Context, callbacks ...*Callback) error
}

// prepare resolves the targets of claimed callbacks.
func (ds *Deliveries) prepare(
	ctx context.Context, tx DeliveryTx, claimed []*Callback, at time.Time,
) (deliveries []*Delivery, movedTo []Lane, err error) {
	ids := make([]*int64, len(claimed))
	for i, c := range claimed {
		ids[i] = &c.ProjectID
	}
	parties, err := ReadParties(ctx, tx, ids, nil)
	if err != nil {
		return nil, nil, err
	}
	claimed, back, err := ds.pause(ctx, tx, claimed, parties, at)
	if err != nil {
		return nil, nil, err
	}
	for _, c := range claimed {
		lane := c.Lane
		d, err := ds.resolve(ctx, tx, c, parties, at)
		if err != nil && !models.IsRowError(err) {
			return nil, nil, err
		}
		switch {
		case err != nil:
			d = ds.postpone(ctx, c, err, at)
		case c.Lane != lane:
			c.due(at)
			d, movedTo = nil, append(movedTo, c.Lane)
		}
		if d == nil {
			back = append(back, c)
		} else {
			deliveries = append(deliveries, d)
		}
	}
	deliveries, err = ds.startAttempts(ctx, tx, deliveries, back, at)
	return deliveries, DistinctLanes(movedTo), err
}

// resolve makes the next attempt of a claimed callback.
func (ds *Deliveries) resolve(
	ctx context.Context, tx DeliveryTx, c *Callback, parties Parties, at time.Time,
) (d *Delivery, err error) {
	if c.Exhausted() {
		return refused(c, RefusedExhausted, at), nil
	}
	if c.rules().test && c.AttemptCount > 1 { // the worker that sent it is gone
		return refused(c, testInterrupted, at), nil
	}
	return d, ds.engine.troubles.Catch(ctx, "claim", func() error {
		owners, err := parties.Owner(c.ProjectID)
		if err != nil {
			return err
		}
		target, err := resolveTarget(ctx, parties.through(tx), c, owners)
		if err != nil {
			return err
		}
		c.setTarget(target, owners)
		d = newDelivery(c, target, owners, at)
		return target.Unreadable
	})
}

// postpone is for a claimed callback that cannot be sent because a row cannot be read: it waits, or after a day is
// given up by the delivery that is returned.
func (ds *Deliveries) postpone(ctx context.Context, c *Callback, err error, at time.Time) *Delivery {
	next, again := c.Postpone(at)
	ds.engine.troubles.Unreadable(ctx, "callback", "callback", c.UID.String(), "project", c.ProjectID,
		"since", *c.UnreadableSince, "again", again, "error", err)
	if !again {
		return refused(c, RefusedUnreadable, at)
	}
	c.due(next)
	return nil
}

// newDelivery makes the next attempt of a claimed callback.
func newDelivery(c *Callback, target tenant.Target, owners Owners, at time.Time) *Delivery {
	return &Delivery{
		Callback: c, Attempt: newAttempt(c, at), Target: target, signer: signer(c, owners), readAt: at,
		Budget: c.budgetOf(owners),
	}
}

// refused makes an attempt of a claimed callback for which no request leaves.
func refused(c *Callback, why *AttemptError, at time.Time) *Delivery {
	return &Delivery{Callback: c, Attempt: newAttempt(c, at), refusal: why, readAt: at}
}

func newAttempt(c *Callback, at time.Time) *Attempt {
	return &Attempt{UID: models.NewUID(), CallbackID: c.ID, Number: c.AttemptCount, URL: c.TargetURL, StartedAt: at}
}

// startAttempts gives deliveries their secrets and writes their attempts, and gives back what is not to be sent now:
// those whose secrets cannot be read join it.
func (ds *Deliveries) startAttempts(
	ctx context.Context, tx AttemptTx, deliveries []*Delivery, back []*Callback, at time.Time,
) ([]*Delivery, error) {
	if err := readSecrets(ctx, tx, deliveries, at); err != nil {
		return nil, err
	}
	ready, attempts := make([]*Delivery, 0, len(deliveries)), make([]*Attempt, 0, len(deliveries))
	for _, d := range deliveries {
		if err := tenant.FirstUnreadable(d.secrets); err != nil {
			c := d.Callback
			if d = ds.postpone(ctx, c, err, at); d == nil {
				back = append(back, c)
				continue
			}
		}
		ready, attempts = append(ready, d), append(attempts, d.Attempt)
	}
	if err := tx.GiveBackCallbacks(ctx, back...); err != nil || len(attempts) == 0 {
		return ready, err
	}
	return ready, tx.CreateAttempts(ctx, attempts)
}

// readSecrets reads what deliveries are signed with.
func readSecrets(ctx context.Context, tx tenant.SecretsTx, deliveries []*Delivery, at time.Time) error {
	signers := map[tenant.SigningOwner]bool{}
	for _, d := range deliveries {
		if d.refusal == nil {
			signers[d.signer] = true
		}
	}
	if len(signers) == 0 {
		return nil
	}
	secrets, err := tx.SigningSecrets(ctx, at, slices.Collect(maps.Keys(signers))...)
	for _, d := range deliveries {
		d.secrets = secrets[d.signer]
	}
	return err
}

// signer is whose secret signs a callback.
func signer(c *Callback, owners Owners) tenant.SigningOwner {
	if c.Target == TargetSSOClient && owners.Account.SSOClientID != nil {
		return tenant.SigningOwner{SSOClientID: *owners.Account.SSOClientID}
	}
	return tenant.SigningOwner{ProjectID: owners.Project.ID}
}
