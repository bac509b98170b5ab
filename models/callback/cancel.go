package callback

import (
	"context"
	"time"

	"github.com/ringback/ringback/models"
)

// CancelTx is the database as a cancellation needs it.
type CancelTx interface {
	WhichTx
	LineTx
	HealthTx
	LockCallback(ctx context.Context, scope models.Scope, id int64) (*Callback, error)
}

// cancelledError is of a callback that somebody did not want to be sent any more.
var cancelledError = &AttemptError{Cancelled, "somebody has cancelled this callback"}

// Cancel ends a callback that waits, whatever for: it is FAILED as CANCELLED, nobody is notified, and its line moves
// on. One that was cancelled already stays as it is. Of a project's Editor and up, of notices to the partner the platform.
// CONFLICT when it is being sent, or has ended otherwise.
func (s *Service) Cancel(ctx context.Context, actor *models.Actor, which Which) (*Callback, error) {
	var c, follower *Callback
	err := s.db.InCancelTx(ctx, func(tx CancelTx) (err error) {
		if c, err = which.findFor(ctx, tx, actor, (*Callback).requireOwner); err != nil || c.cancelled() {
			return err
		}
		if err := c.cancellable(which.field()); err != nil {
			return err
		}
		// First of all: who lengthens a line locks it before any of its rows.
		if err := lockLines(ctx, tx, []*Callback{c}); err != nil {
			return err
		}
		// What was read may be claimed by now, or in front of its line.
		if c, err = tx.LockCallback(ctx, actor.Scope(models.RoleViewer), c.ID); err != nil || c.cancelled() {
			return err
		}
		if err := c.cancellable(which.field()); err != nil {
			return err
		}
		follower, err = c.cancel(ctx, tx, s.now())
		return err
	})
	if err != nil {
		return nil, err
	}
	s.Wake(ctx, follower)
	return c, nil
}

// requireOwner reports whether an actor may keep the callback from being sent: Editor and up; of notices to the partner
// the platform.
func (c *Callback) requireOwner(actor *models.Actor) error {
	if err := actor.RequireProjectRole(c.AccountID, c.ProjectID, models.RoleEditor); err != nil {
		return err
	}
	if c.Target == TargetSSOClient {
		return actor.RequirePlatform()
	}
	return nil
}

func (c *Callback) cancelled() bool {
	return c.Status == StatusFailed && c.Error != nil && c.Error.Code == Cancelled
}

func (c *Callback) cancellable(field string) error {
	switch {
	case c.Status.Ended():
		return models.Conflict(field, "this callback has ended (%s); there is nothing to cancel", c.Status)
	case c.Status == StatusRunning:
		return models.Conflict(field, "this callback is being sent at this moment; it can be cancelled if that fails")
	}
	return nil
}

// cancel returns the one whose turn it is now, nil for none. The transaction has locked the callback and its line.
func (c *Callback) cancel(ctx context.Context, tx CancelTx, at time.Time) (*Callback, error) {
	inFront := !c.Held // else the one in front of it is still there
	c.Error = cancelledError
	c.end(StatusFailed, at)
	if _, err := settleCallbacks(ctx, tx, []*Callback{c}, []*Attempt{nil}); err != nil || !inFront {
		return nil, err
	}
	return releaseNext(ctx, tx, c, at)
}
