package models_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/job"
)

// objectOf is a JSON object of so many bytes.
func objectOf(bytes int) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"a":%q}`, strings.Repeat("x", bytes-len(`{"a":""}`))))
}

func TestCreateJobsStoresNoMoreThanACallMay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const jobs = 1_000
	small := slices.Repeat([]json.RawMessage{json.RawMessage("1")}, jobs)
	each := models.MaxStoredBytes/jobs - 1 // of a job, beside its input
	for name, test := range map[string]struct {
		in    job.NewJobs
		field string // empty: it may
	}{
		"metadata of 900 kB":    {job.NewJobs{Inputs: small, Metadata: objectOf(900_000)}, "metadata"},
		"metadata as it may be": {job.NewJobs{Inputs: small, Metadata: objectOf(each)}, ""},
		"a byte more":           {job.NewJobs{Inputs: small, Metadata: objectOf(each + 1)}, "metadata"},
		"one job":               {job.NewJobs{Inputs: small[:1], Metadata: objectOf(900_000)}, ""},
		"large inputs":          {job.NewJobs{Inputs: slices.Repeat([]json.RawMessage{objectOf(900_000)}, 5)}, "inputs"},
		"many tags":             {job.NewJobs{Inputs: small, Tags: slices.Repeat([]string{strings.Repeat("t", 255)}, 50)}, "tags"},
		"a long URL and more": {
			job.NewJobs{Inputs: small, CallbackURL: new("https://caller.example/" + strings.Repeat("a", 2_000) + "/"), Metadata: objectOf(3_000)},
			"metadata",
		},
	} {
		test.in.ProjectID = w.project.ID
		_, err := w.CreateJobs(t.Context(), w.editor, test.in)
		t.Log(name)
		if test.field == "" {
			noError(t, err)
			continue
		}
		wantError(t, err, models.CodeBadUserInput, test.field)
		if !strings.Contains(err.Error(), "4194304") {
			t.Errorf("%s: the error does not name the limit: %v", name, err)
		}
	}
}

// One variable that stands for many inputs makes a small request large.
func TestCreateRunStoresNoMoreThanACallMay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.newAction()
	for name, test := range map[string]struct {
		input models.NewRunInput
		n     int
		fits  bool
	}{
		"five inputs":      {models.NewRunInput{Input: objectOf(900_000)}, 5, false},
		"four":             {models.NewRunInput{Input: objectOf(900_000)}, 4, true},
		"with custom data": {models.NewRunInput{Input: objectOf(900_000), CustomData: objectOf(900_000)}, 3, false},
		"a thousand":       {models.NewRunInput{Input: objectOf(4_000), CustomData: objectOf(1_000)}, 1_000, false},
	} {
		in := w.aRun()
		in.Inputs = slices.Repeat([]models.NewRunInput{test.input}, test.n)
		_, err := w.CreateRun(t.Context(), w.editor, in)
		t.Log(name)
		if test.fits {
			noError(t, err)
		} else {
			wantError(t, err, models.CodeBadUserInput, "inputs")
		}
	}
}

func TestInputIsToldAllItsProblemsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.newAction()
	_, err := w.CreateJobs(t.Context(), w.editor, job.NewJobs{
		ProjectID: w.project.ID, Tags: []string{" "}, Metadata: json.RawMessage("[]"), CallbackURL: new("/jobs"),
	})
	wantError(t, err, models.CodeBadUserInput, "inputs")
	for _, field := range []string{"inputs: ", "tags: ", "metadata: ", "callbackUrl: "} {
		if !strings.Contains(err.Error(), field) {
			t.Errorf("%q is not in %v", field, err)
		}
	}
	in := w.aRun()
	in.Inputs, in.PageSize = nil, new(0)
	in.Callback = &models.NewRunCallback{URL: "no", On: models.CallbackOnAll}
	_, err = w.CreateRun(t.Context(), w.editor, in)
	wantError(t, err, models.CodeBadUserInput, "inputs")
	for _, field := range []string{"inputs: ", "parameters.pageSize: ", "callback.url: "} {
		if !strings.Contains(err.Error(), field) {
			t.Errorf("%q is not in %v", field, err)
		}
	}
}
