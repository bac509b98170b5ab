package scheduler

import "testing"

func TestReservationCountsOnce(t *testing.T) {
	t.Parallel()
	h := newHands(t, Limits{Slots: 100, Bytes: 1000})
	l := place(1, 1)
	r := h.machine.Reserve(h.now, l, 20, 100)
	h.want("room for a cold lane", r.N(), 16)
	items := []*Item{{Lane: l, Bytes: 5}, {Lane: l, Bytes: 5}}
	h.do(r.Start(h.now, items))
	h.do(r.Start(h.now, items))
	h.do(r.Return(h.now))
	h.want("started", len(h.started), 2)
	h.want("slots", h.machine.used, 2)
	h.want("bytes", int(h.machine.bytes), 10)

	r = h.machine.Reserve(h.now, l, 1, 5)
	h.do(r.Return(h.now))
	h.do(r.Start(h.now, []*Item{{Lane: l}}))
	h.want("given back when it came too late", h.back, 1)

	h.do(h.machine.Stop(h.now))
	h.want("room after the stop", h.machine.Reserve(h.now, l, 1, 5).N(), 0)
}

// busyLane is one that answers in 10 ms, and has all ahead that it takes.
func busyLane(h *hands) Lane {
	h.t.Helper()
	l := place(1, 1)
	h.add(l, 16)
	h.end(l, 16, Answer{Kind: Arrived, Took: 10 * millisecond})
	for {
		r := h.machine.Reserve(h.now, l, 50, 0)
		if r.N() == 0 {
			return l
		}
		items := make([]*Item, r.N())
		for i := range items {
			items[i] = &Item{Lane: l}
		}
		h.do(r.Start(h.now, items))
	}
}

func TestWhoHasTimeWaitsForRoomInAQuickLane(t *testing.T) {
	t.Parallel()
	h := newHands(t, Limits{Slots: 1000})
	l := busyLane(h)
	first, second := h.machine.Await(h.now, l, 20, 0), h.machine.Await(h.now, l, 20, 0)
	h.want("wait", count(first.Pending())+count(second.Pending()), 2)
	begun := len(h.begun)
	for n := 0; first.Pending(); n++ {
		h.end(l, 1, Answer{Kind: Arrived, Took: 10 * millisecond})
	}
	if n := len(h.begun) - begun; n < 20 || len(h.granted) != 1 || h.granted[0] != first {
		t.Errorf("%d were granted after %d had begun", len(h.granted), n)
	}
	h.want("room", first.N(), 20)
	h.want("the second waits", count(second.Pending()), 1)
	second.Settle(h.now)
	h.want("room for the impatient", second.N(), 0)
	h.do(first.Return(h.now))
	if r := h.machine.Await(h.now, l, 1, 0); r.Pending() || r.N() != 1 {
		t.Errorf("where there is room, there is some for %d", r.N())
	}
}

func TestNobodyWaitsForALane(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]func(*hands) Lane{
		"that nobody knows": func(h *hands) Lane {
			l := place(1, 1)
			h.add(l, 100)
			return l
		},
		"that has failed": func(h *hands) Lane {
			l := busyLane(h)
			h.end(l, 20, Answer{Kind: Unreachable, Took: millisecond})
			return l
		},
		"in which far more waits than is known": func(h *hands) Lane {
			l := busyLane(h)
			h.add(l, 100_000)
			for range 1000 {
				h.end(l, 1, Answer{Kind: Arrived, Took: 10 * millisecond})
			}
			return l
		},
		"once all stops": func(h *hands) Lane {
			l := busyLane(h)
			h.do(h.machine.Stop(h.now))
			return l
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHands(t, Limits{Slots: 1000})
			l := in(h)
			if r := h.machine.Await(h.now, l, 20, 0); r.Pending() || r.N() > 0 {
				t.Errorf("it waits: %t; room for %d", r.Pending(), r.N())
			}
		})
	}
}

// What did not find room at first is claimed soon, and until then others wait behind it.
func TestWhoWaitsLetsAShortBacklogPass(t *testing.T) {
	t.Parallel()
	h := newHands(t, Limits{Slots: 1000})
	l := busyLane(h)
	left := h.machine.Reserve(h.now, l, 30, 0)
	h.want("room", left.N(), 0)
	h.due[l.Key] = 30
	h.do(h.machine.Due(h.now, l))
	r := h.machine.Await(h.now, l, 20, 0)
	h.want("waits", count(r.Pending()), 1)
	for r.Pending() {
		h.end(l, 1, Answer{Kind: Arrived, Took: 10 * millisecond})
	}
	h.want("left of the backlog", h.due[l.Key], 0)
	h.want("room after it", r.N(), 20)
}

// Nobody is kept from what he came for by a lane that has stopped to answer.
func TestWhoWaitsIsLetGoWhenTheLaneFails(t *testing.T) {
	t.Parallel()
	h := newHands(t, Limits{Slots: 1000})
	l := busyLane(h)
	r := h.machine.Await(h.now, l, 20, 0)
	h.want("waits", count(r.Pending()), 1)
	for n := 0; r.Pending() && n < 20; n++ {
		h.end(l, 1, Answer{Kind: Unreachable, Took: millisecond})
	}
	h.want("waits still", count(r.Pending()), 0)
}
