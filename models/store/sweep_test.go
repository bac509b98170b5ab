package store_test

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
	"github.com/ringback/ringback/models/store/storetest"
)

func TestOverdueLanesAreThoseOfCallbacksThatWaitTooLong(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newCustomer(t, s, "a")
	newCallbacks(t, s, n, "", 1)
	newCallbacks(t, s, n, "busy.example:443", 5)
	newCallbacks(t, s, n, "quiet.example:443", 1)
	newCallback(t, s, n, start.Add(time.Hour), on("later.example:443"))
	newCallback(t, s, n, start.Add(time.Hour), on("quiet.example:443"))
	newCallback(t, s, n, start.Add(time.Second), on("soon.example:443"))
	settle(t, s, newCallback(t, s, n, start, on("ended.example:443")), callback.StatusFailed, 500)
	claim(t, s, newCallback(t, s, n, start, on("running.example:443")), start, start.Add(time.Minute))
	newCallback(
		t, s, n, start, on("held.example:443"), func(c *callback.Callback) { c.OrderingKey, c.Held = "line", true },
	)
	all := keys("", "busy.example:443", "quiet.example:443", "soon.example:443")
	for name, test := range map[string]struct {
		dueBy time.Time
		want  []string
	}{
		"before anything is due":    {start.Add(-time.Microsecond), nil},
		"exactly then":              {start, all[:3]},
		"before the next is due":    {start.Add(time.Second - time.Microsecond), all[:3]},
		"when the next is due":      {start.Add(time.Second), all},
		"again: it changed nothing": {start.Add(time.Second), all},
	} {
		if diff := cmp.Diff(test.want, overdue(t, s, test.dueBy), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestInterruptedCallbackIsOverdueInItsLane(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	c := newCallback(t, s, newCustomer(t, s, "a"), start)
	claim(t, s, c, start, start)
	_, err := s.InterruptExpired(t.Context(), callback.LeasedCallbacks, start, 10)
	modelstest.NoError(t, err)
	if got := overdue(t, s, start); !slices.Equal(got, []string{c.Lane.String()}) {
		t.Errorf("got %q", got)
	}
}

func TestOverdueOfNothingIsNothing(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	for _, of := range []callback.Leased{callback.LeasedCallbacks, run.LeasedBatches} {
		if found, next, err := s.OverdueLanes(t.Context(), of, "", start, 10); err != nil || len(found) != 0 || next != "" {
			t.Errorf("got %v, %q, %v", found, next, err)
		}
	}
}

func TestCountOfDueCallbacksStopsAtTheLimit(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newCustomer(t, s, "a")
	newCallbacks(t, s, n, shared, 3)
	newCallbacks(t, s, n, "", 1)
	newCallback(t, s, n, start.Add(time.Hour))
	settle(t, s, newCallback(t, s, n, start), callback.StatusFailed, 500)
	claim(t, s, newCallback(t, s, n, start), start, start.Add(time.Minute))
	for limit, want := range map[int]int{1: 1, 3: 3, 4: 4, 100: 4} {
		got, err := s.CountDue(t.Context(), callback.LeasedCallbacks, start.Add(time.Second), limit)
		modelstest.NoError(t, err)
		if got != want {
			t.Errorf("limit %d: counted %d, want %d", limit, got, want)
		}
	}
	if got, err := s.CountDue(t.Context(), callback.LeasedCallbacks, start.Add(-time.Microsecond), 10); err != nil ||
		got != 0 {
		t.Errorf("before anything is due: counted %d, %v", got, err)
	}
}

func TestSweepsAtOnceInterruptEachCallbackOnce(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	newCallbacks(t, s, newCustomer(t, s, "a"), shared, 20)
	claimed, err := s.ClaimDue(t.Context(), of(to(shared), 20), start.Add(time.Second), start.Add(time.Minute))
	modelstest.NoError(t, err)
	var total atomic.Int32
	modelstest.AtOnce(4, func(int) {
		for range 10 { // more rounds than one sweep alone needs: rows in the other's hand are skipped
			n, err := s.InterruptExpired(t.Context(), callback.LeasedCallbacks, start.Add(time.Minute), 3)
			if err != nil {
				t.Error(err)
			}
			if n > 3 {
				t.Errorf("interrupted %d at a time", n)
			}
			total.Add(int32(n))
		}
	})
	if got := int(total.Load()); got != len(claimed) {
		t.Errorf("interrupted %d, want %d", got, len(claimed))
	}
}

func TestInterruptedCallbackIsDueSinceItsLeaseRanOut(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	c := newCallback(t, s, newCustomer(t, s, "a"), start)
	lease := start.Add(time.Second)
	claim(t, s, c, start, lease)
	_, err := s.InterruptExpired(t.Context(), callback.LeasedCallbacks, start.Add(time.Hour), 10)
	modelstest.NoError(t, err)
	got := read(t, s, c.ID)
	if got.Status != callback.StatusPending || !got.NextAttemptAt.Equal(lease) || got.LeaseUntil != nil ||
		got.AttemptCount != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestInterruptingMarksOpenAttemptsOnly(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newCustomer(t, s, "a")
	gone, alive := newCallback(t, s, n, start), newCallback(t, s, n, start)
	for c, lease := range map[*callback.Callback]time.Time{gone: start.Add(time.Second), alive: start.Add(time.Hour)} {
		claimed := claim(t, s, c, start, lease)
		finished := newAttempt(t, s, c, 9)
		finished.FinishedAt = &start
		modelstest.NoError(t, s.FinishAttempts(t.Context(), finished))
		newAttempt(t, s, c, claimed.AttemptCount)
	}
	count, err := s.InterruptExpired(t.Context(), callback.LeasedCallbacks, start.Add(time.Second), 10)
	modelstest.NoError(t, err)
	if count != 1 {
		t.Errorf("interrupted %d", count)
	}
	pages, err := s.AttemptPages(t.Context(), everything(), []int64{gone.ID, alive.ID}, models.Page{First: 10})
	modelstest.NoError(t, err)
	for id, p := range pages {
		open, finished := p.Nodes[0], p.Nodes[1]
		if interrupted := open.Error != nil && open.Error.Code == callback.Interrupted &&
			open.Duration == time.Second; interrupted != (id == gone.ID) {
			t.Errorf("callback %d: the open attempt is %+v", id, open)
		}
		if finished.Error != nil {
			t.Errorf("callback %d: the finished attempt was changed: %+v", id, finished)
		}
	}
}

func TestAttemptsOfOneClaimAreWrittenTogether(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newCustomer(t, s, "a")
	var attempts []*callback.Attempt
	for range 3 {
		c := newCallback(t, s, n, start)
		attempts = append(
			attempts,
			&callback.Attempt{UID: c.UID, CallbackID: c.ID, Number: 1, URL: new("https://" + c.Lane.Host), StartedAt: start},
		)
	}
	modelstest.NoError(t, s.CreateAttempts(t.Context(), nil))
	modelstest.NoError(t, s.CreateAttempts(t.Context(), attempts))
	for _, a := range attempts {
		pages, err := s.AttemptPages(t.Context(), everything(), []int64{a.CallbackID}, models.Page{First: 10})
		modelstest.NoError(t, err)
		if diff := cmp.Diff([]*callback.Attempt{a}, pages[a.CallbackID].Nodes); diff != "" {
			t.Error(diff)
		}
	}
}
