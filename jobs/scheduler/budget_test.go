package scheduler

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// allowance is a budget as the model has it: what is begun is counted from outside.
type allowance struct {
	Budget
	tokens float64
	at     Instant
}

// allow puts some lanes under budgets, which are those of their accounts.
func (m *model) allow(t *rapid.T, l Lane) {
	key := fmt.Sprintf("account:%d", l.Account)
	if m.budgets[key] == nil && rapid.IntRange(0, 2).Draw(t, "limited") == 0 {
		m.budgets[key] = &allowance{Budget: drawBudget(t, key), tokens: 1}
	}
}

func drawBudget(t *rapid.T, key string) Budget {
	return Budget{
		key, rapid.SampledFrom([]int{0, 0, 1, 2, 7}).Draw(t, "in flight"), rapid.SampledFrom([]int{0, 0, 1, 10, 300}).Draw(t, "a second"),
	}
}

func (m *model) budgetOf(l Lane) Budget {
	if a := m.budgets[fmt.Sprintf("account:%d", l.Account)]; a != nil {
		return a.Budget
	}
	return Budget{}
}

func (m *model) fill(a *allowance) {
	rate := float64(a.PerSecond) / float64(m.workers) / 1e6
	a.tokens = min(1+rate*50_000, a.tokens+rate*float64(m.now-a.at))
	if a.PerSecond == 0 {
		a.tokens = 1
	}
	a.at = m.now
}

func (m *model) share(t *rapid.T) {
	workers := rapid.IntRange(1, 3).Draw(t, "workers")
	m.setShare(t, rapid.IntRange(0, workers-1).Draw(t, "rank"), workers)
}

func (m *model) setShare(t *rapid.T, rank, workers int) {
	for _, a := range m.budgets {
		m.fill(a)
	}
	m.workers = workers
	m.do(t, m.machine.Share(m.now, rank, workers))
}

func (m *model) setBudget(t *rapid.T) {
	if len(m.budgets) == 0 {
		t.Skip("none")
	}
	a := m.budgets[rapid.SampledFrom(slices.Sorted(maps.Keys(m.budgets))).Draw(t, "whose")]
	m.fill(a)
	a.Budget = drawBudget(t, a.Key)
	m.do(t, m.machine.SetBudget(m.now, a.Budget))
}

// checkBudget is for what has just been started.
func (m *model) checkBudget(t *rapid.T, started *Item) {
	key := fmt.Sprintf("account:%d", started.Lane.Account)
	a := m.budgets[key]
	if a == nil {
		return
	}
	n := 1
	for _, item := range m.started {
		n += count(item.Lane.Account == started.Lane.Account)
	}
	if most := (a.InFlight + m.workers - 1) / m.workers; a.InFlight > 0 && n > most {
		t.Fatalf("%d at once under %+v, %d workers", n, a.Budget, m.workers)
	}
	if a.PerSecond == 0 {
		return
	}
	m.fill(a)
	if a.tokens--; a.tokens < -0.001 {
		t.Fatalf("too often under %+v, %d workers: %f", a.Budget, m.workers, a.tokens)
	}
}

// under lets lanes of a world be under a budget.
func (w *world) under(b Budget, of ...*source) {
	for _, s := range of {
		s.budget = b
	}
}

func TestBudgetsAreObeyed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		budget    Budget
		took      Duration
		low, high int
	}{
		{Budget{"a", 0, 5}, 50 * millisecond, 45, 52},
		{Budget{"a", 0, 200}, 50 * millisecond, 1900, 2012},
		{Budget{"a", 0, 1000}, 50 * millisecond, 9000, 10052},
		{Budget{"a", 3, 0}, 100 * millisecond, 220, 303}, // 3 at a time of 100 ms each, and claims between them
		{Budget{"a", 1, 2}, 100 * millisecond, 18, 21},
	} {
		t.Run(fmt.Sprint(c.budget), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, Limits{Slots: 256})
			to := steady(c.took)
			one, other := w.source(place(1, 1), to), w.source(place(2, 1), steady(c.took))
			w.under(c.budget, one, other)
			free := w.source(place(3, 1), steady(c.took))
			for _, s := range []*source{one, other, free} {
				w.add(s, 6000)
			}
			w.run(10 * second)
			n := len(one.waited) + len(other.waited)
			if n < c.low || n > c.high || len(free.waited) < 6000 {
				t.Errorf("%d and %d begun in 10 s, %d without a limit", len(one.waited), len(other.waited), len(free.waited))
			}
			if least := min(len(one.waited), len(other.waited)); least < n/3 {
				t.Errorf("of %d one lane had %d", n, least)
			}
			if c.budget.InFlight > 0 && to.most > c.budget.InFlight {
				t.Errorf("%d at once", to.most)
			}
			if w.returned > n {
				t.Errorf("%d begun, %d given back", n, w.returned)
			}
		})
	}
}

// TestWorkersDivideABudget: whatever number each has, all together have all of it.
func TestWorkersDivideABudget(t *testing.T) {
	t.Parallel()
	for workers := 1; workers < 5; workers++ {
		for most := 1; most < 10; most++ {
			sum := 0
			for rank := range workers {
				s := New(Limits{Slots: 10})
				s.Share(0, rank, workers)
				g := s.newBudget(Budget{Key: fmt.Sprint("project:", most), InFlight: most})
				sum += g.budget.part(most)
			}
			if sum != most {
				t.Errorf("%d workers have %d of %d", workers, sum, most)
			}
		}
	}
}

// TestBudgetThatIsLiftedLetsAllGo, also where this worker had no part of it.
func TestBudgetThatIsLiftedLetsAllGo(t *testing.T) {
	t.Parallel()
	for _, lift := range []func(h *hands) Actions{
		func(h *hands) Actions {
			h.budget.InFlight = 0
			return h.machine.SetBudget(h.now, h.budget)
		},
		func(h *hands) Actions { return h.machine.Share(h.now, 0, 1) },
	} {
		h := newHands(t, Limits{Slots: 100})
		h.budget = Budget{Key: "a", InFlight: 1}
		rank := 0
		for range 2 { // of two workers one has none
			h.do(h.machine.Share(h.now, rank, 2))
			if h.machine.newBudget(h.budget).budget.part(1) == 0 {
				break
			}
			rank++
		}
		l := place(1, 1)
		h.add(l, 1)
		h.wait(3 * second)
		h.want("begun without a part", len(h.started), 0)
		h.do(lift(h))
		h.claim()
		h.want("begun with one", len(h.started), 1)
	}
}
