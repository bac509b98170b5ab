package jobs

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

// doorbell wakes workers at once: the one in this process by a call, others by a message of Redis. asynq polls, and
// polling often enough to be quick would cost too much when there is nothing to do. A ring that nobody hears does no
// harm: the task in asynq says the same within a second or two, and what that misses the sweep finds.
type doorbell struct {
	client  redis.UniversalClient
	prefix  string // of all keys and channels that are ours and not asynq's
	channel string
	self    string // who rings, so as not to hear oneself twice
	local   atomic.Pointer[attendant]
	muted   atomic.Bool // Redis lets nobody ring: there is no use in trying each time
}

// attendant is the worker that answers a doorbell.
type attendant struct {
	// answer tells whether the worker has gone to look; false: it has no room just now, and looks when it has.
	answer func(wake) (taken bool)
	// free tells whether it has room.
	free func(wake) bool
	// reserve is callback.Queue's.
	reserve func(ctx context.Context, lane callback.Lane, n int, bytes int64, patience time.Duration) *reservation
}

// ring is the message of Redis.
type ring struct {
	From  string `json:"from"`
	ID    string `json:"id"`
	Wakes []wake `json:"wakes"`
}

// ringTime is how long it is remembered who has answered a ring.
const ringTime = 10 * time.Second

func newDoorbell(client redis.UniversalClient, queue string) *doorbell {
	prefix := "ringback:" + queue + ":"
	return &doorbell{client: client, prefix: prefix, channel: prefix + "doorbell", self: uuid.NewString()}
}

// ringHere wakes the worker in this process, if there is one, and returns the wake-ups that others should hear of.
func (d *doorbell) ringHere(wakes []wake) (rest []wake) {
	worker := d.local.Load()
	for _, w := range wakes {
		if worker == nil || !worker.answer(w) {
			rest = append(rest, w)
		}
	}
	return rest
}

// ringThere wakes a worker in another process.
func (d *doorbell) ringThere(ctx context.Context, wakes []wake) error {
	if len(wakes) == 0 || d.muted.Load() {
		return nil
	}
	err := d.publish(ctx, wakes)
	if redis.HasErrorPrefix(err, "NOPERM") { // the tasks say the same
		d.muted.Store(true)
		return nil
	}
	return err
}

func (d *doorbell) publish(ctx context.Context, wakes []wake) error {
	message, err := json.Marshal(ring{From: d.self, ID: uuid.NewString(), Wakes: wakes})
	if err != nil {
		return err
	}
	return d.client.Publish(ctx, d.channel, message).Err()
}

// attend lets a worker answer the rings of this process, from now on.
func (d *doorbell) attend(worker attendant) { d.local.Store(&worker) }

// subscribe lets the same worker answer the rings of other processes too. When the context ends, it answers no more.
func (d *doorbell) subscribe(ctx context.Context, troubles *models.Troubles, log *slog.Logger) {
	worker := d.local.Load()
	defer d.local.CompareAndSwap(worker, nil)
	follow(ctx, d.client, d.channel, func(message string) {
		err := troubles.Catch(ctx, "doorbell", func() error { return d.read(ctx, worker, message) })
		if err != nil {
			log.WarnContext(ctx, "doorbell.not_read", "error", err)
		}
	})
}

// follow hands on what comes by a channel until the context ends, also where somebody has closed the client.
func follow(ctx context.Context, client redis.UniversalClient, channel string, hear func(message string)) {
	listening := client.Subscribe(ctx, channel)
	defer func() { _ = listening.Close() }()
	messages := listening.Channel() // it subscribes again when the connection was lost
	for {
		select {
		case <-ctx.Done():
			return
		case message, open := <-messages:
			if !open {
				messages = nil
				continue
			}
			hear(message.Payload)
		}
	}
}

func (d *doorbell) read(ctx context.Context, worker *attendant, message string) error {
	var r ring
	if err := json.Unmarshal([]byte(message), &r); err != nil {
		return err
	}
	if r.From != d.self {
		d.answer(ctx, worker, r)
	}
	return nil
}

// answer answers a ring of another process. Of the workers with room the first one looks: the others would look in
// vain. One without room looks when it has some.
func (d *doorbell) answer(ctx context.Context, worker *attendant, r ring) {
	var free []wake
	for _, w := range r.Wakes {
		switch {
		case w.V != wakeVersion:
		case worker.free(w):
			free = append(free, w)
		default:
			worker.answer(w)
		}
	}
	if len(free) == 0 || !d.first(ctx, r.ID) {
		return
	}
	for _, w := range free {
		worker.answer(w)
	}
}

// first tells whether nobody has answered a ring yet. Where Redis does not say, everybody answers.
func (d *doorbell) first(ctx context.Context, id string) bool {
	first, err := d.client.SetNX(ctx, d.channel+":"+id, d.self, ringTime).Result()
	return first || err != nil
}
