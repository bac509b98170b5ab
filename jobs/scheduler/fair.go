package scheduler

// none is the class of lanes that have nothing to begin; starting of those that have something ahead; those above, one
// for each kind, of those that have to claim first.
const (
	none     = -1
	starting = 0
)

// queue is the accounts with lanes in a class.
type queue struct {
	all   ranking
	fresh ranking // those with hosts at which they have nothing in flight
}

// account is whose callbacks lanes hold. Its slots are those from start until freed, and those kept for what is being
// claimed.
type account struct {
	id     int64
	lanes  int
	held   int // slots
	served uint64
	waits  int // lanes in its classes
	shares []*share
}

// share is the lanes of an account in a class.
type share struct {
	account *account
	lanes   [2]list[*lane] // in turn: plain ones, bulk
	hosts   [2]list[*seat] // those with nothing in flight
	at      [2]int         // in the rankings of the class
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

func newQueue() *queue { return &queue{fresh: ranking{which: 1}} }

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
	if !q.all.has(mine) {
		q.all.push(mine)
	}
	at.lanes[l.bulk].push(&l.side)
	if l.pair.inFlight == 0 {
		s.freshen(mine, at, class, l.bulk)
	}
	s.countWaiting(l.account, 1)
	for i, g := range l.gates() {
		l.asks[i] = g.holds(l)
		g.ready += count(l.asks[i])
	}
}

// unready is the opposite of ready. What the lane was offered is for others.
func (s *Scheduler) unready(l *lane) {
	mine, at := l.account.shares[l.class], l.pair.seats[l.class]
	l.turn.remove()
	l.side.remove()
	if at.lanes[l.bulk].n == 0 {
		s.stale(mine, at, l.class, l.bulk)
	}
	if mine.lanes[0].n+mine.lanes[1].n == 0 {
		s.queues[l.class].all.remove(mine)
	}
	l.class = none
	s.countWaiting(l.account, -1)
	for i, g := range l.gates() {
		g.ready -= count(l.asks[i])
		l.asks[i] = false
		s.touch(g)
	}
}

// countWaiting keeps the number of accounts that lack nothing but a slot, or the claim for which they need it.
func (s *Scheduler) countWaiting(a *account, lanes int) {
	before := a.waits > 0
	a.waits += lanes
	s.waits += count(a.waits > 0) - count(before)
}

func (s *Scheduler) freshen(mine *share, at *seat, class, bulk int) {
	if at.turn[bulk].in == nil && at.lanes[bulk].n > 0 {
		mine.hosts[bulk].push(&at.turn[bulk])
		if q := s.queues[class]; !q.fresh.has(mine) {
			q.fresh.push(mine)
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
		for _, r := range [...]*ranking{&s.queues[class].all, &s.queues[class].fresh} {
			if r.has(mine) {
				r.fix(mine)
			}
		}
	}
}

// scarce tells that of the slots only those are free that are kept.
func (s *Scheduler) scarce() bool { return s.limits.Slots-s.used <= s.kept }

// mayTake tells whether an account may take one more slot, for a lane of a host at which it has nothing in flight
// (fresh) or any other. The last half of what is kept is for accounts that hold nothing: those that hang with many
// hosts would have all of it.
func (s *Scheduler) mayTake(a *account, fresh bool) bool {
	othersWait := s.waits > count(a.waits > 0)
	switch free := s.limits.Slots - s.used; {
	case s.stopped || free <= 0:
		return false
	case free <= s.kept/2:
		return a.held == 0
	case free <= s.kept:
		return a.held < s.few || fresh && a.held < s.quarter
	default:
		return a.held < s.quarter || !othersWait
	}
}

// hasSlot tells whether there is a slot for one more of a lane in which nothing else waits.
func (s *Scheduler) hasSlot(l *lane) bool {
	if s.scarce() && l.account.held >= s.few {
		if first := s.first(false); first.of != nil && first.held < l.account.held {
			return false
		}
	}
	return s.mayTake(l.account, l.pair.inFlight == 0)
}

// first returns the account with the fewest slots of those that could begin something.
func (s *Scheduler) first(fresh bool) (first ranked) {
	for class, q := range s.queues {
		r := &q.all
		if fresh {
			r = &q.fresh
		}
		if len(r.items) > 0 && s.mayServe(class) && (first.of == nil || r.items[0].before(first)) {
			first = r.items[0]
		}
	}
	return first
}

// pick returns the lane whose turn it is to take a slot. Where the account with the fewest may not take one more, no
// other may; but what is kept for fresh lanes is for those of others, too, if they do not hold more than it does.
func (s *Scheduler) pick() *lane {
	first := s.first(false)
	if first.of == nil {
		return nil
	}
	if s.mayTake(first.of.account, false) {
		return s.within(first.of.account, false)
	}
	if !s.scarce() {
		return nil
	}
	fresh := s.first(true)
	if fresh.of == nil || !s.mayTake(fresh.of.account, true) {
		return nil
	}
	if first.held < fresh.held {
		if l := s.within(first.of.account, false); !s.stillReady(l) {
			return l // it does not know yet
		}
		return nil // the next slot is for it
	}
	return s.within(fresh.of.account, true)
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
