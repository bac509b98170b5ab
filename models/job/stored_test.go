package job_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/job"
	"github.com/ringback/ringback/models/modelstest"
)

func TestCreateJobsStoresNoMoreThanACallMay(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	const jobs = 1_000
	small := slices.Repeat([]json.RawMessage{json.RawMessage("1")}, jobs)
	each := models.MaxStoredBytes/jobs - 1 // of a job, beside its input
	for name, test := range map[string]struct {
		in    job.NewJobs
		field string // empty: it may
	}{
		"metadata of 900 kB":    {job.NewJobs{Inputs: small, Metadata: modelstest.ObjectOfBytes(900_000)}, "metadata"},
		"metadata as it may be": {job.NewJobs{Inputs: small, Metadata: modelstest.ObjectOfBytes(each)}, ""},
		"a byte more":           {job.NewJobs{Inputs: small, Metadata: modelstest.ObjectOfBytes(each + 1)}, "metadata"},
		"one job":               {job.NewJobs{Inputs: small[:1], Metadata: modelstest.ObjectOfBytes(900_000)}, ""},
		"large inputs": {
			job.NewJobs{Inputs: slices.Repeat([]json.RawMessage{modelstest.ObjectOfBytes(900_000)}, 5)}, "inputs",
		},
		"many tags": {
			job.NewJobs{Inputs: small, Tags: slices.Repeat([]string{strings.Repeat("t", 255)}, 50)}, "tags",
		},
		"a long URL and more": {
			job.NewJobs{
				Inputs: small, CallbackURL: new("https://caller.example/" + strings.Repeat("a", 2_000) + "/"),
				Metadata: modelstest.ObjectOfBytes(3_000),
			},
			"metadata",
		},
	} {
		test.in.ProjectID = w.Shop.ID
		_, err := w.CreateJobs(t.Context(), w.Editor, test.in)
		t.Log(name)
		if test.field == "" {
			modelstest.NoError(t, err)
			continue
		}
		modelstest.WantError(t, err, models.CodeBadUserInput, test.field)
		if !strings.Contains(err.Error(), "4194304") {
			t.Errorf("%s: the error does not name the limit: %v", name, err)
		}
	}
}

func TestNewJobsAreToldAllTheirProblemsAtOnce(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	_, err := w.CreateJobs(t.Context(), w.Editor, job.NewJobs{
		ProjectID: w.Shop.ID, Tags: []string{" "}, Metadata: json.RawMessage("[]"), CallbackURL: new("/jobs"),
	})
	modelstest.WantError(t, err, models.CodeBadUserInput, "inputs")
	for _, field := range []string{"inputs: ", "tags: ", "metadata: ", "callbackUrl: "} {
		if !strings.Contains(err.Error(), field) {
			t.Errorf("%q is not in %v", field, err)
		}
	}
}
