package models_test

import (
	"bytes"
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
)

// digest is a callbacks-failed notice as a partner reads it.
type digest struct {
	EventType string
	EventData struct {
		ProjectID                                     int64
		ProjectName, ProjectSettingsLink, SitePrimary string
		FailureCount, WillRetryCount, GivenUpCount    int
		FirstFailedAt, LastFailedAt                   string
		Causes                                        []digestCause
		CallbackUIDs                                  []string
	}
	AccountID          int64
	SSOClientAccountID string
}

type digestCause struct {
	Code         models.AttemptErrorCode
	Status       *int
	FailureCount int
}

// noticeMode is set by the platform.
func (w *world) noticeMode(mode models.NoticeMode) {
	w.t.Helper()
	_, err := w.UpdateSSOClient(w.t.Context(), w.platform, models.SSOClientUpdate{SSOClientID: w.client.ID, NoticeMode: mode})
	noError(w.t, err)
}

func (w *world) digests() []*models.Callback { return w.callbacks(models.CallbacksFailedEvent) }

func readDigest(t testing.TB, c *models.Callback) (d digest) {
	t.Helper()
	noError(t, json.Unmarshal(c.Body, &d))
	return d
}

// newDigesting is a world whose partner has digests.
func newDigesting(t testing.TB) *world {
	t.Helper()
	w := newWorld(t)
	w.noticeMode(models.NoticeDigest)
	return w
}

func TestDigestTellsOfAllThatFailedMeanwhile(t *testing.T) {
	t.Parallel()
	w := newDigesting(t)
	first := w.raised()
	w.deliver(first.ID, answered(500))
	d := w.claim(w.digests()[0].ID) // at once
	var uids []string
	for range 3 {
		w.clock.advance(time.Second)
		c := w.raised()
		uids = append(uids, c.UID.String())
		w.deliver(c.ID, answered(500))
	}
	w.clock.advance(time.Second)
	last := w.raised()
	w.deliver(last.ID, models.Outcome{HTTPStatus: new(200), Error: &models.AttemptError{Code: models.ResponseTooLarge}})
	gone := w.raised()
	w.deliver(gone.ID, answered(410))
	digests := w.digests()
	if len(digests) != 2 || len(w.notices()) != 0 || !digests[1].NextAttemptAt.Equal(start.Add(time.Second+models.DigestInterval)) {
		t.Fatalf("%d digests, %d notices: %+v", len(digests), len(w.notices()), digests)
	}
	if got := readDigest(t, digests[0]).EventData; got.FailureCount != 1 || got.CallbackUIDs[0] != first.UID.String() || string(d.Callback.Body) != string(digests[0].Body) {
		t.Errorf("the first says %+v", got)
	}
	got := readDigest(t, digests[1])
	want := digest{EventType: "callbacks-failed", AccountID: w.account.ID, SSOClientAccountID: "123123"}
	want.EventData.ProjectID, want.EventData.ProjectName, want.EventData.SitePrimary = w.project.ID, "Shop", "https://www.example.com/"
	want.EventData.ProjectSettingsLink = "https://ringback.example/accounts/123123/projects/" + w.project.RawID() + "/edit?step=4"
	want.EventData.FailureCount, want.EventData.WillRetryCount, want.EventData.GivenUpCount = 5, 4, 1
	want.EventData.FirstFailedAt, want.EventData.LastFailedAt = "2026-01-02T03:04:06.000Z", "2026-01-02T03:04:09.000Z"
	want.EventData.Causes = []digestCause{{models.HTTPStatusError, new(500), 3}, {models.ResponseTooLarge, nil, 1}, {models.HTTPStatusError, new(410), 1}}
	want.EventData.CallbackUIDs = append(uids, last.UID.String(), gone.UID.String())
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the second (-want +got):\n%s", diff)
	}
}

func TestDigestIsACallbackLikeAnyOther(t *testing.T) {
	t.Parallel()
	w := newDigesting(t)
	w.deliver(w.raised().ID, answered(500))
	n := w.digests()[0]
	if n.Event != models.CallbacksFailedEvent || n.ContentType != "application/json" || n.Target != models.TargetSSOClient || n.CauseID != nil {
		t.Errorf("got %+v", n)
	}
	w.deliver(n.ID, answered(500)) // it raises no notice of its own
	w.deliver(n.ID, answered(200))
	replay, err := w.ReplayCallback(t.Context(), w.platform, n.ID)
	noError(t, err)
	if replay.Event != n.Event || string(replay.Body) != string(w.callback(n.ID).Body) {
		t.Errorf("its replay is %+v", replay)
	}
	// A replay waits, and is not what a failure is added to.
	w.deliver(w.raised().ID, answered(500))
	if got := w.digests(); len(got) != 3 || string(got[1].Body) != string(n.Body) || readDigest(t, got[2]).EventData.FailureCount != 1 {
		t.Errorf("%d digests", len(got))
	}
}

