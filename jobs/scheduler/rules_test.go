package scheduler

import (
	"fmt"
	"testing"
)

func TestFreedSlotGoesToTheAccountWithTheFewest(t *testing.T) {
	t.Parallel()
	h := newHands(t, Limits{Slots: 10})
	a, b, c := place(1, 1), place(2, 2), place(3, 3)
	h.add(a, 100)
	h.want("alone", h.inFlight(a), 9)
	h.add(b, 100)
	h.want("the last slot is for who holds nothing", h.inFlight(b), 1)
	h.add(c, 100)
	for range 6 {
		h.answer(a, 1, Arrived)
	}
	h.want("a", h.inFlight(a), 3)
	h.want("b", h.inFlight(b), 2)
	h.want("c", h.inFlight(c), 2)
}

func TestLanesOfAnAccountInTurn(t *testing.T) {
	t.Parallel()
	h := newHands(t, Limits{Slots: 6})
	busy := place(9, 1)
	h.add(busy, 5)
	lanes := []Lane{place(1, 1), place(2, 1), place(3, 1)}
	lanes[1].Bulk = true
	for _, l := range lanes {
		h.add(l, 2)
	}
	h.begun = nil
	for range 5 {
		h.answer(busy, 1, Arrived)
	}
	if got, want := fmt.Sprint(h.begun), fmt.Sprint(
		[]string{lanes[0].Key, lanes[2].Key, lanes[0].Key, lanes[2].Key, lanes[1].Key},
	); got != want {
		t.Errorf("begun %s, want %s", got, want)
	}
}

func TestNoAccountHoldsMoreThanAQuarterWhileOthersWait(t *testing.T) {
	t.Parallel()
	h := newHands(t, Limits{Slots: 100})
	for n := range 10 {
		h.add(place(n, int64(1+n%2)), 1000)
	}
	h.want("two accounts take all but the tenth", len(h.started), 90)
	for n := range 4 {
		h.add(place(50+n, 3), 1000)
	}
	for range 100 {
		h.answer(h.started[0].Lane, 1, Ours)
	}
	held := map[int64]int{}
	for _, item := range h.started {
		held[item.Lane.Account]++
	}
	if held[1] != 25 || held[2] != 25 || held[3] != 25 {
		t.Errorf("they hold %v", held)
	}
}

func TestWhoWaitsForItsOwnReceiverBoundsNobody(t *testing.T) {
	t.Parallel()
	h := newHands(t, Limits{Slots: 100})
	h.add(place(1, 1), 1000)
	for n := range 10 {
		h.add(place(10+n, 2), 1000)
	}
	h.want("all but the tenth", len(h.started), 90)
}

func TestTenthIsKept(t *testing.T) {
	t.Parallel()
	h := newHands(t, Limits{Slots: 100})
	for n := range 10 {
		h.add(place(n, 1), 16)
	}
	h.want("all but the tenth", len(h.started), 90)
	h.add(at("r0:444", "r0", 1, "b"), 1)
	h.want("a lane at a host that is busy with its account", len(h.started), 90)
	for n := range 20 {
		h.add(place(100+n, int64(2+n%2)), 1)
	}
	h.want("the first half for hosts with nothing in flight", len(h.started), 95)
	h.add(place(200, 50), 5)
	h.want("the last half for who holds nothing", len(h.started), 96)
}

func TestOpeningOfAnEndpoint(t *testing.T) {
	t.Parallel()
	h := newHands(t, Limits{Slots: 1000})
	shared := func(n int) Lane { return at("shared:443", "shared", int64(n), "a") }
	h.add(shared(0), 100)
	h.want("one cold lane", h.inFlight(shared(0)), 16)
	for n := 1; n <= 40; n++ {
		h.add(shared(n), 100)
	}
	h.want("twice the opening, for lanes with nothing in flight", len(h.started), 32)
	h.wait(1100 * millisecond)
	h.want("a second later", len(h.started), 32+24)
	h.want("a lane that hangs", h.inFlight(shared(0)), 16)
	h.answer(shared(1), 1, Arrived)
	h.want("its own window", h.inFlight(shared(1)), 2)
}

