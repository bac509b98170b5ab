package models_test

import (
	"sync"
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/crawl"
)

func TestFinishedCrawlRaisesOneCallbackThatIsDueNow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made, c, err := w.FinishCrawl(t.Context(), w.platform, w.ended(124234))
	noError(t, err)
	if made.ID != 124234 || made.Status != crawl.Finished || !made.FinishedAt.Equal(start) || made.AccountID != w.account.ID {
		t.Errorf("got %+v", made)
	}
	c = w.callback(c.ID)
	if c.Ref != c.UID || !c.NextAttemptAt.Equal(start) || *c.TargetURL != projectURL || c.Source.Of != (models.ObjectID{Type: models.TypeCrawl, Raw: 124234}) || c.Event != models.CrawlFinishedEvent {
		t.Errorf("got %+v", c)
	}
	want := models.Wakeup{Lane: w.lane(projectHost), At: start, CallbackID: c.ID, Event: models.CrawlFinishedEvent, First: true}
	if got := w.queue.take(); len(got) != 1 || got[0] != want {
		t.Errorf("woken: %v", got)
	}
}

func TestBodyIsRenderedOnceWhenTheCrawlEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, c, err := w.FinishCrawl(t.Context(), w.platform, w.ended(5))
	noError(t, err)
	before := string(w.callback(c.ID).Body)
	_, err = w.UpdateAccount(t.Context(), w.admin, models.AccountUpdate{AccountID: w.account.ID, Name: models.Given(new("Renamed"))})
	noError(t, err)
	w.deliver(c.ID, answered(500))
	w.clock.advance(twoRetries[0])
	if got := string(w.claim(c.ID).Callback.Body); got != before || before != string(c.Body) {
		t.Errorf("got %q, then %q", before, got)
	}
}

func TestFinishingACrawlAgainReturnsTheSameAndSendsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, c, err := w.FinishCrawl(t.Context(), w.platform, w.ended(5))
	noError(t, err)
	w.queue.take()
	w.deliver(c.ID, answered(200))
	again, same, err := w.FinishCrawl(t.Context(), w.platform, w.ended(5))
	noError(t, err)
	if again.ID != first.ID || !again.FinishedAt.Equal(*first.FinishedAt) || same.UID != c.UID || same.Status != models.StatusSuccess {
		t.Errorf("got %+v and %+v", again, same)
	}
	if len(w.callbacks(models.CrawlFinishedEvent)) != 1 || len(w.queue.take()) != 0 {
		t.Error("it was sent again")
	}
}

func TestSameNewCrawlFinishedEightTimesAtOnceRaisesOneCallback(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var mu sync.Mutex
	uids := map[string]int{}
	atOnce(8, func(int) {
		_, c, err := w.FinishCrawl(t.Context(), w.platform, w.ended(124234))
		if err != nil || c == nil {
			t.Errorf("got %v, %v", c, err)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		uids[c.UID.String()]++
	})
	if len(uids) != 1 || len(w.callbacks(models.CrawlFinishedEvent)) != 1 {
		t.Errorf("the callers saw %v", uids)
	}
	if got := w.queue.take(); len(got) != 1 {
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
			w := newWorld(t)
			in.CrawlID, in.ProjectID = 5, &w.project.ID
			for range 2 {
				made, c, err := w.FinishCrawl(t.Context(), w.platform, in)
				noError(t, err)
				if c != nil || made.Status != in.Status || made.Kind != in.Kind || made.FinishedAt == nil {
					t.Errorf("got %+v and %+v", made, c)
				}
			}
		})
	}
}

func TestCrawlOfAProjectWithoutURLRaisesNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	project := w.newProject(w.account, nil)
	in := w.ended(5)
	in.ProjectID = &project.ID
	made, c, err := w.FinishCrawl(t.Context(), w.platform, in)
	noError(t, err)
	if c != nil || made.FinishedAt == nil {
		t.Errorf("got %+v and %+v", made, c)
	}
	// A URL that comes later does not bring the callback back: what happened before it was set is past.
	_, err = w.UpdateProject(t.Context(), w.admin, models.ProjectUpdate{
		ProjectID: project.ID, Callback: models.EndpointUpdate{URL: models.Given(new(projectURL))},
	})
	noError(t, err)
	if _, c, err = w.FinishCrawl(t.Context(), w.platform, in); c != nil || err != nil {
		t.Errorf("got %+v, %v", c, err)
	}
}

func TestAccountURLServesProjectsWithoutOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.UpdateAccount(t.Context(), w.admin, models.AccountUpdate{
		AccountID: w.account.ID, Callback: models.EndpointUpdate{URL: models.Given(new(accountURL))},
	})
	noError(t, err)
	project := w.newProject(w.account, nil)
	in := w.ended(5)
	in.ProjectID = &project.ID
	_, c, err := w.FinishCrawl(t.Context(), w.platform, in)
	noError(t, err)
	if *c.TargetURL != accountURL {
		t.Errorf("it goes to %s", *c.TargetURL)
	}
}

func TestFinishCrawlRefusesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	elsewhere := w.newProject(w.account, nil)
	_, _, err := w.FinishCrawl(t.Context(), w.platform, w.ended(1))
	noError(t, err)
	tests := map[string]struct {
		change func(*crawl.End)
		code   models.Code
		field  string
	}{
		"a new crawl without projectId":     {func(in *crawl.End) { in.CrawlID, in.ProjectID = 2, nil }, models.CodeBadUserInput, "projectId"},
		"a new crawl of an unknown project": {func(in *crawl.End) { in.CrawlID, in.ProjectID = 2, new(int64(999)) }, models.CodeNotFound, ""},
		"an unknown user":                   {func(in *crawl.End) { in.CrawlID, in.CreatedByUserID = 2, new(int64(999)) }, models.CodeNotFound, ""},
		"an end that is none":               {func(in *crawl.End) { in.CrawlID, in.Status = 2, crawl.Queued }, models.CodeBadUserInput, "status"},
		"another project":                   {func(in *crawl.End) { in.ProjectID = &elsewhere.ID }, models.CodeConflict, "projectId"},
		"another status":                    {func(in *crawl.End) { in.Status = crawl.Failed }, models.CodeConflict, "status"},
		"another kind":                      {func(in *crawl.End) { in.Kind = crawl.TestSuiteBuild }, models.CodeConflict, "kind"},
	}
	for name, test := range tests {
		in := w.ended(1)
		test.change(&in)
		_, _, err := w.FinishCrawl(t.Context(), w.platform, in)
		t.Log(name)
		wantError(t, err, test.code, test.field)
	}
	if crawls, err := w.Crawls(t.Context(), w.platform, 2); err != nil || len(crawls) != 0 {
		t.Errorf("a refused call left %v, %v", crawls, err)
	}
}

func TestCrawlThatIsKnownNeedsNoProject(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	queued, err := w.RunCrawl(t.Context(), w.editor, w.project.ID)
	noError(t, err)
	if queued.Status != crawl.Queued || *queued.CreatedByUserID != w.editor.User.ID {
		t.Errorf("got %+v", queued)
	}
	made, c, err := w.FinishCrawl(t.Context(), w.platform, crawl.End{
		CrawlID: queued.ID, Kind: crawl.Standard, Status: crawl.Finished,
	})
	noError(t, err)
	if *made.CreatedByUserID != w.editor.User.ID || form(t, c).Get("user_id") != w.editor.User.RawID() {
		t.Errorf("its creator was forgotten: %+v", made)
	}
}

func TestDeletedProjectRaisesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	queued, err := w.RunCrawl(t.Context(), w.editor, w.project.ID)
	noError(t, err)
	_, err = w.DeleteProject(t.Context(), w.admin, w.project.ID)
	noError(t, err)
	_, _, err = w.FinishCrawl(t.Context(), w.platform, w.ended(999))
	wantError(t, err, models.CodeNotFound, "")
	made, c, err := w.FinishCrawl(t.Context(), w.platform, crawl.End{
		CrawlID: queued.ID, Kind: crawl.Standard, Status: crawl.Finished,
	})
	noError(t, err)
	if c != nil || made.FinishedAt == nil {
		t.Errorf("got %+v and %+v", made, c)
	}
	_, err = w.RunCrawl(t.Context(), w.editor, w.project.ID)
	wantError(t, err, models.CodeNotFound, "")
}
