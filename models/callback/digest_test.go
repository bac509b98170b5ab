package callback_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/tenant"
)

// digest is a callbacks-failed notice as a partner reads it.
type digest struct {
	EventType string
	EventData struct {
		ProjectID                                     int64
		ProjectName, ProjectSettingsLink, SitePrimary string
		FailureCount, WillRetryCount, GivenUpCount    int
		FirstFailedAt, LastFailedAt                   *string
		Causes                                        []digestCause
		CallbackUIDs                                  []string
		RecoveredCount                                int
		RecoveredCallbackUIDs                         []string
	}
	AccountID          int64
	SSOClientAccountID string
}

type digestCause struct {
	Code         callback.AttemptErrorCode
	Status       *int
	FailureCount int
}

func digests(w *modelstest.World) []*callback.Callback {
	return w.CallbacksOf(callback.CallbacksFailedEvent)
}

func readDigest(t testing.TB, c *callback.Callback) (d digest) {
	t.Helper()
	modelstest.NoError(t, json.Unmarshal(c.Body, &d))
	return d
}

// newDigesting is a world whose partner has digests.
func newDigesting(t testing.TB) *modelstest.World {
	t.Helper()
	w := modelstest.NewWorld(t)
	w.SetNoticeMode(tenant.NoticeDigest)
	return w
}

func TestDigestTellsOfAllThatFailedMeanwhile(t *testing.T) {
	t.Parallel()
	w := newDigesting(t)
	first := w.NewCallback()
	w.Deliver(first.ID, modelstest.Answered(500))
	d := w.MustClaim(digests(w)[0].ID) // at once
	var uids []string
	for range 3 {
		w.Clock.Advance(time.Second)
		c := w.NewCallback()
		uids = append(uids, c.UID.String())
		w.Deliver(c.ID, modelstest.Answered(500))
	}
	w.Clock.Advance(time.Second)
	last := w.NewCallback()
	w.Deliver(
		last.ID, callback.Outcome{HTTPStatus: new(200), Error: &callback.AttemptError{Code: callback.ResponseTooLarge}},
	)
	gone := w.NewCallback()
	w.Deliver(gone.ID, modelstest.Answered(410))
	digests := digests(w)
	if len(digests) != 2 || len(w.Notices()) != 0 ||
		!digests[1].NextAttemptAt.Equal(modelstest.Start.Add(time.Second+callback.DigestInterval)) {
		t.Fatalf("%d digests, %d notices: %+v", len(digests), len(w.Notices()), digests)
	}
	if got := readDigest(t, digests[0]).EventData; got.FailureCount != 1 || got.CallbackUIDs[0] != first.UID.String() ||
		string(d.Callback.Body) != string(digests[0].Body) {
		t.Errorf("the first says %+v", got)
	}
	got := readDigest(t, digests[1])
	want := digest{EventType: "callbacks-failed", AccountID: w.Acme.ID, SSOClientAccountID: "123123"}
	want.EventData.ProjectID, want.EventData.ProjectName, want.EventData.SitePrimary = w.Shop.ID, "Shop", "https://www.example.com/"
	want.EventData.ProjectSettingsLink = "https://ringback.example/accounts/123123/projects/" + w.Shop.RawID() +
		"/edit?step=4"
	want.EventData.FailureCount, want.EventData.WillRetryCount, want.EventData.GivenUpCount = 5, 4, 1
	want.EventData.FirstFailedAt, want.EventData.LastFailedAt = new("2026-01-02T03:04:06.000Z"), new("2026-01-02T03:04:09.000Z")
	want.EventData.RecoveredCallbackUIDs = []string{}
	want.EventData.Causes = []digestCause{
		{callback.HTTPStatusError, new(500), 3}, {callback.ResponseTooLarge, nil, 1}, {callback.HTTPStatusError, new(410), 1},
	}
	want.EventData.CallbackUIDs = append(uids, last.UID.String(), gone.UID.String())
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the second (-want +got):\n%s", diff)
	}
}

