package scheduler

// lane is what the machine knows of a Lane.
type lane struct {
	Lane
	account        *account
	pair           *pair
	endpoint, host *gate
	budget         *gate // nil: nobody set a limit

	inFlight int         // places: from start to answer, and those kept for what is being claimed or created
	held     int         // slots
	ahead    list[*Item] // claimed, and not begun
	reserved int         // of the places, those kept for what has not begun
	expected int         // that may come ahead of what is being claimed or created
	wanted   bool        // more may be due than was claimed
	backlog  int         // works that were created for the database to keep, and not claimed since: as far as is known here
	awaited  list[*Reservation]
	claim    *Claim      // that it is in
	entry    int         // where
	ask      int         // what the next claim asks for at most
	weight   int64       // bytes that its works have
	early    node[*lane] // among those that want to claim ahead

	outage  // 20 in a row were refused, or not answered
	window  window
	warmIn  int      // the epoch of the endpoint in which it answered first; 0: it has not
	pace    Duration // of an average answer
	stalled bool     // what was ahead did not begin in time, and nothing was answered since
	rest    Instant  // it asked to be left alone until then
	restAt  int      // its position among those who rest

	// Where it is: turn is in the list of a class, of those parked at a gate, of those that wait for bytes, or of the idle
	// ones.
	turn      node[*lane]
	side      node[*lane] // among those of the account at the host, while it is in a class
	class     int
	bulk      int     // in which half of the class
	asks      [3]bool // its gates count it as ready
	order     uint64  // when it got there, in the order of events
	idleSince Instant
	offered   bool   // a gate has room for it
	ticket    uint64 // since when it waits at a gate or for bytes, in the order of events; 0: it has begun since
}

// warm tells whether the lane has a window of its own.
func (l *lane) warm() bool { return l.warmIn == l.endpoint.epoch+1 }

func (l *lane) bulkIndex() int { return count(l.Bulk) }

// idle tells whether nothing of the lane is under way or known to wait. Who rests is remembered.
func (l *lane) idle(now Instant) bool {
	return l.rest <= now && l.held == 0 && l.inFlight == 0 && l.expected == 0 && l.ahead.n == 0 && !l.wanted &&
		l.claim == nil && l.awaited.n == 0
}

// settle puts a lane where it belongs, after anything that may have changed that. Where it stays, it keeps its turn.
func (s *Scheduler) settle(l *lane) {
	s.admit(l)
	s.queueEarly(l)
	class := s.classOf(l)
	if class != none && s.isFull(l) {
		l.window.full = true
	}
	to, ready := s.destination(l, class)
	if l == s.elder && (l.ticket == 0 || !ready && to != s.heaviness(l)) {
		s.leave(l)
		s.succeed()
		to, ready = s.destination(l, class)
	}
	if to == l.turn.in {
		return
	}
	s.leave(l)
	switch {
	case to == nil:
	case ready:
		s.ready(l, class)
	case to == &s.idle:
		s.retire(l)
	default:
		s.park(l, to)
	}
}

// leave takes a lane from where it is.
func (s *Scheduler) leave(l *lane) {
	if l.class != none {
		s.unready(l)
	}
	l.turn.remove()
}

// destination is the list in which a lane is to wait: for its turn (ready), or for something else; nil: for an answer
// of its own, or for time to pass.
func (s *Scheduler) destination(l *lane, class int) (to *list[*lane], ready bool) {
	switch {
	case class == none && l.idle(s.now):
		return &s.idle, false
	case class == none || l.rest > s.now || l.tried() || s.isFull(l):
		return nil, false
	}
	g := l.closed()
	if g == nil && l.class == none && !l.offered {
		g = l.line()
	}
	switch {
	case g != nil:
		return &g.parked[l.busy()], false
	case class != starting && !s.fits(l, l.weight):
		return s.heaviness(l), false
	default:
		return &l.account.share(class).lanes[l.bulkIndex()], true
	}
}

// park puts a lane among those that wait for room. Who was offered some and came too late is not sent to the end.
func (s *Scheduler) park(l *lane, in *list[*lane]) {
	if l.ticket == 0 {
		s.sequence++
		l.ticket = s.sequence
	}
	if in.n == 0 || in.last.of.ticket < l.ticket {
		in.push(&l.turn)
	} else {
		next := in.first
		for n := 0; n < maxOffers && next != nil && next.of.ticket < l.ticket; n++ {
			next = next.next
		}
		in.pushBefore(&l.turn, next)
	}
	for _, g := range l.gates() {
		if in == &g.parked[0] || in == &g.parked[1] {
			s.touch(g) // it may have room, and others before this one
			s.awaitToken(g)
		}
	}
	if s.elder == nil && in == s.heaviness(l) {
		s.succeed()
	}
}

// retire puts a lane among the idle ones.
func (s *Scheduler) retire(l *lane) {
	l.idleSince = s.now
	s.idle.push(&l.turn)
	if s.idle.n > maxIdle {
		s.forget(s.idle.first.of)
	}
}

func (s *Scheduler) classOf(l *lane) int {
	switch {
	case l.ahead.n > 0:
		return starting
	case l.wanted && (l.claim == nil || l.claim.asksFor(l)):
		return s.kind(l.Kind).class
	default:
		return none
	}
}

// isFull tells whether the lane has no place of its own left.
func (s *Scheduler) isFull(l *lane) bool {
	switch {
	case l.down || l.endpoint.bound > 0:
		return false
	case l.warm():
		return l.inFlight >= l.window.limit()
	default:
		return l.inFlight >= firstOpening
	}
}

// gates are what it has in common with other lanes.
func (l *lane) gates() []*gate {
	all := [...]*gate{l.host, l.endpoint, l.budget}
	return all[:2+count(l.budget != nil)]
}

// closed is the gate that has no room for the lane.
func (l *lane) closed() *gate {
	l.endpoint.follow()
	for _, g := range l.gates() {
		if g.holds(l) && g.room(l.busy()) <= 0 {
			return g
		}
	}
	return nil
}

// line is the gate at which others wait for their turn.
func (l *lane) line() *gate {
	for _, g := range l.gates() {
		if !g.holds(l) {
			continue
		}
		others := g.parked[0].n + l.busy()*g.parked[1].n
		if in := l.turn.in; in == &g.parked[0] || in == &g.parked[1] && l.busy() > 0 {
			others--
		}
		if others > 0 {
			return g
		}
	}
	return nil
}

func (l *lane) busy() int { return count(l.inFlight > 0) }

// open tells whether the lane may begin one more, if it has a slot.
func (s *Scheduler) open(l *lane) bool {
	return l.rest <= s.now && !l.tried() && !s.isFull(l) && l.closed() == nil
}
