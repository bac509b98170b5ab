package callback_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/receiver"
)

// healthOf reads the health of one owner, as the platform.
func healthOf(w *modelstest.World, owner callback.Parent, id int64, within callback.HealthRange) *callback.Health {
	w.T.Helper()
	all, err := w.CallbackHealth(w.T.Context(), w.Platform.Scope(models.RoleViewer), owner, []int64{id}, within)
	modelstest.NoError(w.T, err)
	return all[id]
}

// wantHealth expects a status of the project, before and after what was counted is added up.
func wantHealth(w *modelstest.World, want callback.HealthStatus, since *time.Time) {
	w.T.Helper()
	for _, when := range []string{"before", "after"} {
		h := healthOf(w, callback.OfProject, w.Shop.ID, callback.HealthDay)
		if h.Status != want || !cmp.Equal(h.FailingSince, since) {
			w.T.Errorf("%s it is added up: %s since %v, want %s since %v", when, h.Status, h.FailingSince, want, since)
		}
		_, err := w.FoldHealth(w.T.Context())
		modelstest.NoError(w.T, err)
	}
}

func TestHealthSaysHowTheReceiverFares(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	wantHealth(w, callback.NeverUsed, nil)
	c := w.NewCallback()
	wantHealth(w, callback.Healthy, nil)
	if at := healthOf(w, callback.OfProject, w.Shop.ID, callback.HealthDay).OldestPendingAt; !c.CreatedAt.Equal(*at) {
		t.Errorf("the oldest is of %s, want %s", at, c.CreatedAt)
	}
	w.Deliver(c.ID, modelstest.Answered(500))
	failed := w.Clock.Now()
	wantHealth(w, callback.Healthy, nil) // its first retry may arrive
	w.Deliver(c.ID, modelstest.Answered(500))
	w.Clock.Advance(5 * time.Second)
	wantHealth(w, callback.Failing, &failed)
	w.Clock.Advance(40 * time.Hour) // in later hours too, as far as the range does not reach
	w.Deliver(c.ID, modelstest.Answered(500))
	modelstest.WantStatus(t, w.ReadCallback(c.ID), callback.StatusFailed)
	wantHealth(w, callback.Failing, &failed)
	w.Clock.Advance(time.Hour)
	w.Deliver(w.NewCallback().ID, callback.Fault(time.Second)) // ours
	wantHealth(w, callback.Failing, &failed)
	w.Deliver(w.NewCallback().ID, modelstest.Answered(200))
	wantHealth(w, callback.Healthy, nil)
	w.Clock.Advance(time.Minute)
	w.Deliver(w.NewCallback().ID, modelstest.Answered(410))
	failed = w.Clock.Now()
	w.Clock.Advance(callback.HealthKept + 25*time.Hour)
	wantHealth(w, callback.Failing, &failed)
	w.MustPurge(callback.Retention{Rows: 1000 * time.Hour})
	wantHealth(w, callback.Failing, &failed) // as the history has it
}

