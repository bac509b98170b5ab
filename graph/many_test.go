package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/job"
)

var _ = addAPITest(apiTest{
	examples: map[string]example{
		"Mutation.finishCrawls": {who: platformOnly, query: `mutation { finishCrawls(input: {crawls: [
		{crawlId: 124235, projectId: 1123123}, {crawlId: 124236}]}) { results { crawl { id } callback { id } errors { code field message } } } }`},
		"Mutation.finishReportDownloads": {who: platformOnly, query: `mutation { finishReportDownloads(input: {reportDownloads: [
		{reportDownloadId: 5100, crawlId: 124234, reportTemplateCode: "a", fileUrl: "https://files.example.com/a.csv"}]}) {
		results { reportDownload { id } callback { id } errors { field } } } }`},
		"Mutation.updateJobs": {who: platformOnly, query: `mutation { updateJobs(input: {jobs: [
		{jobId: 1, action: RESOLVED, state: COMPLETED, output: {label: "cat"}}]}) { results { job { id state } callback { id } errors { field } } } }`},
	},
	classes: map[class]string{
		answered: `
		FinishCrawlsPayload: results
		FinishCrawlResult: crawl callback errors
		FinishReportDownloadsPayload: results
		FinishReportDownloadResult: reportDownload callback errors
		UpdateJobsPayload: results
		UpdateJobResult: job callback errors
		EntryError: code field message`,
	},
})

func TestEachCrawlOfManyIsToldOnceAndWhatIsWrongTouchesNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const query = `mutation($crawls: [FinishCrawlInput!]!) { finishCrawls(input: {crawls: $crawls}) {
		results { crawl { rawID status } callback { ref } errors { code field message } } } }`
	crawls := []variables{
		{"crawlId": 9001, "projectId": demoProject},
		{"crawlId": 9002, "projectId": 777},
		{"crawlId": globalID("Project", demoProject)},
		{"crawlId": 9001, "status": "Failed"},
		{"crawlId": 9003, "status": "Queued", "projectId": demoProject},
		{"crawlId": 9004},
		{"crawlId": 9001},
	}
	w.do(platform(), query, variables{"crawls": []variables{crawls[0], {"crawlId": "hello"}}}).
		wantError(models.CodeBadUserInput, "crawls.1.crawlId", "finishCrawls")
	wrong := variables{"crawlId": globalID("Project", 1), "createdByUserId": globalID("Crawl", 1)}
	if errs := w.ok(platform(), query, variables{"crawls": []variables{wrong}}).at("finishCrawls.results.0.errors").([]any); len(errs) != 2 {
		t.Errorf("of two ids that are of other types it is told: %v", errs)
	}
	first := w.ok(platform(), query, variables{"crawls": crawls})
	for i, want := range []string{
		"", "ENTITY_NOT_FOUND crawls.1.projectId", "BAD_USER_INPUT crawls.2.crawlId", "CONFLICT crawls.3.status",
		"BAD_USER_INPUT crawls.4.status", "BAD_USER_INPUT crawls.5.projectId", "",
	} {
		at := fmt.Sprintf("finishCrawls.results.%d.", i)
		got := ""
		if errs := first.at(at + "errors").([]any); len(errs) > 0 {
			got = fmt.Sprint(first.at(at+"errors.0.code"), " ", first.at(at+"errors.0.field"))
		}
		if got != want || (first.at(at+"crawl") == nil) != (want != "") || (first.at(at+"callback") == nil) != (want != "") {
			t.Errorf("entry %d: %q, %s", i, got, first.Body)
		}
	}
	if woken := w.queue.Take(); len(woken) != 1 {
		t.Errorf("woken: %v", woken)
	}
	w.unchanged(func() {
		if again := w.ok(platform(), query, variables{"crawls": crawls}); again.Body != first.Body {
			t.Errorf("%s\n%s", first.Body, again.Body)
		}
		for _, n := range []int{0, models.MaxEntries + 1} {
			crawls := slices.Repeat(crawls[:1], n)
			w.do(platform(), query, variables{"crawls": crawls}).wantError(models.CodeBadUserInput, "crawls", "finishCrawls")
		}
	})
}

func TestManyJobsAreChangedInOrderAndNoMoreIsStoredThanMayBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	url := "https://jobs.example.com/"
	one, two := w.job(job.NewJobs{ProjectID: bareProject, CallbackURL: &url}), w.job(job.NewJobs{ProjectID: bareProject})
	const query = `mutation($jobs: [UpdateJobInput!]!) { updateJobs(input: {jobs: $jobs}) {
		results { job { state lastAction output } callback { payload status } errors { code field } } } }`
	completed := variables{"jobId": one.ID, "action": "RESOLVED", "state": "COMPLETED", "output": 1}
	a := w.ok(platform(), query, variables{"jobs": []variables{
		completed,
		{"jobId": one.ID, "action": "ACCEPTED"},
		{"jobId": two.ID, "action": "ACCEPTED"},
		{"jobId": two.ID, "action": "RESOLVED", "state": "FAILED"},
	}})
	w.same("the states", []any{"COMPLETED", "COMPLETED", nil, "FAILED"}, []any{
		a.at("updateJobs.results.0.job.state"), a.at("updateJobs.results.1.job.state"), a.at("updateJobs.results.2.job"),
		a.at("updateJobs.results.3.job.state"),
	})
	w.same("the first action", any("RESOLVED"), a.at("updateJobs.results.0.job.lastAction"))
	w.same("what is wrong", any("jobs.2.action"), a.at("updateJobs.results.2.errors.0.field"))
	w.same("told", true, strings.Contains(a.text("updateJobs.results.1.callback.payload"), `"ACCEPTED"`))
	w.unchanged(func() {
		const large = `mutation($id: ObjectID!, $o: JSON) { updateJobs(input: {jobs: [%s]}) { results { job { id } } } }`
		edits := strings.Repeat(`{jobId: $id, action: EDITED, output: $o} `, 5)
		w.do(platform(), fmt.Sprintf(large, edits), variables{"id": one.ID, "o": strings.Repeat("x", 900<<10)}).
			wantError(models.CodeBadUserInput, "jobs", "updateJobs")
	})
}
