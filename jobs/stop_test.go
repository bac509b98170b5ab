package jobs

import (
	"context"
	"slices"
	"testing"
)

func TestWhatIsClaimedWhileTheWorkerStopsIsExcused(t *testing.T) {
	t.Parallel()
	s, d := newStock(t, 3, 2)
	excused := make(chan []int64, 10)
	d.source.excuse = func(_ context.Context, ids []int64) error {
		excused <- slices.Sorted(slices.Values(ids))
		return nil
	}
	claimed, goOn, claim := make(chan struct{}), make(chan struct{}), d.source.claim
	d.source.claim = func(ctx context.Context, name string, limit int) ([]int64, []string, error) {
		claimed <- struct{}{}
		<-goOn
		return claim(ctx, name, limit)
	}
	d.nudge("a")
	<-claimed
	stopped := make(chan struct{})
	go func() {
		d.stop()
		close(stopped)
	}()
	<-d.stopping
	close(goOn)
	s.next(t, 2)
	if got := <-excused; !slices.Equal(got, []int64{1, 2}) {
		t.Errorf("excused %v", got)
	}
	for range 2 {
		s.answer <- struct{}{}
		s.record <- struct{}{}
	}
	<-stopped
}
