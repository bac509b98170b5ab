package callback_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/tenant"
)

var allWebhookEvents = []tenant.WebhookEvent{
	tenant.WebhookFirstFailure, tenant.WebhookGivenUp, tenant.WebhookRecovered,
}

func newRecovering(t testing.TB) *modelstest.World {
	t.Helper()
	w := modelstest.NewWorld(t)
	w.SetWebhookEvents(allWebhookEvents...)
	return w
}

// A step is an answer to the callback itself, or to a replay that is made for it.
func TestPartnerHearsOfAnArrivalOnceAfterANoticeOfAFailure(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		events []tenant.WebhookEvent
		steps  string
		want   []int // notices of arrivals after each step
	}{
		"a retry arrives":             {allWebhookEvents, "500 200", []int{0, 1}},
		"no failure":                  {allWebhookEvents, "200 replay:200", []int{0, 0}},
		"given up":                    {allWebhookEvents, "410 replay:200", []int{0, 1}},
		"more replays":                {allWebhookEvents, "410 replay:200 replay:200 replay:204", []int{0, 1, 1, 1}},
		"a replay after an arrival":   {allWebhookEvents, "500 200 replay:200", []int{0, 1, 1}},
		"a replay that fails":         {allWebhookEvents, "410 replay:410 replay:200", []int{0, 0, 1}},
		"failed after an arrival":     {allWebhookEvents, "500 200 replay:410 replay:200", []int{0, 1, 1, 2}},
		"only the replay has failed":  {allWebhookEvents, "200 replay:410 replay:200 replay:200", []int{0, 0, 1, 1}},
		"not asked for":               {tenant.DefaultWebhookEvents(), "410 replay:200", []int{0, 0}},
		"no notice of first failures": {[]tenant.WebhookEvent{tenant.WebhookGivenUp, tenant.WebhookRecovered}, "500 200", []int{0, 0}},
		"a notice of given up ones":   {[]tenant.WebhookEvent{tenant.WebhookGivenUp, tenant.WebhookRecovered}, "500 410 replay:200", []int{0, 0, 1}},
		"no notice of failures":       {[]tenant.WebhookEvent{tenant.WebhookRecovered}, "410 replay:200", []int{0, 0}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			w.SetWebhookEvents(test.events...)
			original := w.NewCallback()
			for i, step := range strings.Fields(test.steps) {
				id := original.ID
				answer, ofReplay := strings.CutPrefix(step, "replay:")
				if ofReplay {
					replay, err := w.Replay(t.Context(), w.Editor, id)
					modelstest.NoError(t, err)
					id = replay.ID
				}
				c := w.Deliver(id, modelstest.Answered(statusOf(t, answer)))
				got := w.Recoveries()
				if len(got) != test.want[i] {
					t.Fatalf("after step %d, %s, there are %d notices of arrivals, want %d", i+1, step, len(got), test.want[i])
				}
				if i > 0 && test.want[i] > test.want[i-1] {
					checkRecovery(t, got[len(got)-1], c)
				}
			}
		})
	}
}

func statusOf(t *testing.T, text string) int {
	t.Helper()
	status, ok := map[string]int{"200": 200, "204": 204, "410": 410, "500": 500}[text]
	if !ok {
		t.Fatalf("no status: %s", text)
	}
	return status
}

func checkRecovery(t *testing.T, n, arrived *callback.Callback) {
	t.Helper()
	got := modelstest.ReadNotice(t, n)
	data := got.EventData
	if got.EventType != "callback-recovered" || data.CallbackUID != arrived.UID.String() ||
		data.CallbackRef != arrived.Ref.String() || data.Error != nil || data.WillRetry || *data.Status != *arrived.HTTPStatus ||
		data.Attempts != arrived.AttemptCount || *data.TargetURL != *arrived.TargetURL || *data.CrawlID == 0 {
		t.Errorf("it says %s", n.Body)
	}
	if n.Target != callback.TargetSSOClient || *n.CauseID != arrived.ID {
		t.Errorf("got %+v", n)
	}
}

func TestPartnerHearsOfWhatItHasChosen(t *testing.T) {
	t.Parallel()
	for events, want := range map[string][]int{ // notices after the first failure, after another, after the giving up, and of another that is given up at once
		"FIRST_FAILURE":           {1, 1, 1, 2},
		"GIVEN_UP":                {0, 0, 1, 2},
		"FIRST_FAILURE,GIVEN_UP":  {1, 1, 2, 3},
		"RECOVERED":               {0, 0, 0, 0},
		"FIRST_FAILURE,RECOVERED": {1, 1, 1, 2},
	} {
		for _, mode := range []tenant.NoticeMode{tenant.NoticeEach, tenant.NoticeDigest} {
			t.Run(events+" "+string(mode), func(t *testing.T) {
				t.Parallel()
				w := modelstest.NewWorld(t)
				w.SetNoticeMode(mode)
				w.SetWebhookEvents(tenant.ParseWebhookEvents(events)...)
				c := w.NewCallback()
				for i, want := range want {
					if i == 3 {
						w.Deliver(w.NewCallback().ID, modelstest.Answered(410))
					} else {
						w.Deliver(c.ID, modelstest.Answered(500))
					}
					told := len(w.Notices())
					for _, n := range digests(w) {
						told += readDigest(t, n).EventData.FailureCount
					}
					if told != want {
						t.Errorf("after step %d it has heard of %d failures, want %d", i+1, told, want)
					}
				}
			})
		}
	}
}

