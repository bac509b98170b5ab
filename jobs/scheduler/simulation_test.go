package scheduler

import (
	"fmt"
	"testing"
)

func at(endpoint, host string, account int64, name string) Lane {
	return Lane{Key: fmt.Sprintf("%s %s %d", endpoint, name, account), Endpoint: endpoint, Host: host, Account: account}
}

func TestSimulatedReceiverOf200ms(t *testing.T) {
	t.Parallel()
	for _, took := range []Duration{5, 20, 50, 200, 1000} {
		w := newWorld(t, Limits{Slots: 2048})
		to := steady(took * millisecond)
		s := w.source(at("r:443", "r", 1, "a"), to)
		w.add(s, 100_000)
		last := 0
		line := ""
		for range 10 {
			w.run(second)
			line += fmt.Sprintf(" %d", s.arrived-last)
			last = s.arrived
		}
		t.Logf("%4d ms: a second each:%s; window %.0f, most at once %d", took, line, w.machine.lanes[s.lane.Key].window.size, to.most)
	}
}

func TestSimulatedOverload(t *testing.T) {
	t.Parallel()
	for _, took := range []Duration{20, 50, 200, 1000} {
		w := newWorld(t, Limits{Slots: 2048})
		to := overloaded(took*millisecond, 50)
		s := w.source(at("r:443", "r", 1, "a"), to)
		w.add(s, 1_000_000)
		last := 0
		line := ""
		for i := range 60 {
			to.most = 0
			w.run(2 * second)
			if i < 10 || i%10 == 0 {
				line += fmt.Sprintf(" %d(%d)", (s.arrived-last)/2, to.most)
			}
			last = s.arrived
		}
		t.Logf("%4d ms: a second each (most at once):%s; window %.0f", took, line, w.machine.lanes[s.lane.Key].window.size)
	}
}
