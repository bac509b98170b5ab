package callback_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/job"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
)

func TestSourceNamesWhatACallbackTellsOf(t *testing.T) {
	t.Parallel()
	s := callback.Source{
		Of: models.ObjectID{Type: models.TypeRun, Raw: 7}, Part: models.ObjectID{Type: run.TypeBatch, Raw: 8},
	}
	if id := s.ID(models.TypeRun); id == nil || *id != 7 {
		t.Errorf("the run is %v", id)
	}
	if id := s.ID(run.TypeBatch); id == nil || *id != 8 {
		t.Errorf("the batch is %v", id)
	}
	if s.ID(models.TypeCrawl) != nil {
		t.Error("there is a crawl")
	}
}

// ofEachSource makes a callback of each kind of source, and returns them in the order in which they are due.
func ofEachSource(w *modelstest.World) []*callback.Callback {
	w.T.Helper()
	made := w.NewCrawl(5, &w.AdminUser.ID)
	_, report, err := w.FinishReportDownload(w.T.Context(), w.Platform, modelstest.ReportEnd(567890, made.ID))
	modelstest.NoError(w.T, err)
	a := w.NewAction()
	r := w.NewRun()
	w.ExecuteAll(a, func(*run.Execution) callback.Outcome { return modelstest.Results(1, false) })
	j := w.NewJobs(1)[0]
	_, resolved, err := w.UpdateJob(w.T.Context(), w.Platform, job.Change{
		JobID: j.ID, State: new(job.Completed), Action: job.Resolved,
	})
	modelstest.NoError(w.T, err)
	return []*callback.Callback{
		w.CallbacksOf(callback.CrawlFinishedEvent)[0], report, w.CallbacksOfRun(r.ID, callback.RunBatchFinishedEvent)[0],
		w.CallbacksOfRun(r.ID, callback.RunFinishedEvent)[0], resolved,
	}
}

// Whoever adds a source, or a column for one, is told here what a replay and a notice would lose.
func TestReplayAndNoticeKeepTheSource(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.Rules.Schedule = callback.Schedule{}
	w.Configure()
	for _, made := range ofEachSource(w) {
		original := w.Deliver(made.ID, modelstest.Answered(410))
		if original.Source.Of.Raw == 0 || original.CreatedByUserID == nil {
			t.Fatalf("%s: %+v", made.Event, original)
		}
		replay, err := w.Replay(t.Context(), w.Editor, original.ID)
		modelstest.NoError(t, err)
		replay = w.ReadCallback(replay.ID)
		if replay.Source != original.Source || *replay.CreatedByUserID != *original.CreatedByUserID {
			t.Errorf("%s: the replay is %+v of %+v", made.Event, replay, original)
		}
		n := noticeAbout(w, original)
		if n.Source != (callback.Source{Of: original.Source.Of}) ||
			*modelstest.ReadNotice(t, n).EventData.FirstName != "Demo" {
			t.Errorf("%s: the notice is %+v of %+v", made.Event, n, original)
		}
	}
}

// Notices name it as its own callbacks do.
func TestNoticeNamesWhatTheCallbackIsOf(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	for _, made := range ofEachSource(w) {
		n := noticeAbout(w, w.Deliver(made.ID, modelstest.Answered(410)))
		names, body := modelstest.ReadNotice(t, n).EventData.SourceNames, w.ReadText(models.PayloadText, made.ID)
		named := map[string]bool{
			"crawl_id=": names.CrawlID != nil && strings.Contains(body, fmt.Sprintf("crawl_id=%d&", *names.CrawlID)),
			"report_id=": names.ReportID != nil &&
				strings.Contains(body, "report_id="+url.QueryEscape(*names.ReportID)+"&"),
			`"run_uid":`: names.RunUID != nil && strings.Contains(body, `"run_uid":"`+names.RunUID.String()+`"`),
			`"uuid":`:    names.JobUUID != nil && strings.Contains(body, `"uuid":"`+names.JobUUID.String()+`"`),
		}
		for key, is := range named {
			if is != strings.Contains(body, key) {
				t.Errorf("%s: the notice %s of %s", made.Event, n.Body, body)
			}
		}
	}
}

// noticeAbout finds the one notice of a callback's failure.
func noticeAbout(w *modelstest.World, cause *callback.Callback) *callback.Callback {
	w.T.Helper()
	for _, n := range w.Notices() {
		if *n.CauseID == cause.ID {
			return n
		}
	}
	w.T.Fatalf("no notice tells of callback %d", cause.ID)
	return nil
}

func TestNoticeOfWhatTheReleaseBeforeHasWrittenNamesTheCreatorToo(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	for _, made := range ofEachSource(w) {
		w.SQL(fmt.Sprintf("UPDATE callbacks SET created_by_user_id = NULL WHERE id = %d", made.ID))
		if n := noticeAbout(
			w, w.Deliver(made.ID, modelstest.Answered(410)),
		); *modelstest.ReadNotice(t, n).EventData.FirstName != "Demo" {
			t.Errorf("%s: the notice is %+v", made.Event, n)
		}
	}
}
