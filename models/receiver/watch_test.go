package receiver

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringback/ringback/models"
)

// TestManyWaitByOneStatement: at so many looks a second, however many wait, and by none when nobody does.
func TestManyWaitByOneStatement(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		var looks, over atomic.Int64
		w := newWatch(models.NewTroubles(slog.New(slog.DiscardHandler), nil),
			func(_ context.Context, ids []int64) (ended []int64, err error) {
				switch looks.Add(1) {
				case 1:
					return nil, errors.New("the database is away")
				case 2:
					panic("the database is away")
				}
				for _, id := range ids {
					if time.Since(begun) >= time.Duration(id)*time.Second {
						ended = append(ended, id)
					}
				}
				return ended, nil
			})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		var group sync.WaitGroup
		for i := range maxWaiting {
			group.Go(func() {
				id := int64(2)
				if i%2 == 0 {
					id = 60
				}
				w.wait(ctx, id)
				if took := time.Since(begun); id == 2 && took != 2*time.Second || id == 60 && took != 10*time.Second {
					t.Errorf("%d: after %s", id, took)
				}
				over.Add(1)
			})
		}
		synctest.Wait()
		if w.room() {
			t.Error("there is room for more")
		}
		w.wait(ctx, 1) // at once
		if took := time.Since(begun); took != 0 {
			t.Errorf("one too many waited for %s", took)
		}
		group.Wait()
		synctest.Wait()
		if n := looks.Load(); n != int64(10*time.Second/watchInterval)-1 && n != int64(10*time.Second/watchInterval) {
			t.Errorf("%d looks", n)
		}
		before := looks.Load()
		<-time.NewTimer(time.Minute).C
		if looks.Load() != before || !w.room() || len(w.waiting) != 0 || w.looking {
			t.Errorf("%d looks for nobody, %+v", looks.Load()-before, w.waiting)
		}
		again, end := context.WithTimeout(t.Context(), time.Second)
		defer end()
		w.wait(again, 2)
		if again.Err() != nil {
			t.Error("who waits later is not told")
		}
		<-time.NewTimer(watchInterval).C // by then nobody looks any more
	})
}
