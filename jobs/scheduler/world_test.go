package scheduler

import (
	"container/heap"
	"math/rand/v2"
	"slices"
	"testing"
)

// world is everything around the machine: a clock, a database in which works wait, and receivers.
type world struct {
	t       testing.TB
	machine *Scheduler
	now     Instant
	events  events
	count   int
	random  *rand.Rand
	sources map[string]*source
	started int // not freed yet
	most    int

	claimTakes, recordTakes Duration

	claims, claimed, returned int
	sequence                  uint64
	steps                     int // the most that an event took beside those for each work
}

// source is a lane with what is due in it and who is to have it.
type source struct {
	lane     Lane
	budget   Budget
	to       *receiver
	due      []Instant // when each became due
	again    []Instant // those that were given back
	waited   []Duration
	inFlight int
	arrived  int
	held     int // slots
}

// receiver answers after a time that may depend on how much it has to do.
type receiver struct {
	answer         func(now Instant, inFlight int) (Duration, Kind)
	inFlight, most int
	arrived        []Instant
}

type event struct {
	at    Instant
	order int
	do    func()
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].at < e[j].at || e[i].at == e[j].at && e[i].order < e[j].order
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

func newWorld(t testing.TB, limits Limits) *world {
	return &world{
		t: t, machine: New(limits), random: rand.New(rand.NewPCG(1, 2)), sources: map[string]*source{},
		claimTakes: 8 * millisecond, recordTakes: 5 * millisecond,
	}
}

func (w *world) after(d Duration, do func()) {
	w.count++
	heap.Push(&w.events, event{w.now + d, w.count, do})
}

func (w *world) source(lane Lane, to *receiver) *source {
	s := &source{lane: lane, to: to}
	w.sources[lane.Key] = s
	return s
}

// run lets time pass.
func (w *world) run(d Duration) {
	end := w.now + d
	for {
		tick, ok := w.machine.Next()
		switch {
		case ok && tick <= end && (len(w.events) == 0 || tick < w.events[0].at):
			w.now = max(w.now, tick)
			w.carry(w.machine.Tick(w.now))
		case len(w.events) > 0 && w.events[0].at <= end:
			e := heap.Pop(&w.events).(event)
			w.now = e.at
			e.do()
		default:
			w.now = end
			return
		}
	}
}

// add makes n works due at once.
func (w *world) add(s *source, n int) {
	for range n {
		s.due = append(s.due, w.now)
	}
	w.carry(w.machine.Due(w.now, s.lane))
}

// feed makes so many works due each second, at random, until then.
func (w *world) feed(s *source, each float64, until Instant) {
	w.after(Duration(w.random.ExpFloat64()*float64(second)/each), func() {
		if w.now < until {
			w.add(s, 1)
			w.feed(s, each, until)
		}
	})
}

func (w *world) carry(a Actions) {
	w.countSteps(a)
	w.claims += len(a.Claims)
	w.returned += len(a.GiveBack)
	for _, c := range a.Claims {
		w.after(w.claimTakes, func() { w.claim(c) })
	}
	for _, item := range a.Start {
		w.start(item)
	}
	for _, item := range a.GiveBack {
		w.after(w.recordTakes, func() {
			s := w.sources[item.Lane.Key]
			s.again = append(s.again, item.Work.(Instant))
			w.carry(w.machine.Due(w.now, item.Lane))
		})
	}
}

// countSteps: the machine numbers what it does. What it does for each work that it begins or asks for does not count
// here.
func (w *world) countSteps(a Actions) {
	steps := int(w.machine.sequence-w.sequence) + w.machine.vain
	w.sequence = w.machine.sequence
	works := len(a.Start)
	for _, c := range a.Claims {
		works += c.works
	}
	w.steps = max(w.steps, steps-4*works)
}

func (w *world) claim(c *Claim) {
	var items []*Item
	var full []string
	for _, l := range c.Lanes {
		s := w.sources[l.Lane.Key]
		n := min(l.Limit, len(s.again)+len(s.due))
		for range n {
			from := &s.due
			if len(s.again) > 0 {
				from = &s.again
			}
			items = append(items, &Item{Lane: s.lane, Budget: s.budget, Bytes: 1000, Work: (*from)[0]})
			*from = (*from)[1:]
		}
		if n == l.Limit {
			full = append(full, s.lane.Key)
		}
	}
	w.claimed += len(items)
	w.carry(w.machine.Claimed(w.now, c, items, full))
}

func (w *world) start(item *Item) {
	s := w.sources[item.Lane.Key]
	w.started++
	w.most = max(w.most, w.started)
	s.waited = append(s.waited, w.now-item.Work.(Instant))
	s.inFlight++
	s.held++
	s.to.inFlight++
	s.to.most = max(s.to.most, s.to.inFlight)
	took, kind := s.to.answer(w.now, s.to.inFlight)
	began := w.now
	w.finish(s, item, began, took, kind)
}

func (w *world) finish(s *source, item *Item, began Instant, took Duration, kind Kind) {
	w.after(took, func() {
		s.inFlight--
		s.to.inFlight--
		if kind == Arrived {
			s.arrived++
			s.to.arrived = append(s.to.arrived, w.now)
		}
		w.carry(w.machine.Answered(w.now, item, Answer{Kind: kind, Took: w.now - began}))
		w.after(w.recordTakes, func() {
			w.started--
			s.held--
			w.carry(w.machine.Freed(w.now, item))
		})
	})
}

// percentile of waits, in milliseconds.
func percentile(waits []Duration, p float64) float64 {
	if len(waits) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(waits))
	return float64(sorted[min(len(sorted)-1, int(p*float64(len(sorted))))]) / float64(millisecond)
}

func steady(took Duration) *receiver {
	return &receiver{answer: func(Instant, int) (Duration, Kind) { return took, Arrived }}
}

func hanging() *receiver {
	return &receiver{answer: func(Instant, int) (Duration, Kind) { return 30 * second, TimedOut }}
}

// overloaded does so many at a time as quickly as one, and more no faster.
func overloaded(took Duration, at int) *receiver {
	return &receiver{answer: func(_ Instant, inFlight int) (Duration, Kind) {
		return took * Duration(max(at, inFlight)) / Duration(at), Arrived
	}}
}

// flapping is well for a time, then fails for one.
func flapping(took, well, ill Duration, fails Kind) *receiver {
	return &receiver{answer: func(now Instant, _ int) (Duration, Kind) {
		if now%(well+ill) < well {
			return took, Arrived
		}
		return took / 10, fails
	}}
}
