package scheduler

import (
	"fmt"
	"testing"
)

// shared is a lane of one endpoint, and beside one of another at its host.
func shared(name string, account int64) Lane { return at("shared:443", "shared", account, name) }

func beside(account int64) Lane { return at("shared:444", "shared", account, "beside") }

// Who has something in flight waits behind all, who has nothing only behind those who have nothing either, and nobody
// behind itself.
func TestALineIsOfOthers(t *testing.T) {
	t.Parallel()
	h := newHands(t, Limits{Slots: 100, PerEndpoint: 4})
	busy, few, fresh := shared("busy", 1), shared("few", 2), shared("fresh", 3)
	h.machine.Room(fresh) // there is another
	behind := func(l Lane) bool { return h.machine.lanes[l.Key].line() != nil }
	want := func(what string, l Lane, want bool) {
		t.Helper()
		if got := behind(l); got != want {
			t.Errorf("%s: %v", what, got)
		}
	}
	h.add(busy, 10)
	h.want("the busy one waits with others like it", h.machine.endpoints["shared:443"].parked[1].n, 1)
	want("alone with something in flight", busy, false)
	want("one with nothing in flight, behind a busy one", fresh, false)
	r := h.machine.Reserve(h.now, fresh, 1, 0) // the last place
	h.want("reserved", r.N(), 1)
	h.add(few, 1)
	h.want("who has nothing in flight waits with others like it", h.machine.endpoints["shared:443"].parked[0].n, 1)
	want("alone with nothing in flight", few, false)
	want("a busy one, behind one with nothing in flight", busy, true)
	want("another with something in flight", fresh, true)
	h.do(r.Return(h.now))
	h.claim()
	h.want("begun when there is room again", h.inFlight(few), 1)
}

// Who has had the only place has had its turn, also where one alone waits for it.
func TestTwoTakeTurnsAtAPlace(t *testing.T) {
	t.Parallel()
	h := newHands(t, Limits{Slots: 100, PerEndpoint: 1})
	a, b := shared("a", 1), shared("b", 1)
	h.add(a, 10)
	h.add(b, 10)
	for range 5 {
		h.answer(h.started[0].Lane, 1, Arrived)
	}
	if got, want := fmt.Sprint(h.begun), fmt.Sprint([]string{a.Key, b.Key, a.Key, b.Key, a.Key, b.Key}); got != want {
		t.Errorf("begun %s, want %s", got, want)
	}
}

// scarce begins with some, and then leaves none of the slots but those that are kept.
func scarce(t *testing.T, limits Limits, begin func(*hands)) *hands {
	t.Helper()
	h := newHands(t, limits)
	begin(h)
	for n := 0; !h.machine.scarce(); n++ {
		h.add(place(1000+n, 1000), 1)
	}
	return h
}

// What is kept for new hosts is for these alone, also where the account whose turn it is has others that wait.
func TestKeptSlotIsForAHostWithNothingInFlight(t *testing.T) {
	t.Parallel()
	h := scarce(t, Limits{Slots: 100}, func(h *hands) {
		h.add(place(1, 1), 5)
		h.add(place(2, 2), 5)
	})
	h.begun = nil
	h.add(at("r1:444", "r1", 1, "a"), 1) // its account comes first: it was served before the other
	h.add(at("r2:444", "r2", 2, "a"), 1)
	h.want("begun", len(h.begun), 0)
	fresh := place(3, 2)
	h.add(fresh, 1)
	if got := fmt.Sprint(h.begun); got != fmt.Sprint([]string{fresh.Key}) {
		t.Errorf("begun %s", got)
	}
}

// The next slot is for who holds less, unless that one has lost its room since: it does not keep others from it.
func TestWhoCannotBeginKeepsNobodyFromAKeptSlot(t *testing.T) {
	t.Parallel()
	h := scarce(t, Limits{Slots: 40, PerEndpoint: 1}, func(h *hands) {
		h.add(beside(1), 1)
		h.add(place(2, 2), 1)
		h.add(place(3, 2), 1)
	})
	h.add(shared("late", 1), 1)
	h.add(shared("quick", 3), 1) // who holds nothing comes first, and has the only place
	h.want("has the place", h.inFlight(shared("quick", 3)), 1)
	fresh := place(4, 2)
	h.add(fresh, 1)
	h.want("begun", h.inFlight(fresh), 1)
}

// Room that was offered to as many as may try at once is for those behind them where none of these may take a slot.
func TestRoomThatNobodyMayTakeIsOfferedToThoseBehind(t *testing.T) {
	t.Parallel()
	quick := shared("quick", 4)
	h := scarce(t, Limits{Slots: 20, PerEndpoint: 4}, func(h *hands) {
		h.add(beside(2), 1)
		h.machine.Room(quick)
		h.add(shared("busy", 1), 3)
		h.add(quick, 1)
		h.want("has the last place", h.inFlight(quick), 1)
	})
	for n := range 2 * spareOffers { // may take no slot that is kept
		h.add(shared(fmt.Sprint(n), 2), 1)
	}
	behind := shared("behind", 3)
	h.add(behind, 1)
	h.want("waiting", h.machine.endpoints["shared:443"].parked[0].n, 2*spareOffers+1)
	h.do(h.machine.Answered(h.now, h.pull(quick), Answer{Kind: Arrived, Took: 100 * millisecond}))
	h.claim()
	h.want("begun", h.inFlight(behind), 1)
}
