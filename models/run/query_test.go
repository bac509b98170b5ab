package run_test

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
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
)

// numbered is an answer of results from one number to before another.
func numbered(from, to int, more bool) callback.Outcome {
	texts := []string{}
	for n := from; n < to; n++ {
		texts = append(texts, fmt.Sprint(n))
	}
	return modelstest.Executed(200, fmt.Sprintf(`{"results":[%s],"has_more":%t}`, strings.Join(texts, ","), more))
}

func resultPage(w *modelstest.World, runID int64, page models.Page) *models.PageOf[*run.Result] {
	w.T.Helper()
	pages, err := w.ResultPages(w.T.Context(), w.Viewer.Scope(models.RoleViewer), []int64{runID}, page)
	modelstest.NoError(w.T, err)
	return pages[runID]
}

// results reads all results of a run, in pages of a size, and calls between after each.
func results(w *modelstest.World, runID int64, first int, between func()) (texts []string) {
	w.T.Helper()
	for page := (models.Page{First: first}); ; {
		found := resultPage(w, runID, page)
		for _, r := range found.Nodes {
			texts = append(texts, string(r.RawMessage))
		}
		if len(found.Nodes) > first || found.HasNext && len(found.Nodes) < first {
			w.T.Fatalf("a page of %d has %d, more: %t", first, len(found.Nodes), found.HasNext)
		}
		if !found.HasNext {
			return texts
		}
		// The caller sends the cursor back as text.
		text := found.Nodes[len(found.Nodes)-1].ListCursor().String()
		next, err := models.NewPage(models.PageArguments{First: &first, After: &text}, "")
		modelstest.NoError(w.T, err)
		page = next
		between()
	}
}

func TestResultsArePagedAcrossBatches(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	w.NewRun(modelstest.Pages(2)) // another's, with results of its own
	w.ExecuteAll(a, func(*run.Execution) callback.Outcome { return numbered(900, 910, true) })
	r := w.NewRun(modelstest.Pages(6))
	// Pages of 10, 0, 3, 1, 10 and 1 results.
	want, next := []string{}, 0
	for i, e := range w.MustClaimBatches(a, 6) {
		count := []int{10, 0, 3, 1, 10, 1}[i]
		w.MustRecordBatch(e, numbered(next, next+count, true))
		next += count
	}
	for n := range next {
		want = append(want, fmt.Sprint(n))
	}
	w.WantEnded(r.ID, run.Succeeded)
	for first := 1; first <= models.MaxPageSize; first++ {
		if diff := cmp.Diff(want, results(w, r.ID, first, func() {})); diff != "" {
			t.Fatalf("in pages of %d: %s", first, diff)
		}
	}
}

func TestPageOfResultsTellsWhetherMoreFollows(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	r := w.NewRun(modelstest.Pages(2))
	if empty := resultPage(w, r.ID, models.Page{First: 10}); len(empty.Nodes) != 0 || empty.HasNext {
		t.Errorf("before there is any: got %+v", empty)
	}
	w.ExecuteAll(a, func(e *run.Execution) callback.Outcome { return numbered(0, 10, true) })
	for first, more := range map[int]bool{1: true, 10: true, 19: true, 20: false, 21: false, 100: false} {
		page := resultPage(w, r.ID, models.Page{First: first})
		if len(page.Nodes) != min(first, 20) || page.HasNext != more {
			t.Errorf("first %d: %d results, more: %t", first, len(page.Nodes), page.HasNext)
		}
		if first == 20 {
			after := page.Nodes[19].ListCursor()
			if page = resultPage(w, r.ID, models.Page{First: 5, After: &after}); len(page.Nodes) != 0 || page.HasNext {
				t.Errorf("behind the last: got %+v", page)
			}
		}
	}
}

func TestPagesOfResultsNeitherRepeatNorLoseOneWhileBatchesAreAdded(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	run := w.NewRun()
	next := 0
	add := func() {
		for _, e := range w.MustClaimBatches(a, 1) {
			count := 1 + rand.IntN(5)
			w.MustRecordBatch(e, numbered(next, next+count, next < 40))
			next += count
		}
	}
	for range 3 {
		add()
	}
	got := results(w, run.ID, 2, add)
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
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	run := w.NewRun()
	given := []string{`{"z":1.50,"a":"<&>"}`, `12345678901234567890`, `[ 1 ,2]`, `null`, `"é\u00e9"`}
	w.MustRecordBatch(w.MustClaimBatches(a, 1)[0],
		modelstest.Executed(200, `{"results":[`+strings.Join(given, " , ")+`]}`))
	if diff := cmp.Diff(given, results(w, run.ID, 2, func() {})); diff != "" {
		t.Error(diff)
	}
}

