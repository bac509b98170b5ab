package callback

import (
	"context"
	"time"

	"github.com/ringback/ringback/models"
)

// Queue wakes workers. What it forgets, the sweep finds again, so an error from it is never the caller's problem.
type Queue interface {
	// Their times are by the clock that shows now.
	Wake(ctx context.Context, now time.Time, wakeups []Wakeup) error
	// Reserve keeps room for up to n callbacks of a lane, whose bodies have so many bytes together, in the worker of
	// this process: for none where there is no worker, where it is full, or where others wait for their turn. Where it
	// is about to have room it waits for that, no longer than patience and the context let it.
	Reserve(ctx context.Context, lane Lane, n int, bytes int64, patience time.Duration) Reservation
	// Changed says that callbacks were written, to those who look on. It waits for nothing.
	Changed()
}

// Reservation is room in a worker for callbacks that are about to be created. It is to be ended by Start or Return:
// the first call counts.
type Reservation interface {
	// N is for how many there is room.
	N() int
	// Start starts deliveries, at most N, and returns the rest of the room.
	Start(ctx context.Context, deliveries []*Delivery)
	// Return returns the room.
	Return()
}

// NoRoom is a Reservation of nothing.
var NoRoom Reservation = noRoom{}

type noRoom struct{}

func (noRoom) N() int                             { return 0 }
func (noRoom) Start(context.Context, []*Delivery) {}
func (noRoom) Return()                            {}

// Wakeup says: at that time something is due in this lane. One wake-up does for all that is due there.
type Wakeup struct {
	Lane Lane
	At   time.Time
	// Epoch is the number of the sweep that sends it; 0 for others. It only names the wake-up, so that one which got
	// stuck in the queue never stands in the way of a new one.
	Epoch int
	// CallbackID, Event and First are for traces and for counting: First is set when the callback was just accepted.
	CallbackID int64
	Event      EventName
	First      bool
}

// WakeTimeout bounds what a mutation waits for the queue after its commit: a ring and a task take two or three round
// trips, each well under a millisecond within a network. What it cuts off the sweep finds.
const WakeTimeout = 50 * time.Millisecond

// Wake asks the queue to look at callbacks that are committed, and at whom they let move up as they lined up. A
// failure is only logged: the sweep will find them.
func (s *Service) Wake(ctx context.Context, callbacks ...*Callback) {
	s.WakeLanes(ctx, s.wakeups(callbacks...), WakeTimeout)
}

// WakeAgain is Wake for a callback that was counted as accepted when it was created.
func (s *Service) WakeAgain(ctx context.Context, c *Callback) {
	if w, ok := c.wakeup(s.now()); ok {
		w.First = false
		s.WakeLanes(ctx, []Wakeup{w}, WakeTimeout)
	}
}

func (s *Service) wakeups(callbacks ...*Callback) (wakeups []Wakeup) {
	for _, c := range callbacks {
		if c != nil && c.Released != nil {
			c = c.Released // c itself is behind it
		}
		if w, ok := c.wakeup(s.now()); ok {
			wakeups = append(wakeups, w)
		}
	}
	return wakeups
}

// WakeLanes asks the queue to look at lanes in which something is committed, and waits for it for so long at most. A
// failure is only logged.
func (s *Service) WakeLanes(ctx context.Context, wakeups []Wakeup, timeout time.Duration) {
	s.queue.Changed()
	if len(wakeups) == 0 {
		return
	}
	// The commit stands, so the caller's cancelling changes nothing; and a queue that hangs must not keep the caller.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	defer cancel()
	if err := s.queue.Wake(ctx, s.now(), wakeups); err != nil {
		s.log.WarnContext(ctx, "queue.wake_failed", "wakeups", len(wakeups), "error", err)
	}
}

// told tells those who look on of each transaction of a port. Who writes callbacks by another one wakes a lane, or is
// found by looking.
func told[Port any](queue Queue, inTx models.InTx[Port]) models.InTx[Port] {
	if inTx == nil {
		return nil
	}
	return func(ctx context.Context, f func(Port) error) error {
		err := inTx(ctx, f)
		if err == nil {
			queue.Changed()
		}
		return err
	}
}
