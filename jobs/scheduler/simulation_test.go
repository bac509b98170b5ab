package scheduler

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func at(endpoint, host string, account int64, name string) Lane {
	return Lane{Key: fmt.Sprintf("%s %s %d", endpoint, name, account), Endpoint: endpoint, Host: host, Account: account}
}

// place is a lane at a host of its own.
func place(n int, account int64) Lane {
	host := fmt.Sprintf("r%d", n)
	return at(host+":443", host, account, "a")
}

func TestSteadyReceiverIsNeverTheLimit(t *testing.T) {
	t.Parallel()
	for _, took := range []Duration{20 * millisecond, 50 * millisecond} {
		w := newWorld(t, Limits{Slots: 2048})
		s := w.source(place(1, 1), steady(took))
		w.feed(s, 3000, 20*second)
		w.run(2 * second)
		s.waited = nil
		w.run(18 * second)
		p50, p99 := percentile(s.waited, 0.5), percentile(s.waited, 0.99)
		t.Logf("%d ms, 3,000/s: waits p50 %.1f ms, p99 %.1f ms", took/millisecond, p50, p99)
		if p99 > 50 {
			t.Errorf("waited %.0f ms at p99", p99)
		}
	}
}

func TestBacklogOfSlowReceiver(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Limits{Slots: 2048})
	s := w.source(place(1, 1), steady(200*millisecond))
	w.add(s, 5000)
	best, last := 0, 0
	var line strings.Builder
	for range 5 {
		w.run(second)
		best, last = max(best, s.arrived-last), s.arrived
		fmt.Fprintf(&line, " %d", s.arrived)
	}
	t.Logf("200 ms, 5,000 due: arrived after each second:%s", line.String())
	if best < 1000 {
		t.Errorf("%d a second", best)
	}
}

func TestOverloadedReceiverIsNotDrivenFurther(t *testing.T) {
	t.Parallel()
	const capacity = 50
	for _, took := range []Duration{20, 50, 200, 1000} {
		w := newWorld(t, Limits{Slots: 2048})
		to := overloaded(took*millisecond, capacity)
		s := w.source(place(1, 1), to)
		w.add(s, 400_000)
		w.run(10 * second)
		first := to.most
		to.most = 0
		arrived := s.arrived
		w.run(120 * second)
		share := float64(s.arrived-arrived) / 120 * float64(took) / 1000 / capacity
		t.Logf("%4d ms and slower beyond 50: at most %d at once in the first 10 s, %d in the next 120 s, at %.0f %% of "+
			"what it can do",
			took, first, to.most, 100*share)
		if first > 4*capacity || to.most > 5*capacity/2+5 || share < 0.9 {
			t.Errorf("%d, %d at once; %.2f of what it can do", first, to.most, share)
		}
	}
}

func TestHealthyNeighbourOfHangingOne(t *testing.T) {
	t.Parallel()
	for _, hang := range []int{1, 30} {
		w := newWorld(t, Limits{Slots: 2048})
		for i := range hang {
			w.add(w.source(at("shared:443", "shared", int64(10+i), "a"), hanging()), 1000)
		}
		w.run(second)
		s := w.source(at("shared:443", "shared", 1, "a"), steady(20*millisecond))
		began := w.now
		w.add(s, 1)
		for len(s.waited) == 0 {
			w.run(millisecond)
		}
		first := s.waited[0]
		w.feed(s, 200, began+120*second)
		w.run(120 * second)
		p99 := percentile(s.waited, 0.99)
		t.Logf(
			"beside %d that hang at the same endpoint: the first waits %.1f ms, p99 %.1f ms", hang, float64(first)/1000, p99,
		)
		if p99 > 100 || first > second {
			t.Errorf("the first waits %d µs, p99 %.0f ms", first, p99)
		}
	}
}

func TestNewAccountBeginsThoughAllOthersHang(t *testing.T) {
	t.Parallel()
	for _, lanes := range []int{25, 200} {
		w := newWorld(t, Limits{Slots: 2048})
		for a := range 40 {
			for l := range lanes {
				w.add(w.source(place(a*1000+l, int64(10+a)), hanging()), 100)
			}
		}
		w.run(20 * second)
		s := w.source(place(1_000_000, 1), steady(20*millisecond))
		w.add(s, 1)
		w.feed(s, 10, w.now+5*second)
		w.run(5 * second)
		t.Logf("40 accounts with %d lanes hang, %d slots taken: the first of a new one waits %.1f ms, p99 %.1f ms",
			lanes, w.started, float64(s.waited[0])/1000, percentile(s.waited, 0.99))
		if s.waited[0] > 20*millisecond {
			t.Errorf("waits %d µs", s.waited[0])
		}
	}
}

func TestScarceSlotsAreShared(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Limits{Slots: 256})
	const accounts = 24
	sum := make([]float64, accounts)
	var lanes [accounts][]*source
	for a := range accounts {
		for l := range 1 + a*2 { // the more lanes, the more it wants
			s := w.source(place(a*1000+l, int64(a+1)), steady(Duration(100+50*a)*millisecond))
			w.add(s, 20_000/(1+a))
			lanes[a] = append(lanes[a], s)
		}
	}
	w.run(10 * second)
	for range 200 {
		w.run(100 * millisecond)
		for a := range accounts {
			for _, s := range lanes[a] {
				sum[a] += float64(s.held) / 200
			}
		}
	}
	least, most := slices.Min(sum), slices.Max(sum)
	t.Logf("24 accounts with 1 to 47 lanes of 100 ms to 1.25 s, 256 slots: each holds %.1f to %.1f slots", least, most)
	if most > 1.5*least {
		t.Errorf("shares from %.1f to %.1f", least, most)
	}
}

func TestFloodOfOneAccount(t *testing.T) {
	t.Parallel()
	floods := map[string]*receiver{
		"5 ms": steady(5 * millisecond), "200 ms": steady(200 * millisecond), "2 s": steady(2 * second), "hanging": hanging(),
	}
	for name, to := range floods {
		w := newWorld(t, Limits{Slots: 2048})
		w.add(w.source(place(1, 1), to), 100_000)
		w.run(5 * second)
		s := w.source(place(2, 2), steady(50*millisecond))
		w.feed(s, 100, w.now+30*second)
		w.run(30 * second)
		p99 := percentile(s.waited, 0.99)
		t.Logf(
			"100,000 of another account to a receiver of %s: 100/s wait p50 %.1f ms, p99 %.1f ms", name,
			percentile(s.waited, 0.5), p99,
		)
		if p99 > 100 {
			t.Errorf("%s: %.0f ms", name, p99)
		}
	}
}

func TestFlappingReceiverRecovers(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]Kind{
		"refuses": Refused, "is overloaded": Overloaded, "is unreachable": Unreachable, "has no address": Unresolved,
	} {
		w := newWorld(t, Limits{Slots: 2048})
		to := flapping(100*millisecond, 10*second, 10*second, kind)
		s := w.source(place(1, 1), to)
		w.feed(s, 1000, 120*second)
		worst := Duration(0)
		for range 5 {
			w.run(20*second - w.now%(20*second))
			from, n := w.now, len(to.arrived)
			for len(to.arrived)-n < 500 && w.now < from+10*second {
				w.run(10 * millisecond)
			}
			worst = max(worst, w.now-from)
		}
		t.Logf("%s for 10 s, is well for 10 s: 500 have arrived %.1f s after it is well", name, float64(worst)/1e6)
		if worst > 3*second {
			t.Errorf("%s: %d µs", name, worst)
		}
	}
}
