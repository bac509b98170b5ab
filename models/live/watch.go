package live

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/tenant"
)

// watch has the changes of all owners written down that there are subscribers of, and forgets the others.
func (w *watcher) watch(ctx context.Context, all []*Subscription, now time.Time) error {
	wanted := map[Owner]bool{}
	for _, sub := range all {
		wanted[sub.owner] = true
	}
	maps.DeleteFunc(w.watched, func(o Owner, _ *watched) bool { return !wanted[o] })
	if err := w.awaitWriters(ctx); err != nil {
		return err
	}
	renew := now.After(w.next)
	var owners []Owner
	for o := range wanted {
		if renew || w.watched[o] == nil {
			owners = append(owners, o)
		}
	}
	if len(owners) == 0 {
		return nil
	}
	since, err := w.db.Watch(ctx, owners, watchTime)
	if err != nil {
		return err
	}
	if renew {
		w.next = now.Add(w.rules.Renewal)
	}
	return w.begin(ctx, all, since)
}

// begin waits for those transactions, of each watch that is new, that may not have met it. Where a watch had ended
// meanwhile, because nobody could renew it, its subscribers begin anew.
func (w *watcher) begin(ctx context.Context, all []*Subscription, since map[Owner]time.Time) error {
	var fresh []Owner
	for o, at := range since {
		if known := w.watched[o]; known == nil || !known.since.Equal(at) {
			fresh = append(fresh, o)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	writers, err := w.db.CallbackWriters(ctx)
	if err != nil {
		return err
	}
	for _, o := range fresh {
		w.watched[o] = &watched{since[o], writers}
	}
	for _, sub := range all {
		if sub.ready && slices.Contains(fresh, sub.owner) {
			sub.ready, sub.after = false, &cursor{}
		}
	}
	return nil
}

func (w *watcher) awaitWriters(ctx context.Context) error {
	if !w.waits() {
		return nil
	}
	writers, err := w.db.CallbackWriters(ctx)
	if err != nil {
		return err
	}
	for _, o := range w.watched {
		o.writers = slices.DeleteFunc(slices.Clone(o.writers), func(name string) bool { return !slices.Contains(writers, name) })
	}
	return nil
}

// owners are those watched, each account once.
func (w *watcher) owners() (all []Owner) {
	for o := range w.watched {
		all = append(all, Owner{AccountID: o.AccountID, SSOClientID: o.SSOClientID})
	}
	slices.SortFunc(all, func(a, b Owner) int {
		return cmp.Or(cmp.Compare(a.AccountID, b.AccountID), cmp.Compare(a.SSOClientID, b.SSOClientID))
	})
	return slices.Compact(all)
}

// admit tells those who have come that all is told from now on, and then what they have missed: after the look, from
// whose end on the next one reads.
func (w *watcher) admit(ctx context.Context, all []*Subscription) error {
	back := map[Owner][]*Subscription{}
	for _, sub := range all {
		if o := w.watched[sub.owner]; sub.ready || o == nil || len(o.writers) > 0 {
			continue
		}
		sub.ready = true
		sub.send(&Change{Kind: Ready, Cursor: w.readyCursor(sub)})
		switch after := sub.after; {
		case after == nil:
		case w.missed(sub):
			back[sub.owner] = append(back[sub.owner], sub)
		default:
			w.resync([]*Subscription{sub})
		}
	}
	for owner, subs := range back {
		if err := w.replay(ctx, owner, subs); err != nil {
			w.resync(subs)
			return err
		}
	}
	return nil
}

// readyCursor is that of who comes back until what was missed has been told.
func (w *watcher) readyCursor(sub *Subscription) string {
	if w.missed(sub) {
		return sub.after.String()
	}
	return w.cursorOf(sub, w.from)
}

// missed reports whether all is known that has changed since the cursor of one who comes back.
func (w *watcher) missed(sub *Subscription) bool {
	return sub.after != nil && sub.after.since.Equal(w.watched[sub.owner].since) &&
		w.engine.Now().Sub(sub.after.at) < maxAway
}

// replay publishes to subscribers of one owner what they have missed: all of them what one has, in one statement.
func (w *watcher) replay(ctx context.Context, owner Owner, subs []*Subscription) error {
	from := w.from
	for _, sub := range subs {
		from = min(from, sub.after.place)
	}
	rows, err := w.db.CallbackChanges(ctx, []Owner{owner}, from, maxRows+1)
	if err != nil {
		return err
	}
	if len(rows) > maxRows {
		w.resync(subs)
		return nil
	}
	missed := slices.DeleteFunc(rows, func(r Row) bool { return !r.of(owner) })
	return w.publish(ctx, subs, missed, w.from)
}

// recheck ends the subscriptions of those whose credentials have ended, or who may not see any more what they look at.
func (w *watcher) recheck(ctx context.Context, seats map[*Seat]*Subscription, now time.Time) error {
	if now.Before(w.check) {
		return nil
	}
	w.check = now.Add(recheckInterval)
	given, projects := map[tenant.Credentials]bool{}, map[int64]bool{} // false: it is not known to be there
	for seat, sub := range seats {
		given[seat.caller.Credentials] = true
		if sub != nil && sub.owner.ProjectID != 0 {
			projects[sub.owner.ProjectID] = false
		}
	}
	actors, err := w.access.Actors(ctx, slices.Collect(maps.Keys(given)))
	if err != nil {
		return err
	}
	there, err := w.tenants.Projects(ctx, models.PlatformActor(), slices.Collect(maps.Keys(projects))...)
	if err != nil {
		return err
	}
	for _, project := range there {
		projects[project.ID] = true
	}
	for seat, sub := range seats {
		actor, before := actors[seat.caller.Credentials], seat.caller.Actor
		switch {
		case actor == nil:
			seat.end(models.Unauthenticated())
		case sub != nil && !sub.owner.visibleTo(actor):
			seat.end(models.NotFound(tenant.TypeAccount))
		case sub != nil && sub.owner.ProjectID != 0 && !projects[sub.owner.ProjectID]: // deleted
			seat.end(models.NotFound(tenant.TypeProject))
		case !maps.Equal(actor.Roles, before.Roles): // a key's, and a portal session's, are for ever
			seat.end(errRoleChanged)
		}
	}
	return nil
}
