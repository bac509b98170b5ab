package scheduler

// lane is what the machine knows of a Lane.
type lane struct {
	Lane
	account        *account
	pair           *pair
	endpoint, host *gate

	inFlight int         // places: from start to answer, and those kept for what is being claimed or created
	held     int         // slots
	ahead    list[*Item] // claimed, and not begun
	expected int         // that may come ahead of what is being claimed or created
	wanted   bool        // more may be due than was claimed
	claim    *Claim      // that it is in
	entry    int         // where
	ask      int         // what the next claim asks for at most
	weight   int64       // bytes that its works have
	waits    bool        // something does, here or in the database
	early    node[*lane] // among those that want to claim ahead

	outage  // 20 in a row were refused, or not answered
	window  window
	warmIn  int      // the epoch of the endpoint in which it answered first; 0: it has not
	pace    Duration // of an average answer
	stalled bool     // what was ahead did not begin in time, and nothing was answered since
	rest    Instant  // it asked to be left alone until then
	restAt  int      // its position among those who rest

	// Where it is: turn is in the list of a class, of those parked at a gate, of those that wait for bytes, or of the idle ones.
	turn      node[*lane]
	side      node[*lane] // among those of the account at the host, while it is in a class
	class     int
	bulk      int     // in which half of the class
	asks      [2]bool // its gates count it as ready
	order     uint64  // when it got there, in the order of events
	idleSince Instant
	ticket    uint64 // since when it waits at a gate or for bytes, in the order of events; 0: it has begun since
}

// warm tells whether the lane has a window of its own.
func (l *lane) warm() bool { return l.warmIn == l.endpoint.epoch+1 }

func (l *lane) bulkIndex() int { return count(l.Bulk) }

func (l *lane) idle() bool {
	return l.held == 0 && l.inFlight == 0 && l.expected == 0 && l.ahead.n == 0 && !l.wanted && l.claim == nil
}

// settle puts a lane where it belongs, after anything that may have changed that. Where it stays, it keeps its turn.
func (s *Scheduler) settle(l *lane) {
	s.countWaiting(l)
	s.queueEarly(l)
	to, class := s.destination(l)
	if to == l.turn.in {
		return
	}
	s.leave(l)
	switch {
	case to == nil:
	case class != none:
		s.ready(l, class)
	case to == &s.idle:
		l.idleSince = s.now
		to.push(&l.turn)
		if to.n > maxIdle {
			s.forget(to.first.of)
		}
	default:
		s.park(l, to)
	}
}

// park puts a lane among those that wait for room. Who was offered some and came too late is not sent to the end.
func (s *Scheduler) park(l *lane, in *list[*lane]) {
	if l.ticket == 0 {
		s.sequence++
		l.ticket = s.sequence
		in.push(&l.turn)
		return
	}
	next := in.first
	for n := 0; n < maxOffers && next != nil && next.of.ticket < l.ticket; n++ {
		next = next.next
	}
	in.pushBefore(&l.turn, next)
}

// leave takes a lane from where it is.
func (s *Scheduler) leave(l *lane) {
	if l.class != none {
		s.unready(l)
	}
	l.turn.remove()
}

// destination is the list in which a lane is to wait; nil: for an answer of its own, or for time to pass.
func (s *Scheduler) destination(l *lane) (to *list[*lane], class int) {
	class = s.classOf(l)
	switch {
	case class == none && l.idle():
		return &s.idle, none
	case class == none || l.rest > s.now || l.tried():
		return nil, none
	case s.isFull(l):
		l.window.full = true
		return nil, none
	}
	if g := l.closed(); g != nil {
		return &g.parked[l.busy()], none
	}
	if class != starting && !s.fits(l.weight) {
		return &s.heavy, none
	}
	return &l.account.share(class).lanes[l.bulkIndex()], class
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

// closed is the gate that has no room for the lane.
func (l *lane) closed() *gate {
	l.endpoint.follow()
	for _, g := range [...]*gate{l.host, l.endpoint} {
		if g.holds(l) && g.room(l.busy()) <= 0 {
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

// countWaiting keeps the number of accounts that have something waiting.
func (s *Scheduler) countWaiting(l *lane) {
	waits := l.ahead.n > 0 || l.wanted
	if waits == l.waits {
		return
	}
	l.waits = waits
	before := l.account.waits > 0
	l.account.waits += count(waits) - count(!waits)
	s.waits += count(l.account.waits > 0) - count(before)
}
