package models

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
)

// PanicError is a panic that was caught.
type PanicError struct {
	Value any
	Stack []byte // of where it happened
}

// Error is the panic in one line: the stack is for the log.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// UnreadableError says that a sealed value could not be opened.
type UnreadableError struct {
	Place string // table, column and row
	Err   error
}

// Error names the place.
func (e *UnreadableError) Error() string { return "open " + e.Place + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *UnreadableError) Unwrap() error { return e.Err }

// IsRowError tells an error that lies with single rows, and will be there the next time as well, from one of the
// database: a value that cannot be opened, a row that is missing, a panic.
func IsRowError(err error) bool {
	return errors.As(err, new(*UnreadableError)) || errors.As(err, new(*PanicError)) || ErrorCode(err) == CodeNotFound
}

// Monitor counts what goes wrong on our side with single pieces of work.
type Monitor interface {
	// Panicked counts a panic that was caught, by the kind of work that it cost.
	Panicked(where string)
	// Unreadable counts a row that could not be read, by its kind, each time that it is put off.
	Unreadable(kind string)
}

// Troubles keeps what goes wrong on our side with one piece of work from touching any other: it is caught, logged and
// counted.
type Troubles struct {
	log     *slog.Logger
	monitor Monitor // nil: nobody counts
}

// NewTroubles returns one that logs, and lets a monitor count; nil: nobody does.
func NewTroubles(log *slog.Logger, monitor Monitor) *Troubles { return &Troubles{log, monitor} }

// Catch does a piece of work. A panic in it becomes a PanicError, is logged and counted.
func (t *Troubles) Catch(ctx context.Context, where string, work func() error) error {
	caught, err := Recover(work)
	if caught == nil {
		return err
	}
	t.Panicked(ctx, where, caught)
	return caught
}

// Recover does a piece of work, and returns a panic in it beside its error.
func Recover(work func() error) (caught *PanicError, err error) {
	defer func() {
		if v := recover(); v != nil {
			caught = &PanicError{v, debug.Stack()}
		}
	}()
	return nil, work()
}

// Panicked logs and counts a panic.
func (t *Troubles) Panicked(ctx context.Context, where string, caught *PanicError) {
	t.log.ErrorContext(
		ctx, "panic.caught", "where", where, "panic", fmt.Sprint(caught.Value), "stack", string(caught.Stack),
	)
	if t.monitor != nil {
		t.monitor.Panicked(where)
	}
}

// Unreadable logs and counts a row that is put off.
func (t *Troubles) Unreadable(ctx context.Context, kind string, attrs ...any) {
	t.log.ErrorContext(ctx, "row.unreadable", append([]any{"kind", kind}, attrs...)...)
	if t.monitor != nil {
		t.monitor.Unreadable(kind)
	}
}
