// Package combine lets calls that come at the same time share one piece of work, such as a transaction.
package combine

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"
)

const (
	// Max bounds how long a call is kept waiting by the work for others: 100 rows are a few milliseconds.
	Max = 100
	// Timeout ends work that hangs, as on a dead connection; until then nobody else gets on. It is as long as Postgres
	// lets one statement take, for work that gives no other.
	Timeout = 30 * time.Second
	// GatherTime is how long a work that will be shared waits for more to share it. A transaction costs about a
	// millisecond beside what its rows cost: waiting for twice as many pays from two on.
	GatherTime = 5 * time.Millisecond
)

// Work is what calls share.
type Work[In, Out any] struct {
	Name string // where its panics are counted
	// Do does calls together, and returns what came of each. Its error says that none was done.
	Do func(ctx context.Context, in []In) ([]Out, error)
	// After follows the work, before the callers hear of it; nil: nothing does. The next work does not wait for it.
	After   func(ctx context.Context, out []Out)
	Timeout time.Duration // of Do
	Gather  time.Duration // how long it waits for more, where it will be shared; 0: it does not
	Log     *slog.Logger
	// Catch runs a function and turns its panic into an error: nobody above would, and those who wait would wait for ever.
	Catch func(ctx context.Context, name string, work func() error) error
}

// Combiner lets calls that come at the same time share one Work. A call that finds none under way starts at once; those
// that come meanwhile are gathered, and go together when it has ended. So one call alone waits for nobody, and the more
// there are, the more share the cost. After a work that was shared the next one waits a little: those who were just
// served come again.
type Combiner[In, Out any] struct {
	work Work[In, Out]

	mu      sync.Mutex
	working bool
	waiting []*combined[In, Out]
	// enough is how many may wait before a work begins early; 0: nobody has to wait for others.
	enough int
	round  int // of works
}

// New returns a combiner of a work.
func New[In, Out any](work Work[In, Out]) *Combiner[In, Out] { return &Combiner[In, Out]{work: work} }

// combined is one call. What came of it can be read when done is closed.
type combined[In, Out any] struct {
	in    In
	ctx   context.Context
	done  chan struct{}
	out   Out
	err   error
	group *callGroup // nil while it waits
}

// callGroup is the callers who share one work. It is given up when all of them have gone.
type callGroup struct {
	here   int
	giveUp context.CancelFunc
}

// SharedError is an error of the work for several calls: it may be another's, and each may do better alone.
type SharedError struct{ error }

// Unwrap returns the error of the work.
func (e SharedError) Unwrap() error { return e.error }

// Do does one call, together with those of others. When the caller's context ends it returns at once; the call may be
// done even so. A SharedError asks to do it again alone.
func (c *Combiner[In, Out]) Do(ctx context.Context, in In) (out Out, err error) {
	if err := ctx.Err(); err != nil {
		return out, err
	}
	call := &combined[In, Out]{in: in, ctx: ctx, done: make(chan struct{})}
	c.mu.Lock()
	c.waiting = append(c.waiting, call)
	c.next()
	c.mu.Unlock()
	select {
	case <-call.done:
		return call.out, call.err
	case <-ctx.Done():
		c.leave(call)
		return out, ctx.Err()
	}
}

// leave takes a call out of the line. One that is under way goes on for as long as somebody waits for it.
func (c *Combiner[In, Out]) leave(call *combined[In, Out]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := slices.Index(c.waiting, call); i >= 0 {
		c.waiting = slices.Delete(c.waiting, i, i+1)
		return
	}
	if call.group.here--; call.group.here == 0 {
		call.group.giveUp()
	}
}

// Waiting counts the calls that wait for the work that is under way.
func (c *Combiner[In, Out]) Waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.waiting)
}

// next starts the work for those who wait, unless there is some under way. The caller holds the lock.
func (c *Combiner[In, Out]) next() {
	if c.working || len(c.waiting) == 0 || len(c.waiting) < c.enough {
		return
	}
	c.enough = 0
	n := min(len(c.waiting), Max)
	calls := slices.Clone(c.waiting[:n])
	c.waiting = slices.Delete(c.waiting, 0, n)
	// with the first's values, for traces
	ctx, giveUp := context.WithTimeout(context.WithoutCancel(calls[0].ctx), c.work.Timeout)
	group := &callGroup{here: n, giveUp: giveUp}
	for _, call := range calls {
		call.group = group
	}
	c.working = true
	go c.run(ctx, giveUp, calls)
}

func (c *Combiner[In, Out]) run(ctx context.Context, done context.CancelFunc, calls []*combined[In, Out]) {
	defer done()
	in := make([]In, len(calls))
	for i, call := range calls {
		in[i] = call.in
	}
	var out []Out
	err := c.work.Catch(ctx, c.work.Name, func() (err error) {
		out, err = c.work.Do(ctx, in)
		return err
	})
	c.ended(len(calls))
	if err == nil && c.work.After != nil {
		err = c.work.Catch(ctx, c.work.Name, func() error { c.work.After(ctx, out); return nil })
	}
	if err != nil && len(calls) > 1 {
		c.work.Log.WarnContext(ctx, "combine.failed", "calls", len(calls), "error", err)
		err = SharedError{err}
	}
	for i, call := range calls {
		if call.err = err; err == nil {
			call.out = out[i]
		}
		close(call.done)
	}
}

// ended lets the next work begin: at once after one that nobody shared, else when as many have come as there were, or
// soon.
func (c *Combiner[In, Out]) ended(calls int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.working = false
	c.round++
	if calls > 1 && c.work.Gather > 0 {
		c.enough = min(Max, len(c.waiting)+calls)
		round := c.round
		time.AfterFunc(c.work.Gather, func() { c.gathered(round) })
	}
	c.next()
}

// gathered begins with those who have come, unless they were enough before.
func (c *Combiner[In, Out]) gathered(round int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.round == round {
		c.enough = 0
		c.next()
	}
}
