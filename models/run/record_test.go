package run_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
)

func TestTenPagesMakeTenRunningCallbacksAndOneFinal(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	r := w.NewRun(modelstest.Pages(10))
	if r.Status != run.Queued || r.BatchCount != 10 || r.StartedAt != nil {
		t.Fatalf("the run is %+v", r)
	}
	w.Clock.Advance(time.Second)
	claimed := w.MustClaimBatches(a, 20) // all of them, in parallel
	if len(claimed) != 10 {
		t.Fatalf("%d batches were claimed", len(claimed))
	}
	if r = w.ReadRun(r.ID); r.Status != run.Running || !r.StartedAt.Equal(modelstest.Start.Add(time.Second)) ||
		r.OpenBatches != 10 {
		t.Errorf("the run is %+v", r)
	}
	for i, e := range claimed {
		if e.Batch.Page != i+1 || e.Batch.Status != run.Running || e.Run.Status != run.Running {
			t.Errorf("got %+v", e.Batch)
		}
		w.Queue.Take()
		w.MustRecordBatch(e, modelstest.Results(10, true))
		told := w.CallbacksOfRun(r.ID, callback.RunBatchFinishedEvent)
		want := []int64{told[i].ID}
		if i == 9 {
			want = append(want, w.CallbacksOfRun(r.ID, callback.RunFinishedEvent)[0].ID)
		} else if finals := w.CallbacksOfRun(r.ID, callback.RunFinishedEvent); len(finals) != 0 {
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
	r = w.WantEnded(r.ID, run.Succeeded)
	if r.OutputCount != 100 || r.Error != nil || r.BatchCount != 10 {
		t.Errorf("the run is %+v", r)
	}
	told := w.CallbacksOfRun(r.ID, callback.RunBatchFinishedEvent)
	uids := map[string]bool{}
	for i, c := range told {
		b := modelstest.ReadRunBody(t, c)
		uids[*b.Run.BatchUID] = true
		if b.Run.Status != run.Running || b.CallbackRefUID != c.Ref.String() || b.Error != nil ||
			string(b.Input) != string(modelstest.Shoes) ||
			string(b.CustomData) != string(modelstest.CustomData) ||
			*b.Run.BatchUID != claimed[i].Batch.UID.String() || c.Source.Part.Raw != claimed[i].Batch.ID {
			t.Errorf("callback %d says %s", i, c.Body)
		}
		if c.ContentType != "application/json" || *c.TargetURL != modelstest.ProjectURL || c.OrderingKey != "" ||
			c.Held {
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
	r := w.NewRun(func(in *run.NewRun) { in.MaxResults = new(25) })
	w.ExecuteAll(a, func(*run.Execution) callback.Outcome { return modelstest.Results(10, true) })
	r = w.WantEnded(r.ID, run.Succeeded)
	var counts []int
	for _, b := range w.BatchesOf(r.ID) {
		var results []json.RawMessage
		modelstest.NoError(t, json.Unmarshal(b.Results, &results))
		if counts = append(counts, b.ResultCount); len(results) != b.ResultCount {
			t.Errorf("page %d has %d results and counts %d", b.Page, len(results), b.ResultCount)
		}
	}
	if !slices.Equal(counts, []int{10, 10, 5}) || r.OutputCount != 25 {
		t.Errorf("the pages have %v results, the run %d", counts, r.OutputCount)
	}
}

// The answers of four pages by number; pages that are left out are empty ones behind the last.
func TestOutcomesOfPagesMakeTheOutcomeOfTheRun(t *testing.T) {
	t.Parallel()
	more, last, blocked, failed := modelstest.Results(10, true), modelstest.Results(3, false),
		modelstest.Executed(400, `{"message":"no"}`), modelstest.Executed(403, `{"message":"no"}`)
	missing := modelstest.Executed(404, "")
	tests := map[string]struct {
		answers []callback.Outcome
		want    run.Status
		label   string
	}{
		"all":                       {[]callback.Outcome{more, more, more, more}, run.Succeeded, ""},
		"empty behind the last":     {[]callback.Outcome{more, last}, run.Succeeded, ""},
		"only one":                  {[]callback.Outcome{last}, run.Succeeded, ""},
		"not found behind the last": {[]callback.Outcome{last, missing, missing, missing}, run.Succeeded, ""},
		"nothing at all":            {nil, run.Failed, models.LabelNoResult},
		"not found at all": {
			[]callback.Outcome{missing, missing, missing, missing},
			run.Failed,
			models.LabelNoResult,
		},
		"empty in between": {
			[]callback.Outcome{more, modelstest.NoResults(), more, more},
			run.PartialSucceeded, models.LabelNoResult,
		},
		"failed behind the last": {[]callback.Outcome{last, failed}, run.PartialSucceeded, "STATUS_403"},
		"empty before a failed one": {
			[]callback.Outcome{last, modelstest.NoResults(), blocked},
			run.PartialSucceeded, models.LabelBadInput,
		},
		"one failed": {
			[]callback.Outcome{more, failed, more, more},
			run.PartialSucceeded,
			"STATUS_403",
		},
		"one blocked": {
			[]callback.Outcome{more, more, more, blocked},
			run.PartialSucceeded,
			models.LabelBadInput,
		},
		"blocked and failed": {
			[]callback.Outcome{blocked, failed, blocked, blocked},
			run.Failed,
			models.LabelBadInput,
		},
		"all blocked": {
			[]callback.Outcome{blocked, blocked, blocked, blocked},
			run.Blocked,
			models.LabelBadInput,
		},
		"all failed":                  {[]callback.Outcome{failed, failed, failed, failed}, run.Failed, "STATUS_403"},
		"blocked, and nothing behind": {[]callback.Outcome{blocked}, run.Failed, models.LabelBadInput},
		"one succeeded among the worst": {
			[]callback.Outcome{failed, blocked, more, failed},
			run.PartialSucceeded,
			"STATUS_403",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			a := w.NewAction()
			for range 3 { // in whichever order they are recorded
				r := w.NewRun(modelstest.Pages(4))
				claimed := w.MustClaimBatches(a, 4)
				order := rand.Perm(4)
				for _, i := range order {
					answer := modelstest.NoResults()
					if i < len(test.answers) {
						answer = test.answers[i]
					}
					w.MustRecordBatch(claimed[i], answer)
				}
				r = w.WantEnded(r.ID, test.want)
				if test.label == "" && r.Error != nil || test.label != "" &&
					(r.Error == nil || r.Error.Label != test.label) {
					t.Errorf("recorded in the order %v: the error is %+v, want %s", order, r.Error, test.label)
				}
				// Each page has told its own outcome.
				for _, c := range w.CallbacksOfRun(r.ID, callback.RunBatchFinishedEvent) {
					body, b := modelstest.ReadRunBody(t, c), w.ReadBatch(c.Source.Part.Raw)
					if want := b.Status; body.Run.Status != want &&
						(want != run.Succeeded || body.Run.Status != run.Running) ||
						(body.Error == nil) != (b.Error == nil) ||
						(string(body.Results) == "null") != (b.Error != nil) {
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
	r := w.NewRun(modelstest.Pages(2), modelstest.Inputs(2))
	// The first input ends on its first page; the second is refused. Of the first, the second page is no failure.
	answers := []callback.Outcome{
		modelstest.Results(4, false), modelstest.NoResults(), modelstest.Executed(422, ""),
		modelstest.Executed(422, ""),
	}
	for i, e := range w.MustClaimBatches(a, 4) {
		w.MustRecordBatch(e, answers[i])
	}
	r = w.WantEnded(r.ID, run.PartialSucceeded)
	if r.OutputCount != 4 || r.Error == nil || r.Error.Label != models.LabelBadInput {
		t.Errorf("got %+v, %+v", r, r.Error)
	}
}

func TestWithoutMaxResultsPagesFollowOneByOne(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	r := w.NewRun()
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
		next := w.BatchesOf(r.ID)[page]
		want := callback.Wakeup{Lane: a.Lane(), At: w.Clock.Now()}
		if next.Page != page+1 || next.InputID != claimed[0].Batch.InputID || !slices.Contains(woken, want) {
			t.Errorf("page %d is followed by %+v, woken: %v", page, next, woken)
		}
	}
	if r = w.WantEnded(r.ID, run.Succeeded); r.BatchCount != 4 || r.OutputCount != 40 {
		t.Errorf("got %+v", r)
	}
}

func TestPageThatFailsHasNoneAfterIt(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	for name, test := range map[string]struct {
		answer callback.Outcome
		want   run.Status
	}{
		"refused":   {modelstest.Executed(400, `{"has_more":true}`), run.PartialSucceeded},
		"forbidden": {modelstest.Executed(403, `{"results":[1],"has_more":true}`), run.PartialSucceeded},
		"garbage":   {modelstest.Executed(200, `{"results":1,"has_more":true}`), run.PartialSucceeded},
	} {
		r := w.NewRun()
		w.ExecuteAll(a, func(e *run.Execution) callback.Outcome {
			if e.Batch.Page == 1 {
				return modelstest.Results(10, true)
			}
			return test.answer
		})
		if r = w.WantEnded(r.ID, test.want); r.BatchCount != 2 {
			t.Errorf("%s: %d pages", name, r.BatchCount)
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
	r := w.NewRun(modelstest.Calling(modelstest.RunURL, run.CallbackOnFinal))
	w.ExecuteAll(a, func(*run.Execution) callback.Outcome { return modelstest.Results(1, true) })
	if r = w.WantEnded(r.ID, run.Succeeded); r.BatchCount != run.MaxPages || r.OutputCount != run.MaxPages {
		t.Errorf("%d pages, %d results", r.BatchCount, r.OutputCount)
	}
}

func TestOnFinalOnlyTheFinalIsTold(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	r := w.NewRun(modelstest.Pages(3), modelstest.Calling(modelstest.RunURL, run.CallbackOnFinal))
	w.ExecuteAll(a, func(*run.Execution) callback.Outcome { return modelstest.Results(10, false) })
	r = w.WantEnded(r.ID, run.Succeeded)
	if told := w.CallbacksOfRun(r.ID, callback.RunBatchFinishedEvent); len(told) != 0 {
		t.Errorf("%d pages were told", len(told))
	}
	b := modelstest.ReadRunBody(t, w.CallbacksOfRun(r.ID, callback.RunFinishedEvent)[0])
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
		r := w.NewRun(modelstest.Pages(batches))
		claimed := w.MustClaimBatches(a, batches)
		modelstest.AtOnce(2*batches, func(i int) {
			// Each twice: the commit of the first was not heard of.
			if err := w.Executions.Record(t.Context(), modelstest.CopyOfExecution(claimed[i/2]),
				modelstest.Results(1, true)); err != nil {
				t.Error(err)
			}
		})
		r = w.WantEnded(r.ID, run.Succeeded)
		if told := w.CallbacksOfRun(r.ID, callback.RunBatchFinishedEvent); len(told) != batches ||
			r.OutputCount != batches {
			t.Errorf("%d callbacks, %d results of %d batches", len(told), r.OutputCount, batches)
		}
	}
}

func TestBatchesClaimedAtOnceAreExecutedOnce(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	first, second := w.NewRun(modelstest.Pages(10)), w.NewRun(modelstest.Pages(10))
	const workers, limit = 6, 3
	taken := make([][]*run.Execution, workers)
	modelstest.AtOnce(workers, func(i int) {
		for {
			claimed, _, _, err := w.Executions.Claim(t.Context(), modelstest.Limit(a.Lane(), limit))
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
	for _, r := range []*run.Run{first, second} {
		w.WantEnded(r.ID, run.Succeeded)
	}
}
