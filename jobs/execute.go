package jobs

import (
	"context"
	"errors"
	"log/slog"
	"strconv"

	"github.com/ringback/ringback/jobs/egress"
	"github.com/ringback/ringback/models"
)

// executor calls the executors of actions, batch by batch, and records what came of it.
type executor struct {
	service   *models.Service
	client    *egress.Client
	metrics   *Metrics
	log       *slog.Logger
	userAgent string
}

// source is the batches, by action.
func (e *executor) source() source[*models.Execution] {
	return source[*models.Execution]{
		name: "batch", claim: e.claim, do: e.execute, renew: e.service.RenewBatches,
		lease: (*models.Execution).Lease,
	}
}

// laneOf and claim: lanes have texts for names, actions have numbers.
func laneOf(actionID int64) string { return strconv.FormatInt(actionID, 10) }

func (e *executor) claim(ctx context.Context, lane string, limit int) ([]*models.Execution, []string, error) {
	action, err := strconv.ParseInt(lane, 10, 64)
	if err != nil {
		return nil, nil, err
	}
	claimed, err := e.service.ClaimBatches(ctx, action, limit)
	return claimed, nil, err
}

// execute calls the executor and records what came of it. As with a callback, what failed on our side is mended by the sweep. The
// action's place is kept until then: the next page is made by what is recorded.
func (e *executor) execute(ctx context.Context, x *models.Execution, answered func(arrived bool)) {
	arrived := false
	defer func() { answered(arrived) }()
	outcome, err := e.call(ctx, x)
	switch {
	case errors.Is(err, errStopping):
		err = insist(ctx, func(ctx context.Context) error { return e.service.InterruptBatch(ctx, x) })
	case err == nil:
		arrived = outcome.Arrived()
		err = insist(ctx, func(ctx context.Context) error { return e.service.RecordBatch(ctx, x, outcome) })
		if err == nil {
			e.tell(ctx, x)
		}
	}
	if err != nil {
		e.log.ErrorContext(ctx, "batch.not_recorded", "batch", x.Batch.UID.String(), "error", err)
	}
}

func (e *executor) call(ctx context.Context, x *models.Execution) (models.Outcome, error) {
	body, err := x.Body()
	if err != nil {
		return models.Outcome{}, err
	}
	e.metrics.inFlight.Inc()
	defer e.metrics.inFlight.Dec()
	return outcomeOf(e.client.Send(ctx, egress.Request{
		URL: x.Action.ExecutorURL(), Header: x.Headers(e.userAgent), Body: body, Timeout: x.Action.Timeout, Keep: models.MaxExecutorAnswerBytes,
	}))
}

// tell counts a call and logs it in one wide line.
func (e *executor) tell(ctx context.Context, x *models.Execution) {
	b, a := x.Batch, x.Attempt
	level := slog.LevelInfo
	attrs := []slog.Attr{
		slog.String("action", x.Action.Name), slog.String("run", x.Run.UID.String()), slog.String("batch", b.UID.String()),
		slog.String("attempt", a.UID.String()), slog.Int("number", a.Number), slog.Int("page", b.Page), slog.String("status", string(b.Status)),
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
