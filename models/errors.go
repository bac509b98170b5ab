package models

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Code is the machine-readable kind of an error, as it stands in extensions.code of a GraphQL answer.
type Code string

// The codes a caller can meet. Any error that is not an Error is an INTERNAL_SERVER_ERROR.
const (
	CodeUnauthenticated  Code = "UNAUTHENTICATED"
	CodeForbidden        Code = "FORBIDDEN"
	CodeIncorrectUserKey Code = "INCORRECT_USER_KEY_ID_OR_SECRET"
	// CodeIncorrectLoginCode: the code of a login link is unknown, used or too old.
	CodeIncorrectLoginCode Code = "INCORRECT_LOGIN_CODE"
	CodeNotFound           Code = "ENTITY_NOT_FOUND"
	CodeBadUserInput       Code = "BAD_USER_INPUT"
	CodeConflict           Code = "CONFLICT"
	CodeRateLimited        Code = "RATE_LIMITED"
	CodeLimitReached       Code = "LIMIT_REACHED" // the account has as much as its quota lets it have
	// CodeAnswerTooLarge: the same request will be refused again, one for less will not.
	CodeAnswerTooLarge Code = "ANSWER_TOO_LARGE"
	// CodeTimeout: the request was given up. What it was to change may have been changed.
	CodeTimeout Code = "TIMEOUT"
	// CodeUnavailable: nothing can be written at the moment, and nothing was changed.
	CodeUnavailable Code = "UNAVAILABLE"
	// CodeReconnect ends a subscription: who comes back with its last cursor goes on.
	CodeReconnect Code = "RECONNECT"
	CodeTooSlow   Code = "TOO_SLOW" // ends a subscription whose caller does not keep up
	CodeInternal  Code = "INTERNAL_SERVER_ERROR"
)

// Error is an error that may be shown to the caller. Its message never carries a secret.
type Error struct {
	Code    Code
	Field   string // the input field that is wrong, as headers.1.value; with BAD_USER_INPUT, CONFLICT and ENTITY_NOT_FOUND
	Message string
	Current any // with CONFLICT: the entity as it is, for a door to show what the caller may see of it; nil: none
	// RetryAt is when the same may be asked for again; nil: it is not known.
	RetryAt *time.Time
}

// Error returns the sentence for the caller.
func (e *Error) Error() string {
	if e.Field != "" {
		return e.Field + ": " + e.Message
	}
	return e.Message
}

// ErrTimeout is the error of a request that took longer than the server lets one take.
var ErrTimeout = &Error{Code: CodeTimeout, Message: "the request took too long and was given up: ask for less at " +
	"once, or try again in a moment"}

// IsTimeout tells whether an error is that something was waited for as long as it may be: of a statement, or of the
// request itself. A database whose own limit for a statement is shorter, by its role or a pooler, says 57014
// (query_canceled).
func IsTimeout(err error) bool {
	var refused interface{ SQLState() string }
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &refused) && refused.SQLState() == "57014"
}

// ErrUnavailable is the error of a request that would write where nothing can be written.
var ErrUnavailable = &Error{Code: CodeUnavailable, Message: "nothing can be written at the moment, as while another database takes " +
	"over: nothing was changed; try again in a few seconds"}

// ReadOnlyError is of a statement that would write where nothing can be written, as on a standby.
type ReadOnlyError struct{ Err error }

func (e *ReadOnlyError) Error() string { return e.Err.Error() }

// Unwrap returns the database's own error.
func (e *ReadOnlyError) Unwrap() error { return e.Err }

// MayPass returns what a caller is shown of an error of ours that a later request may not meet: ErrTimeout or
// ErrUnavailable; nil: it is none of these.
func MayPass(err error) *Error {
	var readOnly *ReadOnlyError
	switch {
	case errors.As(err, &readOnly):
		return ErrUnavailable
	case IsTimeout(err):
		return ErrTimeout
	}
	return nil
}

// ErrorCode returns the code of the first Error in err's chain, INTERNAL_SERVER_ERROR when there is none.
func ErrorCode(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}

// NotFound is the error for an entity that does not exist or that the caller may not see: the two look alike on
// purpose.
func NotFound(typeName string) error {
	return &Error{Code: CodeNotFound, Message: typeName + " not found"}
}

// NotFoundAt is NotFound for an entity that a field of an input names.
func NotFoundAt(field, typeName string) error {
	return &Error{Code: CodeNotFound, Field: field, Message: typeName + " not found"}
}

