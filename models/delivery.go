package models

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Delivery is one attempt in a worker's hand.
type Delivery struct {
	Callback *Callback
	Attempt  *Attempt
	Target   Target
	signer   SigningOwner
	secrets  []*SigningSecret
	counted  bool // as a failure of the receiver's, once it is decided
}

// LeaseTime is how long a claim lasts unless it is renewed; a worker renews its claims every LeaseRenewal. A worker that was
// killed is noticed when the lease has run out and the sweep has come by: within LeaseTime + one sweep = 12 s.
const (
	LeaseTime    = 10 * time.Second
	LeaseRenewal = 3 * time.Second
)

// Claim takes up to limit callbacks that are due for a host, each for one attempt: in one transaction they get a lease, their targets
// are resolved, and the attempts' rows are written, so that no request leaves without one. Callbacks whose target has moved
// to another host since are given back, and those hosts returned.
func (s *Service) Claim(ctx context.Context, host string, limit int) (deliveries []*Delivery, movedTo []string, err error) {
	err = s.store.InTx(ctx, func(tx Store) error {
		at := s.now()
		claimed, err := tx.ClaimDue(ctx, host, at, at.Add(LeaseTime), limit)
		if err != nil || len(claimed) == 0 {
			return err
		}
		deliveries, movedTo, err = prepare(ctx, tx, claimed, host, at)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	return deliveries, movedTo, nil
}

func prepare(ctx context.Context, tx Store, claimed []*Callback, host string, at time.Time) (deliveries []*Delivery, movedTo []string, err error) {
	ids := make([]*int64, len(claimed))
	for i, c := range claimed {
		ids[i] = &c.ProjectID
	}
	known, err := readParties(ctx, tx, ids, nil)
	if err != nil {
		return nil, nil, err
	}
	var moved []*Callback
	for _, c := range claimed {
		target, err := resolveTarget(ctx, tx, c, known.owners[c.ProjectID])
		if err != nil {
			return nil, nil, err
		}
		if c.aim(target.URL); c.TargetHost != host {
			moved, movedTo = append(moved, c), append(movedTo, c.TargetHost)
			continue
		}
		deliveries = append(deliveries, newDelivery(c, target, known.owners[c.ProjectID], at))
	}
	if err := tx.MoveCallbacks(ctx, at, moved); err != nil {
		return nil, nil, err
	}
	return deliveries, movedTo, equip(ctx, tx, deliveries, at)
}

// newDelivery makes the next attempt of a claimed callback.
func newDelivery(c *Callback, target Target, owners Owners, at time.Time) *Delivery {
	a := &Attempt{UID: newUID(), CallbackID: c.ID, Number: c.AttemptCount, URL: c.TargetURL, StartedAt: at}
	return &Delivery{Callback: c, Attempt: a, Target: target, signer: signer(c, owners)}
}

// equip gives deliveries their secrets, and writes their attempts.
func equip(ctx context.Context, tx Store, deliveries []*Delivery, at time.Time) error {
	if len(deliveries) == 0 {
		return nil
	}
	attempts, signers := make([]*Attempt, len(deliveries)), map[SigningOwner]bool{}
	for i, d := range deliveries {
		attempts[i], signers[d.signer] = d.Attempt, true
	}
	secrets, err := tx.SigningSecrets(ctx, at, slices.Collect(maps.Keys(signers))...)
	if err != nil {
		return err
	}
	for _, d := range deliveries {
		d.secrets = secrets[d.signer]
	}
	return tx.CreateAttempts(ctx, attempts)
}

// signer is whose secret signs a callback.
func signer(c *Callback, owners Owners) SigningOwner {
	if c.Target == TargetSSOClient && owners.Account.SSOClientID != nil {
		return SigningOwner{SSOClientID: *owners.Account.SSOClientID}
	}
	return SigningOwner{ProjectID: owners.Project.ID}
}

// Release gives back deliveries whose requests have not left and will not: their attempts never were.
func (s *Service) Release(ctx context.Context, deliveries []*Delivery) error {
	at := s.now()
	callbacks, attempts := make([]*Callback, len(deliveries)), make([]*Attempt, len(deliveries))
	for i, d := range deliveries {
		callbacks[i], attempts[i] = d.Callback, d.Attempt
	}
	return s.store.InTx(ctx, func(tx Store) error {
		// The callbacks before their attempts, as the sweep locks them.
		if err := tx.ReleaseCallbacks(ctx, at, callbacks...); err != nil {
			return err
		}
		return tx.DeleteAttempts(ctx, attempts...)
	})
}

// Leave is called when the request leaves: a delivery that was claimed ahead has waited for its turn.
func (d *Delivery) Leave(at time.Time) { d.Attempt.StartedAt = at.UTC().Truncate(time.Microsecond) }

func (d *Delivery) rules() event { return events[d.Callback.Event] }

// Refusal says why the delivery's request cannot leave at all; nil when it can.
func (d *Delivery) Refusal() *AttemptError {
	if d.Target.URL == "" {
		return &AttemptError{NoCallbackURL, "there is no URL to call back to any more"}
	}
	if err := CheckCallbackURL("the URL", d.Target.URL); err != nil {
		return &AttemptError{InvalidURL, err.Error()}
	}
	return nil
}

// Headers returns the request's headers: the configured ones, and over them those that every callback carries.
func (d *Delivery) Headers(userAgent string, at time.Time) (http.Header, error) {
	ref := d.Callback.Ref.String()
	signature, err := Sign(d.secrets, ref, at, d.Callback.Body)
	if err != nil {
		return nil, err
	}
	h := http.Header{}
	h.Set("User-Agent", userAgent)
	for _, c := range d.Target.Headers {
		h.Set(c.Key, c.Value.Reveal())
	}
	h.Set("Content-Type", d.Callback.ContentType)
	h.Set("X-Callback-Ref", ref)
	h.Set("X-Run-Callback", d.Attempt.UID.String())
	h.Set("X-Callback-Attempt", strconv.Itoa(d.Attempt.Number))
	h.Set("webhook-id", ref)
	h.Set("webhook-timestamp", unixText(at))
	h.Set("webhook-signature", signature)
	return h, nil
}