func TestDigestIsACallbackLikeAnyOther(t *testing.T) {
	t.Parallel()
	w := newDigesting(t)
	w.Deliver(w.NewCallback().ID, modelstest.Answered(500))
	n := digests(w)[0]
	if n.Event != callback.CallbacksFailedEvent || n.ContentType != "application/json" ||
		n.Target != callback.TargetSSOClient || n.CauseID != nil {
		t.Errorf("got %+v", n)
	}
	w.Deliver(n.ID, modelstest.Answered(500)) // it raises no notice of its own
	w.Deliver(n.ID, modelstest.Answered(200))
	replay, err := w.Replay(t.Context(), w.Platform, n.ID)
	modelstest.NoError(t, err)
	if replay.Event != n.Event || string(replay.Body) != string(w.ReadCallback(n.ID).Body) {
		t.Errorf("its replay is %+v", replay)
	}
	// A replay waits, and is not what a failure is added to.
	w.Deliver(w.NewCallback().ID, modelstest.Answered(500))
	if got := digests(w); len(got) != 3 || string(got[1].Body) != string(n.Body) ||
		readDigest(t, got[2]).EventData.FailureCount != 1 {
		t.Errorf("%d digests", len(got))
	}
}

func TestDigestsAreAMinuteApart(t *testing.T) {
	t.Parallel()
	w := newDigesting(t)
	var sent []time.Time
	for range 150 { // a failure each second
		w.MustSettle(w.MustClaim(w.NewCallback().ID), modelstest.Answered(410))
		for _, n := range digests(w) {
			if w.Due(n) {
				sent = append(sent, w.Clock.Now())
				w.Deliver(n.ID, modelstest.Answered(200))
			}
		}
		w.Clock.Advance(time.Second)
	}
	if want := []time.Time{
		modelstest.Start, modelstest.Start.Add(time.Minute), modelstest.Start.Add(2 * time.Minute),
	}; !slices.EqualFunc(want, sent, time.Time.Equal) {
		t.Errorf("sent at %v", sent)
	}
	w.Clock.Advance(time.Hour)
	w.Deliver(digests(w)[3].ID, modelstest.Answered(200))
	w.MustSettle(w.MustClaim(w.NewCallback().ID), modelstest.Answered(410))
	told := 0
	for _, n := range digests(w) {
		told += readDigest(t, n).EventData.FailureCount
	}
	if told != 151 {
		t.Errorf("%d failures are told of 151", told)
	}
}

// When a digest has left is written with what came of it: until then only its claim is known.
func TestNextDigestKeepsItsMinuteFromOneThatIsInFlight(t *testing.T) {
	t.Parallel()
	w := newDigesting(t)
	w.Deliver(w.NewCallback().ID, modelstest.Answered(410))
	w.MustClaim(digests(w)[0].ID)
	w.Deliver(w.NewCallback().ID, modelstest.Answered(410))
	if at := *digests(w)[1].NextAttemptAt; !at.Equal(modelstest.Start.Add(time.Second + time.Minute)) {
		t.Errorf("the next is due %s after the claim", at.Sub(modelstest.Start))
	}
}

func TestDigestIsSmallWhateverItTellsOf(t *testing.T) {
	t.Parallel()
	w := newDigesting(t)
	w.Deliver(w.NewCallback().ID, modelstest.Answered(500))
	w.MustClaim(digests(w)[0].ID)
	var settlements []*callback.Settlement
	for status := 400; status < 500; status++ {
		settlements = append(settlements, w.Decide(w.MustClaim(w.NewCallback().ID), modelstest.Answered(status)))
	}
	modelstest.NoError(t, w.SettleTogether(t.Context(), settlements...))
	n := digests(w)[1]
	data := readDigest(t, n).EventData
	if len(n.Body) > 4<<10 || len(data.CallbackUIDs) != 20 || len(data.Causes) != 21 || data.FailureCount != 100 {
		t.Errorf("%d bytes: %s", len(n.Body), n.Body)
	}
	if diff := cmp.Diff(digestCause{callback.HTTPStatusError, nil, 80}, data.Causes[0]); diff != "" {
		t.Errorf("the others (-want +got):\n%s", diff)
	}
}

