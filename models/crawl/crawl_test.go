package crawl_test

import (
	"sync"
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/tenant"
)

func TestFinishedCrawlRaisesOneCallbackThatIsDueNow(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	made, c, err := w.FinishCrawl(t.Context(), w.Platform, w.CrawlEnd(124234))
	modelstest.NoError(t, err)
	if made.ID != 124234 || made.Status != crawl.Finished || !made.FinishedAt.Equal(modelstest.Start) ||
		made.AccountID != w.Acme.ID {
		t.Errorf("got %+v", made)
	}
	c = w.ReadCallback(c.ID)
	if c.Ref != c.UID || !c.NextAttemptAt.Equal(modelstest.Start) || *c.TargetURL != modelstest.ProjectURL ||
		c.Source.Of != (models.ObjectID{Type: models.TypeCrawl, Raw: 124234}) || c.Event != callback.CrawlFinishedEvent {
		t.Errorf("got %+v", c)
	}
	want := callback.Wakeup{
		Lane: w.Lane(modelstest.ProjectHost), At: modelstest.Start, CallbackID: c.ID, Event: callback.CrawlFinishedEvent,
		First: true,
	}
	if got := w.Queue.Take(); len(got) != 1 || got[0] != want {
		t.Errorf("woken: %v", got)
	}
}

func TestBodyIsRenderedOnceWhenTheCrawlEnds(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	_, c, err := w.FinishCrawl(t.Context(), w.Platform, w.CrawlEnd(5))
	modelstest.NoError(t, err)
	before := string(w.ReadCallback(c.ID).Body)
	_, err = w.UpdateAccount(
		t.Context(), w.Admin, tenant.AccountUpdate{AccountID: w.Acme.ID, Name: models.Given(new("Renamed"))},
	)
	modelstest.NoError(t, err)
	w.Deliver(c.ID, modelstest.Answered(500))
	w.Clock.Advance(modelstest.TwoRetries[0])
	if got := string(w.MustClaim(c.ID).Callback.Body); got != before || before != string(c.Body) {
		t.Errorf("got %q, then %q", before, got)
	}
}

func TestFinishingACrawlAgainReturnsTheSameAndSendsNothing(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	first, c, err := w.FinishCrawl(t.Context(), w.Platform, w.CrawlEnd(5))
	modelstest.NoError(t, err)
	w.Queue.Take()
	w.Deliver(c.ID, modelstest.Answered(200))
	again, same, err := w.FinishCrawl(t.Context(), w.Platform, w.CrawlEnd(5))
	modelstest.NoError(t, err)
	if again.ID != first.ID || !again.FinishedAt.Equal(*first.FinishedAt) || same.UID != c.UID ||
		same.Status != callback.StatusSuccess {
		t.Errorf("got %+v and %+v", again, same)
	}
	if len(w.CallbacksOf(callback.CrawlFinishedEvent)) != 1 || len(w.Queue.Take()) != 0 {
		t.Error("it was sent again")
	}
}

func TestSameNewCrawlFinishedEightTimesAtOnceRaisesOneCallback(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	var mu sync.Mutex
	uids := map[string]int{}
	modelstest.AtOnce(8, func(int) {
		_, c, err := w.FinishCrawl(t.Context(), w.Platform, w.CrawlEnd(124234))
		if err != nil || c == nil {
			t.Errorf("got %v, %v", c, err)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		uids[c.UID.String()]++
	})
	if len(uids) != 1 || len(w.CallbacksOf(callback.CrawlFinishedEvent)) != 1 {
		t.Errorf("the callers saw %v", uids)
	}
	if got := w.Queue.Take(); len(got) != 1 {
		t.Errorf("woken: %v", got)
	}
}

func TestOnlyAStandardCrawlThatFinishedWellRaisesACallback(t *testing.T) {
	t.Parallel()
	tests := map[string]crawl.End{
		"a test suite's build": {Kind: crawl.TestSuiteBuild, Status: crawl.Finished},
		"failed":               {Kind: crawl.Standard, Status: crawl.Failed},
		"cancelled":            {Kind: crawl.Standard, Status: crawl.Cancelled},
	}
	for name, in := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			in.CrawlID, in.ProjectID = 5, &w.Shop.ID
			for range 2 {
				made, c, err := w.FinishCrawl(t.Context(), w.Platform, in)
				modelstest.NoError(t, err)
				if c != nil || made.Status != in.Status || made.Kind != in.Kind || made.FinishedAt == nil {
					t.Errorf("got %+v and %+v", made, c)
				}
			}
		})
	}
}