func TestUnreachableHalvesTheOpening(t *testing.T) {
	t.Parallel()
	h := newHands(t, Limits{Slots: 1000})
	l := place(1, 1)
	h.add(l, 100)
	for range 5 {
		h.answer(l, 1, Unreachable)
	}
	h.want("in flight", h.inFlight(l), 11)
	h.answer(l, 10, Unreachable)
	h.want("in flight", h.inFlight(l), 1)
}

func TestFixedBoundOfAnEndpoint(t *testing.T) {
	t.Parallel()
	h := newHands(t, Limits{Slots: 1000, PerEndpoint: 20})
	shared := func(n int) Lane { return at("shared:443", "shared", 1, fmt.Sprint(n)) }
	h.machine.Room(shared(2)) // there is another
	h.add(shared(1), 100)
	h.want("one lane", h.inFlight(shared(1)), 18)
	h.add(shared(2), 100)
	h.want("another", h.inFlight(shared(2)), 1)
	h.add(shared(3), 100)
	h.want("a third", h.inFlight(shared(3)), 1)
	h.begun = nil
	for range 6 {
		h.answer(shared(1), 1, Arrived)
	}
	if got := fmt.Sprint(h.begun); got != fmt.Sprint(
		[]string{shared(1).Key, shared(2).Key, shared(3).Key, shared(1).Key},
	) {
		t.Errorf("in turn: %s", got)
	}
}

func TestDownIsOneAtATime(t *testing.T) {
	t.Parallel()
	for kind, lanes := range map[Kind][]Lane{
		Refused:     {place(1, 1)},
		Overloaded:  {place(1, 1)},
		TimedOut:    {place(1, 1)},
		Unreachable: {place(1, 1), at("r1:443", "r1", 2, "b")},
		Unresolved:  {place(1, 1), at("r1:444", "r1", 2, "b")},
	} {
		h := newHands(t, Limits{Slots: 1000})
		for _, l := range lanes {
			h.add(l, 1000)
		}
		for range 19 {
			h.answer(h.started[0].Lane, 1, kind)
		}
		h.answer(h.started[0].Lane, 1, Ours)
		h.answer(h.started[0].Lane, 1, kind)
		for len(h.started) > 1 {
			h.answer(h.started[0].Lane, 1, kind)
		}
		h.begun = nil
		for range 10 {
			h.answer(h.started[0].Lane, 1, kind)
			h.want("in flight while it is down", len(h.started), 1)
		}
		for _, l := range lanes {
			n := 0
			for _, key := range h.begun {
				n += count(key == l.Key)
			}
			h.want("turns", n, 10/len(lanes))
		}
		h.answer(h.started[0].Lane, 1, Arrived)
		if n := len(h.started); n < 1 || n > 3 {
			t.Errorf("kind %d: %d in flight when it is up again", kind, n)
		}
		for range 3 {
			h.now += 100 * millisecond
			for _, item := range append([]*Item{}, h.started...) {
				h.answer(item.Lane, 1, Arrived)
			}
		}
		if n := len(h.started); n < 8 || n > 24 {
			t.Errorf("kind %d: %d in flight three round trips later", kind, n)
		}
	}
}

func TestAnyAnswerEndsTheStreakOfAnEndpoint(t *testing.T) {
	t.Parallel()
	h := newHands(t, Limits{Slots: 1000})
	l := place(1, 1)
	h.add(l, 1000)
	for range 5 {
		for h.inFlight(l) > 0 && h.machine.lanes[l.Key].endpoint.streak < 19 {
			h.answer(l, 1, Unreachable)
		}
		h.answer(l, 1, Refused)
	}
	if e := h.machine.lanes[l.Key].endpoint; e.down || e.streak != 0 {
		t.Errorf("down: %v after %d", e.down, e.streak)
	}
}

func TestFailuresLongAgoDoNotCount(t *testing.T) {
	t.Parallel()
	h := newHands(t, Limits{Slots: 1000})
	l := place(1, 1)
	h.add(l, 1000)
	h.answer(l, 15, Refused)
	h.now += 61 * second
	h.answer(l, 15, Refused)
	if h.machine.lanes[l.Key].down {
		t.Error("down after 15 failures in a minute")
	}
}

