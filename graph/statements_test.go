package graph_test

import (
	"encoding/json"
	"log/slog"
	"testing"

	"github.com/ringback/ringback/graph"
	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/job"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
	"github.com/ringback/ringback/models/tenant"
)

const historyQuery = `{ getAccount(id: 123123) { callbacks(first: 50) { totalCount nodes { project { account { name } } account { role }
	givesUpAt heldByPause replayedBy { email } crawl { createdByUser { email } account { name } project { name } } reportDownload { reportId crawl { status } }
	replayOf { uid } replays { uid } attempts(first: 5) { totalCount nodes { number responseBody } } } } } }`

const settingsQuery = `{ getAccount(id: 123123) { projects(first: 100) { nodes { account { name } effectiveApiCallback { url }
	callbackSigningSecrets { createdAt } keys { name } callbacks(first: 3) { totalCount nodes { uid } } } } } }`

const accountsQuery = `{ me { accounts(first: 100) { totalCount nodes { role projects { totalCount nodes { name } } } } } }`

const runsQuery = `{ getProject(id: 123) { runs(first: 50) { totalCount nodes { action createdByUser { email } project { name } account { name }
	schedule { status project { name } runs(first: 2) { totalCount nodes { uid } } }
	batches(first: 3) { totalCount nodes { input customData results attempts { number } } }
	callbacks(first: 5) { totalCount nodes { run { action } batch { page input } job { uuid } } }
	results(first: 3) { totalCount nodes edges { cursor } } } } } }`

const jobsQuery = `{ getProject(id: 123) { jobs(first: 50) { totalCount nodes { input createdByUser { email } project { name } account { name }
	callbacks(first: 3) { totalCount nodes { job { uuid } run { uid } } } } } } }`

const schedulesQuery = `{ getProject(id: 123) { schedules(first: 50) { totalCount nodes { project { account { name actions { nodes { name } } } }
	runs(first: 3) { totalCount nodes { action schedule { uid } batches(first: 3) { nodes { customData } } } } } } } }`

// listCase has a query for a list, and makes n entities for it with everything that hangs on them.
type listCase struct {
	query, list string
	make        func(tb testing.TB, s graph.Services, n int64)
}

var lists = map[string]listCase{
	"callbacks of an account": {historyQuery, "getAccount.callbacks.nodes", func(tb testing.TB, s graph.Services, n int64) {
		for i := range (n + 2) / 3 {
			project := 3000 + i
			createProject(tb, s, tenant.NewProject{AccountID: demoAccount, RawID: project})
			c := finishCrawl(tb, s, 4000+i, project)
			deliver(tb, s, c.ID, 200)
			finishReport(tb, s, 4000+i, 4000+i)
			_, err := s.Callbacks.Replay(tb.Context(), models.PlatformActor(), c.ID)
			modelstest.NoError(tb, err)
		}
	}},
	"projects of an account": {settingsQuery, "getAccount.projects.nodes", func(tb testing.TB, s graph.Services, n int64) {
		for i := range n {
			createProject(tb, s, tenant.NewProject{AccountID: demoAccount, RawID: 3000 + i})
			finishCrawl(tb, s, 4000+i, 3000+i)
		}
	}},
	"accounts of a user": {accountsQuery, "me.accounts.nodes", func(tb testing.TB, s graph.Services, n int64) {
		var memberships []tenant.Membership
		for i := range n {
			in := tenant.NewAccount{Name: "A", RawID: 3000 + i}
			_, err := s.Tenants.CreateAccount(tb.Context(), models.PlatformActor(), in)
			modelstest.NoError(tb, err)
			createProject(tb, s, tenant.NewProject{AccountID: 3000 + i})
			memberships = append(memberships, tenant.Membership{AccountID: 3000 + i, Role: models.RoleAdmin})
		}
		createUser(tb, s, tenant.NewUser{Email: "many@example.com", RawID: 70, Accounts: memberships})
	}},
	"runs of a project": {runsQuery, "getProject.runs.nodes", func(tb testing.TB, s graph.Services, n int64) {
		for i := range n {
			in := run.NewRun{ProjectID: bareProject, MaxResults: ptr(20)}
			if i%3 == 0 {
				in.Schedule = &run.NewSchedule{Cron: ptr("* * * * *")}
			}
			createRun(tb, s, in)
		}
		execute(tb, s, searchAction, executed(200, `{"results":[1,2,3,4]}`), executed(500, ``))
	}},
	"jobs of a project": {jobsQuery, "getProject.jobs.nodes", func(tb testing.TB, s graph.Services, n int64) {
		for range n {
			jobs, err := s.Jobs.CreateJobs(
				tb.Context(), models.PlatformActor(), job.NewJobs{ProjectID: bareProject, Inputs: []json.RawMessage{[]byte(`1`)}},
			)
			modelstest.NoError(tb, err)
			_, _, err = s.Jobs.UpdateJob(tb.Context(), models.PlatformActor(), job.Change{
				JobID: jobs[0].ID, Action: job.Resolved, State: ptr(job.Completed),
			})
			modelstest.NoError(tb, err)
		}
	}},
	"schedules of a project": {schedulesQuery, "getProject.schedules.nodes", func(tb testing.TB, s graph.Services, n int64) {
		for range n {
			createRun(tb, s, run.NewRun{ProjectID: bareProject, Schedule: &run.NewSchedule{}})
			createRun(tb, s, run.NewRun{ProjectID: bareProject, Schedule: &run.NewSchedule{Cron: ptr("* * * * *")}})
		}
		_, err := s.Runs.Firings.Fire(tb.Context())
		modelstest.NoError(tb, err)
	}},
}

