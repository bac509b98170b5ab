package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
)

// problems are the fields of an answer's errors, each with its code where that is not BAD_USER_INPUT.
func (a *answer) problems() []string {
	var fields []string
	for _, e := range a.Errors {
		field := fmt.Sprint(e.Extensions["field"])
		if code := e.Extensions["code"]; code != string(models.CodeBadUserInput) {
			field += fmt.Sprint(" ", code)
		}
		fields = append(fields, field)
	}
	slices.Sort(fields)
	return fields
}

func TestNoProblemOfAnInputHidesAnother(t *testing.T) {
	t.Parallel()
	shared := newWorld(t)
	for input, want := range map[string]string{
		// a key that is none
		`createProject(input: {accountId: 123123, name: "", primaryDomain: "", apiCallbackUrl: "x", apiCallbackHeaders: [{key: "Host", value: "x"}],
			idempotencyKey: ""}) { project { id } }`: "apiCallbackHeaders.0.key apiCallbackUrl idempotencyKey name primaryDomain",
		`createAccount(input: {name: "", timezone: "Moon", idempotencyKey: ""}) { account { id } }`:                                   "idempotencyKey name timezone",
		`createSSOClient(input: {name: "", webhookUrl: "x", idempotencyKey: ""}) { ssoClient { id } }`:                                "idempotencyKey name webhookUrl",
		`createUser(input: {email: "x", firstName: "", idempotencyKey: ""}) { user { id } }`:                                          "email firstName idempotencyKey",
		`createReportDownload(input: {crawlId: 124234, reportTemplateCode: "", idempotencyKey: ""}) { reportDownload { id } }`:        "idempotencyKey reportTemplateCode",
		`sendTestCallback(input: {owner: {projectId: 123}, event: CALLBACK_FAILED, idempotencyKey: ""}) { callback { id } }`:          "event idempotencyKey",
		`rotateCallbackSigningSecret(input: {projectId: 123, expireOldAfter: "9999h", idempotencyKey: ""}) { project { id } }`:        "expireOldAfter idempotencyKey",
		`createProjectKey(input: {projectId: 123, name: "", idempotencyKey: ""}) { id }`:                                              "idempotencyKey name",
		`createAction(input: {accountId: 123123, name: "", executorUrl: "x", idempotencyKey: ""}) { action { id } }`:                  "executorUrl idempotencyKey name",
		`createJobs(input: {projectId: 123, inputs: [], idempotencyKey: ""}) { jobs { id } }`:                                         "idempotencyKey inputs",
		`createRun(input: {projectId: 123, action: "search", inputs: [], idempotencyKey: ""}) { run { id } }`:                         "idempotencyKey inputs",
		`replayCallback(input: {callbackId: 1, toUrl: "x", idempotencyKey: ""}) { callback { id } }`:                                  "idempotencyKey toUrl",
		`replayCallbacks(input: {owner: {projectId: 123}, filter: {host: "", status: []}, idempotencyKey: ""}) { bulkReplay { id } }`: "filter.host filter.status idempotencyKey",
		// what cannot be read
		`replayCallbacks(input: {owner: {projectId: 123}, filter: {nextAttemptBefore: "y", finishedAfter: "z", uid: "q", host: ""}}) { bulkReplay { id } }`: "filter.finishedAfter filter.host filter.nextAttemptBefore filter.uid",
		`retryCallbacks(input: {owner: {projectId: 123}, filter: {status: [], search: "%%%", uid: "x", ref: "y", runUid: "z", crawlId: "c",
			httpStatusRange: {from: 500, to: 400}}}) { retriedCallbacks }`: "filter.crawlId filter.httpStatusRange filter.ref filter.runUid filter.search filter.status filter.uid",
		`backfillCallbacks(input: {projectId: "x", since: "y"}) { created }`:                                                                    "projectId since",
		`backfillCallbacks(input: {projectId: 123, since: "y"}) { created }`:                                                                    "since",
		`createReportDownload(input: {crawlId: 124234, reportTemplateCode: "", segmentId: 0}) { reportDownload { id } }`:                        "reportTemplateCode segmentId",
		`createReportDownload(input: {crawlId: "x", reportTemplateCode: "", segmentId: 0, idempotencyKey: ""}) { reportDownload { id } }`:       "crawlId idempotencyKey segmentId",
		`rotateCallbackSigningSecret(input: {projectId: 123, expireOldAfter: "x", idempotencyKey: ""}) { project { id } }`:                      "expireOldAfter idempotencyKey",
		`createUser(input: {email: "x", rawID: "x", accounts: [{accountId: "x", role: Admin}, {accountId: "y", role: Admin}]}) { user { id } }`: "accounts.0.accountId accounts.1.accountId email rawID",
		`finishCrawl(input: {crawlId: "x", projectId: "y", createdByUserId: "z", status: Queued}) { crawl { id } }`:                             "crawlId createdByUserId projectId status",
		`retryCallbacks(input: {owner: {projectId: 1123123}, filter: {createdAfter: "y"}}) { retriedCallbacks }`:                                "filter.createdAfter",
		`replayCallbacks(input: {owner: {projectId: 123}, filter: {createdAfter: "y"}}) { bulkReplay { id } }`:                                  "filter.createdAfter",
		`updateAction(input: {actionId: 1, pageSize: 3, timeout: "x"}) { action { id } }`:                                                       "timeout",
		`createPortalSession(input: {owner: {projectId: 123}, permission: READ, expiresIn: "x"}) { token }`:                                     "expiresIn",
		`rotateWebhookSigningSecret(input: {ssoClientId: 1, expireOldAfter: "x"}) { ssoClient { id } }`:                                         "expireOldAfter",
		`finishReportDownload(input: {reportDownloadId: 987001, crawlId: 124234, reportTemplateCode: "a", segmentId: "x", fileUrl: "https://a.example.com/"}) {
			reportDownload { id } }`: "segmentId",
		`finishCrawls(input: {crawls: [{crawlId: 777001, projectId: 123}, {crawlId: "x", projectId: "y"}, {crawlId: "z"}]}) { results { crawl { id } } }`: "crawls.1.crawlId crawls.1.projectId crawls.2.crawlId",
	} {
		shared.changesNothing(t, input, strings.Fields(want))
	}
}

