package scheduler

// maxVain bounds the steps of an event in which nothing begins. The next Tick goes on where it stopped.
const maxVain = 128

// Scheduler is the machine. One goroutine at a time may call it.
type Scheduler struct {
	limits   Limits
	kept     int // of the slots, for lanes of hosts at which their account has nothing in flight
	quarter  int // of the slots, which is what an account may hold while others wait
	few      int // of the slots: who holds less is not sent away as long as any are kept
	now      Instant
	sequence uint64 // numbers what happens

	lanes     map[string]*lane
	endpoints map[string]*gate
	hosts     map[string]*gate
	accounts  map[int64]*account
	pairs     map[pairKey]*pair
	kinds     map[int]*kind
	budgets   map[string]*gate

	rank, workers int // this one's number, and how many share the budgets

	queues  []*queue // by class
	classes []*kind  // by class: its kind

	used     int // slots
	expected int // works that may come ahead
	bytes    int64
	waits    int // accounts that wait for a slot

	ahead   list[*Item] // by age
	cold    list[*Item] // by age: started, of lanes without an answer
	idle    list[*lane] // by age
	resting resting     // by when they may begin
	refills refills     // budgets at which lanes wait for a token
	touched list[*gate] // that may have room for lanes that wait at them
	untaken list[*gate] // the same, that have offered it
	lighter bool        // bytes were freed, and not all that wait for them have been looked at
	vain    int         // steps of this event in which nothing began
	pending bool        // the last event left something to do
	stopped bool
	out     Actions

	elder *lane           // has waited for bytes the longest
	saved int64           // bytes that are free for it alone
	heavy [65]list[*lane] // that wait for bytes: those whose works have so many binary digits of them
}

// New returns a machine that knows of nothing.
func New(limits Limits) *Scheduler {
	s := &Scheduler{
		limits: limits, quarter: max(1, limits.Slots/4), few: max(1, limits.Slots/64),
		lanes: map[string]*lane{}, endpoints: map[string]*gate{}, hosts: map[string]*gate{},
		accounts: map[int64]*account{}, pairs: map[pairKey]*pair{}, kinds: map[int]*kind{},
		budgets: map[string]*gate{}, workers: 1,
		queues: []*queue{newQueue()}, classes: []*kind{nil},
	}
	if limits.Slots > 1 {
		s.kept = max(1, limits.Slots/10)
	}
	return s
}

// Due says that something may be due in a lane.
func (s *Scheduler) Due(now Instant, of Lane) Actions {
	s.at(now)
	l := s.lane(of)
	l.wanted = true
	s.settle(l)
	return s.finish()
}

// Answered says how a started request ended, at most once for each. Its place is free for the next, its slot is not.
func (s *Scheduler) Answered(now Instant, item *Item, a Answer) Actions {
	s.at(now)
	if item.state == isStarted {
		l, inFlight := item.lane, item.lane.inFlight
		s.quit(item)
		s.learn(l, item, a, inFlight)
		s.settle(l)
	}
	return s.finish()
}

// Freed says that nothing is left to do for a started item, exactly once for each.
func (s *Scheduler) Freed(now Instant, item *Item) Actions {
	s.at(now)
	if item.state == isStarted {
		s.quit(item)
	}
	if item.state == isAnswered {
		item.state = isFreed
		s.release(item.lane)
		s.lighten(item.Bytes)
		s.settle(item.lane)
	}
	return s.finish()
}

// quit frees the place of a started item.
func (s *Scheduler) quit(item *Item) {
	item.state = isAnswered
	item.aging.remove()
	s.vacate(item.lane, item.marks)
}

// Room tells whether work of a lane would begin now.
func (s *Scheduler) Room(of Lane) bool {
	l := s.lane(of)
	return !l.wanted && l.ahead.n == 0 && s.open(l) && s.hasSlot(l)
}

// Stop begins nothing more, and gives back what has not begun.
func (s *Scheduler) Stop(now Instant) Actions {
	s.at(now)
	s.stopped = true
	for s.ahead.n > 0 {
		l := s.ahead.first.of.lane
		s.giveBackAhead(l)
		s.settle(l)
	}
	return s.finish()
}

// finish lets everything begin that may, and returns what is to be done.
func (s *Scheduler) finish() Actions {
	s.wakeHeavy()
	s.vain = 0
	for sent := -1; sent != len(s.out.Claims); { // a claim that is sent leaves slots to others
		s.assign()
		sent = len(s.out.Claims)
		for _, k := range s.classes[1:] {
			s.claimEarly(k)
		}
	}
	out := s.out
	s.out = Actions{}
	return out
}

// assign gives away the free slots.
func (s *Scheduler) assign() {
	for s.vain < maxVain {
		s.offerTouched()
		if l := s.pick(); l != nil {
			s.serve(l)
			continue
		}
		if s.stopped || s.used >= s.limits.Slots || !s.offerMore() {
			break
		}
	}
	s.pending = s.vain >= maxVain || s.lighter
}

// serve gives a slot to the lane whose turn it is, if it can still use it.
func (s *Scheduler) serve(l *lane) {
	if !s.stillReady(l) {
		s.vain++
		s.settle(l)
		return
	}
	l.ticket = 0
	if l.class == starting {
		s.begin(l, s.take(l))
	} else {
		s.reserve(l)
	}
	s.leave(l)
	s.settle(l)
}

// stillReady tells whether a lane can use a slot, for which it has been waiting.
func (s *Scheduler) stillReady(l *lane) bool {
	return s.open(l) && (l.class == starting || s.fits(l, l.weight))
}
