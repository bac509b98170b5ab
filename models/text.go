package models

import "context"

// TextField is a field whose value can be long. Entities are read without it; it is read by itself, where it is asked
// for.
type TextField string

// Fields with long texts. Those of batches, inputs and jobs are JSON.
const (
	PayloadText      TextField = "payload"      // of callbacks
	ResponseBodyText TextField = "responseBody" // of attempts
	HeadersText      TextField = "headers"      // of attempts, as they are stored
	CallHeadersText  TextField = "call headers" // of the calls of executors, as they are stored; the platform's alone
	ResultsText      TextField = "results"      // of batches: an array
	RunInputText     TextField = "input"        // of inputs of runs
	CustomDataText   TextField = "customData"   // of inputs of runs
	JobInputText     TextField = "job input"    // of jobs
	JobOutputText    TextField = "job output"   // of jobs
	JobMetadataText  TextField = "job metadata" // of jobs
)

// TextReader reads long texts within a caller's scope.
type TextReader interface {
	// Texts returns the texts of a field of those of its entities that are there. One without a text has an empty one.
	// What the partner's webhook answered to notices is for the platform: to others these attempts have none.
	Texts(ctx context.Context, scope Scope, field TextField, ids ...int64) (map[int64]string, error)
}
