package scheduler

import "container/heap"

// maxRest bounds how long a receiver may ask to be left alone.
const maxRest = 60 * second

// answered tells whether something came back from the endpoint.
func (k Kind) answered() bool { return k == Arrived || k == Refused || k == Overloaded }

// learn notes what an answer says of the lane's receiver, its endpoint and its name.
func (s *Scheduler) learn(l *lane, item *Item, a Answer, inFlight int) {
	if a.Kind == Ours {
		return
	}
	l.stalled = false
	l.notePace(a.Took)
	fell, rose := s.noteHealth(l, a.Kind)
	if l.endpoint.bound == 0 {
		s.learnWindow(l, item, a, inFlight, rose)
	}
	if a.Kind == Overloaded && a.RetryAfter > 0 {
		s.letRest(l, s.now+min(a.RetryAfter, maxRest))
		fell = true
	}
	if fell {
		s.giveBackAhead(l)
	}
}

// noteHealth counts failures and successes where they belong, and tells whether an outage began or ended.
func (s *Scheduler) noteHealth(l *lane, kind Kind) (fell, rose bool) {
	switch kind {
	case Arrived:
		rose = l.succeeded()
	case Refused, Overloaded, TimedOut:
		fell = l.failed(s.now)
	case Unreachable:
		fell = l.endpoint.failed(s.now)
	case Unresolved:
		fell = l.host.failed(s.now)
	}
	if kind.answered() && l.endpoint.succeeded() {
		l.endpoint.restart()
		rose = true
	}
	if (kind.answered() || kind == Unreachable) && l.host.succeeded() {
		l.host.epoch++
		rose = kind.answered()
	}
	l.endpoint.follow()
	s.touch(l.endpoint)
	s.touch(l.host)
	return fell, rose
}

// learnWindow notes what an answer says of how much the receiver can take.
func (s *Scheduler) learnWindow(l *lane, item *Item, a Answer, inFlight int, rose bool) {
	switch {
	case rose && a.Kind.answered():
		s.openWindow(l, 1)
	case !l.warm() && (a.Kind.answered() || a.Kind == TimedOut):
		s.openWindow(l, max(2, inFlight))
	}
	w, e := &l.window, l.endpoint
	switch a.Kind {
	case Arrived:
		if item.cold {
			e.opening = min(e.opening+1, s.limits.Slots)
		}
		w.arrived(a.Took, item.number, item.among, s.sequence, s.limits.Slots)
	case Overloaded, TimedOut, Unreachable:
		if a.Kind == Unreachable && item.cold {
			e.opening = max(1, e.opening/2)
		}
		w.halve(item.number, s.sequence)
	}
}

func (s *Scheduler) openWindow(l *lane, size int) {
	l.window = opened(min(size, s.limits.Slots), s.sequence)
	l.warmIn = l.endpoint.epoch + 1
}

// letRest begins nothing in a lane until then.
func (s *Scheduler) letRest(l *lane, until Instant) {
	if until <= l.rest {
		return
	}
	l.rest = until
	if l.restAt == 0 {
		heap.Push(&s.resting, l)
	} else {
		heap.Fix(&s.resting, l.restAt-1)
	}
}
