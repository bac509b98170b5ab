package modelstest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/job"
)

// Where the callbacks of jobs go, and its host as lanes name it.
const (
	JobURL  = "https://caller.example/jobs/"
	JobHost = "caller.example:443"
)

// NewJobs makes so many jobs with a URL of their own.
func (w *World) NewJobs(n int) []*job.Job {
	w.T.Helper()
	jobs, err := w.CreateJobs(w.T.Context(), w.Editor, job.NewJobs{
		ProjectID: w.Shop.ID, Inputs: slices.Repeat([]json.RawMessage{Shoes}, n), CallbackURL: new(JobURL),
	})
	NoError(w.T, err)
	return jobs
}

// JobResolved resolves a job, with an output unless that is empty.
func JobResolved(state job.State, output string) job.Change {
	in := job.Change{State: &state, Action: job.Resolved}
	if output != "" {
		in.Output = json.RawMessage(output)
	}
	return in
}

// JobCompleted resolves a job well.
func JobCompleted() job.Change { return JobResolved(job.Completed, `{"label":"shoe"}`) }

// JobEdited changes the output of a job.
func JobEdited(output string) job.Change {
	return job.Change{Action: job.Edited, Output: json.RawMessage(output)}
}

// JobAccepted marks the output of a job correct.
func JobAccepted() job.Change { return job.Change{Action: job.Accepted} }

// JobDeclined marks the output of a job incorrect.
func JobDeclined() job.Change { return job.Change{Action: job.Declined} }

// MustChange changes a job and returns the callback of that.
func (w *World) MustChange(j *job.Job, in job.Change) *callback.Callback {
	w.T.Helper()
	in.JobID = j.ID
	_, c, err := w.UpdateJob(w.T.Context(), w.Platform, in)
	NoError(w.T, err)
	return c
}

// ReadJob reads a job as it is in the database.
func (w *World) ReadJob(id int64) *job.Job {
	w.T.Helper()
	j, err := w.Job(w.T.Context(), w.Platform, id)
	NoError(w.T, err)
	for field, value := range map[models.TextField]*json.RawMessage{ // lists leave them out
		models.JobInputText: &j.Input, models.JobOutputText: &j.Output, models.JobMetadataText: &j.Metadata,
	} {
		if text := w.ReadText(field, id); text != "" {
			*value = json.RawMessage(text)
		}
	}
	return j
}

// ObjectOfBytes is a JSON object of so many bytes.
func ObjectOfBytes(bytes int) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"a":%q}`, strings.Repeat("x", bytes-len(`{"a":""}`))))
}
