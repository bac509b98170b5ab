package scheduler

import "testing"

// afterAnAnswer is a lane whose window is full with the place that a claim keeps, and that claim. Its receiver is too
// slow for anything to be claimed ahead.
func afterAnAnswer(t *testing.T, limits Limits) (*hands, *lane, *Claim) {
	t.Helper()
	h := newHands(t, limits)
	h.add(place(1, 1), 100)
	item := h.pull(place(1, 1))
	h.do(h.machine.Answered(h.now, item, Answer{Kind: Arrived, Took: 10 * second}))
	h.do(h.machine.Freed(h.now, item))
	l := h.machine.lanes[place(1, 1).Key]
	if len(h.claims) != 1 || limits.PerEndpoint == 0 && l.inFlight != l.window.limit() {
		t.Fatalf("%d claims, %d in flight in a window of %d", len(h.claims), l.inFlight, l.window.limit())
	}
	return h, l, h.claims[0]
}

// While a claim is under way, answers say more of those whose places it keeps.
func TestPlaceThatWasKeptIsUsedOnlyIfItStillMayBe(t *testing.T) {
	t.Parallel()
	falls := func(o *outage, now Instant) {
		for range fallAfter {
			o.failed(now)
		}
	}
	learned, bound := Limits{Slots: 1000}, Limits{Slots: 1000, PerEndpoint: 16}
	for name, c := range map[string]struct {
		limits  Limits
		learns  func(s *Scheduler, l *lane)
		begins  int
		asTrial marks // of the one request that goes to what is down
	}{
		"nothing":          {learned, func(*Scheduler, *lane) {}, 1, 0},
		"half a window":    {learned, func(s *Scheduler, l *lane) { l.window.halve(s.sequence+1, s.sequence) }, 0, 0},
		"a window, bound":  {bound, func(_ *Scheduler, l *lane) { l.window.size = 1 }, 1, 0},
		"a rest":           {learned, func(s *Scheduler, l *lane) { s.letRest(l, s.now+second) }, 0, 0},
		"it is down":       {learned, func(s *Scheduler, l *lane) { falls(&l.outage, s.now) }, 1, markLane},
		"its port is down": {learned, func(s *Scheduler, l *lane) { falls(&l.endpoint.outage, s.now) }, 1, markEndpoint},
		"its name is lost": {learned, func(s *Scheduler, l *lane) { falls(&l.host.outage, s.now) }, 1, markHost},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, l, claim := afterAnAnswer(t, c.limits)
			c.learns(h.machine, l)
			before := len(h.started)
			h.claims = nil
			h.claimOne(claim)
			h.want("begun", len(h.started)-before, c.begins)
			for _, item := range h.started[before:] {
				h.want("marks", int(item.marks&^markCold), int(c.asTrial))
			}
		})
	}
}

// What waits while claims are under way is asked for together, but not more than is worth a statement.
func TestClaimIsForSoManyWorksAtMost(t *testing.T) {
	t.Parallel()
	h := newHands(t, Limits{Slots: 1000})
	for n := range maxClaims + 60 {
		l := place(n, int64(n))
		h.due[l.Key] = 10
		h.do(h.machine.Due(h.now, l))
	}
	h.want("claims at once", len(h.claims), maxClaims)
	under := h.claims
	h.claims = nil
	for _, c := range under {
		h.claimOne(c)
	}
	most := 0
	for _, c := range h.claims {
		works := 0
		for _, l := range c.Lanes {
			works += l.Limit
		}
		most = max(most, works)
	}
	h.want("the most in a claim", most, maxClaimWorks)
}

func TestOverloadedReceiverGetsNothingThatWasClaimedAhead(t *testing.T) {
	t.Parallel()
	h := newHands(t, Limits{Slots: 1000})
	l := place(1, 1)
	h.add(l, 10_000)
	for range 30 {
		h.now += 50 * millisecond
		h.end(l, 1, Answer{Kind: Arrived, Took: 50 * millisecond})
	}
	ahead := h.machine.lanes[l.Key].ahead.n
	if ahead == 0 {
		t.Fatal("nothing is ahead")
	}
	h.end(l, 1, Answer{Kind: Overloaded, RetryAfter: 5 * second})
	h.want("given back", h.back, ahead)
	h.want("ahead", h.machine.lanes[l.Key].ahead.n, 0)
}

func TestWeightIsThatOfTheFirstAndThenAnAverage(t *testing.T) {
	t.Parallel()
	l := &lane{}
	for i, want := range []int64{800, 700, 712} {
		l.weigh([]int64{800, 0, 800}[i])
		if l.weight != want {
			t.Errorf("after %d: %d, want %d", i+1, l.weight, want)
		}
	}
}

func TestNextElderIsTheOneThatHasWaitedTheLongest(t *testing.T) {
	t.Parallel()
	h := newHands(t, Limits{Slots: 1000, Bytes: 1000})
	first, second, third := place(1, 1), place(2, 2), place(3, 3)
	h.sizes = map[string]int64{first.Key: 500, second.Key: 600, third.Key: 200}
	h.bytes = 100
	for n := range 10 {
		h.add(place(10+n, 9), 1)
	}
	for _, l := range []Lane{first, second, third} {
		h.add(l, 100)
	}
	elder := func(l Lane) {
		t.Helper()
		if h.machine.elder != h.machine.lanes[l.Key] {
			t.Errorf("the elder is %+v, want %s", h.machine.elder, l.Key)
		}
	}
	elder(first)
	for n := 0; n < 10 && h.inFlight(first) == 0; n++ {
		h.answer(place(10+n, 9), 1, Arrived)
	}
	elder(second)
}
