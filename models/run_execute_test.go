package models_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
)

func TestTenPagesMakeTenRunningCallbacksAndOneFinal(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	run := w.NewRun(modelstest.Pages(10))
	if run.Status != models.RunQueued || run.BatchCount != 10 || run.StartedAt != nil {
		t.Fatalf("the run is %+v", run)
	}
	w.Clock.Advance(time.Second)
	claimed := w.MustClaimBatches(a, 20) // all of them, in parallel
	if len(claimed) != 10 {
		t.Fatalf("%d batches were claimed", len(claimed))
	}
	if run = w.ReadRun(run.ID); run.Status != models.RunRunning || !run.StartedAt.Equal(modelstest.Start.Add(time.Second)) || run.OpenBatches != 10 {
		t.Errorf("the run is %+v", run)
	}
	for i, e := range claimed {
		if e.Batch.Page != i+1 || e.Batch.Status != models.RunRunning || e.Run.Status != models.RunRunning {
			t.Errorf("got %+v", e.Batch)
		}
		w.Queue.Take()
		w.MustRecordBatch(e, modelstest.Results(10, true))
		told := w.CallbacksOfRun(run.ID, models.RunBatchFinishedEvent)
		want := []int64{told[i].ID}
		if i == 9 {
			want = append(want, w.CallbacksOfRun(run.ID, models.RunFinishedEvent)[0].ID)
		} else if finals := w.CallbacksOfRun(run.ID, models.RunFinishedEvent); len(finals) != 0 {
			t.Fatalf("ended after page %d", i+1)
		}
		var woken []int64
		for _, wakeup := range w.Queue.Take() {
			woken = append(woken, wakeup.CallbackID)
		}
		if !slices.Equal(woken, want) {
			t.Errorf("woken: %v, want %v", woken, want)
		}
	}
	run = w.WantEnded(run.ID, models.RunSucceeded)
	if run.OutputCount != 100 || run.Error != nil || run.BatchCount != 10 {
		t.Errorf("the run is %+v", run)
	}
	told := w.CallbacksOfRun(run.ID, models.RunBatchFinishedEvent)
	uids := map[string]bool{}
	for i, c := range told {
		b := modelstest.ReadRunBody(t, c)
		uids[*b.Run.BatchUID] = true
		if b.Run.Status != models.RunRunning || b.CallbackRefUID != c.Ref.String() || b.Error != nil || string(b.Input) != string(modelstest.Shoes) ||
			string(b.CustomData) != string(modelstest.CustomData) || *b.Run.BatchUID != claimed[i].Batch.UID.String() || c.Source.Part.Raw != claimed[i].Batch.ID {
			t.Errorf("callback %d says %s", i, c.Body)
		}
		if c.ContentType != "application/json" || *c.TargetURL != modelstest.ProjectURL || c.OrderingKey != "" || c.Held {
			t.Errorf("got %+v", c)
		}
	}
	if len(told) != 10 || len(uids) != 10 {
		t.Errorf("%d callbacks of %d batches", len(told), len(uids))
	}
}

func TestLastPageIsCutToWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	run := w.NewRun(func(in *models.NewRun) { in.MaxResults = new(25) })
	w.ExecuteAll(a, func(*models.Execution) models.Outcome { return modelstest.Results(10, true) })
	run = w.WantEnded(run.ID, models.RunSucceeded)
	var counts []int
	for _, b := range w.BatchesOf(run.ID) {
		var results []json.RawMessage
		modelstest.NoError(t, json.Unmarshal(b.Results, &results))
		if counts = append(counts, b.ResultCount); len(results) != b.ResultCount {
			t.Errorf("page %d has %d results and counts %d", b.Page, len(results), b.ResultCount)
		}
	}
	if !slices.Equal(counts, []int{10, 10, 5}) || run.OutputCount != 25 {
		t.Errorf("the pages have %v results, the run %d", counts, run.OutputCount)
	}
}

