package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/hibiken/asynq"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/ringback/ringback/models/callback"
)

// Queue sends wake-ups. It implements callback.Queue, and rings for those who look on (live.Bell).
type Queue struct {
	client   *asynq.Client
	redis    redis.UniversalClient
	name     string
	bell     *doorbell
	breaker  breaker
	changes  *changes
	accepted *prometheus.CounterVec
}

var _ callback.Queue = (*Queue)(nil)

// NewQueue returns a queue of the given name on a Redis client, which stays the caller's to close.
func NewQueue(client redis.UniversalClient, name string, registry prometheus.Registerer) *Queue {
	q := &Queue{
		client: asynq.NewClientFromRedisClient(client), redis: client, name: name, bell: newDoorbell(client, name),
		accepted: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ringback_callbacks_accepted_total",
			Help: "Callbacks that were committed, replays and notices included.",
		}, []string{"event"}),
	}
	q.changes = &changes{client: client, channel: q.bell.prefix + "changes", breaker: &q.breaker}
	registry.MustRegister(q.accepted)
	return q
}

// Wake rings the doorbell for what is due, and enqueues a task for each lane and second. One that is there already is
// no error. The first real error ends it: a Redis that refuses one refuses them all, and the sweep will find the
// rest. While Redis is away, which has been said, only the worker of this process is woken, and that is no error.
func (q *Queue) Wake(ctx context.Context, now time.Time, wakeups []callback.Wakeup) error {
	var entries []entry
	var due []wake
	known := map[string]bool{}
	for _, w := range wakeups {
		if w.First {
			q.accepted.WithLabelValues(string(w.Event)).Inc()
		}
		e := newEntry(ctx, w, now)
		if known[e.name] {
			continue
		}
		known[e.name] = true
		entries = append(entries, e)
		if e.at.IsZero() {
			due = append(due, e.wake)
		}
	}
	rest := q.bell.ringHere(due)
	if len(entries) == 0 || !q.breaker.closed() {
		return nil
	}
	answered, err := q.announce(ctx, rest, entries)
	q.breaker.note(answered)
	return err
}

// announce is the part of Redis: the ring first, which wakes at once, then the tasks. It also tells whether Redis
// answered at all.
func (q *Queue) announce(ctx context.Context, due []wake, entries []entry) (answered bool, err error) {
	if err := q.bell.ringThere(ctx, due); err != nil {
		return false, err
	}
	answered = len(due) > 0 && !q.bell.muted.Load()
	for _, e := range entries {
		if err := q.enqueue(ctx, e); err != nil {
			return answered, err
		}
		answered = true
	}
	return answered, nil
}

func (q *Queue) enqueue(ctx context.Context, e entry) error {
	task, options, err := e.task(q.name)
	if err != nil {
		return err
	}
	if _, err := q.client.EnqueueContext(ctx, task, options...); !errors.Is(err, asynq.ErrTaskIDConflict) {
		return err
	}
	return nil
}
