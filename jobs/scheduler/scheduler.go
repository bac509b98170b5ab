package scheduler

import "slices"

type state uint8

const (
	isAhead state = iota
	isStarted
	isAnswered
	isFreed
)

const (
	maxClaims     = 4
	maxClaimLanes = 64
	maxClaimWorks = 256
	basicWindow   = 16
)

type lane struct {
	Lane
	inFlight int
	reserved int // part of inFlight
	wanted   bool
	claiming bool
	queued   bool
	ahead    []*Item
}

// Scheduler is the machine. One goroutine at a time may call it.
type Scheduler struct {
	limits  Limits
	lanes   map[string]*lane
	turn    []*lane
	used    int
	claims  map[int]int
	stopped bool
	out     Actions
}

// New returns a machine that knows of nothing.
func New(limits Limits) *Scheduler {
	return &Scheduler{limits: limits, lanes: map[string]*lane{}, claims: map[int]int{}}
}

func (s *Scheduler) lane(of Lane) *lane {
	l, ok := s.lanes[of.Key]
	if !ok {
		l = &lane{Lane: of}
		s.lanes[of.Key] = l
	}
	return l
}

func (s *Scheduler) queue(l *lane) {
	if !l.queued && (len(l.ahead) > 0 || l.wanted && !l.claiming) {
		l.queued = true
		s.turn = append(s.turn, l)
	}
}

func (s *Scheduler) room(l *lane) int {
	if s.stopped {
		return 0
	}
	return min(basicWindow-l.inFlight, s.limits.Slots-s.used)
}

func (s *Scheduler) pump() Actions {
	var claim *Claim
	for range len(s.turn) {
		l := s.turn[0]
		s.turn = s.turn[1:]
		l.queued = false
		for len(l.ahead) > 0 && s.room(l) > 0 {
			item := l.ahead[0]
			l.ahead = l.ahead[1:]
			s.begin(l, item)
		}
		if n := s.room(l); n > 0 && l.wanted && !l.claiming && s.claims[l.Kind] < maxClaims {
			l.wanted, l.claiming, l.reserved = false, true, n
			l.inFlight += n
			s.used += n
			claim = &Claim{Kind: l.Kind, Lanes: []LaneLimit{{l.Lane, n}}, entries: []*lane{l}}
			s.claims[l.Kind]++
			s.out.Claims = append(s.out.Claims, claim)
		}
		s.queue(l)
	}
	out := s.out
	s.out = Actions{}
	return out
}

func (s *Scheduler) begin(l *lane, item *Item) {
	item.lane, item.state = l, isStarted
	l.inFlight++
	s.used++
	s.out.Start = append(s.out.Start, item)
}

// Due says that something may be due in a lane.
func (s *Scheduler) Due(_ Instant, of Lane) Actions {
	l := s.lane(of)
	l.wanted = true
	s.queue(l)
	return s.pump()
}

// Claimed is the result of a claim: nothing if it failed. full are the keys of those of its lanes in which more may be due.
func (s *Scheduler) Claimed(_ Instant, c *Claim, items []*Item, full []string) Actions {
	s.claims[c.Kind]--
	for _, l := range c.entries {
		l.claiming = false
		l.inFlight -= l.reserved
		s.used -= l.reserved
		l.reserved = 0
		l.wanted = l.wanted || slices.Contains(full, l.Key)
	}
	for _, item := range items {
		s.accept(item)
	}
	for _, l := range c.entries {
		s.queue(l)
	}
	return s.pump()
}

func (s *Scheduler) accept(item *Item) {
	l := s.lane(item.Lane)
	switch {
	case s.stopped:
		s.out.GiveBack = append(s.out.GiveBack, item)
	case s.room(l) > 0:
		s.begin(l, item)
	default:
		l.ahead = append(l.ahead, item)
		s.queue(l)
	}
}

// Answered says how a started request ended, at most once for each. Its place is free for the next, its slot is not.
func (s *Scheduler) Answered(_ Instant, item *Item, _ Answer) Actions {
	if item.state == isStarted {
		item.state = isAnswered
		item.lane.inFlight--
		s.queue(item.lane)
	}
	return s.pump()
}

// Freed says that nothing is left to do for a started item, exactly once for each.
func (s *Scheduler) Freed(_ Instant, item *Item) Actions {
	if item.state == isStarted {
		item.lane.inFlight--
	}
	if item.state != isFreed {
		item.state = isFreed
		s.used--
		s.queue(item.lane)
	}
	return s.pump()
}

// Tick brings about what time brings.
func (s *Scheduler) Tick(_ Instant) Actions { return s.pump() }

// Next says when Tick is to be called next; false: nothing waits for time.
func (s *Scheduler) Next() (Instant, bool) { return 0, false }

// Room tells whether work of a lane would begin now.
func (s *Scheduler) Room(of Lane) bool {
	l := s.lane(of)
	return s.room(l) > 0 && !l.wanted && len(l.ahead) == 0
}

// Stop begins nothing more, and gives back what has not begun.
func (s *Scheduler) Stop(_ Instant) Actions {
	s.stopped = true
	for _, l := range s.lanes {
		s.out.GiveBack = append(s.out.GiveBack, l.ahead...)
		l.ahead = nil
	}
	return s.pump()
}

// Reservation is room for work that is about to be created.
type Reservation struct {
	s    *Scheduler
	l    *lane
	n    int
	over bool
}

// Reserve keeps room for up to n works of a lane that the caller is about to create and claim.
func (s *Scheduler) Reserve(_ Instant, of Lane, n int, _ int64) *Reservation {
	l := s.lane(of)
	r := &Reservation{s: s, l: l}
	if !l.wanted && len(l.ahead) == 0 {
		r.n = max(0, min(n, s.room(l)))
		l.inFlight += r.n
		s.used += r.n
	}
	return r
}

// N is for how many there is room.
func (r *Reservation) N() int { return r.n }

// Start begins what was created. The first of Start and Return counts.
func (r *Reservation) Start(_ Instant, items []*Item) Actions {
	if r.end() {
		for _, item := range items {
			r.s.accept(item)
		}
	}
	return r.s.pump()
}

// Return gives the room to others.
func (r *Reservation) Return(_ Instant) Actions {
	r.end()
	return r.s.pump()
}

func (r *Reservation) end() bool {
	if r.over {
		return false
	}
	r.over = true
	r.l.inFlight -= r.n
	r.s.used -= r.n
	r.s.queue(r.l)
	return true
}
