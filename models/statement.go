package models

import "context"

type longStatementsKey struct{}

// LongStatements returns a context each statement of which may take until it ends. Others are given up after the
// store's own deadline, which fits what callers wait for: work on many rows, such as a purge, takes longer where the
// disk is slow.
func LongStatements(ctx context.Context) context.Context {
	return context.WithValue(ctx, longStatementsKey{}, true)
}

// HasLongStatements tells whether the context is one of LongStatements.
func HasLongStatements(ctx context.Context) bool { return ctx.Value(longStatementsKey{}) != nil }
