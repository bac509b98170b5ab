package run_test

import (
	"strings"
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
)

// TestAPreviewOfARunHasTheBytesOfItsCallbacks, and goes where they go.
func TestAPreviewOfARunHasTheBytesOfItsCallbacks(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	withHeader := func(in *run.NewRun) { in.Callback.Headers = []models.Header{{Key: "X-Mine", Value: "mine"}} }
	for on, events := range map[run.CallbackOn][]callback.EventName{
		run.CallbackOnAll:    {callback.RunBatchFinishedEvent, callback.RunFinishedEvent},
		run.CallbackOnFinal:  {callback.RunFinishedEvent},
		run.CallbackOnResult: {callback.RunResultEvent},
	} {
		for name, answer := range map[string]callback.Outcome{
			"a result": modelstest.Executed(200, `[{"a":1}]`), "refused": modelstest.Executed(400, `{"error":"no"}`),
		} {
			r := w.NewRun(modelstest.Calling(modelstest.RunURL, on), withHeader)
			w.ExecuteAll(a, func(*run.Execution) callback.Outcome { return answer })
			for _, event := range events {
				c := w.CallbacksOfRun(r.ID, event)[0]
				p, err := w.ReceiverService.Preview(t.Context(), w.Viewer, callback.ToPreview{
					Event: event, ProjectID: w.Shop.ID, Of: callback.Subject{Field: "runUid", UID: r.UID.String()},
				})
				modelstest.NoError(t, err)
				got := strings.ReplaceAll(string(p.Body), p.Ref.String(), c.Ref.String())
				if got != string(c.Body) || p.Target.URL != modelstest.RunURL || len(p.Target.Headers) != 1 || p.Source != c.Source {
					t.Errorf("%s, %s, %s:\n got  %s to %+v\n want %s", on, name, event, p.Body, p.Target, c.Body)
				}
			}
		}
	}
}