// FoundAt gives an error that is NotFound the field of an input that names the entity.
func FoundAt(field string, err error) error {
	var e *Error
	if errors.As(err, &e) && e.Code == CodeNotFound {
		return e.within(field)
	}
	return err
}

// Conflict is the error for a request that is well formed but that the present state does not allow.
func Conflict(field, format string, args ...any) error {
	return &Error{Code: CodeConflict, Field: field, Message: fmt.Sprintf(format, args...)}
}

// CheckVersion refuses an update that begins at another version of an entity than the present one: CONFLICT on
// ifVersion, with the entity, which the update must not touch. nil: it begins at any.
func CheckVersion(ifVersion *int, version int, current any) error {
	if ifVersion == nil || *ifVersion == version {
		return nil
	}
	return &Error{
		Code: CodeConflict, Field: "ifVersion", Current: current,
		Message: fmt.Sprintf("is %d, and by now it is %d: somebody else was quicker", *ifVersion, version),
	}
}

// Unauthenticated is the error for a caller without valid credentials.
func Unauthenticated() error {
	return &Error{Code: CodeUnauthenticated, Message: "Unauthorized. Please provide a valid authentication token. " +
		"It goes into the header x-auth-token (a session's) or x-api-key (a key)."}
}

// RateLimited is the error for a request that has no room beside those that are under way: the same may succeed in a
// second.
func RateLimited(format string, args ...any) error {
	return &Error{
		Code: CodeRateLimited, Message: "Too much at once: " + fmt.Sprintf(format, args...) + ". Try again in a second.",
	}
}

// TooOften is the error of what may be done so often within a time only: the same may succeed at another.
func TooOften(retryAt time.Time, format string, args ...any) error {
	return &Error{
		Code: CodeRateLimited, RetryAt: &retryAt,
		Message: fmt.Sprintf(format, args...) + ". The next may be at " + FormatTime(retryAt) + ".",
	}
}

// LimitReached is the error of a quota: what, how many, and the operator's variable for it.
func LimitReached(what string, most int64, variable string) error {
	return &Error{Code: CodeLimitReached, Message: fmt.Sprintf("%s: at most %d (%s)", what, most, variable)}
}

// Forbidden is the error for a caller who may see the entity, and not do this.
func Forbidden(format string, args ...any) error {
	return &Error{Code: CodeForbidden, Message: fmt.Sprintf(format, args...)}
}

// Invalid is the error for an input field that is wrong: BAD_USER_INPUT.
func Invalid(field, format string, args ...any) error {
	return &Error{Code: CodeBadUserInput, Field: field, Message: fmt.Sprintf(format, args...)}
}

// Problems is all that is wrong with an input: each has a field of its own, and the code BAD_USER_INPUT, CONFLICT where
// the present state does not allow it, or ENTITY_NOT_FOUND of what the field names. errors.As finds the first.
type Problems []*Error

// Error returns the sentences for the caller, one after the other.
func (p Problems) Error() string {
	sentences := make([]string, len(p))
	for i, problem := range p {
		sentences[i] = problem.Error()
	}
	return strings.Join(sentences, "; ")
}

// Unwrap returns each of them.
func (p Problems) Unwrap() []error {
	errs := make([]error, len(p))
	for i, problem := range p {
		errs[i] = problem
	}
	return errs
}

// ProblemsOf returns what an error says is wrong with an input; nil where it is of another kind, or there is none.
func ProblemsOf(err error) Problems {
	var several Problems
	var one *Error
	switch {
	case errors.As(err, &several):
		return several
	case errors.As(err, &one) && (one.Code == CodeBadUserInput || (one.Code == CodeConflict || one.Code == CodeNotFound) && one.Field != ""):
		return Problems{one}
	}
	return nil
}

// ErrorsOf returns the errors in err that may be shown to the caller, each with what it says of its own field.
func ErrorsOf(err error) []*Error {
	var one *Error
	if problems := ProblemsOf(err); problems != nil {
		return problems
	}
	if errors.As(err, &one) {
		return []*Error{one}
	}
	return nil
}

// AllProblems is every problem that checks of an input have found: a [*Error] where it is one, [Problems] where there are
// more, nil where there is none. An error of another kind goes alone.
func AllProblems(errs ...error) error {
	var all Problems
	for _, err := range errs {
		problems := ProblemsOf(err)
		if err != nil && problems == nil {
			return err
		}
		all = append(all, problems...)
	}
	return all.alone()
}

// alone is the one where there are no others; nil where there is none.
func (p Problems) alone() error {
	switch len(p) {
	case 0:
		return nil
	case 1:
		return p[0]
	}
	return p
}
