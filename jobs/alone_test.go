package jobs

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
)

// startAlone lets a piece of work be done alone, and closes done at its end.
func (s *stock) startAlone(n int64) (done chan struct{}) {
	done = make(chan struct{})
	s.sources[kindCallback].suspect = func(context.Context) ([]work, error) { return []work{piece{n, laneA}}, nil }
	go func() {
		defer close(done)
		s.single(kindCallback)
	}()
	synctest.Wait()
	return done
}

func TestNothingElseIsInFlightWhileWorkIsAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newStock(t, 4, 1)
		h.nudge(laneA)
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
		h := newStock(t, 4, 1)
		h.nudge(laneA)
		h.expect(t, "at first", 1)
		done := h.startAlone(1000)
		modelstest.Pass(aloneWait - time.Millisecond)
		h.expect(t, "just before a minute has passed")
		modelstest.Pass(2 * time.Millisecond)
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
		s := newStock(t, 1, 1)
		s.nudge(laneA)
		s.expect(t, "at first", 1)
		done := s.startAlone(1000)
		<-done
		s.expect(t, "while as many are in flight as may be")
	})
}

func TestOthersHaveHalfOfTheTimeWhereWorkIsAloneOneByOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		const each = 10 * time.Second
		began, left := time.Now(), 5
		oneByOne(ctx, func() bool {
			modelstest.Pass(each)
			if left--; left == 0 {
				cancel()
			}
			return true
		})
		if took := time.Since(began); took != callback.SweepInterval+(5+4)*each {
			t.Errorf("five took %s, with what the others had between them", took)
		}
	})
}
