package callback_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/tenant"
)

func TestPartnerHearsOfTheFirstFailureAndOfGivingUpOnceEach(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.NewCallback()
	for i, want := range []int{1, 1, 2} {
		w.Deliver(c.ID, modelstest.Answered(500))
		if got := len(w.Notices()); got != want {
			t.Fatalf("after failure %d there are %d notices, want %d", i+1, got, want)
		}
	}
	first, last := modelstest.ReadNotice(t, w.Notices()[0]), modelstest.ReadNotice(t, w.Notices()[1])
	if !first.EventData.WillRetry || first.EventData.Attempt != 1 ||
		*first.EventData.NextAttemptAt != "2026-01-02T03:04:10.000Z" {
		t.Errorf("the first says %+v", first)
	}
	if last.EventData.WillRetry || last.EventData.Attempt != 3 || last.EventData.NextAttemptAt != nil {
		t.Errorf("the last says %+v", last)
	}
	if *first.EventData.FirstName != "Demo" || first.EventData.CallbackUID != c.UID.String() ||
		first.AccountID != w.Acme.ID {
		t.Errorf("the first says %+v", first)
	}
}

func TestPartnerHearsOnceWhereThereIsOneAttemptOnly(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.Rules.Schedule = callback.Schedule{}
	w.Configure()
	modelstest.WantStatus(t, w.Deliver(w.NewCallback().ID, modelstest.Refused()), callback.StatusFailed)
	notices := w.Notices()
	if len(notices) != 1 {
		t.Fatalf("%d notices", len(notices))
	}
	if n := modelstest.ReadNotice(t, notices[0]); n.EventData.WillRetry || n.EventData.Status != nil {
		t.Errorf("it says %+v", n)
	}
}

func TestNoNoticeAfterSuccess(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.NewCallback()
	w.Deliver(c.ID, modelstest.Answered(500))
	modelstest.WantStatus(t, w.Deliver(c.ID, modelstest.Answered(200)), callback.StatusSuccess)
	if got := len(w.Notices()); got != 1 {
		t.Errorf("%d notices, want that of the first failure", got)
	}
}

func TestNoticeIsACallbackLikeAnyOther(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	cause := w.NewCallback()
	w.Deliver(cause.ID, modelstest.Answered(500))
	n := w.Notices()[0]
	if n.ContentType != "application/json" || n.Target != callback.TargetSSOClient || *n.CauseID != cause.ID ||
		n.Ref != n.UID {
		t.Errorf("got %+v", n)
	}
	// Both were woken by the commit that wrote them.
	if got := w.Queue.Take(); len(got) != 2 {
		t.Errorf("woken: %v", got)
	}
	d := w.MustClaim(n.ID)
	if d.Target.URL != modelstest.WebhookURL || d.Target.Source != tenant.LevelSSOClient {
		t.Errorf("it goes to %+v", d.Target)
	}
	// It is signed with the partner's secret, not with the project's: the partner knows no project's secret.
	if len(d.Secrets()) != 1 || d.Secrets()[0].Owner != (tenant.SigningOwner{SSOClientID: w.Partner.ID}) {
		t.Errorf("it is signed with the secrets of %+v", d.Secrets())
	}
	w.MustSettle(d, modelstest.Answered(206)) // any 2xx will do: the exact list is a rule of the form events
	modelstest.WantStatus(t, w.ReadCallback(n.ID), callback.StatusSuccess)
	replay, err := w.Replay(t.Context(), w.Platform, n.ID)
	modelstest.NoError(t, err)
	if replay.Ref != n.Ref || string(replay.Body) != string(n.Body) {
		t.Error("its replay has another ref or body")
	}
}