func TestRunsAreListedNewestFirstAndByFilter(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	_, err := w.CreateAction(t.Context(), w.Platform, w.Acme.ID, "other",
		modelstest.ExecutorSettings(modelstest.ExecutorURL))
	modelstest.NoError(t, err)
	named := func(name string) func(*run.NewRun) { return func(in *run.NewRun) { in.Action = name } }
	done := w.NewRun()
	w.ExecuteAll(a, func(*run.Execution) callback.Outcome { return modelstest.Results(1, false) })
	w.Clock.Advance(time.Hour)
	queued := w.NewRun()
	w.Clock.Advance(time.Hour)
	other := w.NewRun(named("other"))
	stopped := w.MustStop(w.NewRun(named("other")))
	project := w.NewProject(w.Acme, nil)
	elsewhere := w.NewRun(func(in *run.NewRun) { in.ProjectID = project.ID })

	at := func(hours int) *time.Time { return new(modelstest.Start.Add(time.Duration(hours) * time.Hour)) }
	tests := map[string]struct {
		filter run.Filter
		want   []*run.Run
	}{
		"nothing narrows nothing": {run.Filter{}, []*run.Run{stopped, other, queued, done}},
		"by status":               {run.Filter{Status: []run.Status{run.Queued}}, []*run.Run{other, queued}},
		"by two statuses": {
			run.Filter{Status: []run.Status{run.Stopped, run.Succeeded}},
			[]*run.Run{stopped, done},
		},
		"by action": {run.Filter{Action: []string{"other", "unknown"}}, []*run.Run{stopped, other}},
		"by both actions": {
			run.Filter{Action: []string{"other", "search"}},
			[]*run.Run{stopped, other, queued, done},
		},
		"by an unknown action": {run.Filter{Action: []string{"unknown"}}, nil},
		"from an hour":         {run.Filter{CreatedAfter: at(1)}, []*run.Run{stopped, other, queued}},
		"before an hour":       {run.Filter{CreatedBefore: at(1)}, []*run.Run{done}},
		"by all of them": {run.Filter{
			Status: []run.Status{run.Queued}, Action: []string{"search"}, CreatedAfter: at(1), CreatedBefore: at(2),
		}, []*run.Run{queued}},
	}
	ids := []int64{w.Shop.ID, project.ID}
	for name, test := range tests {
		pages, err := w.RunPages(t.Context(), w.Viewer.Scope(models.RoleViewer), run.OfProject, ids, test.filter,
			models.Page{First: 100})
		modelstest.NoError(t, err)
		var got, want []int64
		for _, r := range pages[w.Shop.ID].Nodes {
			got = append(got, r.ID)
		}
		for _, r := range test.want {
			want = append(want, r.ID)
		}
		counts, err := w.CountRuns(t.Context(), w.Viewer.Scope(models.RoleViewer), run.OfProject, ids, test.filter)
		modelstest.NoError(t, err)
		if !slices.Equal(got, want) || counts[w.Shop.ID] != len(want) {
			t.Errorf("%s: got %v, counted %d, want %v", name, got, counts[w.Shop.ID], want)
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
	w := modelstest.NewWorld(t)
	w.NewAction()
	run := w.NewRun()
	for _, text := range []string{run.UID.String(), strings.ToUpper(run.UID.String()), "{" + run.UID.String() + "}"} {
		got, err := w.RunByUID(t.Context(), w.Viewer.Scope(models.RoleViewer), text)
		modelstest.NoError(t, err)
		if got.ID != run.ID {
			t.Errorf("%s: got %d", text, got.ID)
		}
	}
	_, err := w.RunByUID(t.Context(), w.Viewer.Scope(models.RoleViewer), "run-1")
	modelstest.WantError(t, err, models.CodeBadUserInput, "uid")
	_, err = w.RunByUID(t.Context(), w.Viewer.Scope(models.RoleViewer), w.AdminUser.RawID())
	modelstest.WantError(t, err, models.CodeBadUserInput, "uid")
	_, err = w.RunByUID(t.Context(), w.Outsider.Scope(models.RoleViewer), run.UID.String())
	modelstest.WantError(t, err, models.CodeNotFound, "")
}

func TestBatchesAndInputsAreListedInTheOrderOfCreation(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.NewAction()
	run, other := w.NewRun(modelstest.Inputs(3), modelstest.Pages(2)), w.NewRun()
	var after *models.Cursor
	var got, inputIDs []int64
	for {
		pages, err := w.BatchPages(t.Context(), w.Viewer.Scope(models.RoleViewer), []int64{run.ID, other.ID},
			models.Page{First: 4, After: after})
		modelstest.NoError(t, err)
		page := pages[run.ID]
		for _, b := range page.Nodes {
			got, inputIDs = append(got, b.ID), append(inputIDs, b.InputID)
		}
		if !page.HasNext {
			break
		}
		after = new(page.Nodes[len(page.Nodes)-1].ListCursor())
	}
	counts, err := w.CountBatches(t.Context(), w.Viewer.Scope(models.RoleViewer), []int64{run.ID, other.ID})
	modelstest.NoError(t, err)
	if !slices.IsSorted(got) || len(got) != 6 || counts[run.ID] != 6 || counts[other.ID] != 1 {
		t.Errorf("got %v, counted %v", got, counts)
	}
	for field, want := range map[models.TextField]json.RawMessage{
		models.RunInputText:   modelstest.Shoes,
		models.CustomDataText: modelstest.CustomData,
	} {
		found, err := w.Store.Texts(t.Context(), w.Viewer.Scope(models.RoleViewer), field, inputIDs...)
		modelstest.NoError(t, err)
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
