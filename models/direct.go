package models

import (
	"context"
	"time"
)

// directStarts are the callbacks of one transaction that are claimed as they are created: for those the worker of this process has
// room. That saves them the wake-up and the claim. Should the process die after the commit, they are found as all that is claimed:
// when the lease has run out.
type directStarts struct {
	service    *Service
	starts     map[string]func(context.Context, []*Delivery) // by host, of the room that is reserved
	deliveries map[string][]*Delivery
}

func (s *Service) newDirectStarts() *directStarts {
	return &directStarts{service: s, starts: map[string]func(context.Context, []*Delivery){}, deliveries: map[string][]*Delivery{}}
}

// create inserts callbacks that are due, and those for which there is room as RUNNING, with their attempts. It returns the others.
// To its caller all of them stay PENDING, as they were accepted: what has become of them since is the worker's.
func (d *directStarts) create(ctx context.Context, tx Store, owners map[int64]Owners, at time.Time, callbacks []*Callback) (rest []*Callback, err error) {
	room := d.reserve(callbacks)
	rows := make([]*Callback, len(callbacks))
	var claimed []*Callback
	var targets []Target
	for i, c := range callbacks {
		if rows[i] = c; room[c.TargetHost] == 0 {
			rest = append(rest, c)
			continue
		}
		target, err := resolveTarget(ctx, tx, c, owners[c.ProjectID])
		if err != nil {
			return nil, err
		}
		if target.Unreadable != nil { // it is put off when it is claimed
			rest = append(rest, c)
			continue
		}
		room[c.TargetHost]--
		rows[i] = c.claimed(at)
		claimed, targets = append(claimed, rows[i]), append(targets, target)
	}
	if err := tx.CreateCallbacks(ctx, rows...); err != nil {
		return nil, err
	}
	for i, c := range callbacks {
		c.ID = rows[i].ID
	}
	deliveries := make([]*Delivery, len(claimed))
	for i, c := range claimed {
		deliveries[i] = newDelivery(c, targets[i], owners[c.ProjectID], at)
	}
	ready, _, err := d.service.equip(ctx, tx, deliveries, nil, at)
	for _, delivery := range ready {
		host := delivery.Callback.TargetHost
		d.deliveries[host] = append(d.deliveries[host], delivery)
	}
	return rest, err
}

// reserve asks for room for all callbacks, and returns by host for how many there is some.
func (d *directStarts) reserve(callbacks []*Callback) map[string]int {
	room := map[string]int{}
	for _, c := range callbacks {
		room[c.TargetHost]++
	}
	for host, wanted := range room {
		kept, start := d.service.queue.Reserve(host, wanted)
		if room[host] = kept; kept > 0 {
			d.starts[host] = start
		}
	}
	return room
}

// start starts the deliveries: the transaction is committed.
func (d *directStarts) start(ctx context.Context) {
	for host, deliveries := range d.deliveries {
		d.starts[host](ctx, deliveries)
		delete(d.starts, host)
	}
}

// giveBack returns what is reserved and was not started.
func (d *directStarts) giveBack(ctx context.Context) {
	for _, start := range d.starts {
		start(ctx, nil)
	}
}
