package jobs

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/ringback/ringback/jobs/scheduler"
)

func TestCrewDoesEachPieceAtOnceAndSomeStayForTheNext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var running sync.WaitGroup
		var busy, done atomic.Int32
		goOn := make(chan struct{})
		c := newCrew(&running, func(*scheduler.Item) {
			busy.Add(1)
			<-goOn
			busy.Add(-1)
			done.Add(1)
		})
		for round := range int32(2) {
			for range maxIdle + 2 {
				c.begin(&scheduler.Item{})
			}
			synctest.Wait()
			if busy.Load() != maxIdle+2 || c.idle.Load() != 0 {
				t.Fatalf("%d are busy, %d idle", busy.Load(), c.idle.Load())
			}
			for range maxIdle + 2 {
				goOn <- struct{}{}
			}
			synctest.Wait()
			if done.Load() != (round+1)*(maxIdle+2) || c.idle.Load() != maxIdle {
				t.Fatalf("%d are done, %d idle", done.Load(), c.idle.Load())
			}
		}
		c.begin(&scheduler.Item{})
		synctest.Wait()
		c.dismiss()
		goOn <- struct{}{} // who is busy comes to an end first
		running.Wait()
	})
}