func TestPartnerThatIsDownForADayHearsOfEverything(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	var err error
	w.Rules.Schedule, err = callback.ParseSchedule("5s,5m,30m,2h,5h,10h,10h") // the default
	modelstest.NoError(t, err)
	w.Configure()
	const failures = 5
	for range failures {
		w.MustSettle(w.MustClaim(w.NewCallback().ID), modelstest.Answered(410))
	}
	back := modelstest.Start.Add(24 * time.Hour)
	for {
		waiting := slices.DeleteFunc(w.Notices(), func(c *callback.Callback) bool { return c.Status.Ended() })
		if len(waiting) == 0 {
			break
		}
		next := slices.MinFunc(
			waiting, func(a, b *callback.Callback) int { return a.NextAttemptAt.Compare(*b.NextAttemptAt) },
		)
		w.Clock.Advance(max(next.NextAttemptAt.Sub(w.Clock.Now()), 0))
		deliveries, _, _, err := w.Claim(t.Context(), modelstest.Limit(next.Lane, failures))
		modelstest.NoError(t, err)
		for _, d := range deliveries {
			if w.Clock.Now().Before(back) {
				w.MustSettle(d, modelstest.Refused())
			} else {
				w.MustSettle(d, modelstest.Answered(200))
			}
		}
	}
	if got := len(w.Notices()); got != failures {
		t.Errorf("%d notices of %d failures", got, failures)
	}
	for _, n := range w.Notices() {
		modelstest.WantStatus(t, n, callback.StatusSuccess)
	}
}

func TestNoticeThatFailsRaisesNoNotice(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.Deliver(w.NewCallback().ID, modelstest.Answered(410))
	n := w.Notices()[0]
	for range len(modelstest.TwoRetries) + 1 {
		w.Deliver(n.ID, modelstest.Refused())
	}
	modelstest.WantStatus(t, w.ReadCallback(n.ID), callback.StatusFailed)
	if got := len(w.Notices()); got != 1 {
		t.Errorf("%d notices", got)
	}
}

func TestPartnerHearsOfFailuresOfADeletedProjectToo(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.NewCallback()
	_, err := w.DeleteProject(t.Context(), w.Admin, w.Shop.ID)
	modelstest.NoError(t, err)
	w.Deliver(c.ID, modelstest.Answered(500))
	modelstest.WantStatus(t, w.Deliver(c.ID, modelstest.Answered(410)), callback.StatusFailed)
	notices := w.Notices()
	if len(notices) != 2 || *notices[0].CauseID != c.ID || modelstest.ReadNotice(t, notices[1]).EventData.WillRetry {
		t.Fatalf("%d notices", len(notices))
	}
	w.Deliver(notices[0].ID, modelstest.Answered(200))
}

func TestNoNoticeWithoutAWebhookURL(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.SetWebhook(nil)
	w.Deliver(w.NewCallback().ID, modelstest.Answered(410))
	if got := len(w.Notices()); got != 0 {
		t.Errorf("%d notices", got)
	}
}

func TestNoNoticeWithoutAnSSOClient(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	project := w.NewProject(w.Other, new(modelstest.ProjectURL))
	in := w.CrawlEnd(77)
	in.ProjectID = &project.ID
	_, c, err := w.FinishCrawl(t.Context(), w.Platform, in)
	modelstest.NoError(t, err)
	modelstest.WantStatus(t, w.Deliver(c.ID, modelstest.Answered(410)), callback.StatusFailed)
	counts, err := w.CountCallbacks(
		t.Context(), w.Platform.Scope(models.RoleViewer), callback.OfAccount, []int64{w.Other.ID}, callback.Filter{},
	)
	modelstest.NoError(t, err)
	if counts[w.Other.ID].N != 1 {
		t.Errorf("%d callbacks, want the failed one alone", counts[w.Other.ID].N)
	}
}

func TestFailedReplayIsToldOfItself(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.Deliver(w.NewCallback().ID, modelstest.Answered(410))
	replay, err := w.Replay(t.Context(), w.Editor, c.ID)
	modelstest.NoError(t, err)
	w.Deliver(replay.ID, modelstest.Answered(410))
	notices := w.Notices()
	if len(notices) != 2 || !strings.Contains(string(notices[1].Body), replay.UID.String()) {
		t.Errorf("%d notices", len(notices))
	}
}
