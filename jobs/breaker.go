package jobs

import (
	"sync"
	"time"
)

// breakerPause is for how long nobody waits for a Redis that has not answered. Then one caller tries again.
const breakerPause = 250 * time.Millisecond

// breaker keeps an outage of Redis from costing every mutation its whole patience.
type breaker struct {
	mu    sync.Mutex
	until time.Time // zero: Redis answers
}

// closed tells whether to try: to everybody while Redis answers, and after a pause to one at a time.
func (b *breaker) closed() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.until.IsZero():
		return true
	case time.Now().Before(b.until):
		return false
	}
	b.until = time.Now().Add(breakerPause)
	return true
}

// note keeps in mind whether Redis answered to one who tried.
func (b *breaker) note(answered bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.until = (time.Time{}); !answered {
		b.until = time.Now().Add(breakerPause)
	}
}
