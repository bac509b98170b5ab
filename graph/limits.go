package graph

import (
	"cmp"
	"slices"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/job"
	"github.com/ringback/ringback/models/receiver"
	"github.com/ringback/ringback/models/tenant"
)

// Limits on one request.
const (
	// Of callers without credentials, who log in and read the schema: the standard introspection query has 2 KiB. A few
	// are served at once, the others wait: with 70 ms for an introspection, that is half a second of both cores of a small
	// machine.
	maxStrangersBytes = 16 << 10
	maxStrangers      = 16
	strangersWait     = 2 * time.Second
	// Text that people and front ends write: the standard introspection query has 2 KiB. Values belong into variables.
	maxDocumentBytes = 64 << 10
	maxTokens        = 1_000 // the standard introspection query has 200
	maxOperations    = 50    // a page of an editor that sends all of its text
	maxFragments     = 100
	maxAliases       = 100 // of one field: as many as a list returns at once
	maxDepth         = 32  // the standard introspection query has 15
	// The selections of all operations and fragments, those of a fragment counted wherever it is spread: the rules that go
	// from spread to spread take that many steps, at less than a microsecond each. The standard introspection query has
	// 400.
	maxSelections = 5_000
	maxProblems   = 20 // of a document, that are told at once
	// Of lists in variables, together: of the longest that a mutation takes there are 1,000, and 100 in each of a filter's.
	maxElements   = 10_000
	maxComplexity = 50_000 // a full page of 100 callbacks with 20 attempts each, but for what these were sent on
)

// Limits on the documents that are remembered.
const (
	maxCacheBytes = 16 << 20 // 16 MiB: some 300 documents of the size of the standard introspection query
	bytesOfToken  = 300      // that a parsed token takes at most
)

// costOfIntrospection is how many values of the introspection cost as much as one of ours: they read no database.
const costOfIntrospection = 7

// costOfCount is what a totalCount costs, which reads an index instead of a row.
const costOfCount = 10

// What a long text costs, in fields that are as long as a number or a URL. It keeps a list of lists from asking for
// them; how long they really are, the answer's own limit counts (models.Answers).
const (
	costOfText     = 50 // of up to several MiB: a callback's body, the results of a batch
	costOfJSON     = 10 // a caller's own value: of up to a request's body, and mostly far below
	costOfResponse = 5  // of 64 KiB
)

// costOfList is what a list costs beside its entities: each goes through an index of its own. At a millisecond each on
// SQLite, the lists of one request take some 4 s.
const costOfList = 10

// costOfLooking is what it costs to look through a list of callbacks: up to models.MaxLooked of them, for the page and for
// its count, in some 40 ms each.
const costOfLooking = 40 * costOfList

// looksThrough tells whether a list may be looked through: one of callbacks that is asked for more than an index knows.
func looksThrough(list string, arguments map[string]any) bool {
	if list != "CallbackConnection" {
		return false
	}
	order, _ := arguments["orderBy"].(map[string]any)
	filter, _ := arguments["filter"].(map[string]any)
	known := slices.ContainsFunc(ofIndexes, func(index []string) bool {
		for name, value := range filter {
			if value != nil && name != "createdAfter" && name != "createdBefore" && !slices.Contains(index, name) {
				return false
			}
		}
		return true
	})
	return !known || order != nil && order["field"] != string(callback.ByCreated)
}

// ofIndexes are the filters that an index has, each with those that it has besides.
var ofIndexes = [][]string{{"status", "event", "httpStatus"}, {"errorCode"}, {"host"}, {"uid"}, {"ref"}}

// listCost is the complexity of a list: what one entity costs, times how many are asked for, and the list itself.
func listCost(child int, first, last *int) int {
	n := models.DefaultPageSize
	if size := cmp.Or(first, last); size != nil {
		n = max(*size, 1)
	}
	return costOfList + child*min(n, models.MaxPageSize)
}

// complexity are the prices that the schema does not say: see pricer.ofKind.
func complexity() ComplexityRoot {
	var c ComplexityRoot
	c.Query.Nodes = func(child int, ids []*models.ObjectID) int { return costOfList + child*len(ids) }
	c.Query.PreviewCallback = func(child int, _ PreviewCallbackInput) int { return costOfList + child }
	c.User.UserKeys = func(child int) int { return 1 + child*tenant.MaxUserKeys }
	c.Account.CallbackHealth, c.Project.CallbackHealth, c.SSOClient.CallbackHealth = healthCost, healthCost, healthCost
	c.CallbackHealth.Buckets = func(child int) int { return 1 + child*callback.MaxHealthBuckets }
	// Each call that failed leaves an attempt; those of workers that died do not come in numbers.
	c.Batch.Attempts = func(child int) int { return 1 + child*3 }
	c.CreateJobsPayload.Jobs = func(child int) int { return 1 + child*job.MaxJobs }
	entries := func(child int) int { return 1 + child*models.MaxEntries }
	c.FinishCrawlsPayload.Results, c.FinishReportDownloadsPayload.Results = entries, entries
	c.UpdateJobsPayload.Results = entries
	problems := func(child int) int { return 1 + child*2 } // no entry can have more
	c.FinishCrawlResult.Errors, c.FinishReportDownloadResult.Errors = problems, problems
	c.UpdateJobResult.Errors = problems
	c.Callback.Replays = func(child int) int { return 1 + child*callback.MaxReplays }
	c.Project.Keys = func(child int) int { return 1 + child*tenant.MaxProjectKeys }
	c.SSOClient.Keys = func(child int) int { return 1 + child*tenant.MaxSSOClientKeys }

	one := func(int) int { return 1 } // it is read with what has it
	c.ResultConnection.TotalCount = one
	c.StandardError.Params = one
	text := func(int) int { return costOfText }
	c.Callback.Payload, c.CallbackPreview.Payload = text, text
	c.Batch.Results = text
	c.Attempt.ResponseBody = func(int) int { return costOfResponse }
	headers := func(child int) int { return 1 + child*callback.MaxHeaderFields }
	c.Attempt.RequestHeaders, c.Attempt.ResponseHeaders = headers, headers
	c.BatchAttempt.RequestHeaders, c.BatchAttempt.ResponseHeaders = headers, headers
	c.BulkReplay.SkippedReasons = func(child int) int { return 1 + child*len(callback.SkipReasons()) }

	ofDiagnoses(&c)
	return c
}

// ofDiagnoses: of seven steps one has addresses, 32 at most, and one certificates, 5 at most.
func ofDiagnoses(c *ComplexityRoot) {
	c.Diagnosis.Steps = func(child int) int { return 1 + child*len(receiver.StepNames()) }
	c.DiagnosisStep.Addresses = func(child int) int { return 1 + child*5 }
	c.DiagnosisTLS.Chain = func(child int) int { return 1 + child*5 }
}
