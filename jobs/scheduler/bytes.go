package scheduler

// maxLighter bounds how many of those that wait for bytes are looked at when some are free.
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

// wakeHeavy lets those claim that waited for bytes: in turn, but past those that want more than there is.
func (s *Scheduler) wakeHeavy() {
	if !s.lighter {
		return
	}
	s.lighter = false
	for n, looked := s.heavy.first, 0; n != nil && looked < maxLighter; looked++ {
		l := n.of
		n = n.next
		if s.fits(l.weight) {
			s.leave(l)
			s.settle(l)
		}
	}
}
