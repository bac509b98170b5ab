package graph_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
)

// class says who sees a field of an object that is in sight.
type class int

const (
	forMembers  class = iota // whoever sees the object
	forEditors               // Editors of it
	forAdmins                // Admins of it
	forPartners              // the partner whose SSO client it is of
	forPlatform              // the service key
	byCaller                 // it is about the caller, and not compared
	answered                 // whoever may use the field of Query or Mutation, which access_test.go tries
)

// classes has each field of each object type but Query and Mutation; a field that stands nowhere fails the test.
var classes = readClasses(map[class]string{
	forMembers: `
		User: id rawID username email firstName lastName
		Account: id rawID name timezone apiCallbackUrl apiCallbackHeaders partnerAccountId version createdAt updatedAt projects callbacks actions
		Account: callbackHealth
		Project: id rawID name primaryDomain apiCallbackUrl apiCallbackHeaders effectiveApiCallback version createdAt updatedAt account callbacks
		Project: runs schedules jobs crawls
		Account: pausedAt pausedBy
		Project: pausedAt pausedBy
		Account: apiCallbackMaxInFlight apiCallbackMaxPerSecond
		Project: apiCallbackMaxInFlight apiCallbackMaxPerSecond effectiveApiCallbackLimits
		EffectiveApiCallbackLimits: maxInFlight maxPerSecond source
		APICallbackHeader: key
		EffectiveApiCallback: url source headers
		EffectiveApiCallbackHeader: key source
		Crawl: id rawID kind status createdAt finishedAt createdByUser project account callbacks
		ReportDownload: id rawID status reportTemplateCode reportTypeCode reportId fileURL createdAt finishedAt crawl
		Callback: id rawID uid ref event status targetUrl contentType payload payloadPurgedAt attemptCount httpStatus error nextAttemptAt createdAt finishedAt
		Callback: givesUpAt heldByPause replayedBy
		Callback: replayOf replays project account crawl reportDownload attempts run batch
		Attempt: uid number url startedAt durationMs timings httpStatus error remedy warning responseBody
		Attempt: responseBodyTruncated requestHeaders responseHeaders headersTruncated remoteAddress httpVersion tlsVersion connectionReused
		Attempt: trigger retryAfter
		HTTPHeader: name value
		RetryAfter: header seconds notBefore capped
		AttemptError: code message
		Timings: dnsMs connectMs tlsMs firstByteMs
		Project: callbackHealth
		CallbackConnection: totalCountIsExact
		CallbackHealth: status failingSince oldestPendingAt since counts causes arrival receiver buckets
		CallbackHealthCounts: pending running pendingIsExact success failed endedIsExact
		CallbackHealthCause: code count
		CallbackHealthPercentiles: p50Ms p95Ms p99Ms
		CallbackHealthBucket: startsAt success failed causes arrival receiver
		Action: id rawID name executorHeaders pageSize timeout createdAt updatedAt
		Run: id rawID uid status mode action parameters callbackUrl callbackOn inputCount batchCount outputCount error createdAt startedAt
		Run: finishedAt payloadPurgedAt createdByUser schedule project account batches callbacks results
		RunParameters: maxResults pageSize
		Batch: uid page status input customData results resultCount error attemptCount nextAttemptAt createdAt startedAt finishedAt attempts
		BatchAttempt: uid number startedAt durationMs httpStatus errorCode
		StandardError: message label scope statusCode params ref
		Schedule: id rawID uid cron at timezone overlap status nextRunAt nextRunsAt lastRunAt createdAt project runs
		BulkReplay: id rawID uid status dryRun matched done replayed succeeded failed skipped skippedReasons startedAt finishedAt
		BulkReplay: createdBy createdByPartner project account filter
		BulkReplayFilter: status event errorCode createdAfter createdBefore finishedAfter finishedBefore nextAttemptAfter nextAttemptBefore
		BulkReplayFilter: httpStatus httpStatusRange host uid ref isReplay minAttempts crawlId runUid jobUuid search
		BulkReplayHTTPStatusRange: from to
		BulkReplaySkipped: reason count
		Account: bulkReplays
		Project: bulkReplays
		Diagnosis: id rawID uid url status createdAt startedAt finishedAt steps
		DiagnosisStep: name status durationMs detail remedy addresses tls http
		DiagnosisTLS: version cipher chain
		DiagnosisCertificate: subject issuer names notAfter daysLeft
		DiagnosisHTTP: status version firstByteMs redirectTo keepAlive
		CheckedAddress: address verdict
		PageInfo: hasNextPage hasPreviousPage startCursor endCursor`,
	forEditors: `
		APICallbackHeader: value
		EffectiveApiCallbackHeader: value`,
	forAdmins: `
		Project: callbackSigningSecrets keys
		Account: users
		AccountUser: user role
		CallbackSigningSecret: secret createdAt expiresAt
		ProjectKey: id rawID name createdAt`,
	forPartners: `
		SSOClient: id rawID name webhookUrl webhookHeaders noticeMode webhookEvents webhookSigningSecrets version createdAt updatedAt
		SSOClient: callbackHealth callbacks accounts seesPayloads keys bulkReplays
		BulkReplay: ssoClient createdBySSOClient
		SSOClient/CallbackSigningSecret: secret createdAt expiresAt
		SSOClientKey: id rawID name createdAt
		Notice/Callback: targetUrl
		Notice/Attempt: url warning responseBody responseBodyTruncated requestHeaders responseHeaders headersTruncated
		Notice/Attempt: remoteAddress httpVersion tlsVersion connectionReused retryAfter
		Notice/AttemptError: message`,
	forPlatform: `
		SSOClient/APICallbackHeader: value
		Action: executorUrl
		BatchAttempt: warning requestHeaders responseHeaders headersTruncated remoteAddress httpVersion tlsVersion connectionReused
		Action/APICallbackHeader: value`,
	byCaller: `
		User: accounts userKeys sessions
		SessionConnection: nodes edges pageInfo totalCount
		SessionEdge: cursor node
		AccountRoleConnection: nodes edges pageInfo totalCount
		AccountRoleEdge: cursor node
		AccountConnection: nodes edges pageInfo totalCount
		AccountEdge: cursor node
		BulkReplay: mayPause mayCancel
		Account: role`,
	answered: `
		CallbackConnection: searchedUntil
		Viewer: user project account ssoClient permission
		CreatePortalSessionPayload: token expiresAt
		Session: name createdAt expiresAt lastUsedAt isCurrent
		UserConnection: nodes edges pageInfo totalCount
		UserEdge: cursor node
		SSOClientConnection: nodes edges pageInfo totalCount
		SSOClientEdge: cursor node
		CreateSessionUsingUserKeyPayload: token expiresAt
		CreateSessionUsingLoginCodePayload: token expiresAt
		DeleteSessionPayload: token
		CreateUserKeyPayload: id rawID secret
		DeleteUserKeyPayload: userKey
		UserKey: id rawID createdAt
		CreateSSOClientKeyPayload: id rawID name key
		DeleteSSOClientKeyPayload: ssoClientKey
		RotateWebhookSigningSecretPayload: ssoClient webhookSigningSecret
		CreateProjectKeyPayload: id rawID name key
		DeleteProjectKeyPayload: projectKey
		RotateCallbackSigningSecretPayload: project callbackSigningSecret
		CallbackCheck: ok problems addresses effective movedCallbacks
		CallbackProblem: field code message severity
		DiagnoseReceiverPayload: diagnosis
		CreateProjectPayload: project
		UpdateProjectPayload: project movedCallbacks
		SetApiCallbackHeadersPayload: project account movedCallbacks
		RemoveApiCallbackHeadersPayload: project account movedCallbacks
		DeleteProjectPayload: project
		PauseCallbacksPayload: project account
		BackfillCallbacksPayload: created skipped hasMore
		ResumeCallbacksPayload: project account
		CreateAccountPayload: account
		UpdateAccountPayload: account movedCallbacks
		CreateUserPayload: user
		CreateSSOClientPayload: ssoClient
		UpdateSSOClientPayload: ssoClient
		RunCrawlForProjectPayload: crawl
		FinishCrawlPayload: crawl callback
		CreateReportDownloadPayload: reportDownload
		FinishReportDownloadPayload: reportDownload callback
		ReplayCallbackPayload: callback
		SendTestCallbackPayload: callback attempt
		ReplayCallbacksPayload: bulkReplay
		PauseBulkReplayPayload: bulkReplay
		ResumeBulkReplayPayload: bulkReplay
		CancelBulkReplayPayload: bulkReplay
		RetryCallbackPayload: callback
		RetryCallbacksPayload: retriedCallbacks searchedUntil
		CallbackPreview: event contentType payload targetUrl source headers isSample
		PreviewedHeader: name value source
		CancelCallbackPayload: callback
		CallbackChange: kind cursor callback
		CreateActionPayload: action
		UpdateActionPayload: action
		CreateRunPayload: run status message
		StopRunPayload: run
		PauseSchedulePayload: schedule
		ResumeSchedulePayload: schedule
		CancelSchedulePayload: schedule`,
})

