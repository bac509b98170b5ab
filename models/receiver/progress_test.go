package receiver_test

import (
	"context"
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/receiver"
)

func TestADiagnosisIsToldStepByStep(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	asked := mustAsk(w, receiver.Of{ProjectID: w.Shop.ID})
	ctx, leave := context.WithCancel(t.Context())
	gone, err := w.Follow(ctx, w.Viewer, asked.ID)
	modelstest.NoError(t, err)
	changes, err := w.Follow(t.Context(), w.Viewer, asked.ID)
	modelstest.NoError(t, err)
	next := func() *receiver.Diagnosis { return modelstest.Receive(t, "a step", changes) }
	if d := next(); d.StartedAt != nil || len(d.Steps) > 0 {
		t.Errorf("at first %+v", d)
	}
	e := take(w, 1)[0]
	if d := next(); d.StartedAt == nil || len(d.Steps) > 0 {
		t.Errorf("begun: %+v", d)
	}
	for i, name := range []receiver.StepName{receiver.StepURL, receiver.StepDNS} {
		modelstest.NoError(t, e.Note(t.Context(), receiver.Step{Name: name, Status: receiver.StepOK}))
		if d := next(); len(d.Steps) != i+1 || d.FinishedAt != nil {
			t.Errorf("after %s: %+v", name, d)
		}
	}
	leave()
	for modelstest.Receive(t, "who has left is let go", gone) != nil {
	}
	modelstest.NoError(t, e.End(t.Context()))
	if d := next(); d.FinishedAt == nil {
		t.Errorf("at the end %+v", d)
	}
	if more := next(); more != nil {
		t.Errorf("after the end %+v", more)
	}
	_, err = w.Follow(t.Context(), w.Outsider, asked.ID)
	modelstest.WantError(t, err, models.CodeNotFound, "")
}

// TestADiagnosisWhoseWorkerIsGoneIsFollowedToItsDeadline: nobody follows for ever.
func TestADiagnosisWhoseWorkerIsGoneIsFollowedToItsDeadline(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	asked := mustAsk(w, receiver.Of{ProjectID: w.Shop.ID})
	changes, err := w.Follow(t.Context(), w.Viewer, asked.ID)
	modelstest.NoError(t, err)
	w.Clock.Advance(asked.Deadline.Sub(w.Clock.Now()))
	var last *receiver.Diagnosis
	for d := modelstest.Receive(t, "a step", changes); d != nil; d = modelstest.Receive(t, "a step", changes) {
		last = d
	}
	if last == nil || last.Status() != receiver.DiagnosisFailed {
		t.Errorf("%+v", last)
	}
}
