package scheduler

import "math"

// maxLighter bounds how many of those that wait for bytes are woken at a time. The next Tick goes on.
const maxLighter = 64

// fits tells whether so many bytes more may be in hand. What is larger than all that may be in hand goes alone.
func (s *Scheduler) fits(bytes int64) bool {
	return s.limits.Bytes <= 0 || s.bytes == 0 || s.bytes+bytes <= s.limits.Bytes
}

// weigh learns how heavy the works of a lane are, from one that has been admitted.
func (l *lane) weigh(bytes int64) {
	if l.weight == 0 {
		l.weight = bytes
	}
	l.weight += (bytes - l.weight) / 8
}

// roomBytes is how many of so many works of a weight may come to hand.
func (s *Scheduler) roomBytes(works int, weight int64) int {
	room := s.limits.Bytes - s.bytes
	switch {
	case s.limits.Bytes <= 0:
		return works
	case room <= 0:
		return 0
	case weight <= 0:
		return works
	default:
		return int(min(int64(works), room/weight))
	}
}

// lighten returns bytes that are in hand no more.
func (s *Scheduler) lighten(bytes int64) {
	s.bytes -= bytes
	s.lighter = s.lighter || bytes > 0
}

// heaviness is the list of those that wait for bytes in which a lane has its turn: with others whose works are at most twice as large as its.
func (s *Scheduler) heaviness(l *lane) *list[*lane] {
	_, digits := math.Frexp(float64(l.weight))
	return &s.heavy[digits]
}

// wakeHeavy lets those claim that waited for bytes: in turn, but past those that want more than there is and twice as much as they.
func (s *Scheduler) wakeHeavy() {
	for n := 0; s.lighter && n < maxLighter; n++ {
		if l := s.nextHeavy(); l != nil {
			s.leave(l)
			s.settle(l)
		} else {
			s.lighter = false
		}
	}
}

// nextHeavy returns the one that has waited the longest of those for which there is room.
func (s *Scheduler) nextHeavy() (next *lane) {
	for i := range s.heavy {
		first := s.heavy[i].first
		if first != nil && s.fits(first.of.weight) && (next == nil || first.of.ticket < next.ticket) {
			next = first.of
		}
	}
	return next
}
