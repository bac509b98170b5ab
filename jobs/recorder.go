package jobs

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/ringback/ringback/models"
)

const (
	// recordTogether bounds a batch. One host's share of requests is 16, so it is rarely more; and what a failed batch costs is
	// this many transactions.
	recordTogether = 100
	// togetherTimeout is when a batch is given up and each is tried alone. It takes some milliseconds.
	togetherTimeout = 5 * time.Second
)

// recorder writes what became of deliveries. While a transaction is under way, those that end wait, and all that wait go
// into the next one: alone a delivery waits for nobody, and under load a transaction is shared by many.
type recorder struct {
	service *models.Service
	log     *slog.Logger

	mu      sync.Mutex
	waiting []*pending
	writing bool // a goroutine writes, until nothing waits
}

// pending is a settlement that waits, and whether it was written with others.
type pending struct {
	settlement *models.Settlement
	written    chan bool
}

// record returns when a settlement is committed. Where a batch fails each is tried alone, so that a row which cannot be
// written spoils no other.
func (r *recorder) record(ctx context.Context, s *models.Settlement) error {
	if !s.Alone() && <-r.enqueue(s) {
		return nil
	}
	return insist(ctx, func(ctx context.Context) error { return r.service.Settle(ctx, s) })
}

// enqueue returns where to hear whether the settlement was written.
func (r *recorder) enqueue(s *models.Settlement) <-chan bool {
	e := &pending{settlement: s, written: make(chan bool, 1)}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting = append(r.waiting, e)
	if !r.writing {
		r.writing = true
		go r.write()
	}
	return e.written
}

// write goes on until nothing waits.
func (r *recorder) write() {
	for batch := r.take(); len(batch) != 0; batch = r.take() {
		settlements := make([]*models.Settlement, len(batch))
		for i, e := range batch {
			settlements[i] = e.settlement
		}
		err := r.together(settlements)
		for _, e := range batch {
			e.written <- err == nil
		}
	}
}

// take returns what waits, up to a batch.
func (r *recorder) take() []*pending {
	r.mu.Lock()
	defer r.mu.Unlock()
	batch := r.waiting[:min(len(r.waiting), recordTogether)]
	r.waiting = r.waiting[len(batch):]
	r.writing = len(batch) != 0
	return batch
}

// together writes a batch, also when the worker stops: its requests have left.
func (r *recorder) together(settlements []*models.Settlement) error {
	ctx, cancel := context.WithTimeout(context.Background(), togetherTimeout)
	defer cancel()
	err := r.service.Settle(ctx, settlements...)
	if err != nil {
		r.log.WarnContext(ctx, "callback.batch_not_recorded", "callbacks", len(settlements), "error", err)
	}
	return err
}
