package run

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

// MaxExecutorAnswerBytes is what is read of an executor's answer.
const MaxExecutorAnswerBytes = 1 << 20

// executorSchedule: an executor that fails is called three times. The caller of a run waits for it, hence the short
// delays.
var executorSchedule = callback.Schedule{time.Second, 4 * time.Second}

// maxExecutorRetryAfter bounds what an executor can ask for: the caller waits.
const maxExecutorRetryAfter = 5 * time.Minute

// executorAnswer is what an executor's answer means.
type executorAnswer struct {
	status  Status // SUCCEEDED, FAILED or BLOCKED
	results []json.RawMessage
	hasMore bool
	empty   bool
	err     *models.StandardError
	// retryable: asking again may give another answer.
	retryable bool
	outcome   callback.Outcome
}

// cause is why no answer came; empty where one did.
func (a executorAnswer) cause() callback.AttemptErrorCode {
	if a.outcome.Error == nil {
		return ""
	}
	return a.outcome.Error.Code
}

// Arrived tells whether the executor is there at all: it gave an answer that is its last word.
func Arrived(o callback.Outcome) bool {
	o = o.Normalized()
	return o.Error == nil && *o.HTTPStatus < http.StatusInternalServerError
}

// mayRecover are the statuses below 500 after which the executor is asked again: it was busy, or the call came too
// early or too slowly.
var mayRecover = []int{http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests}

// readAnswer reads what came of a call. 2xx with results: SUCCEEDED. 400 and 422: the input is BLOCKED. 204, 404, 424
// and no results: FAILED, 424 "No results" (see emptyPage). No answer, 408, 425, 429 and 5xx: FAILED, unless asking
// again helps. Anything else: FAILED. The call had the given headers, and the ref is its uid.
func readAnswer(o callback.Outcome, ref uuid.UUID, headers []models.Header) executorAnswer {
	o = o.Normalized()
	a := executorAnswer{status: Failed, outcome: o}
	fail := func(code int, label, message string) executorAnswer {
		a.err = executorError(o, ref, code, label, message)
		return a
	}
	if o.Error != nil {
		return a.without(ref)
	}
	switch status := *o.HTTPStatus; {
	case status == http.StatusBadRequest, status == http.StatusUnprocessableEntity:
		a.status = Blocked
		return fail(status, models.LabelBadInput, messageOf(o.ResponseBody, headers, "The executor refused the input"))
	case status == http.StatusNoContent, status == http.StatusNotFound, status == http.StatusFailedDependency:
		a.empty = true
		return fail(http.StatusFailedDependency, models.LabelNoResult, noResults)
	case status >= http.StatusInternalServerError, slices.Contains(mayRecover, status):
		a.retryable = true
		return fail(http.StatusFailedDependency, models.LabelMaxRetry,
			messageOf(o.ResponseBody, headers, "The executor failed"))
	case status/100 != 2:
		return fail(http.StatusFailedDependency, "STATUS_"+models.RawIDText(int64(status)),
			messageOf(o.ResponseBody, headers, "The executor refused the call"))
	}
	var body struct {
		Results []json.RawMessage `json:"results"`
		HasMore bool              `json:"has_more"`
	}
	if err := json.Unmarshal(o.ResponseBody, &body); err != nil || !utf8.Valid(o.ResponseBody) {
		return fail(http.StatusFailedDependency, models.LabelIntegrationError,
			`The executor's answer is not {"results": […], "has_more": …}`)
	}
	if len(body.Results) == 0 {
		a.empty, a.hasMore = true, body.HasMore
		return fail(http.StatusFailedDependency, models.LabelNoResult, noResults)
	}
	a.status, a.results, a.hasMore = Succeeded, body.Results, body.HasMore
	return a
}

