package models

import (
	"context"
	"net/http"
)

// overLimit is the error of a batch or a run that a quota has ended.
func overLimit(why error, ref string) *StandardError {
	return &StandardError{
		Message: why.Error(), Label: LabelLimitReached, Scope: ScopeRingback, StatusCode: http.StatusConflict, Params: map[string]any{}, Ref: ref,
	}
}

// holds is what a run has of its account's quotas.
func (r *Run) holds() Usage {
	if r.Status.Ended() {
		return Usage{}
	}
	return Usage{r.OpenBatches, r.StoredBytes}
}

// allowSchedule tells whether an account may have one more ACTIVE schedule. Others that ask wait until the transaction has ended.
func (s *Service) allowSchedule(ctx context.Context, tx Store, accountID int64) error {
	return allowOne(ctx, tx, accountID, s.rules.Quotas.Schedules, tx.CountActiveSchedules, "active schedules of the account", "RINGBACK_QUOTA_SCHEDULES")
}

// rowBytes is about what a row takes beside its texts.
const rowBytes = 512

// inputBytes is what a run stores from its beginning: its inputs, and the final callback.
func (r *Run) inputBytes(inputs []*RunInput) int64 {
	n := int64(2 * rowBytes)
	for _, i := range inputs[:min(len(inputs), 1)] {
		n += r.echoBytes(i)
	}
	for _, i := range inputs {
		n += rowBytes + int64(len(i.Input)+len(i.CustomData))
	}
	return n
}

// echoBytes is what a callback of the run repeats of an input, with its headers.
func (r *Run) echoBytes(input *RunInput) int64 {
	n := int64(len(input.Input) + len(input.CustomData))
	if r.Callback.URL != nil {
		n += int64(len(*r.Callback.URL))
	}
	for _, h := range r.Callback.Headers {
		n += int64(len(h.Key) + len(h.Value))
	}
	return n
}

// batchBytes is what a batch of an input stores, whatever comes of it: the batch, and its callback where it has one.
func (r *Run) batchBytes(input *RunInput) int64 {
	if r.CallbackOn != CallbackOnAll {
		return rowBytes
	}
	return 2*rowBytes + r.echoBytes(input)
}

// resultBytes is what the results of a batch store: in the batch, and in its callback.
func (r *Run) resultBytes(b *Batch) int64 {
	n := int64(len(b.Results))
	if r.CallbackOn != CallbackOnFinal {
		n *= 2
	}
	return n
}
