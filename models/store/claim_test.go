package store_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/store/storetest"
)

func TestOneOfSixteenClaimsACallback(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	c := newCallback(t, s, newTenant(t, s, "a"), start)
	var mu sync.Mutex
	var claimed []*models.Callback
	atOnce(16, func(int) {
		got, err := s.ClaimCallback(t.Context(), c.ID, start, start.Add(time.Minute))
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		if got != nil {
			claimed = append(claimed, got)
		}
	})
	if len(claimed) != 1 {
		t.Fatalf("claimed %d times", len(claimed))
	}
	got := claimed[0]
	if got.Status != models.StatusRunning || got.AttemptCount != 1 || !got.LeaseUntil.Equal(start.Add(time.Minute)) || string(got.Body) != "body" {
		t.Errorf("got %+v", got)
	}
}

func TestClaimNeedsACallbackThatIsDue(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newTenant(t, s, "a")
	future := newCallback(t, s, n, start.Add(time.Microsecond))
	ended := newCallback(t, s, n, start)
	settle(t, s, ended, models.StatusSuccess, 200)
	for name, id := range map[string]int64{"not due": future.ID, "ended": ended.ID, "unknown": 999} {
		if got, err := s.ClaimCallback(t.Context(), id, start, start.Add(time.Minute)); got != nil || err != nil {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
}

func TestSettlingIsFencedByTheAttemptCount(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	c := newCallback(t, s, newTenant(t, s, "a"), start)
	late, err := s.ClaimCallback(t.Context(), c.ID, start, start)
	noError(t, err)
	n, err := s.InterruptExpired(t.Context(), start, 10)
	noError(t, err)
	if n != 1 {
		t.Fatalf("interrupted %d", n)
	}
	end := func(c *models.Callback) bool {
		c.Status, c.FinishedAt, c.LeaseUntil = models.StatusSuccess, &start, nil
		owned, err := s.SettleCallback(t.Context(), c)
		noError(t, err)
		return owned
	}
	if end(late) {
		t.Error("settled by a worker whose lease was taken")
	}
	second, err := s.ClaimCallback(t.Context(), c.ID, start, start.Add(time.Minute))
	noError(t, err)
	if second.AttemptCount != 2 || end(late) {
		t.Error("settled by a worker that another one followed")
	}
	if !end(second) {
		t.Error("not settled by the worker that has it")
	}
}

func TestTwoSweepsAtOnceShareNoCallback(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newTenant(t, s, "a")
	want := []int64{}
	for range 20 {
		want = append(want, newCallback(t, s, n, start).ID)
	}
	var mu sync.Mutex
	got := []int64{}
	atOnce(2, func(int) {
		for range 10 { // more rounds than one sweep alone needs: rows in the other's hand are skipped
			due, err := s.DueForWaking(t.Context(), start, start.Add(time.Minute), 3)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			got = append(got, ids(due)...)
			mu.Unlock()
		}
	})
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWakingCountsUpTheEpochAndLeavesTheTimeOfTheAttempt(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newTenant(t, s, "a")
	c := newCallback(t, s, n, start)
	newCallback(t, s, n, start.Add(time.Hour)) // not yet
	next := start.Add(10 * time.Second)
	due, err := s.DueForWaking(t.Context(), start, next, 10)
	noError(t, err)
	if len(due) != 1 || due[0].ID != c.ID || due[0].Epoch != 1 || !due[0].NextAttemptAt.Equal(start) || !due[0].WakeAt.Equal(next) {
		t.Fatalf("got %+v", due)
	}
	again, err := s.DueForWaking(t.Context(), next.Add(-time.Microsecond), next, 10)
	noError(t, err)
	if len(again) != 0 {
		t.Errorf("again: %+v", again)
	}
}

func TestSweepTakesTheLongestWaitingFirst(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newTenant(t, s, "a")
	late, early := newCallback(t, s, n, start.Add(time.Second)), newCallback(t, s, n, start)
	for _, want := range []int64{early.ID, late.ID} {
		due, err := s.DueForWaking(t.Context(), start.Add(time.Minute), start.Add(time.Hour), 1)
		noError(t, err)
		if !slices.Equal(ids(due), []int64{want}) {
			t.Errorf("got %v, want %d", ids(due), want)
		}
	}
}

func TestInterruptingMarksOpenAttemptsOnly(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newTenant(t, s, "a")
	gone, alive := newCallback(t, s, n, start), newCallback(t, s, n, start)
	attempts := map[int64]*models.Attempt{}
	for c, lease := range map[*models.Callback]time.Time{gone: start.Add(time.Second), alive: start.Add(time.Hour)} {
		claimed, err := s.ClaimCallback(t.Context(), c.ID, start, lease)
		noError(t, err)
		finished := &models.Attempt{UID: uuid.Must(uuid.NewV7()), CallbackID: c.ID, Number: 9, StartedAt: start}
		noError(t, s.CreateAttempt(t.Context(), finished))
		finished.FinishedAt = &start
		noError(t, s.FinishAttempt(t.Context(), finished))
		attempts[c.ID] = &models.Attempt{UID: uuid.Must(uuid.NewV7()), CallbackID: c.ID, Number: claimed.AttemptCount, StartedAt: start}
		noError(t, s.CreateAttempt(t.Context(), attempts[c.ID]))
	}
	count, err := s.InterruptExpired(t.Context(), start.Add(time.Second), 10)
	noError(t, err)
	if count != 1 {
		t.Errorf("interrupted %d", count)
	}
	pages, err := s.AttemptPages(t.Context(), everything(), []int64{gone.ID, alive.ID}, models.Page{First: 10})
	noError(t, err)
	for id, p := range pages {
		open, finished := p.Nodes[0], p.Nodes[1]
		if interrupted := open.Error != nil && open.Error.Code == models.Interrupted && open.Duration == time.Second; interrupted != (id == gone.ID) {
			t.Errorf("callback %d: the open attempt is %+v", id, open)
		}
		if finished.Error != nil {
			t.Errorf("callback %d: the finished attempt was changed: %+v", id, finished)
		}
	}
}
