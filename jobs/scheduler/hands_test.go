package scheduler

import "testing"

// hands carry out what the machine says by being told to, one thing after the other.
type hands struct {
	t       *testing.T
	machine *Scheduler
	now     Instant
	due     map[string]int // in the database
	started []*Item        // not answered
	begun   []string       // the names of lanes in which something was started, in order
	back    int
	granted []*Reservation
	claims  []*Claim
	bytes   int64            // of each work
	budget  Budget           // the same
	sizes   map[string]int64 // the same, of those in a lane
}

func newHands(t *testing.T, limits Limits) *hands {
	return &hands{t: t, machine: New(limits), now: 1000 * second, due: map[string]int{}}
}

func (h *hands) do(a Actions) {
	h.t.Helper()
	for _, item := range a.Start {
		h.started = append(h.started, item)
		h.begun = append(h.begun, item.Lane.Key)
	}
	for _, item := range a.GiveBack {
		h.back++
		h.due[item.Lane.Key]++
	}
	h.claims = append(h.claims, a.Claims...)
	h.granted = append(h.granted, a.Granted...)
	for _, item := range a.GiveBack {
		h.do(h.machine.Due(h.now, item.Lane))
	}
}

// claim lets claims find what is due, until there are none.
func (h *hands) claim() {
	h.t.Helper()
	for len(h.claims) > 0 {
		c := h.claims[0]
		h.claims = h.claims[1:]
		h.claimOne(c)
	}
}

func (h *hands) claimOne(c *Claim) {
	h.t.Helper()
	var items []*Item
	var full []string
	for _, l := range c.Lanes {
		n := min(l.Limit, h.due[l.Lane.Key])
		h.due[l.Lane.Key] -= n
		for range n {
			bytes, ok := h.sizes[l.Lane.Key]
			if !ok {
				bytes = h.bytes
			}
			items = append(items, &Item{Lane: l.Lane, Bytes: bytes, Budget: h.budget})
		}
		if n == l.Limit {
			full = append(full, l.Lane.Key)
		}
	}
	h.do(h.machine.Claimed(h.now, c, items, full))
}

// add makes n works due, and lets what may begin do so.
func (h *hands) add(l Lane, n int) {
	h.t.Helper()
	h.due[l.Key] += n
	h.do(h.machine.Due(h.now, l))
	h.claim()
}

// answer ends the oldest n requests of a lane.
func (h *hands) answer(l Lane, n int, kind Kind) {
	h.t.Helper()
	h.end(l, n, Answer{Kind: kind, Took: 100 * millisecond})
}

func (h *hands) end(l Lane, n int, a Answer) {
	h.t.Helper()
	for range n {
		item := h.pull(l)
		h.do(h.machine.Answered(h.now, item, a))
		h.do(h.machine.Freed(h.now, item))
		h.claim()
	}
}

func (h *hands) pull(l Lane) *Item {
	h.t.Helper()
	for i, item := range h.started {
		if item.Lane.Key == l.Key {
			h.started = append(h.started[:i:i], h.started[i+1:]...)
			return item
		}
	}
	h.t.Fatalf("nothing of %s is in flight", l.Key)
	return nil
}

func (h *hands) inFlight(l Lane) (n int) {
	for _, item := range h.started {
		if item.Lane.Key == l.Key {
			n++
		}
	}
	return n
}

// wait lets time pass.
func (h *hands) wait(d Duration) {
	h.t.Helper()
	end := h.now + d
	for {
		next, ok := h.machine.Next()
		if !ok || next > end {
			h.now = end
			return
		}
		h.now = max(h.now, next)
		h.do(h.machine.Tick(h.now))
		h.claim()
	}
}

func (h *hands) want(what string, got, want int) {
	h.t.Helper()
	if got != want {
		h.t.Errorf("%s: %d, want %d", what, got, want)
	}
}
