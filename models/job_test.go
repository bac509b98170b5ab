package models_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/job"
)

// jobURL is of a request itself; jobHost is where its callbacks wait.
const (
	jobURL  = "https://caller.example/jobs/"
	jobHost = "caller.example:443"
)

// newJobs makes so many jobs with a URL of their own.
func (w *world) newJobs(n int) []*job.Job {
	w.t.Helper()
	jobs, err := w.CreateJobs(w.t.Context(), w.editor, job.NewJobs{
		ProjectID: w.project.ID, Inputs: slices.Repeat([]json.RawMessage{shoes}, n), CallbackURL: new(jobURL),
	})
	noError(w.t, err)
	return jobs
}

func resolved(state job.State, output string) job.Change {
	in := job.Change{State: &state, Action: job.Resolved}
	if output != "" {
		in.Output = json.RawMessage(output)
	}
	return in
}

func completed() job.Change { return resolved(job.Completed, `{"label":"shoe"}`) }

func edited(output string) job.Change {
	return job.Change{Action: job.Edited, Output: json.RawMessage(output)}
}

func accepted() job.Change { return job.Change{Action: job.Accepted} }

func declined() job.Change { return job.Change{Action: job.Declined} }

// change changes a job and returns the callback of that.
func (w *world) change(j *job.Job, in job.Change) *models.Callback {
	w.t.Helper()
	in.JobID = j.ID
	_, c, err := w.UpdateJob(w.t.Context(), w.platform, in)
	noError(w.t, err)
	return c
}

func (w *world) job(id int64) *job.Job {
	w.t.Helper()
	j, err := w.Job(w.t.Context(), w.platform, id)
	noError(w.t, err)
	for field, value := range map[models.TextField]*json.RawMessage{ // lists leave them out
		models.JobInputText: &j.Input, models.JobOutputText: &j.Output, models.JobMetadataText: &j.Metadata,
	} {
		if text := w.text(field, id); text != "" {
			*value = json.RawMessage(text)
		}
	}
	return j
}

func TestJobsAreCreatedAsTheyWereGiven(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inputs := []json.RawMessage{json.RawMessage(oddInput), json.RawMessage(`"a text"`), json.RawMessage(`[1.50]`), json.RawMessage(`null`)}
	jobs, err := w.CreateJobs(t.Context(), w.editor, job.NewJobs{
		ProjectID: w.project.ID, Inputs: inputs, CallbackURL: new(jobURL), Metadata: json.RawMessage(oddCustom), Tags: []string{"b", "ä", "b"},
	})
	noError(t, err)
	if len(jobs) != len(inputs) {
		t.Fatalf("%d jobs", len(jobs))
	}
	for i, j := range jobs {
		want := &job.Job{
			ID: j.ID, UUID: j.UUID, AccountID: w.account.ID, ProjectID: w.project.ID, CreatedByUserID: &w.editor.User.ID,
			State: job.Scheduled, Input: inputs[i], Metadata: json.RawMessage(oddCustom), Tags: []string{"b", "ä", "b"},
			CallbackURL: new(jobURL), CreatedAt: start, UpdatedAt: start,
		}
		if diff := cmp.Diff(want, w.job(j.ID)); diff != "" || i > 0 && j.ID <= jobs[i-1].ID {
			t.Errorf("job %d: %s", i, diff)
		}
		same, err := w.JobByUUID(t.Context(), w.viewer, strings.ToUpper(j.UUID.String()))
		noError(t, err)
		if same.ID != j.ID {
			t.Errorf("by its uuid: %d", same.ID)
		}
	}
	if told, woken := w.callbacks(models.JobUpdatedEvent), w.queue.take(); len(told)+len(woken) != 0 {
		t.Errorf("nothing was done to them yet: %v, %v", told, woken)
	}
	plain, err := w.CreateJobs(t.Context(), w.platform, job.NewJobs{ProjectID: w.project.ID, Inputs: inputs[:1]})
	noError(t, err)
	if j := w.job(plain[0].ID); j.CallbackURL != nil || j.Metadata != nil || len(j.Tags) != 0 || j.CreatedByUserID != nil {
		t.Errorf("got %+v", j)
	}
	if many := w.newJobs(job.MaxJobs); len(many) != job.MaxJobs || many[job.MaxJobs-1].ID == 0 {
		t.Errorf("%d jobs at once", len(many))
	}
}

func TestCreateJobsRefusesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	elsewhere := w.newProject(w.other, nil)
	url := func(text string) func(*job.NewJobs) {
		return func(in *job.NewJobs) { in.CallbackURL = &text }
	}
	tags := func(list ...string) func(*job.NewJobs) {
		return func(in *job.NewJobs) { in.Tags = list }
	}
	metadata := func(text string) func(*job.NewJobs) {
		return func(in *job.NewJobs) { in.Metadata = json.RawMessage(text) }
	}
	tests := map[string]struct {
		change func(*job.NewJobs)
		code   models.Code
		field  string
	}{
		"no inputs":             {func(in *job.NewJobs) { in.Inputs = nil }, models.CodeBadUserInput, "inputs"},
		"too many inputs":       {func(in *job.NewJobs) { in.Inputs = slices.Repeat(in.Inputs, job.MaxJobs+1) }, models.CodeBadUserInput, "inputs"},
		"an input that is none": {func(in *job.NewJobs) { in.Inputs = append(in.Inputs, nil) }, models.CodeBadUserInput, "inputs"},
		"no JSON":               {func(in *job.NewJobs) { in.Inputs[0] = json.RawMessage("shoes") }, models.CodeBadUserInput, "inputs"},
		"a URL without a slash": {url("https://caller.example/jobs"), models.CodeBadUserInput, "callbackUrl"},
		"a host without one":    {url("https://caller.example"), models.CodeBadUserInput, "callbackUrl"},
		"a slash before more":   {url("https://caller.example/jobs/?a=b"), models.CodeBadUserInput, "callbackUrl"},
		"half a URL":            {url("caller.example/jobs/"), models.CodeBadUserInput, "callbackUrl"},
		"a path":                {url("/jobs/"), models.CodeBadUserInput, "callbackUrl"},
		"no URL":                {url(""), models.CodeBadUserInput, "callbackUrl"},
		"too many tags":         {tags(slices.Repeat([]string{"a"}, job.MaxTags+1)...), models.CodeBadUserInput, "tags"},
		"an empty tag":          {tags("a", " "), models.CodeBadUserInput, "tags"},
		"a long tag":            {tags(strings.Repeat("a", 256)), models.CodeBadUserInput, "tags"},
		"a tag of two lines":    {tags("a\nb"), models.CodeBadUserInput, "tags"},
		"a list for metadata":   {metadata("[]"), models.CodeBadUserInput, "metadata"},
		"null for metadata":     {metadata("null"), models.CodeBadUserInput, "metadata"},
		"half of metadata":      {metadata(`{"a"`), models.CodeBadUserInput, "metadata"},
		"an unknown project":    {func(in *job.NewJobs) { in.ProjectID = 999 }, models.CodeNotFound, ""},
		"another's project":     {func(in *job.NewJobs) { in.ProjectID = elsewhere.ID }, models.CodeNotFound, ""},
	}
	for name, test := range tests {
		in := job.NewJobs{ProjectID: w.project.ID, Inputs: []json.RawMessage{shoes}}
		test.change(&in)
		_, err := w.CreateJobs(t.Context(), w.editor, in)
		t.Log(name)
		wantError(t, err, test.code, test.field)
		if field := test.field; field == "callbackUrl" && strings.HasPrefix(name, "a URL") && !strings.Contains(err.Error(), "slash") {
			t.Errorf("%s: the error does not say it: %v", name, err)
		}
	}
	counts, err := w.CountJobs(t.Context(), w.platform, []int64{w.project.ID, elsewhere.ID}, job.Filter{})
	if err != nil || len(counts) != 0 {
		t.Errorf("a refused call left %v, %v", counts, err)
	}
	for _, fits := range []string{"http://caller.example/", "https://caller.example/", "https://caller.example:8443/a/b/"} {
		in := job.NewJobs{ProjectID: w.project.ID, Inputs: []json.RawMessage{shoes}, CallbackURL: &fits}
		_, err := w.CreateJobs(t.Context(), w.editor, in)
		noError(t, err)
	}
}

func TestJobIsNotFoundByWhatIsNoUUID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.JobByUUID(t.Context(), w.viewer, "4711")
	wantError(t, err, models.CodeBadUserInput, "uuid")
	_, err = w.JobByUUID(t.Context(), w.viewer, jobUUID.String())
	wantError(t, err, models.CodeNotFound, "")
	_, err = w.JobByUUID(t.Context(), w.outsider, w.newJobs(1)[0].UUID.String())
	wantError(t, err, models.CodeNotFound, "")
}

func TestJobsAreListedNewestFirstAndByFilter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	done := w.newJobs(1)[0]
	w.change(done, completed())
	w.clock.advance(time.Hour)
	waiting := w.newJobs(2)
	project := w.newProject(w.account, nil)
	hour := start.Add(time.Hour)
	for name, test := range map[string]struct {
		filter job.Filter
		want   []int64
	}{
		"nothing narrows nothing": {job.Filter{}, []int64{waiting[1].ID, waiting[0].ID, done.ID}},
		"by state":                {job.Filter{State: []job.State{job.Completed, job.Failed}}, []int64{done.ID}},
		"from an hour":            {job.Filter{CreatedAfter: &hour}, []int64{waiting[1].ID, waiting[0].ID}},
		"before an hour":          {job.Filter{CreatedBefore: &hour}, []int64{done.ID}},
		"of none":                 {job.Filter{State: []job.State{job.Completed}, CreatedAfter: &hour}, nil},
	} {
		ids := []int64{w.project.ID, project.ID}
		pages, err := w.JobPages(t.Context(), w.viewer, ids, test.filter, models.Page{First: 10})
		noError(t, err)
		counts, err := w.CountJobs(t.Context(), w.viewer, ids, test.filter)
		noError(t, err)
		var got []int64
		for _, j := range pages[w.project.ID].Nodes {
			got = append(got, j.ID)
		}
		if !slices.Equal(got, test.want) || counts[w.project.ID] != len(test.want) || len(pages[project.ID].Nodes) != 0 {
			t.Errorf("%s: got %v, counted %v, want %v", name, got, counts, test.want)
		}
	}
}