// without is where no answer came.
func (a executorAnswer) without(ref uuid.UUID) executorAnswer {
	code := a.outcome.Error.Code
	a.retryable = !slices.Contains(lastingCauses, code)
	// Its address is the platform's business.
	label, message := models.LabelIntegrationError, "The executor gave no answer ("+string(code)+")"
	switch {
	case code == callback.InternalError:
		label, message = models.LabelInternalError, "Something went wrong on our side"
	case a.retryable:
		label = models.LabelMaxRetry
	}
	a.err = executorError(a.outcome, ref, http.StatusFailedDependency, label, message)
	if code == callback.InternalError {
		a.err.Scope = models.ScopeRingback
	}
	return a
}

func executorError(o callback.Outcome, ref uuid.UUID, code int, label, message string) *models.StandardError {
	e := &models.StandardError{
		Message: message, Label: label, Scope: models.ScopeExecutor, StatusCode: code,
		Params: map[string]any{}, Ref: ref.String(),
	}
	if o.HTTPStatus != nil {
		e.Params["http_status"] = *o.HTTPStatus
	}
	if o.Error != nil {
		e.Params["code"] = o.Error.Code
	}
	return e
}

const noResults = "No results"

// lastingCauses: asking again would come to the same.
var lastingCauses = []callback.AttemptErrorCode{
	callback.BlockedAddress, callback.InvalidURL, callback.Redirect, callback.ResponseTooLarge,
}

// maxExecutorMessage, in bytes, of an executor's own words.
const maxExecutorMessage = 1_000

// messageOf is the member "message" of an executor's answer, where there is a text there. The customer reads it, so
// the values of the platform's headers are masked in it. Results are data, and are not touched.
func messageOf(body []byte, headers []models.Header, otherwise string) string {
	var answer struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.Message == "" {
		return otherwise
	}
	text := strings.ToValidUTF8(answer.Message[:min(len(answer.Message), maxExecutorMessage)], "")
	return string(models.Redact([]byte(text), headers))
}

// maxEmptyPages is how many pages in a row may have no results and say that there is more: an executor that filters
// may find nothing on one, and one that is broken would be asked a thousand times.
const maxEmptyPages = 3

// emptyPage lets a page without results, behind which the executor says that there is more, end SUCCEEDED, unless it
// is the third in a row and the last that is asked for.
func emptyPage(ctx context.Context, tx EndTx, run *Run, b *Batch) error {
	if !b.Empty || !b.HasMore {
		return nil
	}
	before, err := tx.CountEmptyPages(ctx, b.InputID, b.Page-maxEmptyPages+1, b.Page-1)
	if err == nil && (before < maxEmptyPages-1 || b.Page < run.pagesAtOnce()) {
		b.Status, b.Error = Succeeded, nil
	}
	return err
}

// goesOn tells whether the page after one that has ended is to be asked for. An empty page is not one of those that
// were asked for.
func (r *Run) goesOn(b *Batch) bool {
	if !b.HasMore || b.Status != Succeeded || b.Page < r.pagesAtOnce() || b.Page >= MaxPages {
		return false
	}
	return b.Empty || r.MaxResults == nil && r.CallbackOn != CallbackOnResult
}

// finish ends the batch with an answer. Of the last page only as many results count as the run asked for.
func (b *Batch) finish(a executorAnswer, run *Run, at time.Time) {
	b.Empty, b.HasMore, b.Error = a.empty, a.hasMore, a.err
	b.end(a.status, at)
	results := a.results
	if run.MaxResults != nil {
		// A page that is asked for because the last one was empty stands for that.
		results = results[:min(len(results), *run.MaxResults-(min(b.Page, run.pagesAtOnce())-1)*run.PageSize)]
	}
	if b.ResultCount = len(results); b.ResultCount == 0 {
		return
	}
	var text bytes.Buffer
	text.WriteByte('[')
	for i, result := range results {
		if i > 0 {
			text.WriteByte(',')
		}
		text.Write(result)
	}
	text.WriteByte(']')
	b.Results = text.Bytes()
}
