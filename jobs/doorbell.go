package jobs

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync/atomic"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
)

// doorbell wakes workers at once: the one in this process by a call, others by a message of Redis. asynq polls, and polling
// often enough to be quick would cost too much when there is nothing to do. A ring that nobody hears does no harm: the task in
// asynq says the same within a second or two, and what that misses the sweep finds.
type doorbell struct {
	client  redis.UniversalClient
	channel string
	self    string // who rings, so as not to hear oneself twice
	local   atomic.Pointer[func(wake)]
}

// ring is the message of Redis.
type ring struct {
	From  string `json:"from"`
	Wakes []wake `json:"wakes"`
}

func newDoorbell(client redis.UniversalClient, queue string) *doorbell {
	return &doorbell{client: client, channel: "ringback:" + queue + ":doorbell", self: uuid.NewString()}
}

// ringHere wakes the worker in this process, if there is one.
func (d *doorbell) ringHere(wakes []wake) {
	if answer := d.local.Load(); answer != nil {
		for _, w := range wakes {
			(*answer)(w)
		}
	}
}

// ringThere wakes the workers in other processes.
func (d *doorbell) ringThere(ctx context.Context, wakes []wake) error {
	message, err := json.Marshal(ring{From: d.self, Wakes: wakes})
	if err != nil {
		return err
	}
	return d.client.Publish(ctx, d.channel, message).Err()
}

// attend lets a function answer the rings of this process, from now on.
func (d *doorbell) attend(answer func(wake)) { d.local.Store(&answer) }

// hear lets the same function answer the rings of other processes too. When the context ends, it answers no more.
func (d *doorbell) hear(ctx context.Context, log *slog.Logger) {
	answer := d.local.Load()
	defer d.local.CompareAndSwap(answer, nil)
	rings := d.client.Subscribe(ctx, d.channel)
	defer func() { _ = rings.Close() }()
	messages := rings.Channel() // it subscribes again when the connection was lost
	for {
		select {
		case <-ctx.Done():
			return
		case message, open := <-messages:
			if !open { // somebody has closed the client
				messages = nil
				continue
			}
			var r ring
			if err := json.Unmarshal([]byte(message.Payload), &r); err != nil {
				log.WarnContext(ctx, "doorbell.not_read", "error", err)
				continue
			}
			for _, w := range r.Wakes {
				if r.From != d.self && w.V == wakeVersion {
					(*answer)(w)
				}
			}
		}
	}
}
