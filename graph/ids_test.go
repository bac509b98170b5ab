package graph_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ringback/ringback/models"
)

func globalID(typeName string, raw int64) string {
	return models.ObjectID{Type: typeName, Raw: raw}.String()
}

// idFields are all places where an id is given: an operation with %s for the id, the id's type and number, and the name
// of the field. TestEveryIDFieldIsOnTheList keeps the list complete.
var idFields = []idField{
	{"Query.getAccount.id", `query { getAccount(id: %s) { id } }`, "Account", demoAccount},
	{"Query.getProject.id", `query { getProject(id: %s) { id } }`, "Project", demoProject},
	{"Query.getCrawl.id", `query { getCrawl(id: %s) { id } }`, "Crawl", finishedCrawl},
	{"Query.getReportDownload.id", `query { getReportDownload(id: %s) { id } }`, "ReportDownload", reportDownload},
	{"Query.getCallback.id", `query { getCallback(id: %s) { id } }`, "Callback", 1},
	{"Query.getSSOClient.id", `query { getSSOClient(id: %s) { id } }`, "SSOClient", 1},
	{"Query.getAction.id", `query { getAction(id: %s) { id } }`, "Action", searchAction},
	{"Query.getRun.id", `query { getRun(id: %s) { id } }`, "Run", queuedRun},
	{"Query.getSchedule.id", `query { getSchedule(id: %s) { id } }`, "Schedule", activeSchedule},
	{"Query.getDiagnosis.id", `query { getDiagnosis(id: %s) { id } }`, "Diagnosis", demoDiagnosis},
	{
		"CreateSSOClientKeyInput.ssoClientId",
		`mutation { createSSOClientKey(input: {ssoClientId: %s, name: "A"}) { id } }`, "SSOClient", demoPartner,
	},
	{
		"DeleteSSOClientKeyInput.ssoClientKeyId",
		`mutation { deleteSSOClientKey(input: {ssoClientKeyId: %s}) { ssoClientKey { id } } }`, "SSOClientKey", demoKey,
	},
	{"RotateWebhookSigningSecretInput.ssoClientId", `mutation {
		rotateWebhookSigningSecret(input: {ssoClientId: %s}) { ssoClient { id } } }`, "SSOClient", demoPartner},
	{"CallbackOwnerInput.ssoClientId", `mutation {
		createPortalSession(input: {owner: {ssoClientId: %s}, permission: READ}) { token } }`, "SSOClient", demoPartner},
	{"CreateUserKeyInput.userId", `mutation { createUserKey(input: {userId: %s}) { id } }`, "User", editorUser},
	{
		"CreateProjectInput.accountId",
		`mutation { createProject(input: {accountId: %s, name: "A", primaryDomain: "b"}) { project { id } } }`,
		"Account", demoAccount,
	},
	{"CreateProjectInput.rawID", `mutation {
		createProject(input: {accountId: 123123, name: "A", primaryDomain: "b", rawID: %s}) { project { id } } }`, "Project", 5000},
	{
		"UpdateProjectInput.projectId", `mutation { updateProject(input: {projectId: %s, name: "A"}) { project { id } } }`,
		"Project", demoProject,
	},
	{
		"DeleteProjectInput.projectId", `mutation { deleteProject(input: {projectId: %s}) { project { id } } }`, "Project",
		bareProject,
	},
	{
		"UpdateAccountInput.accountId", `mutation { updateAccount(input: {accountId: %s, name: "A"}) { account { id } } }`,
		"Account", demoAccount,
	},
	{
		"RunCrawlForProjectInput.projectId", `mutation { runCrawlForProject(input: {projectId: %s}) { crawl { id } } }`,
		"Project", demoProject,
	},
	{"CreateReportDownloadInput.crawlId", `mutation {
		createReportDownload(input: {crawlId: %s, reportTemplateCode: "a"}) { reportDownload { id } } }`, "Crawl", finishedCrawl},
	{"CreateReportDownloadInput.segmentId", `mutation {
		createReportDownload(input: {crawlId: 124234, reportTemplateCode: "a", segmentId: %s}) { reportDownload { id } } }`, "Segment", 8},
	{
		"RotateCallbackSigningSecretInput.projectId",
		`mutation { rotateCallbackSigningSecret(input: {projectId: %s}) { project { id } } }`, "Project", demoProject,
	},
	{
		"CreateProjectKeyInput.projectId", `mutation { createProjectKey(input: {projectId: %s, name: "A"}) { id } }`,
		"Project", demoProject,
	},
	{
		"DeleteProjectKeyInput.projectKeyId",
		`mutation { deleteProjectKey(input: {projectKeyId: %s}) { projectKey { id } } }`,
		"ProjectKey", demoKey,
	},
	{
		"CallbackFilter.crawlId", `query { callbacks(filter: {crawlId: %s}) { nodes { id } } }`, "Crawl", finishedCrawl,
	},
	{
		"ReplayCallbackInput.callbackId", `mutation { replayCallback(input: {callbackId: %s}) { callback { id } } }`,
		"Callback", 1,
	},
	{
		"PreviewCallbackInput.projectId",
		`query { previewCallback(input: {projectId: %s, event: TEST}) { payload } }`, "Project", demoProject,
	},
	{
		"PreviewCallbackInput.crawlId",
		`query { previewCallback(input: {projectId: 1123123, event: CRAWL_FINISHED, crawlId: %s}) { payload } }`, "Crawl", finishedCrawl,
	},
	{
		"PreviewCallbackInput.reportDownloadId",
		`query { previewCallback(input: {projectId: 1123123, event: REPORT_DOWNLOAD_GENERATED, reportDownloadId: %s}) { payload } }`,
		"ReportDownload", reportDownload,
	},
	{
		"RetryCallbackInput.callbackId", `mutation { retryCallback(input: {callbackId: %s}) { callback { id } } }`,
		"Callback", 2,
	},
	{
		"CancelCallbackInput.callbackId", `mutation { cancelCallback(input: {callbackId: %s}) { callback { id } } }`,
		"Callback", 2,
	},
	{
		"CreateAccountInput.rawID", `mutation { createAccount(input: {name: "A", rawID: %s}) { account { id } } }`, "Account",
		5001,
	},
	{
		"CreateAccountInput.ssoClientId",
		`mutation { createAccount(input: {name: "A", ssoClientId: %s}) { account { id } } }`,
		"SSOClient", 1,
	},
	{
		"CreateUserInput.rawID", `mutation { createUser(input: {email: "a@example.com", rawID: %s}) { user { id } } }`,
		"User", 5002,
	},
	{"AccountRoleInput.accountId", `mutation {
		createUser(input: {email: "b@example.com", accounts: [{accountId: %s, role: Admin}]}) { user { id } } }`, "Account", demoAccount},
	{
		"CreateSSOClientInput.rawID", `mutation { createSSOClient(input: {name: "A", rawID: %s}) { ssoClient { id } } }`,
		"SSOClient", 5003,
	},
	{
		"UpdateSSOClientInput.ssoClientId",
		`mutation { updateSSOClient(input: {ssoClientId: %s, name: "A"}) { ssoClient { id } } }`,
		"SSOClient", 1,
	},
	{
		"FinishCrawlInput.crawlId", `mutation { finishCrawl(input: {crawlId: %s, projectId: 123}) { crawl { id } } }`,
		"Crawl", 5004,
	},
	{
		"FinishCrawlInput.projectId", `mutation { finishCrawl(input: {crawlId: 5005, projectId: %s}) { crawl { id } } }`,
		"Project", bareProject,
	},
	{"FinishCrawlInput.createdByUserId", `mutation {
		finishCrawl(input: {crawlId: 5006, projectId: 123, createdByUserId: %s}) { crawl { id } } }`, "User", demoUser},
	{
		"FinishReportDownloadInput.reportDownloadId", finishWith(`reportDownloadId: %s, crawlId: 124234`), "ReportDownload",
		5007,
	},
	{"FinishReportDownloadInput.crawlId", finishWith(`reportDownloadId: 5008, crawlId: %s`), "Crawl", finishedCrawl},
	{
		"FinishReportDownloadInput.segmentId", finishWith(`reportDownloadId: 5009, crawlId: 124234, segmentId: %s`),
		"Segment", 8,
	},
	{
		"FinishReportDownloadInput.createdByUserId",
		finishWith(`reportDownloadId: 5010, crawlId: 124234, createdByUserId: %s`), "User", demoUser,
	},
	{
		"CallbackOwnerInput.projectId", `query { checkCallback(input: {owner: {projectId: %s}}) { ok } }`, "Project",
		demoProject,
	},
	{
		"CallbackOwnerInput.accountId", `query { checkCallback(input: {owner: {accountId: %s}}) { ok } }`, "Account",
		demoAccount,
	},
	{
		"BackfillCallbacksInput.projectId",
		`mutation { backfillCallbacks(input: {projectId: %s, since: "2020-07-09T16:00:00Z"}) { created } }`, "Project", demoProject,
	},
	{"ReceiverOwnerInput.projectId", `mutation {
		sendTestCallback(input: {owner: {projectId: %s}}) { callback { id } } }`, "Project", demoProject},
	{"ReceiverOwnerInput.ssoClientId", `mutation {
		sendTestCallback(input: {owner: {ssoClientId: %s}}) { callback { id } } }`, "SSOClient", 1},
	{"SendTestCallbackInput.projectId", `mutation {
		sendTestCallback(input: {projectId: %s}) { callback { id } } }`, "Project", demoProject},
	{"SendTestCallbackInput.ssoClientId", `mutation { sendTestCallback(input: {ssoClientId: %s}) { callback { id } } }`, "SSOClient", 1},
	{"DiagnoseReceiverInput.projectId", `mutation {
		diagnoseReceiver(input: {projectId: %s}) { diagnosis { id } } }`, "Project", demoProject},
	{"DiagnosisProgressInput.diagnosisId", `subscription {
		diagnosisProgress(input: {diagnosisId: %s}) { id } }`, "Diagnosis", demoDiagnosis},
	{"CreateActionInput.accountId", `mutation {
		createAction(input: {accountId: %s, name: "a", executorUrl: "https://platform.example.com/a"}) { action { id } } }`, "Account", demoAccount},
	{
		"UpdateActionInput.actionId", `mutation { updateAction(input: {actionId: %s}) { action { id } } }`, "Action",
		searchAction,
	},
	{"CreateRunInput.projectId", `mutation {
		createRun(input: {projectId: %s, action: "search", inputs: [{q: 1}]}) { run { id } } }`, "Project", demoProject},
	{"StopRunInput.runId", `mutation { stopRun(input: {runId: %s}) { run { id } } }`, "Run", queuedRun},
	{
		"PauseScheduleInput.scheduleId", `mutation { pauseSchedule(input: {scheduleId: %s}) { schedule { id } } }`,
		"Schedule", activeSchedule,
	},
	{
		"ResumeScheduleInput.scheduleId", `mutation { resumeSchedule(input: {scheduleId: %s}) { schedule { id } } }`,
		"Schedule", pausedSchedule,
	},
	{
		"CancelScheduleInput.scheduleId", `mutation { cancelSchedule(input: {scheduleId: %s}) { schedule { id } } }`,
		"Schedule", activeSchedule,
	},
}

