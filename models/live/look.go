package live

import (
	"context"
	"slices"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

// watcher is what the goroutine of a service knows: it is there while there are subscribers.
type watcher struct {
	*Service
	watched map[Owner]*watched
	from    int64              // the place from which the next look reads
	seen    map[int64]struct{} // rows from there on that were told
	next    time.Time          // when the watches are to be renewed, and
	check   time.Time          // the credentials to be looked at
	flooded bool               // there was more than is read at once
	failed  bool               // as was said
}

// watched is an owner whose changes are written down.
type watched struct {
	since   time.Time
	writers []string // that may not have met the watch
}

// run goes on until there are no subscribers.
func (s *Service) run() {
	ctx, cancel := context.WithCancel(s.life)
	defer cancel()
	if s.bell != nil {
		go s.bell.Listen(ctx, s.ring)
	}
	w := &watcher{Service: s, watched: map[Owner]*watched{}, from: -1}
	for !w.alone() {
		begun := time.Now()
		_ = s.engine.Troubles().Catch(ctx, "live", func() error { w.round(ctx); return nil }) // a panic is logged
		w.rest(begun)
	}
}

// alone reports whether nobody looks on any more. Then the next who comes lets another one run.
func (s *Service) alone() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = len(s.all) > 0 && s.life.Err() == nil
	return !s.running
}

// rest waits for the next round.
func (w *watcher) rest(begun time.Time) {
	least, most := minLook, maxLook
	switch {
	case w.waits():
		least, most = awaitWriters, awaitWriters
	case w.flooded: // a transaction that does not end has the same read again
		least = maxLook
	}
	w.pause(begun.Add(least), nil)
	w.pause(begun.Add(most), w.rung)
}

// pause waits until a time, or until it is rung.
func (w *watcher) pause(until time.Time, rung <-chan struct{}) {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-w.life.Done():
	case <-timer.C:
	case <-rung:
	}
}

// waits reports whether an owner waits for transactions to end.
func (w *watcher) waits() bool {
	for _, o := range w.watched {
		if len(o.writers) > 0 {
			return true
		}
	}
	return false
}

// round is all that is done each time. While the database is away nobody is told anything, and who waits goes on.
func (w *watcher) round(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	seats, now := w.seats(), time.Now()
	var all []*Subscription
	for seat, sub := range seats {
		if now.After(seat.endsAt) {
			seat.end(errTooOld)
		}
		if sub != nil {
			all = append(all, sub)
		}
	}
	if len(all) == 0 { // who comes next begins anew
		w.watched, w.from, w.seen = map[Owner]*watched{}, -1, nil
	}
	err := w.recheck(ctx, seats, now)
	if err == nil && len(all) > 0 {
		err = w.advance(ctx, all, now)
	}
	if err != nil && !w.failed && w.life.Err() == nil {
		w.log.WarnContext(ctx, "live.not_looked", "subscriptions", len(seats), "error", err)
	}
	w.failed = err != nil
}

func (w *watcher) advance(ctx context.Context, all []*Subscription, now time.Time) error {
	if err := w.watch(ctx, all, now); err != nil {
		return err
	}
	if err := w.look(ctx, all); err != nil {
		return err
	}
	return w.admit(ctx, all)
}

// look publishes what has changed since the last one.
func (w *watcher) look(ctx context.Context, all []*Subscription) error {
	place, err := w.db.Place(ctx)
	if err != nil {
		return err
	}
	if w.from < 0 {
		w.from = place
	}
	ready := slices.DeleteFunc(slices.Clone(all), func(sub *Subscription) bool { return !sub.ready })
	rows, err := w.db.CallbackChanges(ctx, w.owners(), w.from, maxRows+1)
	if err != nil {
		return err
	}
	if len(rows) > maxRows {
		w.from, w.seen, w.flooded = place, nil, true
		w.resync(ready)
		return nil
	}
	fresh := slices.DeleteFunc(slices.Clone(rows), func(r Row) bool {
		_, known := w.seen[r.ID]
		return known
	})
	if err := w.publish(ctx, ready, fresh, place); err != nil {
		return err
	}
	w.from, w.seen, w.flooded = place, map[int64]struct{}{}, false
	for _, r := range rows {
		if r.Place >= place {
			w.seen[r.ID] = struct{}{}
		}
	}
	return nil
}

// publish hands the callbacks of rows to those whom they concern, in the order of the rows: each once, as it is now.
func (w *watcher) publish(ctx context.Context, subs []*Subscription, rows []Row, place int64) error {
	if len(subs) == 0 || len(rows) == 0 {
		return nil
	}
	first := map[int64]Row{}
	var ids []int64
	for _, r := range rows {
		if _, known := first[r.CallbackID]; !known {
			first[r.CallbackID], ids = r, append(ids, r.CallbackID)
		}
	}
	callbacks, err := w.read(ctx, ids)
	if err != nil {
		return err
	}
	for _, sub := range subs {
		var changes []*Change
		for _, id := range ids {
			c := callbacks[id]
			if c == nil {
				continue // it was deleted since
			}
			if shown := c.ShownTo(sub.caller.Actor); sub.sees(first[id], shown) {
				at := min(first[id].Place, place)
				changes = append(changes, &Change{Changed, w.cursorOf(sub, at), shown})
			}
		}
		w.send(sub, changes)
	}
	return nil
}

func (w *watcher) send(sub *Subscription, changes []*Change) {
	if len(changes) > maxAtOnce {
		w.resync([]*Subscription{sub})
		return
	}
	for _, c := range changes {
		sub.send(c)
	}
}

// resync sends subscribers to the list, which has what was before.
func (w *watcher) resync(subs []*Subscription) {
	for _, sub := range subs {
		sub.send(&Change{Kind: Resync, Cursor: w.cursorOf(sub, w.from)})
	}
}

func (w *watcher) cursorOf(sub *Subscription, place int64) string {
	return cursor{w.watched[sub.owner].since, place, w.engine.Now()}.String()
}

// read reads callbacks for the platform; others see less of some: Callback.ShownTo.
func (w *watcher) read(ctx context.Context, ids []int64) (map[int64]*callback.Callback, error) {
	scope, found := models.PlatformActor().Scope(models.RoleViewer), map[int64]*callback.Callback{}
	for some := range slices.Chunk(ids, readAtOnce) {
		callbacks, err := w.engine.Callbacks(ctx, scope, some...)
		if err != nil {
			return nil, err
		}
		for _, c := range callbacks {
			found[c.ID] = c
		}
	}
	return found, nil
}
