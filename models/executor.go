package models

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
)

// MaxExecutorAnswerBytes is what is read of an executor's answer.
const MaxExecutorAnswerBytes = 1 << 20

// executorSchedule: an executor that fails is called three times. The caller of a run waits for it, hence the short delays.
var executorSchedule = Schedule{time.Second, 4 * time.Second}

// maxExecutorRetryAfter bounds what an executor can ask for: the caller waits.
const maxExecutorRetryAfter = 5 * time.Minute

// executorRequest is the body of a call.
type executorRequest struct {
	RunUID     uuid.UUID          `json:"run_uid"`
	BatchUID   uuid.UUID          `json:"batch_uid"`
	Action     string             `json:"action"`
	Input      json.RawMessage    `json:"input"`
	Parameters executorParameters `json:"parameters"`
	Page       int                `json:"page"`
	PageSize   int                `json:"page_size"`
}

type executorParameters struct {
	MaxResults *int `json:"max_results"` // null: as many as there are
	PageSize   int  `json:"page_size"`
}

// Body returns the request's body. Pages count from 1 and all have the same size, also the last.
func (e *Execution) Body() ([]byte, error) {
	return marshalAsGiven(executorRequest{
		RunUID: e.Run.UID, BatchUID: e.Batch.UID, Action: e.Action.Name, Input: e.Input.Input,
		Parameters: executorParameters{MaxResults: e.Run.MaxResults, PageSize: e.Run.PageSize}, Page: e.Batch.Page, PageSize: e.Run.PageSize,
	})
}