var partsOfLists = []string{"nodes", "edges", "pageInfo", "totalCount", "cursor", "node"}

// readClasses reads lines of a type, or an owner and a type, and its fields. The parts of a list are seen as the list
// is.
func readClasses(texts map[class]string) map[string]class {
	read := map[string]class{}
	for c, text := range texts {
		for line := range strings.Lines(strings.TrimSpace(text)) {
			owner, fields, _ := strings.Cut(strings.TrimSpace(line), ": ")
			for f := range strings.FieldsSeq(fields) {
				if _, twice := read[owner+"."+f]; twice {
					panic(owner + "." + f + " has two classes")
				}
				read[owner+"."+f] = c
			}
		}
	}
	for name, d := range schema().Types {
		if strings.HasSuffix(name, "Connection") || strings.HasSuffix(name, "Edge") {
			for _, f := range d.Fields {
				if _, ok := read[name+"."+f.Name]; !ok && slices.Contains(partsOfLists, f.Name) {
					read[name+"."+f.Name] = forMembers
				}
			}
		}
	}
	return read
}

// bodies are what a partner sees only where the platform lets it see payloads, but for its notices'.
var bodies = []string{
	"Callback.payload", "Attempt.responseBody", "ReportDownload.fileURL", "Batch.input", "Batch.customData", "Batch.results", "Run.results",
	"Job.input", "Job.output", "Job.metadata",
}

func TestEveryFieldOfTheSchemaHasAClass(t *testing.T) {
	t.Parallel()
	missing := maps.Clone(classes)
	eachField(func(owner *ast.Definition, f *ast.FieldDefinition) {
		name := owner.Name + "." + f.Name
		if owner.Kind != ast.Object || owner.BuiltIn || isRoot(owner) {
			return
		}
		if _, ok := classes[name]; !ok {
			t.Errorf("%s stands in no class: who sees it?", name)
		}
		delete(missing, name)
	})
	for name := range missing {
		if owner, field, special := strings.Cut(name, "/"); special && classes[field] < classes[name] && owner != "" {
			continue
		}
		t.Errorf("%s has a class and is not in the schema", name)
	}
}
