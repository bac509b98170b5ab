package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/ringback/ringback/jobs/egress"
	"github.com/ringback/ringback/models"
)

// errStopping: this process stops, and nobody waits for the answer any more. That says nothing about the other side.
var errStopping = errors.New("the worker is stopping")

// outcomeOf says in the domain's words what came of a request.
func outcomeOf(response egress.Response, err error) (models.Outcome, error) {
	outcome := models.Outcome{
		Duration: response.Duration, ResponseBody: response.Body, RetryAfter: response.Header.Get("Retry-After"),
		Timings: models.Timings{
			DNS: response.Timings.DNS, Connect: response.Timings.Connect,
			TLS: response.Timings.TLS, FirstByte: response.Timings.FirstByte,
		},
	}
	if response.Status != 0 {
		outcome.HTTPStatus = &response.Status
	}
	var failure *egress.Error
	switch {
	case err == nil:
	case !errors.As(err, &failure):
		return outcome, err
	case failure.Cause == egress.Canceled:
		return outcome, errStopping
	default:
		// The words of egress's causes are those of the domain's codes.
		outcome.Error = &models.AttemptError{Code: models.AttemptErrorCode(failure.Cause), Message: failure.Message}
	}
	return outcome, nil
}

const (
	// recordTimeout bounds the writing of an outcome. It outlasts the restart of a database; the lease is renewed meanwhile.
	recordTimeout = 30 * time.Second
	// recordPause is between two tries to write, while the database is away.
	recordPause = 250 * time.Millisecond
)

// insist writes even when the worker's context has ended, and tries again while the database is away: the request has left, and an
// answer that is not written down makes it leave once more.
func insist(ctx context.Context, write func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	for {
		err := write(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(recordPause):
		}
	}
}
