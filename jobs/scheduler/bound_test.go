package scheduler

import (
	"fmt"
	"testing"
)

// TestAnEventTakesAFewSteps crowds thousands of lanes at one name that comes and goes.
func TestAnEventTakesAFewSteps(t *testing.T) {
	t.Parallel()
	for _, limits := range []Limits{
		{Slots: 64}, {Slots: 64, PerEndpoint: 16}, {Slots: 2048}, {Slots: 2048, Bytes: 100_000},
	} {
		for _, kind := range []Kind{Refused, Unreachable, Unresolved} {
			w := newWorld(t, limits)
			to := flapping(300*millisecond, 3*second, 2*second, kind)
			for n := range 3000 {
				account := int64(1 + n%3)
				if n < 1500 {
					account = 1
				}
				w.add(w.source(at(fmt.Sprintf("h:%d", n%2), "h", account, fmt.Sprint(n)), to), 3)
			}
			for n := range 20 { // so that an account may have its quarter elsewhere
				w.add(w.source(place(n, 1), hanging()), 1000)
			}
			w.run(30 * second)
			t.Logf("%+v, kind %d: %d arrived, at most %d steps for an event", limits, kind, len(to.arrived), w.steps)
			if w.steps > 600 {
				t.Errorf("%+v, kind %d: %d steps", limits, kind, w.steps)
			}
		}
	}
}
