package graph_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
)

// keyed are mutations that make something, each with a place for its key and for what differs, and where its ids are.
var keyed = map[string]struct{ query, id string }{
	"createRun": {`mutation { createRun(input: {projectId: 1123123, action: "search", inputs: [{q: "$other"}], idempotencyKey: "$key"}) {
		run { id } } }`, "createRun.run.id"},
	"createJobs": {`mutation { createJobs(input: {projectId: 1123123, inputs: [{q: "$other"}, 2], idempotencyKey: "$key"}) {
		jobs { id } } }`, "createJobs.jobs"},
	"createProject": {`mutation { createProject(input: {accountId: 123123, name: "$other", primaryDomain: "a", idempotencyKey: "$key"}) {
		project { id } } }`, "createProject.project.id"},
	"createAccount": {`mutation { createAccount(input: {name: "$other", idempotencyKey: "$key"}) { account { id } } }`, "createAccount.account.id"},
	"createUser": {
		`mutation { createUser(input: {email: "$other@example.com", idempotencyKey: "$key"}) { user { id } } }`, "createUser.user.id",
	},
	"createSSOClient": {
		`mutation { createSSOClient(input: {name: "$other", idempotencyKey: "$key"}) { ssoClient { id } } }`,
		"createSSOClient.ssoClient.id",
	},
	"createAction": {`mutation { createAction(input: {accountId: 123123, name: "$other", executorUrl: "https://a.example.com", idempotencyKey: "$key"}) {
		action { id } } }`, "createAction.action.id"},
	"createReportDownload": {`mutation { createReportDownload(input: {crawlId: 124234, reportTemplateCode: "$other", idempotencyKey: "$key"}) {
		reportDownload { id } } }`, "createReportDownload.reportDownload.id"},
	"runCrawlForProject": {
		`mutation { runCrawlForProject(input: {projectId: $project, idempotencyKey: "$key"}) { crawl { id } } }`,
		"runCrawlForProject.crawl.id",
	},
	"replayCallback": {`mutation { replayCallback(input: {callbackId: 1, toUrl: "https://$other.example.com/", idempotencyKey: "$key"}) {
		callback { id } } }`, "replayCallback.callback.id"},
	"replayCallbacks": {`mutation { replayCallbacks(input: {owner: {projectId: $project}, dryRun: true, idempotencyKey: "$key"}) {
		bulkReplay { id } } }`, "replayCallbacks.bulkReplay.id"},
	"sendTestCallback": {
		`mutation { sendTestCallback(input: {owner: {projectId: $project}, idempotencyKey: "$key"}) { callback { id } } }`,
		"sendTestCallback.callback.id",
	},
	"diagnoseReceiver": {`mutation { diagnoseReceiver(input: {owner: {projectId: $project}, wait: false, idempotencyKey: "$key"}) {
		diagnosis { id } } }`, "diagnoseReceiver.diagnosis.id"},
	"rotateCallbackSigningSecret": {`mutation { rotateCallbackSigningSecret(input: {projectId: $project, idempotencyKey: "$key"}) {
		callbackSigningSecret { secret } project { rawID } } }`, "rotateCallbackSigningSecret"},
	"rotateWebhookSigningSecret": {`mutation { rotateWebhookSigningSecret(input: {ssoClientId: 1, expireOldAfter: $user, idempotencyKey: "$key"}) {
		webhookSigningSecret { secret } ssoClient { rawID } } }`, "rotateWebhookSigningSecret"},
	"createUserKey":      {`mutation { createUserKey(input: {userId: $user, idempotencyKey: "$key"}) { id } }`, ""},
	"createSSOClientKey": {`mutation { createSSOClientKey(input: {ssoClientId: 1, name: "$other", idempotencyKey: "$key"}) { id } }`, ""},
	"createProjectKey":   {`mutation { createProjectKey(input: {projectId: $project, name: "a", idempotencyKey: "$key"}) { id } }`, ""},
}

func filled(query, key, other string) string {
	project, user := "1123123", "1"
	if other != "one" {
		project, user = "123", "2"
	}
	return strings.NewReplacer("$key", key, "$other", other, "$project", project, "$user", user).Replace(query)
}

func TestSameMutationWithTheSameKeyMakesOneThing(t *testing.T) {
	t.Parallel()
	for name, m := range keyed {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			query := filled(m.query, "k", "one")
			if name == "createUserKey" {
				query = strings.Replace(query, "userId: 1", "userId: 123123", 1)
			}
			first := w.ok(platform(), query, nil)
			w.unchanged(func() {
				if m.id == "" {
					w.do(platform(), query, nil).wantError(models.CodeConflict, "idempotencyKey", name)
				} else {
					w.same("the second", first.at(m.id), w.ok(platform(), query, nil).at(m.id))
				}
				w.do(platform(), filled(m.query, "k", "another"), nil).wantError(models.CodeConflict, "idempotencyKey", name)
				w.do(platform(), filled(m.query, "", "new"), nil).wantError(models.CodeBadUserInput, "idempotencyKey", name)
			})
		})
	}
}

