package models_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
)

func TestClaimTakesACallbackOnlyWhenItIsDue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.raised()
	c = w.deliver(c.ID, answered(500))
	for _, early := range []time.Duration{5*time.Second - time.Microsecond, 0} {
		w.clock.advance(early)
		if w.mayClaim(c.ID) {
			t.Fatalf("claimed at %s, due at %s", w.clock.now(), c.NextAttemptAt)
		}
	}
	w.clock.advance(time.Microsecond)
	w.claim(c.ID)
}

func TestClaimOfNothingIsNoError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	deliveries, movedTo, _, err := w.Claim(t.Context(), of(w.lane(projectHost), 10))
	if len(deliveries) != 0 || len(movedTo) != 0 || err != nil {
		t.Errorf("got %v, %v, %v", deliveries, movedTo, err)
	}
}

func TestClaimedTwiceAtOnceIsSentOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.raised()
	var claimed atomic.Int32
	atOnce(8, func(int) {
		deliveries, _, _, err := w.Claim(t.Context(), of(w.lane(projectHost), 8))
		if err != nil {
			t.Error(err)
		}
		claimed.Add(int32(len(deliveries)))
	})
	if got := claimed.Load(); got != 1 {
		t.Errorf("claimed %d times", got)
	}
	if got := len(w.attempts(c.ID)); got != 1 {
		t.Errorf("%d attempts have a row", got)
	}
}

func TestAttemptHasItsRowBeforeTheRequestLeaves(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.raised()
	d := w.claim(c.ID)
	attempts := w.attempts(c.ID)
	if len(attempts) != 1 || attempts[0].UID != d.Attempt.UID || attempts[0].Number != 1 || attempts[0].FinishedAt != nil {
		t.Fatalf("got %+v", attempts)
	}
	if got := *attempts[0].URL; got != projectURL {
		t.Errorf("the row says %s", got)
	}
	running := w.callback(c.ID)
	wantStatus(t, running, models.StatusRunning)
	if want := start.Add(models.LeaseTime); !running.LeaseUntil.Equal(want) {
		t.Errorf("the lease ends at %s, want %s", running.LeaseUntil, want)
	}
}

func TestDeliveryCarriesTheIDsAndASignatureOfTheStoredBytes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.UpdateProject(t.Context(), w.admin, models.ProjectUpdate{
		ProjectID: w.project.ID, Callback: models.EndpointUpdate{Headers: models.Given([]models.Header{
			{Key: "authorization", Value: "Bearer your-token"}, {Key: "user-agent", Value: "configured"},
		})},
	})
	noError(t, err)
	c := w.raised()
	w.deliver(c.ID, answered(500))
	w.clock.advance(5 * time.Second)
	d := w.claim(c.ID)
	h, err := d.Headers("Ringback/test", w.clock.now())
	noError(t, err)
	want := map[string]string{
		"authorization": "Bearer your-token", "user-agent": "configured", "Content-Type": "application/x-www-form-urlencoded",
		"X-Callback-Ref": c.Ref.String(), "X-Run-Callback": d.Attempt.UID.String(), "X-Callback-Attempt": "2",
		"Webhook-Id": c.Ref.String(),
	}
	for key, value := range want {
		if got := h[key]; len(got) != 1 || got[0] != value { // as it is spelled
			t.Errorf("%s: got %q, want %q", key, got, value)
		}
	}
	if len(h.Values("User-Agent")) != 0 {
		t.Errorf("there are two: %v", h)
	}
	secrets, err := w.ProjectSigningSecrets(t.Context(), w.admin, w.project.ID)
	noError(t, err)
	noError(t, verify(t, secrets[w.project.ID][0], c.Ref.String(), w.clock.now(), h.Get("webhook-signature"), w.callback(c.ID).Body))
}

func TestFormCallbackArrivesWithExactlyTheStatuses200To204(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	arrived := map[int]bool{200: true, 201: true, 202: true, 203: true, 204: true}
	for _, status := range []int{200, 201, 202, 203, 204, 205, 206, 208, 226, 299, 301, 302, 304, 400, 401, 404, 429, 500, 503} {
		c := w.deliver(w.raised().ID, answered(status))
		want := models.StatusPending
		if arrived[status] {
			want = models.StatusSuccess
		}
		if c.Status != want || *c.HTTPStatus != status {
			t.Errorf("%d: the callback is %s with %d", status, c.Status, *c.HTTPStatus)
		}
		if failed := c.Error != nil; failed == arrived[status] || failed && c.Error.Code != models.HTTPStatusError {
			t.Errorf("%d: the error is %+v", status, c.Error)
		}
	}
}

func TestSuccessIsFinalAndRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.raised()
	d := w.claim(c.ID)
	w.clock.advance(2 * time.Second)
	status := 204
	w.record(d, models.Outcome{
		HTTPStatus: &status, Duration: time.Second, ResponseBody: []byte("thanks"),
		Timings: models.Timings{DNS: 1 * time.Millisecond, Connect: 2 * time.Millisecond, TLS: 3 * time.Millisecond, FirstByte: 4 * time.Millisecond},
	})
	c = w.callback(c.ID)
	if !c.FinishedAt.Equal(w.clock.now()) || c.AttemptCount != 1 || c.FailureCount != 0 || c.NextAttemptAt != nil {
		t.Errorf("got %+v", c)
	}
	a := w.attempts(c.ID)[0]
	if a.Duration != time.Second || a.Timings.FirstByte != 4*time.Millisecond || *a.HTTPStatus != 204 || a.Error != nil {
		t.Errorf("got %+v", a)
	}
	if got := w.text(models.ResponseBodyText, a.ID); got != "thanks" {
		t.Errorf("the answer is %q", got)
	}
	if got := w.queue.take(); len(got) != 0 {
		t.Errorf("woken after success: %v", got)
	}
	if w.mayClaim(c.ID) {
		t.Error("claimed after success")
	}
}

func TestFailuresFollowTheScheduleAndThenTheCallbackIsGivenUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.raised()
	for i, delay := range twoRetries {
		c = w.deliver(c.ID, refused())
		wantStatus(t, c, models.StatusPending)
		if got := c.NextAttemptAt.Sub(w.clock.now()); got != delay || c.FailureCount != i+1 {
			t.Fatalf("after failure %d the next attempt is in %s, want %s", c.FailureCount, got, delay)
		}
	}
	c = w.deliver(c.ID, refused())
	wantStatus(t, c, models.StatusFailed)
	if c.AttemptCount != 3 || c.HTTPStatus != nil || c.Error.Code != models.ConnectRefused {
		t.Errorf("got %+v", c)
	}
}

func TestRetryAfterOfTheReceiverIsObeyed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := answered(503)
	o.RetryAfter = "3600"
	c := w.deliver(w.raised().ID, o)
	if got := c.NextAttemptAt.Sub(start); got != time.Hour {
		t.Errorf("the next attempt is in %s", got)
	}
}

func TestGoneEndsACallbackAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wantStatus(t, w.deliver(w.raised().ID, answered(410)), models.StatusFailed)
	if got := len(w.notices()); got != 1 {
		t.Errorf("%d notices: the first failure and giving up are the same moment", got)
	}
}

func TestInterruptedAttemptCostsNoRetryAndRaisesNoNotice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.raised()
	d := w.claim(c.ID)
	w.clock.advance(time.Second)
	noError(t, w.Settle(t.Context(), w.GiveBack(d)))
	c = w.callback(c.ID)
	wantStatus(t, c, models.StatusPending)
	if c.FailureCount != 0 || c.AttemptCount != 1 || !c.NextAttemptAt.Equal(w.clock.now()) {
		t.Errorf("got %+v", c)
	}
	if a := w.attempts(c.ID)[0]; a.Error.Code != models.Interrupted || a.Duration != time.Second || a.FinishedAt == nil {
		t.Errorf("got %+v", a)
	}
	if got := w.queue.take(); len(got) != 1 || got[0].CallbackID != c.ID || !got[0].At.Equal(w.clock.now()) {
		t.Errorf("woken by %v", got)
	}
	if got := len(w.notices()); got != 0 {
		t.Errorf("%d notices", got)
	}
	if d := w.claim(c.ID); d.Attempt.Number != 2 {
		t.Errorf("the next attempt has the number %d", d.Attempt.Number)
	}
}

