package callback_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/tenant"
)

func TestClaimTakesACallbackOnlyWhenItIsDue(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.NewCallback()
	c = w.Deliver(c.ID, modelstest.Answered(500))
	for _, early := range []time.Duration{5*time.Second - time.Microsecond, 0} {
		w.Clock.Advance(early)
		if w.MayClaim(c.ID) {
			t.Fatalf("claimed at %s, due at %s", w.Clock.Now(), c.NextAttemptAt)
		}
	}
	w.Clock.Advance(time.Microsecond)
	w.MustClaim(c.ID)
}

func TestClaimOfNothingIsNoError(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	deliveries, movedTo, _, err := w.Claim(t.Context(), modelstest.Limit(w.Lane(modelstest.ProjectHost), 10))
	if len(deliveries) != 0 || len(movedTo) != 0 || err != nil {
		t.Errorf("got %v, %v, %v", deliveries, movedTo, err)
	}
}

func TestClaimedTwiceAtOnceIsSentOnce(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.NewCallback()
	var claimed atomic.Int32
	modelstest.AtOnce(8, func(int) {
		deliveries, _, _, err := w.Claim(t.Context(), modelstest.Limit(w.Lane(modelstest.ProjectHost), 8))
		if err != nil {
			t.Error(err)
		}
		claimed.Add(int32(len(deliveries)))
	})
	if got := claimed.Load(); got != 1 {
		t.Errorf("claimed %d times", got)
	}
	if got := len(w.Attempts(c.ID)); got != 1 {
		t.Errorf("%d attempts have a row", got)
	}
}

func TestAttemptHasItsRowBeforeTheRequestLeaves(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.NewCallback()
	d := w.MustClaim(c.ID)
	attempts := w.Attempts(c.ID)
	if len(attempts) != 1 || attempts[0].UID != d.Attempt.UID || attempts[0].Number != 1 || attempts[0].FinishedAt != nil {
		t.Fatalf("got %+v", attempts)
	}
	if got := *attempts[0].URL; got != modelstest.ProjectURL {
		t.Errorf("the row says %s", got)
	}
	running := w.ReadCallback(c.ID)
	modelstest.WantStatus(t, running, callback.StatusRunning)
	if want := modelstest.Start.Add(callback.LeaseTime); !running.LeaseUntil.Equal(want) {
		t.Errorf("the lease ends at %s, want %s", running.LeaseUntil, want)
	}
}

func TestDeliveryCarriesTheIDsAndASignatureOfTheStoredBytes(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	_, err := w.UpdateProject(t.Context(), w.Admin, tenant.ProjectUpdate{
		ProjectID: w.Shop.ID, Callback: models.EndpointUpdate{Headers: models.Given([]models.Header{
			{Key: "authorization", Value: "Bearer your-token"}, {Key: "user-agent", Value: "configured"},
		})},
	})
	modelstest.NoError(t, err)
	c := w.NewCallback()
	w.Deliver(c.ID, modelstest.Answered(500))
	w.Clock.Advance(5 * time.Second)
	d := w.MustClaim(c.ID)
	h, err := d.Headers("Ringback/test", w.Clock.Now())
	modelstest.NoError(t, err)
	want := map[string]string{
		"authorization": "Bearer your-token", "user-agent": "configured", "Content-Type": "application/x-www-form-urlencoded",
		"X-Callback-Ref": c.Ref.String(), "X-Run-Callback": d.Attempt.UID.String(), "X-Callback-Attempt": "2",
		"X-Callback-Event": "CRAWL_FINISHED",
		"Webhook-Id":       c.Ref.String(),
	}
	for key, value := range want {
		if got := h[key]; len(got) != 1 || got[0] != value { // as it is spelled
			t.Errorf("%s: got %q, want %q", key, got, value)
		}
	}
	if len(h.Values("User-Agent")) != 0 {
		t.Errorf("there are two: %v", h)
	}
	secrets, err := w.ProjectSigningSecrets(t.Context(), w.Admin, w.Shop.ID)
	modelstest.NoError(t, err)
	modelstest.NoError(
		t,
		modelstest.VerifySignature(
			t, secrets[w.Shop.ID][0], c.Ref.String(), w.Clock.Now(), h.Get("webhook-signature"), w.ReadCallback(c.ID).Body,
		),
	)
}

func TestFormCallbackArrivesWithExactlyTheStatuses200To204(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	arrived := map[int]bool{200: true, 201: true, 202: true, 203: true, 204: true}
	for _, status := range []int{
		200, 201, 202, 203, 204, 205, 206, 208, 226, 299, 301, 302, 304, 400, 401, 404, 429, 500, 503,
	} {
		c := w.Deliver(w.NewCallback().ID, modelstest.Answered(status))
		want := callback.StatusPending
		if arrived[status] {
			want = callback.StatusSuccess
		}
		if c.Status != want || *c.HTTPStatus != status {
			t.Errorf("%d: the callback is %s with %d", status, c.Status, *c.HTTPStatus)
		}
		if failed := c.Error != nil; failed == arrived[status] || failed && c.Error.Code != callback.HTTPStatusError {
			t.Errorf("%d: the error is %+v", status, c.Error)
		}
	}
}

