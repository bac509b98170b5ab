package models

import "fmt"

// StandardError is an error as run callbacks, the REST doors and run histories tell it.
type StandardError struct {
	Message string `json:"message"`
	// Label is the machine-readable kind, such as NO_RESULT.
	Label string `json:"error_label"`
	// Scope says who it comes from: EXECUTOR, CALLBACK, RINGBACK or API.
	Scope string `json:"error_scope"`
	// StatusCode is in the numbers of HTTP; it is the status of the answer at the REST doors.
	StatusCode int `json:"status_code"`
	// Params has details: the input field, or the executor's HTTP status.
	Params map[string]any `json:"params"`
	// Ref names this occurrence: the attempt's uid, or the request's id.
	Ref string `json:"error_ref"`
}

// Redacted is the error for those who may not see what an executor answers: of an answer it tells the status, and what is
// our own sentence stays.
func (e *StandardError) Redacted() *StandardError {
	if e == nil || e.Scope != ScopeExecutor || e.Label == LabelNoResult || e.Label == LabelIntegrationError {
		return e
	}
	status, answered := e.Params["http_status"]
	if !answered {
		return e
	}
	redacted := *e
	redacted.Message = fmt.Sprintf("The executor answered with the status %v", status)
	return &redacted
}

// Scopes of errors.
const (
	ScopeExecutor = "EXECUTOR"
	ScopeCallback = "CALLBACK" // its delivery
	ScopeRingback = "RINGBACK"
	ScopeAPI      = "API"
)

// Labels of errors.
const (
	LabelBadInput         = "BAD_INPUT"
	LabelNoResult         = "NO_RESULT"
	LabelIntegrationError = "INTEGRATION_ERROR"
	LabelMaxRetry         = "API_MAX_RETRY"
	LabelGenericError     = "GENERIC_ERROR"
	LabelActionAborted    = "ACTION_ABORTED"
	LabelLimitReached     = "LIMIT_REACHED"
	LabelInternalError    = "INTERNAL_ERROR" // ours, each time that it was tried
)