func TestDigestTellsOfArrivals(t *testing.T) {
	t.Parallel()
	w := newRecovering(t)
	w.SetNoticeMode(tenant.NoticeDigest)
	first := w.NewCallback()
	w.Deliver(first.ID, modelstest.Answered(500))
	w.Deliver(digests(w)[0].ID, modelstest.Answered(200))
	w.Deliver(first.ID, modelstest.Answered(200))
	of := readDigest(t, digests(w)[1])
	if of.EventType != "callbacks-recovered" || of.EventData.FailureCount != 0 || of.EventData.RecoveredCount != 1 ||
		len(of.EventData.RecoveredCallbackUIDs) != 1 || of.EventData.RecoveredCallbackUIDs[0] != first.UID.String() ||
		of.EventData.FirstFailedAt != nil || of.EventData.Causes == nil || of.EventData.CallbackUIDs == nil {
		t.Errorf("it says %s", digests(w)[1].Body)
	}
	// What waits is added to, and by then it tells of a failure.
	second := w.NewCallback()
	w.Deliver(second.ID, modelstest.Answered(410))
	replay, err := w.Replay(t.Context(), w.Editor, second.ID)
	modelstest.NoError(t, err)
	w.Deliver(replay.ID, modelstest.Answered(200))
	of = readDigest(t, digests(w)[1])
	if of.EventType != "callbacks-failed" || of.EventData.FailureCount != 1 || of.EventData.RecoveredCount != 2 ||
		of.EventData.RecoveredCallbackUIDs[1] != replay.UID.String() {
		t.Errorf("it says %s", digests(w)[1].Body)
	}
	if len(digests(w)) != 2 || len(w.Recoveries()) != 0 || len(w.Notices()) != 0 {
		t.Errorf("%d digests, %d notices", len(digests(w)), len(w.Recoveries()))
	}
}

func TestReplaysThatArriveAtOnceAreOneRecovery(t *testing.T) {
	t.Parallel()
	for _, mode := range []tenant.NoticeMode{tenant.NoticeEach, tenant.NoticeDigest} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			w := newRecovering(t)
			w.SetNoticeMode(mode)
			const originals = 20
			var deliveries []*callback.Delivery
			for range originals {
				c := w.Deliver(w.NewCallback().ID, modelstest.Answered(410))
				for range callback.MaxReplays {
					replay, err := w.Replay(t.Context(), w.Editor, c.ID)
					modelstest.NoError(t, err)
					deliveries = append(deliveries, w.MustClaim(replay.ID))
				}
			}
			services := []*callback.Service{w.Service, w.ServiceOn(nil)} // as two workers, of which one has heard of no failure
			modelstest.AtOnce(len(deliveries), func(i int) {
				engine := services[i%2].Deliveries
				if err := engine.Settle(t.Context(), engine.Decide(deliveries[i], modelstest.Answered(200))); err != nil {
					t.Error(err)
				}
			})
			told := len(w.Recoveries())
			for _, n := range digests(w) {
				told += readDigest(t, n).EventData.RecoveredCount
			}
			if told != originals {
				t.Errorf("%d arrivals are told of %d", told, originals)
			}
		})
	}
}

func TestRecoveryIsToldOnceWhenItsSettlementIsMadeAgain(t *testing.T) {
	t.Parallel()
	w := newRecovering(t)
	c := w.NewCallback()
	w.Deliver(c.ID, modelstest.Answered(500))
	w.Clock.Advance(w.ReadCallback(c.ID).NextAttemptAt.Sub(w.Clock.Now()))
	x := w.Decide(w.MustClaim(c.ID), modelstest.Answered(200))
	if err := w.ServiceOn(forgetful).Deliveries.Settle(t.Context(), x); !errors.Is(err, errUnheard) {
		t.Fatal(err)
	}
	modelstest.NoError(t, w.Settle(t.Context(), x))
	if got := len(w.Recoveries()); got != 1 {
		t.Errorf("told %d times", got)
	}
}