// changesNothing has the platform send a mutation that is refused for all the problems that it has.
func (w *world) changesNothing(t *testing.T, mutation string, problems []string) {
	t.Helper()
	name, _, _ := strings.Cut(mutation, " {")
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		w := w.in(t)
		w.unchanged(func() {
			a := w.do(platform(), "mutation { "+mutation+" }", nil)
			if diff := cmp.Diff(problems, a.problems()); diff != "" {
				t.Errorf("(-want +got):\n%s%s", diff, a.Body)
			}
		})
	})
}

// TestWhatCannotBeReadChangesNothing for each id of a mutation, in a variable too.
func TestWhatCannotBeReadChangesNothing(t *testing.T) {
	t.Parallel()
	shared := newWorld(t)
	for _, f := range idFields {
		if !strings.HasPrefix(f.query, "mutation") {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			w := shared.in(t)
			w.unchanged(func() {
				w.rejects(f.name[strings.LastIndex(f.name, ".")+1:], fmt.Sprintf(f.query, `"x"`), nil)
				w.rejects(
					f.name[strings.LastIndex(f.name, ".")+1:],
					strings.Replace(fmt.Sprintf(f.query, "$id"), "mutation {", "mutation($id: ObjectID!) {", 1), variables{"id": "x"},
				)
			})
		})
	}
}

// TestWhatCannotBeReadHoldsUpNoOther mutation of the same document, by whatever name and in whatever fragment.
func TestWhatCannotBeReadHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.do(platform(), `mutation($id: ObjectID!, $input: UpdateProjectInput!) { ...f right: updateProject(input: $input) { project { name } } }
		fragment f on Mutation { wrong: updateProject(input: {projectId: $id, name: ""}) { project { name } } }`,
		variables{"id": "x", "input": variables{"projectId": demoProject, "name": "Right"}})
	if diff := cmp.Diff([]string{"projectId"}, a.problems()); diff != "" || a.Errors[0].Path[0] != "wrong" {
		t.Errorf("%s: %s", diff, a.Body)
	}
	if got := w.ok(platform(), `query($id: ObjectID!) { getProject(id: $id) { name } }`, variables{"id": demoProject}).at("getProject.name"); got != "Right" {
		t.Errorf("the other has made it %v", got)
	}
}
