package models

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Process is a running server. All that share a database sign in there, so that each can tell which others there are.
type Process struct {
	UID  uuid.UUID // of this run of it
	Role string    // all, api or worker
	// QueueID is the same for all that see the same queue on the same Redis; empty: this one has not reached Redis yet.
	QueueID string
	Version string
	SeenAt  time.Time // by the database's clock
}

// ProcessStore keeps who is there.
type ProcessStore interface {
	// SignIn says that a process is there, and forgets those that have not said so for a while.
	SignIn(ctx context.Context, p *Process, forget time.Duration) error
	// SignOut says that it has gone.
	SignOut(ctx context.Context, uid uuid.UUID) error
	// ProcessesSeen returns those that have said so within a time.
	ProcessesSeen(ctx context.Context, within time.Duration) ([]*Process, error)
}

const (
	// SignInInterval is how often a process says that it is there.
	SignInInterval = 3 * time.Second
	// SignInLapse is after how long without a word it counts as gone, as long as leases last: a worker that cannot say so can
	// renew none either, and sends nothing more by then. Two may be missed, or one where each look takes its time.
	SignInLapse = 10 * time.Second
	// forgetProcesses is after how long its row goes. A killed process cannot sign out.
	forgetProcesses = time.Hour
)

// Processes are all that share a database.
type Processes struct {
	store ProcessStore
	clock *Clock
}

// NewProcesses are those of a database. clock is this process's.
func NewProcesses(store ProcessStore, clock *Clock) Processes { return Processes{store, clock} }

// SignIn says that a process is there, and returns all that are, this one among them. It also compares the clocks.
func (p Processes) SignIn(ctx context.Context, self *Process) ([]*Process, error) {
	if err := p.clock.Sync(ctx); err != nil {
		return nil, err
	}
	if err := p.store.SignIn(ctx, self, forgetProcesses); err != nil {
		return nil, err
	}
	return p.store.ProcessesSeen(ctx, SignInLapse)
}

// SignOut says that a process goes.
func (p Processes) SignOut(ctx context.Context, self *Process) error {
	return p.store.SignOut(ctx, self.UID)
}

// ClockOffset is Clock.Offset of this process.
func (p Processes) ClockOffset() time.Duration { return p.clock.Offset() }
