package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// Trace hears of every statement when it has ended: its text, with placeholders and never with values, and how long it took.
type Trace func(ctx context.Context, statement string, took time.Duration)

// WithTrace reports every statement.
func WithTrace(t Trace) Option { return func(o *options) { o.trace = t } }

// tracer is gorm's logger as we use it. It logs nothing itself: errors are returned with their cause, and logged once, where
// a request or a job ends.
type tracer struct{ trace Trace }

var _ logger.Interface = tracer{}

// LogMode is logger.Interface.
func (t tracer) LogMode(logger.LogLevel) logger.Interface { return t }

// Info is logger.Interface.
func (tracer) Info(context.Context, string, ...any) {}

// Warn is logger.Interface.
func (tracer) Warn(context.Context, string, ...any) {}

// Error is logger.Interface.
func (tracer) Error(context.Context, string, ...any) {}

// ParamsFilter keeps values out of statements.
func (tracer) ParamsFilter(_ context.Context, sql string, _ ...any) (string, []any) { return sql, nil }

// unexplained is a dialector that leaves a statement's values out of its text. gorm's Scan puts them in, past ParamsFilter; and in a
// statement with thousands of placeholders that would cost more than to execute it.
type unexplained struct{ gorm.Dialector }

// Explain is gorm.Dialector.
func (unexplained) Explain(statement string, _ ...any) string { return statement }

// Translate is gorm.ErrorTranslator.
func (u unexplained) Translate(err error) error {
	if known, ok := u.Dialector.(gorm.ErrorTranslator); ok {
		return known.Translate(err)
	}
	return err
}

// Trace is logger.Interface.
func (t tracer) Trace(ctx context.Context, begin time.Time, statement func() (string, int64), _ error) {
	if t.trace == nil {
		return
	}
	text, _ := statement()
	t.trace(ctx, text, time.Since(begin))
}