// The first of each makes something, the others find it.
func TestSameMutationIsSpelledInAnyWay(t *testing.T) {
	t.Parallel()
	type call struct {
		query string
		vars  variables
	}
	const (
		project = `mutation($input: CreateProjectInput!) { createProject(input: $input) { project { id } } }`
		run     = `mutation($input: CreateRunInput!) { createRun(input: $input) { run { id } } }`
		report  = `mutation($input: CreateReportDownloadInput!) { createReportDownload(input: $input) { reportDownload { id } } }`
	)
	for name, test := range map[string]struct {
		id    string
		calls []call
	}{
		"literals, variables, order, null and ids": {"createProject.project.id", []call{
			{`mutation { createProject(input: {accountId: 123123, name: "A", primaryDomain: "a", idempotencyKey: "k",
				apiCallbackHeaders: [{key: "X-A", value: "1"}]}) { project { id } } }`, nil},
			{`mutation { createProject(input: {apiCallbackHeaders: {value: "1", key: "X-A"}, idempotencyKey: "k", primaryDomain: "a", name: "A",
				accountId: "TjAwNkFjY291bnQxMjMxMjM", apiCallbackUrl: null}) { project { id } } }`, nil},
			{project, variables{"input": variables{
				"accountId": "123123", "name": "A", "primaryDomain": "a", "idempotencyKey": "k",
				"apiCallbackHeaders": []any{variables{"key": "X-A", "value": "1"}},
			}}},
			{`mutation($name: String!, $key: ID = "k") { createProject(input: {accountId: 123123, name: $name, primaryDomain: "a",
				idempotencyKey: $key, apiCallbackHeaders: [{key: "X-A", value: "1"}]}) { project { id } } }`, variables{"name": "A"}},
		}},
		"JSON, times and lengths of time": {"createRun.run.id", []call{
			{`mutation { createRun(input: {projectId: 1123123, action: "search", inputs: [{q: {a: 1, b: "x"}}], idempotencyKey: "k",
				mode: SCHEDULE, schedule: {at: "2026-01-03T03:04:05Z"}}) { run { id } } }`, nil},
			{run, variables{"input": variables{
				"projectId": 1123123, "action": "search", "inputs": []any{variables{"q": variables{"b": "x", "a": 1}}},
				"idempotencyKey": "k", "mode": "SCHEDULE", "schedule": variables{"at": "2026-01-03T04:04:05.000+01:00"},
			}}},
		}},
		"default values": {"createReportDownload.reportDownload.id", []call{
			{`mutation { createReportDownload(input: {crawlId: 124234, reportTemplateCode: "a", idempotencyKey: "k"}) { reportDownload { id } } }`, nil},
			{`mutation { createReportDownload(input: {crawlId: 124234, reportTemplateCode: "a", idempotencyKey: "k", reportTypeCode: Basic}) {
				reportDownload { id } } }`, nil},
			{report, variables{"input": variables{
				"crawlId": "124234", "reportTemplateCode": "a", "idempotencyKey": "k", "reportTypeCode": "Basic",
			}}},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			first := w.ok(platform(), test.calls[0].query, test.calls[0].vars).at(test.id)
			for i, c := range test.calls[1:] {
				if made := w.ok(platform(), c.query, c.vars).at(test.id); made != first {
					t.Errorf("call %d made %v, not %v", i+2, made, first)
				}
			}
		})
	}
}

func TestEveryMutationThatMakesSomethingTakesAKey(t *testing.T) {
	t.Parallel()
	// A session more harms nobody, and its token is shown once.
	keyless := map[string]bool{"createSessionUsingUserKey": true, "createSessionUsingLoginCode": true, "createPortalSession": true}
	for _, f := range schema().Mutation.Fields {
		makes := strings.HasPrefix(f.Name, "create") || strings.HasPrefix(f.Name, "run") || strings.HasPrefix(f.Name, "replay") ||
			strings.HasPrefix(f.Name, "send") || strings.HasPrefix(f.Name, "diagnose") || strings.HasPrefix(f.Name, "rotate")
		if makes && !keyless[f.Name] && keyed[f.Name].query == "" {
			t.Errorf("%s is not tested", f.Name)
		}
	}
}

func TestKeyIsItsActorsOwnAndLastsADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	query, id := filled(keyed["createRun"].query, "k", "one"), keyed["createRun"].id
	seen := map[any]bool{}
	for _, who := range []caller{platform(), w.admin(), w.editor(), w.key(demoProject)} {
		made := w.ok(who, query, nil).at(id)
		if seen[made] {
			t.Errorf("%v finds another's", who)
		}
		seen[made] = true
	}
	w.clock.Advance(models.OnceTime)
	if made := w.ok(platform(), query, nil).at(id); seen[made] {
		t.Errorf("after a day it is still %v", made)
	}
}

// TestASecretThatHasExpiredIsNotMadeAgain: the second rotation ends what the first has made.
func TestASecretThatHasExpiredIsNotMadeAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := filled(keyed["rotateCallbackSigningSecret"].query, "k", "one")
	w.ok(w.admin(), first, nil)
	w.ok(w.admin(), `mutation { rotateCallbackSigningSecret(input: {projectId: 1123123, expireOldAfter: "1h"}) { project { id } } }`, nil)
	w.ok(w.admin(), first, nil)
	w.clock.Advance(time.Hour)
	w.do(w.admin(), first, nil).wantError(models.CodeConflict, "idempotencyKey", "rotateCallbackSigningSecret")
}

func TestSameKeyEightTimesAtOnceMakesOneThing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	query := filled(keyed["createProject"].query, "k", "one")
	var mu sync.Mutex
	ids := map[any]int{}
	modelstest.AtOnce(8, func(int) {
		made := w.ok(platform(), query, nil).at("createProject.project.id")
		mu.Lock()
		defer mu.Unlock()
		ids[made]++
	})
	if len(ids) != 1 {
		t.Errorf("made %v", ids)
	}
}
