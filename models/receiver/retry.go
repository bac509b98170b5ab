package receiver

import (
	"context"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

// RetryTx is the database as a retry at once needs it.
type RetryTx interface {
	callback.AttemptNowTx
	RateTx
}

// RetryCallback has a callback that waits for its next attempt attempted now: see callback.Service.AttemptNow.
// RATE_LIMITED after ten within a minute to the same host by the same configuration.
func (s *Service) RetryCallback(
	ctx context.Context, actor *models.Actor, which callback.Which,
) (*callback.Callback, error) {
	var c *callback.Callback
	err := s.db.InRetryTx(ctx, func(tx RetryTx) (err error) {
		if c, err = s.engine.AttemptNow(ctx, tx, actor, which); err != nil {
			return err
		}
		return retryRate.take(ctx, tx, c.Lane.String(), s.engine.Now())
	})
	if err != nil {
		return nil, err
	}
	s.engine.WakeAgain(ctx, c)
	return c, nil
}
