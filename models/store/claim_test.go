package store_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
)

// shared is a host with several callbacks.
const shared = "shared.example:443"

// on makes a callback wait for a host.
func on(host string) func(*models.Callback) {
	return func(c *models.Callback) { c.TargetHost = host }
}

// newCallbacks inserts callbacks on a host, each a microsecond later than the one before.
func newCallbacks(t *testing.T, s *store.Store, n *tenant, host string, count int) []int64 {
	t.Helper()
	created := make([]int64, count)
	for i := range created {
		created[i] = newCallback(t, s, n, start.Add(time.Duration(i)*time.Microsecond), on(host)).ID
	}
	return created
}

// claim takes a callback that is alone on its host.
func claim(t *testing.T, s *store.Store, c *models.Callback, at, leaseUntil time.Time) *models.Callback {
	t.Helper()
	claimed, err := s.ClaimDue(t.Context(), c.TargetHost, at, leaseUntil, 2)
	noError(t, err)
	if !slices.Equal(ids(claimed), []int64{c.ID}) {
		t.Fatalf("claimed %v, want %d", ids(claimed), c.ID)
	}
	return claimed[0]
}

// read returns a callback as it is now.
func read(t *testing.T, s *store.Store, id int64) *models.Callback {
	t.Helper()
	found, err := s.LockCallback(t.Context(), everything(), id) // the history leaves out the body and the headers
	noError(t, err)
	return found
}

func TestClaimedCallbackIsRunningWithALeaseAndItsNextNumber(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	c := newCallback(t, s, newTenant(t, s, "a"), start)
	got := claim(t, s, c, start, start.Add(time.Minute))
	if got.Status != models.StatusRunning || got.AttemptCount != 1 || !got.LeaseUntil.Equal(start.Add(time.Minute)) ||
		got.NextAttemptAt != nil || string(got.Body) != "body" {
		t.Errorf("got %+v", got)
	}
	if diff := cmp.Diff(got, read(t, s, c.ID)); diff != "" {
		t.Errorf("what was returned is not what was written: %s", diff)
	}
}

