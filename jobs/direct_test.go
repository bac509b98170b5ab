package jobs

import (
	"net/http"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
)

// start begins pieces of work in room that was kept.
func (r *reservation) start(ids ...int64) {
	r.over.Do(func() {
		defer r.dispatcher.running.Done()
		var works []work
		for _, id := range ids {
			works = append(works, piece{id, laneA})
		}
		d := r.dispatcher
		d.mu.Lock()
		defer d.mu.Unlock()
		d.carryOut(r.Reservation.Start(d.now(), d.items(kindCallback, works, r.since)))
	})
}

func TestRoomIsKeptForNoMoreThanWouldBeClaimedAndOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStock(t, 20, 2)
		r := s.reserve(laneA, 50, 50)
		if r == nil || r.N() != 2 {
			t.Fatalf("there is room for %+v at a host that nobody knows, want 2", r)
		}
		if again := s.reserve(laneA, 1, 1); again != nil {
			t.Errorf("there is room for %d more", again.N())
		}
		r.start(1001)
		r.Return()
		s.expect(t, "in the room that was kept", 1001)
		again := s.reserve(laneA, 50, 50)
		if again == nil || again.N() != 1 {
			t.Fatalf("there is room for %+v beside it, want 1", again)
		}
		again.Return()
		again.start(1002)
		s.expect(t, "in room that was returned")
		s.settle()
	})
}

func TestNoRoomIsKeptWhereItIsNotFree(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]func(*testing.T, *stock){
		"others wait for their turn": func(t *testing.T, s *stock) {
			t.Helper()
			s.nudge(laneA)
			s.expect(t, "at first", 1, 2)
		},
		"the process is full": func(t *testing.T, s *stock) {
			t.Helper()
			for host := range 10 {
				s.nudge(callback.Lane{Host: string(rune('b'+host)) + ".example:443", Owner: "project:1", Account: 1})
			}
			if n := len(s.began()); n < 18 {
				t.Fatalf("%d began", n)
			}
		},
		"the worker stops": func(_ *testing.T, s *stock) { s.stop() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newStock(t, 20, 2)
				in(t, s)
				if r := s.reserve(laneA, 3, 3); r != nil && name != "the process is full" || r != nil && r.N() > 2 {
					t.Errorf("there is room for %d", r.N())
				} else if r != nil {
					r.Return()
				}
			})
		})
	}
}

func TestStoppingDispatcherWaitsForWhatItHasKeptRoomForAndGivesItBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStock(t, 20, 2)
		r := s.reserve(laneA, 2, 2)
		stopped := make(chan struct{})
		go func() {
			s.stop()
			close(stopped)
		}()
		synctest.Wait()
		select {
		case <-stopped:
			t.Fatal("it has stopped before the room was given back")
		default:
		}
		r.start(1001, 1002)
		<-stopped
		s.expect(t, "after the stop")
		if got := s.given(); !slices.Equal(got, []int64{1001, 1002}) {
			t.Errorf("given back: %v", got)
		}
	})
}

func TestAcceptedCallbackIsSentByTheWorkerOfItsProcessWithoutAnyWakeup(t *testing.T) {
	t.Parallel()
	client, name := openQueue(t)
	queue := NewQueue(client, name, prometheus.NewRegistry())
	w := newWorld(t, queue, callback.Schedule{}, answer(http.StatusOK))
	listen(t, client, queue, w)
	c := w.newCallback(t)
	modelstest.Eventually(
		t, "the callback is delivered", func() bool { return w.callback(t, c.ID).Status == callback.StatusSuccess },
	)
	if known, err := client.SIsMember(t.Context(), "asynq:queues", name).Result(); err != nil || known {
		t.Errorf("the queue has had tasks: %t, %v", known, err)
	}
}