func TestAListCostsTheSameStatementsWith3EntitiesAndWith50(t *testing.T) {
	t.Parallel()
	for name, l := range lists {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			few, many := l.statements(t, 3), l.statements(t, 50)
			// A relation that several levels share is read with the first or with a later one, as it comes; one more for each
			// entity would be 47.
			if many > few+5 {
				t.Errorf("%d statements for 3, %d for 50", few, many)
			}
		})
	}
}

// statements counts what the query costs with n entities.
func (l listCase) statements(t *testing.T, n int64) int64 {
	t.Helper()
	w := newWorld(t)
	w.handler = graph.NewPatientHandler(w.service, slog.New(slog.DiscardHandler))
	w.inTx(func(s graph.Services) { l.make(t, s, n) })
	who := w.admin()
	if l.list == "me.accounts.nodes" {
		who = w.session(70)
	}
	before := w.executed.Load()
	a := w.ok(who, l.query, nil)
	executed := w.executed.Load() - before
	if got := len(a.list(l.list)); int64(got) < n {
		t.Fatalf("the list has only %d: %s", got, a.Body)
	}
	if executed < 5 {
		t.Fatalf("%d statements cannot be", executed)
	}
	return executed
}

// SQLite joins at most 500 parts in one statement, and any database gets slow with thousands.
func TestAListInManyListsIsReadInPortions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const projects = 90
	w.inTx(func(s graph.Services) {
		for range projects {
			createProject(t, s, tenant.NewProject{AccountID: demoAccount})
			createProject(t, s, tenant.NewProject{AccountID: otherAccount})
		}
	})
	const query = `{ a: getAccount(id: 123123) { ...p } b: getAccount(id: 200200) { ...p } }
		fragment p on Account { projects(first: 100) { nodes { callbacks(first: 1) { nodes { uid } } } } }`
	for range 3 {
		a := w.ok(platform(), query, nil)
		if n := len(a.list("a.projects.nodes")) + len(a.list("b.projects.nodes")); n != 2*projects+3 {
			t.Errorf("%d projects", n)
		}
	}
	if widest := w.widest.Load(); widest < 2 || widest > models.MaxPageSize {
		t.Errorf("a statement reads the lists of %d owners", widest)
	}
}
