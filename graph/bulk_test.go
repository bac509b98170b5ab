package graph_test

import (
	"fmt"
	"reflect"
	"strings"
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

// beginBulkReplays makes demoBulkReplay, and two that were cancelled: one of the demo project, and one of notices by the partner.
func (w *world) beginBulkReplays() {
	w.tb.Helper()
	w.cancelBulkReplay(w.replayAll(callback.ToReplayAll{DryRun: true, Filter: everyFilter()}))
	w.replayAll(callback.ToReplayAll{})
	ctx, by := w.tb.Context(), &models.Actor{Key: &models.KeyScope{SSOClientID: demoPartner, Role: models.RoleAdmin}}
	notices, err := w.service.Callbacks.ReplayAll(ctx, by, callback.ToReplayAll{Owner: callback.BulkOwner{SSOClientID: demoPartner}, DryRun: true})
	modelstest.NoError(w.tb, err)
	_, err = w.service.Callbacks.CancelBulkReplay(ctx, by, notices.ID)
	modelstest.NoError(w.tb, err)
}

// everyFilter narrows by each field that there is.
func everyFilter() callback.Filter {
	at, uid, status := new(time.Unix(0, 0).UTC()), new(models.NewUID()), new(503)
	return callback.Filter{
		Status: []callback.Status{callback.StatusFailed}, Event: []callback.EventName{callback.CrawlFinishedEvent}, ErrorCode: []callback.AttemptErrorCode{callback.Timeout},
		HTTPStatus: status, HTTPStatusRange: &callback.StatusRange{From: status, To: status}, Host: new("hooks.example.com"), UID: uid, Ref: uid,
		IsReplay: new(true), MinAttempts: new(1), CrawlID: &models.ObjectID{Raw: finishedCrawl}, RunUID: uid, JobUUID: uid, Search: new("12"),
		CreatedAfter: at, CreatedBefore: at, FinishedAfter: at, FinishedBefore: at, NextAttemptAfter: at, NextAttemptBefore: at,
	}
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

// TestBulkReplaysAreListedWithoutThoseThatOnlyCount or these alone: by pages, as they are counted.
func TestBulkReplaysAreListedWithoutThoseThatOnlyCount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 3 {
		w.clock.Advance(time.Second)
		w.cancelBulkReplay(w.replayAll(callback.ToReplayAll{DryRun: true}))
	}
	for owner, runs := range map[string]map[string]int{
		"getProject(id: 1123123)": {"true": 4, "false": 1, "null": 5}, "getAccount(id: 123123)": {"true": 4, "false": 1, "null": 5},
		"getSSOClient(id: 1)": {"true": 1, "false": 0, "null": 1},
	} {
		for dryRun, want := range runs {
			seen, after := 0, "null"
			for more := true; more; {
				list := w.ok(platform(), `{ owner: `+owner+` { bulkReplays(first: 2, dryRun: `+dryRun+`, after: `+after+`) {
					totalCount nodes { dryRun } pageInfo { hasNextPage endCursor } } } }`, nil)
				w.same("of "+owner+", "+dryRun+", in all", float64(want), list.at("owner.bulkReplays.totalCount"))
				for _, node := range list.at("owner.bulkReplays.nodes").([]any) {
					seen++
					if got := fmt.Sprint(node.(map[string]any)["dryRun"]); dryRun != "null" && got != dryRun {
						t.Errorf("of %s, where dryRun is %s, one has %s", owner, dryRun, got)
					}
				}
				if more = list.at("owner.bulkReplays.pageInfo.hasNextPage").(bool); more {
					after = quote(list.text("owner.bulkReplays.pageInfo.endCursor"))
				}
			}
			w.same("of "+owner+", "+dryRun+", seen", want, seen)
		}
	}
}

// TestABulkReplaySaysWhatItReplays to whoever sees it: each field of the filter as it was given.
func TestABulkReplaySaysWhatItReplays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cancelBulkReplay(demoBulkReplay)
	const fields = `{ id filter { status event errorCode createdAfter createdBefore finishedAfter finishedBefore nextAttemptAfter nextAttemptBefore
		httpStatus httpStatusRange { from to } host uid ref isReplay minAttempts crawlId runUid jobUuid search } }`
	const begin = `mutation($filter: CallbackFilter) {
		replayCallbacks(input: {owner: {projectId: 1123123}, filter: $filter, dryRun: true}) { bulkReplay ` + fields + ` } }`
	const uid, at = "0194fdc2-fa2f-7cc0-81d3-ff12045b73c8", "2026-01-02T03:04:05.678Z"
	given := variables{
		"status": []any{"FAILED"}, "event": []any{"CRAWL_FINISHED", "JOB_UPDATED"}, "errorCode": []any{"TLS_ERROR"}, "createdAfter": at, "createdBefore": at,
		"finishedAfter": at, "finishedBefore": at, "nextAttemptAfter": at, "nextAttemptBefore": at, "httpStatus": 503.0,
		"httpStatusRange": map[string]any{"from": 500.0, "to": nil}, "host": "hooks.example.com", "uid": uid, "ref": uid, "isReplay": false,
		"minAttempts": 2.0, "crawlId": "12", "runUid": uid, "jobUuid": uid, "search": "12",
	}
	a := w.ok(w.editor(), begin, variables{"filter": given})
	given["crawlId"] = models.ObjectID{Type: models.TypeCrawl, Raw: 12}.String()
	seen := w.ok(w.viewer(), `query($id: ObjectID!) { node(id: $id) { ... on BulkReplay `+fields+` } }`,
		variables{"id": a.text("replayCallbacks.bulkReplay.id")})
	for name, value := range given {
		if got := seen.at("node.filter." + name); !reflect.DeepEqual(got, value) {
			t.Errorf("%s is %v, and was given as %v", name, got, value)
		}
	}
	w.cancelBulkReplay(demoBulkReplay + 2)
	for name, value := range w.ok(w.editor(), begin, nil).at("replayCallbacks.bulkReplay.filter").(map[string]any) {
		w.same(name+" of no filter", nil, value)
	}
}

