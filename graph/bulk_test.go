package graph_test

import (
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
)

// demoBulkReplay is of the demo project, and has not begun.
const demoBulkReplay = 2

var _ = addAPITest(apiTest{
	ids: []idField{
		{"BulkReplayOwnerInput.projectId", `mutation {
			replayCallbacks(input: {owner: {projectId: %s}, dryRun: true}) { bulkReplay { id } } }`, "Project", demoProject},
		{"BulkReplayOwnerInput.accountId", `mutation {
			replayCallbacks(input: {owner: {accountId: %s}, dryRun: true}) { bulkReplay { id } } }`, "Account", demoAccount},
		{"BulkReplayOwnerInput.ssoClientId", `mutation {
			replayCallbacks(input: {owner: {ssoClientId: %s}, dryRun: true}) { bulkReplay { id } } }`, "SSOClient", 1},
		{
			"PauseBulkReplayInput.bulkReplayId", `mutation { pauseBulkReplay(input: {bulkReplayId: %s}) { bulkReplay { id } } }`,
			"BulkReplay", demoBulkReplay,
		},
		{
			"ResumeBulkReplayInput.bulkReplayId", `mutation { resumeBulkReplay(input: {bulkReplayId: %s}) { bulkReplay { id } } }`,
			"BulkReplay", demoBulkReplay,
		},
		{
			"CancelBulkReplayInput.bulkReplayId", `mutation { cancelBulkReplay(input: {bulkReplayId: %s}) { bulkReplay { id } } }`,
			"BulkReplay", demoBulkReplay,
		},
	},
	create: func(w *world) []entity {
		w.cancelBulkReplay(demoBulkReplay)
		bulk := w.replayAll(callback.ToReplayAll{})
		for range 2 {
			_, err := w.service.Callbacks.Upkeep.AdvanceBulkReplays(w.tb.Context())
			modelstest.NoError(w.tb, err)
			w.clock.Advance(time.Second)
		}
		return []entity{{callback.TypeBulkReplay, bulk}}
	},
})

// beginBulkReplays makes demoBulkReplay, and one that was cancelled.
func (w *world) beginBulkReplays() {
	w.tb.Helper()
	w.cancelBulkReplay(w.replayAll(callback.ToReplayAll{DryRun: true}))
	w.replayAll(callback.ToReplayAll{})
}

// replayAll begins a bulk replay of the demo project, and returns its id.
func (w *world) replayAll(in callback.ToReplayAll) int64 {
	w.tb.Helper()
	in.Owner.ProjectID = demoProject
	b, err := w.service.Callbacks.ReplayAll(w.tb.Context(), bulkReplayer, in)
	modelstest.NoError(w.tb, err)
	return b.ID
}

func (w *world) cancelBulkReplay(id int64) {
	w.tb.Helper()
	_, err := w.service.Callbacks.CancelBulkReplay(w.tb.Context(), bulkReplayer, id)
	modelstest.NoError(w.tb, err)
}

var bulkReplayer = &models.Actor{UserID: demoUser, Roles: map[int64]models.Role{demoAccount: models.RoleEditor}}

// TestABulkReplayIsSeenAsItGoesOn from its count to its end.
func TestABulkReplayIsSeenAsItGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ok(w.editor(), `mutation { cancelBulkReplay(input: {bulkReplayId: 2}) { bulkReplay { status } } }`, nil)
	const fields = `{ id status dryRun matched done replayed succeeded failed skipped skippedReasons { reason count } finishedAt
		createdBy { rawID } project { rawID } account { rawID } }`
	w.clock.Advance(time.Second)
	begun := w.ok(w.editor(), `mutation { replayCallbacks(input: {owner: {projectId: 1123123}, filter: {event: [CRAWL_FINISHED]}})
		{ bulkReplay `+fields+` } }`, nil)
	w.same("the status", "COUNTING", begun.at("replayCallbacks.bulkReplay.status"))
	id := begun.text("replayCallbacks.bulkReplay.id")
	overlapping := w.do(w.admin(), `mutation { replayCallbacks(input: {owner: {accountId: 123123}}) { bulkReplay { id } } }`, nil)
	overlapping.wantError(models.CodeConflict, "owner", "replayCallbacks")
	for range 3 {
		_, err := w.service.Callbacks.Upkeep.AdvanceBulkReplays(t.Context())
		modelstest.NoError(t, err)
		w.clock.Advance(time.Second)
	}
	a := w.ok(w.viewer(), `query($id: ObjectID!) { node(id: $id) { ... on BulkReplay `+fields+` } }`, variables{"id": id})
	w.same("who began it", "31", a.at("node.createdBy.rawID"))
	if a.at("node.matched") == 0.0 || a.at("node.matched") != a.at("node.replayed").(float64)+a.at("node.skipped").(float64) {
		t.Error(a.Body)
	}
	list := w.ok(w.viewer(), `{ getProject(id: 1123123) { bulkReplays { totalCount nodes { id } } }
		getAccount(id: 123123) { bulkReplays { totalCount nodes { status } } } }`, nil)
	w.same("of the project", id, list.at("getProject.bulkReplays.nodes.0.id"))
	w.same("of the account", 3.0, list.at("getAccount.bulkReplays.totalCount"))
}

func TestABulkReplayHasOneOwner(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(w.admin(), `mutation($o: BulkReplayOwnerInput!) { replayCallbacks(input: {owner: $o}) { bulkReplay { id } } }`,
		variables{"o": variables{"projectId": 1123123, "accountId": 123123}}).wantError(models.CodeBadUserInput, "owner", "replayCallbacks")
	w.do(w.admin(), `mutation { replayCallbacks(input: {owner: {projectId: 1123123}, filter: {search: "?"}}) { bulkReplay { id } } }`,
		nil).wantError(models.CodeBadUserInput, "filter.search", "replayCallbacks")
}
