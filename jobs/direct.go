package jobs

import (
	"context"
	"time"

	"github.com/ringback/ringback/models"
)

// Reserve keeps room in the worker of this process, if there is one.
func (q *Queue) Reserve(host string, n int) (room int, start func(context.Context, []*models.Delivery)) {
	worker := q.bell.local.Load()
	if worker == nil {
		return 0, nil
	}
	room, begin := worker.reserve(host, n)
	return room, func(ctx context.Context, deliveries []*models.Delivery) {
		for _, d := range deliveries {
			q.accepted.WithLabelValues(string(d.Callback.Event)).Inc()
		}
		begin(ctx, deliveries)
	}
}

// reserve keeps room for callbacks that are about to be created.
func (w *Worker) reserve(host string, n int) (room int, start func(context.Context, []*models.Delivery)) {
	room, take := w.deliveries.keep(host, n)
	return room, func(ctx context.Context, deliveries []*models.Delivery) {
		for _, d := range deliveries {
			w.deliverer.traces.put(ctx, d.Callback.ID)
		}
		take(deliveries)
	}
}

// keep reserves room for up to n works that the caller is about to claim, and returns for how many: none where others may be waiting
// for their turn. It waits for nothing. take is to be called once, with what became of it.
func (d *dispatcher[W]) keep(name string, n int) (room int, take func([]W)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	l := d.lane(name)
	var places, ahead int
	if !l.wanted && !l.short && !l.health.tripped && !d.closed {
		places = d.trySlots(min(n, d.room(l)))
		ahead = min(n-places, d.roomAhead(l))
	}
	if places+ahead == 0 {
		return 0, nil
	}
	l.inFlight += places
	d.ready += ahead
	l.kept++
	d.running.Add(1)
	since := time.Now()
	return places + ahead, func(works []W) {
		defer d.running.Done()
		d.take(l, works, since, places, ahead, false)
		d.mu.Lock()
		defer d.mu.Unlock()
		l.kept--
		d.resume(l)
	}
}
