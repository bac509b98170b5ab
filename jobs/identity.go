package jobs

import (
	"context"
	"errors"
	"strings"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
)

// identity is the queue's: a random text in Redis that whoever comes first leaves there. Two processes that read the
// same one see the same queue on the same Redis, whatever they call it.
func (q *Queue) identity(ctx context.Context) (string, error) {
	key := q.bell.prefix + "id"
	if err := q.redis.SetNX(ctx, key, uuid.NewString(), 0).Err(); err != nil {
		return "", err
	}
	return q.redis.Get(ctx, key).Result()
}

// denied tries what a queue needs, and returns what the ACL of Redis denies its user; an error where Redis did not
// answer otherwise. A ring without a wake-up wakes nobody.
func (q *Queue) denied(ctx context.Context) ([]string, error) {
	var rights []string
	var others []error
	try := func(right string, err error) bool {
		switch {
		case redis.HasErrorPrefix(err, "NOPERM"):
			rights = append(rights, right+" ("+strings.TrimPrefix(err.Error(), "NOPERM ")+")")
			return false
		case err != nil && !errors.Is(err, redis.Nil):
			others = append(others, err)
		}
		return true
	}
	_, err := q.identity(ctx)
	try("keys ~"+q.bell.prefix+"*", err)
	try("keys ~asynq:*", q.redis.Exists(ctx, "asynq:{"+q.name+"}:pending").Err())
	try("keys ~asynq:*", q.redis.SCard(ctx, "asynq:queues").Err())
	q.bell.muted.Store(!try("publish &"+q.bell.channel, q.bell.publish(ctx, nil)))
	for _, channel := range []string{q.bell.channel, "asynq:cancel"} {
		rings := q.redis.Subscribe(ctx, channel)
		_, err := rings.Receive(ctx)
		try("subscribe &"+channel, err)
		_ = rings.Close()
	}
	return rights, errors.Join(others...)
}
