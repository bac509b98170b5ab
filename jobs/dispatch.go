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

// dispatcher decides which callbacks this process sends when. It counts by target host, before anything is claimed: what does not fit
// stays in the database, PENDING, and is claimed by the next request to that host that ends. A waiting callback costs
// nothing until then: no timer, no task that comes back, no statement.
type dispatcher struct {
	service *models.Service
	deliver func(context.Context, *models.Delivery) (arrived bool)
	log     *slog.Logger
	perHost int
	// slots bounds the requests in flight to all hosts.
	slots chan struct{}
	// ctx ends when requests in flight are not waited for any longer; stopping is closed when no new ones may begin.
	ctx      context.Context //nolint:containedctx // it is the life of the dispatcher, not of a call
	stopping chan struct{}
	running  sync.WaitGroup

	mu     sync.Mutex
	lanes  map[string]*lane
	inHand map[int64]struct{} // callbacks that were claimed and not yet settled
	closed bool
}

// lane is the requests to one host.
type lane struct {
	host     string
	inFlight int
	// wanted: more may be due than was claimed yet.
	wanted bool
	// filling: a goroutine is claiming for this lane.
	filling bool
	health  hostHealth
}

func newDispatcher(ctx context.Context, service *models.Service, deliver func(context.Context, *models.Delivery) bool, concurrency, perHost int, log *slog.Logger) *dispatcher {
	return &dispatcher{
		service: service, deliver: deliver, log: log, perHost: perHost, slots: make(chan struct{}, concurrency),
		ctx: ctx, stopping: make(chan struct{}), lanes: map[string]*lane{}, inHand: map[int64]struct{}{},
	}
}

// nudge says that something may be due for a host. It returns at once.
func (d *dispatcher) nudge(host string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	l, ok := d.lanes[host]
	if !ok {
		l = &lane{host: host}
		d.lanes[host] = l
	}
	l.wanted = true
	d.resume(l)
}

// resume lets a lane claim if it may, and forgets one that has nothing to remember. The caller holds the lock.
func (d *dispatcher) resume(l *lane) {
	switch {
	case l.filling:
	case d.mayClaim(l):
		l.filling = true
		d.running.Go(func() { d.fill(l) })
	case l.inFlight == 0 && !l.wanted && !l.health.tripped:
		delete(d.lanes, l.host)
	}
}

func (d *dispatcher) mayClaim(l *lane) bool { return l.wanted && d.room(l) > 0 && !d.closed }

func (d *dispatcher) room(l *lane) int { return l.health.limit(d.perHost) - l.inFlight }

// fill claims for a lane until it is full or nothing more is due.
func (d *dispatcher) fill(l *lane) {
	for {
		places := d.reserve(l)
		if places == 0 {
			return
		}
		deliveries, movedTo, err := d.service.Claim(d.ctx, l.host, places)
		if err != nil && d.ctx.Err() == nil {
			d.log.WarnContext(d.ctx, "callback.not_claimed", "error", err)
		}
		d.begin(l, deliveries, places, len(movedTo))
		for _, host := range movedTo {
			d.nudge(host)
		}
	}
}

// reserve waits for a slot and takes as many as the lane has room for; 0 when the lane is to claim no more for now.
func (d *dispatcher) reserve(l *lane) int {
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

func (d *dispatcher) waitForSlot() bool {
	select {
	case d.slots <- struct{}{}:
		return true
	case <-d.stopping:
		return false
	}
}

func (d *dispatcher) trySlot() bool {
	select {
	case d.slots <- struct{}{}:
		return true
	default:
		return false
	}
}

// begin sends what was claimed and gives back the places that were not needed.
func (d *dispatcher) begin(l *lane, deliveries []*models.Delivery, places, moved int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for range places - len(deliveries) {
		l.inFlight--
		<-d.slots
	}
	if len(deliveries)+moved == places {
		l.wanted = true // there may be more
	}
	for _, delivery := range deliveries {
		d.inHand[delivery.Callback.ID] = struct{}{}
		d.running.Go(func() { d.end(l, delivery, d.deliver(d.ctx, delivery)) })
	}
}

// end makes room for the next callback of the host.
func (d *dispatcher) end(l *lane, delivery *models.Delivery, arrived bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.inHand, delivery.Callback.ID)
	l.inFlight--
	<-d.slots
	l.health.note(arrived, time.Now())
	d.resume(l)
}

// renew keeps what is in hand, until the dispatcher has ended.
func (d *dispatcher) renew(ended <-chan struct{}) {
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
		if err := d.service.Renew(d.ctx, ids); err != nil && d.ctx.Err() == nil {
			d.log.WarnContext(d.ctx, "callback.lease_not_renewed", "callbacks", len(ids), "error", err)
		}
	}
}

// stop begins nothing new and waits for what is in flight.
func (d *dispatcher) stop() {
	d.mu.Lock()
	if !d.closed {
		d.closed = true
		close(d.stopping)
	}
	d.mu.Unlock()
	d.running.Wait()
}
