package graph_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ringback/ringback/graph"
	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/job"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
)

// What every world has of runs and jobs, all on the demo project.
const (
	searchAction                                   = 1
	queuedRun                                      = 1
	activeSchedule, pausedSchedule, secondSchedule = 1, 2, 3
	openJob                                        = 1
	executorURL, runURL                            = "https://platform.example.com/search", "https://run.example.com/hook"
	executorSecret, runSecret                      = "Bearer executor-secret-4718", "Bearer run-secret-4719"
)

func populateRuns(tb testing.TB, s graph.Services) {
	tb.Helper()
	ctx, platform := tb.Context(), models.PlatformActor()
	_, err := s.Runs.CreateAction(ctx, platform, demoAccount, "search", run.ActionSettings{
		Executor: endpoint(executorURL, "Authorization", executorSecret),
	})
	modelstest.NoError(tb, err)
	createRun(tb, s, run.NewRun{ProjectID: demoProject, Callback: &run.NewCallback{
		URL: runURL, Headers: []models.Header{{Key: "Authorization", Value: runSecret}}, On: run.CallbackOnAll,
	}})
	for range secondSchedule {
		createRun(tb, s, run.NewRun{ProjectID: demoProject, Schedule: &run.NewSchedule{Cron: ptr("0 6 * * *")}})
	}
	_, err = s.Runs.PauseSchedule(ctx, platform, pausedSchedule)
	modelstest.NoError(tb, err)
	_, err = s.Jobs.CreateJobs(
		ctx, platform, job.NewJobs{ProjectID: demoProject, Inputs: []json.RawMessage{json.RawMessage(`{"image":1}`)}},
	)
	modelstest.NoError(tb, err)
}

// createRun makes a run of the search action with one input, unless others are given.
func createRun(tb testing.TB, s graph.Services, in run.NewRun) *run.Run {
	tb.Helper()
	in.Action = cmp.Or(in.Action, "search")
	if in.Inputs == nil {
		in.Inputs = []run.NewInput{{Input: json.RawMessage(`{"q":"shoes"}`)}}
	}
	r, err := s.Runs.CreateRun(tb.Context(), models.PlatformActor(), in)
	modelstest.NoError(tb, err)
	return r
}

// action makes an action on the demo account whose batches are in no other run's way.
func (w *world) action(name string) int64 {
	w.tb.Helper()
	a, err := w.service.Runs.CreateAction(w.tb.Context(), models.PlatformActor(), demoAccount, name, run.ActionSettings{
		Executor: endpoint(executorURL, "Authorization", executorSecret),
	})
	modelstest.NoError(w.tb, err)
	return a.ID
}

func claimBatches(tb testing.TB, s graph.Services, actionID int64, limit int) []*run.Execution {
	tb.Helper()
	a, err := s.Runs.Action(tb.Context(), models.PlatformActor().Scope(models.RoleViewer), actionID)
	modelstest.NoError(tb, err)
	claimed, _, _, err := s.Runs.Executions.Claim(tb.Context(), modelstest.Limit(a.Lane(), limit))
	modelstest.NoError(tb, err)
	return claimed
}

// execute calls the executor once for each batch that is due for an action, as workers would. It gives the answers in
// turn, and the last to all that remain.
func execute(tb testing.TB, s graph.Services, actionID int64, answers ...callback.Outcome) {
	tb.Helper()
	claimed := claimBatches(tb, s, actionID, 1000)
	if len(claimed) == 0 {
		tb.Fatalf("no batch is due for action %d", actionID)
	}
	slices.SortFunc(claimed, func(a, b *run.Execution) int { return cmp.Compare(a.Batch.ID, b.Batch.ID) })
	for i, e := range claimed {
		modelstest.NoError(tb, s.Runs.Executions.Record(tb.Context(), e, answers[min(i, len(answers)-1)]))
	}
}

// executed is an executor's answer.
func executed(status int, body string) callback.Outcome {
	return callback.Outcome{HTTPStatus: &status, ResponseBody: []byte(body), Duration: 70 * time.Millisecond}
}

// unanswered is what comes of a call that gets no answer.
func unanswered(code callback.AttemptErrorCode) callback.Outcome {
	return callback.Outcome{
		Error: &callback.AttemptError{Code: code, Message: "no answer from " + executorURL}, Duration: time.Second,
	}
}

// job makes a job, of an input that does not matter unless others are given.
func (w *world) job(in job.NewJobs) *job.Job {
	w.tb.Helper()
	if in.Inputs == nil {
		in.Inputs = []json.RawMessage{json.RawMessage(`{"image":1}`)}
	}
	jobs, err := w.service.Jobs.CreateJobs(w.tb.Context(), models.PlatformActor(), in)
	modelstest.NoError(w.tb, err)
	return jobs[0]
}

// BatchesWithResults counts what it reads.
func (s *trap) BatchesWithResults(
	ctx context.Context, scope models.Scope, runIDs []int64, fromBatchID int64, results int,
) ([]*run.Batch, error) {
	found, err := s.Store.BatchesWithResults(ctx, scope, runIDs, fromBatchID, results)
	s.batchesRead.Add(int64(len(found)))
	return found, err
}

// listQuery asks for a page of a list, with what is selected of a node.
func listQuery(owner, list, node string) string {
	return fmt.Sprintf(`query($first: Int, $after: String) { owner: %s { list: %s(first: $first, after: $after) {
		nodes %[3]s edges { cursor node %[3]s } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount } } }`, owner, list, node)
}

// walkList pages through a list, checks that each page agrees with itself, and returns the nodes as JSON.
func (w *world) walkList(who caller, query string, first, total int) []string {
	w.tb.Helper()
	var seen []string
	vars := variables{"first": first}
	for {
		a := w.ok(who, query, vars)
		nodes, edges := a.list("owner.list.nodes"), a.list("owner.list.edges")
		if len(nodes) != len(edges) || len(nodes) == 0 || len(nodes) > first {
			w.tb.Fatalf("%d nodes, %d edges: %s", len(nodes), len(edges), a.Body)
		}
		want := map[string]any{
			"hasNextPage": len(seen)+len(nodes) < total, "hasPreviousPage": len(seen) > 0,
			"startCursor": a.at("owner.list.edges.0.cursor"),
			"endCursor":   a.at(fmt.Sprintf("owner.list.edges.%d.cursor", len(edges)-1)),
		}
		w.same("the page's info", want, a.at("owner.list.pageInfo"))
		w.same("totalCount", float64(total), a.at("owner.list.totalCount"))
		for i, node := range nodes {
			w.same("an edge's node", node, a.at(fmt.Sprintf("owner.list.edges.%d.node", i)))
			seen = append(seen, string(mustJSON(node)))
		}
		if want["hasNextPage"] == false {
			return seen
		}
		vars["after"] = want["endCursor"]
	}
}
