package jobs

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/ringback/ringback/models/callback"
)

// traceContext carries a trace in W3C headers: in a ring or a task from the mutation to the worker, and in the request
// to the receiver.
var traceContext propagation.TraceContext

// propagate puts the trace into a request's headers, unless the customer has configured one.
func (d *deliverer) propagate(ctx context.Context, headers http.Header) {
	for name := range headers {
		if slices.ContainsFunc(traceContext.Fields(), func(ours string) bool { return strings.EqualFold(name, ours) }) {
			return
		}
	}
	cmp.Or[propagation.TextMapPropagator](d.propagator, traceContext).Inject(ctx, propagation.HeaderCarrier(headers))
}

// maxTraces bounds the traces of callbacks that were woken. Beyond it the older half is forgotten: their traces are
// cut, nothing else.
const maxTraces = 10_000

// traces remembers which trace woke a callback. One that is sent here is forgotten; but each worker hears of each, also
// of those that another sends, and of those that have been sent: the doorbell and the task both tell of it.
type traces struct {
	mu         sync.Mutex
	young, old map[int64]trace.SpanContext
}

func (t *traces) put(ctx context.Context, callbackID int64) {
	span := trace.SpanContextFromContext(ctx)
	if !span.IsSampled() {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.young == nil || len(t.young) >= maxTraces/2 {
		t.young, t.old = map[int64]trace.SpanContext{}, t.young
	}
	t.young[callbackID] = span
}

// continued returns ctx as a continuation of the trace that woke the callback.
func (t *traces) continued(ctx context.Context, callbackID int64) context.Context {
	t.mu.Lock()
	defer t.mu.Unlock()
	span, ok := t.young[callbackID]
	if !ok {
		span, ok = t.old[callbackID]
	}
	if !ok {
		return ctx
	}
	delete(t.young, callbackID)
	delete(t.old, callbackID)
	return trace.ContextWithRemoteSpanContext(ctx, span)
}

// startAttempt begins the span of an attempt.
func startAttempt(ctx context.Context, delivery *callback.Delivery) (context.Context, trace.Span) {
	c, a := delivery.Callback, delivery.Attempt
	return otel.Tracer("ringback/jobs").Start(ctx, "callback.attempt", trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("callback.event", string(c.Event)), attribute.String("callback.uid", c.UID.String()),
		attribute.String("callback.attempt_uid", a.UID.String()), attribute.Int("callback.attempt", a.Number),
	))
}

// endAttempt ends it with what came of the attempt.
func endAttempt(span trace.Span, a *callback.Attempt) {
	if a.HTTPStatus != nil {
		span.SetAttributes(attribute.Int("http.response.status_code", *a.HTTPStatus))
	}
	if a.Error != nil {
		span.SetAttributes(attribute.String("error.type", string(a.Error.Code)))
		span.SetStatus(codes.Error, a.Error.Message)
	}
	span.End()
}
