package jobs

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/ringback/ringback/models"
)

// source is what a dispatcher hands out: callbacks by target host, or batches by action.
type source[W any] struct {
	name string // of one, in the log
	// claim takes up to limit that are due in a lane, and names lanes in which some are due that were there before.
	claim func(ctx context.Context, lane string, limit int) (claimed []W, movedTo []string, err error)
	// do sees one through. It calls answered as soon as the other side is done with it, and tells whether that was there at all;
	// what is left to do then is ours, as writing down what came of it.
	do func(ctx context.Context, work W, answered func(arrived bool))
	// renew returns the leases that are renewed: not those that were lost.
	renew func(ctx context.Context, leases []models.Lease) ([]models.Lease, error)
	lease func(W) models.Lease
	// release gives back what was claimed ahead and is not done after all; nil: nothing is claimed ahead.
	release func(ctx context.Context, works []W) error
	// excuse says of work that should it be found without its process, that was told to stop; nil: nobody counts.
	excuse func(ctx context.Context, ids []int64) error
}

// dispatcher decides which work this process does when. It counts by lane, before anything is claimed: what does not fit
// stays in the database, waiting, and is claimed by the next request of that lane that ends. What waits costs
// nothing until then: no timer, no task that comes back, no statement.
type dispatcher[W any] struct {
	source  source[W]
	log     *slog.Logger
	perLane int
	// slots bounds what is in flight, or answered and not yet written down, in all lanes and those of other dispatchers that share them.
	slots chan struct{}
	// ctx ends when requests in flight are not waited for any longer; stopping is closed when no new ones may begin.
	ctx      context.Context //nolint:containedctx // it is the life of the dispatcher, not of a call
	stopping chan struct{}
	running  sync.WaitGroup
	// troubles catches panics: one costs a piece of work, never its slot, its place or the worker.
	troubles *models.Troubles
	solitude solitude

	claims, renewals pulse

	mu     sync.Mutex
	lanes  map[string]*lane[W]
	inHand map[models.Lease]*hold
	ready  int // in all lanes, with what they are just claiming ahead
	closed bool
}

func newDispatcher[W any](ctx context.Context, from source[W], slots chan struct{}, together solitude, perLane int, troubles *models.Troubles, log *slog.Logger) *dispatcher[W] {
	return &dispatcher[W]{
		source: from, log: log, perLane: perLane, slots: slots, solitude: together, troubles: troubles,
		ctx: ctx, stopping: make(chan struct{}), lanes: map[string]*lane[W]{}, inHand: map[models.Lease]*hold{},
	}
}

// nudge says that something may be due in a lane, and tells whether there is room for it just now. It returns at once.
func (d *dispatcher[W]) nudge(name string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	l := d.lane(name)
	room := d.hasRoom(l)
	l.wanted = true
	d.resume(l)
	return room
}

func (d *dispatcher[W]) lane(name string) *lane[W] {
	l, ok := d.lanes[name]
	if !ok {
		l = &lane[W]{name: name}
		d.lanes[name] = l
	}
	l.idle = false
	return l
}

// forget drops the lanes in which nothing was since the last call. Until then the pace of the host is known.
func (d *dispatcher[W]) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for name, l := range d.lanes {
		if l.inFlight > 0 || len(l.ready) > 0 || l.kept > 0 || l.wanted || l.filling || l.short || l.health.tripped {
			continue
		}
		if l.idle {
			delete(d.lanes, name)
		}
		l.idle = true
	}
}

// free tells whether a lane has room.
func (d *dispatcher[W]) free(name string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	l, ok := d.lanes[name]
	if !ok {
		l = &lane[W]{}
	}
	return d.hasRoom(l)
}

func (d *dispatcher[W]) hasRoom(l *lane[W]) bool { return d.room(l) > 0 && len(d.slots) < cap(d.slots) }

