package jobs

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

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
		r := s.reserve(t.Context(), laneA, 50, 50, 0)
		if r == nil || r.N() != 2 {
			t.Fatalf("there is room for %+v at a host that nobody knows, want 2", r)
		}
		if again := s.reserve(t.Context(), laneA, 1, 1, 0); again != nil {
			t.Errorf("there is room for %d more", again.N())
		}
		r.start(1001)
		r.Return()
		s.expect(t, "in the room that was kept", 1001)
		again := s.reserve(t.Context(), laneA, 50, 50, 0)
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
				if r := s.reserve(t.Context(), laneA, 3, 3, 0); r != nil && name != "the process is full" || r != nil && r.N() > 2 {
					t.Errorf("there is room for %d", r.N())
				} else if r != nil {
					r.Return()
				}
			})
		})
	}
}

// busy has all ahead in a lane that it takes, and two in flight.
func (s *stock) busy(t *testing.T) {
	t.Helper()
	s.reserve(t.Context(), laneA, 2, 2, 0).start(1, 2)
	s.settle()
	synctest.Wait()
	r := s.reserve(t.Context(), laneA, 250, 250, 0)
	ids := make([]int64, r.N())
	for i := range ids {
		ids[i] = int64(3 + i)
	}
	r.start(ids...)
	if more := s.reserve(t.Context(), laneA, 1, 1, 0); more != nil {
		t.Fatalf("there is room for %d more", more.N())
	}
}

func TestWhoHasTimeGetsRoomAsSoonAsThereIsSome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStock(t, 500, 2)
		s.busy(t)
		got := make(chan *reservation, 1)
		go func() { got <- s.reserve(t.Context(), laneA, 20, 20, time.Hour) }()
		for range 10 {
			synctest.Wait()
			s.settle()
		}
		synctest.Wait()
		if len(got) > 0 {
			t.Fatalf("there is room for %d after 10", (<-got).N())
		}
		for range 10 {
			s.settle()
			synctest.Wait()
		}
		r := <-got
		if r.N() != 20 {
			t.Errorf("there is room for %d", r.N())
		}
		r.Return()
		if n := len(s.awaited); n > 0 {
			t.Errorf("%d wait", n)
		}
	})
}

func TestNobodyWaitsForRoomLongerThanHeSays(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]func(*stock, context.CancelFunc) (want time.Duration){
		"his patience ends": func(*stock, context.CancelFunc) time.Duration { return 200 * time.Millisecond },
		"his call ends": func(_ *stock, cancel context.CancelFunc) time.Duration {
			cancel()
			return 0
		},
		"the worker stops, and gives back what was ahead": func(s *stock, _ context.CancelFunc) time.Duration {
			go s.stop()
			return 0
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newStock(t, 500, 2)
				s.busy(t)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				began, over := time.Now(), make(chan time.Duration)
				go func() {
					if r := s.reserve(ctx, laneA, 20, 20, 200*time.Millisecond); r != nil {
						t.Errorf("there is room for %d", r.N())
					}
					over <- time.Since(began)
				}()
				synctest.Wait()
				want := in(s, cancel)
				if took := <-over; took != want {
					t.Errorf("he has waited for %s, not %s", took, want)
				}
			})
		})
	}
}

func TestStoppingDispatcherWaitsForWhatItHasKeptRoomForAndGivesItBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStock(t, 20, 2)
		r := s.reserve(t.Context(), laneA, 2, 2, 0)
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
