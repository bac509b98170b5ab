package rest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/tenant"
)

// Labels of errors, beside those of models.
const (
	labelUnauthenticated  = "UNAUTHENTICATED"
	labelForbidden        = "FORBIDDEN"
	labelNotFound         = "NOT_FOUND"
	labelMethodNotAllowed = "METHOD_NOT_ALLOWED"
	labelConflict         = "CONFLICT"
	labelRateLimited      = "RATE_LIMITED"
	labelAnswerTooLarge   = "ANSWER_TOO_LARGE"
	labelTimeout          = "TIMEOUT"
	labelUnavailable      = "UNAVAILABLE"
	labelUnknown          = "UNKNOWN_ERROR"
)

// kinds are the domain's codes as these doors tell them.
var kinds = map[models.Code]struct {
	status int
	label  string
}{
	models.CodeUnauthenticated: {http.StatusUnauthorized, labelUnauthenticated},
	models.CodeForbidden:       {http.StatusForbidden, labelForbidden},
	models.CodeNotFound:        {http.StatusNotFound, labelNotFound},
	models.CodeBadUserInput:    {http.StatusBadRequest, models.LabelBadInput},
	models.CodeConflict:        {http.StatusConflict, labelConflict},
	models.CodeRateLimited:     {http.StatusTooManyRequests, labelRateLimited},
	models.CodeLimitReached:    {http.StatusConflict, models.LabelLimitReached}, // asking again soon would not help
	models.CodeAnswerTooLarge:  {http.StatusBadRequest, labelAnswerTooLarge},
	models.CodeTimeout:         {http.StatusServiceUnavailable, labelTimeout},
	models.CodeUnavailable:     {http.StatusServiceUnavailable, labelUnavailable},
}

// spellings are the fields of use-cases as these doors call them, where that differs.
var spellings = map[string]string{
	"parameters.maxResults": "parameters.max_results",
	"parameters.pageSize":   "parameters.page_size",
	"schedule.at":           "schedule_at",
	"schedule.cron":         "cron",
	"schedule.timezone":     "timezone",
	"callbackId":            "callback_uid",
	"uid":                   "callback_uid",
	"uuid":                  "job_id",
	"idempotencyKey":        headerKey,
}

// respelled is a domain error with its field as these doors call it.
func respelled(known *models.Error) *models.Error {
	e := *known
	if name, ok := spellings[e.Field]; ok {
		e.Field = name
	}
	if strings.HasPrefix(e.Field, headersField+".") {
		e.Field = headersField // an object here, which has no places
	}
	return &e
}

// bodyTooLarge is an error of its own for the sake of its status.
var bodyTooLarge = badInput("body", "must be at most 1 MiB")

func badInput(field, format string, args ...any) *models.Error {
	return &models.Error{Code: models.CodeBadUserInput, Field: field, Message: fmt.Sprintf(format, args...)}
}

// onField says which field a domain error is about.
func onField(field string, err error) error {
	var known *models.Error
	if !errors.As(err, &known) {
		return err
	}
	e := *known
	e.Field = field
	return &e
}

func unreadable(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return bodyTooLarge
	}
	if models.ErrorCode(err) == models.CodeRateLimited {
		return err
	}
	return badInput("body", "could not be read") // the caller is gone, or was too slow
}

// undecodable names the field of a body that does not fit the door.
func undecodable(err error) error {
	var known *models.Error
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &wrongType) && wrongType.Field != "":
		return badInput(wrongType.Field, "must not be a JSON %s", wrongType.Value)
	case unknownMember.MatchString(err.Error()): // encoding/json has no type for it
		return badInput(unknownMember.FindStringSubmatch(err.Error())[1], "is not known here")
	default:
		return errNotUTF8
	}
}

var unknownMember = regexp.MustCompile(`^json: unknown field "(.*)"$`)

// writeError is the one place where an error becomes an answer. A domain error is shown; anything else is one sentence
// for the caller and one line, with the cause, in the log.
func (h *handler) writeError(w http.ResponseWriter, r *http.Request, err error) {
	id := models.RequestID(r.Context())
	shown := models.StandardError{
		Message: "Something went wrong on our side; the request id is " + id + ".", Label: labelUnknown,
		Scope:      models.ScopeAPI,
		StatusCode: http.StatusInternalServerError, Params: map[string]any{}, Ref: id,
	}
	err = tenant.Advised(err, r.Header)
	var known *models.Error
	var problems models.Problems
	if !errors.As(err, &known) {
		if known = cmp.Or(models.MayPass(err), models.MayPass(r.Context().Err())); known != nil {
			h.log.WarnContext(r.Context(), "rest."+strings.ToLower(string(known.Code)), "request_id", id, "route", r.Pattern, "error", err)
		}
	}
	if known != nil {
		e := respelled(known)
		if kind, ok := kinds[e.Code]; ok {
			shown.Message, shown.Label, shown.StatusCode = e.Error(), kind.label, kind.status
		}
		if errors.As(err, &problems) {
			for i, problem := range problems {
				problems[i] = respelled(problem)
			}
			shown.Message = problems.Error()
		}
		if e.Field != "" {
			shown.Params["field"] = e.Field
		}
	}
	switch {
	case known == bodyTooLarge:
		shown.StatusCode = http.StatusRequestEntityTooLarge
	case shown.StatusCode == http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", "Bearer")
	case shown.StatusCode == http.StatusTooManyRequests:
		w.Header().Set("Retry-After", "1")
	case shown.StatusCode == http.StatusInternalServerError && errors.Is(err, context.Canceled):
		shown.Message = "The request was cancelled."
	case shown.StatusCode == http.StatusInternalServerError:
		h.log.ErrorContext(r.Context(), "rest.error", "request_id", id, "route", r.Pattern, "error", err)
	}
	writeStandardError(w, shown)
}

func writeStandardError(w http.ResponseWriter, e models.StandardError) {
	text, _ := encode(e) // all of it can be encoded
	write(w, e.StatusCode, text)
}

// refuse answers in place of the mux, which knows whether another method would do.
func (h *handler) refuse(w http.ResponseWriter, r *http.Request, mux http.Handler) {
	unsent := &unsent{header: http.Header{}}
	mux.ServeHTTP(unsent, r)
	if unsent.status != http.StatusMethodNotAllowed {
		h.writeError(w, r, &models.Error{Code: models.CodeNotFound, Message: "There is nothing at this path."})
		return
	}
	allowed := unsent.header.Get("Allow")
	w.Header().Set("Allow", allowed)
	writeStandardError(w, models.StandardError{
		Message: "This path is not for " + r.Method + " but for " + allowed + ".", Label: labelMethodNotAllowed,
		Scope:      models.ScopeAPI,
		StatusCode: unsent.status, Params: map[string]any{}, Ref: models.RequestID(r.Context()),
	})
}

// unsent keeps the status and the headers of an answer that nobody gets.
type unsent struct {
	header http.Header
	status int
}

func (u *unsent) Header() http.Header         { return u.header }
func (u *unsent) Write(p []byte) (int, error) { return len(p), nil }
func (u *unsent) WriteHeader(status int)      { u.status = status }
