package rest_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/job"
	"github.com/ringback/ringback/models/modelstest"
)

func TestGetJob(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key(project)
	fresh := w.newJob(project, nil)
	w.ok(key, http.MethodGet, "/v1/jobs/"+fresh.RawID(), "").golden("job_fresh.json")

	resolved := w.newJob(project, func(in *job.NewJobs) {
		in.Inputs = []json.RawMessage{json.RawMessage(`{"z":1.50,"a":[1e3,"\u00e9<&>"]}`)}
		in.CallbackURL, in.Metadata, in.Tags = new(
			"https://hook.example.com/jobs/",
		), json.RawMessage(`{"b":1.0,"a":2}`), []string{"cats", "dogs"}
	})
	w.clock.Advance(time.Minute)
	w.updateJob(
		job.Change{JobID: resolved.ID, State: new(job.Completed), Action: job.Resolved, Output: json.RawMessage(`[1.0]`)},
	)
	w.clock.Advance(time.Minute)
	w.updateJob(job.Change{JobID: resolved.ID, Action: job.Declined})
	w.ok(key, http.MethodGet, "/v1/jobs/"+resolved.RawID(), "").golden("job_declined.json")
}

func (w *world) updateJob(in job.Change) {
	w.tb.Helper()
	_, _, err := w.service.UpdateJob(w.tb.Context(), models.PlatformActor(), in)
	modelstest.NoError(w.tb, err)
}

func TestAJobHasSeveralNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.newJob(project, nil)
	for _, name := range []string{
		made.RawID(), made.ObjectID().String(), made.UUID.String(), strings.ToUpper(made.UUID.String()),
	} {
		if got := w.ok(w.session(viewerUser), http.MethodGet, "/v1/jobs/"+name, "").text("uuid"); got != made.UUID.String() {
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
		made := w.newJob(project, func(in *job.NewJobs) { in.Inputs = []json.RawMessage{json.RawMessage(value)} })
		w.updateJob(job.Change{
			JobID: made.ID, State: new(job.Completed), Action: job.Resolved, Output: json.RawMessage(value),
		})
		body := w.ok(key, http.MethodGet, "/v1/jobs/"+made.RawID(), "").Body
		if !strings.Contains(body, `"input":`+value+`,"output":`+value+`,"metadata":{}`) {
			t.Errorf("%s comes back in %s", value, body)
		}
	}
}

func TestEveryStateOfAJobFitsTheDocument(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key(project)
	for _, state := range []job.State{job.Failed, job.Suspended, job.Canceled, job.Expired, job.Completed} {
		made := w.newJob(project, nil)
		w.updateJob(job.Change{JobID: made.ID, State: &state, Action: job.Resolved})
		a := w.ok(key, http.MethodGet, "/v1/jobs/"+made.RawID(), "")
		if a.text("status") != string(state) || (a.text("completed") == "<nil>") != (state == job.Suspended) {
			t.Errorf("%s: %s", state, a.Body)
		}
	}
}