func TestCrawlOfAProjectWithoutURLRaisesNone(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	project := w.NewProject(w.Acme, nil)
	in := w.CrawlEnd(5)
	in.ProjectID = &project.ID
	made, c, err := w.FinishCrawl(t.Context(), w.Platform, in)
	modelstest.NoError(t, err)
	if c != nil || made.FinishedAt == nil {
		t.Errorf("got %+v and %+v", made, c)
	}
	// A URL that comes later does not bring the callback back: what happened before it was set is past.
	_, err = w.UpdateProject(t.Context(), w.Admin, tenant.ProjectUpdate{
		ProjectID: project.ID, Callback: models.EndpointUpdate{URL: models.Given(new(modelstest.ProjectURL))},
	})
	modelstest.NoError(t, err)
	if _, c, err = w.FinishCrawl(t.Context(), w.Platform, in); c != nil || err != nil {
		t.Errorf("got %+v, %v", c, err)
	}
}

func TestAccountURLServesProjectsWithoutOne(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	_, err := w.UpdateAccount(t.Context(), w.Admin, tenant.AccountUpdate{
		AccountID: w.Acme.ID, Callback: models.EndpointUpdate{URL: models.Given(new(modelstest.AccountURL))},
	})
	modelstest.NoError(t, err)
	project := w.NewProject(w.Acme, nil)
	in := w.CrawlEnd(5)
	in.ProjectID = &project.ID
	_, c, err := w.FinishCrawl(t.Context(), w.Platform, in)
	modelstest.NoError(t, err)
	if *c.TargetURL != modelstest.AccountURL {
		t.Errorf("it goes to %s", *c.TargetURL)
	}
}

func TestFinishCrawlRefusesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	elsewhere := w.NewProject(w.Acme, nil)
	_, _, err := w.FinishCrawl(t.Context(), w.Platform, w.CrawlEnd(1))
	modelstest.NoError(t, err)
	tests := map[string]struct {
		change func(*crawl.End)
		code   models.Code
		field  string
	}{
		"a new crawl without projectId": {
			func(in *crawl.End) { in.CrawlID, in.ProjectID = 2, nil }, models.CodeBadUserInput, "projectId",
		},
		"a new crawl of an unknown project": {
			func(in *crawl.End) { in.CrawlID, in.ProjectID = 2, new(int64(999)) }, models.CodeNotFound, "projectId",
		},
		"an unknown user": {
			func(in *crawl.End) { in.CrawlID, in.CreatedByUserID = 2, new(int64(999)) }, models.CodeNotFound, "createdByUserId",
		},
		"an end that is none": {
			func(in *crawl.End) { in.CrawlID, in.Status = 2, crawl.Queued }, models.CodeBadUserInput, "status",
		},
		"another project": {
			func(in *crawl.End) { in.ProjectID = &elsewhere.ID }, models.CodeConflict, "projectId",
		},
		"another status": {
			func(in *crawl.End) { in.Status = crawl.Failed }, models.CodeConflict, "status",
		},
		"another kind": {
			func(in *crawl.End) { in.Kind = crawl.TestSuiteBuild }, models.CodeConflict, "kind",
		},
	}
	for name, test := range tests {
		in := w.CrawlEnd(1)
		test.change(&in)
		_, _, err := w.FinishCrawl(t.Context(), w.Platform, in)
		t.Log(name)
		modelstest.WantError(t, err, test.code, test.field)
	}
	if crawls, err := w.Crawls(t.Context(), w.Platform, 2); err != nil || len(crawls) != 0 {
		t.Errorf("a refused call left %v, %v", crawls, err)
	}
}

func TestCrawlThatIsKnownNeedsNoProject(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	queued, err := w.RunCrawl(t.Context(), w.Editor, w.Shop.ID)
	modelstest.NoError(t, err)
	if queued.Status != crawl.Queued || *queued.CreatedByUserID != w.Editor.UserID {
		t.Errorf("got %+v", queued)
	}
	made, c, err := w.FinishCrawl(t.Context(), w.Platform, crawl.End{
		CrawlID: queued.ID, Kind: crawl.Standard, Status: crawl.Finished,
	})
	modelstest.NoError(t, err)
	told := modelstest.ReadForm(t, c).Get("user_id")
	if *made.CreatedByUserID != w.Editor.UserID || told != models.RawIDText(w.Editor.UserID) {
		t.Errorf("its creator was forgotten: %+v", made)
	}
}

func TestDeletedProjectRaisesNothing(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	queued, err := w.RunCrawl(t.Context(), w.Editor, w.Shop.ID)
	modelstest.NoError(t, err)
	_, err = w.DeleteProject(t.Context(), w.Admin, w.Shop.ID)
	modelstest.NoError(t, err)
	_, _, err = w.FinishCrawl(t.Context(), w.Platform, w.CrawlEnd(999))
	modelstest.WantError(t, err, models.CodeNotFound, "projectId")
	made, c, err := w.FinishCrawl(t.Context(), w.Platform, crawl.End{
		CrawlID: queued.ID, Kind: crawl.Standard, Status: crawl.Finished,
	})
	modelstest.NoError(t, err)
	if c != nil || made.FinishedAt == nil {
		t.Errorf("got %+v and %+v", made, c)
	}
	_, err = w.RunCrawl(t.Context(), w.Editor, w.Shop.ID)
	modelstest.WantError(t, err, models.CodeNotFound, "")
}