func TestSuccessIsFinalAndRecorded(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.NewCallback()
	d := w.MustClaim(c.ID)
	w.Clock.Advance(2 * time.Second)
	status := 204
	w.MustSettle(d, callback.Outcome{
		HTTPStatus: &status, Duration: time.Second, ResponseBody: []byte("thanks"),
		Timings: callback.Timings{
			DNS: 1 * time.Millisecond, Connect: 2 * time.Millisecond, TLS: 3 * time.Millisecond, FirstByte: 4 * time.Millisecond,
		},
	})
	c = w.ReadCallback(c.ID)
	if !c.FinishedAt.Equal(w.Clock.Now()) || c.AttemptCount != 1 || c.FailureCount != 0 || c.NextAttemptAt != nil {
		t.Errorf("got %+v", c)
	}
	a := w.Attempts(c.ID)[0]
	if a.Duration != time.Second || a.Timings.FirstByte != 4*time.Millisecond || *a.HTTPStatus != 204 || a.Error != nil {
		t.Errorf("got %+v", a)
	}
	if got := w.ReadText(models.ResponseBodyText, a.ID); got != "thanks" {
		t.Errorf("the answer is %q", got)
	}
	if got := w.Queue.Take(); len(got) != 0 {
		t.Errorf("woken after success: %v", got)
	}
	if w.MayClaim(c.ID) {
		t.Error("claimed after success")
	}
}

func TestFailuresFollowTheScheduleAndThenTheCallbackIsGivenUp(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.NewCallback()
	for i, delay := range modelstest.TwoRetries {
		c = w.Deliver(c.ID, modelstest.Refused())
		modelstest.WantStatus(t, c, callback.StatusPending)
		if got := c.NextAttemptAt.Sub(w.Clock.Now()); got != delay || c.FailureCount != i+1 {
			t.Fatalf("after failure %d the next attempt is in %s, want %s", c.FailureCount, got, delay)
		}
	}
	c = w.Deliver(c.ID, modelstest.Refused())
	modelstest.WantStatus(t, c, callback.StatusFailed)
	if c.AttemptCount != 3 || c.HTTPStatus != nil || c.Error.Code != callback.ConnectRefused {
		t.Errorf("got %+v", c)
	}
}

func TestRetryAfterOfTheReceiverIsObeyed(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	o := modelstest.Answered(503)
	o.RetryAfter = "3600"
	c := w.Deliver(w.NewCallback().ID, o)
	if got := c.NextAttemptAt.Sub(modelstest.Start); got != time.Hour {
		t.Errorf("the next attempt is in %s", got)
	}
}

func TestGoneEndsACallbackAtOnce(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	modelstest.WantStatus(t, w.Deliver(w.NewCallback().ID, modelstest.Answered(410)), callback.StatusFailed)
	if got := len(w.Notices()); got != 1 {
		t.Errorf("%d notices: the first failure and giving up are the same moment", got)
	}
}

func TestInterruptedAttemptCostsNoRetryAndRaisesNoNotice(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.NewCallback()
	d := w.MustClaim(c.ID)
	w.Clock.Advance(time.Second)
	modelstest.NoError(t, w.Settle(t.Context(), w.GiveBack(d)))
	c = w.ReadCallback(c.ID)
	modelstest.WantStatus(t, c, callback.StatusPending)
	if c.FailureCount != 0 || c.AttemptCount != 1 || !c.NextAttemptAt.Equal(w.Clock.Now()) {
		t.Errorf("got %+v", c)
	}
	if a := w.Attempts(c.ID)[0]; a.Error.Code != callback.Interrupted || a.Duration != time.Second || a.FinishedAt == nil {
		t.Errorf("got %+v", a)
	}
	if got := w.Queue.Take(); len(got) != 1 || got[0].CallbackID != c.ID || !got[0].At.Equal(w.Clock.Now()) {
		t.Errorf("woken by %v", got)
	}
	if got := len(w.Notices()); got != 0 {
		t.Errorf("%d notices", got)
	}
	if d := w.MustClaim(c.ID); d.Attempt.Number != 2 {
		t.Errorf("the next attempt has the number %d", d.Attempt.Number)
	}
}

