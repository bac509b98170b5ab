package modelstest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/ringback/ringback/models/callback"
)

// Queue is a callback.Queue that records wake-ups instead of sending them, and starts instead of making them. It is the
// live.Bell of its process.
type Queue struct {
	// Room is of the worker of this process: for so many callbacks more. It is to be set before somebody reserves some of
	// it.
	Room int

	mu       sync.Mutex
	wakeups  []callback.Wakeup
	err      error
	open     int
	started  []*callback.Delivery
	patience time.Duration
	waits    []time.Duration
	bells    []*func()
}

// Wake records wake-ups.
func (q *Queue) Wake(ctx context.Context, _ time.Time, wakeups []callback.Wakeup) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if deadline, ok := ctx.Deadline(); ok {
		q.patience = time.Until(deadline)
	}
	if q.err == nil {
		q.wakeups = append(q.wakeups, wakeups...)
	}
	return q.err
}

// Reserve gives of its room.
func (q *Queue) Reserve(
	_ context.Context, _ callback.Lane, n int, _ int64, patience time.Duration,
) callback.Reservation {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waits = append(q.waits, patience)
	room := min(n, q.Room)
	q.Room -= room
	q.open++
	return &reservation{queue: q, n: room}
}

// Changed rings for those who listen.
func (q *Queue) Changed() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, ring := range q.bells {
		(*ring)()
	}
}

// Listen is live.Bell's.
func (q *Queue) Listen(ctx context.Context, ring func()) {
	q.mu.Lock()
	q.bells = append(q.bells, &ring)
	q.mu.Unlock()
	<-ctx.Done()
	q.mu.Lock()
	defer q.mu.Unlock()
	q.bells = slices.DeleteFunc(q.bells, func(other *func()) bool { return other == &ring })
}

// Take returns the wake-ups since the last call.
func (q *Queue) Take() []callback.Wakeup {
	q.mu.Lock()
	defer q.mu.Unlock()
	taken := q.wakeups
	q.wakeups = nil
	return taken
}

// Wakeups returns the wake-ups that were not taken.
func (q *Queue) Wakeups() []callback.Wakeup {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.wakeups)
}

// Fail makes every later call of Wake fail.
func (q *Queue) Fail() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.err = errors.New("redis is down")
}

// Open is how many reservations have not ended.
func (q *Queue) Open() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.open
}

// Started returns what was started and not taken yet.
func (q *Queue) Started() []*callback.Delivery {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.started)
}

// Patience is how long the last who woke would have waited.
func (q *Queue) Patience() time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.patience
}

// TakeWaits returns how long those who reserved since the last call would have waited for room.
func (q *Queue) TakeWaits() []time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	waits := q.waits
	q.waits = nil
	return waits
}

type reservation struct {
	queue *Queue
	n     int
	ended bool
}

func (r *reservation) N() int { return r.n }

func (r *reservation) Start(_ context.Context, deliveries []*callback.Delivery) { r.end(deliveries) }

func (r *reservation) Return() { r.end(nil) }

func (r *reservation) end(deliveries []*callback.Delivery) {
	q := r.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	if r.ended {
		return
	}
	r.ended = true
	q.open--
	q.Room += r.n - len(deliveries)
	q.started = append(q.started, deliveries...)
}

// TakeStarted returns what was started since the last call, and fails where what was reserved is not as it should be.
func (w *World) TakeStarted(room int) []*callback.Delivery {
	w.T.Helper()
	q := w.Queue
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.Room != room || q.open != 0 {
		w.T.Errorf("there is room for %d, want %d, and %d reservations are open", q.Room, room, q.open)
	}
	started := q.started
	q.started = nil
	return started
}

// Limit asks for so much of a lane.
func Limit(lane callback.Lane, limit int) []callback.LaneLimit {
	return []callback.LaneLimit{{Lane: lane.String(), Limit: limit}}
}

// WokenIDs are the callbacks of wake-ups.
func WokenIDs(wakeups []callback.Wakeup) (ids []int64) {
	for _, wakeup := range wakeups {
		ids = append(ids, wakeup.CallbackID)
	}
	return ids
}
