package callback

import (
	"context"
	"time"

	"github.com/ringback/ringback/models/tenant"
)

// DirectStarts are the callbacks of one transaction that are claimed as they are created: for those the worker of
// this process has room. That saves them the wake-up and the claim. Should the process die after the commit, they are
// found as all that is claimed: when the lease has run out.
type DirectStarts struct {
	service  *Service
	rooms    map[Lane]*directRoom
	begun    time.Time // before anything was read
	patience time.Duration
	claims   []directClaim
}

// directRoom is what is reserved in a lane, and what is to be started there.
type directRoom struct {
	Reservation
	left  int
	ready []*Delivery
}

// directClaim is a callback with its delivery; nil where it is to wait.
type directClaim struct {
	callback *Callback
	delivery *Delivery
}

// NewDirectStarts has room for none yet. It is to be ended by Return, whatever comes. Patience is how long it may wait for
// room where most callbacks have one lane, whose receiver is quick enough to make it by then: what begins with its creation
// costs a third less than what waits in the database. In a transaction it is 0.
func (s *Service) NewDirectStarts(patience time.Duration) *DirectStarts {
	return &DirectStarts{service: s, rooms: map[Lane]*directRoom{}, begun: s.now(), patience: patience}
}

// Create inserts callbacks that are due, and those for which there is room as RUNNING, with their attempts. It
// returns the others. To its caller all of them stay PENDING, as they were accepted: what has become of them since is
// the worker's.
func (d *DirectStarts) Create(
	ctx context.Context, tx StartTx, parties Parties, callbacks []*Callback,
) (rest []*Callback, err error) {
	starts, err := d.Claim(ctx, tx, parties, callbacks)
	if err != nil {
		return nil, err
	}
	if err := tx.CreateStarted(ctx, starts); err != nil {
		return nil, err
	}
	return d.Created(), nil
}

// ClaimTx reads what a delivery goes by.
type ClaimTx interface {
	PartiesTx
	tenant.SecretsTx
}

// Claim says how callbacks are to be created. Created is to follow.
func (d *DirectStarts) Claim(
	ctx context.Context, tx ClaimTx, parties Parties, callbacks []*Callback,
) ([]Start, error) {
	d.reserve(ctx, callbacks)
	at := d.service.now()
	d.claims = make([]directClaim, len(callbacks))
	var claimed []*Delivery
	for i, c := range callbacks {
		delivery, err := d.claim(ctx, tx, c, parties, at)
		if err != nil {
			return nil, err
		}
		if d.claims[i] = (directClaim{c, delivery}); delivery != nil {
			claimed = append(claimed, delivery)
		}
	}
	if err := readSecrets(ctx, tx, claimed, at); err != nil {
		return nil, err
	}
	starts := make([]Start, len(callbacks))
	for i, claim := range d.claims {
		if claim.delivery != nil && tenant.FirstUnreadable(claim.delivery.secrets) != nil { // it is put off when it is claimed
			d.claims[i].delivery = nil
		}
		starts[i] = d.claims[i].start()
	}
	return starts, nil
}

func (c directClaim) start() Start {
	if c.delivery == nil {
		return Start{Callback: c.callback}
	}
	return Start{c.delivery.Callback, c.delivery.Attempt}
}

// Created returns those that wait, once all are created.
func (d *DirectStarts) Created() (rest []*Callback) {
	for _, claim := range d.claims {
		if claim.delivery == nil {
			rest = append(rest, claim.callback)
			continue
		}
		claim.callback.ID = claim.delivery.Callback.ID
		room := d.rooms[claim.delivery.Lane()]
		room.ready = append(room.ready, claim.delivery)
	}
	return rest
}

// reserve asks for room for all callbacks.
func (d *DirectStarts) reserve(ctx context.Context, callbacks []*Callback) {
	wanted, bytes := map[Lane]int{}, map[Lane]int64{}
	for _, c := range callbacks {
		if c.Paused {
			continue
		}
		wanted[c.Lane]++
		bytes[c.Lane] += int64(len(c.Body))
	}
	for lane, n := range wanted {
		var patience time.Duration
		if 2*n > len(callbacks) { // many do not wait for a few
			patience = d.patience
		}
		reserved := d.service.queue.Reserve(ctx, lane, n, bytes[lane], patience)
		d.rooms[lane] = &directRoom{Reservation: reserved, left: reserved.N()}
	}
}

// claim makes the delivery of a callback that is about to be created; nil where it is to wait.
func (d *DirectStarts) claim(
	ctx context.Context, tx PartiesTx, c *Callback, parties Parties, at time.Time,
) (*Delivery, error) {
	room := d.rooms[c.Lane]
	if c.Paused || room.left == 0 {
		return nil, nil
	}
	owners, err := parties.Owner(c.ProjectID)
	if err != nil {
		return nil, err
	}
	target, err := resolveTarget(ctx, parties.through(tx), c, owners)
	if err != nil || target.Unreadable != nil { // it is put off when it is claimed
		return nil, err
	}
	room.left--
	delivery := newDelivery(c.claimed(at), target, owners, at)
	delivery.readAt = d.begun
	return delivery, nil
}

// Start starts the deliveries: the transaction is committed.
func (d *DirectStarts) Start(ctx context.Context) {
	d.service.queue.Changed()
	for _, room := range d.rooms {
		room.Start(ctx, room.ready)
	}
}

// Return returns what is reserved, unless it was started.
func (d *DirectStarts) Return() {
	for _, room := range d.rooms {
		room.Return()
	}
}
