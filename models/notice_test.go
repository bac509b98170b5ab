package models_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
)

func TestPartnerHearsOfTheFirstFailureAndOfGivingUpOnceEach(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.raised()
	for i, want := range []int{1, 1, 2} {
		w.deliver(c.ID, answered(500))
		if got := len(w.notices()); got != want {
			t.Fatalf("after failure %d there are %d notices, want %d", i+1, got, want)
		}
	}
	first, last := readNotice(t, w.notices()[0]), readNotice(t, w.notices()[1])
	if !first.EventData.WillRetry || first.EventData.Attempt != 1 || *first.EventData.NextAttemptAt != "2026-01-02T03:04:10.000Z" {
		t.Errorf("the first says %+v", first)
	}
	if last.EventData.WillRetry || last.EventData.Attempt != 3 || last.EventData.NextAttemptAt != nil {
		t.Errorf("the last says %+v", last)
	}
	if *first.EventData.FirstName != "Demo" || first.EventData.CallbackUID != c.UID.String() || first.AccountID != w.account.ID {
		t.Errorf("the first says %+v", first)
	}
}

type notice struct {
	EventData struct {
		FirstName, NextAttemptAt *string
		Status                   *int
		WillRetry                bool
		Attempt                  int
		CallbackUID              string
	}
	AccountID int64
}

func readNotice(t *testing.T, c *models.Callback) notice {
	t.Helper()
	var n notice
	noError(t, json.Unmarshal(c.Body, &n))
	return n
}

func TestPartnerHearsOnceWhereThereIsOneAttemptOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rules.Schedule = models.Schedule{}
	w.configure()
	wantStatus(t, w.deliver(w.raised().ID, refused()), models.StatusFailed)
	notices := w.notices()
	if len(notices) != 1 {
		t.Fatalf("%d notices", len(notices))
	}
	if n := readNotice(t, notices[0]); n.EventData.WillRetry || n.EventData.Status != nil {
		t.Errorf("it says %+v", n)
	}
}

func TestNoNoticeAfterSuccess(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.raised()
	w.deliver(c.ID, answered(500))
	wantStatus(t, w.deliver(c.ID, answered(200)), models.StatusSuccess)
	if got := len(w.notices()); got != 1 {
		t.Errorf("%d notices, want that of the first failure", got)
	}
}

func TestNoticeIsACallbackLikeAnyOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cause := w.raised()
	w.deliver(cause.ID, answered(500))
	n := w.notices()[0]
	if n.ContentType != "application/json" || n.Target != models.TargetSSOClient || *n.CauseID != cause.ID || n.Ref != n.UID {
		t.Errorf("got %+v", n)
	}
	// Both were woken by the commit that wrote them.
	if got := w.queue.take(); len(got) != 2 {
		t.Errorf("woken: %v", got)
	}
	d := w.claim(n.ID)
	if d.Target.URL != webhookURL || d.Target.Source != models.LevelSSOClient {
		t.Errorf("it goes to %+v", d.Target)
	}
	// It is signed with the partner's secret, not with the project's: the partner knows no project's secret.
	if len(d.Secrets()) != 1 || d.Secrets()[0].Owner != (models.SigningOwner{SSOClientID: w.client.ID}) {
		t.Errorf("it is signed with the secrets of %+v", d.Secrets())
	}
	w.record(d, answered(206)) // any 2xx will do: the exact list is a rule of the form events
	wantStatus(t, w.callback(n.ID), models.StatusSuccess)
	replay, err := w.ReplayCallback(t.Context(), w.platform, n.ID)
	noError(t, err)
	if replay.Ref != n.Ref || string(replay.Body) != string(n.Body) {
		t.Error("its replay has another ref or body")
	}
}

func TestPartnerThatIsDownForADayHearsOfEverything(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var err error
	w.rules.Schedule, err = models.ParseSchedule("5s,5m,30m,2h,5h,10h,10h") // the default
	noError(t, err)
	w.configure()
	const failures = 5
	for range failures {
		w.record(w.claim(w.raised().ID), answered(410))
	}
	back := start.Add(24 * time.Hour)
	for {
		waiting := slices.DeleteFunc(w.notices(), func(c *models.Callback) bool { return c.Status.Ended() })
		if len(waiting) == 0 {
			break
		}
		next := slices.MinFunc(waiting, func(a, b *models.Callback) int { return a.NextAttemptAt.Compare(*b.NextAttemptAt) })
		w.clock.advance(max(next.NextAttemptAt.Sub(w.clock.now()), 0))
		deliveries, _, _, err := w.Claim(t.Context(), of(next.Lane, failures))
		noError(t, err)
		for _, d := range deliveries {
			if w.clock.now().Before(back) {
				w.record(d, refused())
			} else {
				w.record(d, answered(200))
			}
		}
	}
	if got := len(w.notices()); got != failures {
		t.Errorf("%d notices of %d failures", got, failures)
	}
	for _, n := range w.notices() {
		wantStatus(t, n, models.StatusSuccess)
	}
}

func TestNoticeThatFailsRaisesNoNotice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deliver(w.raised().ID, answered(410))
	n := w.notices()[0]
	for range len(twoRetries) + 1 {
		w.deliver(n.ID, refused())
	}
	wantStatus(t, w.callback(n.ID), models.StatusFailed)
	if got := len(w.notices()); got != 1 {
		t.Errorf("%d notices", got)
	}
}

func TestPartnerHearsOfFailuresOfADeletedProjectToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.raised()
	_, err := w.DeleteProject(t.Context(), w.admin, w.project.ID)
	noError(t, err)
	w.deliver(c.ID, answered(500))
	wantStatus(t, w.deliver(c.ID, answered(410)), models.StatusFailed)
	notices := w.notices()
	if len(notices) != 2 || *notices[0].CauseID != c.ID || readNotice(t, notices[1]).EventData.WillRetry {
		t.Fatalf("%d notices", len(notices))
	}
	w.deliver(notices[0].ID, answered(200))
}

func TestNoNoticeWithoutAWebhookURL(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setWebhook(nil)
	w.deliver(w.raised().ID, answered(410))
	if got := len(w.notices()); got != 0 {
		t.Errorf("%d notices", got)
	}
}

func TestNoNoticeWithoutAnSSOClient(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	project := w.newProject(w.other, new(projectURL))
	in := w.ended(77)
	in.ProjectID = &project.ID
	_, c, err := w.FinishCrawl(t.Context(), w.platform, in)
	noError(t, err)
	wantStatus(t, w.deliver(c.ID, answered(410)), models.StatusFailed)
	counts, err := w.CountCallbacks(t.Context(), w.platform, models.OwnerAccount, []int64{w.other.ID}, models.CallbackFilter{})
	noError(t, err)
	if counts[w.other.ID] != 1 {
		t.Errorf("%d callbacks, want the failed one alone", counts[w.other.ID])
	}
}

func TestFailedReplayIsToldOfItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.deliver(w.raised().ID, answered(410))
	replay, err := w.ReplayCallback(t.Context(), w.editor, c.ID)
	noError(t, err)
	w.deliver(replay.ID, answered(410))
	notices := w.notices()
	if len(notices) != 2 || !strings.Contains(string(notices[1].Body), replay.UID.String()) {
		t.Errorf("%d notices", len(notices))
	}
}
