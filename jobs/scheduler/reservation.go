package scheduler

// Reservation is room for work that its holder is about to create and claim.
type Reservation struct {
	machine *Scheduler
	grant   grant
	n       int
	over    bool
}

// Reserve keeps room for up to n works of a lane, bytes in all, that the caller is about to create and claim in one
// transaction: none where others wait for their turn.
func (s *Scheduler) Reserve(now Instant, of Lane, n int, bytes int64) *Reservation {
	s.at(now)
	l := s.lane(of)
	r := &Reservation{machine: s, grant: grant{lane: l}}
	n = min(n, maxClaimWorks)
	if !s.stopped && !l.wanted && s.fits(l, bytes) {
		g := &r.grant
		for l.ahead.n == 0 && g.slots < n && s.open(l) && s.hasSlot(l) {
			g.marks |= s.take(l)
			g.slots++
		}
		g.ahead = min(n-g.slots, s.lacksAhead(l))
		l.expected += g.ahead
		s.expected += g.ahead
		if r.n = g.slots + g.ahead; r.n > 0 {
			g.bytes = bytes
			s.bytes += bytes
		}
	}
	if r.over = r.n == 0; !r.over && l.turn.in == &s.idle {
		s.leave(l)
	}
	return r
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
