package scheduler

import "testing"

func TestBytesInHand(t *testing.T) {
	t.Parallel()
	h := newHands(t, Limits{Slots: 100, Bytes: 1000})
	heavy, light, huge := place(1, 1), place(2, 2), place(3, 3)
	h.bytes = 300
	h.add(heavy, 10)
	h.want("heavy ones", h.inFlight(heavy), 3)
	h.bytes = 10
	h.add(light, 5)
	h.want("light ones pass", h.inFlight(light), 5)
	h.bytes = 5000
	h.add(huge, 1)
	h.want("too much", h.inFlight(huge), 0)
	h.due[heavy.Key] = 0
	h.answer(light, 5, Arrived)
	h.answer(heavy, 3, Arrived)
	h.want("alone", h.inFlight(huge), 1)
	h.bytes = 1
	h.add(light, 1)
	h.want("beside the huge one", h.inFlight(light), 0)
	h.answer(huge, 1, Arrived)
	h.want("after it", h.inFlight(light), 1)
}

// However many wait for more bytes than are free, one that fits does not wait behind them.
func TestLightOnePassesManyHeavyOnes(t *testing.T) {
	t.Parallel()
	h := newHands(t, Limits{Slots: 1000, Bytes: 1000})
	full, light := place(0, 1), place(1, 2)
	small := place(2, 3)
	h.bytes = 300
	h.add(full, 3)
	h.bytes = 10
	h.add(light, 10)
	h.bytes = 500
	for n := range 200 {
		h.add(place(10+n, int64(10+n)), 1) // each is asked for once, and does not fit
	}
	h.bytes = 50
	h.add(small, 1)
	h.want("there is no room for it", h.inFlight(small), 0)
	h.answer(light, 10, Arrived) // half of it is saved for one of those
	h.want("now there is", h.inFlight(small), 1)
}

// While smaller ones fill the memory without end, a large one has its turn, and they go on meanwhile.
func TestHeavyOneDoesNotWaitForTheEndOfAFlood(t *testing.T) {
	t.Parallel()
	h := newHands(t, Limits{Slots: 1000, Bytes: 1000})
	large := place(0, 1)
	h.bytes, h.sizes = 40, map[string]int64{large.Key: 400}
	for n := range 40 {
		h.add(place(1+n, 2), 1000)
	}
	h.add(large, 1)
	h.want("there is no room for it", h.inFlight(large), 0)
	before, ended := len(h.begun), 0
	for ; ended < 100 && h.inFlight(large) == 0; ended++ {
		h.answer(h.started[0].Lane, 1, Arrived)
	}
	h.want("it has begun", h.inFlight(large), 1)
	if begun := len(h.begun) - before; begun < ended/3 {
		t.Errorf("%d others began while %d ended", begun, ended)
	}
}
