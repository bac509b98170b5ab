package models_test

import (
	"fmt"
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/job"
)

func TestSourceNamesWhatACallbackTellsOf(t *testing.T) {
	t.Parallel()
	s := models.Source{Of: models.ObjectID{Type: models.TypeRun, Raw: 7}, Part: models.ObjectID{Type: models.TypeBatch, Raw: 8}}
	if id := s.ID(models.TypeRun); id == nil || *id != 7 {
		t.Errorf("the run is %v", id)
	}
	if id := s.ID(models.TypeBatch); id == nil || *id != 8 {
		t.Errorf("the batch is %v", id)
	}
	if s.ID(models.TypeCrawl) != nil {
		t.Error("there is a crawl")
	}
}

// ofEachSource makes a callback of each kind of source, and returns them in the order in which they are due.
func (w *world) ofEachSource() []*models.Callback {
	w.t.Helper()
	made := w.crawl(5, &w.user.ID)
	_, report, err := w.FinishReportDownload(w.t.Context(), w.platform, generated(567890, made.ID))
	noError(w.t, err)
	a := w.newAction()
	run := w.newRun()
	w.execute(a, func(*models.Execution) models.Outcome { return found(1, false) })
	j := w.newJobs(1)[0]
	_, resolved, err := w.UpdateJob(w.t.Context(), w.platform, job.Change{
		JobID: j.ID, State: new(job.Completed), Action: job.Resolved,
	})
	noError(w.t, err)
	return []*models.Callback{
		w.callbacks(models.CrawlFinishedEvent)[0], report, w.told(run.ID, models.RunBatchFinishedEvent)[0],
		w.told(run.ID, models.RunFinishedEvent)[0], resolved,
	}
}

// Whoever adds a source, or a column for one, is told here what a replay and a notice would lose.
func TestReplayAndNoticeKeepTheSource(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rules.Schedule = models.Schedule{}
	w.configure()
	for _, made := range w.ofEachSource() {
		original := w.deliver(made.ID, answered(410))
		if original.Source.Of.Raw == 0 || original.CreatedByUserID == nil {
			t.Fatalf("%s: %+v", made.Event, original)
		}
		replay, err := w.ReplayCallback(t.Context(), w.editor, original.ID)
		noError(t, err)
		replay = w.callback(replay.ID)
		if replay.Source != original.Source || *replay.CreatedByUserID != *original.CreatedByUserID {
			t.Errorf("%s: the replay is %+v of %+v", made.Event, replay, original)
		}
		n := w.noticeAbout(original)
		if n.Source != (models.Source{Of: original.Source.Of}) || *readNotice(t, n).EventData.FirstName != "Demo" {
			t.Errorf("%s: the notice is %+v of %+v", made.Event, n, original)
		}
	}
}

// noticeAbout finds the one notice of a callback's failure.
func (w *world) noticeAbout(cause *models.Callback) *models.Callback {
	w.t.Helper()
	for _, n := range w.notices() {
		if *n.CauseID == cause.ID {
			return n
		}
	}
	w.t.Fatalf("no notice tells of callback %d", cause.ID)
	return nil
}

func TestNoticeOfWhatTheReleaseBeforeHasWrittenNamesTheCreatorToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, made := range w.ofEachSource() {
		w.sql(fmt.Sprintf("UPDATE callbacks SET created_by_user_id = NULL WHERE id = %d", made.ID))
		if n := w.noticeAbout(w.deliver(made.ID, answered(410))); *readNotice(t, n).EventData.FirstName != "Demo" {
			t.Errorf("%s: the notice is %+v", made.Event, n)
		}
	}
}
