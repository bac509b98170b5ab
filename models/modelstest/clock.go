package modelstest

import (
	"context"
	"sync"
	"time"

	"github.com/ringback/ringback/models/callback"
)

// Start is when the clock of every test begins.
var Start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// Clock is moved by hand.
type Clock struct {
	mu sync.Mutex
	at time.Time
}

// NewClock shows a time.
func NewClock(at time.Time) *Clock { return &Clock{at: at} }

// Now is what it shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// Advance moves it on.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// Pass lets time go by in a bubble of testing/synctest, where that takes none. Outside of one it panics: there it would
// be a sleep.
func Pass(d time.Duration) {
	if time.Now().Year() > 2010 { // a bubble's clock begins in 2000
		panic("modelstest.Pass outside of a bubble")
	}
	<-time.After(d) //nolint:forbidigo // it costs nothing here
}

// Clocked is the clock of a database, which takes a while to answer.
type Clocked struct {
	By   *Clock
	Took func() // is called before the answer; nil: it comes at once
}

// Clock is asked by those who compare their clocks with the database's.
func (c *Clocked) Clock(context.Context) (time.Time, error) {
	at := c.By.Now()
	if c.Took != nil {
		c.Took()
	}
	return at, nil
}

// ServiceAhead is a process whose clock is ahead of the database's, which the world's is.
func (w *World) ServiceAhead(ahead time.Duration) *callback.Service {
	return w.ServiceBy(func() time.Time { return w.Clock.Now().Add(ahead) }, &Clocked{By: w.Clock})
}

// ServiceBy is a process with a clock of its own, and the database has one too.
func (w *World) ServiceBy(now func() time.Time, database *Clocked) *callback.Service {
	by := w.wiring()
	by.Now, by.Clock = now, database
	return by.Services().Service
}

// ClockErrors are clocks that are too fast, and too slow.
var ClockErrors = []time.Duration{15 * time.Second, -15 * time.Second, time.Hour}
