package graph_test

import (
	"encoding/json"
	"strconv"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/job"
	"github.com/ringback/ringback/models/modelstest"
)

var _ = addAPITest(apiTest{
	examples: map[string]example{
		"Query.getJob": {who: member, query: `{ getJob(id: 1) { id rawID uuid state } }`},
		"Mutation.createJobs": {who: editorUp, query: `mutation {
		createJobs(input: {projectId: 1123123, inputs: [{image: "https://www.example.com/1.png"}]}) { jobs { id uuid state } } }`},
		"Mutation.updateJob": {who: platformOnly, query: `mutation {
		updateJob(input: {jobId: 1, action: RESOLVED, state: COMPLETED, output: {label: "cat"}}) { job { id state } callback { id } } }`},
	},
	ids: []idField{
		{"Query.getJob.id", `query { getJob(id: %s) { id } }`, "Job", openJob},
		{
			"CreateJobsInput.projectId", `mutation { createJobs(input: {projectId: %s, inputs: [1]}) { jobs { id } } }`,
			"Project", demoProject,
		},
		{
			"UpdateJobInput.jobId", `mutation { updateJob(input: {jobId: %s, action: RESOLVED, state: FAILED}) { job { id } } }`,
			"Job", openJob,
		},
	},
	classes: map[class]string{
		forMembers: `
		Job: id rawID uuid state input output metadata tags callbackUrl correct lastAction createdAt updatedAt completedAt createdByUser
		Job: project account callbacks
		Callback: job`,
		answered: `
		CreateJobsPayload: jobs
		UpdateJobPayload: job callback`,
	},
	lists: map[string]string{
		"getProject.jobs":  `{ getProject(id: 1123123) { jobs(%s) { totalCount } } }`,
		"getJob.callbacks": `{ getJob(id: 1) { callbacks(%s) { totalCount } } }`,
	},
	create: func(w *world) []entity {
		t, s, ctx, p := w.tb, w.service, w.tb.Context(), models.PlatformActor()
		madeJob := w.job(job.NewJobs{
			ProjectID: demoProject, CallbackURL: ptr(runURL + "/"), Metadata: json.RawMessage(`{"a":1}`), Tags: []string{"a"},
		})
		completed := job.Completed
		_, update, err := s.Jobs.UpdateJob(ctx, p, job.Change{
			JobID: madeJob.ID, State: &completed, Action: job.Resolved, Output: json.RawMessage(`{"label":"cat"}`),
		})
		modelstest.NoError(t, err)
		_, _, err = s.Jobs.UpdateJob(ctx, p, job.Change{JobID: madeJob.ID, Action: job.Accepted})
		modelstest.NoError(t, err)
		made := w.ok(
			w.editor(), `mutation { createJobs(input: {projectId: 1123123, inputs: [1]}) { jobs { rawID } } }`, nil,
		).text("createJobs.jobs.0.rawID")
		ofEditor, err := strconv.ParseInt(made, 10, 64)
		modelstest.NoError(t, err)
		return []entity{
			{models.TypeCallback, update.ID}, {models.TypeJob, madeJob.ID}, {models.TypeJob, ofEditor},
		}
	},
})
