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
	// do sees one through and tells whether the other side is there at all.
	do    func(context.Context, W) (arrived bool)
	renew func(ctx context.Context, ids []int64) error
	id    func(W) int64
}

// dispatcher decides which work this process does when. It counts by lane, before anything is claimed: what does not fit
// stays in the database, waiting, and is claimed by the next request of that lane that ends. What waits costs
// nothing until then: no timer, no task that comes back, no statement.
type dispatcher[W any] struct {
	source  source[W]
	log     *slog.Logger
	perLane int
	// slots bounds the requests in flight in all lanes, and those of other dispatchers that share them.
	slots chan struct{}
	// ctx ends when requests in flight are not waited for any longer; stopping is closed when no new ones may begin.
	ctx      context.Context //nolint:containedctx // it is the life of the dispatcher, not of a call
	stopping chan struct{}
	running  sync.WaitGroup

	mu     sync.Mutex
	lanes  map[string]*lane
	inHand map[int64]struct{} // what was claimed and not yet settled
	closed bool
}

// lane is the requests to one host, or of one action.
type lane struct {
	name     string
	inFlight int
	// wanted: more may be due than was claimed yet.
	wanted bool
	// filling: a goroutine is claiming for this lane.
	filling bool
	health  hostHealth
}

func newDispatcher[W any](ctx context.Context, from source[W], slots chan struct{}, perLane int, log *slog.Logger) *dispatcher[W] {
	return &dispatcher[W]{
		source: from, log: log, perLane: perLane, slots: slots,
		ctx: ctx, stopping: make(chan struct{}), lanes: map[string]*lane{}, inHand: map[int64]struct{}{},
	}
}

// nudge says that something may be due in a lane. It returns at once.
func (d *dispatcher[W]) nudge(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	l, ok := d.lanes[name]
	if !ok {
		l = &lane{name: name}
		d.lanes[name] = l
	}
	l.wanted = true
	d.resume(l)
}

// resume lets a lane claim if it may, and forgets one that has nothing to remember. The caller holds the lock.
func (d *dispatcher[W]) resume(l *lane) {
	switch {
	case l.filling:
	case d.mayClaim(l):
		l.filling = true
		d.running.Go(func() { d.fill(l) })
	case l.inFlight == 0 && !l.wanted && !l.health.tripped:
		delete(d.lanes, l.name)
	}
}

func (d *dispatcher[W]) mayClaim(l *lane) bool { return l.wanted && d.room(l) > 0 && !d.closed }

func (d *dispatcher[W]) room(l *lane) int { return l.health.limit(d.perLane) - l.inFlight }

// fill claims for a lane until it is full or nothing more is due.
func (d *dispatcher[W]) fill(l *lane) {
	for {
		places := d.reserve(l)
		if places == 0 {
			return
		}
		claimed, movedTo, err := d.source.claim(d.ctx, l.name, places)
		if err != nil && d.ctx.Err() == nil {
			d.log.WarnContext(d.ctx, d.source.name+".not_claimed", "error", err)
		}
		d.begin(l, claimed, places, len(movedTo))
		for _, name := range movedTo {
			d.nudge(name)
		}
	}
}

// reserve waits for a slot and takes as many as the lane has room for; 0 when the lane is to claim no more for now.
func (d *dispatcher[W]) reserve(l *lane) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	for d.mayClaim(l) {
		d.mu.Unlock()
		got := d.waitForSlot()
		d.mu.Lock()
		if !got {
			break
		}
		if !d.mayClaim(l) { // the host was found to be down meanwhile
			<-d.slots
			continue
		}
		places := 1
		for places < d.room(l) && d.trySlot() {
			places++
		}
		l.inFlight += places
		l.wanted = false // what is nudged from here on may not be in what is claimed
		return places
	}
	l.filling = false
	d.resume(l)
	return 0
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

// begin sends what was claimed and gives back the places that were not needed.
func (d *dispatcher[W]) begin(l *lane, claimed []W, places, moved int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for range places - len(claimed) {
		l.inFlight--
		<-d.slots
	}
	if len(claimed)+moved == places {
		l.wanted = true // there may be more
	}
	for _, work := range claimed {
		d.inHand[d.source.id(work)] = struct{}{}
		d.running.Go(func() { d.end(l, work, d.source.do(d.ctx, work)) })
	}
}

// end makes room for what is next in the lane.
func (d *dispatcher[W]) end(l *lane, work W, arrived bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.inHand, d.source.id(work))
	l.inFlight--
	<-d.slots
	l.health.note(arrived, time.Now())
	d.resume(l)
}

// renew keeps what is in hand, until the dispatcher has ended.
func (d *dispatcher[W]) renew(ended <-chan struct{}) {
	ticker := time.NewTicker(models.LeaseRenewal)
	defer ticker.Stop()
	for {
		select {
		case <-ended:
			return
		case <-ticker.C:
		}
		d.mu.Lock()
		ids := slices.Collect(maps.Keys(d.inHand))
		d.mu.Unlock()
		if len(ids) == 0 {
			continue
		}
		if err := d.source.renew(d.ctx, ids); err != nil && d.ctx.Err() == nil {
			d.log.WarnContext(d.ctx, d.source.name+".lease_not_renewed", "number", len(ids), "error", err)
		}
	}
}

// stop begins nothing new and waits for what is in flight.
func (d *dispatcher[W]) stop() {
	d.mu.Lock()
	if !d.closed {
		d.closed = true
		close(d.stopping)
	}
	d.mu.Unlock()
	d.running.Wait()
}
