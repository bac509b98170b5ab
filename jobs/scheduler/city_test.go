package scheduler

import (
	"fmt"
	"testing"
)

// TestCity is a thousand lanes of forty accounts with receivers of all sorts, a quarter of them at shared endpoints.
func TestCity(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Limits{Slots: 2048})
	sorts := map[string][]*source{}
	for n := range 1000 {
		account := int64(1 + n%40)
		lane := place(n, account)
		if n%4 == 0 {
			shared := fmt.Sprintf("shared%d", n/4%5)
			lane = at(shared+":443", shared, account, fmt.Sprint(n))
		}
		sort, to, each := resident(w, n)
		s := w.source(lane, to)
		sorts[sort] = append(sorts[sort], s)
		w.feed(s, each, 120*second)
	}
	for _, until := range []Duration{30, 60, 90, 120} {
		w.most, w.claims, w.claimed, w.returned = 0, 0, 0, 0
		w.run(until*second - w.now)
		t.Logf("%d s to %d s: at most %d slots; %d claims of %.1f works, %d given back; at most %d steps for an event "+
			"beside its works",
			until-30, until, w.most, w.claims, float64(w.claimed)/float64(max(1, w.claims)), w.returned, w.steps)
		for _, sort := range []string{"quick", "slow", "flapping", "hanging"} {
			var waited []Duration
			arrived, left, worst := 0, 0, 0.0
			for _, s := range sorts[sort] {
				waited = append(waited, s.waited...)
				worst = max(worst, percentile(s.waited, 0.99))
				arrived += s.arrived
				left += len(s.due) + len(s.again)
				s.waited, s.arrived = nil, 0
			}
			p99 := percentile(waited, 0.99)
			t.Logf("   %-8s %3d lanes: %6d begun, %6d arrived, %6d wait; waited p50 %.1f ms, p99 %.1f ms; p99 of the worst "+
				"lane %.1f ms",
				sort, len(sorts[sort]), len(waited), arrived, left, percentile(waited, 0.5), p99, worst)
			// Until those that hang have been found out, they hold most slots: only what is quick gets by.
			if p99 > 100 && (sort == "quick" || sort == "slow" && until > 60) {
				t.Errorf("%s ones wait %.0f ms at p99", sort, p99)
			}
		}
	}
	if w.steps > 500 {
		t.Errorf("%d steps for an event", w.steps)
	}
}

// resident returns a receiver of some sort, and how many a second it is sent.
func resident(w *world, n int) (sort string, to *receiver, each float64) {
	switch n % 20 {
	case 1, 6, 11:
		return "hanging", hanging(), 1
	case 2, 7, 12:
		return "slow", steady(2 * second), 1
	case 3, 8:
		return "flapping", flapping(
			100*millisecond, Duration(5+w.random.IntN(20))*second, Duration(5+w.random.IntN(20))*second, Refused,
		), 2
	default:
		return "quick", steady(Duration(5+w.random.IntN(195)) * millisecond), 3
	}
}