func finishWith(fields string) string {
	return `mutation { finishReportDownload(input: {` + fields +
		`, reportTemplateCode: "a", fileUrl: "https://files.example.com/1"}) { reportDownload { id } } }`
}

// sessionIDFields need a user's key, and node and nodes a type: they have tests of their own.
var sessionIDFields = []string{
	"Query.node.id", "Query.nodes.ids", "CreateSessionUsingUserKeyInput.userKeyId", "DeleteUserKeyInput.userKeyId",
}

func TestEveryIDFieldIsOnTheList(t *testing.T) {
	t.Parallel()
	listed := map[string]bool{}
	for _, f := range idFields {
		listed[f.name] = true
	}
	for _, name := range sessionIDFields {
		listed[name] = true
	}
	for _, d := range schema().Types {
		for _, f := range d.Fields {
			if d.Kind == "INPUT_OBJECT" && f.Type.Name() == "ObjectID" && !listed[d.Name+"."+f.Name] {
				t.Errorf("%s.%s is not tested", d.Name, f.Name)
			}
			for _, a := range f.Arguments {
				if name := d.Name + "." + f.Name + "." + a.Name; a.Type.Name() == "ObjectID" && !listed[name] {
					t.Errorf("%s is not tested", name)
				}
			}
		}
	}
}