var errUnheard = errors.New("the answer to the commit was lost")

// forgetful has settlements committed, and says that they are not.
func forgetful(db *callback.Ports) {
	inTx := db.InSettlementTx
	db.Record = nil
	db.InSettlementTx = func(ctx context.Context, do func(callback.SettlementTx) error) error {
		if err := inTx(ctx, do); err != nil {
			return err
		}
		return errUnheard
	}
}

func TestFailureIsToldOnceWhenItsSettlementIsMadeAgain(t *testing.T) {
	t.Parallel()
	for name, modes := range map[string][2]tenant.NoticeMode{
		"digest":            {tenant.NoticeDigest, tenant.NoticeDigest},
		"each":              {tenant.NoticeEach, tenant.NoticeEach},
		"digest, then each": {tenant.NoticeDigest, tenant.NoticeEach},
		"each, then digest": {tenant.NoticeEach, tenant.NoticeDigest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			w.SetNoticeMode(modes[0])
			x := w.Decide(w.MustClaim(w.NewCallback().ID), modelstest.Answered(500))
			if err := w.ServiceOn(forgetful).Deliveries.Settle(t.Context(), x); !errors.Is(err, errUnheard) {
				t.Fatal(err)
			}
			w.SetNoticeMode(modes[1])
			modelstest.NoError(t, w.Settle(t.Context(), x))
			told := len(w.Notices())
			for _, n := range digests(w) {
				told += readDigest(t, n).EventData.FailureCount
			}
			if told != 1 {
				t.Errorf("told %d times", told)
			}
		})
	}
}

func TestChangeOfTheNoticeModeLosesNothing(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	for _, mode := range []tenant.NoticeMode{
		tenant.NoticeEach, tenant.NoticeDigest, tenant.NoticeEach, tenant.NoticeDigest,
	} {
		w.SetNoticeMode(mode)
		for range 2 {
			w.Deliver(w.NewCallback().ID, modelstest.Answered(410))
		}
	}
	notices, digests := w.Notices(), digests(w)
	if len(notices) != 4 || len(digests) != 1 || readDigest(t, digests[0]).EventData.FailureCount != 4 {
		t.Errorf("%d notices, %d digests: %s", len(notices), len(digests), digests[0].Body)
	}
	for _, d := range w.ClaimLane(w.Lane(modelstest.WebhookHost), 10) {
		w.MustSettle(d, modelstest.Answered(200))
	}
	for _, n := range append(notices, digests...) {
		modelstest.WantStatus(t, w.ReadCallback(n.ID), callback.StatusSuccess)
	}
}

func TestNoDigestWithoutAWebhookURL(t *testing.T) {
	t.Parallel()
	w := newDigesting(t)
	w.Deliver(w.NewCallback().ID, modelstest.Answered(410))
	w.SetWebhook(nil)
	w.Deliver(w.NewCallback().ID, modelstest.Answered(410))
	if got := digests(w); len(got) != 1 || readDigest(t, got[0]).EventData.FailureCount != 1 {
		t.Errorf("%d digests", len(got))
	}
}

func TestDigestOfADeletedProject(t *testing.T) {
	t.Parallel()
	w := newDigesting(t)
	c := w.NewCallback()
	_, err := w.DeleteProject(t.Context(), w.Admin, w.Shop.ID)
	modelstest.NoError(t, err)
	w.Deliver(c.ID, modelstest.Answered(410))
	w.Deliver(digests(w)[0].ID, modelstest.Answered(200))
}

