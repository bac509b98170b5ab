package receiver_test

import (
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/tenant"
)

func mustPreview(w *modelstest.World, event callback.EventName, of callback.Subject) *callback.Preview {
	w.T.Helper()
	p, err := w.ReceiverService.Preview(
		w.T.Context(), w.Platform, callback.ToPreview{Event: event, ProjectID: w.Shop.ID, Of: of},
	)
	modelstest.NoError(w.T, err)
	return p
}

// withoutRef is a body without the ref, which is another one each time.
func withoutRef(c *callback.Callback) string {
	return strings.ReplaceAll(string(c.Body), c.Ref.String(), "REF")
}

// TestAPreviewHasTheBytesOfTheCallback: for each event that has happened, what was sent of it.
func TestAPreviewHasTheBytesOfTheCallback(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	same := func(c *callback.Callback, of callback.Subject) {
		t.Helper()
		p := mustPreview(w, c.Event, of)
		c = w.ReadCallback(c.ID)
		if withoutRef(p.Callback) != withoutRef(c) || p.ContentType != c.ContentType || *p.TargetURL != *c.TargetURL ||
			p.Target.URL != *c.TargetURL {
			t.Errorf("%s:\n got  %s to %s\n want %s to %s", c.Event, p.Body, *p.TargetURL, c.Body, *c.TargetURL)
		}
	}
	finished := w.NewCallback()
	crawlID := finished.Source.Of.Raw
	same(finished, callback.Subject{Field: "crawlId", ID: crawlID})
	_, generated, err := w.FinishReportDownload(t.Context(), w.Platform, modelstest.ReportEnd(88, crawlID))
	modelstest.NoError(t, err)
	same(generated, callback.Subject{Field: "reportDownloadId", ID: 88})
	j := w.NewJobs(1)[0]
	same(w.MustChange(j, modelstest.JobCompleted()), callback.Subject{Field: "jobUuid", UID: j.UUID.String()})
}

// TestEveryEventHasASample, which leaves nothing behind.
func TestEveryEventHasASample(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	for _, event := range callback.EventNames() {
		p := mustPreview(w, event, callback.Subject{})
		if len(p.Body) == 0 || p.Event != event || p.ProjectID != w.Shop.ID {
			t.Errorf("%s: %+v", event, p.Callback)
		}
		t.Log(event, string(p.Body))
		headers, err := p.Headers("Ringback/1")
		modelstest.NoError(t, err)
		if len(headers) < 8 {
			t.Errorf("%s has the headers %v", event, headers)
		}
		if n := len(w.CallbacksOf(event)); n != 0 {
			t.Errorf("%s: %d callbacks", event, n)
		}
	}
	if woken := w.Queue.Take(); len(woken) != 0 {
		t.Errorf("woken: %v", woken)
	}
}

// TestAPreviewIsSignedForATimeLongAgo: the official library takes it, as far as the time is not asked.
func TestAPreviewIsSignedForATimeLongAgo(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.SetTarget(w.Shop, new(modelstest.ProjectURL))
	p := mustPreview(w, callback.CrawlFinishedEvent, callback.Subject{})
	headers, err := p.Headers("Ringback/1")
	modelstest.NoError(t, err)
	has := map[string]callback.PreviewedHeader{}
	for _, h := range headers {
		has[h.Name] = h
		if configured := h.Source != ""; configured != (h.Source == tenant.LevelProject) {
			t.Errorf("%s is of %s", h.Name, h.Source)
		}
	}
	seconds, err := strconv.ParseInt(has["Webhook-Timestamp"].Value.Reveal(), 10, 64)
	modelstest.NoError(t, err)
	at := time.Unix(seconds, 0)
	secrets, err := w.ProjectSigningSecrets(t.Context(), w.Admin, w.Shop.ID)
	modelstest.NoError(t, err)
	modelstest.NoError(t, modelstest.VerifySignature(
		t, secrets[w.Shop.ID][0], has["Webhook-Id"].Value.Reveal(), at, has["Webhook-Signature"].Value.Reveal(), p.Body,
	))
	if w.Clock.Now().Sub(at) < 365*24*time.Hour || has["X-Callback-Attempt"].Value != "1" {
		t.Errorf("%+v", has)
	}
}

