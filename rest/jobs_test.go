package rest_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
)

func TestGetJob(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key(project)
	fresh := w.newJob(project, nil)
	w.ok(key, http.MethodGet, "/v1/jobs/"+fresh.RawID(), "").golden("job_fresh.json")

	resolved := w.newJob(project, func(in *models.NewJobs) {
		in.Inputs = []json.RawMessage{json.RawMessage(`{"z":1.50,"a":[1e3,"\u00e9<&>"]}`)}
		in.CallbackURL, in.Metadata, in.Tags = new("https://hook.example.com/jobs/"), json.RawMessage(`{"b":1.0,"a":2}`), []string{"cats", "dogs"}
	})
	w.clock.advance(time.Minute)
	w.updateJob(models.JobChange{JobID: resolved.ID, State: new(models.JobCompleted), Action: models.JobResolved, Output: json.RawMessage(`[1.0]`)})
	w.clock.advance(time.Minute)
	w.updateJob(models.JobChange{JobID: resolved.ID, Action: models.JobDeclined})
	w.ok(key, http.MethodGet, "/v1/jobs/"+resolved.RawID(), "").golden("job_declined.json")
}

func (w *world) updateJob(in models.JobChange) {
	w.tb.Helper()
	_, _, err := w.service.UpdateJob(w.tb.Context(), models.PlatformActor(), in)
	must(w.tb, err)
}

func TestAJobHasSeveralNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	job := w.newJob(project, nil)
	for _, name := range []string{job.RawID(), job.ObjectID().String(), job.UUID.String(), strings.ToUpper(job.UUID.String())} {
		if got := w.ok(w.session(viewerUser), http.MethodGet, "/v1/jobs/"+name, "").text("uuid"); got != job.UUID.String() {
			t.Errorf("%s is %s", name, got)
		}
	}
}

// Whatever JSON a job has been given comes back as it is, and fits the document.
func TestAJobsValuesAreAnyJSON(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key(project)
	for _, value := range []string{`null`, `true`, `0.10`, `"\u00e9é<&>"`, `[]`, `{}`, `{"b":{"c":[null]},"a":1E2}`} {
		job := w.newJob(project, func(in *models.NewJobs) { in.Inputs = []json.RawMessage{json.RawMessage(value)} })
		w.updateJob(models.JobChange{
			JobID: job.ID, State: new(models.JobCompleted), Action: models.JobResolved, Output: json.RawMessage(value),
		})
		body := w.ok(key, http.MethodGet, "/v1/jobs/"+job.RawID(), "").Body
		if !strings.Contains(body, `"input":`+value+`,"output":`+value+`,"metadata":{}`) {
			t.Errorf("%s comes back in %s", value, body)
		}
	}
}

func TestEveryStateOfAJobFitsTheDocument(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key(project)
	for _, state := range []models.JobState{models.JobFailed, models.JobSuspended, models.JobCanceled, models.JobExpired, models.JobCompleted} {
		job := w.newJob(project, nil)
		w.updateJob(models.JobChange{JobID: job.ID, State: &state, Action: models.JobResolved})
		a := w.ok(key, http.MethodGet, "/v1/jobs/"+job.RawID(), "")
		if a.text("status") != string(state) || (a.text("completed") == "<nil>") != (state == models.JobSuspended) {
			t.Errorf("%s: %s", state, a.Body)
		}
	}
}
