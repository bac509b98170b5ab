package graph

import "github.com/ringback/ringback/models"

// Limits on one request.
const (
	maxBodyBytes = 1 << 20 // 1 MiB; the largest honest input is 20 headers of 8 KiB
	// The comparison of fields with the same name, which comes before the complexity is known, takes the square of this: a
	// third of a second, and not 8 s as with 5,000. The standard introspection query has 200.
	maxTokens      = 1_000
	maxComplexity  = 50_000 // a full page of 100 callbacks with all their fields and 20 attempts each
	queryCacheSize = 500    // parsed documents
)

// costOfCount is what a totalCount costs, which reads an index instead of a row.
const costOfCount = 10

// listCost is the complexity of a list: what one entity costs, times how many are asked for.
func listCost(child int, first *int) int {
	n := models.DefaultPageSize
	if first != nil {
		n = max(*first, 1)
	}
	return 1 + child*min(n, models.MaxPageSize)
}

func complexity() ComplexityRoot {
	var c ComplexityRoot
	list := func(child int, first *int, _ *string) int { return listCost(child, first) }
	filtered := func(child int, first *int, _ *string, _ *models.CallbackFilter) int { return listCost(child, first) }
	count := func(int) int { return costOfCount }

	c.User.Accounts = list
	c.Account.Projects = list
	c.Account.Callbacks = filtered
	c.Project.Callbacks = filtered
	c.Crawl.Callbacks = filtered
	c.Callback.Attempts = list
	c.Account.Actions = list
	runs := func(child int, first *int, _ *string, _ *models.RunFilter) int { return listCost(child, first) }
	c.Project.Runs = runs
	c.Project.Schedules = list
	c.Project.Jobs = func(child int, first *int, _ *string, _ *models.JobFilter) int { return listCost(child, first) }
	c.Schedule.Runs = runs
	c.Run.Batches = list
	c.Run.Callbacks = filtered
	c.Run.Results = list
	c.Job.Callbacks = filtered
	// Each call that failed leaves an attempt; those of workers that died do not come in numbers.
	c.Batch.Attempts = func(child int) int { return 1 + child*3 }
	c.CreateJobsPayload.Jobs = func(child int) int { return 1 + child*models.MaxJobs }
	c.Callback.Replays = func(child int) int { return 1 + child*models.MaxReplays }
	c.Project.Keys = func(child int) int { return 1 + child*models.MaxProjectKeys }

	c.AccountConnection.TotalCount = count
	c.ProjectConnection.TotalCount = count
	c.CallbackConnection.TotalCount = count
	c.AttemptConnection.TotalCount = count
	c.ActionConnection.TotalCount = count
	c.RunConnection.TotalCount = count
	c.ScheduleConnection.TotalCount = count
	c.BatchConnection.TotalCount = count
	c.JobConnection.TotalCount = count
	return c
}
