package scheduler

const (
	// firstOpening is how many requests may go at once to an endpoint of which nothing is known.
	firstOpening = 16
	// spareOffers is how many more lanes are offered a gate's room than it has: whose account has its turn first takes it.
	spareOffers = 4
	// maxOffers bounds what is offered at a time.
	maxOffers = 32

	unlimited = 1 << 30
)

// gate is what lanes have in common on their way: an endpoint, the name of a host, or a budget. What it lets through is divided
// among them in turn.
type gate struct {
	outage
	name     bool // it is that of a name
	budget   *budget
	above    *gate
	lanes    int // that are remembered
	inFlight int

	// bound is fixed, with a part of it kept for lanes that have nothing in flight here, where there is more than one; 0:
	// it is learned.
	bound, kept int
	// opening is how many requests of lanes of which no answer is known may be in flight, and cold how many are.
	opening, cold int
	// epoch counts the outages that ended. What is known of a lane's window is of one epoch.
	epoch, aboveEpoch int

	ready  int            // lanes that begin here when their account's turn comes
	parked [2]list[*lane] // that wait for room here: with nothing in flight, and others
	turn   node[*gate]    // in the lists of gates that may have room for parked ones
}

// room is how many lanes more may begin one request each: of those that have some in flight (busy), or none.
func (g *gate) room(busy int) int {
	switch {
	case g.budget != nil:
		return g.budget.room()
	case g.down:
		return 1 - g.trials
	case g.name:
		return unlimited
	case g.bound > 0 && g.lanes == 1:
		return g.bound - g.inFlight
	case g.bound > 0:
		return g.bound - busy*g.kept - g.inFlight
	default:
		return (2-busy)*g.opening - g.cold
	}
}

// holds tells whether a lane has to ask the gate.
func (g *gate) holds(l *lane) bool {
	return g.budget != nil || g.down || g.bound > 0 || !g.name && !l.warm()
}

// follow makes the endpoints of a name that was down begin anew, too.
func (g *gate) follow() {
	if g.aboveEpoch != g.above.epoch {
		g.aboveEpoch = g.above.epoch
		g.restart()
	}
}

// restart begins anew after an outage, carefully.
func (g *gate) restart() {
	g.epoch++
	g.opening = 1
}

// touch is to be called when a gate may have room for one more.
func (s *Scheduler) touch(g *gate) {
	if g.parked[0].n+g.parked[1].n == 0 || g.turn.in == &s.touched {
		return
	}
	g.turn.remove()
	s.touched.push(&g.turn)
}

// offerTouched offers room where there is more than before.
func (s *Scheduler) offerTouched() {
	for s.touched.n > 0 && s.vain < maxVain {
		g := s.touched.first.of
		g.turn.remove()
		for n := 0; n < maxOffers && s.offer(g, spareOffers); n++ {
			s.vain++
		}
		s.setAside(g)
		s.awaitToken(g)
	}
}

// offerMore is for when a slot is free and nobody takes it: those who were offered a gate's room may not be allowed to.
func (s *Scheduler) offerMore() bool {
	for s.untaken.n > 0 {
		g := s.untaken.first.of
		g.turn.remove()
		if s.offer(g, unlimited) {
			s.vain++
			s.setAside(g)
			return true
		}
	}
	return false
}

// setAside remembers a gate that has offered room to as many as may try at once, and has more who wait.
func (s *Scheduler) setAside(g *gate) {
	if g.turn.in == nil && g.canOffer() {
		s.untaken.push(&g.turn)
	}
}

func (g *gate) canOffer() bool {
	return g.parked[0].n > 0 && g.room(0) > 0 || g.parked[1].n > 0 && g.room(1) > 0
}

// offer lets the next parked lane try, unless enough do already.
func (s *Scheduler) offer(g *gate, spare int) bool {
	for busy := range g.parked {
		waiting := &g.parked[busy]
		if room := g.room(busy); waiting.n > 0 && room > 0 && g.ready < room+spare {
			l := waiting.first.of
			s.leave(l)
			l.offered = true
			s.settle(l)
			l.offered = false
			return true
		}
	}
	return false
}
