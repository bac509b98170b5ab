package jobs

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// changesInterval is between two rings of a process, however much it writes.
	changesInterval = 100 * time.Millisecond
	// changesTimeout bounds one, which takes less than a millisecond.
	changesTimeout = time.Second
)

// changes tell those who look on, in any process, that callbacks were written: by a message of Redis that says nothing
// else. Who does not hear it looks every two seconds.
type changes struct {
	client  redis.UniversalClient
	channel string
	breaker *breaker
	waiting atomic.Bool  // a ring
	last    atomic.Int64 // when the last one was, in microseconds
}

// ring rings at once, or as soon as the last ring is long enough ago. It waits for nothing.
func (c *changes) ring() {
	if c.waiting.Swap(true) {
		return
	}
	due := time.UnixMicro(c.last.Load()).Add(changesInterval)
	time.AfterFunc(time.Until(due), func() {
		c.last.Store(time.Now().UnixMicro())
		c.waiting.Store(false) // what is written from now on rings anew
		if !c.breaker.closed() {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), changesTimeout)
		defer cancel()
		err := c.client.Publish(ctx, c.channel, "").Err() // who does not hear it looks all the same
		var reply redis.Error
		c.breaker.note(err == nil || errors.As(err, &reply))
	})
}

// Changed is callback.Queue's.
func (q *Queue) Changed() { q.changes.ring() }

// Listen is live.Bell's.
func (q *Queue) Listen(ctx context.Context, ring func()) {
	follow(ctx, q.redis, q.changes.channel, func(string) { ring() })
}