func TestDigestsOfManyAtOnceTellEachFailureOnce(t *testing.T) {
	t.Parallel()
	w := newDigesting(t)
	sibling := w.NewProject(w.Acme, new(modelstest.ProjectURL))
	const failures = 60
	deliveries := make([]*callback.Delivery, failures)
	for i := range deliveries {
		in := w.CrawlEnd(int64(1000 + i))
		if i%3 == 0 {
			in.ProjectID = &sibling.ID
		}
		_, c, err := w.FinishCrawl(t.Context(), w.Platform, in)
		modelstest.NoError(t, err)
		deliveries[i] = w.MustClaim(c.ID)
	}
	services := []*callback.Service{w.Service, w.ServiceOn(nil)} // as two workers
	modelstest.AtOnce(failures, func(i int) {
		if err := services[i%2].Deliveries.Settle(
			t.Context(), services[i%2].Deliveries.Decide(deliveries[i], modelstest.Answered(500)),
		); err != nil {
			t.Error(err)
		}
		if i%10 == 0 { // what waits is claimed meanwhile
			if _, _, _, err := w.Claim(t.Context(), modelstest.Limit(w.Lane(modelstest.WebhookHost), 1)); err != nil {
				t.Error(err)
			}
		}
	})
	told := map[int64]int{}
	for _, n := range digests(w) {
		told[n.ProjectID] += readDigest(t, n).EventData.FailureCount
	}
	if told[w.Shop.ID] != 40 || told[sibling.ID] != 20 {
		t.Errorf("told: %v", told)
	}
}

func TestFiltersTellDigestsFromNotices(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.Deliver(w.Deliver(w.NewCallback().ID, modelstest.Answered(410)).ID+1, modelstest.Answered(200))
	w.SetNoticeMode(tenant.NoticeDigest)
	w.Deliver(w.NewCallback().ID, modelstest.Answered(410))
	for _, ended := range []bool{false, true} {
		for filter, want := range map[string]int{
			"": 4, "CALLBACK_FAILED": 1, "CALLBACKS_FAILED": 1, "CALLBACK_FAILED CALLBACKS_FAILED": 2,
			"CALLBACKS_FAILED CRAWL_FINISHED": 3,
		} {
			var f callback.Filter
			for _, name := range strings.Fields(filter) {
				f.Event = append(f.Event, callback.EventName(name))
			}
			pages, err := w.CallbackPages(
				t.Context(), w.Platform.Scope(models.RoleViewer), callback.OfProject, []int64{w.Shop.ID}, f, models.Page{First: 10},
			)
			modelstest.NoError(t, err)
			counts, err := w.CountCallbacks(
				t.Context(), w.Platform.Scope(models.RoleViewer), callback.OfProject, []int64{w.Shop.ID}, f,
			)
			modelstest.NoError(t, err)
			if got := pages[w.Shop.ID].Nodes; len(got) != want || counts[w.Shop.ID].N != want {
				t.Errorf("%s, ended: %t: %d and %d, want %d", filter, ended, len(got), counts[w.Shop.ID].N, want)
			}
		}
		for _, n := range digests(w) {
			if !n.Status.Ended() {
				w.Deliver(n.ID, modelstest.Answered(200))
			}
		}
	}
}

func TestUnknownNoticeModeIsRefused(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	_, err := w.UpdateSSOClient(
		t.Context(), w.Platform, tenant.SSOClientUpdate{SSOClientID: w.Partner.ID, NoticeMode: "each"},
	)
	modelstest.WantError(t, err, models.CodeBadUserInput, "noticeMode")
	_, err = w.CreateSSOClient(t.Context(), w.Platform, tenant.NewSSOClient{Name: "S", NoticeMode: "ALL"})
	modelstest.WantError(t, err, models.CodeBadUserInput, "noticeMode")
}

// The docs show it.
func TestDigestIsThePublishedOne(t *testing.T) {
	t.Parallel()
	published, err := os.ReadFile("testdata/notice_digest.json")
	modelstest.NoError(t, err)
	got, err := callback.DigestAgain(published)
	modelstest.NoError(t, err)
	modelstest.Golden(t, "notice_digest.json", got)
}
