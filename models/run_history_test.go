package models_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
)

// numbered is an answer of results from one number to before another.
func numbered(from, to int, more bool) models.Outcome {
	texts := []string{}
	for n := from; n < to; n++ {
		texts = append(texts, fmt.Sprint(n))
	}
	return executed(200, fmt.Sprintf(`{"results":[%s],"has_more":%t}`, strings.Join(texts, ","), more))
}

func (w *world) resultPage(runID int64, page models.Page) *models.PageOf[*models.Result] {
	w.t.Helper()
	pages, err := w.ResultPages(w.t.Context(), w.viewer, []int64{runID}, page)
	noError(w.t, err)
	return pages[runID]
}

// results reads all results of a run, in pages of a size, and calls between after each.
func (w *world) results(runID int64, first int, between func()) (texts []string) {
	w.t.Helper()
	for page := (models.Page{First: first}); ; {
		found := w.resultPage(runID, page)
		for _, r := range found.Nodes {
			texts = append(texts, string(r.RawMessage))
		}
		if len(found.Nodes) > first || found.HasNext && len(found.Nodes) < first {
			w.t.Fatalf("a page of %d has %d, more: %t", first, len(found.Nodes), found.HasNext)
		}
		if !found.HasNext {
			return texts
		}
		// The caller sends the cursor back as text.
		text := found.Nodes[len(found.Nodes)-1].ListCursor().String()
		next, err := models.NewPage(&first, &text)
		noError(w.t, err)
		page = next
		between()
	}
}

func TestResultsArePagedAcrossBatches(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	w.newRun(pages(2)) // another's, with results of its own
	w.execute(a, func(*models.Execution) models.Outcome { return numbered(900, 910, true) })
	run := w.newRun(pages(6))
	// Pages of 10, 0, 3, 1, 10 and 1 results.
	want, next := []string{}, 0
	for i, e := range w.claimBatches(a, 6) {
		count := []int{10, 0, 3, 1, 10, 1}[i]
		w.recordBatch(e, numbered(next, next+count, true))
		next += count
	}
	for n := range next {
		want = append(want, fmt.Sprint(n))
	}
	w.wantEnded(run.ID, models.RunSucceeded)
	for first := 1; first <= models.MaxPageSize; first++ {
		if diff := cmp.Diff(want, w.results(run.ID, first, func() {})); diff != "" {
			t.Fatalf("in pages of %d: %s", first, diff)
		}
	}
}

func TestPageOfResultsTellsWhetherMoreFollows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	run := w.newRun(pages(2))
	if empty := w.resultPage(run.ID, models.Page{First: 10}); len(empty.Nodes) != 0 || empty.HasNext {
		t.Errorf("before there is any: got %+v", empty)
	}
	w.execute(a, func(e *models.Execution) models.Outcome { return numbered(0, 10, true) })
	for first, more := range map[int]bool{1: true, 10: true, 19: true, 20: false, 21: false, 100: false} {
		page := w.resultPage(run.ID, models.Page{First: first})
		if len(page.Nodes) != min(first, 20) || page.HasNext != more {
			t.Errorf("first %d: %d results, more: %t", first, len(page.Nodes), page.HasNext)
		}
		if first == 20 {
			after := page.Nodes[19].ListCursor()
			if page = w.resultPage(run.ID, models.Page{First: 5, After: &after}); len(page.Nodes) != 0 || page.HasNext {
				t.Errorf("behind the last: got %+v", page)
			}
		}
	}
}

func TestPagesOfResultsNeitherRepeatNorLoseOneWhileBatchesAreAdded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	run := w.newRun()
	next := 0
	add := func() {
		for _, e := range w.claimBatches(a, 1) {
			count := 1 + rand.IntN(5)
			w.recordBatch(e, numbered(next, next+count, next < 40))
			next += count
		}
	}
	for range 3 {
		add()
	}
	got := w.results(run.ID, 2, add)
	for _, n := range got {
		if want := fmt.Sprint(slices.Index(got, n)); n != want {
			t.Fatalf("got %v", got)
		}
	}
	if len(got) != next {
		t.Errorf("%d of %d results", len(got), next)
	}
}

func TestResultsReadBackAsTheyWereGiven(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	run := w.newRun()
	given := []string{`{"z":1.50,"a":"<&>"}`, `12345678901234567890`, `[ 1 ,2]`, `null`, `"é\u00e9"`}
	w.recordBatch(w.claimBatches(a, 1)[0], executed(200, `{"results":[`+strings.Join(given, " , ")+`]}`))
	if diff := cmp.Diff(given, w.results(run.ID, 2, func() {})); diff != "" {
		t.Error(diff)
	}
}

