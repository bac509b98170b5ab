package run_test

import (
	"strings"
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
)

// An executor is called as it was before, too.
func TestStoredExecutorIsCalledWithAWarningForThePlatform(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	a.Executor.URL = new("https://platform.example/search\u200b")
	a.Executor.Headers = []models.Header{{Key: "Authorization", Value: "Bearer s3cr3t-t0k3n "}}
	modelstest.NoError(t, w.Store.UpdateAction(t.Context(), a))
	w.NewRun()
	e := w.MustClaimBatches(a, 1)[0]
	if e.Attempt.Warning != nil {
		t.Errorf("warned before it is called: %q", *e.Attempt.Warning)
	}
	w.MustRecordBatch(e, modelstest.Results(1, false))
	attempt := w.AttemptsOfBatch(e.Batch.ID)[0]
	for _, want := range []string{
		"U+200B (ZERO WIDTH SPACE)",
		`headers.0.value: of "Authorization" must not begin or end with a blank`,
	} {
		if attempt.Warning == nil || !strings.Contains(*attempt.Warning, want) {
			t.Fatalf("the history says %v, not %q", attempt.Warning, want)
		}
	}
	if strings.Contains(*attempt.Warning, "s3cr3t") || attempt.Error != nil || *attempt.HTTPStatus != 200 {
		t.Errorf("%q, %+v", *attempt.Warning, attempt)
	}
	others, err := w.BatchAttempts(t.Context(), w.Admin.Scope(models.RoleViewer), e.Batch.ID)
	modelstest.NoError(t, err)
	if others[0].Warning != nil || others[0].UID != attempt.UID {
		t.Errorf("an admin sees %+v", others[0])
	}
	_, err = w.UpdateAction(t.Context(), w.Platform, a.ID, run.ActionSettings{Executor: models.EndpointUpdate{
		URL: models.Given(new(modelstest.ExecutorURL)), Headers: models.Given([]models.Header{}),
	}})
	modelstest.NoError(t, err)
	w.NewRun()
	e = w.MustClaimBatches(a, 1)[0]
	w.MustRecordBatch(e, modelstest.Results(1, false))
	if got := w.AttemptsOfBatch(e.Batch.ID)[0].Warning; got != nil {
		t.Errorf("a mended one is warned of: %q", *got)
	}
}
