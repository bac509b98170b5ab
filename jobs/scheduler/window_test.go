package scheduler

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestWindowDoublesEachRoundTrip(t *testing.T) {
	t.Parallel()
	w := opened(2, 100)
	number := uint64(100)
	for round := 1; round <= 5; round++ {
		flight := w.limit()
		first := number + 1
		number += uint64(flight)
		for n := range flight {
			w.full = true
			w.arrived(20*millisecond, first+uint64(n), n+1, number, 2048)
		}
		if want := 2 << round; w.limit() != want {
			t.Errorf("%d after %d round trips, want %d", w.limit(), round, want)
		}
	}
}

func TestWindowGrowsOnlyWhereItIsInTheWay(t *testing.T) {
	t.Parallel()
	w := opened(10, 0)
	for n := range uint64(1000) {
		w.arrived(20*millisecond, n+1, 5, n+5, 2048)
	}
	if w.limit() != 10 {
		t.Errorf("%d", w.limit())
	}
}

func TestWindowIsHalvedOnceARoundTrip(t *testing.T) {
	t.Parallel()
	w := opened(64, 0)
	for n := range uint64(64) {
		w.halve(n+1, 64)
	}
	if w.limit() != 32 || w.slow {
		t.Errorf("%d after one round trip of failures, slow start: %v", w.limit(), w.slow)
	}
	for n := range uint64(10) {
		w.halve(65+n*10, 70+n*10)
	}
	if w.limit() != 1 {
		t.Errorf("%d after ten more", w.limit())
	}
}

func TestLatencyAloneLeavesASafeWindow(t *testing.T) {
	t.Parallel()
	for _, size := range []int{5, 100} {
		w := opened(size, 0)
		w.usual, w.turns = float64(10*millisecond), 0
		for n := range uint64(5000) {
			w.arrived(Duration(n)*millisecond, n+1, size, n+2, 2048)
			if w.limit() < min(size, safeWindow) {
				t.Fatalf("%d of %d after %d", w.limit(), size, n)
			}
		}
		if w.limit() > safeWindow {
			t.Errorf("%d of %d while it takes ever longer", w.limit(), size)
		}
	}
}

// TestVariableReceiver takes now a third of its time, now three times as long, whatever it is sent.
func TestVariableReceiver(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Limits{Slots: 2048})
	r := rand.New(rand.NewPCG(3, 4))
	to := &receiver{answer: func(Instant, int) (Duration, Kind) {
		return Duration(float64(200*millisecond) * math.Exp(0.6*r.NormFloat64())), Arrived
	}}
	s := w.source(place(1, 1), to)
	w.add(s, 100_000)
	w.run(5 * second)
	before := s.arrived
	w.run(5 * second)
	each := (s.arrived - before) / 5
	t.Logf("200 ms, give or take much: %d/s", each)
	if each < 1000 {
		t.Errorf("%d/s", each)
	}
}

// TestLongerWay: what takes longer from some time on, and not because of what it is sent, is not taken to be overloaded
// for ever.
func TestLongerWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Limits{Slots: 2048})
	s := w.source(place(1, 1), &receiver{answer: func(now Instant, _ int) (Duration, Kind) {
		if now < 10*second {
			return 40 * millisecond, Arrived
		}
		return 200 * millisecond, Arrived
	}})
	w.feed(s, 1000, 60*second)
	w.run(40 * second)
	s.waited = nil
	w.run(20 * second)
	p99 := percentile(s.waited, 0.99)
	t.Logf("40 ms, then 200 ms for good, at 1,000/s: waits p99 %.1f ms half a minute later", p99)
	if p99 > 100 {
		t.Errorf("%.0f ms", p99)
	}
}

// TestReceiverThatSaysWhenItIsTooMuch answers 429 beyond fifty at once.
func TestReceiverThatSaysWhenItIsTooMuch(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Limits{Slots: 2048})
	refused := 0
	to := &receiver{answer: func(_ Instant, inFlight int) (Duration, Kind) {
		if inFlight > 50 {
			refused++
			return 5 * millisecond, Overloaded
		}
		return 100 * millisecond, Arrived
	}}
	s := w.source(place(1, 1), to)
	w.add(s, 100_000)
	w.run(10 * second)
	arrived, most := s.arrived, to.most
	to.most, refused = 0, 0
	w.run(60 * second)
	each := (s.arrived - arrived) / 60
	t.Logf(
		"100 ms, 429 beyond 50 at once: at most %d at once at first, %d later; %d/s arrive, %.1f/s are refused", most,
		to.most, each, float64(refused)/60,
	)
	if each < 300 || to.most > 75 {
		t.Errorf("%d/s arrive, at most %d at once", each, to.most)
	}
}