func TestHealthCountsWhatHasEndedInItsBucket(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	deliver := func(o callback.Outcome) { w.Deliver(w.NewCallback().ID, o) }
	deliver(modelstest.Answered(200))
	deliver(callback.Outcome{HTTPStatus: new(410), Duration: 100 * time.Millisecond})
	w.Clock.Advance(time.Hour)
	deliver(callback.Outcome{HTTPStatus: new(200), Duration: time.Second})
	w.Clock.Advance(24 * time.Hour)
	deliver(callback.Outcome{Error: &callback.AttemptError{Code: callback.BlockedAddress}})
	type bucket struct {
		success uint64
		failed  map[callback.AttemptErrorCode]uint64
	}
	day := w.Clock.Now().Truncate(24 * time.Hour)
	hour := w.Clock.Now().Truncate(time.Hour)
	gone := map[callback.AttemptErrorCode]uint64{callback.HTTPStatusError: 1}
	blocked := map[callback.AttemptErrorCode]uint64{callback.BlockedAddress: 1}
	for within, want := range map[callback.HealthRange]map[time.Time]bucket{
		callback.HealthDay:   {hour: {0, blocked}},
		callback.HealthWeek:  {day.Add(-24 * time.Hour): {2, gone}, day: {0, blocked}},
		callback.HealthMonth: {day.Add(-24 * time.Hour): {2, gone}, day: {0, blocked}},
	} {
		for _, owner := range []struct {
			of callback.Parent
			id int64
		}{{callback.OfProject, w.Shop.ID}, {callback.OfAccount, w.Acme.ID}} {
			for _, when := range []string{"before", "after"} {
				h := healthOf(w, owner.of, owner.id, within)
				got := map[time.Time]bucket{}
				for _, b := range h.Buckets {
					if b.Success+b.FailedCount() > 0 {
						got[b.StartsAt] = bucket{b.Success, b.Failed}
					}
				}
				if diff := cmp.Diff(want, got, cmp.AllowUnexported(bucket{})); diff != "" {
					t.Errorf("%s of %s, %s it is added up: %s", within, owner.of, when, diff)
				}
				_, err := w.FoldHealth(t.Context())
				modelstest.NoError(t, err)
			}
		}
	}
	h := healthOf(w, callback.OfProject, w.Shop.ID, callback.HealthWeek)
	if n := h.Receiver.Count(); n != 3 || h.Receiver.Percentile(1).Round(100*time.Millisecond) != time.Second {
		t.Errorf("%d attempts were answered, the slowest after %s", n, h.Receiver.Percentile(1))
	}
}

// The partner's notices are the SSO client's, and neither the project's nor the account's.
func TestNoticesCountForTheSSOClient(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.Deliver(w.NewCallback().ID, modelstest.Answered(410))
	notice := w.Notices()[0]
	ofPartner := func() *callback.Health { return healthOf(w, callback.OfSSOClient, w.Partner.ID, callback.HealthDay) }
	if h := ofPartner(); h.Pending != 1 || h.Status != callback.Healthy || !h.OldestPendingAt.Equal(notice.CreatedAt) {
		t.Errorf("a notice waits: %+v", h)
	}
	w.Deliver(notice.ID, modelstest.Answered(204))
	for range 2 {
		if h := ofPartner(); h.Pending != 0 || h.Success != 1 || h.Status != callback.Healthy {
			t.Errorf("a notice has arrived: %+v", h)
		}
		if h := healthOf(w, callback.OfAccount, w.Acme.ID, callback.HealthDay); h.Success != 0 || h.FailedCount() != 1 {
			t.Errorf("of the account: %+v", h)
		}
		_, err := w.FoldHealth(t.Context())
		modelstest.NoError(t, err)
	}
	w.Clock.Advance(100 * 24 * time.Hour)
	w.MustPurge(modelstest.PayloadsFirst)
	if h := ofPartner(); h.Success != 0 || h.Status != callback.Healthy {
		t.Errorf("long after: %+v", h)
	}
}

// While workers settle and others add up, nothing is counted twice, and nothing is missing at any moment.
func TestCountsAreExactWhileTheyAreAddedUp(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	const count = 120
	deliveries := w.MustClaimMany(w.NewCallback(), count)
	settled, done := make(chan uint64, count), make(chan struct{})
	go func() {
		defer close(done)
		sum := uint64(0)
		for n := range settled {
			sum += n
			if got := healthOf(w, callback.OfProject, w.Shop.ID, callback.HealthDay).Success; got < sum {
				t.Errorf("%d are counted, of %d that have ended", got, sum)
			}
		}
	}()
	modelstest.AtOnce(4, func(k int) {
		for i := k; i < count; i += 4 {
			if err := w.Settle(t.Context(), w.Decide(deliveries[i], modelstest.Answered(200))); err != nil {
				t.Error(err)
			}
			settled <- 1
			if i%3 == 0 {
				if _, err := w.FoldHealth(t.Context()); err != nil {
					t.Error(err)
				}
			}
		}
	})
	close(settled)
	<-done
	h := healthOf(w, callback.OfProject, w.Shop.ID, callback.HealthDay)
	if h.Success != count || h.Arrival.Count() != count {
		t.Errorf("%d are counted, want %d", h.Success, count)
	}
}