func TestDigestsAreAMinuteApart(t *testing.T) {
	t.Parallel()
	w := newDigesting(t)
	var sent []time.Time
	for range 150 { // a failure each second
		w.record(w.claim(w.raised().ID), answered(410))
		for _, n := range w.digests() {
			if w.due(n) {
				sent = append(sent, w.clock.now())
				w.deliver(n.ID, answered(200))
			}
		}
		w.clock.advance(time.Second)
	}
	if want := []time.Time{start, start.Add(time.Minute), start.Add(2 * time.Minute)}; !slices.EqualFunc(want, sent, time.Time.Equal) {
		t.Errorf("sent at %v", sent)
	}
	w.clock.advance(time.Hour)
	w.deliver(w.digests()[3].ID, answered(200))
	w.record(w.claim(w.raised().ID), answered(410))
	told := 0
	for _, n := range w.digests() {
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
	w.deliver(w.raised().ID, answered(410))
	w.claim(w.digests()[0].ID)
	w.deliver(w.raised().ID, answered(410))
	if at := *w.digests()[1].NextAttemptAt; !at.Equal(start.Add(time.Second + time.Minute)) {
		t.Errorf("the next is due %s after the claim", at.Sub(start))
	}
}

func TestDigestIsSmallWhateverItTellsOf(t *testing.T) {
	t.Parallel()
	w := newDigesting(t)
	w.deliver(w.raised().ID, answered(500))
	w.claim(w.digests()[0].ID)
	var settlements []*models.Settlement
	for status := 400; status < 500; status++ {
		settlements = append(settlements, w.Decide(w.claim(w.raised().ID), answered(status)))
	}
	noError(t, w.SettleTogether(t.Context(), settlements...))
	n := w.digests()[1]
	data := readDigest(t, n).EventData
	if len(n.Body) > 4<<10 || len(data.CallbackUIDs) != 20 || len(data.Causes) != 21 || data.FailureCount != 100 {
		t.Errorf("%d bytes: %s", len(n.Body), n.Body)
	}
	if diff := cmp.Diff(digestCause{models.HTTPStatusError, nil, 80}, data.Causes[0]); diff != "" {
		t.Errorf("the others (-want +got):\n%s", diff)
	}
}

// forgetful commits and says that it has not.
type forgetful struct{ models.Store }

var errUnheard = errors.New("the answer to the commit was lost")

func (f forgetful) InTx(ctx context.Context, do func(models.Store) error) error {
	if err := f.Store.InTx(ctx, do); err != nil {
		return err
	}
	return errUnheard
}

func TestFailureIsToldOnceWhenItsSettlementIsMadeAgain(t *testing.T) {
	t.Parallel()
	for name, modes := range map[string][2]models.NoticeMode{
		"digest":            {models.NoticeDigest, models.NoticeDigest},
		"each":              {models.NoticeEach, models.NoticeEach},
		"digest, then each": {models.NoticeDigest, models.NoticeEach},
		"each, then digest": {models.NoticeEach, models.NoticeDigest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.noticeMode(modes[0])
			x := w.Decide(w.claim(w.raised().ID), answered(500))
			if err := w.on(forgetful{w.store}).Settle(t.Context(), x); !errors.Is(err, errUnheard) {
				t.Fatal(err)
			}
			w.noticeMode(modes[1])
			noError(t, w.Settle(t.Context(), x))
			told := len(w.notices())
			for _, n := range w.digests() {
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
	w := newWorld(t)
	for _, mode := range []models.NoticeMode{models.NoticeEach, models.NoticeDigest, models.NoticeEach, models.NoticeDigest} {
		w.noticeMode(mode)
		for range 2 {
			w.deliver(w.raised().ID, answered(410))
		}
	}
	notices, digests := w.notices(), w.digests()
	if len(notices) != 4 || len(digests) != 1 || readDigest(t, digests[0]).EventData.FailureCount != 4 {
		t.Errorf("%d notices, %d digests: %s", len(notices), len(digests), digests[0].Body)
	}
	for _, d := range w.claimLane(w.lane(webhookHost), 10) {
		w.record(d, answered(200))
	}
	for _, n := range append(notices, digests...) {
		wantStatus(t, w.callback(n.ID), models.StatusSuccess)
	}
}

func TestNoDigestWithoutAWebhookURL(t *testing.T) {
	t.Parallel()
	w := newDigesting(t)
	w.deliver(w.raised().ID, answered(410))
	w.setWebhook(nil)
	w.deliver(w.raised().ID, answered(410))
	if got := w.digests(); len(got) != 1 || readDigest(t, got[0]).EventData.FailureCount != 1 {
		t.Errorf("%d digests", len(got))
	}
}

func TestDigestOfADeletedProject(t *testing.T) {
	t.Parallel()
	w := newDigesting(t)
	c := w.raised()
	_, err := w.DeleteProject(t.Context(), w.admin, w.project.ID)
	noError(t, err)
	w.deliver(c.ID, answered(410))
	w.deliver(w.digests()[0].ID, answered(200))
}

func TestDigestsOfManyAtOnceTellEachFailureOnce(t *testing.T) {
	t.Parallel()
	w := newDigesting(t)
	sibling := w.newProject(w.account, new(projectURL))
	const failures = 60
	deliveries := make([]*models.Delivery, failures)
	for i := range deliveries {
		in := w.ended(int64(1000 + i))
		if i%3 == 0 {
			in.ProjectID = &sibling.ID
		}
		_, c, err := w.FinishCrawl(t.Context(), w.platform, in)
		noError(t, err)
		deliveries[i] = w.claim(c.ID)
	}
	services := []*models.Service{w.Service, w.on(w.store)} // as two workers
	atOnce(failures, func(i int) {
		if err := services[i%2].Settle(t.Context(), services[i%2].Decide(deliveries[i], answered(500))); err != nil {
			t.Error(err)
		}
		if i%10 == 0 { // what waits is claimed meanwhile
			if _, _, _, err := w.Claim(t.Context(), of(w.lane(webhookHost), 1)); err != nil {
				t.Error(err)
			}
		}
	})
	told := map[int64]int{}
	for _, n := range w.digests() {
		told[n.ProjectID] += readDigest(t, n).EventData.FailureCount
	}
	if told[w.project.ID] != 40 || told[sibling.ID] != 20 {
		t.Errorf("told: %v", told)
	}
}

func TestFiltersTellDigestsFromNotices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deliver(w.deliver(w.raised().ID, answered(410)).ID+1, answered(200))
	w.noticeMode(models.NoticeDigest)
	w.deliver(w.raised().ID, answered(410))
	for _, ended := range []bool{false, true} {
		for filter, want := range map[string]int{"": 4, "CALLBACK_FAILED": 1, "CALLBACKS_FAILED": 1, "CALLBACK_FAILED CALLBACKS_FAILED": 2, "CALLBACKS_FAILED CRAWL_FINISHED": 3} {
			var f models.CallbackFilter
			for _, name := range strings.Fields(filter) {
				f.Event = append(f.Event, models.EventName(name))
			}
			pages, err := w.CallbackPages(t.Context(), w.platform, models.OwnerProject, []int64{w.project.ID}, f, models.Page{First: 10})
			noError(t, err)
			counts, err := w.CountCallbacks(t.Context(), w.platform, models.OwnerProject, []int64{w.project.ID}, f)
			noError(t, err)
			if got := pages[w.project.ID].Nodes; len(got) != want || counts[w.project.ID] != want {
				t.Errorf("%s, ended: %t: %d and %d, want %d", filter, ended, len(got), counts[w.project.ID], want)
			}
		}
		for _, n := range w.digests() {
			if !n.Status.Ended() {
				w.deliver(n.ID, answered(200))
			}
		}
	}
}

func TestUnknownNoticeModeIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.UpdateSSOClient(t.Context(), w.platform, models.SSOClientUpdate{SSOClientID: w.client.ID, NoticeMode: "each"})
	wantError(t, err, models.CodeBadUserInput, "noticeMode")
	_, err = w.CreateSSOClient(t.Context(), w.platform, models.NewSSOClient{Name: "S", NoticeMode: "ALL"})
	wantError(t, err, models.CodeBadUserInput, "noticeMode")
}

func TestDigestOfTheDocsIsOne(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/receivers.md")
	noError(t, err)
	_, rest, _ := strings.Cut(string(page), "```json\n")
	example, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("there is no example")
	}
	var want bytes.Buffer
	noError(t, json.Compact(&want, []byte(example)))
	got, err := models.DigestAgain([]byte(example))
	noError(t, err)
	if string(got) != want.String() {
		t.Errorf("it is\n%s and would be sent as\n%s", want.String(), got)
	}
}
