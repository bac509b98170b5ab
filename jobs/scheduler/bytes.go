package scheduler

import "math"

// maxLighter bounds how many of those that wait for bytes are woken at a time. The next Tick goes on.
const maxLighter = 64

// fits tells whether so many bytes more of a lane may be in hand. What is larger than all that may be in hand goes
// alone.
func (s *Scheduler) fits(l *lane, bytes int64) bool {
	return s.limits.Bytes <= 0 || s.bytes == 0 || bytes <= s.freeBytes(l)
}

// freeBytes are those that a lane may use: the elder also what is saved for it.
func (s *Scheduler) freeBytes(l *lane) int64 {
	free := s.limits.Bytes - s.bytes
	if l != s.elder {
		free -= s.saved
	}
	return free
}

// weigh learns how heavy the works of a lane are, from one that has been admitted.
func (l *lane) weigh(bytes int64) {
	if l.weight == 0 {
		l.weight = bytes
	}
	l.weight += (bytes - l.weight) / 8
}

// roomBytes is how many of so many works of a lane may come to hand.
func (s *Scheduler) roomBytes(works int, l *lane) int {
	room := s.freeBytes(l)
	switch {
	case s.limits.Bytes <= 0:
		return works
	case room <= 0:
		return 0
	case l.weight <= 0:
		return works
	default:
		return int(min(int64(works), room/l.weight))
	}
}

// lighten returns bytes that are in hand no more. Of them half is saved for the lane that has waited for bytes the
// longest, until there is what it needs: smaller ones would have all of them, each time before they are enough for it.
func (s *Scheduler) lighten(bytes int64) {
	s.bytes -= bytes
	s.lighter = s.lighter || bytes > 0
	if s.elder != nil {
		s.saved = min(s.saved+(bytes+1)/2, s.elder.weight, s.limits.Bytes/2)
	}
}

// succeed lets the next one be the elder.
func (s *Scheduler) succeed() {
	s.lighter = s.lighter || s.saved > 0
	s.elder, s.saved = nil, 0
	for i := range s.heavy {
		if first := s.heavy[i].first; first != nil && (s.elder == nil || first.of.ticket < s.elder.ticket) {
			s.elder = first.of
		}
	}
}

// heaviness is the list of those that wait for bytes in which a lane has its turn: with others whose works are at most
// twice as large as its.
func (s *Scheduler) heaviness(l *lane) *list[*lane] {
	_, digits := math.Frexp(float64(l.weight))
	return &s.heavy[digits]
}

// wakeHeavy lets those claim that waited for bytes: in turn, but past those that want more than there is and twice as
// much as they.
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
		if first != nil && s.fits(first.of, first.of.weight) && (next == nil || first.of.ticket < next.ticket) {
			next = first.of
		}
	}
	return next
}
