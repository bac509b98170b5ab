package graph_test

import (
	"strings"
	"sync"
	"testing"

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
	"createUserKey":    {`mutation { createUserKey(input: {userId: $user, idempotencyKey: "$key"}) { id } }`, ""},
	"createProjectKey": {`mutation { createProjectKey(input: {projectId: $project, name: "a", idempotencyKey: "$key"}) { id } }`, ""},
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
				w.do(platform(), filled(m.query, "", "one"), nil).wantError(models.CodeBadUserInput, "idempotencyKey", name)
			})
		})
	}
}

func TestEveryMutationThatMakesSomethingTakesAKey(t *testing.T) {
	t.Parallel()
	keyless := map[string]bool{"createSessionUsingUserKey": true} // a session more harms nobody, and its token is shown once
	for _, f := range schema().Mutation.Fields {
		makes := strings.HasPrefix(f.Name, "create") || strings.HasPrefix(f.Name, "run") || strings.HasPrefix(f.Name, "replay")
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
