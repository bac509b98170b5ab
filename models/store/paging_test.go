package store_test

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
)

// page reads one page of the tenant's callbacks.
func page(
	t *testing.T, s *store.Store, n *customer, after *models.Cursor, first int,
) *models.PageOf[*callback.Callback] {
	t.Helper()
	pages, err := s.CallbackPages(t.Context(), n.scope(), callback.OfProject, []int64{n.project.ID},
		callback.Filter{}, models.Page{First: first, After: after})
	modelstest.NoError(t, err)
	return pages[n.project.ID]
}

func TestPagesNeitherRepeatNorLoseARowWhileOthersAreAdded(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newCustomer(t, s, "a")
	want := []int64{}
	// Three each of the same microsecond: the number decides within one.
	for i := range 9 {
		want = append(want, newCallback(t, s, n, start.Add(time.Duration(i/3)*time.Microsecond)).ID)
	}
	slices.Reverse(want) // newest first
	got := []int64{}
	var after *models.Cursor
	for {
		p := page(t, s, n, after, 2)
		got = append(got, ids(p.Nodes)...)
		if !p.HasNext {
			break
		}
		after = new(p.Nodes[len(p.Nodes)-1].ListCursor())
		newCallback(t, s, n, start.Add(time.Hour)) // newer than every page from here on
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestPageTellsWhetherMoreFollows(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newCustomer(t, s, "a")
	for i := range 3 {
		newCallback(t, s, n, start.Add(time.Duration(i)*time.Second))
	}
	for first, hasNext := range map[int]bool{1: true, 2: true, 3: false, 4: false} {
		if p := page(t, s, n, nil, first); p.HasNext != hasNext || len(p.Nodes) != min(first, 3) {
			t.Errorf("first %d: %d nodes, more: %t", first, len(p.Nodes), p.HasNext)
		}
	}
	oldest := page(t, s, n, nil, 3).Nodes[2].ListCursor()
	if p := page(t, s, n, &oldest, 3); len(p.Nodes) != 0 || p.HasNext {
		t.Errorf("behind the last: %+v", p)
	}
}

func TestPagesOfManyOwnersAreOneStatement(t *testing.T) {
	t.Parallel()
	var statements atomic.Int32
	s := storetest.Open(t, store.WithStatementLog(func(context.Context, string, time.Duration) { statements.Add(1) }))
	tenants := []*customer{newCustomer(t, s, "a"), newCustomer(t, s, "b"), newCustomer(t, s, "c")}
	accountIDs, projectIDs, callbackIDs := []int64{}, []int64{}, []int64{}
	want := map[int64][]int64{}
	for i, n := range tenants {
		accountIDs, projectIDs = append(accountIDs, n.account.ID), append(projectIDs, n.project.ID)
		want[n.project.ID] = []int64{}
		for j := range i * 2 { // none, two and four
			c := newCallback(t, s, n, start.Add(time.Duration(j)*time.Second))
			callbackIDs = append(callbackIDs, c.ID)
			want[n.project.ID] = append([]int64{c.ID}, want[n.project.ID]...)
			newAttempt(t, s, c, 1)
		}
	}
	once := func(name string, f func() error) {
		before := statements.Load()
		modelstest.NoError(t, f())
		if got := statements.Load() - before; got != 1 {
			t.Errorf("%s: %d statements", name, got)
		}
	}
	first := models.Page{First: 3}
	once("CallbackPages", func() error {
		pages, err := s.CallbackPages(t.Context(), everything(), callback.OfProject, projectIDs, callback.Filter{}, first)
		for id, all := range want {
			if got := ids(pages[id].Nodes); !slices.Equal(got, all[:min(3, len(all))]) || pages[id].HasNext != (len(all) > 3) {
				t.Errorf("project %d: got %v of %v, more: %t", id, got, all, pages[id].HasNext)
			}
		}
		return err
	})
	once("CountCallbacks", func() error {
		counts, err := s.CountCallbacks(t.Context(), everything(), callback.OfAccount, accountIDs, callback.Filter{})
		if diff := cmp.Diff(map[int64]models.Count{
			accountIDs[0]: models.CountOf(0), accountIDs[1]: models.CountOf(2), accountIDs[2]: models.CountOf(4),
		}, counts); diff != "" {
			t.Error(diff)
		}
		return err
	})
	once("ProjectPages", func() error {
		pages, err := s.ProjectPages(t.Context(), everything(), accountIDs, first)
		for i, id := range accountIDs {
			if nodes := pages[id].Nodes; len(nodes) != 1 || nodes[0].ID != projectIDs[i] {
				t.Errorf("account %d: got %v", id, nodes)
			}
		}
		return err
	})
	once("AttemptPages", func() error {
		pages, err := s.AttemptPages(t.Context(), everything(), callbackIDs, first)
		for _, id := range callbackIDs {
			if len(pages[id].Nodes) != 1 {
				t.Errorf("callback %d: got %v", id, pages[id].Nodes)
			}
		}
		return err
	})
}

func TestListsOfNobodyAreEmpty(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	first := models.Page{First: 3}
	callbacks, err := s.CallbackPages(t.Context(), everything(), callback.OfAccount, nil, callback.Filter{}, first)
	if err != nil || len(callbacks) != 0 {
		t.Errorf("callbacks: %v, %v", callbacks, err)
	}
	projects, err := s.ProjectPages(t.Context(), everything(), nil, first)
	if err != nil || len(projects) != 0 {
		t.Errorf("projects: %v, %v", projects, err)
	}
	attempts, err := s.AttemptPages(t.Context(), everything(), nil, first)
	if err != nil || len(attempts) != 0 {
		t.Errorf("attempts: %v, %v", attempts, err)
	}
	if found, err := s.Callbacks(t.Context(), everything()); err != nil || len(found) != 0 {
		t.Errorf("by id: %v, %v", found, err)
	}
}

func TestAttemptsArePagedOldestFirstWithoutBodies(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newCustomer(t, s, "a")
	c := newCallback(t, s, n, start)
	for i := range 5 {
		a := newAttempt(t, s, c, i+1)
		a.ResponseBody = []byte("answer")
		modelstest.NoError(t, s.FinishAttempts(t.Context(), a))
	}
	got := []int{}
	var after *models.Cursor
	for {
		pages, err := s.AttemptPages(t.Context(), n.scope(), []int64{c.ID}, models.Page{First: 2, After: after})
		modelstest.NoError(t, err)
		p := pages[c.ID]
		for _, a := range p.Nodes {
			got = append(got, a.Number)
			if len(a.ResponseBody) != 0 {
				t.Error("a list carries the answers' bodies")
			}
		}
		if !p.HasNext {
			break
		}
		after = new(p.Nodes[len(p.Nodes)-1].ListCursor())
	}
	if !slices.Equal(got, []int{1, 2, 3, 4, 5}) {
		t.Errorf("got %v", got)
	}
}

func TestFilterNarrowsPagesAndCountsAlike(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newCustomer(t, s, "a")
	at := func(i int) time.Time { return start.Add(time.Duration(i) * time.Hour) }
	waiting := newCallback(t, s, n, at(0))
	notice := newCallback(
		t, s, n, at(1), func(c *callback.Callback) { c.Event, c.CauseID = callback.CallbackFailedEvent, &waiting.ID },
	)
	failed := newCallback(t, s, n, at(2))
	settle(t, s, failed, callback.StatusFailed, 500)
	arrived := newCallback(t, s, n, at(3))
	settle(t, s, arrived, callback.StatusSuccess, 204)
	tests := map[string]struct {
		filter callback.Filter
		want   []*callback.Callback
	}{
		"nothing":  {callback.Filter{}, []*callback.Callback{arrived, failed, notice, waiting}},
		"a status": {callback.Filter{Status: []callback.Status{callback.StatusFailed}}, []*callback.Callback{failed}},
		"two statuses": {
			callback.Filter{Status: []callback.Status{callback.StatusFailed, callback.StatusSuccess}},
			[]*callback.Callback{arrived, failed},
		},
		"an event": {
			callback.Filter{Event: []callback.EventName{callback.CallbackFailedEvent}}, []*callback.Callback{notice},
		},
		"after, included": {callback.Filter{CreatedAfter: new(at(2))}, []*callback.Callback{arrived, failed}},
		"before, not":     {callback.Filter{CreatedBefore: new(at(2))}, []*callback.Callback{notice, waiting}},
		"between": {
			callback.Filter{CreatedAfter: new(at(1)), CreatedBefore: new(at(3))}, []*callback.Callback{failed, notice},
		},
		"HTTP status": {callback.Filter{HTTPStatus: new(500)}, []*callback.Callback{failed}},
		"together":    {callback.Filter{Status: []callback.Status{callback.StatusPending}, HTTPStatus: new(500)}, nil},
	}
	for name, test := range tests {
		pages, err := s.CallbackPages(
			t.Context(), n.scope(), callback.OfAccount, []int64{n.account.ID}, test.filter, models.Page{First: 10},
		)
		modelstest.NoError(t, err)
		if diff := cmp.Diff(ids(test.want), ids(pages[n.account.ID].Nodes)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		counts, err := s.CountCallbacks(t.Context(), n.scope(), callback.OfAccount, []int64{n.account.ID}, test.filter)
		modelstest.NoError(t, err)
		if counts[n.account.ID] != models.CountOf(len(test.want)) {
			t.Errorf("%s: counted %v", name, counts[n.account.ID])
		}
	}
}

// settle claims a callback and ends it.
func settle(t *testing.T, s *store.Store, c *callback.Callback, status callback.Status, httpStatus int) {
	t.Helper()
	at := *c.NextAttemptAt
	claimed := claim(t, s, c, at, at.Add(time.Minute))
	claimed.Status, claimed.FinishedAt, claimed.HTTPStatus = status, &at, &httpStatus
	owned, err := s.SettleCallbacks(t.Context(), claimed)
	modelstest.NoError(t, err)
	if !owned[0] {
		t.Fatal("not settled")
	}
}

func TestTraceNeverCarriesValues(t *testing.T) {
	t.Parallel()
	var seen atomic.Int32
	s := storetest.Open(t, store.WithStatementLog(func(_ context.Context, statement string, _ time.Duration) {
		seen.Add(1)
		if strings.Contains(statement, "hush-hush") {
			t.Errorf("the trace shows a value: %s", statement)
		}
	}))
	newCustomer(t, s, "hush-hush")
	_, err := s.SettleCallbacks(t.Context(), &callback.Callback{ // by gorm's Scan
		ID: 7, Status: callback.StatusFailed, FinishedAt: &start,
		Error: &callback.AttemptError{Code: callback.TLSError, Message: "hush-hush"},
	})
	modelstest.NoError(t, err)
	if seen.Load() == 0 {
		t.Error("nothing was traced")
	}
}

func TestFiltersOfAsManyValuesAsTheyMayHaveFitIntoOneStatement(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newCustomer(t, s, "a")
	owners := make([]int64, models.MaxPageSize)
	for i := range owners {
		owners[i] = n.project.ID + int64(i)
	}
	at, first := start.Add(time.Hour), models.Page{First: 1, After: &models.Cursor{At: start, ID: 1}}
	callbacks := callback.Filter{
		Status:       slices.Repeat([]callback.Status{callback.StatusFailed}, models.MaxFilterValues),
		Event:        slices.Repeat(callback.EventNames(), 20)[:models.MaxFilterValues],
		CreatedAfter: &at, CreatedBefore: &at,
	}
	for _, owner := range []callback.Parent{callback.OfProject, run.Owner} {
		_, err := s.CallbackPages(t.Context(), n.scope(), owner, owners, callbacks, first)
		modelstest.NoError(t, err)
		_, err = s.CountCallbacks(t.Context(), n.scope(), owner, owners, callbacks)
		modelstest.NoError(t, err)
	}
	runs := run.Filter{
		Status:       slices.Repeat([]run.Status{run.Failed}, models.MaxFilterValues),
		Action:       slices.Repeat([]string{"search"}, models.MaxFilterValues),
		CreatedAfter: &at, CreatedBefore: &at,
	}
	_, err := s.RunPages(t.Context(), n.scope(), run.OfProject, owners, runs, first)
	modelstest.NoError(t, err)
	_, err = s.CountRuns(t.Context(), n.scope(), run.OfProject, owners, runs)
	modelstest.NoError(t, err)
}
