package scheduler

import (
	"container/heap"
	"hash/fnv"
	"math"
)

// Budget is what all workers together may send for somebody, whatever lanes it is in.
type Budget struct {
	Key       string // whose; empty: nobody set a limit
	InFlight  int    // at once; 0: any number
	PerSecond int    // begun in a second; 0: any number
}

// budget is what a gate knows that lets through as much as its Budget says: this worker's part of it. What may begin in
// a second is a token bucket (RFC 2697): each beginning takes one, they come evenly, and few are saved.
type budget struct {
	Budget
	gate    *gate
	machine *Scheduler
	number  int // of its key: which workers have one more where it cannot be divided evenly

	reserved int     // places that are kept for what has not begun
	tokens   float64 // at the time at
	at       Instant
	refill   Instant // when there is one more
	refillAt int     // its position among those that wait for that; 0: none is needed
}

// savedTokens is the time for which tokens are saved: what is late by the grid of the clock, and by claiming, is made
// up for. 50 ms are 5 % of what a second allows.
const savedTokens = 50 * millisecond

func (s *Scheduler) newBudget(of Budget) *gate {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(of.Key))
	g := &gate{}
	g.turn.of = g
	g.budget = &budget{
		Budget: of, gate: g, machine: s, number: int(hash.Sum32() >> 1), tokens: 1, at: s.now,
	}
	return g
}

// Share says which of how many workers this one is: rank counts from 0, and -1 has no part of any budget. Until it is
// called it is the only one.
func (s *Scheduler) Share(now Instant, rank, of int) Actions {
	s.at(now)
	for _, g := range s.budgets {
		g.budget.fill() // by the part of before
		s.touch(g)
	}
	s.rank, s.workers = rank, of
	return s.finish()
}

// Budgets are the keys of those that are known.
func (s *Scheduler) Budgets() []string {
	keys := make([]string, 0, len(s.budgets))
	for key := range s.budgets {
		keys = append(keys, key)
	}
	return keys
}

// SetBudget says what a budget allows by now. One of which no work has come is ignored.
func (s *Scheduler) SetBudget(now Instant, of Budget) Actions {
	s.at(now)
	if g, ok := s.budgets[of.Key]; ok {
		g.budget.fill()
		g.budget.Budget = of
		s.touch(g)
	}
	return s.finish()
}

// limit puts a lane under the budget that its work came with.
func (s *Scheduler) limit(l *lane, of Budget) {
	if of.Key == "" {
		s.unlimit(l)
		return
	}
	g := remember(s.budgets, of.Key, func() *gate { return s.newBudget(of) })
	g.budget.fill()
	g.budget.Budget = of
	if l.budget == g {
		return
	}
	s.unlimit(l)
	l.budget = g
	g.lanes++
	g.inFlight += l.inFlight
	g.budget.reserved += l.reserved
}

// unlimit takes a lane out of its budget.
func (s *Scheduler) unlimit(l *lane) {
	g := l.budget
	if g == nil {
		return
	}
	s.leave(l)
	l.budget = nil
	g.inFlight -= l.inFlight
	g.budget.reserved -= l.reserved
	s.touch(g)
	if g.lanes--; g.lanes > 0 {
		return
	}
	g.turn.remove()
	if g.budget.refillAt > 0 {
		heap.Remove(&s.refills, g.budget.refillAt-1)
	}
	delete(s.budgets, g.budget.Key)
}

// part is this worker's of what is divided among all.
func (b *budget) part(n int) int {
	rank, workers := b.machine.rank, b.machine.workers
	if rank < 0 {
		return 0
	}
	return n/workers + count((rank+b.number)%workers < n%workers)
}

// rate is how many tokens come in a microsecond.
func (b *budget) rate() float64 {
	if b.machine.rank < 0 {
		return 0
	}
	return float64(b.PerSecond) / float64(b.machine.workers) / float64(second)
}

func (b *budget) fill() {
	now := b.machine.now
	b.tokens = min(1+b.rate()*float64(savedTokens), b.tokens+b.rate()*float64(now-b.at))
	if b.PerSecond == 0 {
		b.tokens = 1
	}
	b.at = now
}

// has is how many tokens are there, whole ones.
func (b *budget) has() int {
	b.fill()
	return int(math.Floor(b.tokens + 1e-6))
}

// room is how many places more may be taken.
func (b *budget) room() int {
	room := unlimited
	if b.InFlight > 0 {
		room = b.part(b.InFlight) - b.gate.inFlight
	}
	if b.PerSecond > 0 {
		room = min(room, b.has()-b.reserved)
	}
	return room
}

// allows tells whether something may begin in a place that was kept for it.
func (b *budget) allows() bool {
	return (b.InFlight == 0 || b.gate.inFlight <= b.part(b.InFlight)) && (b.PerSecond == 0 || b.has() >= 1)
}

// ahead is how much of it may begin within aheadPace.
func (b *budget) ahead() int {
	ahead := unlimited
	if b.InFlight > 0 {
		ahead = b.part(b.InFlight)
	}
	if b.PerSecond > 0 {
		ahead = min(ahead, int(b.rate()*float64(aheadPace)))
	}
	return ahead
}

// kept counts places that are kept for what has not begun.
func (l *lane) kept(n int) {
	l.reserved += n
	if l.budget != nil {
		l.budget.budget.reserved += n
	}
}

// spend notes that something begins.
func (l *lane) spend() {
	l.kept(-1)
	if l.budget != nil && l.budget.budget.PerSecond > 0 {
		l.budget.budget.fill()
		l.budget.budget.tokens--
	}
}

// awaitToken has the lanes that wait at a budget looked at when the next token comes.
func (s *Scheduler) awaitToken(g *gate) {
	b := g.budget
	if b == nil || b.refillAt > 0 || b.rate() == 0 || g.parked[0].n+g.parked[1].n == 0 {
		return
	}
	if lacks := float64(1+b.reserved) - b.tokens; lacks > 0 && b.has() < 1+b.reserved {
		b.refill = (s.now + Duration(math.Ceil(lacks/b.rate())) + grid - 1) / grid * grid
		heap.Push(&s.refills, b)
	}
}

// refills is a heap (container/heap) of budgets by when a token comes.
type refills []*budget

func (r refills) Len() int           { return len(r) }
func (r refills) Less(i, j int) bool { return r[i].refill < r[j].refill }

func (r refills) Swap(i, j int) {
	r[i], r[j] = r[j], r[i]
	r[i].refillAt, r[j].refillAt = i+1, j+1
}

func (r *refills) Push(x any) {
	b := x.(*budget)
	*r = append(*r, b)
	b.refillAt = len(*r)
}

func (r *refills) Pop() any {
	last := len(*r) - 1
	b := (*r)[last]
	(*r)[last] = nil
	*r = (*r)[:last]
	b.refillAt = 0
	return b
}