func TestTargetIsResolvedAtEachAttempt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.deliver(w.raised().ID, refused())
	const mended = "https://mended.example/hook"
	_, err := w.UpdateProject(t.Context(), w.editor, models.ProjectUpdate{ProjectID: w.project.ID, Callback: models.EndpointUpdate{
		URL: models.Given(new(mended)), Headers: models.Given([]models.Header{{Key: "Authorization", Value: "rotated"}}),
	}})
	noError(t, err)
	w.clock.advance(5 * time.Second)
	d := w.claim(c.ID)
	if d.Target.URL != mended || len(d.Target.Headers) != 1 || d.Target.Headers[0].Value.Reveal() != "rotated" {
		t.Errorf("sent to %+v", d.Target)
	}
	w.record(d, answered(200))
	attempts := w.attempts(c.ID)
	if *attempts[0].URL != projectURL || *attempts[1].URL != mended || *w.callback(c.ID).TargetURL != mended {
		t.Error("the history does not say what was really used")
	}
}

func TestClearedURLFailsTheAttemptAndAMendedOneHelps(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.raised()
	set := func(url *string) {
		_, err := w.UpdateProject(t.Context(), w.admin, models.ProjectUpdate{
			ProjectID: w.project.ID, Callback: models.EndpointUpdate{URL: models.Given(url)},
		})
		noError(t, err)
	}
	set(nil)
	d := w.claim(c.ID)
	refusal := d.Refusal()
	if refusal == nil || refusal.Code != models.NoCallbackURL {
		t.Fatalf("got %+v", refusal)
	}
	w.record(d, models.Outcome{Error: refusal})
	c = w.callback(c.ID)
	wantStatus(t, c, models.StatusPending)
	if a := w.attempts(c.ID)[0]; a.URL != nil || a.Error.Code != models.NoCallbackURL {
		t.Errorf("got %+v", a)
	}
	set(new(projectURL))
	w.clock.advance(5 * time.Second)
	if d := w.claim(c.ID); d.Refusal() != nil || d.Target.URL != projectURL {
		t.Errorf("got %+v", d.Target)
	}
}

func TestCallbackOfADeletedProjectIsStillDelivered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.raised()
	_, err := w.DeleteProject(t.Context(), w.admin, w.project.ID)
	noError(t, err)
	d := w.claim(c.ID)
	if d.Target.URL != projectURL || len(d.Secrets()) != 1 {
		t.Errorf("got %+v with %d secrets", d.Target, len(d.Secrets()))
	}
	w.record(d, answered(200))
	wantStatus(t, w.callback(c.ID), models.StatusSuccess)
}

func TestEchoedHeaderValuesStayOutOfTheHistory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.UpdateProject(t.Context(), w.admin, models.ProjectUpdate{
		ProjectID: w.project.ID, Callback: models.EndpointUpdate{Headers: models.Given([]models.Header{{Key: "Authorization", Value: "Bearer " + hidden}})},
	})
	noError(t, err)
	c := w.raised()
	o := answered(500)
	o.ResponseBody = []byte("you sent Authorization: Bearer " + hidden + " and " + hidden)
	w.deliver(c.ID, o)
	a := w.attempts(c.ID)[0]
	if got := w.text(models.ResponseBodyText, a.ID); strings.Contains(got, hidden) || strings.Count(got, models.Masked) != 2 {
		t.Errorf("the history has %q", got)
	}
}

func TestRecordThatCannotBeWrittenChangesNothingAndCanBeMadeAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.raised()
	d := w.claim(c.ID)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if w.Settle(ctx, w.Decide(d, answered(500))) == nil {
		t.Fatal("recorded with a cancelled context")
	}
	wantStatus(t, w.callback(c.ID), models.StatusRunning)
	if a := w.attempts(c.ID)[0]; a.FinishedAt != nil || len(w.notices()) != 0 || len(w.queue.take()) != 0 {
		t.Errorf("half of it was written: %+v", a)
	}
	// The worker tries the same call again when the database is back: that is one failure, not two.
	w.record(d, answered(500))
	if c = w.callback(c.ID); c.FailureCount != 1 || c.NextAttemptAt.Sub(start) != twoRetries[0] || len(w.notices()) != 1 {
		t.Errorf("recorded again: %+v", c)
	}
}
