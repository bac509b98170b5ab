package scheduler

import (
	"flag"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// model is what may be said of the machine from outside, and what has to be true inside whatever happens.
type model struct {
	machine *Scheduler
	now     Instant
	lanes   []Lane
	limits  Limits

	database     map[string][]int64 // by lane: the bytes of each work that is due
	claims       []*Claim
	started      []*Item // not answered
	answered     []*Item // not freed
	ended        map[*Item]string
	reservations []*Reservation
	awaited      []*Reservation // Pending
	rest         map[string]Instant
	budgets      map[string]*allowance
	workers      int
	stopped      bool
	kept         bool // room, just now: what thereby may begin elsewhere does so with the next event
}

func newModel(t *rapid.T) *model {
	m := &model{
		database: map[string][]int64{}, ended: map[*Item]string{}, rest: map[string]Instant{},
		budgets: map[string]*allowance{}, workers: 1,
	}
	m.limits = Limits{
		Slots:       rapid.SampledFrom([]int{1, 2, 3, 5, 8, 20, 40, 100}).Draw(t, "slots"),
		PerEndpoint: rapid.SampledFrom([]int{0, 0, 0, 1, 2, 3, 12}).Draw(t, "at once to an endpoint"),
		Bytes:       int64(rapid.SampledFrom([]int{0, 0, 50, 500}).Draw(t, "bytes")),
	}
	m.machine = New(m.limits)
	lanes := rapid.IntRange(1, 14)
	if rapid.IntRange(0, 9).Draw(t, "crowded") == 0 {
		lanes = rapid.IntRange(40, 200)
	}
	for i := range lanes.Draw(t, "lanes") {
		host := rapid.IntRange(0, 2).Draw(t, "host")
		l := Lane{
			Host:     fmt.Sprintf("h%d", host),
			Endpoint: fmt.Sprintf("h%d:%d", host, rapid.IntRange(0, 1).Draw(t, "port")),
			Account:  int64(rapid.IntRange(1, 5).Draw(t, "account")),
			Kind:     rapid.IntRange(0, 1).Draw(t, "kind"),
			Bulk:     rapid.IntRange(0, 3).Draw(t, "bulk") == 0,
		}
		l.Key = fmt.Sprintf("%s %d %d", l.Endpoint, i, l.Account)
		m.lanes = append(m.lanes, l)
		m.allow(t, l)
	}
	return m
}

func TestMachineKeepsItsRules(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := newModel(t)
		t.Repeat(map[string]func(*rapid.T){
			"due":          m.add,
			"due too":      m.add,
			"claimed":      m.claimed,
			"claimed too":  m.claimed,
			"answered":     m.answer,
			"answered too": m.answer,
			"freed":        m.free,
			"freed too":    m.free,
			"tick":         m.tick,
			"reserve":      m.reserve,
			"reserved":     m.endReservation,
			"await":        m.await,
			"impatient":    m.settle,
			"share":        m.share,
			"budget":       m.setBudget,
			"room":         func(t *rapid.T) { m.machine.Room(m.lane(t)) },
			"":             m.check,
		})
		m.finish(t)
		m.stop(t)
	})
}

