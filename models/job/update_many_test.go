package job_test

import (
	"fmt"
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/job"
	"github.com/ringback/ringback/models/modelstest"
)

func TestManyChangesAreMadeInOrderAndWhatIsWrongTouchesNoOther(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	jobs := w.NewJobs(2)
	var in []models.Entry[job.Change]
	add := func(id int64, change job.Change) {
		change.JobID = id
		in = append(in, models.Entry[job.Change]{In: change})
	}
	add(jobs[1].ID, modelstest.JobCompleted())
	add(jobs[0].ID, modelstest.JobCompleted())
	add(jobs[0].ID, modelstest.JobCompleted()) // the same again
	add(jobs[0].ID, modelstest.JobResolved(job.Completed, "2"))
	add(jobs[0].ID, modelstest.JobAccepted())
	add(999, modelstest.JobAccepted())
	add(jobs[1].ID, job.Change{Action: job.Edited})
	done, err := w.UpdateJobs(t.Context(), w.Platform, in)
	modelstest.NoError(t, err)
	for i, want := range []struct {
		code  models.Code
		field string
	}{3: {models.CodeConflict, "jobs.3.state"}, 5: {models.CodeNotFound, "jobs.5"}, 6: {models.CodeBadUserInput, "jobs.6.output"}} {
		if want.code != "" {
			modelstest.WantError(t, done[i].Err, want.code, want.field)
		} else if done[i].Err != nil || done[i].Out.Callback == nil {
			t.Errorf("change %d: %+v", i, done[i])
		}
	}
	if done[1].Out.Callback.UID != done[2].Out.Callback.UID || *done[1].Out.Job.LastAction != job.Resolved {
		t.Errorf("the same change twice: %+v, %+v", done[1].Out, done[2].Out)
	}
	told := w.CallbacksOf(callback.JobUpdatedEvent)
	if len(told) != 3 || !told[2].Held || told[1].Held || told[2].UID != done[4].Out.Callback.UID {
		t.Errorf("told %d times: %+v", len(told), told)
	}
	if woken := w.Queue.Take(); len(woken) != 2 {
		t.Errorf("woken: %v", woken)
	}
	if j := w.ReadJob(jobs[0].ID); !*j.Correct || string(j.Output) != `{"label":"shoe"}` || j.ChangeCount != 2 {
		t.Errorf("got %+v", j)
	}
	again, err := w.UpdateJobs(t.Context(), w.Platform, in[4:5])
	modelstest.NoError(t, err)
	if again[0].Err != nil || again[0].Out.Callback.UID != told[2].UID {
		t.Errorf("the last change again: %+v", again[0])
	}
}

func TestChangesOfTheSameJobsFromManySidesDoNotWaitInARing(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	jobs := w.NewJobs(20)
	modelstest.AtOnce(4, func(n int) {
		var in []models.Entry[job.Change]
		for i := range jobs {
			j := jobs[i]
			if n%2 == 0 {
				j = jobs[len(jobs)-1-i]
			}
			change := modelstest.JobCompleted()
			change.JobID = j.ID
			in = append(in, models.Entry[job.Change]{In: change})
		}
		done, err := w.UpdateJobs(t.Context(), w.Platform, in)
		if err != nil {
			t.Error(err)
			return
		}
		for i := range done {
			if done[i].Err != nil {
				t.Error(fmt.Sprint(i, done[i].Err))
			}
		}
	})
	if told := len(w.CallbacksOf(callback.JobUpdatedEvent)); told != len(jobs) {
		t.Errorf("told %d times", told)
	}
}
