package jobs

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/propagation"

	"github.com/ringback/ringback/jobs/egress"
	"github.com/ringback/ringback/jobs/scheduler"
	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

// deliverer sends a claimed callback and records what came of it.
type deliverer struct {
	service    *callback.Service
	deliveries *callback.Deliveries
	client     *egress.Client
	metrics    *Metrics
	log        *slog.Logger
	userAgent  string
	traces     traces

	propagator propagation.TextMapPropagator
}

// source is the callbacks.
func (d *deliverer) source() source {
	return source{
		name: "callback", claim: claimOf(d.deliveries.Claim), do: doOf(d.deliver), renew: d.deliveries.Renew,
		release: releaseOf(d.deliveries.Release), announceStop: d.deliveries.AnnounceStop,
		suspect: suspectOf(d.deliveries.ClaimSuspect),
	}
}

// deliver sends a callback and records what came of it: what the receiver did, or that it failed on our side. What
// cannot be recorded is logged, and mended by the sweep when the lease has run out.
func (d *deliverer) deliver(ctx context.Context, delivery *callback.Delivery, answered func(scheduler.Answer)) {
	begun := time.Now()
	err := d.service.Troubles().Catch(ctx, "delivery", func() error { return d.attempt(ctx, delivery, answered) })
	if errors.As(err, new(*models.PanicError)) && delivery.Attempt.FinishedAt == nil {
		if err = d.settle(ctx, d.deliveries.Decide(delivery, callback.Fault(time.Since(begun)))); err == nil {
			d.logAttempt(ctx, delivery)
		}
	}
	if err != nil {
		d.log.ErrorContext(ctx, "callback.not_recorded", "callback", delivery.Callback.UID.String(), "error", err)
	}
}

func (d *deliverer) attempt(ctx context.Context, delivery *callback.Delivery, answered func(scheduler.Answer)) error {
	ctx, span := startAttempt(d.traces.continued(ctx, delivery.Callback.ID), delivery)
	defer func() { endAttempt(span, delivery.Attempt) }()
	begun := time.Now()
	outcome, err := d.send(ctx, delivery)
	if errors.Is(err, errPaused) {
		answered(scheduler.Answer{Kind: scheduler.Ours})
		return retry(ctx, func(ctx context.Context) error {
			return d.deliveries.Release(ctx, []*callback.Delivery{delivery})
		})
	}
	if errors.Is(err, errStopping) {
		answered(scheduler.Answer{Kind: scheduler.Ours})
		return d.settle(ctx, d.deliveries.GiveBack(delivery))
	}
	if err != nil {
		d.log.ErrorContext(ctx, "callback.not_sent", "callback", delivery.Callback.UID.String(), "error", err)
		outcome = callback.Fault(0)
	}
	settlement := d.deliveries.Decide(delivery, outcome)
	answered(answerOf(outcome, settlement.Arrived(), begun, d.service.Now()))
	if err := d.settle(ctx, settlement); err != nil {
		return err // the delivery does not show what came of it
	}
	d.logAttempt(ctx, delivery)
	return nil
}

func (d *deliverer) settle(ctx context.Context, settlement *callback.Settlement) error {
	return retry(ctx, func(ctx context.Context) error { return d.deliveries.Settle(ctx, settlement) })
}

// fetchTimeout bounds the reading of a long body, which takes milliseconds.
const fetchTimeout = 5 * time.Second

func (d *deliverer) fetch(ctx context.Context, delivery *callback.Delivery) error {
	err := within(ctx, fetchTimeout, func(ctx context.Context) error { return d.deliveries.Fetch(ctx, delivery) })
	if err != nil && ctx.Err() != nil {
		return errStopping
	}
	return err
}

// errPaused is of a delivery that may not begin, or not before it is known whether it may: it is due again, and the
// claim tells.
var errPaused = errors.New("the callback is paused")

// send makes the request and says what came of it.
func (d *deliverer) send(ctx context.Context, delivery *callback.Delivery) (callback.Outcome, error) {
	if refusal := delivery.Refusal(); refusal != nil {
		return callback.Outcome{Error: refusal}, nil
	}
	if err := d.fetch(ctx, delivery); err != nil {
		return callback.Outcome{}, err
	}
	if may, err := d.deliveries.MayBegin(ctx, delivery); err != nil || !may {
		if err != nil {
			d.log.WarnContext(ctx, "callback.pause_not_read", "callback", delivery.Callback.UID.String(), "error", err)
		}
		return callback.Outcome{}, errPaused
	}
	now := d.service.Now()
	delivery.Start(now)
	headers, err := delivery.Headers(d.userAgent, now)
	if err != nil {
		return callback.Outcome{}, err
	}
	d.propagate(ctx, headers)
	d.metrics.inFlight.Inc()
	defer d.metrics.inFlight.Dec()
	response, err := d.client.Send(ctx, egress.Request{
		URL: delivery.Target.URL, Header: headers, Body: delivery.Callback.Body,
	})
	return outcomeOf(headers, response, err)
}

// logAttempt counts an attempt and logs it in one wide line.
func (d *deliverer) logAttempt(ctx context.Context, delivery *callback.Delivery) {
	c, a := delivery.Callback, delivery.Attempt
	outcome, level := "delivered", slog.LevelInfo
	attrs := []slog.Attr{
		slog.String("event", string(c.Event)), slog.String("callback", c.UID.String()),
		slog.String("ref", c.Ref.String()), slog.String("attempt", a.UID.String()), slog.Int("number", a.Number),
		slog.String("status", string(c.Status)),
		slog.Int64("account", c.AccountID), slog.Int64("project", c.ProjectID),
		slog.Float64("duration_ms", float64(a.Duration.Microseconds())/1000),
	}
	if a.HTTPStatus != nil {
		attrs = append(attrs, slog.Int("http_status", *a.HTTPStatus))
	}
	if a.Error != nil {
		outcome, level = string(a.Error.Code), slog.LevelWarn
		attrs = append(attrs, slog.String("error_code", string(a.Error.Code)), slog.String("error", a.Error.Message))
	}
	if c.NextAttemptAt != nil {
		attrs = append(attrs, slog.Time("next_attempt_at", *c.NextAttemptAt))
	}
	d.metrics.attempts.WithLabelValues(string(c.Event), outcome).Inc()
	if a.Number == 1 && a.HTTPStatus != nil {
		t := a.Timings
		wait := a.StartedAt.Sub(c.CreatedAt) + t.DNS + t.Connect + t.TLS + t.FirstByte
		d.metrics.acceptedToFirstByte.WithLabelValues(string(c.Event)).Observe(wait.Seconds())
	}
	d.metrics.duration.WithLabelValues(string(c.Event)).Observe(a.Duration.Seconds())
	d.log.LogAttrs(ctx, level, "callback.attempted", attrs...)
}
