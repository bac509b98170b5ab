package models_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
)

func TestLaneIsReadAsItIsWritten(t *testing.T) {
	t.Parallel()
	for key, lane := range map[string]models.Lane{
		"":                            {},
		"example.com:443 project:1 2": {Host: "example.com:443", Owner: "project:1", Account: 2},
		"::1:80 sso:3 4":              {Host: "::1:80", Owner: "sso:3", Account: 4},
		" request:5 6":                {Owner: "request:5", Account: 6},
		"no URL at all action:7 8":    {Host: "no URL at all", Owner: "action:7", Account: 8},
	} {
		if got := lane.String(); got != key {
			t.Errorf("%+v is %q, want %q", lane, got, key)
		}
		if got, err := models.ParseLane(key); got != lane || err != nil {
			t.Errorf("%q is %+v, %v", key, got, err)
		}
	}
	for _, key := range []string{"x", "7", "example.com:443 7", "a b c", "example.com:443 project:1 ", "example.com:443 project:1 x"} {
		if got, err := models.ParseLane(key); err == nil || got != (models.Lane{}) {
			t.Errorf("%q is %+v", key, got)
		}
	}
}

func TestLaneIsOfWhoseURLItIs(t *testing.T) {
	t.Parallel()
	const host = "receiver.example:443"
	url := "https://receiver.example/hook"
	w := newWorld(t)
	_, err := w.UpdateAccount(t.Context(), w.platform, models.AccountUpdate{
		AccountID: w.account.ID, Callback: models.EndpointUpdate{URL: models.Given(&url)},
	})
	noError(t, err)
	w.setURL(&url)
	if got := w.raised().Lane; got != w.lane(host) {
		t.Errorf("a project's: %q", got)
	}
	w.setURL(nil)
	if got, want := w.raised().Lane, (models.Lane{Host: host, Owner: "account:" + w.account.RawID(), Account: w.account.ID}); got != want {
		t.Errorf("an account's: %q, want %q", got, want)
	}
	_, err = w.UpdateSSOClient(t.Context(), w.platform, models.SSOClientUpdate{SSOClientID: w.client.ID, Webhook: models.EndpointUpdate{URL: models.Given(&url)}})
	noError(t, err)
	w.deliver(w.raised().ID, answered(500))
	if got, want := w.notices()[0].Lane, (models.Lane{Host: host, Owner: "sso:" + w.client.RawID(), Account: w.account.ID}); got != want {
		t.Errorf("a partner's: %q, want %q", got, want)
	}
	a := w.newAction()
	w.newRun(func(in *models.NewRun) { in.Callback = &models.NewRunCallback{URL: url, On: models.CallbackOnFinal} })
	w.recordBatch(w.claimBatches(a, 1)[0], found(1, false))
	if got, want := w.callbacks(models.RunFinishedEvent)[0].Lane, (models.Lane{Host: host, Owner: "request:" + w.project.RawID(), Account: w.account.ID}); got != want {
		t.Errorf("a request's: %q, want %q", got, want)
	}
}

func TestClaimTakesOfEachLaneUpToItsLimitAndSaysWhichMayHaveMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.newProject(w.account, new(projectURL))
	like := w.raised()
	w.waiting(like, projectHost, 4) // five with the first
	w.raisedFor(other, 7)
	w.clock.advance(time.Second)
	mine, theirs, empty := w.lane(projectHost), laneOf(other, projectHost), w.lane("nothing.example:443")
	asked := slices.Concat(of(mine, 3), of(theirs, 3), of(empty, 3))
	for i, want := range []struct {
		claimed map[models.Lane]int
		full    []string
	}{
		{map[models.Lane]int{mine: 3, theirs: 1}, []string{mine.String()}},
		{map[models.Lane]int{mine: 2}, nil},
		{map[models.Lane]int{}, nil},
	} {
		deliveries, movedTo, full, err := w.Claim(t.Context(), asked)
		noError(t, err)
		claimed := map[models.Lane]int{}
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

func TestBatchesOfAnExecutorThatMovedAreGivenBackToItsNewLane(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	w.newRun(pages(3))
	old := a.Lane()
	a, err := w.UpdateAction(t.Context(), w.platform, a.ID, executor("https://new.example/"))
	noError(t, err)
	executions, movedTo, full, err := w.ClaimBatches(t.Context(), of(old, 3))
	noError(t, err)
	if len(executions) != 0 || !slices.Equal(movedTo, []models.Lane{a.Lane()}) || !slices.Equal(full, []string{old.String()}) {
		t.Errorf("got %d, moved to %v, full %v", len(executions), movedTo, full)
	}
	claimed := w.claimBatches(a, 10)
	if len(claimed) != 3 || claimed[0].Attempt.Number != 1 || claimed[0].Attempt.URL != "https://new.example/" {
		t.Errorf("got %v", claimed)
	}
}

func TestReleasedExecutionsCanBeClaimedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	run := w.newRun(pages(2))
	claimed := w.claimBatches(a, 2)
	w.clock.advance(time.Second)
	noError(t, w.ReleaseBatches(t.Context(), claimed))
	for _, b := range w.batches(run.ID) {
		if b.Status != models.RunQueued || b.AttemptCount != 0 || !b.NextAttemptAt.Equal(b.CreatedAt) || len(w.batchAttempts(b.ID)) != 0 {
			t.Errorf("got %+v", b)
		}
	}
	for _, e := range w.claimBatches(a, 2) {
		w.recordBatch(e, found(1, false))
	}
	w.wantEnded(run.ID, models.RunSucceeded)
}

