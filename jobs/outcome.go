package jobs

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/ringback/ringback/jobs/egress"
	"github.com/ringback/ringback/jobs/scheduler"
	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

// errStopping: this process stops, and nobody waits for the answer any more. That says nothing about the other side.
var errStopping = errors.New("the worker is stopping")

// outcomeOf says in the domain's words what came of a request with such headers.
func outcomeOf(sent http.Header, response egress.Response, err error) (callback.Outcome, error) {
	outcome := callback.Outcome{
		Duration: response.Duration, ResponseBody: response.Body, ClosedIdle: response.ClosedIdle,
		RetryAfter: response.Header.Get("Retry-After"), Received: response.Header, BodyCut: response.Cut,
		Connection: callback.Connection{
			Remote: response.Connection.RemoteAddr, HTTP: response.Connection.HTTP, TLS: response.Connection.TLS,
			ConnectionReused: response.Connection.Reused,
		},
		Timings: callback.Timings{
			DNS: response.Timings.DNS, Connect: response.Timings.Connect,
			TLS: response.Timings.TLS, FirstByte: response.Timings.FirstByte,
		},
	}
	if response.Status != 0 {
		outcome.HTTPStatus = &response.Status
	}
	if response.Sent {
		outcome.Sent = sent
	}
	var failure *egress.Error
	switch {
	case err == nil:
	case !errors.As(err, &failure):
		return outcome, err
	case failure.Cause == egress.Canceled:
		return outcome, errStopping
	default:
		// The words of egress's causes and flaws are those of the domain's.
		code := callback.AttemptErrorCode(failure.Cause)
		outcome.Error = &callback.AttemptError{Code: code, Message: failure.Message}
		outcome.Flaw = callback.Flaw(failure.Flaw)
	}
	return outcome, nil
}

// answerOf says in the scheduler's words what the other side did with a request that was begun at a time, by this
// process's clock; now is by the database's.
func answerOf(outcome callback.Outcome, arrived bool, begun, now time.Time) scheduler.Answer {
	answer := scheduler.Answer{Kind: scheduler.Refused, Took: scheduler.Instant(time.Since(begun).Microseconds())}
	status := 0
	if outcome.HTTPStatus != nil {
		status = *outcome.HTTPStatus
	}
	switch {
	case outcome.Ours(), outcome.ClosedIdle: // a connection that was idle tells nothing of how busy the receiver is
		answer.Kind = scheduler.Ours
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		answer.Kind = scheduler.Overloaded
		answer.RetryAfter = scheduler.Instant(callback.RetryAfter(outcome.RetryAfter, now).Microseconds())
	case arrived:
		answer.Kind = scheduler.Arrived
	case outcome.Error != nil:
		answer.Kind = kindOfFailure(outcome.Error.Code)
	}
	return answer
}

func kindOfFailure(code callback.AttemptErrorCode) scheduler.Kind {
	switch code {
	case callback.Timeout, callback.ConnectionReset:
		return scheduler.TimedOut
	case callback.ConnectRefused, callback.ConnectTimeout, callback.TLSError:
		return scheduler.Unreachable
	case callback.DNSError:
		return scheduler.Unresolved
	}
	return scheduler.Refused
}

const (
	// recordTimeout bounds one try to write an outcome, of some milliseconds: a write together with others, which has
	// 5 s, and one alone.
	recordTimeout = 10 * time.Second
	// recordPause is after the first try that failed; then it doubles up to maxRecordPause.
	recordPause    = 250 * time.Millisecond
	maxRecordPause = 2 * time.Second
	// lastWord is how long outcomes may still be written when the worker waits for requests no longer.
	lastWord = 5 * time.Second
)

// retry writes, and tries again while the database is away, for as long as the worker lives and lastWord longer: the
// request has left, and an answer that is not written down makes it leave once more. The lease is renewed meanwhile,
// as soon as that can be.
func retry(ctx context.Context, write func(context.Context) error) error {
	err := within(context.WithoutCancel(ctx), recordTimeout, write)
	if err == nil {
		return nil
	}
	life, end := outlasting(ctx, lastWord)
	defer end()
	for pause := recordPause; err != nil; pause = min(2*pause, maxRecordPause) {
		if errors.As(err, new(*models.PanicError)) { // it is no outage
			return err
		}
		select {
		case <-life.Done():
			return err
		case <-time.After(pause):
		}
		err = within(life, recordTimeout, write)
	}
	return nil
}

func within(ctx context.Context, limit time.Duration, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return do(ctx)
}

// outlasting is a context that ends some time after another.
func outlasting(ctx context.Context, by time.Duration) (context.Context, context.CancelFunc) {
	longer, end := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-time.After(by):
			end()
		case <-longer.Done():
		}
	})
	return longer, func() { stop(); end() }
}
