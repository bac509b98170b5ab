package jobs

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// startAlone lets a piece of work be done alone, and closes done at its end.
func (h *shelf) startAlone(n int64) (done chan struct{}) {
	done = make(chan struct{})
	go func() {
		defer close(done)
		h.single(func(context.Context) ([]int64, error) { return []int64{n}, nil })
	}()
	synctest.Wait()
	return done
}

func TestNothingElseIsInFlightWhileWorkIsAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newShelf(t)
		h.nudge("a")
		h.expect(t, "at first", 1)
		done := h.startAlone(1000)
		h.expect(t, "while another is in flight")
		h.answer <- struct{}{}
		h.expect(t, "while it is not written down what came of the other")
		h.record <- struct{}{}
		h.expect(t, "when the other is done", 1000)
		h.settle()
		<-done
		h.expect(t, "when it is done", 2)
	})
}

func TestWorkThatIsToBeAloneHoldsUpTheOthersForAMinuteAtMost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newShelf(t)
		h.nudge("a")
		h.expect(t, "at first", 1)
		done := h.startAlone(1000)
		<-time.After(aloneWait - time.Millisecond)
		h.expect(t, "just before a minute has passed")
		<-time.After(2 * time.Millisecond)
		h.expect(t, "then", 1000)
		h.settle()
		h.settle() // whichever is first
		<-done
		h.expect(t, "after it", 2)
	})
}

func TestWorkThatIsToBeAloneIsWithinWhatMayBeInFlight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newShelf(t)
		for _, lane := range []string{"a", "b", "c", "d"} {
			h.nudge(lane)
		}
		if n := len(h.began()); n != cap(h.slots) {
			t.Fatalf("%d are in flight, may be %d", n, cap(h.slots))
		}
		done := h.startAlone(1000)
		<-time.After(2 * aloneWait)
		h.expect(t, "while as many are in flight as may be")
		h.settle()
		<-time.After(2 * aloneWait)
		h.expect(t, "when one of them has ended", 1000)
		for range cap(h.slots) {
			h.settle()
		}
		<-done
	})
}