// brokenFold dies before it commits.
type brokenFold struct{ callback.FoldTx }

func (b brokenFold) PutHealthHours(
	ctx context.Context, hours map[callback.HealthKey]*callback.Tally,
) error {
	return errors.Join(b.FoldTx.PutHealthHours(ctx, hours), modelstest.ErrBroken)
}

func TestCountsOutliveWhoAddsThemUp(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.Deliver(w.NewCallback().ID, modelstest.Answered(200))
	dying := w.ServiceOn(func(db *callback.Ports) {
		db.InFoldTx = modelstest.Through(db.InFoldTx, func(tx callback.FoldTx) callback.FoldTx { return brokenFold{tx} })
	})
	if n, err := dying.Upkeep.FoldHealth(t.Context()); n != 0 || !errors.Is(err, modelstest.ErrBroken) {
		t.Errorf("got %d, %v", n, err)
	}
	for _, want := range []int{1, 0} {
		n, err := w.FoldHealth(t.Context())
		modelstest.NoError(t, err)
		if h := healthOf(w, callback.OfProject, w.Shop.ID, callback.HealthDay); n != want || h.Success != 1 {
			t.Errorf("added up %d, want %d; %d are counted", n, want, h.Success)
		}
	}
}

// One part that cannot be read holds up no other.
func TestCountsThatCannotBeReadAreLeftOut(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.Deliver(w.NewCallback().ID, modelstest.Answered(200))
	for _, table := range []string{"callback_health_parts", "callback_health_hours"} {
		w.SQL("UPDATE " + table + " SET tally = '?'")
		w.Deliver(w.NewCallback().ID, modelstest.Answered(200))
		healthOf(w, callback.OfProject, w.Shop.ID, callback.HealthDay)
		_, err := w.FoldHealth(t.Context())
		modelstest.NoError(t, err)
		if h := healthOf(w, callback.OfProject, w.Shop.ID, callback.HealthDay); h.Success != 1 {
			t.Errorf("%s: %d are counted", table, h.Success)
		}
	}
}

func TestWhatEndedBeforeTheFirstWorkerCountedIsSaidToBeMissing(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	_, err := w.FoldHealth(t.Context())
	modelstest.NoError(t, err)
	if h := healthOf(w, callback.OfProject, w.Shop.ID, callback.HealthMonth); h.Since != nil {
		t.Errorf("of a new installation: since %s", h.Since)
	}
	w.Deliver(w.NewCallback().ID, modelstest.Answered(200))
	w.SQL("DELETE FROM callback_health_since")
	w.SQL("DELETE FROM callback_health_hours")
	w.SQL("DELETE FROM callback_health_parts")
	w.Configure() // another process
	_, err = w.FoldHealth(t.Context())
	modelstest.NoError(t, err)
	want := w.Clock.Now().Truncate(time.Hour).Add(2 * time.Hour)
	if h := healthOf(w, callback.OfProject, w.Shop.ID, callback.HealthMonth); h.Since == nil || !h.Since.Equal(want) ||
		h.Status != callback.Healthy {
		t.Errorf("after an upgrade: %s, since %v, want %s", h.Status, h.Since, want)
	}
	w.Clock.Advance(40 * 24 * time.Hour)
	if h := healthOf(w, callback.OfProject, w.Shop.ID, callback.HealthMonth); h.Since != nil {
		t.Errorf("long after: since %s", h.Since)
	}
}