func init() {
	// More than the defaults, and less than what is said on the command line.
	for name, value := range map[string]string{"rapid.checks": "300", "rapid.steps": "60"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
}

func (m *model) lane(t *rapid.T) Lane { return rapid.SampledFrom(m.lanes).Draw(t, "lane") }

// do carries out what the machine says.
func (m *model) do(t *rapid.T, a Actions) {
	for _, c := range a.Claims {
		m.checkClaim(t, c)
	}
	m.claims = append(m.claims, a.Claims...)
	for _, item := range a.Start {
		if how, ok := m.ended[item]; ok {
			t.Fatalf("started after it was %s", how)
		}
		m.ended[item] = "started"
		m.checkBudget(t, item)
		if m.stopped {
			t.Fatal("started after the stop")
		}
		if m.rest[item.Lane.Key] > m.now {
			t.Fatal("started in a lane that rests")
		}
		m.started = append(m.started, item)
	}
	for _, item := range a.GiveBack {
		if how, ok := m.ended[item]; ok {
			t.Fatalf("given back after it was %s", how)
		}
		m.ended[item] = "given back"
		m.database[item.Lane.Key] = append([]int64{item.Bytes}, m.database[item.Lane.Key]...)
	}
	for _, r := range a.Granted {
		i := slices.Index(m.awaited, r)
		if i < 0 || r.Pending() {
			t.Fatal("granted what does not wait")
		}
		m.awaited = slices.Delete(m.awaited, i, i+1)
		m.keep(t, r)
	}
	for _, item := range a.GiveBack {
		m.do(t, m.machine.Due(m.now, item.Lane))
	}
}

func (m *model) add(t *rapid.T) {
	l := m.lane(t)
	for range rapid.SampledFrom([]int{0, 1, 3, 20, 60}).Draw(t, "works") {
		m.database[l.Key] = append(m.database[l.Key], int64(rapid.SampledFrom([]int{0, 1, 10, 60, 700}).Draw(t, "bytes")))
	}
	m.do(t, m.machine.Due(m.now, l))
}

// take claims up to n works.
func (m *model) take(l Lane, n int) (items []*Item) {
	sizes := m.database[l.Key]
	n = min(n, len(sizes))
	for _, size := range sizes[:n] {
		items = append(items, &Item{Lane: l, Bytes: size, Budget: m.budgetOf(l)})
	}
	m.database[l.Key] = sizes[n:]
	return items
}

func (m *model) checkClaim(t *rapid.T, c *Claim) {
	seen, works := map[string]bool{}, 0
	for _, l := range c.Lanes {
		if l.Lane.Kind != c.Kind || seen[l.Lane.Key] || l.Limit < 1 {
			t.Fatalf("claim of kind %d with %+v", c.Kind, l)
		}
		seen[l.Lane.Key] = true
		works += l.Limit
	}
	if len(c.Lanes) > 64 || works > 256 || m.stopped {
		t.Fatalf("claim of %d lanes and %d works", len(c.Lanes), works)
	}
}

func pull[T any](t *rapid.T, from *[]T) (x T) {
	if len(*from) == 0 {
		t.Skip("none")
	}
	i := rapid.IntRange(0, len(*from)-1).Draw(t, "which")
	x = (*from)[i]
	*from = append((*from)[:i], (*from)[i+1:]...)
	return x
}

func (m *model) claimed(t *rapid.T) {
	c := pull(t, &m.claims)
	var items []*Item
	var full []string
	if rapid.IntRange(0, 9).Draw(t, "fails") > 0 {
		for _, l := range c.Lanes {
			n := l.Limit
			if rapid.IntRange(0, 3).Draw(t, "less") == 0 {
				n = rapid.IntRange(0, n).Draw(t, "n")
			}
			found := m.take(l.Lane, n)
			items = append(items, found...)
			if len(found) == l.Limit {
				full = append(full, l.Lane.Key)
			}
		}
	}
	m.do(t, m.machine.Claimed(m.now, c, items, full))
	for _, item := range items {
		if _, ok := m.ended[item]; !ok && item.state != isAhead {
			t.Fatal("claimed work was lost")
		}
	}
}

func (m *model) answer(t *rapid.T) {
	item := pull(t, &m.started)
	m.answered = append(m.answered, item)
	kinds := []Kind{Arrived, Arrived, Arrived, Ours, Refused, Overloaded, TimedOut, Unreachable, Unresolved}
	a := Answer{
		Kind: rapid.SampledFrom(kinds).Draw(t, "answer"),
		Took: Duration(rapid.IntRange(0, 300).Draw(t, "took")) * millisecond,
	}
	if a.Kind == Overloaded {
		a.RetryAfter = Duration(rapid.SampledFrom([]int{0, 0, 1, 100}).Draw(t, "retry after")) * second
		m.rest[item.Lane.Key] = max(m.rest[item.Lane.Key], m.now+min(a.RetryAfter, 60*second))
	}
	m.do(t, m.machine.Answered(m.now, item, a))
}

func (m *model) free(t *rapid.T) {
	from := &m.answered
	if len(m.answered) == 0 || rapid.IntRange(0, 9).Draw(t, "unanswered") == 0 {
		from = &m.started
	}
	m.do(t, m.machine.Freed(m.now, pull(t, from)))
}

func (m *model) tick(t *rapid.T) {
	m.now += Duration(rapid.SampledFrom([]int{1, 10, 100, 1000, 30_000, 100_000}).Draw(t, "later")) * millisecond
	for range 100 {
		next, ok := m.machine.Next()
		if !ok || next > m.now {
			return
		}
		m.do(t, m.machine.Tick(m.now))
	}
	t.Fatal("the time never comes for the next Tick")
}

func (m *model) reserve(t *rapid.T) {
	n := rapid.IntRange(1, 30).Draw(t, "n")
	l := m.lane(t)
	room := m.machine.Room(l)
	r := m.machine.Reserve(m.now, l, n, int64(n*5))
	if room && r.N() == 0 && m.limits.Bytes == 0 {
		t.Fatal("room, and nothing can be reserved")
	}
	m.keep(t, r)
}

func (m *model) keep(t *rapid.T, r *Reservation) {
	if r.N() > r.wanted || r.N() < 0 || r.Pending() {
		t.Fatalf("room for %d of %d", r.N(), r.wanted)
	}
	m.reservations = append(m.reservations, r)
	m.kept = true
}

func (m *model) await(t *rapid.T) {
	n := rapid.IntRange(1, 30).Draw(t, "n")
	if r := m.machine.Await(m.now, m.lane(t), n, int64(n*5)); r.Pending() {
		m.awaited = append(m.awaited, r)
	} else {
		m.keep(t, r)
	}
}

func (m *model) settle(t *rapid.T) {
	r := pull(t, &m.awaited)
	r.Settle(m.now)
	m.keep(t, r)
	r.Settle(m.now)
}

func (m *model) endReservation(t *rapid.T) {
	r := pull(t, &m.reservations)
	if rapid.Bool().Draw(t, "returned") {
		m.do(t, r.Return(m.now))
		m.do(t, r.Return(m.now))
		return
	}
	var items []*Item
	for range rapid.IntRange(0, r.N()).Draw(t, "created") {
		l := r.grant.lane.Lane
		items = append(items, &Item{Lane: l, Bytes: 5, Budget: m.budgetOf(l)})
	}
	m.do(t, r.Start(m.now, items))
	m.do(t, r.Start(m.now, items))
	m.do(t, r.Return(m.now))
}

// finish sees all of it through, once all receivers are well: nothing is left waiting, whatever was before.
func (m *model) finish(t *rapid.T) {
	for len(m.awaited) > 0 {
		m.settle(t)
	}
	for _, r := range m.reservations {
		m.do(t, r.Return(m.now))
	}
	m.reservations = nil
	m.setShare(t, 0, 1)
	for _, l := range m.lanes { // the sweep, after claims that failed
		m.do(t, m.machine.Due(m.now, l))
	}
	for range 100_000 {
		next, ok := m.machine.Next()
		switch {
		case ok && next <= m.now:
			m.do(t, m.machine.Tick(m.now))
		case len(m.claims) > 0:
			c := m.claims[0]
			m.claims = m.claims[1:]
			var items []*Item
			var full []string
			for _, l := range c.Lanes {
				found := m.take(l.Lane, l.Limit)
				items = append(items, found...)
				if len(found) == l.Limit {
					full = append(full, l.Lane.Key)
				}
			}
			m.do(t, m.machine.Claimed(m.now, c, items, full))
		case len(m.started) > 0:
			item := m.started[0]
			m.started = m.started[1:]
			m.now += millisecond
			m.do(t, m.machine.Answered(m.now, item, Answer{Kind: Arrived, Took: 20 * millisecond}))
			m.do(t, m.machine.Freed(m.now, item))
		case len(m.answered) > 0:
			m.do(t, m.machine.Freed(m.now, m.answered[0]))
			m.answered = m.answered[1:]
		case ok && len(m.machine.lanes) > 0:
			m.now = next
		default:
			m.checkNothingWaits(t)
			return
		}
	}
	t.Fatal("it never ends")
}

func (m *model) checkNothingWaits(t *rapid.T) {
	for key, sizes := range m.database {
		if len(sizes) > 0 {
			t.Fatalf("%d works of %s were never begun", len(sizes), key)
		}
	}
}

// stop ends it all: nothing is counted afterwards.
func (m *model) stop(t *rapid.T) {
	for _, l := range m.lanes {
		m.database[l.Key] = append(m.database[l.Key], 1, 1, 1)
		m.do(t, m.machine.Due(m.now, l))
	}
	r := m.machine.Reserve(m.now, m.lanes[0], 1, 5)
	m.do(t, m.machine.Stop(m.now))
	m.stopped = true
	m.do(t, r.Start(m.now, []*Item{{Lane: m.lanes[0]}}))
	for _, c := range m.claims {
		item := &Item{Lane: c.Lanes[0].Lane}
		m.do(t, m.machine.Claimed(m.now, c, []*Item{item}, nil))
		if m.ended[item] != "given back" {
			t.Fatal("claimed after the stop, and not given back")
		}
	}
	for _, item := range append(m.started, m.answered...) {
		m.do(t, m.machine.Freed(m.now, item))
	}
	m.claims, m.started, m.answered, m.reservations = nil, nil, nil, nil
	m.check(t)
	s := m.machine
	if s.used != 0 || s.bytes != 0 || s.expected != 0 || s.ahead.n != 0 || s.cold.n != 0 {
		t.Fatalf(
			"left over: %d slots, %d bytes, %d expected, %d ahead, %d cold", s.used, s.bytes, s.expected, s.ahead.n, s.cold.n,
		)
	}
}