func TestAPreviewOfWhatHasNotHappenedSaysWhy(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	queued, err := w.RunCrawl(t.Context(), w.Admin, w.Shop.ID)
	modelstest.NoError(t, err)
	elsewhere := w.NewCallbackOf(w.NewProject(w.Acme, new(modelstest.ProjectURL)), 901).Source.Of.Raw
	foreign := w.NewProject(w.Other, nil)
	foreignCrawl, _, err := w.FinishCrawl(
		t.Context(), w.Platform, crawl.End{CrawlID: 902, ProjectID: &foreign.ID, Kind: crawl.Standard, Status: crawl.Finished},
	)
	modelstest.NoError(t, err)
	w.NewAction()
	run, job := w.NewRun(), w.NewJobs(1)[0]
	for name, tc := range map[string]struct {
		who   *models.Actor
		event callback.EventName
		of    callback.Subject
		code  models.Code
		field string
	}{
		"a crawl that is queued": {
			w.Viewer, callback.CrawlFinishedEvent, callback.Subject{Field: "crawlId", ID: queued.ID}, models.CodeConflict, "crawlId",
		},
		"another project's crawl": {
			w.Viewer, callback.CrawlFinishedEvent, callback.Subject{Field: "crawlId", ID: elsewhere}, models.CodeNotFound, "",
		},
		"another account's crawl": {
			w.Viewer, callback.CrawlFinishedEvent, callback.Subject{Field: "crawlId", ID: foreignCrawl.ID}, models.CodeNotFound, "",
		},
		"no crawl": {
			w.Viewer, callback.CrawlFinishedEvent, callback.Subject{Field: "crawlId", ID: 987}, models.CodeNotFound, "",
		},
		"another event's crawl": {
			w.Viewer, callback.JobUpdatedEvent, callback.Subject{Field: "crawlId", ID: queued.ID}, models.CodeBadUserInput, "crawlId",
		},
		"of a test": {
			w.Viewer, callback.TestEvent, callback.Subject{Field: "runUid", UID: run.UID.String()}, models.CodeBadUserInput, "runUid",
		},
		"a run that goes on": {
			w.Viewer, callback.RunFinishedEvent, callback.Subject{Field: "runUid", UID: run.UID.String()}, models.CodeConflict, "runUid",
		},
		"a run without an ended batch": {
			w.Viewer, callback.RunBatchFinishedEvent, callback.Subject{Field: "runUid", UID: run.UID.String()}, models.CodeConflict, "runUid",
		},
		"a run that sends no bare result": {
			w.Viewer, callback.RunResultEvent, callback.Subject{Field: "runUid", UID: run.UID.String()}, models.CodeConflict, "runUid",
		},
		"no uid": {
			w.Viewer, callback.RunFinishedEvent, callback.Subject{Field: "runUid", UID: "1"}, models.CodeBadUserInput, "runUid",
		},
		"a job that nothing was done to": {
			w.Viewer, callback.JobUpdatedEvent, callback.Subject{Field: "jobUuid", UID: job.UUID.String()}, models.CodeConflict, "jobUuid",
		},
		"a notice":     {w.Admin, callback.CallbackFailedEvent, callback.Subject{}, models.CodeForbidden, ""},
		"an outsider":  {w.Outsider, callback.TestEvent, callback.Subject{}, models.CodeNotFound, ""},
		"a stranger":   {nil, callback.TestEvent, callback.Subject{}, models.CodeNotFound, ""},
		"a sibling's":  {w.KeyActor(w.NewProject(w.Acme, nil)), callback.TestEvent, callback.Subject{}, models.CodeNotFound, ""},
		"its own key":  {w.KeyActor(w.Shop), callback.TestEvent, callback.Subject{}, "", ""},
		"just a guest": {w.Viewer, callback.TestEvent, callback.Subject{}, "", ""},
	} {
		_, err := w.ReceiverService.Preview(
			t.Context(), tc.who, callback.ToPreview{Event: tc.event, ProjectID: w.Shop.ID, Of: tc.of},
		)
		t.Log(name, err)
		if tc.code == "" {
			modelstest.NoError(t, err)
		} else {
			modelstest.WantError(t, err, tc.code, tc.field)
		}
	}
}

func TestAPreviewWithoutAURLHasABodyAndGoesNowhere(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.SetURL(nil)
	p := mustPreview(w, callback.CrawlFinishedEvent, callback.Subject{})
	headers, err := p.Headers("Ringback/1")
	form, bad := url.ParseQuery(string(p.Body))
	if err != nil || bad != nil || len(headers) != 0 || p.TargetURL != nil || form.Get("message") != "crawl_status" {
		t.Errorf("%s, %v, %v, %v", p.Body, headers, err, bad)
	}
}

func TestSixtyPreviewsAMinuteOfAProject(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	second := w.NewProject(w.Acme, nil)
	preview := func(who *models.Actor, projectID int64) error {
		_, err := w.ReceiverService.Preview(t.Context(), who, callback.ToPreview{Event: callback.TestEvent, ProjectID: projectID})
		return err
	}
	for range 60 {
		modelstest.NoError(t, preview(w.Viewer, w.Shop.ID))
	}
	modelstest.WantError(t, preview(w.Viewer, w.Shop.ID), models.CodeRateLimited, "")
	modelstest.NoError(t, preview(w.Editor, w.Shop.ID))
	modelstest.NoError(t, preview(w.Viewer, second.ID))
	w.Clock.Advance(time.Minute)
	modelstest.NoError(t, preview(w.Viewer, w.Shop.ID))
}
