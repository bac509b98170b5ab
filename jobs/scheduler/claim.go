package scheduler

const (
	maxClaims     = 4 // in flight, of a kind
	maxClaimLanes = 64
	maxClaimWorks = 256
	// firstAsk is what is asked for in a lane at first: twice as many when that was not all, so that slots are not kept
	// for nothing.
	firstAsk = 8
)

// kind is what is claimed by statements of its own.
type kind struct {
	number   int
	class    int         // of lanes that have to claim before they can begin
	early    list[*lane] // that want to claim ahead
	open     *Claim      // that is being put together
	underway int
}

// grant is room that is kept for works that are not in hand yet.
type grant struct {
	lane  *lane
	slots int // with places
	ahead int
	bytes int64
	marks marks // of each of the places
	got   int
	more  bool // may be due than it asked for
	heavy bool // one of them did not fit, and none after it
}

func (s *Scheduler) kind(number int) *kind {
	k, ok := s.kinds[number]
	if !ok {
		k = &kind{number: number, class: len(s.queues)}
		s.kinds[number] = k
		s.queues = append(s.queues, newQueue())
		s.classes = append(s.classes, k)
	}
	return k
}

// mayServe tells whether lanes of a class can begin: some only when they may claim.
func (s *Scheduler) mayServe(class int) bool {
	return class == starting || s.classes[class].mayClaim()
}

func (k *kind) mayClaim() bool { return k.open != nil || k.underway < maxClaims }

// asksFor tells whether a claim that is being put together may ask for more of a lane.
func (c *Claim) asksFor(l *lane) bool { return c.composing && c.grants[l.entry].slots < l.ask }

// grantFor returns the place of a lane in the claim that is being put together.
func (s *Scheduler) grantFor(l *lane) *grant {
	k := s.kind(l.Kind)
	if k.open == nil {
		k.open = &Claim{Kind: k.number, composing: true}
		k.underway++
	}
	if l.claim == nil {
		l.claim, l.entry = k.open, len(k.open.grants)
		k.open.grants = append(k.open.grants, grant{lane: l})
	}
	return &k.open.grants[l.entry]
}

// reserve keeps a slot for what a lane is to claim.
func (s *Scheduler) reserve(l *lane) {
	g := s.grantFor(l)
	g.slots++
	g.marks |= s.take(l)
	g.bytes += l.weight
	s.bytes += l.weight
	s.countIn(l, 1)
}

func (s *Scheduler) expect(g *grant, n int) {
	g.ahead += n
	g.lane.expected += n
	s.expected += n
	g.bytes += int64(n) * g.lane.weight
	s.bytes += int64(n) * g.lane.weight
}

// countIn counts works that a claim asks for, and closes it when it is full.
func (s *Scheduler) countIn(l *lane, works int) {
	c := l.claim
	c.works += works
	if c.works >= maxClaimWorks || len(c.grants) >= maxClaimLanes {
		s.close(s.kind(c.Kind))
	}
}

// claimEarly adds what may be claimed ahead, and sends off what is put together.
func (s *Scheduler) claimEarly(k *kind) {
	for k.early.n > 0 && k.mayClaim() && !s.stopped {
		l := k.early.first.of
		wants := min(s.target(l)-l.ahead.n-l.expected, l.ask)
		if 2*s.roomAhead() < wants { // too little is left to be worth a statement
			break
		}
		l.early.remove()
		if n := s.roomBytes(min(wants, s.roomAhead()), l); n > 0 {
			s.expect(s.grantFor(l), n)
			s.countIn(l, n)
		}
	}
	if k.open != nil {
		s.close(k)
	}
}

// close sends off a claim.
func (s *Scheduler) close(k *kind) {
	c := k.open
	k.open = nil
	c.composing = false
	c.Lanes = make([]LaneLimit, len(c.grants))
	for i := range c.grants {
		g := &c.grants[i]
		if more := min(s.lacksAhead(g.lane), g.lane.ask-g.slots-g.ahead, maxClaimWorks-c.works); more > 0 {
			more = s.roomBytes(more, g.lane)
			s.expect(g, more)
			c.works += more
		}
		g.lane.wanted = false // what is due from here on may not be in what is claimed
		c.Lanes[i] = LaneLimit{Lane: g.lane.Lane, Limit: g.slots + g.ahead}
		s.settle(g.lane)
	}
	s.out.Claims = append(s.out.Claims, c)
}

// Claimed is the result of a claim: nothing if it failed. full are the keys of those lanes in which more may be due.
func (s *Scheduler) Claimed(now Instant, c *Claim, items []*Item, full []string) Actions {
	s.at(now)
	if c.over {
		return s.finish()
	}
	c.over = true
	s.kind(c.Kind).underway--
	for i := range c.grants {
		s.redeem(&c.grants[i])
	}
	for _, item := range items {
		l := s.lane(item.Lane)
		if l.claim == c {
			s.accept(l, item, &c.grants[l.entry])
			continue
		}
		s.accept(l, item, &grant{})
		s.settle(l)
	}
	for _, key := range full {
		if l, ok := s.lanes[key]; ok {
			l.wanted = true
			if l.claim == c {
				c.grants[l.entry].more = true
			} else {
				s.settle(l)
			}
		}
	}
	for i := range c.grants {
		g := &c.grants[i]
		g.lane.claim = nil
		if g.more {
			g.lane.ask = min(2*g.lane.ask, maxClaimWorks)
			if g.lane.backlog -= g.got; g.lane.backlog <= 0 {
				g.lane.backlog = unknownBacklog
			}
		} else {
			g.lane.ask = max(firstAsk, 2*g.got)
			g.lane.backlog = 0
		}
		s.revoke(g)
	}
	return s.finish()
}

// redeem ends what was promised beside slots: what came of it is counted by itself.
func (s *Scheduler) redeem(g *grant) {
	g.lane.expected -= g.ahead
	s.expected -= g.ahead
	s.bytes -= g.bytes
	s.lighter = s.lighter || g.bytes > 0
	g.ahead, g.bytes = 0, 0
}

// accept takes work to hand, and begins it if a slot was kept for it.
func (s *Scheduler) accept(l *lane, item *Item, g *grant) {
	item.lane = l
	s.limit(l, item.Budget)
	g.got++
	g.heavy = g.heavy || !s.fits(l, item.Bytes)
	if s.stopped || g.heavy {
		l.weight = max(l.weight, item.Bytes)
		s.giveBack(item)
		return
	}
	s.bytes += item.Bytes
	l.weigh(item.Bytes)
	s.addAhead(l, item)
	switch {
	case g.slots == 0:
	case s.mayUse(l, g.marks):
		g.slots--
		s.begin(l, g.marks)
	default:
		s.yield(g)
	}
}

// yield gives up one of the slots of a grant.
func (s *Scheduler) yield(g *grant) {
	g.slots--
	g.lane.kept(-1)
	s.vacate(g.lane, g.marks)
	s.release(g.lane)
}

// revoke gives to others what a grant did not use.
func (s *Scheduler) revoke(g *grant) {
	for g.slots > 0 {
		s.yield(g)
	}
	s.settle(g.lane)
}
