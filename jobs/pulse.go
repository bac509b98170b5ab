package jobs

import (
	"sync"
	"time"

	"github.com/ringback/ringback/models/callback"
)

// stallTime is how long what is tried over and over may fail before the worker counts as one that does not get through:
// a sweep, and one more that waits for as long as it may.
const stallTime = callback.SweepInterval + sweepTimeout

// pulse tells whether what is tried over and over gets through to the database.
type pulse struct {
	mu sync.Mutex
	// since is when the first try began of those that have not got through since one did; zero: the last one did.
	since time.Time
	last  time.Time // when a try began
}

// try tries.
func (p *pulse) try(do func() error) error {
	p.begun(time.Now())
	err := do()
	if err == nil {
		p.mu.Lock()
		p.since = time.Time{}
		p.mu.Unlock()
	}
	return err
}

func (p *pulse) begun(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	// What was not tried for long is not needed: it says nothing that it failed once.
	if p.since.IsZero() || now.Sub(p.last) > 2*stallTime {
		p.since = now
	}
	p.last = now
}

func (p *pulse) stalled(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.since.IsZero() && now.Sub(p.since) > stallTime && now.Sub(p.last) <= 2*stallTime
}