// A new way to end a callback goes through settleCallbacks, which counts it.
func TestCallbacksAreSettledAndCountedInOnePlace(t *testing.T) {
	t.Parallel()
	var calls []string
	modelstest.NoError(t, filepath.WalkDir("../..", func(path string, _ os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(text)) {
			if strings.Contains(line, ".SettleCallbacks(") {
				calls = append(calls, filepath.Base(path))
			}
		}
		return nil
	}))
	if diff := cmp.Diff([]string{"health_count.go"}, calls); diff != "" {
		t.Errorf("SettleCallbacks is called elsewhere, where nobody counts: %s", diff)
	}
}

// Whoever tries a receiver does not change how it fares, whatever comes of the tests.
func TestTestsDoNotCountInHealth(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	all := func() []*callback.Health {
		return []*callback.Health{
			healthOf(w, callback.OfProject, w.Shop.ID, callback.HealthDay),
			healthOf(w, callback.OfAccount, w.Acme.ID, callback.HealthDay),
			healthOf(w, callback.OfSSOClient, w.Partner.ID, callback.HealthDay),
		}
	}
	try := func(o callback.Outcome) {
		before := all()
		tests := []*callback.Callback{w.NewTest(), w.NewTest()}
		ofPartner, err := w.SendTest(t.Context(), w.Platform, receiver.TestToSend{Of: receiver.Of{SSOClientID: w.Partner.ID}})
		modelstest.NoError(t, err)
		for _, c := range append(tests, ofPartner.Callback) {
			w.Deliver(c.ID, o)
		}
		w.NewTest() // it waits
		w.Clock.Advance(time.Minute)
		if diff := cmp.Diff(before, all()); diff != "" {
			t.Errorf("after %+v: %s", o, diff)
		}
	}
	try(modelstest.Answered(500))
	wantHealth(w, callback.NeverUsed, nil)
	w.Deliver(w.NewCallback().ID, modelstest.Answered(200))
	try(modelstest.Answered(500))
	wantHealth(w, callback.Healthy, nil)
	w.Deliver(w.NewCallback().ID, modelstest.Answered(410))
	failed := w.Clock.Now()
	w.Clock.Advance(time.Minute)
	try(modelstest.Answered(200))
	wantHealth(w, callback.Failing, &failed)
}

func TestHealthSaysThatItIsPaused(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	second := w.NewProject(w.Acme, new(modelstest.ProjectURL))
	want := func(shop, other, account callback.HealthStatus) {
		t.Helper()
		for owner, id := range map[callback.Parent]map[int64]callback.HealthStatus{
			callback.OfProject: {w.Shop.ID: shop, second.ID: other}, callback.OfAccount: {w.Acme.ID: account},
		} {
			for id, want := range id {
				if h := healthOf(w, owner, id, callback.HealthDay); h.Status != want || (h.FailingSince != nil) != (want == callback.Failing) {
					t.Errorf("%s %d is %s since %v, want %s", owner, id, h.Status, h.FailingSince, want)
				}
			}
		}
		all, err := w.CallbackHealth(t.Context(), w.KeyActor(w.Shop).Scope(models.RoleViewer), callback.OfAccount,
			[]int64{w.Acme.ID}, callback.HealthDay)
		if err != nil || all[w.Acme.ID].Status != shop {
			t.Errorf("to the project's key the account is %s, want %s: %v", all[w.Acme.ID].Status, shop, err)
		}
		if h := healthOf(w, callback.OfSSOClient, w.Partner.ID, callback.HealthDay); h.Status == callback.Paused {
			t.Error("the SSO client is paused")
		}
	}
	const paused, never = callback.Paused, callback.NeverUsed
	pause(w, w.Shop)
	want(paused, never, never)
	resume(w, w.Shop)
	want(never, never, never)
	pause(w, nil)
	want(paused, paused, paused)
	resume(w, nil)
	w.Deliver(w.NewCallback().ID, modelstest.Answered(500))
	w.Clock.Advance(time.Minute)
	pause(w, w.Shop)
	want(paused, never, callback.Failing)
}
