package scheduler

import "container/heap"

const (
	// coldTime is how long a request without an answer counts against its endpoint's opening.
	coldTime = second
	// Tick is asked for to forget what was idle for maxIdleTime, and then forgets all that was for minIdleTime: not one by
	// one.
	minIdleTime = 45 * second
	maxIdleTime = 60 * second
	// maxIdle bounds how many idle lanes are remembered.
	maxIdle = 10_000
	// grid is how exactly time is kept: what falls due within it does so with one Tick.
	grid = 10 * millisecond
	// maxTick bounds what a Tick does of one sort. The next one follows at once.
	maxTick = 256
)

// at notes the time of an event.
func (s *Scheduler) at(now Instant) { s.now = max(s.now, now) }

// age makes a list of items tell when each has been in it for a time, which is the same for all.
func (s *Scheduler) age(in *list[*Item], item *Item, time Duration) {
	item.until = (s.now + time + grid - 1) / grid * grid
	in.push(&item.aging)
}

// Tick brings about what time brings.
func (s *Scheduler) Tick(now Instant) Actions {
	s.at(now)
	for n := 0; n < maxTick && len(s.resting) > 0 && s.resting[0].rest <= s.now; n++ {
		l := s.resting[0]
		heap.Pop(&s.resting)
		s.settle(l)
	}
	for n := 0; n < maxTick && len(s.refills) > 0 && s.refills[0].refill <= s.now; n++ {
		s.touch(heap.Pop(&s.refills).(*budget).gate)
	}
	for n := 0; n < maxTick && due(&s.ahead, s.now); n++ {
		s.expire(s.ahead.first.of)
	}
	for n := 0; n < maxTick && due(&s.cold, s.now); n++ {
		s.outgrow(s.cold.first.of)
	}
	for n := 0; n < maxTick && s.idle.n > 0 && s.idle.first.of.idleSince+minIdleTime <= s.now; n++ {
		s.forget(s.idle.first.of)
	}
	return s.finish()
}

func due(in *list[*Item], now Instant) bool { return in.n > 0 && in.first.of.until <= now }

// expire gives back what has been ahead for too long. Nothing more is claimed ahead for its lane until something is
// answered.
func (s *Scheduler) expire(item *Item) {
	l := item.lane
	s.dropAhead(item)
	s.giveBack(item)
	s.lighten(item.Bytes)
	l.stalled = true
	s.settle(l)
}

// outgrow counts a request no longer against the opening of its endpoint.
func (s *Scheduler) outgrow(item *Item) {
	item.aging.remove()
	s.warmed(item.lane, item.marks)
	item.marks &^= markCold
}

// Next says when Tick is to be called; false: nothing waits for time.
func (s *Scheduler) Next() (Instant, bool) {
	if s.pending {
		return s.now, true
	}
	next, ok := Instant(0), false
	sooner := func(at Instant) {
		if !ok || at < next {
			next, ok = at, true
		}
	}
	if len(s.resting) > 0 {
		sooner(s.resting[0].rest)
	}
	if len(s.refills) > 0 {
		sooner(s.refills[0].refill)
	}
	for _, in := range [...]*list[*Item]{&s.ahead, &s.cold} {
		if in.n > 0 {
			sooner(in.first.of.until)
		}
	}
	if s.idle.n > 0 {
		sooner(s.idle.first.of.idleSince + maxIdleTime)
	}
	return next, ok
}
