package run

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

// Execution is one call of an executor in a worker's hand.
type Execution struct {
	Batch   *Batch
	Attempt *BatchAttempt
	Action  *Action
	Run     *Run
	Input   *Input
	Refused *callback.AttemptError // why the executor is not called at all, nil when it is
}

// Lease returns the execution's lease.
func (e *Execution) Lease() callback.Lease {
	return callback.Lease{ID: e.Batch.ID, Attempt: e.Attempt.Number}
}

// Lane is where the execution waited.
func (e *Execution) Lane() callback.Lane { return e.Batch.Lane }

// Bytes is the size of the request's body, about.
func (e *Execution) Bytes() int64 { return int64(len(e.Input.Input)) }

// ownHeaders are those that every call carries, whose values are known.
var ownHeaders = []string{"Content-Type", "X-Batch-Attempt"}

// Headers returns the request's headers.
func (e *Execution) Headers(userAgent string) http.Header {
	h := models.RequestHeader(e.Action.Executor.Headers, userAgent)
	models.SetHeader(h, "Content-Type", callback.ContentTypeJSON)
	models.SetHeader(h, "X-Batch-Attempt", e.Attempt.UID.String())
	return h
}

// SentHeaders are the headers of the call's request, in alphabetical order, with the values of configured ones masked.
// nil: no request left, its answer is awaited, or they were deleted.
func (a *BatchAttempt) SentHeaders(stored callback.Headers) []callback.HeaderField {
	return stored.With(
		callback.HeaderField{Name: "Content-Type", Value: callback.ContentTypeJSON},
		callback.HeaderField{Name: "X-Batch-Attempt", Value: a.UID.String()},
	)
}

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
		Parameters: executorParameters{MaxResults: e.Run.MaxResults, PageSize: e.Run.PageSize},
		Page:       e.Batch.Page, PageSize: e.Run.PageSize,
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