// TestAPartnersBulkReplaysAreListed with its SSO client, and those of its accounts with these.
func TestAPartnersBulkReplaysAreListed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cancelBulkReplay(demoBulkReplay)
	own := w.partnerKey(demoPartner)
	begun := w.ok(own, `mutation { replayCallbacks(input: {owner: {ssoClientId: 1}}) { bulkReplay { id project { id } account { id }
		ssoClient { rawID } } } }`, nil)
	w.same("the owner", "1", begun.at("replayCallbacks.bulkReplay.ssoClient.rawID"))
	id := begun.text("replayCallbacks.bulkReplay.id")
	const query = `{ getSSOClient(id: 1) { bulkReplays { totalCount nodes { id ssoClient { rawID } } } } }`
	for name, who := range map[string]caller{
		"platform": platform(), "partner": own, "READ": w.portal("ssoClientId: 1", "READ"), "MANAGE": w.portal("ssoClientId: 1", "MANAGE"),
	} {
		list := w.ok(who, query, nil)
		w.same(name+": how many", 2.0, list.at("getSSOClient.bulkReplays.totalCount"))
		w.same(name+": the newest", id, list.at("getSSOClient.bulkReplays.nodes.0.id"))
		w.same(name+": whose", "1", list.at("getSSOClient.bulkReplays.nodes.0.ssoClient.rawID"))
	}
	ofAccount := w.ok(own, `{ getAccount(id: 123123) { bulkReplays { totalCount nodes { ssoClient { id } } } } }`, nil)
	w.same("of the account", 2.0, ofAccount.at("getAccount.bulkReplays.totalCount"))
	w.same("not of an SSO client", nil, ofAccount.at("getAccount.bulkReplays.nodes.0.ssoClient"))
	for who, code := range map[caller]models.Code{w.otherPartner(): models.CodeNotFound, w.admin(): models.CodeForbidden} {
		w.do(who, query, nil).wantError(code, "", "getSSOClient")
		w.do(who, `query($id: ObjectID!) { node(id: $id) { id } }`, variables{"id": id}).wantError(models.CodeNotFound, "", "node")
	}
}