func TestSixteenClaimersShareNoCallbackAndTogetherTakeAll(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	const limit = 3
	want := newCallbacks(t, s, newTenant(t, s, "a"), shared, 50)
	var mu sync.Mutex
	var got []int64
	atOnce(16, func(int) {
		for {
			claimed, err := s.ClaimDue(t.Context(), shared, start.Add(time.Second), start.Add(time.Minute), limit)
			if err != nil {
				t.Error(err)
				return
			}
			if len(claimed) > limit {
				t.Errorf("claimed %d at a time", len(claimed))
			}
			if len(claimed) == 0 {
				return // all that is left is in others' hands
			}
			mu.Lock()
			got = append(got, ids(claimed)...)
			mu.Unlock()
		}
	})
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestClaimTakesTheLongestWaitingAndNoMoreThanTheLimit(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newTenant(t, s, "a")
	var newestFirst []int64
	for i := range 7 {
		newestFirst = append(newestFirst, newCallback(t, s, n, start.Add(time.Duration(-i)*time.Second), on(shared)).ID)
	}
	want := slices.Clone(newestFirst)
	slices.Reverse(want)
	for _, size := range []int{3, 3, 1, 0} {
		claimed, err := s.ClaimDue(t.Context(), shared, start, start.Add(time.Minute), 3)
		noError(t, err)
		got := ids(claimed)
		slices.Sort(got) // within a claim there is no order
		part := slices.Sorted(slices.Values(want[:size]))
		if !slices.Equal(got, part) {
			t.Fatalf("claimed %v, want %v", got, part)
		}
		want = want[size:]
	}
}

func TestClaimKeepsToItsHostAndToWhatIsDue(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newTenant(t, s, "a")
	due := newCallback(t, s, n, start, on(shared))
	future := newCallback(t, s, n, start.Add(time.Microsecond), on(shared))
	elsewhere := newCallback(t, s, n, start, on("shared.example:8443"))
	ended := newCallback(t, s, n, start)
	settle(t, s, ended, models.StatusSuccess, 200)
	running := newCallback(t, s, n, start)
	claim(t, s, running, start, start.Add(time.Minute))

	hosts, err := s.OverdueHosts(t.Context(), start)
	noError(t, err)
	slices.Sort(hosts)
	if diff := cmp.Diff([]string{shared, elsewhere.TargetHost}, hosts); diff != "" {
		t.Errorf("something is due for: %s", diff)
	}
	for _, host := range []string{ended.TargetHost, running.TargetHost, "unknown.example:443", ""} {
		if claimed, err := s.ClaimDue(t.Context(), host, start, start.Add(time.Minute), 10); err != nil || len(claimed) != 0 {
			t.Errorf("%q: claimed %v, %v", host, ids(claimed), err)
		}
	}
	claimed, err := s.ClaimDue(t.Context(), shared, start, start.Add(time.Minute), 10)
	noError(t, err)
	if !slices.Equal(ids(claimed), []int64{due.ID}) {
		t.Errorf("claimed %v, want %d", ids(claimed), due.ID)
	}
	if got := read(t, s, future.ID); got.Status != models.StatusPending {
		t.Errorf("one that is not due is %s", got.Status)
	}
}

func TestCallbackWithoutAURLWaitsUnderTheEmptyHost(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	c := newCallback(t, s, newTenant(t, s, "a"), start, on(""))
	hosts, err := s.OverdueHosts(t.Context(), start)
	noError(t, err)
	if !slices.Equal(hosts, []string{""}) {
		t.Errorf("got %q", hosts)
	}
	claim(t, s, c, start, start.Add(time.Minute))
}

func TestMovedCallbackWaitsUnderItsNewHostAsIfItHadNotBeenClaimed(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newTenant(t, s, "a")
	for name, url := range map[string]*string{"another host": new("https://new.example/"), "no URL": nil} {
		c := newCallback(t, s, n, start)
		claimed := claim(t, s, c, start, start.Add(time.Minute))
		claimed.TargetURL, claimed.TargetHost = url, ""
		if url != nil {
			claimed.TargetHost = "new.example:443"
		}
		at := start.Add(time.Second)
		claimed.NextAttemptAt = &at
		noError(t, s.MoveCallbacks(t.Context(), []*models.Callback{claimed}))
		want := *c
		want.TargetURL, want.TargetHost, want.NextAttemptAt = url, claimed.TargetHost, &at
		if diff := cmp.Diff(&want, read(t, s, c.ID)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestRenewalKeepsRunningCallbacksOnly(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newTenant(t, s, "a")
	running, other, pending, ended := newCallback(t, s, n, start), newCallback(t, s, n, start), newCallback(t, s, n, start), newCallback(t, s, n, start)
	lease, renewed := start.Add(time.Second), start.Add(time.Minute)
	claim(t, s, running, start, lease)
	claim(t, s, other, start, lease)
	settle(t, s, ended, models.StatusFailed, 500)
	before := []*models.Callback{read(t, s, other.ID), read(t, s, pending.ID), read(t, s, ended.ID)}
	got, err := s.RenewLeases(t.Context(), []models.Lease{
		{ID: running.ID, Attempt: 1}, {ID: other.ID, Attempt: 2}, {ID: pending.ID}, {ID: ended.ID, Attempt: 1}, {ID: 999, Attempt: 1},
	}, renewed)
	noError(t, err)
	if diff := cmp.Diff([]models.Lease{{ID: running.ID, Attempt: 1}}, got); diff != "" {
		t.Error(diff)
	}
	if got := read(t, s, running.ID); !got.LeaseUntil.Equal(renewed) || got.AttemptCount != 1 {
		t.Errorf("got %+v", got)
	}
	for _, want := range before {
		if diff := cmp.Diff(want, read(t, s, want.ID)); diff != "" {
			t.Errorf("%s: %s", want.Status, diff)
		}
	}
	// What was renewed is not interrupted; what was not is.
	n1, err := s.InterruptExpired(t.Context(), lease, 10)
	noError(t, err)
	if n1 != 1 || read(t, s, running.ID).Status != models.StatusRunning || read(t, s, other.ID).Status != models.StatusPending {
		t.Errorf("interrupted %d", n1)
	}
}

func TestSettlingIsFencedByTheAttemptCount(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newTenant(t, s, "a")
	end := func(c *models.Callback) bool {
		c.Status, c.FinishedAt, c.NextAttemptAt, c.LeaseUntil = models.StatusSuccess, &start, nil, nil
		owned, err := s.SettleCallbacks(t.Context(), c)
		noError(t, err)
		return owned[0]
	}
	interrupted := func() *models.Callback {
		late := claim(t, s, newCallback(t, s, n, start), start, start)
		if count, err := s.InterruptExpired(t.Context(), start, 10); err != nil || count != 1 {
			t.Fatalf("interrupted %d, %v", count, err)
		}
		return late
	}
	if late := interrupted(); !end(late) || read(t, s, late.ID).Status != models.StatusSuccess {
		t.Error("not settled by the worker whose lease ran out, though no other followed")
	}
	late := interrupted()
	second := claim(t, s, late, start, start.Add(time.Minute))
	if second.AttemptCount != 2 || end(late) || read(t, s, late.ID).Status != models.StatusRunning {
		t.Error("settled by a worker that another one followed")
	}
	if !end(second) || end(second) {
		t.Error("not settled once by the worker that has it")
	}
}

func TestLimitHoldsWhateverThePlannerBelieves(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newTenant(t, s, "a")
	newCallbacks(t, s, n, shared, 1)
	noError(t, s.DB().Exec("ANALYZE").Error) // for a table that it takes for tiny, Postgres would run the choice once for each row
	newCallbacks(t, s, n, shared, 20)
	claimed, err := s.ClaimDue(t.Context(), shared, start.Add(time.Second), start.Add(time.Minute), 3)
	noError(t, err)
	if len(claimed) != 3 {
		t.Errorf("claimed %d", len(claimed))
	}
	_, err = s.ClaimDue(t.Context(), shared, start.Add(time.Second), start.Add(time.Minute), 20)
	noError(t, err)
	if got, err := s.InterruptExpired(t.Context(), start.Add(time.Minute), 3); err != nil || got != 3 {
		t.Errorf("interrupted %d, %v", got, err)
	}
}