// resume lets a lane begin and claim what it may. The caller holds the lock.
func (d *dispatcher[W]) resume(l *lane[W]) {
	d.beginReady(l)
	if !l.filling && d.mayClaim(l) {
		l.filling = true
		d.running.Go(func() { d.fill(l) })
	}
}

// mayClaim: what is claimed ahead is claimed again when half of it has begun, and not one by one.
func (d *dispatcher[W]) mayClaim(l *lane[W]) bool {
	if !l.wanted || d.closed || l.short || len(l.ready) > d.ahead(l)/2 || len(l.ready) > 0 && !d.mayLeave(l.ready[0]) {
		return false
	}
	return d.room(l) > 0 || d.roomAhead(l) > 0
}

func (d *dispatcher[W]) room(l *lane[W]) int { return l.health.limit(d.perLane) - l.inFlight }

// ahead is how many may be claimed for a lane before there is room for them.
func (d *dispatcher[W]) ahead(l *lane[W]) int {
	if d.source.release == nil || l.health.tripped {
		return 0
	}
	return l.pace.ahead(d.perLane)
}

// roomAhead: all lanes together claim no more ahead than may be in flight.
func (d *dispatcher[W]) roomAhead(l *lane[W]) int {
	return max(0, min(d.ahead(l)-len(l.ready), cap(d.slots)-d.ready))
}

// fill claims for a lane until it is full or nothing more is due.
func (d *dispatcher[W]) fill(l *lane[W]) {
	for {
		places, ahead := d.reserve(l)
		if places+ahead == 0 {
			return
		}
		since := time.Now()
		claimed, movedTo, err := d.claim(l.name, places+ahead)
		if err != nil && d.ctx.Err() == nil {
			d.log.WarnContext(d.ctx, d.source.name+".not_claimed", "error", err)
		}
		d.take(l, claimed, since, places, ahead, len(claimed)+len(movedTo) == places+ahead)
		for _, name := range movedTo {
			d.nudge(name)
		}
	}
}

func (d *dispatcher[W]) claim(name string, limit int) (claimed []W, movedTo []string, err error) {
	ctx, cancel := context.WithTimeout(d.ctx, claimTimeout)
	defer cancel()
	err = d.claims.try(func() error {
		return d.catch("claim", func() error {
			claimed, movedTo, err = d.source.claim(ctx, name, limit)
			return err
		})
	})
	return claimed, movedTo, err
}

// reserve waits for a slot and takes as many as the lane has room for, and says how many may be claimed beyond that; 0 and 0 when
// the lane is to claim no more for now.
func (d *dispatcher[W]) reserve(l *lane[W]) (places, ahead int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for d.mayClaim(l) {
		if d.room(l) > 0 {
			d.mu.Unlock()
			got := d.waitForSlot()
			d.mu.Lock()
			if !got {
				break
			}
			if !d.mayClaim(l) || d.room(l) <= 0 { // the host was found to be down meanwhile
				<-d.slots
				continue
			}
			places = 1 + d.trySlots(d.room(l)-1)
		}
		ahead = d.roomAhead(l)
		l.inFlight += places
		d.ready += ahead
		l.wanted = false // what is nudged from here on may not be in what is claimed
		return places, ahead
	}
	l.filling = false
	d.resume(l)
	return 0, 0
}

func (d *dispatcher[W]) waitForSlot() bool {
	select {
	case d.slots <- struct{}{}:
		return true
	case <-d.stopping:
		return false
	}
}

func (d *dispatcher[W]) trySlot() bool {
	select {
	case d.slots <- struct{}{}:
		return true
	default:
		return false
	}
}

// trySlots takes up to n slots, and returns how many there were.
func (d *dispatcher[W]) trySlots(n int) (taken int) {
	for taken < n && d.trySlot() {
		taken++
	}
	return taken
}

