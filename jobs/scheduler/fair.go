package scheduler

// none is the class of lanes that have nothing to begin; starting of those that have something ahead; those above, one for each kind, of
// those that have to claim first.
const (
	none     = -1
	starting = 0
)

// queue is the accounts with lanes in a class.
type queue struct {
	all   heap[*share]
	fresh heap[*share] // those with hosts at which they have nothing in flight
}

// account is whose callbacks lanes hold. Its slots are those from start until freed, and those kept for what is being claimed.
type account struct {
	id     int64
	lanes  int
	held   int // slots
	served uint64
	waits  int // lanes in which something waits
	shares []*share
}

// share is the lanes of an account in a class.
type share struct {
	account        *account
	lanes          [2]list[*lane] // in turn: plain ones, bulk
	hosts          [2]list[*seat] // those with nothing in flight
	inAll, inFresh int
}

// pair is an account at a host.
type pair struct {
	lanes    int
	inFlight int
	seats    []*seat
}

// seat is the lanes of an account at a host in a class.
type seat struct {
	lanes [2]list[*lane]
	turn  [2]node[*seat]
}

func newQueue() *queue {
	before := func(a, b *share) bool { return a.account.before(b.account) }
	return &queue{
		all:   heap[*share]{before: before, at: func(x *share) *int { return &x.inAll }},
		fresh: heap[*share]{before: before, at: func(x *share) *int { return &x.inFresh }},
	}
}

// before: who holds the fewest slots is served first, and among them who has not been for the longest.
func (a *account) before(b *account) bool {
	return a.held < b.held || a.held == b.held && a.served < b.served
}

func (a *account) share(class int) *share {
	for len(a.shares) <= class {
		a.shares = append(a.shares, &share{account: a})
	}
	return a.shares[class]
}

func (p *pair) seat(class int) *seat {
	for len(p.seats) <= class {
		x := &seat{}
		x.turn[0].of, x.turn[1].of = x, x
		p.seats = append(p.seats, x)
	}
	return p.seats[class]
}

// ready lets a lane begin when the turn of its account comes, after all other lanes of it.
func (s *Scheduler) ready(l *lane, class int) {
	q, mine, at := s.queues[class], l.account.share(class), l.pair.seat(class)
	s.sequence++
	l.class, l.bulk, l.order = class, l.bulkIndex(), s.sequence
	mine.lanes[l.bulk].push(&l.turn)
	if mine.inAll == 0 {
		q.all.push(mine)
	}
	at.lanes[l.bulk].push(&l.side)
	if l.pair.inFlight == 0 {
		s.freshen(mine, at, class, l.bulk)
	}
	l.asks = [2]bool{l.endpoint.holds(l), l.host.holds(l)}
	l.endpoint.ready += count(l.asks[0])
	l.host.ready += count(l.asks[1])
}

// unready is the opposite of ready. What the lane was offered is for others.
func (s *Scheduler) unready(l *lane) {
	mine, at := l.account.shares[l.class], l.pair.seats[l.class]
	l.turn.remove()
	l.side.remove()
	if at.lanes[l.bulk].n == 0 {
		s.stale(mine, at, l.class, l.bulk)
	}
	if mine.inAll > 0 && mine.lanes[0].n+mine.lanes[1].n == 0 {
		s.queues[l.class].all.remove(mine)
	}
	l.endpoint.ready -= count(l.asks[0])
	l.host.ready -= count(l.asks[1])
	l.class = none
	s.touch(l.endpoint)
	s.touch(l.host)
}

func (s *Scheduler) freshen(mine *share, at *seat, class, bulk int) {
	if at.turn[bulk].in == nil && at.lanes[bulk].n > 0 {
		mine.hosts[bulk].push(&at.turn[bulk])
		if mine.inFresh == 0 {
			s.queues[class].fresh.push(mine)
		}
	}
}

func (s *Scheduler) stale(mine *share, at *seat, class, bulk int) {
	if at.turn[bulk].in != nil {
		at.turn[bulk].remove()
		if mine.hosts[0].n+mine.hosts[1].n == 0 {
			s.queues[class].fresh.remove(mine)
		}
	}
}

// begun and ended tell that an account has something in flight at a host, or nothing any more.
func (s *Scheduler) begun(l *lane) { s.eachSeat(l, s.stale) }
func (s *Scheduler) ended(l *lane) { s.eachSeat(l, s.freshen) }

func (s *Scheduler) eachSeat(l *lane, do func(mine *share, at *seat, class, bulk int)) {
	for class, at := range l.pair.seats {
		for bulk := range at.turn {
			do(l.account.share(class), at, class, bulk)
		}
	}
}

// moved puts an account in its place after the number of its slots has changed.
func (s *Scheduler) moved(a *account) {
	for class, mine := range a.shares {
		if mine.inAll > 0 {
			s.queues[class].all.fix(mine)
		}
		if mine.inFresh > 0 {
			s.queues[class].fresh.fix(mine)
		}
	}
}

// scarce tells that only lanes of hosts may begin at which their account has nothing in flight.
func (s *Scheduler) scarce() bool { return s.limits.Slots-s.used <= s.kept }

// mayTake tells whether an account may take one more slot. Half of what is kept is for accounts that hold nothing, or those that hang with
// many hosts would have all of it.
func (s *Scheduler) mayTake(a *account) bool {
	free := s.limits.Slots - s.used
	othersWait := s.waits > count(a.waits > 0)
	switch {
	case s.stopped || free <= 0:
		return false
	case free <= s.kept/2:
		return a.held == 0
	case free <= s.kept || othersWait:
		return a.held < s.quarter
	default:
		return true
	}
}

// hasSlot tells whether there is a slot for one more of a lane whose turn it would be.
func (s *Scheduler) hasSlot(l *lane) bool {
	return s.mayTake(l.account) && (!s.scarce() || l.pair.inFlight == 0)
}

// pick returns the lane whose turn it is to take a slot. Where the account with the fewest may not take one more, no other may.
func (s *Scheduler) pick() *lane {
	var best *account
	fresh := s.scarce()
	for class, q := range s.queues {
		h := &q.all
		if fresh {
			h = &q.fresh
		}
		if len(h.items) > 0 && s.mayServe(class) && (best == nil || h.items[0].account.before(best)) {
			best = h.items[0].account
		}
	}
	if best == nil || !s.mayTake(best) {
		return nil
	}
	return s.within(best, fresh)
}

// within returns the lane of an account whose turn it is.
func (s *Scheduler) within(a *account, fresh bool) (best *lane) {
	for bulk := range 2 {
		for class, mine := range a.shares {
			l := mine.next(bulk, fresh)
			if l != nil && s.mayServe(class) && (best == nil || l.order < best.order) {
				best = l
			}
		}
		if best != nil {
			return best
		}
	}
	return nil
}

func (x *share) next(bulk int, fresh bool) *lane {
	switch {
	case fresh && x.hosts[bulk].n > 0:
		return x.hosts[bulk].first.of.lanes[bulk].first.of
	case !fresh && x.lanes[bulk].n > 0:
		return x.lanes[bulk].first.of
	}
	return nil
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}
