package job_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/job"
	"github.com/ringback/ringback/models/modelstest"
)

// jobURL is of a request itself; jobHost is where its callbacks wait.
const ()

func TestJobsAreCreatedAsTheyWereGiven(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	inputs := []json.RawMessage{
		json.RawMessage(modelstest.OddInput), json.RawMessage(`"a text"`), json.RawMessage(`[1.50]`), json.RawMessage(`null`),
	}
	jobs, err := w.CreateJobs(t.Context(), w.Editor, job.NewJobs{
		ProjectID: w.Shop.ID, Inputs: inputs, CallbackURL: new(modelstest.JobURL),
		Metadata: json.RawMessage(modelstest.OddCustom), Tags: []string{"b", "ä", "b"},
	})
	modelstest.NoError(t, err)
	if len(jobs) != len(inputs) {
		t.Fatalf("%d jobs", len(jobs))
	}
	for i, j := range jobs {
		want := &job.Job{
			ID: j.ID, UUID: j.UUID, AccountID: w.Acme.ID, ProjectID: w.Shop.ID, CreatedByUserID: &w.Editor.UserID,
			State: job.Scheduled, Input: inputs[i], Metadata: json.RawMessage(modelstest.OddCustom),
			Tags:        []string{"b", "ä", "b"},
			CallbackURL: new(modelstest.JobURL), CreatedAt: modelstest.Start, UpdatedAt: modelstest.Start,
		}
		if diff := cmp.Diff(want, w.ReadJob(j.ID)); diff != "" || i > 0 && j.ID <= jobs[i-1].ID {
			t.Errorf("job %d: %s", i, diff)
		}
		same, err := w.JobByUUID(t.Context(), w.Viewer, strings.ToUpper(j.UUID.String()))
		modelstest.NoError(t, err)
		if same.ID != j.ID {
			t.Errorf("by its uuid: %d", same.ID)
		}
	}
	if told, woken := w.CallbacksOf(callback.JobUpdatedEvent), w.Queue.Take(); len(told)+len(woken) != 0 {
		t.Errorf("nothing was done to them yet: %v, %v", told, woken)
	}
	plain, err := w.CreateJobs(t.Context(), w.Platform, job.NewJobs{ProjectID: w.Shop.ID, Inputs: inputs[:1]})
	modelstest.NoError(t, err)
	if j := w.ReadJob(plain[0].ID); j.CallbackURL != nil || j.Metadata != nil || len(j.Tags) != 0 ||
		j.CreatedByUserID != nil {
		t.Errorf("got %+v", j)
	}
	if many := w.NewJobs(job.MaxJobs); len(many) != job.MaxJobs || many[job.MaxJobs-1].ID == 0 {
		t.Errorf("%d jobs at once", len(many))
	}
}

func TestCreateJobsRefusesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	elsewhere := w.NewProject(w.Other, nil)
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
		"no inputs": {func(in *job.NewJobs) { in.Inputs = nil }, models.CodeBadUserInput, "inputs"},
		"too many inputs": {
			func(in *job.NewJobs) { in.Inputs = slices.Repeat(in.Inputs, job.MaxJobs+1) }, models.CodeBadUserInput, "inputs",
		},
		"an input that is none": {
			func(in *job.NewJobs) { in.Inputs = append(in.Inputs, nil) }, models.CodeBadUserInput, "inputs",
		},
		"no JSON": {
			func(in *job.NewJobs) { in.Inputs[0] = json.RawMessage("shoes") }, models.CodeBadUserInput, "inputs",
		},
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
		in := job.NewJobs{ProjectID: w.Shop.ID, Inputs: []json.RawMessage{modelstest.Shoes}}
		test.change(&in)
		_, err := w.CreateJobs(t.Context(), w.Editor, in)
		t.Log(name)
		modelstest.WantError(t, err, test.code, test.field)
		if field := test.field; field == "callbackUrl" && strings.HasPrefix(name, "a URL") &&
			!strings.Contains(err.Error(), "slash") {
			t.Errorf("%s: the error does not say it: %v", name, err)
		}
	}
	counts, err := w.CountJobs(t.Context(), w.Platform, []int64{w.Shop.ID, elsewhere.ID}, job.Filter{})
	if err != nil || len(counts) != 0 {
		t.Errorf("a refused call left %v, %v", counts, err)
	}
	for _, fits := range []string{
		"http://caller.example/", "https://caller.example/", "https://caller.example:8443/a/b/",
	} {
		in := job.NewJobs{ProjectID: w.Shop.ID, Inputs: []json.RawMessage{modelstest.Shoes}, CallbackURL: &fits}
		_, err := w.CreateJobs(t.Context(), w.Editor, in)
		modelstest.NoError(t, err)
	}
}

func TestJobIsNotFoundByWhatIsNoUUID(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	_, err := w.JobByUUID(t.Context(), w.Viewer, "4711")
	modelstest.WantError(t, err, models.CodeBadUserInput, "uuid")
	_, err = w.JobByUUID(t.Context(), w.Viewer, "01990000-0000-7000-8000-000000000005")
	modelstest.WantError(t, err, models.CodeNotFound, "")
	_, err = w.JobByUUID(t.Context(), w.Outsider, w.NewJobs(1)[0].UUID.String())
	modelstest.WantError(t, err, models.CodeNotFound, "")
}

func TestJobsAreListedNewestFirstAndByFilter(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	done := w.NewJobs(1)[0]
	w.MustChange(done, modelstest.JobCompleted())
	w.Clock.Advance(time.Hour)
	waiting := w.NewJobs(2)
	project := w.NewProject(w.Acme, nil)
	hour := modelstest.Start.Add(time.Hour)
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
		ids := []int64{w.Shop.ID, project.ID}
		pages, err := w.JobPages(t.Context(), w.Viewer, ids, test.filter, models.Page{First: 10})
		modelstest.NoError(t, err)
		counts, err := w.CountJobs(t.Context(), w.Viewer, ids, test.filter)
		modelstest.NoError(t, err)
		var got []int64
		for _, j := range pages[w.Shop.ID].Nodes {
			got = append(got, j.ID)
		}
		if !slices.Equal(got, test.want) || counts[w.Shop.ID] != len(test.want) || len(pages[project.ID].Nodes) != 0 {
			t.Errorf("%s: got %v, counted %v, want %v", name, got, counts, test.want)
		}
	}
}
