package graph_test

// access says who may use a field, as the design's table has it.
type access int

const (
	member       access = iota // reads of one's own account
	editorUp                   // changes by Editor and Admin
	adminOnly                  // changes by Admin
	platformOnly               // the service key
	partnerOnly                // the SSO client's key, and the service key
	userOnly                   // a session, whatever its roles
	sessionOnly                // a user's session, or a portal session
	userOrNamed                // a user for itself, the platform for the user it names
	ownLists                   // what one may see, which can be nothing
)

// example is a valid use of a field, by the demo account's people and by the platform.
type example struct {
	who      access
	query    string
	platform string // where the platform has to ask differently
}

// privileged tells whether no user and no project's key may use it.
func (e example) privileged() bool { return e.who == platformOnly || e.who == partnerOnly }

// publicFields need no credentials.
var publicFields = map[string]bool{
	"Query.version": true, "Mutation.createSessionUsingUserKey": true, "Mutation.createSessionUsingLoginCode": true,
}

// examples has every field of Query, Mutation and Subscription that is not public. $key stands for a key of the caller's, or of
// somebody else's for callers without one.
var examples = map[string]example{
	"Query.me": {
		who: userOnly, query: `{ me { id rawID username email firstName lastName accounts { totalCount } } }`,
	},
	"Query.node":              {who: member, query: `{ node(id: "TjAwNlByb2plY3QxMTIzMTIz") { id rawID } }`},
	"Query.getAccount":        {who: member, query: `{ getAccount(id: 123123) { id rawID name } }`},
	"Query.getProject":        {who: member, query: `{ getProject(id: 1123123) { id rawID name } }`},
	"Query.getCrawl":          {who: member, query: `{ getCrawl(id: 124234) { id rawID status } }`},
	"Query.getReportDownload": {who: member, query: `{ getReportDownload(id: 567890) { id rawID reportId } }`},
	"Query.getCallback":       {who: member, query: `{ getCallback(id: 1) { id rawID uid } }`},
	"Query.checkCallback": {
		who:   editorUp,
		query: `{ checkCallback(input: {owner: {projectId: 1123123}}) { ok effective { headers { value } } } }`,
	},
	"Query.previewCallback": {who: member, query: `{ previewCallback(input: {projectId: 1123123, event: CRAWL_FINISHED}) {
		payload targetUrl headers { name value source } isSample } }`},
	"Query.viewer": {who: ownLists, query: `{ viewer { user { id } project { id } account { id } ssoClient { id } permission } }`},
	"Query.getAction": {
		who: member, query: `{ getAction(id: 1) { id rawID name executorUrl executorHeaders { value } } }`,
	},
	"Query.getRun":      {who: member, query: `{ getRun(id: 1) { id rawID uid status action } }`},
	"Query.getSchedule": {who: member, query: `{ getSchedule(id: 1) { id rawID uid status } }`},
	"Query.accounts":    {who: ownLists, query: `{ accounts { totalCount nodes { id } } }`},
	"Query.nodes":       {who: ownLists, query: `{ nodes(ids: ["TjAwNlByb2plY3QxMTIzMTIz"]) { id rawID } }`},
	"Query.callbacks":   {who: partnerOnly, query: `{ callbacks { totalCount totalCountIsExact searchedUntil nodes { id } } }`},
	"Query.ssoClients": {
		who: partnerOnly, query: `{ ssoClients { totalCount nodes { id name webhookUrl } } }`,
	},
	"Query.getSSOClient": {who: partnerOnly, query: `{ getSSOClient(id: 1) { id rawID name webhookUrl } }`},
	"Query.getDiagnosis": {who: member, query: `{ getDiagnosis(id: 1) { id rawID uid url status steps { name status } } }`},

	"Subscription.callbackChanged": {who: member, query: `subscription {
		callbackChanged(input: {owner: {projectId: 1123123}}) { kind cursor callback { id } } }`},
	"Subscription.diagnosisProgress": {who: member, query: `subscription {
		diagnosisProgress(input: {diagnosisId: 1}) { id url status steps { name status } } }`},

	"Mutation.createProject": {who: editorUp, query: `mutation {
		createProject(input: {accountId: 123123, name: "New", primaryDomain: "https://new.example.com"}) { project { id } } }`},
	"Mutation.updateProject": {who: editorUp, query: `mutation {
		updateProject(input: {projectId: 1123123, name: "Renamed"}) { project { id } } }`},
	"Mutation.deleteProject": {
		who: adminOnly, query: `mutation { deleteProject(input: {projectId: 123}) { project { id } } }`,
	},
	"Mutation.updateAccount": {who: adminOnly, query: `mutation {
		updateAccount(input: {accountId: 123123, name: "Renamed"}) { account { id } } }`},
	"Mutation.setApiCallbackHeaders": {who: editorUp, query: `mutation { setApiCallbackHeaders(input: {
		owner: {projectId: 1123123}, headers: [{key: "X-New", value: "1"}]}) { project { apiCallbackHeaders { value } } movedCallbacks } }`},
	"Mutation.removeApiCallbackHeaders": {who: editorUp, query: `mutation { removeApiCallbackHeaders(input: {
		owner: {projectId: 1123123}, keys: ["X-New"]}) { project { apiCallbackHeaders { value } } movedCallbacks } }`},
	"Mutation.pauseCallbacks": {who: editorUp, query: `mutation {
		pauseCallbacks(input: {owner: {projectId: 1123123}}) { project { pausedAt pausedBy { id } } } }`},
	"Mutation.resumeCallbacks": {who: editorUp, query: `mutation {
		resumeCallbacks(input: {owner: {projectId: 1123123}}) { project { pausedAt pausedBy { id } } } }`},
	"Mutation.backfillCallbacks": {who: editorUp, query: `mutation {
		backfillCallbacks(input: {projectId: 1123123, since: "2020-07-09T16:00:00Z"}) { created skipped hasMore } }`},
	"Mutation.runCrawlForProject": {who: editorUp, query: `mutation {
		runCrawlForProject(input: {projectId: 1123123}) { crawl { id } } }`},
	"Mutation.createReportDownload": {who: editorUp, query: `mutation {
		createReportDownload(input: {crawlId: 124234, reportTemplateCode: "all_pages"}) { reportDownload { id } } }`},
	"Mutation.rotateCallbackSigningSecret": {who: adminOnly, query: `mutation {
		rotateCallbackSigningSecret(input: {projectId: 1123123}) { project { id } callbackSigningSecret { secret } } }`},
	"Mutation.createPortalSession": {who: adminOnly, query: `mutation {
		createPortalSession(input: {owner: {projectId: 1123123}, permission: READ}) { token expiresAt } }`},
	"Mutation.createProjectKey": {who: adminOnly, query: `mutation {
		createProjectKey(input: {projectId: 1123123, name: "New"}) { id rawID name key } }`},
	"Mutation.deleteProjectKey": {
		who: adminOnly, query: `mutation { deleteProjectKey(input: {projectKeyId: 1}) { projectKey { id } } }`,
	},
	"Mutation.replayCallback": {
		who: editorUp, query: `mutation { replayCallback(input: {callbackId: 1}) { callback { id } } }`,
	},
	"Mutation.retryCallback": {
		who: editorUp, query: `mutation { retryCallback(input: {callbackId: 2}) { callback { id nextAttemptAt } } }`,
	},
	"Mutation.retryCallbacks": {
		who: editorUp, query: `mutation { retryCallbacks(input: {owner: {projectId: 1123123}}) { retriedCallbacks searchedUntil } }`,
	},
	"Mutation.cancelCallback": {
		who: editorUp, query: `mutation { cancelCallback(input: {callbackId: 3}) { callback { id status } } }`,
	},
	"Mutation.sendTestCallback": {who: editorUp, query: `mutation {
		sendTestCallback(input: {owner: {projectId: 1123123}}) { callback { id event } attempt { uid } } }`},
	"Mutation.replayCallbacks": {who: editorUp, query: `mutation {
		replayCallbacks(input: {owner: {projectId: 1123123}, filter: {status: [FAILED]}, dryRun: true}) { bulkReplay { id status matched } } }`},
	"Mutation.pauseBulkReplay":  {who: editorUp, query: `mutation { pauseBulkReplay(input: {bulkReplayId: 2}) { bulkReplay { status } } }`},
	"Mutation.resumeBulkReplay": {who: editorUp, query: `mutation { resumeBulkReplay(input: {bulkReplayId: 2}) { bulkReplay { status } } }`},
	"Mutation.cancelBulkReplay": {who: editorUp, query: `mutation { cancelBulkReplay(input: {bulkReplayId: 1}) { bulkReplay { done } } }`},
	"Mutation.diagnoseReceiver": {who: editorUp, query: `mutation {
		diagnoseReceiver(input: {projectId: 1123123}) { diagnosis { id status url steps { name } } } }`},
	"Mutation.createRun": {who: editorUp, query: `mutation {
		createRun(input: {projectId: 1123123, action: "search", inputs: [{q: "shoes"}]}) { run { id } status message } }`},
	"Mutation.stopRun": {who: editorUp, query: `mutation { stopRun(input: {runId: 1}) { run { id status } } }`},
	"Mutation.pauseSchedule": {
		who: editorUp, query: `mutation { pauseSchedule(input: {scheduleId: 1}) { schedule { id status } } }`,
	},
	"Mutation.resumeSchedule": {
		who: editorUp, query: `mutation { resumeSchedule(input: {scheduleId: 2}) { schedule { id status } } }`,
	},
	"Mutation.cancelSchedule": {
		who: editorUp, query: `mutation { cancelSchedule(input: {scheduleId: 3}) { schedule { id status } } }`,
	},

	"Mutation.createUserKey": {
		who: userOrNamed, query: `mutation { createUserKey { id secret } }`,
		platform: `mutation { createUserKey(input: {userId: 123123}) { id secret } }`,
	},
	"Mutation.deleteUserKey": {
		who: userOnly, query: `mutation { deleteUserKey(input: {userKeyId: $key}) { userKey { id } } }`,
	},
	"Mutation.deleteSession": {who: sessionOnly, query: `mutation { deleteSession { token } }`},

	"Mutation.createAccount": {who: platformOnly, query: `mutation {
		createAccount(input: {name: "New", rawID: 77, ssoClientId: 1}) { account { id } } }`},
	"Mutation.createUser": {who: platformOnly, query: `mutation {
		createUser(input: {email: "new@example.com", accounts: [{accountId: 123123, role: Viewer}]}) { user { id } } }`},
	"Mutation.createSSOClient": {
		who: platformOnly, query: `mutation { createSSOClient(input: {name: "New"}) { ssoClient { id } } }`,
	},
	"Mutation.updateSSOClient": {who: partnerOnly, query: `mutation {
		updateSSOClient(input: {ssoClientId: 1, webhookUrl: "https://new.example.com", webhookHeaders: []}) { ssoClient { id } } }`},
	"Mutation.createSSOClientKey": {who: partnerOnly, query: `mutation {
		createSSOClientKey(input: {ssoClientId: 1, name: "New"}) { id rawID name key } }`},
	"Mutation.deleteSSOClientKey": {who: partnerOnly, query: `mutation {
		deleteSSOClientKey(input: {ssoClientKeyId: 1}) { ssoClientKey { id rawID name createdAt } } }`},
	"Mutation.rotateWebhookSigningSecret": {who: partnerOnly, query: `mutation {
		rotateWebhookSigningSecret(input: {ssoClientId: 1}) { ssoClient { id } webhookSigningSecret { secret } } }`},
	"Mutation.finishCrawl": {who: platformOnly, query: `mutation {
		finishCrawl(input: {crawlId: 124235, projectId: 1123123}) { crawl { id } callback { id } } }`},
	"Mutation.finishReportDownload": {who: platformOnly, query: `mutation { finishReportDownload(input: {
		reportDownloadId: 567891, crawlId: 124234, reportTemplateCode: "all_pages", fileUrl: "https://files.example.com/2"
	}) { reportDownload { id } callback { id } } }`},
	"Mutation.createAction": {who: platformOnly, query: `mutation {
		createAction(input: {accountId: 123123, name: "new", executorUrl: "https://platform.example.com/new"}) { action { id } } }`},
	"Mutation.updateAction": {
		who: platformOnly, query: `mutation { updateAction(input: {actionId: 1, pageSize: 20}) { action { id } } }`,
	},
}
