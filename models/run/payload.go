package run

import (
	"encoding/json"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

// runCallback is the body of a run's callbacks.
type payload struct {
	CallbackRefUID uuid.UUID             `json:"callback_ref_uid"`
	Run            payloadRun            `json:"run"`
	Input          json.RawMessage       `json:"input"`
	CustomData     json.RawMessage       `json:"custom_data"`
	Error          *models.StandardError `json:"error"`
	Results        json.RawMessage       `json:"results"`
}

type payloadRun struct {
	RunUID   uuid.UUID  `json:"run_uid"`
	BatchUID *uuid.UUID `json:"batch_uid"` // null in the final callback
	Status   Status     `json:"status"`
	// Only in the final callback, which may overtake others: how many callbacks of batches and results of the run
	// there are.
	CallbackCount *int `json:"callback_count,omitempty"`
	OutputCount   *int `json:"output_count,omitempty"`
}

// runBatchBody tells of one batch: RUNNING, since the run goes on, with its results; BLOCKED or FAILED with its
// error.
func batchBody(e callback.Envelope, run *Run, b *Batch, input *Input) ([]byte, error) {
	body := newPayload(e, run, input, b.Status)
	body.Run.BatchUID, body.Error, body.Results = &b.UID, b.Error, b.Results
	if b.Status == Succeeded {
		body.Run.Status = Running
	}
	return marshalAsGiven(body)
}

// runFinishedBody tells how a run has ended, after the callbacks of its batches. A run of one input has that, and its
// custom data, with it.
func finishedBody(e callback.Envelope, run *Run, input *Input, batchCallbacks int) ([]byte, error) {
	body := newPayload(e, run, input, run.Status)
	body.Error, body.Run.CallbackCount, body.Run.OutputCount = run.Error, &batchCallbacks, &run.OutputCount
	return marshalAsGiven(body)
}

func newPayload(e callback.Envelope, run *Run, input *Input, status Status) payload {
	body := payload{CallbackRefUID: e.Ref, Run: payloadRun{RunUID: run.UID, Status: status}}
	if input != nil {
		body.Input, body.CustomData = input.Input, input.CustomData
	}
	return body
}

// runResultBody is the bare first result; where there is none, the error.
func resultBody(run *Run, b *Batch) ([]byte, error) {
	failed := run.Error
	if b != nil {
		var results []json.RawMessage
		if b.ResultCount > 0 {
			if err := json.Unmarshal(b.Results, &results); err != nil {
				return nil, err
			}
			return marshalAsGiven(results[0])
		}
		failed = b.Error
	}
	return marshalAsGiven(map[string]*models.StandardError{"error": failed})
}
