package receiver

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/ringback/ringback/models"
)

const (
	// watchInterval is how often those are looked at that somebody waits for, all by one statement.
	watchInterval = 200 * time.Millisecond
	// watchTimeout bounds a look, of a millisecond or two.
	watchTimeout = 2 * time.Second
	// maxWaiting bounds who waits in this process.
	maxWaiting = 64
)

// watch waits for entities to end which another process may have in hand. Where nobody waits it does nothing.
type watch struct {
	// ended returns those of the given ids that have.
	ended    func(ctx context.Context, ids []int64) ([]int64, error)
	troubles *models.Troubles

	mu      sync.Mutex
	number  int // of those that wait
	waiting map[int64][]chan struct{}
	looking bool
}

func newWatch(troubles *models.Troubles, ended func(ctx context.Context, ids []int64) ([]int64, error)) *watch {
	return &watch{ended: ended, troubles: troubles, waiting: map[int64][]chan struct{}{}}
}

// room reports whether one more may wait.
func (w *watch) room() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.number < maxWaiting
}

// wait returns when an entity has ended or the context does, and at once where there is no room.
func (w *watch) wait(ctx context.Context, id int64) {
	over := w.enter(id)
	if over == nil {
		return
	}
	defer w.leave(id, over)
	select {
	case <-ctx.Done():
	case <-over:
	}
}

func (w *watch) enter(id int64) chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.number == maxWaiting {
		return nil
	}
	w.number++
	over := make(chan struct{})
	w.waiting[id] = append(w.waiting[id], over)
	if !w.looking {
		w.looking = true
		go w.look()
	}
	return over
}

func (w *watch) leave(id int64, over chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.number--
	others := slices.DeleteFunc(w.waiting[id], func(other chan struct{}) bool { return other == over })
	if w.waiting[id] = others; len(others) == 0 {
		delete(w.waiting, id)
	}
}

// look goes on until nobody waits.
func (w *watch) look() {
	ticker := time.NewTicker(watchInterval)
	defer ticker.Stop()
	for range ticker.C {
		ids := w.awaited()
		if len(ids) == 0 {
			return
		}
		w.release(w.endedOf(ids))
	}
}

// awaited are the ids that somebody waits for. Where there is none it is told that nobody looks any more.
func (w *watch) awaited() []int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.looking = len(w.waiting) > 0
	return slices.Collect(maps.Keys(w.waiting))
}

// endedOf: while the database is away, who waits does so until the time is over.
func (w *watch) endedOf(ids []int64) (ended []int64) {
	ctx, cancel := context.WithTimeout(context.Background(), watchTimeout)
	defer cancel()
	_ = w.troubles.Catch(ctx, "watch", func() (err error) { // a panic is logged
		ended, err = w.ended(ctx, ids)
		return err
	})
	return ended
}

func (w *watch) release(ended []int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range ended {
		for _, over := range w.waiting[id] {
			close(over)
		}
		delete(w.waiting, id)
	}
}
