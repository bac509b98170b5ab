package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/ncruces/go-sqlite3"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/ringback/ringback/models"
)

// StatementLog is called with every statement when it has ended: its text, with placeholders and never with values,
// and how long it took.
type StatementLog func(ctx context.Context, statement string, took time.Duration)

// WithStatementLog reports every statement.
func WithStatementLog(log StatementLog) Option { return func(o *options) { o.statements = log } }

// statementLogger is gorm's logger as we use it. It logs nothing itself: errors are returned with their cause, and
// logged once, where a request or a task ends.
type statementLogger struct{ log StatementLog }

var _ logger.Interface = statementLogger{}

// LogMode is logger.Interface.
func (l statementLogger) LogMode(logger.LogLevel) logger.Interface { return l }

// Info is logger.Interface.
func (statementLogger) Info(context.Context, string, ...any) {}

// Warn is logger.Interface.
func (statementLogger) Warn(context.Context, string, ...any) {}

// Error is logger.Interface.
func (statementLogger) Error(context.Context, string, ...any) {}

// ParamsFilter keeps values out of statements.
func (statementLogger) ParamsFilter(_ context.Context, sql string, _ ...any) (string, []any) {
	return sql, nil
}

// unexplained is a dialector that leaves a statement's values out of its text. gorm's Scan puts them in, past
// ParamsFilter; and in a statement with thousands of placeholders that would cost more than to execute it.
type unexplained struct{ gorm.Dialector }

// Explain is gorm.Dialector.
func (unexplained) Explain(statement string, _ ...any) string { return statement }

// Translate is gorm.ErrorTranslator.
func (u unexplained) Translate(err error) error {
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Code == readOnlyTransaction || errors.Is(err, sqlite3.READONLY) {
		return &models.ReadOnlyError{Err: err}
	}
	if known, ok := u.Dialector.(gorm.ErrorTranslator); ok {
		return known.Translate(err)
	}
	return err
}

// Trace is logger.Interface.
func (l statementLogger) Trace(ctx context.Context, begin time.Time, statement func() (string, int64), _ error) {
	if l.log == nil {
		return
	}
	text, _ := statement()
	l.log(ctx, text, time.Since(begin))
}
