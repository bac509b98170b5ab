package callback_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
	"github.com/ringback/ringback/models/tenant"
)

func TestLaneIsReadAsItIsWritten(t *testing.T) {
	t.Parallel()
	for key, lane := range map[string]callback.Lane{
		"":                            {},
		"example.com:443 project:1 2": {Host: "example.com:443", Owner: "project:1", Account: 2},
		"::1:80 sso:3 4":              {Host: "::1:80", Owner: "sso:3", Account: 4},
		" request:5 6":                {Owner: "request:5", Account: 6},
		"no URL at all action:7 8":    {Host: "no URL at all", Owner: "action:7", Account: 8},
	} {
		if got := lane.String(); got != key {
			t.Errorf("%+v is %q, want %q", lane, got, key)
		}
		if got, err := callback.ParseLane(key); got != lane || err != nil {
			t.Errorf("%q is %+v, %v", key, got, err)
		}
	}
	for _, key := range []string{
		"x", "7", "example.com:443 7", "a b c", "example.com:443 project:1 ", "example.com:443 project:1 x",
	} {
		if got, err := callback.ParseLane(key); err == nil || got != (callback.Lane{}) {
			t.Errorf("%q is %+v", key, got)
		}
	}
}

func TestLaneIsOfWhoseURLItIs(t *testing.T) {
	t.Parallel()
	const host = "receiver.example:443"
	url := "https://receiver.example/hook"
	w := modelstest.NewWorld(t)
	_, err := w.UpdateAccount(t.Context(), w.Platform, tenant.AccountUpdate{
		AccountID: w.Acme.ID, Callback: models.EndpointUpdate{URL: models.Given(&url)},
	})
	modelstest.NoError(t, err)
	w.SetURL(&url)
	if got := w.NewCallback().Lane; got != w.Lane(host) {
		t.Errorf("a project's: %q", got)
	}
	w.SetURL(nil)
	if got, want := w.NewCallback().Lane, (callback.Lane{Host: host, Owner: "account:" + w.Acme.RawID(), Account: w.Acme.ID}); got != want {
		t.Errorf("an account's: %q, want %q", got, want)
	}
	_, err = w.UpdateSSOClient(
		t.Context(), w.Platform,
		tenant.SSOClientUpdate{SSOClientID: w.Partner.ID, Webhook: models.EndpointUpdate{URL: models.Given(&url)}},
	)
	modelstest.NoError(t, err)
	w.Deliver(w.NewCallback().ID, modelstest.Answered(500))
	if got, want := w.Notices()[0].Lane, (callback.Lane{Host: host, Owner: "sso:" + w.Partner.RawID(), Account: w.Acme.ID}); got != want {
		t.Errorf("a partner's: %q, want %q", got, want)
	}
	a := w.NewAction()
	w.NewRun(func(in *run.NewRun) { in.Callback = &run.NewCallback{URL: url, On: run.CallbackOnFinal} })
	w.MustRecordBatch(w.MustClaimBatches(a, 1)[0], modelstest.Results(1, false))
	if got, want := w.CallbacksOf(callback.RunFinishedEvent)[0].Lane, (callback.Lane{Host: host, Owner: "request:" + w.Shop.RawID(), Account: w.Acme.ID}); got != want {
		t.Errorf("a request's: %q, want %q", got, want)
	}
}

func TestClaimTakesOfEachLaneUpToItsLimitAndSaysWhichMayHaveMore(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	other := w.NewProject(w.Acme, new(modelstest.ProjectURL))
	like := w.NewCallback()
	w.MoreCallbacks(like, modelstest.ProjectHost, 4) // five with the first
	w.NewCallbackOf(other, 7)
	w.Clock.Advance(time.Second)
	mine, theirs, empty := w.Lane(modelstest.ProjectHost), modelstest.LaneOf(other, modelstest.ProjectHost), w.Lane("nothing.example:443")
	asked := slices.Concat(modelstest.Limit(mine, 3), modelstest.Limit(theirs, 3), modelstest.Limit(empty, 3))
	for i, want := range []struct {
		claimed map[callback.Lane]int
		full    []string
	}{
		{map[callback.Lane]int{mine: 3, theirs: 1}, []string{mine.String()}},
		{map[callback.Lane]int{mine: 2}, nil},
		{map[callback.Lane]int{}, nil},
	} {
		deliveries, movedTo, full, err := w.Claim(t.Context(), asked)
		modelstest.NoError(t, err)
		claimed := map[callback.Lane]int{}
		for _, d := range deliveries {
			claimed[d.Lane()]++
		}
		if diff := cmp.Diff(want.claimed, claimed); diff != "" || !slices.Equal(full, want.full) || len(movedTo) != 0 {
			t.Errorf("claim %d: full %q, moved to %v; %s", i+1, full, movedTo, diff)
		}
	}
	if deliveries, _, _, err := w.Claim(t.Context(), nil); len(deliveries) != 0 || err != nil {
		t.Errorf("of no lane: %v, %v", deliveries, err)
	}
}

