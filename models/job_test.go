package models_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/ringback/ringback/models"
)

// jobURL is of a request itself; jobHost is where its callbacks wait.
const (
	jobURL  = "https://caller.example/jobs/"
	jobHost = "caller.example:443"
)

// newJobs makes so many jobs with a URL of their own.
func (w *world) newJobs(n int) []*models.Job {
	w.t.Helper()
	jobs, err := w.CreateJobs(w.t.Context(), w.editor, models.NewJobs{
		ProjectID: w.project.ID, Inputs: slices.Repeat([]json.RawMessage{shoes}, n), CallbackURL: new(jobURL),
	})
	noError(w.t, err)
	return jobs
}

func completed() models.JobChange {
	return models.JobChange{State: new(models.JobCompleted), Action: models.JobResolved, Output: json.RawMessage(`{"label":"shoe"}`)}
}

func edited(output string) models.JobChange {
	return models.JobChange{Action: models.JobEdited, Output: json.RawMessage(output)}
}

// change changes a job and returns the callback of that.
func (w *world) change(j *models.Job, in models.JobChange) *models.Callback {
	w.t.Helper()
	in.JobID = j.ID
	_, c, err := w.UpdateJob(w.t.Context(), w.platform, in)
	noError(w.t, err)
	return c
}

func (w *world) job(id int64) *models.Job {
	w.t.Helper()
	j, err := w.Job(w.t.Context(), w.platform, id)
	noError(w.t, err)
	return j
}

var _ testing.TB
