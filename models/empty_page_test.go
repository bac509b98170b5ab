package models_test

import (
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
)

// emptyWithMore is the answer of an executor that found nothing on a page and knows of another.
func emptyWithMore() models.Outcome {
	return modelstest.Executed(200, `{"results":[],"has_more":true}`)
}

func TestPageWithoutResultsIsNoFailureWhileThereIsMore(t *testing.T) {
	t.Parallel()
	more, last, empty := modelstest.Results(10, true), modelstest.Results(3, false), emptyWithMore()
	byOne := func(*models.NewRun) {}
	one := func(in *models.NewRun) { in.MaxResults = new(7) }
	result := func(in *models.NewRun) {
		in.MaxResults, in.Callback = nil, &models.NewRunCallback{URL: modelstest.RunURL, On: models.CallbackOnResult}
	}
	tests := map[string]struct {
		change  func(*models.NewRun)
		answers []models.Outcome // by page; behind them: empty, and there is more
		status  models.RunStatus
		pages   int
		told    int // callbacks of batches
		results int
	}{
		"in between":           {byOne, []models.Outcome{more, empty, last}, models.RunSucceeded, 3, 2, 13},
		"first":                {byOne, []models.Outcome{empty, last}, models.RunSucceeded, 2, 1, 3},
		"two in a row":         {byOne, []models.Outcome{empty, empty, more, empty, empty, last}, models.RunSucceeded, 6, 2, 13},
		"three in a row":       {byOne, []models.Outcome{more}, models.RunPartialSucceeded, 4, 2, 10},
		"always":               {byOne, nil, models.RunFailed, 3, 1, 0},
		"at the end":           {byOne, []models.Outcome{more, empty, modelstest.NoResults()}, models.RunPartialSucceeded, 3, 2, 10},
		"of those at once":     {modelstest.Pages(3), []models.Outcome{more, empty, more}, models.RunSucceeded, 3, 2, 20},
		"last of those asked":  {modelstest.Pages(2), []models.Outcome{more, empty, more}, models.RunSucceeded, 3, 2, 20},
		"of one that is small": {one, []models.Outcome{empty, more}, models.RunSucceeded, 2, 1, 7},
		"of one, always":       {one, nil, models.RunFailed, 3, 1, 0},
		"bare result":          {result, []models.Outcome{empty, empty, last}, models.RunSucceeded, 3, 0, 3},
		"no bare result":       {result, nil, models.RunFailed, 3, 0, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			a := w.NewAction()
			run := w.NewRun(test.change)
			w.ExecuteAll(a, func(e *models.Execution) models.Outcome {
				if e.Batch.Page > len(test.answers) {
					return empty
				}
				return test.answers[e.Batch.Page-1]
			})
			run = w.ReadRun(run.ID)
			if run.Status != test.status || run.BatchCount != test.pages || run.OutputCount != test.results || run.OpenBatches != 0 {
				t.Errorf("got %+v", run)
			}
			if (run.Error == nil) != (run.Status == models.RunSucceeded) || run.Error != nil && run.Error.Label != models.LabelNoResult {
				t.Errorf("the run's error is %+v", run.Error)
			}
			for _, b := range w.BatchesOf(run.ID) {
				if b.Status == models.RunSucceeded && (b.Error != nil || (b.ResultCount == 0) != b.Empty) {
					t.Errorf("page %d: %+v", b.Page, b)
				}
			}
			if told := w.CallbacksOfRun(run.ID, models.RunBatchFinishedEvent); len(told) != test.told {
				t.Errorf("%d callbacks of batches", len(told))
			}
			if run.CallbackOn == models.CallbackOnResult {
				if bare := w.CallbacksOfRun(run.ID, models.RunResultEvent); len(bare) != 1 {
					t.Errorf("%d bare results", len(bare))
				}
				return
			}
			w.WantOneFinal(run)
		})
	}
}