// The answers of four pages by number; pages that are left out are empty ones behind the last.
func TestOutcomesOfPagesMakeTheOutcomeOfTheRun(t *testing.T) {
	t.Parallel()
	more, last, blocked, failed := modelstest.Results(10, true), modelstest.Results(3, false), modelstest.Executed(400, `{"message":"no"}`), modelstest.Executed(403, `{"message":"no"}`)
	missing := modelstest.Executed(404, "")
	tests := map[string]struct {
		answers []models.Outcome
		want    models.RunStatus
		label   string
	}{
		"all":                           {[]models.Outcome{more, more, more, more}, models.RunSucceeded, ""},
		"empty behind the last":         {[]models.Outcome{more, last}, models.RunSucceeded, ""},
		"only one":                      {[]models.Outcome{last}, models.RunSucceeded, ""},
		"not found behind the last":     {[]models.Outcome{last, missing, missing, missing}, models.RunSucceeded, ""},
		"nothing at all":                {nil, models.RunFailed, models.LabelNoResult},
		"not found at all":              {[]models.Outcome{missing, missing, missing, missing}, models.RunFailed, models.LabelNoResult},
		"empty in between":              {[]models.Outcome{more, modelstest.NoResults(), more, more}, models.RunPartialSucceeded, models.LabelNoResult},
		"failed behind the last":        {[]models.Outcome{last, failed}, models.RunPartialSucceeded, "STATUS_403"},
		"empty before a failed one":     {[]models.Outcome{last, modelstest.NoResults(), blocked}, models.RunPartialSucceeded, models.LabelBadInput},
		"one failed":                    {[]models.Outcome{more, failed, more, more}, models.RunPartialSucceeded, "STATUS_403"},
		"one blocked":                   {[]models.Outcome{more, more, more, blocked}, models.RunPartialSucceeded, models.LabelBadInput},
		"blocked and failed":            {[]models.Outcome{blocked, failed, blocked, blocked}, models.RunFailed, models.LabelBadInput},
		"all blocked":                   {[]models.Outcome{blocked, blocked, blocked, blocked}, models.RunBlocked, models.LabelBadInput},
		"all failed":                    {[]models.Outcome{failed, failed, failed, failed}, models.RunFailed, "STATUS_403"},
		"blocked, and nothing behind":   {[]models.Outcome{blocked}, models.RunFailed, models.LabelBadInput},
		"one succeeded among the worst": {[]models.Outcome{failed, blocked, more, failed}, models.RunPartialSucceeded, "STATUS_403"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			a := w.NewAction()
			for range 3 { // in whichever order they are recorded
				run := w.NewRun(modelstest.Pages(4))
				claimed := w.MustClaimBatches(a, 4)
				order := rand.Perm(4)
				for _, i := range order {
					answer := modelstest.NoResults()
					if i < len(test.answers) {
						answer = test.answers[i]
					}
					w.MustRecordBatch(claimed[i], answer)
				}
				run = w.WantEnded(run.ID, test.want)
				if test.label == "" && run.Error != nil || test.label != "" && (run.Error == nil || run.Error.Label != test.label) {
					t.Errorf("recorded in the order %v: the error is %+v, want %s", order, run.Error, test.label)
				}
				// Each page has told its own outcome.
				for _, c := range w.CallbacksOfRun(run.ID, models.RunBatchFinishedEvent) {
					body, b := modelstest.ReadRunBody(t, c), w.ReadBatch(c.Source.Part.Raw)
					if want := b.Status; body.Run.Status != want && (want != models.RunSucceeded || body.Run.Status != models.RunRunning) ||
						(body.Error == nil) != (b.Error == nil) || (string(body.Results) == "null") != (b.Error != nil) {
						t.Errorf("a page that is %s says %s", b.Status, c.Body)
					}
				}
			}
		})
	}
}

func TestRunOfSeveralInputsIsTheSumOfThem(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	run := w.NewRun(modelstest.Pages(2), modelstest.Inputs(2))
	// The first input ends on its first page; the second is refused. Of the first, the second page is no failure.
	answers := []models.Outcome{modelstest.Results(4, false), modelstest.NoResults(), modelstest.Executed(422, ""), modelstest.Executed(422, "")}
	for i, e := range w.MustClaimBatches(a, 4) {
		w.MustRecordBatch(e, answers[i])
	}
	run = w.WantEnded(run.ID, models.RunPartialSucceeded)
	if run.OutputCount != 4 || run.Error == nil || run.Error.Label != models.LabelBadInput {
		t.Errorf("got %+v, %+v", run, run.Error)
	}
}

func TestWithoutMaxResultsPagesFollowOneByOne(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	run := w.NewRun()
	for page := 1; page <= 4; page++ {
		w.Queue.Take()
		claimed := w.MustClaimBatches(a, 10)
		if len(claimed) != 1 || claimed[0].Batch.Page != page {
			t.Fatalf("page %d: %d batches were claimed", page, len(claimed))
		}
		w.Clock.Advance(time.Second)
		w.MustRecordBatch(claimed[0], modelstest.Results(10, page < 4))
		woken := w.Queue.Take()
		if page == 4 {
			break
		}
		next := w.BatchesOf(run.ID)[page]
		want := models.Wakeup{Lane: a.Lane(), At: w.Clock.Now()}
		if next.Page != page+1 || next.InputID != claimed[0].Batch.InputID || !slices.Contains(woken, want) {
			t.Errorf("page %d is followed by %+v, woken: %v", page, next, woken)
		}
	}
	if run = w.WantEnded(run.ID, models.RunSucceeded); run.BatchCount != 4 || run.OutputCount != 40 {
		t.Errorf("got %+v", run)
	}
}