// The release before knows no lanes, and goes on to write rows without one while an upgrade is under way.
func TestWhatHasNoLaneIsGivenOneAndWoken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	run := w.newRun()
	e := w.claimBatches(a, 1)[0]
	e.Batch.Lane = models.Lane{}
	noError(t, w.ReleaseBatches(t.Context(), []*models.Execution{e}))
	like := w.raised()
	lane := like.Lane
	like.Lane = models.Lane{}
	w.waiting(like, "", 700) // more than one part
	w.queue.take()
	w.clock.advance(time.Minute)
	if _, woken := w.sweep(); woken != 3 {
		t.Fatalf("woke %d", woken)
	}
	for _, wakeup := range w.queue.take() {
		switch {
		case wakeup.Lane.OfBatches():
			executions, movedTo, _, err := w.ClaimBatches(t.Context(), of(wakeup.Lane, 10)) // which finds the executor's host
			noError(t, err)
			if len(executions) != 0 || !slices.Equal(movedTo, []models.Lane{a.Lane()}) {
				t.Errorf("%d batches are claimed in %q, moved to %v", len(executions), wakeup.Lane, movedTo)
			}
		case wakeup.Lane != lane:
			deliveries, movedTo, _, err := w.Claim(t.Context(), of(wakeup.Lane, 700))
			noError(t, err)
			if len(deliveries) != 0 || !slices.Equal(movedTo, []models.Lane{lane}) {
				t.Errorf("%d are claimed in %q, moved to %v", len(deliveries), wakeup.Lane, movedTo)
			}
		}
	}
	if n := len(w.claimLane(lane, 1000)); n != 701 {
		t.Errorf("claimed %d", n)
	}
	w.recordBatch(w.claimBatches(a, 10)[0], found(1, false))
	w.wantEnded(run.ID, models.RunSucceeded)
}

// short is a store in which a sweep sees two lanes at a time.
type short struct{ models.Store }

func (s short) InTx(ctx context.Context, f func(models.Store) error) error {
	return s.Store.InTx(ctx, func(tx models.Store) error { return f(short{tx}) })
}

func (s short) OverdueLanes(ctx context.Context, of models.Leased, after string, dueBy time.Time, _ int) ([]string, string, error) {
	return s.Store.OverdueLanes(ctx, of, after, dueBy, 2)
}

func TestSweepThatDoesNotComeToTheLastLaneGoesOnTheNextTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.raised()
	for _, host := range []string{"a.example:443", "b.example:443", "c.example:443", "d.example:443"} {
		w.waiting(c, host, 1)
	}
	w.clock.advance(time.Minute)
	service := w.on(short{w.store})
	woken := map[string]int{}
	for range 6 { // two rounds of three
		w.swept()
		_, _, err := service.Sweep(t.Context())
		noError(t, err)
	}
	for _, wakeup := range w.queue.take() {
		woken[wakeup.Lane.Host]++
	}
	want := map[string]int{projectHost: 2, "a.example:443": 2, "b.example:443": 2, "c.example:443": 2, "d.example:443": 2}
	if diff := cmp.Diff(want, woken); diff != "" {
		t.Error(diff)
	}
}

func TestLongBodyIsFetchedWhenItIsNeeded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	like := w.raised()
	for _, size := range []int{0, models.MaxClaimedBody, models.MaxClaimedBody + 1, 1 << 20} {
		c := *like
		c.Body, c.UID, c.DedupKey = slices.Repeat([]byte("x"), size), uuid.Must(uuid.NewV7()), uuid.NewString()
		noError(t, w.store.CreateCallbacks(t.Context(), &c))
		d := w.claim(c.ID)
		if read := len(d.Callback.Body); d.Bytes() != int64(size) || read != size && (read != 0 || size <= models.MaxClaimedBody) {
			t.Errorf("of %d bytes %d are read, and it says that there are %d", size, read, d.Bytes())
		}
		noError(t, w.Fetch(t.Context(), d))
		if d.Bytes() != int64(size) || len(d.Callback.Body) != size {
			t.Errorf("of %d bytes %d are fetched, and it says that there are %d", size, len(d.Callback.Body), d.Bytes())
		}
		w.record(d, answered(200))
	}
}