func TestTargetIsResolvedAtEachAttempt(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.Deliver(w.NewCallback().ID, modelstest.Refused())
	const mended = "https://mended.example/hook"
	_, err := w.UpdateProject(t.Context(), w.Editor, tenant.ProjectUpdate{ProjectID: w.Shop.ID, Callback: models.EndpointUpdate{
		URL: models.Given(new(mended)), Headers: models.Given([]models.Header{{Key: "Authorization", Value: "rotated"}}),
	}})
	modelstest.NoError(t, err)
	w.Clock.Advance(5 * time.Second)
	d := w.MustClaim(c.ID)
	if d.Target.URL != mended || len(d.Target.Headers) != 1 || d.Target.Headers[0].Value.Reveal() != "rotated" {
		t.Errorf("sent to %+v", d.Target)
	}
	w.MustSettle(d, modelstest.Answered(200))
	attempts := w.Attempts(c.ID)
	if *attempts[0].URL != modelstest.ProjectURL || *attempts[1].URL != mended ||
		*w.ReadCallback(c.ID).TargetURL != mended {
		t.Error("the history does not say what was really used")
	}
}

func TestClearedURLFailsTheAttemptAndAMendedOneHelps(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.NewCallback()
	set := func(url *string) {
		_, err := w.UpdateProject(t.Context(), w.Admin, tenant.ProjectUpdate{
			ProjectID: w.Shop.ID, Callback: models.EndpointUpdate{URL: models.Given(url)},
		})
		modelstest.NoError(t, err)
	}
	set(nil)
	d := w.MustClaim(c.ID)
	refusal := d.Refusal()
	if refusal == nil || refusal.Code != callback.NoCallbackURL {
		t.Fatalf("got %+v", refusal)
	}
	w.MustSettle(d, callback.Outcome{Error: refusal})
	c = w.ReadCallback(c.ID)
	modelstest.WantStatus(t, c, callback.StatusPending)
	if a := w.Attempts(c.ID)[0]; a.URL != nil || a.Error.Code != callback.NoCallbackURL {
		t.Errorf("got %+v", a)
	}
	set(new(modelstest.ProjectURL))
	w.Clock.Advance(5 * time.Second)
	if d := w.MustClaim(c.ID); d.Refusal() != nil || d.Target.URL != modelstest.ProjectURL {
		t.Errorf("got %+v", d.Target)
	}
}

func TestCallbackOfADeletedProjectIsStillDelivered(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.NewCallback()
	_, err := w.DeleteProject(t.Context(), w.Admin, w.Shop.ID)
	modelstest.NoError(t, err)
	d := w.MustClaim(c.ID)
	if d.Target.URL != modelstest.ProjectURL || len(d.Secrets()) != 1 {
		t.Errorf("got %+v with %d secrets", d.Target, len(d.Secrets()))
	}
	w.MustSettle(d, modelstest.Answered(200))
	modelstest.WantStatus(t, w.ReadCallback(c.ID), callback.StatusSuccess)
}

func TestEchoedHeaderValuesStayOutOfTheHistory(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	_, err := w.UpdateProject(t.Context(), w.Admin, tenant.ProjectUpdate{
		ProjectID: w.Shop.ID,
		Callback: models.EndpointUpdate{
			Headers: models.Given([]models.Header{{Key: "Authorization", Value: "Bearer " + modelstest.HiddenSecret}}),
		},
	})
	modelstest.NoError(t, err)
	c := w.NewCallback()
	o := modelstest.Answered(500)
	o.ResponseBody = []byte(
		"you sent Authorization: Bearer " + modelstest.HiddenSecret + " and " + modelstest.HiddenSecret,
	)
	w.Deliver(c.ID, o)
	a := w.Attempts(c.ID)[0]
	if got := w.ReadText(models.ResponseBodyText, a.ID); strings.Contains(got, modelstest.HiddenSecret) ||
		strings.Count(got, models.Masked) != 2 {
		t.Errorf("the history has %q", got)
	}
}

func TestRecordThatCannotBeWrittenChangesNothingAndCanBeMadeAgain(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.NewCallback()
	d := w.MustClaim(c.ID)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if w.Settle(ctx, w.Decide(d, modelstest.Answered(500))) == nil {
		t.Fatal("recorded with a cancelled context")
	}
	modelstest.WantStatus(t, w.ReadCallback(c.ID), callback.StatusRunning)
	if a := w.Attempts(c.ID)[0]; a.FinishedAt != nil || len(w.Notices()) != 0 || len(w.Queue.Take()) != 0 {
		t.Errorf("half of it was written: %+v", a)
	}
	// The worker tries the same call again when the database is back: that is one failure, not two.
	w.MustSettle(d, modelstest.Answered(500))
	if c = w.ReadCallback(c.ID); c.FailureCount != 1 ||
		c.NextAttemptAt.Sub(modelstest.Start) != modelstest.TwoRetries[0] || len(w.Notices()) != 1 {
		t.Errorf("recorded again: %+v", c)
	}
}
