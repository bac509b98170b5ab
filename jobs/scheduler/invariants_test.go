package scheduler

import "pgregory.net/rapid"

// check counts everything anew, and compares.
func (m *model) check(t *rapid.T) {
	m.checkOutside(t)
	m.checkCounts(t)
	m.checkLists(t)
	m.checkHeaps(t)
	if !m.stopped {
		m.checkElder(t)
	}
	if !m.stopped && !m.kept {
		m.checkConservation(t)
	}
	m.kept = false
}

func (m *model) checkOutside(t *rapid.T) {
	s := m.machine
	if n := len(m.started) + len(m.answered); n > s.used || s.used > m.limits.Slots {
		t.Fatalf("%d in flight, %d slots taken of %d", n, s.used, m.limits.Slots)
	}
	byEndpoint, byKind, bytes := map[string]int{}, map[int]int{}, int64(0)
	for _, item := range m.started {
		byEndpoint[item.Lane.Endpoint]++
		bytes += item.Bytes
	}
	for _, item := range m.answered {
		bytes += item.Bytes
	}
	for e, n := range byEndpoint {
		if m.limits.PerEndpoint > 0 && n > m.limits.PerEndpoint {
			t.Fatalf("%d at once to %s", n, e)
		}
	}
	if m.limits.Bytes > 0 && bytes > m.limits.Bytes && len(m.started)+len(m.answered) > 1 {
		alone := 0
		for _, item := range append(m.started, m.answered...) {
			alone += count(item.Bytes > 0)
		}
		if alone > 1 {
			t.Fatalf("%d bytes in hand", bytes)
		}
	}
	for _, c := range m.claims {
		if byKind[c.Kind]++; byKind[c.Kind] > 4 {
			t.Fatal("more than 4 claims of a kind")
		}
	}
}

type tally struct{ inFlight, held, cold, expected, reserved int }

func (m *model) checkCounts(t *rapid.T) {
	s := m.machine
	lanes, all := map[*lane]*tally{}, tally{}
	of := func(l *lane) *tally {
		if lanes[l] == nil {
			lanes[l] = &tally{}
		}
		return lanes[l]
	}
	bytes := int64(0)
	add := func(l *lane, places, slots, cold, expected int) {
		x := of(l)
		x.inFlight += places
		x.held += slots
		x.cold += cold
		x.expected += expected
		all.held += slots
		all.expected += expected
	}
	for _, item := range m.started {
		add(item.lane, 1, 1, count(item.marks&markCold != 0), 0)
		bytes += item.Bytes
	}
	for _, item := range m.answered {
		add(item.lane, 0, 1, 0, 0)
		bytes += item.Bytes
	}
	grants := []*grant{}
	for _, c := range m.claims {
		for i := range c.grants {
			grants = append(grants, &c.grants[i])
		}
	}
	for _, r := range m.reservations {
		grants = append(grants, &r.grant)
	}
	for _, g := range grants {
		add(g.lane, g.slots, g.slots, g.slots*count(g.marks&markCold != 0), g.ahead)
		of(g.lane).reserved += g.slots
		bytes += g.bytes
	}
	for n := s.ahead.first; n != nil; n = n.next {
		bytes += n.of.Bytes
	}
	endpoints, pairs, accounts, waiting := map[*gate]tally{}, map[*pair]int{}, map[*account]int{}, map[*account]int{}
	ahead := 0
	for _, l := range s.lanes {
		x := of(l)
		if l.inFlight != x.inFlight || l.held != x.held || l.expected != x.expected || l.reserved != x.reserved {
			t.Fatalf("lane %s: %d in flight, %d kept, %d slots, %d expected; counted %+v",
				l.Key, l.inFlight, l.reserved, l.held, l.expected, *x)
		}
		if l.budget != nil {
			b := endpoints[l.budget]
			b.inFlight += x.inFlight
			b.reserved += x.reserved
			endpoints[l.budget] = b
		}
		e := endpoints[l.endpoint]
		e.inFlight += x.inFlight
		e.cold += x.cold
		endpoints[l.endpoint] = e
		pairs[l.pair] += x.inFlight
		accounts[l.account] += x.held
		waiting[l.account] += count(l.class != none)
		ahead += l.ahead.n
	}
	for g, x := range endpoints {
		if g.budget != nil && g.budget.reserved != x.reserved {
			t.Fatalf("budget: %d kept; counted %+v", g.budget.reserved, x)
		}
		if g.inFlight != x.inFlight || g.cold != x.cold || g.trials < 0 || g.trials > 1 {
			t.Fatalf("endpoint: %d in flight, %d cold, %d tried; counted %+v", g.inFlight, g.cold, g.trials, x)
		}
	}
	for p, n := range pairs {
		if p.inFlight != n {
			t.Fatalf("pair: %d in flight, counted %d", p.inFlight, n)
		}
	}
	waits := 0
	for a, n := range accounts {
		if a.held != n || a.waits != waiting[a] {
			t.Fatalf("account: %d slots, %d wait; counted %d and %d", a.held, a.waits, n, waiting[a])
		}
		waits += count(a.waits > 0)
	}
	if s.used != all.held || s.expected != all.expected || s.bytes != bytes || s.waits != waits || s.ahead.n != ahead {
		t.Fatalf("machine: %d slots, %d expected, %d bytes, %d wait, %d ahead; counted %+v, %d, %d, %d",
			s.used, s.expected, s.bytes, s.waits, s.ahead.n, all, bytes, waits, ahead)
	}
}

