package store_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
)

// shared is a host with several callbacks.
const shared = "shared.example:443"

// to is the lane to a host.
func to(host string) callback.Lane { return callback.Lane{Host: host, Owner: "project:1", Account: 1} }

// on makes a callback wait for a host.
func on(host string) func(*callback.Callback) {
	return func(c *callback.Callback) { c.Lane = to(host) }
}

// of asks for so much of a lane.
func of(lane callback.Lane, limit int) []callback.LaneLimit {
	return []callback.LaneLimit{{Lane: lane.String(), Limit: limit}}
}

// overdue are the lanes of callbacks that nobody takes.
func overdue(t *testing.T, s *store.Store, dueBy time.Time) []string {
	t.Helper()
	found, next, err := s.OverdueLanes(t.Context(), callback.LeasedCallbacks, "", dueBy, 100)
	modelstest.NoError(t, err)
	if next != "" {
		t.Errorf("there are more lanes than 100, after %q", next)
	}
	return found
}

// keys are those of lanes to hosts.
func keys(hosts ...string) (list []string) {
	for _, host := range hosts {
		list = append(list, to(host).String())
	}
	return list
}

// newCallbacks inserts callbacks on a host, each a microsecond later than the one before.
func newCallbacks(t *testing.T, s *store.Store, n *customer, host string, count int) []int64 {
	t.Helper()
	created := make([]int64, count)
	for i := range created {
		created[i] = newCallback(t, s, n, start.Add(time.Duration(i)*time.Microsecond), on(host)).ID
	}
	return created
}

// claim takes a callback that is alone on its host.
func claim(t *testing.T, s *store.Store, c *callback.Callback, at, leaseUntil time.Time) *callback.Callback {
	t.Helper()
	claimed, err := s.ClaimDue(t.Context(), of(c.Lane, 2), at, leaseUntil)
	modelstest.NoError(t, err)
	if !slices.Equal(ids(claimed), []int64{c.ID}) {
		t.Fatalf("claimed %v, want %d", ids(claimed), c.ID)
	}
	return claimed[0]
}

// read returns a callback as it is now.
func read(t *testing.T, s *store.Store, id int64) *callback.Callback {
	t.Helper()
	found, err := s.LockCallback(t.Context(), everything(), id) // the history leaves out the body and the headers
	modelstest.NoError(t, err)
	return found
}