// unwritten has settlements undone at their end, as a kill before the commit does.
func unwritten(inTx models.InTx[callback.SettlementTx]) models.InTx[callback.SettlementTx] {
	return func(ctx context.Context, do func(callback.SettlementTx) error) error {
		return inTx(ctx, func(tx callback.SettlementTx) error {
			if err := do(tx); err != nil {
				return err
			}
			return errUnheard
		})
	}
}

// What cannot be written changes nothing, and the arrival is told of when it is recorded.
func TestRecoveryThatCannotBeWrittenIsTold(t *testing.T) {
	t.Parallel()
	w := newRecovering(t)
	c := w.NewCallback()
	w.Deliver(c.ID, modelstest.Answered(500))
	w.Clock.Advance(w.ReadCallback(c.ID).NextAttemptAt.Sub(w.Clock.Now()))
	x := w.Decide(w.MustClaim(c.ID), modelstest.Answered(200))
	broken := w.ServiceOn(func(db *callback.Ports) { db.Record, db.InSettlementTx = nil, unwritten(db.InSettlementTx) })
	if err := broken.Deliveries.Settle(t.Context(), x); !errors.Is(err, errUnheard) {
		t.Fatal(err)
	}
	if got := len(w.Recoveries()); got != 0 {
		t.Fatalf("%d are told of what is not recorded", got)
	}
	modelstest.NoError(t, w.Settle(t.Context(), x))
	if got := len(w.Recoveries()); got != 1 {
		t.Errorf("told %d times", got)
	}
}

func TestNoticeOfAnArrivalIsACallbackLikeAnyOther(t *testing.T) {
	t.Parallel()
	w := newRecovering(t)
	c := w.NewCallback()
	w.Deliver(c.ID, modelstest.Answered(500))
	w.Deliver(c.ID, modelstest.Answered(200))
	n := w.Recoveries()[0]
	w.Deliver(n.ID, modelstest.Answered(500)) // it raises no notice of its own
	modelstest.WantStatus(t, w.Deliver(n.ID, modelstest.Answered(200)), callback.StatusSuccess)
	replay, err := w.Replay(t.Context(), w.Platform, n.ID)
	modelstest.NoError(t, err)
	w.Deliver(replay.ID, modelstest.Answered(200))
	if replay = w.ReadCallback(replay.ID); replay.Event != callback.CallbackRecoveredEvent {
		t.Errorf("its replay is a %s", replay.Event)
	}
	if len(w.Notices()) != 1 || len(w.Recoveries()) != 2 {
		t.Errorf("%d and %d notices", len(w.Notices()), len(w.Recoveries()))
	}
	if filtered := w.CallbacksOf(callback.CallbackFailedEvent); len(filtered) != 1 {
		t.Errorf("%d notices of failures", len(filtered))
	}
}

func TestAnotherPartnerHearsOfNoArrivalWhoseFailureItHasNotHeardOf(t *testing.T) {
	t.Parallel()
	w := newRecovering(t)
	c := w.NewCallback()
	w.Deliver(c.ID, modelstest.Answered(500))
	other := w.NewPartner("https://other.example/hook")
	_, err := w.UpdateSSOClient(
		t.Context(), w.Platform, tenant.SSOClientUpdate{SSOClientID: other.ID, WebhookEvents: allWebhookEvents},
	)
	modelstest.NoError(t, err)
	w.SQL(fmt.Sprintf("UPDATE accounts SET sso_client_id = %d WHERE id = %d", other.ID, w.Acme.ID))
	w.Deliver(c.ID, modelstest.Answered(200))
	if got := len(w.Recoveries()); got != 0 {
		t.Errorf("%d notices", got)
	}
}

func TestNoNoticeOfAnArrivalWithoutAWebhookURL(t *testing.T) {
	t.Parallel()
	w := newRecovering(t)
	c := w.NewCallback()
	w.Deliver(c.ID, modelstest.Answered(500))
	w.SetWebhook(nil)
	w.Deliver(c.ID, modelstest.Answered(200))
	if got := len(w.Recoveries()); got != 0 {
		t.Errorf("%d notices", got)
	}
}

func TestWebhookEventsThatAreRefused(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	for _, events := range [][]tenant.WebhookEvent{{}, {"FIRST"}, {tenant.WebhookGivenUp, ""}} {
		_, err := w.UpdateSSOClient(
			t.Context(), w.Platform, tenant.SSOClientUpdate{SSOClientID: w.Partner.ID, WebhookEvents: events},
		)
		modelstest.WantError(t, err, models.CodeBadUserInput, "webhookEvents")
		_, err = w.CreateSSOClient(t.Context(), w.Platform, tenant.NewSSOClient{Name: "S", WebhookEvents: events})
		modelstest.WantError(t, err, models.CodeBadUserInput, "webhookEvents")
	}
}
