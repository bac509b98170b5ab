package models

import (
	"encoding/json"

	"github.com/google/uuid"
)

// runCallback is the body of a run's callbacks.
type runCallback struct {
	CallbackRefUID uuid.UUID       `json:"callback_ref_uid"`
	Run            runContext      `json:"run"`
	Input          json.RawMessage `json:"input"`
	CustomData     json.RawMessage `json:"custom_data"`
	Error          *StandardError  `json:"error"`
	Results        json.RawMessage `json:"results"`
}

type runContext struct {
	RunUID   uuid.UUID  `json:"run_uid"`
	BatchUID *uuid.UUID `json:"batch_uid"` // null in the final callback
	Status   RunStatus  `json:"status"`
	// Only in the final callback, which may overtake others: how many callbacks of batches and results of the run there are.
	CallbackCount *int `json:"callback_count,omitempty"`
	OutputCount   *int `json:"output_count,omitempty"`
}

// runBatchBody tells of one batch: RUNNING, since the run goes on, with its results; BLOCKED or FAILED with its error.
func runBatchBody(s Subject) ([]byte, error) {
	body := newRunCallback(s, s.Batch.Status)
	body.Run.BatchUID, body.Error, body.Results = &s.Batch.UID, s.Batch.Error, s.Batch.Results
	if s.Batch.Status == RunSucceeded {
		body.Run.Status = RunRunning
	}
	return marshalAsGiven(body)
}

// runFinishedBody tells how a run has ended. A run of one input has that, and its custom data, with it.
func runFinishedBody(s Subject) ([]byte, error) {
	body := newRunCallback(s, s.Run.Status)
	body.Error, body.Run.CallbackCount, body.Run.OutputCount = s.Run.Error, &s.BatchCallbacks, &s.Run.OutputCount
	return marshalAsGiven(body)
}

func newRunCallback(s Subject, status RunStatus) runCallback {
	body := runCallback{CallbackRefUID: s.Ref, Run: runContext{RunUID: s.Run.UID, Status: status}}
	if s.RunInput != nil {
		body.Input, body.CustomData = s.RunInput.Input, s.RunInput.CustomData
	}
	return body
}

// runResultBody is the bare first result; where there is none, the error.
func runResultBody(s Subject) ([]byte, error) {
	failed := s.Run.Error
	if s.Batch != nil {
		var results []json.RawMessage
		if s.Batch.ResultCount > 0 {
			if err := json.Unmarshal(s.Batch.Results, &results); err != nil {
				return nil, err
			}
			return marshalAsGiven(results[0])
		}
		failed = s.Batch.Error
	}
	return marshalAsGiven(map[string]*StandardError{"error": failed})
}