func TestClaimedCallbackIsRunningWithALeaseAndItsNextNumber(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	c := newCallback(t, s, newCustomer(t, s, "a"), start)
	got := claim(t, s, c, start, start.Add(time.Minute))
	if got.Status != callback.StatusRunning || got.AttemptCount != 1 || !got.LeaseUntil.Equal(start.Add(time.Minute)) ||
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
	want := newCallbacks(t, s, newCustomer(t, s, "a"), shared, 50)
	var mu sync.Mutex
	var got []int64
	modelstest.AtOnce(16, func(int) {
		for {
			claimed, err := s.ClaimDue(t.Context(), of(to(shared), limit), start.Add(time.Second), start.Add(time.Minute))
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
	n := newCustomer(t, s, "a")
	var newestFirst []int64
	for i := range 7 {
		newestFirst = append(newestFirst, newCallback(t, s, n, start.Add(time.Duration(-i)*time.Second), on(shared)).ID)
	}
	want := slices.Clone(newestFirst)
	slices.Reverse(want)
	for _, size := range []int{3, 3, 1, 0} {
		claimed, err := s.ClaimDue(t.Context(), of(to(shared), 3), start, start.Add(time.Minute))
		modelstest.NoError(t, err)
		got := ids(claimed)
		slices.Sort(got) // within a claim there is no order
		part := slices.Sorted(slices.Values(want[:size]))
		if !slices.Equal(got, part) {
			t.Fatalf("claimed %v, want %v", got, part)
		}
		want = want[size:]
	}
}

func TestClaimKeepsToItsLaneAndToWhatIsDue(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newCustomer(t, s, "a")
	due := newCallback(t, s, n, start, on(shared))
	future := newCallback(t, s, n, start.Add(time.Microsecond), on(shared))
	elsewhere := newCallback(t, s, n, start, on("shared.example:8443"))
	ended := newCallback(t, s, n, start)
	settle(t, s, ended, callback.StatusSuccess, 200)
	running := newCallback(t, s, n, start)
	claim(t, s, running, start, start.Add(time.Minute))

	if diff := cmp.Diff([]string{to(shared).String(), elsewhere.Lane.String()}, overdue(t, s, start)); diff != "" {
		t.Errorf("something is due for: %s", diff)
	}
	for _, lane := range []callback.Lane{ended.Lane, running.Lane, to("unknown.example:443"), to(""), {}} {
		if claimed, err := s.ClaimDue(t.Context(), of(lane, 10), start, start.Add(time.Minute)); err != nil ||
			len(claimed) != 0 {
			t.Errorf("%q: claimed %v, %v", lane, ids(claimed), err)
		}
	}
	claimed, err := s.ClaimDue(t.Context(), of(to(shared), 10), start, start.Add(time.Minute))
	modelstest.NoError(t, err)
	if !slices.Equal(ids(claimed), []int64{due.ID}) {
		t.Errorf("claimed %v, want %d", ids(claimed), due.ID)
	}
	if got := read(t, s, future.ID); got.Status != callback.StatusPending {
		t.Errorf("one that is not due is %s", got.Status)
	}
}

func TestCallbackWithoutAURLWaitsInALaneWithoutAHost(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	c := newCallback(t, s, newCustomer(t, s, "a"), start, on(""))
	if got := overdue(t, s, start); !slices.Equal(got, keys("")) {
		t.Errorf("got %q", got)
	}
	claim(t, s, c, start, start.Add(time.Minute))
}

func TestCallbackThatIsGivenBackWaitsWhereItSaysAsIfItHadNotBeenClaimed(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newCustomer(t, s, "a")
	for name, url := range map[string]*string{"another host": new("https://new.example/"), "no URL": nil} {
		c := newCallback(t, s, n, start)
		claimed := claim(t, s, c, start, start.Add(time.Minute))
		claimed.TargetURL, claimed.Lane = url, to("")
		if url != nil {
			claimed.Lane = to("new.example:443")
		}
		at := start.Add(time.Second)
		claimed.NextAttemptAt = &at
		modelstest.NoError(t, s.GiveBackCallbacks(t.Context(), claimed))
		want := *c
		want.TargetURL, want.Lane, want.NextAttemptAt = url, claimed.Lane, &at
		if diff := cmp.Diff(&want, read(t, s, c.ID)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestRenewalKeepsRunningCallbacksOnly(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newCustomer(t, s, "a")
	running, other, pending, ended := newCallback(t, s, n, start), newCallback(t, s, n, start), newCallback(t, s, n, start), newCallback(t, s, n, start)
	lease, renewed := start.Add(time.Second), start.Add(time.Minute)
	claim(t, s, running, start, lease)
	claim(t, s, other, start, lease)
	settle(t, s, ended, callback.StatusFailed, 500)
	before := []*callback.Callback{read(t, s, other.ID), read(t, s, pending.ID), read(t, s, ended.ID)}
	got, err := s.RenewLeases(t.Context(), callback.LeasedCallbacks, []callback.Lease{
		{ID: running.ID, Attempt: 1},
		{ID: other.ID, Attempt: 2},
		{ID: pending.ID},
		{ID: ended.ID, Attempt: 1},
		{ID: 999, Attempt: 1},
	}, renewed)
	modelstest.NoError(t, err)
	if diff := cmp.Diff([]callback.Lease{{ID: running.ID, Attempt: 1}}, got); diff != "" {
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
	n1, err := s.InterruptExpired(t.Context(), callback.LeasedCallbacks, lease, 10)
	modelstest.NoError(t, err)
	if n1 != 1 || read(t, s, running.ID).Status != callback.StatusRunning ||
		read(t, s, other.ID).Status != callback.StatusPending {
		t.Errorf("interrupted %d", n1)
	}
}

func TestSettlingIsFencedByTheAttemptCount(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newCustomer(t, s, "a")
	end := func(c *callback.Callback) bool {
		c.Status, c.FinishedAt, c.NextAttemptAt, c.LeaseUntil = callback.StatusSuccess, &start, nil, nil
		owned, err := s.SettleCallbacks(t.Context(), c)
		modelstest.NoError(t, err)
		return owned[0]
	}
	interrupted := func() *callback.Callback {
		late := claim(t, s, newCallback(t, s, n, start), start, start)
		if count, err := s.InterruptExpired(t.Context(), callback.LeasedCallbacks, start, 10); err != nil || count != 1 {
			t.Fatalf("interrupted %d, %v", count, err)
		}
		return late
	}
	if late := interrupted(); !end(late) || read(t, s, late.ID).Status != callback.StatusSuccess {
		t.Error("not settled by the worker whose lease ran out, though no other followed")
	}
	late := interrupted()
	second := claim(t, s, late, start, start.Add(time.Minute))
	if second.AttemptCount != 2 || end(late) || read(t, s, late.ID).Status != callback.StatusRunning {
		t.Error("settled by a worker that another one followed")
	}
	if !end(second) || end(second) {
		t.Error("not settled once by the worker that has it")
	}
}

func TestLimitHoldsWhateverThePlannerBelieves(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newCustomer(t, s, "a")
	newCallbacks(t, s, n, shared, 1)
	// for a table that it takes for tiny, Postgres would run the choice once for each row
	modelstest.NoError(t, s.DB().Exec("ANALYZE").Error)
	newCallbacks(t, s, n, shared, 20)
	claimed, err := s.ClaimDue(t.Context(), of(to(shared), 3), start.Add(time.Second), start.Add(time.Minute))
	modelstest.NoError(t, err)
	if len(claimed) != 3 {
		t.Errorf("claimed %d", len(claimed))
	}
	_, err = s.ClaimDue(t.Context(), of(to(shared), 20), start.Add(time.Second), start.Add(time.Minute))
	modelstest.NoError(t, err)
	if got, err := s.InterruptExpired(t.Context(), callback.LeasedCallbacks, start.Add(time.Minute), 3); err != nil ||
		got != 3 {
		t.Errorf("interrupted %d, %v", got, err)
	}
}