// checkLists: each lane is where it belongs, and nowhere else.
func (m *model) checkLists(t *rapid.T) {
	s := m.machine
	ready := map[*gate]int{}
	for _, l := range s.lanes {
		if to, _ := s.destination(l, s.classOf(l)); to != l.turn.in && l.class == none {
			// Those in a class may find out when their turn comes; all others are told.
			if to == nil || l.turn.in == nil || l.turn.in == &s.idle || to == &s.idle {
				t.Fatalf("lane %s is in the wrong list", l.Key)
			}
		}
		if (l.class != none) != (l.side.in != nil) {
			t.Fatalf("lane %s is in a class and not at its host", l.Key)
		}
		if l.class != none {
			for i, g := range l.gates() {
				ready[g] += count(l.asks[i])
			}
		}
	}
	for g, n := range ready {
		if g.ready != n {
			t.Fatalf("gate: %d ready, counted %d", g.ready, n)
		}
	}
}

func (m *model) checkHeaps(t *rapid.T) {
	s := m.machine
	for class, q := range s.queues {
		for _, h := range []*ranking{&q.all, &q.fresh} {
			for i, x := range h.items {
				if x.of.at[h.which] != i+1 || x != rank(x.of) || i > 0 && x.before(h.items[(i-1)/2]) {
					t.Fatal("heap out of order")
				}
			}
		}
		for _, a := range s.accounts {
			if class >= len(a.shares) {
				continue
			}
			x := a.shares[class]
			if (x.lanes[0].n+x.lanes[1].n > 0) != q.all.has(x) || (x.hosts[0].n+x.hosts[1].n > 0) != q.fresh.has(x) {
				t.Fatal("account in the wrong heaps")
			}
		}
	}
	for i, l := range s.resting {
		if l.restAt != i+1 || i > 0 && s.resting.Less(i, (i-1)/2) {
			t.Fatal("lanes rest out of order")
		}
	}
	for _, l := range s.lanes {
		for class, at := range l.pair.seats {
			for bulk := range at.lanes {
				if (at.lanes[bulk].n > 0 && l.pair.inFlight == 0) != (at.turn[bulk].in != nil) {
					t.Fatalf("class %d: host of %s in the wrong list", class, l.Key)
				}
			}
		}
	}
}

// checkElder: where some wait for bytes it is known who is first, and what is saved is for that one, and no more than
// half of all.
func (m *model) checkElder(t *rapid.T) {
	s := m.machine
	for i := range s.heavy {
		if s.heavy[i].n > 0 && s.elder == nil {
			t.Fatal("some wait for bytes, and none has waited the longest")
		}
	}
	if e := s.elder; s.saved < 0 || s.saved > m.limits.Bytes/2 || e == nil && s.saved > 0 || e != nil &&
		e.turn.in != s.heaviness(e) && e.class == none {
		t.Fatalf("%d bytes are saved for %+v", s.saved, e)
	}
}