func TestPageThatFailsHasNoneAfterIt(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	for name, test := range map[string]struct {
		answer models.Outcome
		want   models.RunStatus
	}{
		"refused":   {modelstest.Executed(400, `{"has_more":true}`), models.RunPartialSucceeded},
		"forbidden": {modelstest.Executed(403, `{"results":[1],"has_more":true}`), models.RunPartialSucceeded},
		"garbage":   {modelstest.Executed(200, `{"results":1,"has_more":true}`), models.RunPartialSucceeded},
	} {
		run := w.NewRun()
		w.ExecuteAll(a, func(e *models.Execution) models.Outcome {
			if e.Batch.Page == 1 {
				return modelstest.Results(10, true)
			}
			return test.answer
		})
		if run = w.WantEnded(run.ID, test.want); run.BatchCount != 2 {
			t.Errorf("%s: %d pages", name, run.BatchCount)
		}
	}
}

func TestRunThatNeverEndsIsEndedAfterAThousandPages(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a thousand pages take seconds")
	}
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	run := w.NewRun(modelstest.Calling(modelstest.RunURL, models.CallbackOnFinal))
	w.ExecuteAll(a, func(*models.Execution) models.Outcome { return modelstest.Results(1, true) })
	if run = w.WantEnded(run.ID, models.RunSucceeded); run.BatchCount != models.MaxRunPages || run.OutputCount != models.MaxRunPages {
		t.Errorf("%d pages, %d results", run.BatchCount, run.OutputCount)
	}
}

func TestOnFinalOnlyTheFinalIsTold(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	run := w.NewRun(modelstest.Pages(3), modelstest.Calling(modelstest.RunURL, models.CallbackOnFinal))
	w.ExecuteAll(a, func(*models.Execution) models.Outcome { return modelstest.Results(10, false) })
	run = w.WantEnded(run.ID, models.RunSucceeded)
	if told := w.CallbacksOfRun(run.ID, models.RunBatchFinishedEvent); len(told) != 0 {
		t.Errorf("%d pages were told", len(told))
	}
	b := modelstest.ReadRunBody(t, w.CallbacksOfRun(run.ID, models.RunFinishedEvent)[0])
	if string(b.Results) != "null" || string(b.CustomData) != string(modelstest.CustomData) {
		t.Errorf("got %+v", b)
	}
}

func TestLastTwoBatchesRecordedAtOnceMakeOneFinal(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	const batches = 6
	for range 15 {
		run := w.NewRun(modelstest.Pages(batches))
		claimed := w.MustClaimBatches(a, batches)
		modelstest.AtOnce(2*batches, func(i int) {
			// Each twice: the commit of the first was not heard of.
			if err := w.RecordBatch(t.Context(), modelstest.CopyOfExecution(claimed[i/2]), modelstest.Results(1, true)); err != nil {
				t.Error(err)
			}
		})
		run = w.WantEnded(run.ID, models.RunSucceeded)
		if told := w.CallbacksOfRun(run.ID, models.RunBatchFinishedEvent); len(told) != batches || run.OutputCount != batches {
			t.Errorf("%d callbacks, %d results of %d batches", len(told), run.OutputCount, batches)
		}
	}
}

func TestBatchesClaimedAtOnceAreExecutedOnce(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	first, second := w.NewRun(modelstest.Pages(10)), w.NewRun(modelstest.Pages(10))
	const workers, limit = 6, 3
	taken := make([][]*models.Execution, workers)
	modelstest.AtOnce(workers, func(i int) {
		for {
			claimed, _, _, err := w.ClaimBatches(t.Context(), modelstest.Limit(a.Lane(), limit))
			if err != nil || len(claimed) > limit {
				t.Errorf("%d at a time, %v", len(claimed), err)
			}
			if len(claimed) == 0 {
				return
			}
			taken[i] = append(taken[i], claimed...)
		}
	})
	seen := map[int64]bool{}
	for _, e := range slices.Concat(taken...) {
		if seen[e.Batch.ID] || e.Run.ID != e.Batch.RunID || e.Batch.AttemptCount != 1 {
			t.Errorf("got %+v of %+v", e.Batch, e.Run)
		}
		seen[e.Batch.ID] = true
		w.MustRecordBatch(e, modelstest.Results(1, true))
	}
	for _, run := range []*models.Run{first, second} {
		w.WantEnded(run.ID, models.RunSucceeded)
	}
}
