package run_test

import (
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
)

// emptyWithMore is the answer of an executor that found nothing on a page and knows of another.
func emptyWithMore() callback.Outcome {
	return modelstest.Executed(200, `{"results":[],"has_more":true}`)
}

func TestPageWithoutResultsIsNoFailureWhileThereIsMore(t *testing.T) {
	t.Parallel()
	more, last, empty := modelstest.Results(10, true), modelstest.Results(3, false), emptyWithMore()
	byOne := func(*run.NewRun) {}
	one := func(in *run.NewRun) { in.MaxResults = new(7) }
	result := func(in *run.NewRun) {
		in.MaxResults, in.Callback = nil, &run.NewCallback{URL: modelstest.RunURL, On: run.CallbackOnResult}
	}
	tests := map[string]struct {
		change  func(*run.NewRun)
		answers []callback.Outcome // by page; behind them: empty, and there is more
		status  run.Status
		pages   int
		told    int // callbacks of batches
		results int
	}{
		"in between": {byOne, []callback.Outcome{more, empty, last}, run.Succeeded, 3, 2, 13},
		"first":      {byOne, []callback.Outcome{empty, last}, run.Succeeded, 2, 1, 3},
		"two in a row": {
			byOne,
			[]callback.Outcome{empty, empty, more, empty, empty, last},
			run.Succeeded, 6, 2,
			13,
		},
		"three in a row": {byOne, []callback.Outcome{more}, run.PartialSucceeded, 4, 2, 10},
		"always":         {byOne, nil, run.Failed, 3, 1, 0},
		"at the end": {
			byOne,
			[]callback.Outcome{more, empty, modelstest.NoResults()},
			run.PartialSucceeded,
			3, 2, 10,
		},
		"of those at once":     {modelstest.Pages(3), []callback.Outcome{more, empty, more}, run.Succeeded, 3, 2, 20},
		"last of those asked":  {modelstest.Pages(2), []callback.Outcome{more, empty, more}, run.Succeeded, 3, 2, 20},
		"of one that is small": {one, []callback.Outcome{empty, more}, run.Succeeded, 2, 1, 7},
		"of one, always":       {one, nil, run.Failed, 3, 1, 0},
		"bare result":          {result, []callback.Outcome{empty, empty, last}, run.Succeeded, 3, 0, 3},
		"no bare result":       {result, nil, run.Failed, 3, 0, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			a := w.NewAction()
			r := w.NewRun(test.change)
			w.ExecuteAll(a, func(e *run.Execution) callback.Outcome {
				if e.Batch.Page > len(test.answers) {
					return empty
				}
				return test.answers[e.Batch.Page-1]
			})
			r = w.ReadRun(r.ID)
			if r.Status != test.status || r.BatchCount != test.pages || r.OutputCount != test.results ||
				r.OpenBatches != 0 {
				t.Errorf("got %+v", r)
			}
			if (r.Error == nil) != (r.Status == run.Succeeded) || r.Error != nil &&
				r.Error.Label != models.LabelNoResult {
				t.Errorf("the run's error is %+v", r.Error)
			}
			for _, b := range w.BatchesOf(r.ID) {
				if b.Status == run.Succeeded && (b.Error != nil || (b.ResultCount == 0) != b.Empty) {
					t.Errorf("page %d: %+v", b.Page, b)
				}
			}
			if told := w.CallbacksOfRun(r.ID, callback.RunBatchFinishedEvent); len(told) != test.told {
				t.Errorf("%d callbacks of batches", len(told))
			}
			if r.CallbackOn == run.CallbackOnResult {
				if bare := w.CallbacksOfRun(r.ID, callback.RunResultEvent); len(bare) != 1 {
					t.Errorf("%d bare results", len(bare))
				}
				return
			}
			w.WantOneFinal(r)
		})
	}
}
