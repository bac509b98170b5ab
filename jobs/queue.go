package jobs

import (
	"context"
	"errors"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/ringback/ringback/models"
)

// Queue sends wake-ups. It implements models.Queue.
type Queue struct {
	client *asynq.Client
	name   string
}

var _ models.Queue = (*Queue)(nil)

// NewQueue returns a queue of the given name on a Redis client, which stays the caller's to close.
func NewQueue(client redis.UniversalClient, name string) *Queue {
	return &Queue{client: asynq.NewClientFromRedisClient(client), name: name}
}

// Wake enqueues a task for each wake-up. One that is there already is no error. The first real error ends it: a Redis that
// refuses one refuses them all, and the sweep will find the rest.
func (q *Queue) Wake(ctx context.Context, wakeups []models.Wakeup) error {
	for _, w := range wakeups {
		task, options, err := newDeliverTask(w, q.name)
		if err != nil {
			return err
		}
		if _, err := q.client.EnqueueContext(ctx, task, options...); err != nil && !errors.Is(err, asynq.ErrTaskIDConflict) {
			return err
		}
	}
	return nil
}