// TestABulkReplaySaysWhichPartnerBeganIt to the platform and that partner, and to customers that theirs did.
func TestABulkReplaySaysWhichPartnerBeganIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cancelBulkReplay(demoBulkReplay)
	own := w.partnerKey(demoPartner)
	const fields = ` { bulkReplay { id createdByPartner createdBySSOClient { rawID } } }`
	ofNotices := w.ok(own, `mutation { replayCallbacks(input: {owner: {ssoClientId: 1}, dryRun: true})`+fields+` }`, nil)
	w.same("of notices, by the partner", "1", ofNotices.at("replayCallbacks.bulkReplay.createdBySSOClient.rawID"))
	byPlatform := w.ok(platform(), `mutation { replayCallbacks(input: {owner: {ssoClientId: 1}, dryRun: true})`+fields+` }`, nil)
	w.same("of notices, by the platform", nil, byPlatform.at("replayCallbacks.bulkReplay.createdBySSOClient"))
	byUser := w.ok(w.editor(), `mutation { replayCallbacks(input: {owner: {projectId: 1123123}, dryRun: true})`+fields+` }`, nil)
	id := w.ok(own, `mutation { replayCallbacks(input: {owner: {projectId: 1123123}, dryRun: true})`+fields+` }`, nil).text("replayCallbacks.bulkReplay.id")
	const query = `query($id: ObjectID!) { node(id: $id) { ... on BulkReplay { createdByPartner createdBySSOClient { rawID } } } }`
	client := any(map[string]any{"rawID": "1"})
	for name, tt := range map[string]struct {
		who    caller
		client any
	}{
		"platform": {platform(), client}, "partner": {own, client}, "portal": {w.portal("ssoClientId: 1", "READ"), client},
		"viewer": {w.viewer(), nil}, "project's key": {w.key(demoProject), nil},
	} {
		a := w.ok(tt.who, query, variables{"id": id})
		w.same(name+": that the partner did", true, a.at("node.createdByPartner"))
		w.same(name+": which", tt.client, a.at("node.createdBySSOClient"))
		a = w.ok(tt.who, query, variables{"id": byUser.text("replayCallbacks.bulkReplay.id")})
		w.same(name+": that a user did", false, a.at("node.createdByPartner"))
		w.same(name+": no partner", nil, a.at("node.createdBySSOClient"))
	}
}

// TestABulkReplaySaysWhoMayChangeIt as those find who try to.
func TestABulkReplaySaysWhoMayChangeIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cancelBulkReplay(demoBulkReplay)
	partner := w.partnerKey(demoPartner)
	who := map[string]caller{
		"platform": platform(), "partner": partner, "partner's portal": w.portal("ssoClientId: 1", "MANAGE"), "partner who reads": w.portal("ssoClientId: 1", "READ"),
		"editor": w.editor(), "viewer": w.viewer(), "project's key": w.key(demoProject),
	}
	const ofProject, ofNotices = "projectId: 1123123", "ssoClientId: 1"
	for begun, seenBy := range map[string][]string{ // by whom, and of what; who sees it
		"platform " + ofProject: {"platform", "partner", "partner's portal", "partner who reads", "editor", "viewer", "project's key"},
		"partner " + ofProject:  {"platform", "partner", "partner's portal", "partner who reads", "editor", "viewer", "project's key"},
		"editor " + ofProject:   {"platform", "partner", "partner's portal", "partner who reads", "editor", "viewer", "project's key"},
		"platform " + ofNotices: {"platform", "partner", "partner's portal", "partner who reads"},
	} {
		by, owner, _ := strings.Cut(begun, " ")
		for _, name := range seenBy {
			id := w.ok(who[by], `mutation { replayCallbacks(input: {owner: {`+owner+`}, dryRun: true}) { bulkReplay { id } } }`, nil).
				text("replayCallbacks.bulkReplay.id")
			says := func() (mayPause, mayCancel any) {
				a := w.ok(who[name], `query($id: ObjectID!) { node(id: $id) { ... on BulkReplay { mayPause mayCancel } } }`, variables{"id": id})
				return a.at("node.mayPause"), a.at("node.mayCancel")
			}
			finds := func(change string) bool {
				a := w.do(who[name], `mutation($id: ObjectID!) { `+change+`(input: {bulkReplayId: $id}) { bulkReplay { id } } }`, variables{"id": id})
				return a.code() == ""
			}
			mayPause, mayCancel := says()
			for _, change := range []string{"pauseBulkReplay", "resumeBulkReplay"} {
				w.same("begun by "+begun+", "+change+" by "+name, mayPause, finds(change))
			}
			w.same("begun by "+begun+", cancelled by "+name, mayCancel, finds("cancelBulkReplay"))
			w.ok(platform(), `mutation($id: ObjectID!) { cancelBulkReplay(input: {bulkReplayId: $id}) { bulkReplay { id } } }`, variables{"id": id})
			if mayPause, mayCancel = says(); mayPause != false || mayCancel != false {
				t.Errorf("begun by %s, ended: %s may pause it %v, cancel it %v", begun, name, mayPause, mayCancel)
			}
		}
	}
}

func TestABulkReplayHasOneOwner(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(w.admin(), `mutation($o: BulkReplayOwnerInput!) { replayCallbacks(input: {owner: $o}) { bulkReplay { id } } }`,
		variables{"o": variables{"projectId": 1123123, "accountId": 123123}}).wantError(models.CodeBadUserInput, "owner", "replayCallbacks")
	w.do(w.admin(), `mutation { replayCallbacks(input: {owner: {projectId: 1123123}, filter: {search: "?"}}) { bulkReplay { id } } }`,
		nil).wantError(models.CodeBadUserInput, "filter.search", "replayCallbacks")
}
