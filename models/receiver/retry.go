package receiver

import (
	"context"
	"fmt"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

// RetryTx is the database as a retry at once needs it.
type RetryTx interface {
	callback.AttemptNowTx
	RateTx
}

// RetryCallback has a callback that waits for its next attempt attempted now: see callback.Service.AttemptNow.
// RATE_LIMITED after ten within a minute to the same host by the same configuration, of a partner or of all others.
func (s *Service) RetryCallback(
	ctx context.Context, actor *models.Actor, which callback.Which,
) (*callback.Callback, error) {
	var c *callback.Callback
	err := s.db.InRetryTx(ctx, func(tx RetryTx) (err error) {
		if c, err = s.engine.AttemptNow(ctx, tx, actor, which); err != nil {
			return err
		}
		return retryRate.take(ctx, tx, retriesOf(actor, c.Lane.String()), s.engine.Now())
	})
	if err != nil {
		return nil, err
	}
	s.engine.WakeAgain(ctx, c)
	return c, nil
}

// retriesOf has those of partners counted by themselves: they use up nothing of what their customers may do.
func retriesOf(actor *models.Actor, what string) string {
	if actor.PartnerID() != 0 {
		return what + " by the partner"
	}
	return what
}

// RetryManyTx is the database as retries of many need it before they begin.
type RetryManyTx interface {
	callback.BulkOwnerTx
	RateTx
}

// RetryCallbacks has callbacks attempted now that wait for their next attempt: see callback.Service.AttemptManyNow.
// RATE_LIMITED after one within a minute of the same owner that has made any due, of a partner or of all others.
func (s *Service) RetryCallbacks(
	ctx context.Context, actor *models.Actor, in callback.ToAttempt,
) (done callback.AttemptedNow, err error) {
	if err := in.Filter.CheckChosen(); err != nil {
		return done, err
	}
	var taken use
	err = s.db.InRetryManyTx(ctx, func(tx RetryManyTx) (err error) {
		if err := s.engine.MaySendAll(ctx, tx, actor, &in.Owner); err != nil {
			return err
		}
		owner := fmt.Sprintf("%d/%d/%d", in.Owner.SSOClientID, in.Owner.AccountID, in.Owner.ProjectID)
		taken, err = retryManyRate.takeUse(ctx, tx, retriesOf(actor, owner), s.engine.Now())
		return err
	})
	if err != nil {
		return done, err
	}
	done, err = s.engine.AttemptManyNow(ctx, actor, in)
	if done.Count == 0 {
		s.giveBack(ctx, taken)
	}
	return done, err
}