func TestAnIDIsReadInEveryForm(t *testing.T) {
	t.Parallel()
	shared := newWorld(t)
	for _, f := range idFields {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			w := shared.in(t)
			published := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "N%03d%s%d", len(f.typeName), f.typeName, f.raw))
			literal := func(s string) string { return fmt.Sprintf(f.query, s) }
			variable := strings.NewReplacer(
				"query {", "query($id: ObjectID!) {", "mutation {", "mutation($id: ObjectID!) {",
				"subscription {", "subscription($id: ObjectID!) {",
			).Replace(literal("$id"))
			for _, form := range []string{globalID(f.typeName, f.raw), published, fmt.Sprint(f.raw)} {
				w.accepts(literal(quote(form)), nil)
				w.accepts(variable, variables{"id": form})
			}
			w.accepts(literal(fmt.Sprint(f.raw)), nil)
			w.accepts(variable, variables{"id": f.raw})

			_, field, _ := strings.Cut(f.name, ".")
			field = field[strings.LastIndex(field, ".")+1:]
			w.rejects(field, literal(`"gibberish"`), nil)
			w.rejects(field, variable, variables{"id": "gibberish"})
			w.rejects(field, literal("0"), nil)
			w.rejects(field, literal("-1"), nil)
			w.rejects(field, literal("1.5"), nil)
			w.rejects(field, variable, variables{"id": 1.5})
			w.rejects(field, variable, variables{"id": true})
			w.rejects(field, literal(`"99999999999999999999"`), nil)
			w.rejects(field, literal(quote(globalID("Sandwich", f.raw))), nil)
		})
	}
}