// The release before knows no lanes, and goes on to write rows without one while an upgrade is under way.
func TestWhatHasNoLaneIsGivenOneAndWoken(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	r := w.NewRun()
	e := w.MustClaimBatches(a, 1)[0]
	e.Batch.Lane = callback.Lane{}
	modelstest.NoError(t, w.Executions.Release(t.Context(), []*run.Execution{e}))
	like := w.NewCallback()
	lane := like.Lane
	like.Lane = callback.Lane{}
	w.MoreCallbacks(like, "", 700) // more than one part
	w.Queue.Take()
	w.Clock.Advance(time.Minute)
	if _, woken := w.MustSweep(); woken != 3 {
		t.Fatalf("woke %d", woken)
	}
	for _, wakeup := range w.Queue.Take() {
		switch {
		case run.OfBatches(wakeup.Lane):
			// which finds the executor's host
			executions, movedTo, _, err := w.Executions.Claim(t.Context(), modelstest.Limit(wakeup.Lane, 10))
			modelstest.NoError(t, err)
			if len(executions) != 0 || !slices.Equal(movedTo, []callback.Lane{a.Lane()}) {
				t.Errorf("%d batches are claimed in %q, moved to %v", len(executions), wakeup.Lane, movedTo)
			}
		case wakeup.Lane != lane:
			deliveries, movedTo, _, err := w.Claim(t.Context(), modelstest.Limit(wakeup.Lane, 700))
			modelstest.NoError(t, err)
			if len(deliveries) != 0 || !slices.Equal(movedTo, []callback.Lane{lane}) {
				t.Errorf("%d are claimed in %q, moved to %v", len(deliveries), wakeup.Lane, movedTo)
			}
		}
	}
	if n := len(w.ClaimLane(lane, 1000)); n != 701 {
		t.Errorf("claimed %d", n)
	}
	w.MustRecordBatch(w.MustClaimBatches(a, 10)[0], modelstest.Results(1, false))
	w.WantEnded(r.ID, run.Succeeded)
}

// twoLanes has a sweep see two lanes at a time.
type twoLanes struct{ callback.SweepTx }

func (s twoLanes) OverdueLanes(
	ctx context.Context, of callback.Leased, after string, dueBy time.Time, _ int,
) ([]string, string, error) {
	return s.SweepTx.OverdueLanes(ctx, of, after, dueBy, 2)
}

func TestSweepThatDoesNotComeToTheLastLaneGoesOnTheNextTime(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.NewCallback()
	for _, host := range []string{"a.example:443", "b.example:443", "c.example:443", "d.example:443"} {
		w.MoreCallbacks(c, host, 1)
	}
	w.Clock.Advance(time.Minute)
	service := w.ServiceOn(func(db *callback.Ports) {
		db.InSweepTx = modelstest.Through(db.InSweepTx, func(tx callback.SweepTx) callback.SweepTx { return twoLanes{tx} })
	})
	woken := map[string]int{}
	for range 6 { // two rounds of three
		w.SweptByOthers()
		_, _, err := service.Upkeep.Sweep(t.Context())
		modelstest.NoError(t, err)
	}
	for _, wakeup := range w.Queue.Take() {
		woken[wakeup.Lane.Host]++
	}
	want := map[string]int{
		modelstest.ProjectHost: 2, "a.example:443": 2, "b.example:443": 2, "c.example:443": 2, "d.example:443": 2,
	}
	if diff := cmp.Diff(want, woken); diff != "" {
		t.Error(diff)
	}
}

func TestLongBodyIsFetchedWhenItIsNeeded(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	like := w.NewCallback()
	for _, size := range []int{0, callback.MaxClaimedBody, callback.MaxClaimedBody + 1, 1 << 20} {
		c := *like
		c.Body, c.UID, c.DedupKey = slices.Repeat([]byte("x"), size), uuid.Must(uuid.NewV7()), uuid.NewString()
		modelstest.NoError(t, w.Store.CreateCallbacks(t.Context(), &c))
		d := w.MustClaim(c.ID)
		if read := len(d.Callback.Body); d.Bytes() != int64(size) || read != size &&
			(read != 0 || size <= callback.MaxClaimedBody) {
			t.Errorf("of %d bytes %d are read, and it says that there are %d", size, read, d.Bytes())
		}
		modelstest.NoError(t, w.Fetch(t.Context(), d))
		if d.Bytes() != int64(size) || len(d.Callback.Body) != size {
			t.Errorf("of %d bytes %d are fetched, and it says that there are %d", size, len(d.Callback.Body), d.Bytes())
		}
		w.MustSettle(d, modelstest.Answered(200))
	}
}
