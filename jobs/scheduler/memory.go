package scheduler

import "container/heap"

// pairKey names an account at a host.
type pairKey struct {
	account int64
	host    string
}

// lane returns what is known of a lane, which is nothing at first.
func (s *Scheduler) lane(of Lane) *lane {
	l, ok := s.lanes[of.Key]
	if ok {
		l.Bulk = of.Bulk
		return l
	}
	l = &lane{Lane: of, ask: firstAsk, class: none}
	l.turn.of, l.side.of, l.early.of = l, l, l
	l.host = remember(s.hosts, of.Host, newName)
	l.endpoint = remember(s.endpoints, of.Endpoint, func() *gate { return s.newEndpoint(l.host) })
	l.account = remember(s.accounts, of.Account, func() *account { return &account{id: of.Account} })
	l.pair = remember(s.pairs, pairKey{of.Account, of.Host}, func() *pair { return &pair{} })
	l.host.lanes++
	l.endpoint.lanes++
	l.account.lanes++
	l.pair.lanes++
	s.lanes[of.Key] = l
	s.retire(l)
	return l
}

func remember[K comparable, V any](in map[K]V, key K, create func() V) V {
	v, ok := in[key]
	if !ok {
		v = create()
		in[key] = v
	}
	return v
}

func newName() *gate {
	g := &gate{name: true}
	g.turn.of = g
	return g
}

func (s *Scheduler) newEndpoint(host *gate) *gate {
	g := &gate{above: host, aboveEpoch: host.epoch, opening: firstOpening, bound: s.limits.PerEndpoint}
	g.turn.of = g
	if g.bound > 1 {
		g.kept = max(1, g.bound/10)
	}
	return g
}

// forget drops an idle lane, and what only it had reason to remember.
func (s *Scheduler) forget(l *lane) {
	s.leave(l)
	l.early.remove()
	if l.restAt > 0 {
		heap.Remove(&s.resting, l.restAt-1)
	}
	s.unlimit(l)
	delete(s.lanes, l.Key)
	if l.host.lanes--; l.host.lanes == 0 {
		l.host.turn.remove()
		delete(s.hosts, l.Host)
	}
	switch l.endpoint.lanes--; l.endpoint.lanes {
	case 0:
		l.endpoint.turn.remove()
		delete(s.endpoints, l.Endpoint)
	case 1:
		s.touch(l.endpoint) // the one that is left may have all of it
	}
	if l.account.lanes--; l.account.lanes == 0 {
		delete(s.accounts, l.Account)
	}
	if l.pair.lanes--; l.pair.lanes == 0 {
		delete(s.pairs, pairKey{l.Account, l.Host})
	}
}
