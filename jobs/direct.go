package jobs

import (
	"context"
	"sync"
	"time"

	"github.com/ringback/ringback/jobs/scheduler"
	"github.com/ringback/ringback/models/callback"
)

// reservation is room in a worker for callbacks that are about to be created. It implements callback.Reservation.
type reservation struct {
	*scheduler.Reservation
	dispatcher *dispatcher
	since      time.Time // before the leases were written
	began      func(context.Context, []*callback.Delivery)
	over       sync.Once
}

var _ callback.Reservation = (*reservation)(nil)

// Reserve keeps room in the worker of this process, if there is one.
func (q *Queue) Reserve(
	ctx context.Context, lane callback.Lane, n int, bytes int64, patience time.Duration,
) callback.Reservation {
	worker := q.bell.local.Load()
	if worker == nil {
		return callback.NoRoom
	}
	reserved := worker.reserve(ctx, lane, n, bytes, patience)
	if reserved == nil {
		return callback.NoRoom
	}
	traced := reserved.began
	reserved.began = func(ctx context.Context, deliveries []*callback.Delivery) {
		traced(ctx, deliveries)
		for _, d := range deliveries {
			q.accepted.WithLabelValues(string(d.Callback.Event)).Inc()
		}
	}
	return reserved
}

// reserve keeps room for callbacks that are about to be created; nil where there is none.
func (w *Worker) reserve(
	ctx context.Context, lane callback.Lane, n int, bytes int64, patience time.Duration,
) *reservation {
	reserved := w.dispatcher.reserve(ctx, lane, n, bytes, patience)
	if reserved != nil {
		reserved.began = func(ctx context.Context, deliveries []*callback.Delivery) {
			for _, d := range deliveries {
				w.deliverer.traces.put(ctx, d.Callback.ID)
			}
		}
	}
	return reserved
}

func (d *dispatcher) reserve(
	ctx context.Context, lane callback.Lane, n int, bytes int64, patience time.Duration,
) *reservation {
	d.mu.Lock()
	defer d.mu.Unlock()
	reserve := d.scheduler.Reserve
	if patience > 0 {
		reserve = d.scheduler.Await
	}
	reserved := reserve(d.now(), laneOf(lane), n, bytes)
	if reserved.Pending() {
		d.await(ctx, reserved, patience)
	}
	switch {
	case reserved.N() == 0:
		return nil
	case d.closed: // meanwhile
		d.carryOut(reserved.Return(d.now()))
		return nil
	}
	d.running.Add(1)
	return &reservation{Reservation: reserved, dispatcher: d, since: time.Now()}
}

// await waits for what is reserved to be granted. The caller holds the lock, which others have meanwhile.
func (d *dispatcher) await(ctx context.Context, reserved *scheduler.Reservation, patience time.Duration) {
	granted := make(chan struct{})
	d.awaited[reserved] = granted
	d.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, patience)
	select {
	case <-granted:
	case <-ctx.Done():
	}
	cancel()
	d.mu.Lock()
	delete(d.awaited, reserved)
	reserved.Settle(d.now())
}

// Start is callback.Reservation.
func (r *reservation) Start(ctx context.Context, deliveries []*callback.Delivery) {
	r.over.Do(func() {
		defer r.dispatcher.running.Done()
		r.began(ctx, deliveries)
		d := r.dispatcher
		d.mu.Lock()
		defer d.mu.Unlock()
		d.carryOut(r.Reservation.Start(d.now(), d.items(kindCallback, asWork(deliveries), r.since)))
	})
}

// Return is callback.Reservation.
func (r *reservation) Return() {
	r.over.Do(func() {
		defer r.dispatcher.running.Done()
		d := r.dispatcher
		d.mu.Lock()
		defer d.mu.Unlock()
		d.carryOut(r.Reservation.Return(d.now()))
	})
}