// take begins what was claimed since some time, gives back the places that were not needed, and keeps ready what was claimed ahead.
func (d *dispatcher[W]) take(l *lane[W], claimed []W, since time.Time, places, ahead int, more bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	l.wanted = l.wanted || more
	for _, work := range claimed {
		d.hold(work, since)
	}
	now := min(places, len(claimed))
	if now > 0 && !d.mayLeave(claimed[0]) {
		now = 0
	}
	for _, work := range claimed[:now] {
		d.begin(l, work)
	}
	if d.closed { // stop could not know of them
		leases := make([]models.Lease, now)
		for i, work := range claimed[:now] {
			leases[i] = d.source.lease(work)
		}
		d.running.Go(func() { d.excuse(leases) })
	}
	for range places - now {
		l.inFlight--
		<-d.slots
	}
	l.ready = append(l.ready, claimed[now:]...)
	d.ready += len(claimed) - now - ahead
	if d.closed || l.health.tripped {
		d.unready(l)
	}
	d.beginReady(l)
}

// begin does one piece of work, for which the lane has a place and the caller a slot.
func (d *dispatcher[W]) begin(l *lane[W], work W) {
	d.running.Go(func() {
		ctx, leave := d.amongOthers(work)
		begun, told := time.Now(), false
		_ = d.catch(d.source.name, func() error { // it is logged
			d.source.do(ctx, work, func(arrived bool) {
				told = true
				d.answered(l, arrived, time.Since(begun))
			})
			return nil
		})
		leave()
		d.mu.Lock()
		defer d.mu.Unlock()
		d.dropFromHand(work)
		<-d.slots
		if !told { // which says nothing of the other side
			l.inFlight--
			d.resume(l)
		}
	})
}

func (d *dispatcher[W]) catch(where string, work func() error) error {
	return d.troubles.Catch(d.ctx, where, work)
}

// beginReady begins what was claimed ahead, as far as there is room.
func (d *dispatcher[W]) beginReady(l *lane[W]) {
	for len(l.ready) > 0 && d.room(l) > 0 && !l.short && d.mayLeave(l.ready[0]) {
		if !d.trySlot() {
			l.short = true
			d.running.Go(func() { d.awaitSlot(l) })
			return
		}
		l.inFlight++
		d.ready--
		d.begin(l, l.next())
	}
}

// awaitSlot is for a lane that is short of nothing but a slot.
func (d *dispatcher[W]) awaitSlot(l *lane[W]) {
	got := d.waitForSlot()
	d.mu.Lock()
	defer d.mu.Unlock()
	l.short = false
	if got {
		<-d.slots // for whoever of this lane is the next
		d.resume(l)
	}
}

// answered makes room for what is next in the lane. The slot is kept until what came of this one is written down.
func (d *dispatcher[W]) answered(l *lane[W], arrived bool, took time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	l.inFlight--
	l.pace.note(took)
	if l.health.note(arrived, time.Now()); l.health.tripped {
		d.unready(l)
	}
	d.resume(l)
}

// unready gives back what a lane has claimed ahead.
func (d *dispatcher[W]) unready(l *lane[W]) {
	works := l.ready
	if len(works) == 0 {
		return
	}
	l.ready = nil
	d.ready -= len(works)
	d.running.Go(func() {
		if err := d.release(works); err != nil {
			d.log.WarnContext(d.ctx, d.source.name+".not_released", "number", len(works), "error", err)
		}
		d.mu.Lock()
		for _, work := range works {
			d.dropFromHand(work)
		}
		d.mu.Unlock()
		d.nudge(l.name) // they are due again
	})
}

// stop begins nothing new, gives back what was claimed ahead and waits for what is in flight.
func (d *dispatcher[W]) stop() {
	d.mu.Lock()
	if !d.closed {
		d.closed = true
		close(d.stopping)
	}
	leases := slices.Collect(maps.Keys(d.inHand))
	for _, l := range d.lanes {
		d.unready(l)
	}
	d.mu.Unlock()
	d.excuse(leases)
	d.running.Wait()
}