func TestRetryAfterRestsTheLane(t *testing.T) {
	t.Parallel()
	for asked, rests := range map[Duration]Duration{5 * second: 5 * second, 3600 * second: 60 * second} {
		h := newHands(t, Limits{Slots: 100})
		l := place(1, 1)
		h.add(l, 100)
		h.end(l, 1, Answer{Kind: Overloaded, RetryAfter: asked})
		n := len(h.begun)
		for h.inFlight(l) > 0 {
			h.answer(l, 1, Arrived)
		}
		h.wait(rests - millisecond)
		h.want("begun while it rests", len(h.begun)-n, 0)
		if h.machine.Room(l) {
			t.Error("there is room")
		}
		h.wait(2 * millisecond)
		if len(h.begun) == n {
			t.Error("nothing begins afterwards")
		}
	}
}

func TestClaimsAhead(t *testing.T) {
	t.Parallel()
	h := newHands(t, Limits{Slots: 1000})
	l := place(1, 1)
	h.add(l, 10_000)
	ahead := func() int { return h.machine.lanes[l.Key].ahead.n }
	h.want("ahead of a cold lane", ahead(), 0)
	for range 30 {
		h.now += 50 * millisecond
		h.end(l, 1, Answer{Kind: Arrived, Took: 50 * millisecond})
	}
	window := h.machine.lanes[l.Key].window.limit()
	if n := ahead(); n <= window || n > 2*window {
		t.Errorf("%d ahead in a window of %d at 50 ms", n, window)
	}
	n := ahead()
	h.wait(1100 * millisecond)
	h.want("given back after a second", h.back, n)
	h.want("ahead where nothing is answered", ahead(), 0)
}

// What takes its turn at a gate waits for all others there until the next one, however many they are.
func TestTurnsAtACrowdedEndpoint(t *testing.T) {
	t.Parallel()
	const lanes, rounds = 200, 3
	h := newHands(t, Limits{Slots: 1000, PerEndpoint: 1})
	for n := range lanes {
		h.add(at("shared:443", "shared", int64(n%2), fmt.Sprint(n)), 100)
	}
	for range lanes { // they have met
		h.answer(h.started[0].Lane, 1, Arrived)
	}
	h.begun = nil
	for range rounds * lanes {
		h.answer(h.started[0].Lane, 1, Arrived)
	}
	turns := map[string]int{}
	for _, key := range h.begun {
		turns[key]++
	}
	h.want("lanes with a turn", len(turns), lanes)
	for key, n := range turns {
		h.want("turns of "+key, n, rounds)
	}
}

func TestIdleLanesAreForgotten(t *testing.T) {
	t.Parallel()
	h := newHands(t, Limits{Slots: 100})
	for n := range maxIdle + 100 {
		h.do(h.machine.Due(h.now, place(n, int64(n))))
		h.claim()
	}
	s := h.machine
	h.want("remembered", len(s.lanes), maxIdle)
	h.wait(61 * second)
	h.want("left", len(s.lanes)+len(s.endpoints)+len(s.hosts)+len(s.accounts)+len(s.pairs), 0)
	if at, ok := s.Next(); ok {
		t.Errorf("waits for %d", at)
	}
	h.add(place(1, 1), 0)
	h.wait(61 * second)
	h.want("left, where there was one", len(s.lanes), 0)
}

func TestStopGivesBackWhatIsAhead(t *testing.T) {
	t.Parallel()
	h := newHands(t, Limits{Slots: 100})
	l := place(1, 1)
	h.add(l, 10_000)
	for range 30 {
		h.end(l, 1, Answer{Kind: Arrived, Took: 50 * millisecond})
	}
	ahead := h.machine.lanes[l.Key].ahead.n
	h.do(h.machine.Due(h.now, place(2, 2)))
	h.do(h.machine.Stop(h.now))
	h.want("given back", h.back, ahead)
	n := len(h.begun)
	h.due[place(2, 2).Key] = 5
	h.claim()
	h.want("what was being claimed", h.back, ahead+len(h.begun)-n+5)
	h.answer(l, h.inFlight(l), Arrived)
	h.want("begun", len(h.begun), n)
}