// accepts sends as the platform; what another form did before (CONFLICT, NOT_FOUND, RATE_LIMITED) is not the point here.
func (w *world) accepts(query string, vars variables) {
	w.tb.Helper()
	a := w.do(platform(), query, vars)
	passing := []any{string(models.CodeConflict), string(models.CodeNotFound), string(models.CodeRateLimited)}
	for _, e := range a.Errors { // of what is taken there may be more than one
		if !slices.Contains(passing, e.Extensions["code"]) {
			w.tb.Errorf("%s %v: %s", query, vars, a.Body)
		}
	}
}

func (w *world) rejects(field, query string, vars variables) {
	w.tb.Helper()
	a := w.do(platform(), query, vars)
	// Within an input the field is its place in it, such as accounts.0.accountId.
	on := func(found string) bool { return found == field || strings.HasSuffix(found, "."+field) }
	if !slices.ContainsFunc(a.problems(), on) {
		w.tb.Errorf("want BAD_USER_INPUT on %s: %s %v: %s", field, query, vars, a.Body)
	}
}

func TestALiteralNumberThatIsTooLargeIsBadInput(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, query := range []string{
		`{ getProject(id: 99999999999999999999) { id } }`, `{ getProject(id: 1e999) { id } }`,
		`{ node(id: -99999999999999999999) { id } }`,
		`{ ... on Query { getProject(id: 99999999999999999999) { id } } }`,
		`{ ...f } fragment f on Query { node(id: 99999999999999999999) { id } }`,
	} {
		w.do(platform(), query, nil).wantError(models.CodeBadUserInput, "id", "")
	}
	if w.log.String() != "" {
		t.Errorf("logged: %s", w.log)
	}
}