// checkConservation: nothing waits that every rule would let begin.
func (m *model) checkConservation(t *rapid.T) {
	s := m.machine
	if s.pending {
		return
	}
	for _, l := range s.lanes {
		if m.waits(l) && m.hasPlace(l) && m.hasSlot(l) {
			t.Fatalf("lane %+v could begin: %d of %d slots taken; class %d in %p ticket %d claim %v wanted %v waits %d; "+
				"bytes %d weight %d heavy %v lighter %v; endpoint ready %d parked %d/%d room %d; held %d", l.Lane, s.used, m.limits.Slots, l.class, l.turn.in, l.ticket, l.claim, l.wanted, s.waits, s.bytes, l.weight, l.turn.in == s.heaviness(l), s.lighter, l.endpoint.ready, l.endpoint.parked[0].n, l.endpoint.parked[1].n, l.endpoint.room(l.busy()), l.account.held)
		}
	}
}

func (m *model) hasSlot(l *lane) bool {
	s := m.machine
	others := false
	for _, a := range s.accounts {
		others = others || a != l.account && a.waits > 0
	}
	free, quarter, kept := m.limits.Slots-s.used, max(1, m.limits.Slots/4), 0
	if m.limits.Slots > 1 {
		kept = max(1, m.limits.Slots/10)
	}
	if free <= 0 || others && l.account.held >= quarter {
		return false
	}
	switch {
	case free > kept:
		return true
	case l.account.held == 0:
		return true
	case free <= kept/2:
		return false
	case l.account.held < m.limits.Slots/64:
		return true
	case l.pair.inFlight > 0 || l.account.held >= quarter:
		return false
	}
	for _, other := range s.lanes { // with fewer slots, and waiting for the next one
		if other.account.held < l.account.held && m.waits(other) && m.hasPlace(other) {
			return false
		}
	}
	return true
}

// waits tells whether something is ahead in a lane, or could be claimed now.
func (m *model) waits(l *lane) bool {
	s := m.machine
	mayClaim := l.wanted && l.claim == nil && s.kinds[l.Kind] != nil && s.kinds[l.Kind].underway < maxClaims
	heavy := l.ahead.n == 0 && m.limits.Bytes > 0 && s.bytes > 0 && s.bytes+m.savedBefore(l)+l.weight > m.limits.Bytes
	if in := l.turn.in; in == s.heaviness(l) { // others like it have their turns before it
		heavy = heavy || !s.fits(in.first.of, in.first.of.weight)
	}
	return (l.ahead.n > 0 || mayClaim) && !heavy && l.rest <= m.now
}

// savedBefore is what is saved for another.
func (m *model) savedBefore(l *lane) int64 {
	if m.machine.elder == l {
		return 0
	}
	return m.machine.saved
}

func (m *model) hasPlace(l *lane) bool {
	e := l.endpoint
	if g := l.budget; g != nil && (g.budget.room() <= 0 || g.budget.refillAt > 0 && g.parked[0].n+g.parked[1].n > 0) {
		if b := g.budget; g.parked[0].n+g.parked[1].n > 0 && b.PerSecond > 0 && b.has() <= b.reserved && b.refillAt == 0 {
			panic("lanes wait for a token, and nobody for the time")
		}
		return false
	}
	if l.down && l.trials > 0 || e.down && e.trials > 0 || l.host.down && l.host.trials > 0 {
		return false
	}
	switch {
	case m.limits.PerEndpoint > 0 && !e.down:
		kept := 0
		if m.limits.PerEndpoint > 1 && l.inFlight > 0 && e.lanes > 1 {
			kept = max(1, m.limits.PerEndpoint/10)
		}
		return e.inFlight < m.limits.PerEndpoint-kept
	case l.down:
		return e.down || l.warm() || e.cold < e.opening || l.inFlight == 0 && e.cold < 2*e.opening
	case l.warm():
		return l.inFlight < max(1, int(l.window.size))
	case e.down:
		return l.inFlight < firstOpening
	default:
		return l.inFlight < firstOpening && (e.cold < e.opening || l.inFlight == 0 && e.cold < 2*e.opening)
	}
}
