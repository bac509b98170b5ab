package jobs

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ringback/ringback/models"
)

// lanesLeft are those that a dispatcher remembers.
func (d *dispatcher[W]) lanesLeft() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.lanes)
}

func TestRoomIsKeptForNoMoreThanWouldBeClaimed(t *testing.T) {
	t.Parallel()
	s, d := newStock(t, 20, 2)
	room, take := d.keep("unknown", 50)
	if room != 2 {
		t.Errorf("there is room for %d at a host that nobody knows, want 2", room)
	}
	take(nil)
	d.lanes["quick"] = &lane[int64]{name: "quick", pace: pace{average: time.Millisecond}}
	room, take = d.keep("quick", 50)
	if room != 2+20 {
		t.Errorf("there is room for %d at a quick host, want 2 and 20 ahead", room)
	}
	if again, _ := d.keep("quick", 1); again != 0 {
		t.Errorf("there is room for %d more", again)
	}
	take([]int64{1, 2, 3, 4, 5})
	s.next(t, 2)
	if n := len(s.begun); n != 0 {
		t.Errorf("%d more began", n)
	}
	room, take = d.keep("quick", 50)
	if room != 20-3 {
		t.Errorf("there is room for %d more, want 17", room)
	}
	take(nil)
	for range 5 {
		s.answer <- struct{}{}
		s.record <- struct{}{}
	}
	s.next(t, 3)
	eventually(t, "the host is known to be quick though nothing is in flight", func() bool {
		room, take := d.keep("quick", 50)
		if room > 0 {
			take(nil)
		}
		return room == 2+20
	})
	eventually(t, "all is given back", func() bool {
		d.forget()
		return d.lanesLeft() == 0 && len(d.slots) == 0
	})
	if d.ready != 0 {
		t.Errorf("%d are still ready", d.ready)
	}
}

func TestNoRoomIsKeptWhereItIsNotFree(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]func(*testing.T, *stock, *dispatcher[int64]){
		"others wait for their turn": func(t *testing.T, s *stock, d *dispatcher[int64]) {
			t.Helper()
			d.nudge("a")
			s.next(t, 2)
		},
		"the host is down": func(_ *testing.T, _ *stock, d *dispatcher[int64]) {
			d.lanes["a"] = &lane[int64]{name: "a", health: hostHealth{tripped: true}}
		},
		"the process is full": func(t *testing.T, _ *stock, d *dispatcher[int64]) {
			t.Helper()
			for range 20 {
				d.slots <- struct{}{}
			}
			t.Cleanup(func() {
				for range 20 {
					<-d.slots
				}
			})
		},
		"the worker stops": func(_ *testing.T, _ *stock, d *dispatcher[int64]) { d.stop() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, d := newStock(t, 20, 2)
			in(t, s, d)
			if room, _ := d.keep("a", 1); room != 0 {
				t.Errorf("there is room for %d", room)
			}
		})
	}
}

func TestStoppingDispatcherWaitsForWhatItHasKeptRoomFor(t *testing.T) {
	t.Parallel()
	s, d := newStock(t, 20, 2)
	d.lanes["a"] = &lane[int64]{name: "a", pace: pace{average: time.Millisecond}}
	var released []int64
	d.source.release = func(_ context.Context, works []int64) error {
		released = works
		return nil
	}
	_, take := d.keep("a", 3)
	stopped := make(chan struct{})
	go func() {
		d.stop()
		close(stopped)
	}()
	<-d.stopping
	take([]int64{1, 2, 3})
	s.next(t, 2)
	for range 2 {
		select {
		case <-stopped:
			t.Fatal("it has stopped before its work was done")
		case s.answer <- struct{}{}:
		}
		s.record <- struct{}{}
	}
	<-stopped
	if n := len(s.begun); n != 0 || len(released) != 1 || released[0] != 3 {
		t.Errorf("%d began after the stop, and %v was released", n, released)
	}
}

func TestAcceptedCallbackIsSentByTheWorkerOfItsProcessWithoutAnyWakeup(t *testing.T) {
	t.Parallel()
	client, name := openQueue(t)
	queue := NewQueue(client, name, prometheus.NewRegistry())
	w := newWorld(t, queue, models.Schedule{}, answer(http.StatusOK))
	listen(t, client, queue, w)
	c := w.newCallback(t)
	eventually(t, "the callback is delivered", func() bool { return w.callback(t, c.ID).Status == models.StatusSuccess })
	if known, err := client.SIsMember(t.Context(), "asynq:queues", name).Result(); err != nil || known {
		t.Errorf("the queue has had tasks: %t, %v", known, err)
	}
}