func TestRawIDIsTheNumberAsText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.ok(w.admin(), `{ me { id rawID accounts { nodes { id rawID projects { nodes { id rawID } } } } }
		getCrawl(id: 124234) { id rawID } getReportDownload(id: 567890) { id rawID } getCallback(id: 1) { id rawID }
		getAction(id: 1) { id rawID } getRun(id: 1) { id rawID } getSchedule(id: 1) { id rawID } getJob(id: 1) { id rawID }
		getDiagnosis(id: 1) { id rawID } }`, nil)
	for path, typeName := range map[string]string{
		"me": "User", "me.accounts.nodes.0": "Account", "me.accounts.nodes.0.projects.nodes.0": "Project",
		"getCrawl": "Crawl", "getReportDownload": "ReportDownload", "getCallback": "Callback",
		"getAction": "Action", "getRun": "Run", "getSchedule": "Schedule", "getJob": "Job", "getDiagnosis": "Diagnosis",
	} {
		raw, _ := a.at(path + ".rawID").(string)
		id, err := models.ParseObjectID(a.text(path + ".id"))
		if err != nil || id.Type != typeName || fmt.Sprint(id.Raw) != raw {
			t.Errorf("%s: id %v (%v), rawID %q", path, id, err, raw)
		}
	}
}

func TestNodeFindsEachType(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for typeName, raw := range map[string]int64{
		"Account": demoAccount, "Project": demoProject, "Crawl": finishedCrawl, "ReportDownload": reportDownload,
		"Callback": 1,
		"User":     demoUser, "SSOClient": 1, "Action": searchAction, "Run": queuedRun, "Schedule": activeSchedule,
		"Job": openJob, "Diagnosis": demoDiagnosis, "BulkReplay": demoBulkReplay,
	} {
		who := w.admin()
		if typeName == "SSOClient" {
			who = platform()
		}
		id := globalID(typeName, raw)
		a := w.ok(who, `query($id: ObjectID!) { node(id: $id) { __typename id rawID } }`, variables{"id": id})
		if a.at("node.__typename") != typeName || a.at("node.id") != id || a.at("node.rawID") != fmt.Sprint(raw) {
			t.Errorf("%s: %s", typeName, a.Body)
		}
		a = w.do(who, `query($id: ObjectID!) { node(id: $id) { id } }`, variables{"id": globalID(typeName, 99999)})
		a.wantError(models.CodeNotFound, "", "node")
	}
	for _, d := range schema().PossibleTypes["Node"] {
		if d.Name != "UserKey" && d.Fields.ForName("rawID") == nil {
			t.Errorf("%s is a Node without rawID", d.Name)
		}
	}
}

func TestNodeNeedsATypeThatItKnows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(w.admin(), `{ node(id: 123) { id } }`, nil).wantError(models.CodeBadUserInput, "id", "node")
	w.do(w.admin(), `{ node(id: "123") { id } }`, nil).wantError(models.CodeBadUserInput, "id", "node")
	w.do(w.admin(), `{ node(id: "x") { id } }`, nil).wantError(models.CodeBadUserInput, "id", "node.id")
	for _, typeName := range []string{"Sandwich", "UserKey", "ProjectKey", "Segment"} {
		w.do(w.admin(), `{ node(id: "`+globalID(typeName, 1)+`") { id } }`, nil).wantError(models.CodeNotFound, "", "node")
	}
}

func TestGetCallbackTakesAnIDOrAUID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	uid := w.callback.crawl.UID.String()
	who := w.viewer()
	byID := w.ok(who, `{ getCallback(id: 1) { id uid ref } }`, nil)
	byUID := w.ok(who, `{ getCallback(uid: "`+uid+`") { id uid ref } }`, nil)
	if byID.Body != byUID.Body || byUID.at("getCallback.uid") != uid || byUID.at("getCallback.ref") != uid {
		t.Errorf("%s\n%s", byID.Body, byUID.Body)
	}
	w.do(who, `{ getCallback { id } }`, nil).wantError(models.CodeBadUserInput, "id", "getCallback")
	w.do(who, `{ getCallback(id: 1, uid: "`+uid+`") { id } }`, nil).wantError(models.CodeBadUserInput, "id", "getCallback")
	w.do(who, `{ getCallback(uid: "x") { id } }`, nil).wantError(models.CodeBadUserInput, "uid", "getCallback")
	w.do(
		who, `{ getCallback(uid: "01890a5d-ac96-774b-bcce-b302099a8057") { id } }`, nil,
	).wantError(models.CodeNotFound, "", "getCallback")
	w.do(w.other(), `{ getCallback(uid: "`+uid+`") { id } }`, nil).wantError(models.CodeNotFound, "", "getCallback")
}
