package scheduler

// Reservation is room for work that its holder is about to create and claim.
type Reservation struct {
	machine *Scheduler
	grant   grant
	wanted  int // works, of so many bytes
	bytes   int64
	n       int
	turn    node[*Reservation] // among those that wait for room in their lane
	over    bool
}

// Reserve keeps room for up to n works of a lane, bytes in all, that the caller is about to create and claim in one
// transaction: none where others wait for their turn.
func (s *Scheduler) Reserve(now Instant, of Lane, n int, bytes int64) *Reservation {
	s.at(now)
	r := s.reservation(of, n, bytes)
	s.keep(r)
	return r
}

// Await is Reserve for who has time: where a lane is quick, and what else waits there will be gone within a second, its
// room is kept as soon as there is enough. Until then the reservation is Pending: it ends with Granted, among the
// Actions, or with Settle.
func (s *Scheduler) Await(now Instant, of Lane, n int, bytes int64) *Reservation {
	s.at(now)
	r := s.reservation(of, n, bytes)
	if l := r.grant.lane; s.worthWaiting(l) && (l.awaited.n > 0 || !s.enough(r)) {
		l.awaited.push(&r.turn)
	} else {
		s.keep(r)
	}
	return r
}

// Pending tells whether it waits for room.
func (r *Reservation) Pending() bool { return r.turn.in != nil }

// Settle keeps the room that there is by now.
func (r *Reservation) Settle(now Instant) {
	r.machine.at(now)
	if r.Pending() {
		r.machine.keep(r)
	}
}

func (s *Scheduler) reservation(of Lane, n int, bytes int64) *Reservation {
	r := &Reservation{machine: s, grant: grant{lane: s.lane(of)}, wanted: n, bytes: bytes}
	r.turn.of = r
	return r
}

// keep keeps room. What finds none is going to wait in the database.
func (s *Scheduler) keep(r *Reservation) {
	r.turn.remove()
	l, g, n := r.grant.lane, &r.grant, min(r.wanted, maxClaimWorks)
	if !s.stopped && !l.wanted && s.fits(l, r.bytes) {
		for l.ahead.n == 0 && g.slots < n && s.open(l) && s.hasSlot(l) {
			g.marks |= s.take(l)
			g.slots++
		}
		g.ahead = min(n-g.slots, s.lacksAhead(l))
		l.expected += g.ahead
		s.expected += g.ahead
		if r.n = g.slots + g.ahead; r.n > 0 {
			g.bytes = r.bytes
			s.bytes += r.bytes
		}
	}
	l.backlog += r.wanted - r.n
	if r.over = r.n == 0; !r.over && l.turn.in == &s.idle {
		s.leave(l)
	}
}

// enough tells whether there is room for all of a reservation, or for half of what the lane takes ahead: it goes on with the
// other half meanwhile.
func (s *Scheduler) enough(r *Reservation) bool {
	l := r.grant.lane
	return !l.wanted && l.claim == nil && s.fits(l, r.bytes) && s.lacksAhead(l) >= min(r.wanted, (s.target(l)+1)/2)
}

// worthWaiting tells whether what is in the way of others in a lane will be gone before long.
func (s *Scheduler) worthWaiting(l *lane) bool {
	if s.stopped || s.target(l) == 0 {
		return false
	}
	if l.wanted || l.claim != nil {
		return l.backlog <= min(shortBacklog, s.begins(l, second))
	}
	return l.ahead.n+l.expected > 0
}

// admit keeps room for those who wait for it, or no longer need to.
func (s *Scheduler) admit(l *lane) {
	for l.awaited.n > 0 {
		r := l.awaited.first.of
		if s.worthWaiting(l) && !s.enough(r) {
			return
		}
		s.keep(r)
		s.out.Granted = append(s.out.Granted, r)
	}
}

// N is for how many works there is room.
func (r *Reservation) N() int { return r.n }

// Start begins what was created. The first of Start and Return counts; what a later one brings is given back.
func (r *Reservation) Start(now Instant, items []*Item) Actions {
	s := r.machine
	s.at(now)
	fresh := !r.over
	if fresh {
		r.over = true
		s.redeem(&r.grant)
	}
	for _, item := range items {
		switch {
		case item.state != isNew: // it has been brought before
		case fresh && r.grant.got < r.n:
			s.accept(r.grant.lane, item, &r.grant)
		default:
			s.giveBack(item)
		}
	}
	if fresh {
		s.revoke(&r.grant)
	}
	return s.finish()
}

// Return gives the room to others.
func (r *Reservation) Return(now Instant) Actions { return r.Start(now, nil) }