// marshalAsGiven is json.Marshal that leaves the characters <, > and & of JSON text that was given as they are.
func marshalAsGiven(v any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// executorAnswer is what an executor's answer means.
type executorAnswer struct {
	status  RunStatus // SUCCEEDED, FAILED or BLOCKED
	results []json.RawMessage
	hasMore bool
	empty   bool
	err     *StandardError
	// mayChange: asking again may give another answer.
	mayChange bool
	outcome   Outcome
}

// cause is why no answer came; empty where one did.
func (a executorAnswer) cause() AttemptErrorCode {
	if a.outcome.Error == nil {
		return ""
	}
	return a.outcome.Error.Code
}

// Arrived tells whether the executor is there at all: it gave an answer that is its last word.
func (o Outcome) Arrived() bool {
	o = o.Normalized()
	return o.Error == nil && *o.HTTPStatus < http.StatusInternalServerError
}

// mayRecover are the statuses below 500 after which the executor is asked again: it was busy, or the call came too early or too slowly.
var mayRecover = []int{http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests}

// readAnswer reads what came of a call. 2xx with results: SUCCEEDED. 400 and 422: the input is BLOCKED. 204, 404, 424 and no results:
// FAILED, 424 "No results" (see emptyPage). No answer, 408, 425, 429 and 5xx: FAILED, unless asking again helps. Anything else: FAILED.
// The call had the given headers, and the ref is its uid.
func readAnswer(o Outcome, ref uuid.UUID, headers []Header) executorAnswer {
	o = o.Normalized()
	a := executorAnswer{status: RunFailed, outcome: o}
	fail := func(code int, label, message string) executorAnswer {
		a.err = &StandardError{
			Message: message, Label: label, Scope: ScopeExecutor, StatusCode: code, Params: map[string]any{}, Ref: ref.String(),
		}
		if o.HTTPStatus != nil {
			a.err.Params["http_status"] = *o.HTTPStatus
		}
		if o.Error != nil {
			a.err.Params["code"] = o.Error.Code
		}
		return a
	}
	if o.Error != nil && o.Error.Code == InternalError {
		a.mayChange = true
		answer := fail(failedDependency, LabelInternalError, "Something went wrong on our side")
		answer.err.Scope = ScopeRingback
		return answer
	}
	if o.Error != nil {
		label := LabelIntegrationError
		if a.mayChange = !slices.Contains(lastingCauses, o.Error.Code); a.mayChange {
			label = LabelMaxRetry
		}
		return fail(failedDependency, label, "The executor gave no answer ("+string(o.Error.Code)+")") // its address is the platform's business
	}
	switch status := *o.HTTPStatus; {
	case status == http.StatusBadRequest, status == http.StatusUnprocessableEntity:
		a.status = RunBlocked
		return fail(status, LabelBadInput, messageOf(o.ResponseBody, headers, "The executor refused the input"))
	case status == http.StatusNoContent, status == http.StatusNotFound, status == http.StatusFailedDependency:
		a.empty = true
		return fail(failedDependency, LabelNoResult, noResults)
	case status >= http.StatusInternalServerError, slices.Contains(mayRecover, status):
		a.mayChange = true
		return fail(failedDependency, LabelMaxRetry, messageOf(o.ResponseBody, headers, "The executor failed"))
	case status/100 != 2:
		return fail(failedDependency, "STATUS_"+RawIDText(int64(status)), messageOf(o.ResponseBody, headers, "The executor refused the call"))
	}
	var body struct {
		Results []json.RawMessage `json:"results"`
		HasMore bool              `json:"has_more"`
	}
	if err := json.Unmarshal(o.ResponseBody, &body); err != nil || !utf8.Valid(o.ResponseBody) {
		return fail(failedDependency, LabelIntegrationError, `The executor's answer is not {"results": […], "has_more": …}`)
	}
	if len(body.Results) == 0 {
		a.empty, a.hasMore = true, body.HasMore
		return fail(failedDependency, LabelNoResult, noResults)
	}
	a.status, a.results, a.hasMore = RunSucceeded, body.Results, body.HasMore
	return a
}

const noResults = "No results"

// lastingCauses: asking again would come to the same.
var lastingCauses = []AttemptErrorCode{BlockedAddress, InvalidURL, Redirect, ResponseTooLarge}

// maxExecutorMessage, in bytes, of an executor's own words.
const maxExecutorMessage = 1_000

// messageOf is the member "message" of an executor's answer, where there is a text there. The customer reads it, so the values of
// the platform's headers are masked in it. Results are data, and are not touched.
func messageOf(body []byte, headers []Header, otherwise string) string {
	var answer struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.Message == "" {
		return otherwise
	}
	text := strings.ToValidUTF8(answer.Message[:min(len(answer.Message), maxExecutorMessage)], "")
	return string(Redact([]byte(text), headers))
}

// maxEmptyPages is how many pages in a row may have no results and say that there is more: an executor that filters may find nothing on
// one, and one that is broken would be asked a thousand times.
const maxEmptyPages = 3

// emptyPage lets a page without results, behind which the executor says that there is more, end SUCCEEDED, unless it is the third in a
// row and the last that is asked for.
func emptyPage(ctx context.Context, tx Store, run *Run, b *Batch) error {
	if !b.Empty || !b.HasMore {
		return nil
	}
	before, err := tx.CountEmptyPages(ctx, b.InputID, b.Page-maxEmptyPages+1, b.Page-1)
	if err == nil && (before < maxEmptyPages-1 || b.Page < run.pagesAtOnce()) {
		b.Status, b.Error = RunSucceeded, nil
	}
	return err
}

// goesOn tells whether the page after one that has ended is to be asked for. An empty page is not one of those that were asked for.
func (r *Run) goesOn(b *Batch) bool {
	if !b.HasMore || b.Status != RunSucceeded || b.Page < r.pagesAtOnce() || b.Page >= MaxRunPages {
		return false
	}
	return b.Empty || r.MaxResults == nil && r.CallbackOn != CallbackOnResult
}

// take ends the batch with an answer. Of the last page only as many results count as the run asked for.
func (b *Batch) take(a executorAnswer, run *Run, at time.Time) {
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
