package scheduler

// marks are what is counted of a place beside the place itself.
type marks uint8

const (
	// markCold: it counts against the opening of its endpoint.
	markCold marks = 1 << iota
	// The one request that goes to what is down.
	markLane
	markEndpoint
	markHost
)

// take takes a slot, and a place in a lane.
func (s *Scheduler) take(l *lane) (m marks) {
	s.used++
	l.held++
	l.account.held++
	s.sequence++
	l.account.served = s.sequence
	s.moved(l.account)

	l.inFlight++
	l.kept(1)
	if l.budget != nil {
		l.budget.inFlight++
	}
	l.endpoint.inFlight++
	l.pair.inFlight++
	if l.pair.inFlight == 1 {
		s.begun(l)
	}
	if l.endpoint.bound == 0 && !l.warm() {
		m |= markCold
		l.endpoint.cold++
	}
	return m | l.try(markLane) | l.endpoint.try(markEndpoint) | l.host.try(markHost)
}

func (o *outage) try(m marks) marks {
	if !o.down {
		return 0
	}
	o.trials++
	return m
}

// vacate frees a place.
func (s *Scheduler) vacate(l *lane, m marks) {
	l.inFlight--
	l.endpoint.inFlight--
	l.pair.inFlight--
	if l.pair.inFlight == 0 {
		s.ended(l)
	}
	for _, g := range l.gates() {
		if l.inFlight == 0 && l.turn.in == &g.parked[1] {
			l.ticket = 0 // it has had its turn: among those with nothing in flight it is the last
		}
	}
	if m&markLane != 0 {
		l.trials--
	}
	if m&markEndpoint != 0 {
		l.endpoint.trials--
	}
	if m&markHost != 0 {
		l.host.trials--
	}
	s.warmed(l, m)
	if l.budget != nil {
		l.budget.inFlight--
	}
	for _, g := range l.gates() {
		s.touch(g)
	}
}

// warmed takes a request out of those that count against the opening.
func (s *Scheduler) warmed(l *lane, m marks) {
	if m&markCold != 0 {
		l.endpoint.cold--
		s.touch(l.endpoint)
	}
}

// release frees a slot.
func (s *Scheduler) release(l *lane) {
	s.used--
	l.held--
	l.account.held--
	s.moved(l.account)
}

// mayUse tells whether a place that was kept for a lane may still be used, after what has become known since.
func (s *Scheduler) mayUse(l *lane, m marks) bool {
	switch {
	case l.rest > s.now, l.down && m&markLane == 0, l.endpoint.down && m&markEndpoint == 0, l.host.down && m&markHost == 0,
		l.budget != nil && !l.budget.budget.allows():
		return false
	case l.endpoint.bound == 0 && l.warm():
		return l.inFlight <= l.window.limit()
	default:
		return true
	}
}

// begin starts what has been ahead in a lane the longest, in a place of it.
func (s *Scheduler) begin(l *lane, m marks) {
	item := l.ahead.first.of
	s.dropAhead(item)
	l.spend()
	s.sequence++
	item.state, item.marks, item.number, item.among = isStarted, m, s.sequence, l.inFlight
	if item.cold = m&markCold != 0; item.cold {
		s.age(&s.cold, item, coldTime)
	}
	s.out.Start = append(s.out.Start, item)
}
