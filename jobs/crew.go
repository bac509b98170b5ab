package jobs

import (
	"sync"
	"sync/atomic"

	"github.com/ringback/ringback/jobs/scheduler"
)

// maxIdle is how many of a crew stay for the next piece of work.
const maxIdle = 64

// crew are goroutines that begin work, each piece at once. Some stay when theirs is done: a new one grows its stack until a
// request fits onto it, which costs more than what it does beside.
type crew struct {
	running   *sync.WaitGroup
	do        func(*scheduler.Item)
	next      chan *scheduler.Item
	idle      atomic.Int32
	dismissed chan struct{}
	dismiss   func() // those who are idle, now and later
}

func newCrew(running *sync.WaitGroup, do func(*scheduler.Item)) *crew {
	c := &crew{running: running, do: do, next: make(chan *scheduler.Item), dismissed: make(chan struct{})}
	c.dismiss = sync.OnceFunc(func() { close(c.dismissed) })
	return c
}

// begin returns at once.
func (c *crew) begin(item *scheduler.Item) {
	select {
	case c.next <- item:
	default:
		c.running.Go(func() { c.work(item) })
	}
}

func (c *crew) work(item *scheduler.Item) {
	for {
		c.do(item)
		if c.idle.Add(1) > maxIdle {
			c.idle.Add(-1)
			return
		}
		select {
		case item = <-c.next:
			c.idle.Add(-1)
		case <-c.dismissed:
			return
		}
	}
}
