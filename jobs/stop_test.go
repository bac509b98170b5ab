package jobs

import (
	"slices"
	"testing"
	"testing/synctest"
)

func TestWhatIsInFlightWhenTheWorkerStopsIsExcusedAndWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStock(t, 3, 2)
		s.nudge(laneA)
		s.expect(t, "at first", 1, 2)
		stopped := make(chan struct{})
		go func() {
			s.stop()
			close(stopped)
		}()
		synctest.Wait()
		if got := s.pardoned(); !slices.Equal(got, []int64{1, 2}) {
			t.Errorf("excused %v", got)
		}
		select {
		case <-stopped:
			t.Error("it has stopped before its work was done")
		default:
		}
		s.nudge(laneA)
		for range 2 {
			s.settle()
		}
		<-stopped
		s.expect(t, "after the stop")
	})
}

func TestWhatIsClaimedWhileTheWorkerStopsIsGivenBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStock(t, 3, 2)
		goOn := make(chan struct{})
		s.atClaim = func() { <-goOn }
		s.nudge(laneA)
		synctest.Wait()
		stopped := make(chan struct{})
		go func() {
			s.stop()
			close(stopped)
		}()
		synctest.Wait()
		close(goOn)
		<-stopped
		s.expect(t, "after the stop")
		if got := s.given(); !slices.Equal(got, []int64{1, 2}) {
			t.Errorf("given back: %v", got)
		}
	})
}