func TestRunsAreListedNewestFirstAndByFilter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	_, err := w.CreateAction(t.Context(), w.platform, w.account.ID, "other", executor(executorURL))
	noError(t, err)
	named := func(name string) func(*models.NewRun) { return func(in *models.NewRun) { in.Action = name } }
	done := w.newRun()
	w.execute(a, func(*models.Execution) models.Outcome { return found(1, false) })
	w.clock.advance(time.Hour)
	queued := w.newRun()
	w.clock.advance(time.Hour)
	other := w.newRun(named("other"))
	stopped := w.stop(w.newRun(named("other")))
	project := w.newProject(w.account, nil)
	elsewhere := w.newRun(func(in *models.NewRun) { in.ProjectID = project.ID })

	at := func(hours int) *time.Time { return new(start.Add(time.Duration(hours) * time.Hour)) }
	tests := map[string]struct {
		filter models.RunFilter
		want   []*models.Run
	}{
		"nothing narrows nothing": {models.RunFilter{}, []*models.Run{stopped, other, queued, done}},
		"by status":               {models.RunFilter{Status: []models.RunStatus{models.RunQueued}}, []*models.Run{other, queued}},
		"by two statuses":         {models.RunFilter{Status: []models.RunStatus{models.RunStopped, models.RunSucceeded}}, []*models.Run{stopped, done}},
		"by action":               {models.RunFilter{Action: []string{"other", "unknown"}}, []*models.Run{stopped, other}},
		"by both actions":         {models.RunFilter{Action: []string{"other", "search"}}, []*models.Run{stopped, other, queued, done}},
		"by an unknown action":    {models.RunFilter{Action: []string{"unknown"}}, nil},
		"from an hour":            {models.RunFilter{CreatedAfter: at(1)}, []*models.Run{stopped, other, queued}},
		"before an hour":          {models.RunFilter{CreatedBefore: at(1)}, []*models.Run{done}},
		"by all of them": {models.RunFilter{
			Status: []models.RunStatus{models.RunQueued}, Action: []string{"search"}, CreatedAfter: at(1), CreatedBefore: at(2),
		}, []*models.Run{queued}},
	}
	ids := []int64{w.project.ID, project.ID}
	for name, test := range tests {
		pages, err := w.RunPages(t.Context(), w.viewer, models.RunsOfProject, ids, test.filter, models.Page{First: 100})
		noError(t, err)
		var got, want []int64
		for _, r := range pages[w.project.ID].Nodes {
			got = append(got, r.ID)
		}
		for _, r := range test.want {
			want = append(want, r.ID)
		}
		counts, err := w.CountRuns(t.Context(), w.viewer, models.RunsOfProject, ids, test.filter)
		noError(t, err)
		if !slices.Equal(got, want) || counts[w.project.ID] != len(want) {
			t.Errorf("%s: got %v, counted %d, want %v", name, got, counts[w.project.ID], want)
		}
		if len(test.filter.Action)+len(test.filter.Status) == 0 && test.filter.CreatedBefore == nil {
			if nodes := pages[project.ID].Nodes; len(nodes) != 1 || nodes[0].ID != elsewhere.ID {
				t.Errorf("%s: the other project has %v", name, nodes)
			}
		}
	}
}

func TestRunIsFoundByItsUIDInAnySpelling(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.newAction()
	run := w.newRun()
	for _, text := range []string{run.UID.String(), strings.ToUpper(run.UID.String()), "{" + run.UID.String() + "}"} {
		got, err := w.RunByUID(t.Context(), w.viewer, text)
		noError(t, err)
		if got.ID != run.ID {
			t.Errorf("%s: got %d", text, got.ID)
		}
	}
	_, err := w.RunByUID(t.Context(), w.viewer, "run-1")
	wantError(t, err, models.CodeBadUserInput, "uid")
	_, err = w.RunByUID(t.Context(), w.viewer, w.user.RawID())
	wantError(t, err, models.CodeBadUserInput, "uid")
	_, err = w.RunByUID(t.Context(), w.outsider, run.UID.String())
	wantError(t, err, models.CodeNotFound, "")
}

func TestBatchesAndInputsAreListedInTheOrderOfCreation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.newAction()
	run, other := w.newRun(inputs(3), pages(2)), w.newRun()
	var after *models.Cursor
	var got, inputIDs []int64
	for {
		pages, err := w.BatchPages(t.Context(), w.viewer, []int64{run.ID, other.ID}, models.Page{First: 4, After: after})
		noError(t, err)
		page := pages[run.ID]
		for _, b := range page.Nodes {
			got, inputIDs = append(got, b.ID), append(inputIDs, b.InputID)
		}
		if !page.HasNext {
			break
		}
		after = new(page.Nodes[len(page.Nodes)-1].ListCursor())
	}
	counts, err := w.CountBatches(t.Context(), w.viewer, []int64{run.ID, other.ID})
	noError(t, err)
	if !slices.IsSorted(got) || len(got) != 6 || counts[run.ID] != 6 || counts[other.ID] != 1 {
		t.Errorf("got %v, counted %v", got, counts)
	}
	for field, want := range map[models.TextField]json.RawMessage{models.RunInputText: shoes, models.CustomDataText: customData} {
		found, err := w.Texts(t.Context(), w.viewer, field, inputIDs...)
		noError(t, err)
		if len(found) != 3 {
			t.Fatalf("%d inputs", len(found))
		}
		for _, text := range found {
			if text != string(want) {
				t.Errorf("%s: got %s", field, text)
			}
		}
	}
}
