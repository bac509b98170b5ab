package jobs

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/ringback/ringback/jobs/egress"
	"github.com/ringback/ringback/jobs/scheduler"
	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/run"
)

// executor calls the executors of actions, batch by batch, and records what came of it.
type executor struct {
	service   *callback.Service
	runs      *run.Executions
	client    *egress.Client
	metrics   *Metrics
	log       *slog.Logger
	userAgent string
}

// source is the batches.
func (e *executor) source() source {
	return source{
		name: "batch", claim: claimOf(e.runs.Claim), do: doOf(e.execute), renew: e.runs.Renew,
		release: releaseOf(e.runs.Release), announceStop: e.runs.AnnounceStop, suspect: suspectOf(e.runs.ClaimSuspect),
	}
}

// execute calls the executor and records what came of it, as deliver does with a callback. The action's place is kept
// until then: the next page is made by what is recorded.
func (e *executor) execute(ctx context.Context, x *run.Execution, answered func(scheduler.Answer)) {
	begun := time.Now()
	err := e.service.Troubles().Catch(ctx, "execution", func() error { return e.attempt(ctx, x, answered) })
	if errors.As(err, new(*models.PanicError)) && x.Attempt.FinishedAt == nil {
		if err = e.record(ctx, x, callback.Fault(time.Since(begun))); err == nil {
			e.logAttempt(ctx, x)
		}
	}
	if err != nil {
		e.log.ErrorContext(ctx, "batch.not_recorded", "batch", x.Batch.UID.String(), "error", err)
	}
}

func (e *executor) attempt(ctx context.Context, x *run.Execution, answered func(scheduler.Answer)) error {
	begun := time.Now()
	outcome, err := e.call(ctx, x)
	if errors.Is(err, errStopping) {
		defer answered(scheduler.Answer{Kind: scheduler.Ours})
		return retry(ctx, func(ctx context.Context) error { return e.runs.Interrupt(ctx, x) })
	}
	if err != nil {
		e.log.ErrorContext(ctx, "batch.not_sent", "batch", x.Batch.UID.String(), "error", err)
		outcome = callback.Fault(0)
	}
	answer := answerOf(outcome, run.Arrived(outcome), begun, e.service.Now())
	defer func() { answered(answer) }()
	if err := e.record(ctx, x, outcome); err != nil {
		return err
	}
	e.logAttempt(ctx, x)
	return nil
}

func (e *executor) record(ctx context.Context, x *run.Execution, outcome callback.Outcome) error {
	return retry(ctx, func(ctx context.Context) error { return e.runs.Record(ctx, x, outcome) })
}

func (e *executor) call(ctx context.Context, x *run.Execution) (callback.Outcome, error) {
	if x.Refused != nil {
		return callback.Outcome{Error: x.Refused}, nil
	}
	body, err := x.Body()
	if err != nil {
		return callback.Outcome{}, err
	}
	e.metrics.inFlight.Inc()
	defer e.metrics.inFlight.Dec()
	headers := x.Headers(e.userAgent)
	response, err := e.client.Send(ctx, egress.Request{
		URL: x.Action.ExecutorURL(), Header: headers, Body: body, Timeout: x.Action.Timeout,
		Keep: run.MaxExecutorAnswerBytes,
	})
	return outcomeOf(headers, response, err)
}

// logAttempt counts a call and logs it in one wide line.
func (e *executor) logAttempt(ctx context.Context, x *run.Execution) {
	b, a := x.Batch, x.Attempt
	level := slog.LevelInfo
	attrs := []slog.Attr{
		slog.String("action", x.Action.Name), slog.String("run", x.Run.UID.String()), slog.String("batch", b.UID.String()),
		slog.String("attempt", a.UID.String()), slog.Int("number", a.Number), slog.Int("page", b.Page),
		slog.String("status", string(b.Status)),
		slog.Int("results", b.ResultCount), slog.Int64("account", b.AccountID), slog.Int64("project", b.ProjectID),
		slog.Float64("duration_ms", float64(a.Duration.Microseconds())/1000),
	}
	if a.HTTPStatus != nil {
		attrs = append(attrs, slog.Int("http_status", *a.HTTPStatus))
	}
	if a.Error != nil {
		level = slog.LevelWarn
		attrs = append(attrs, slog.String("error_code", string(a.Error.Code)), slog.String("error", a.Error.Message))
	}
	if b.NextAttemptAt != nil {
		attrs = append(attrs, slog.Time("next_attempt_at", *b.NextAttemptAt))
	}
	e.metrics.batchAttempts.WithLabelValues(string(b.Status)).Inc()
	e.log.LogAttrs(ctx, level, "batch.attempted", attrs...)
}
