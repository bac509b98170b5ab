package store_test

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/job"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/receiver"
	"github.com/ringback/ringback/models/run"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
	"github.com/ringback/ringback/models/tenant"
)

// estate is a tenant with one of everything that has a scope.
type estate struct {
	*customer
	report   *crawl.ReportDownload
	callback *callback.Callback
	replay   *callback.Callback
	attempt  *callback.Attempt
	key      *tenant.ProjectKey
	work     *work
	logged   *callback.Callback // of the run
	batch    *run.Batch
	job      *job.Job
	schedule *run.Schedule
	sources  map[string]int64 // by type, one of each that has a list of its callbacks, with a callback

	diagnosis *receiver.Diagnosis
	bulk      *callback.BulkReplay
	partner   *partner // nil: the account has none
}

// sourceTest is what a source adds to the tests of all, in a file of its own such as job_source_test.go.
type sourceTest struct {
	// create adds one of them to an estate.
	create func(*testing.T, *store.Store, *estate) models.ObjectID
	reads  map[string]scopedRead
}

var sourceTests = map[string]sourceTest{}

func addSourceTest(typeName string, test sourceTest) bool {
	sourceTests[typeName] = test
	return true
}

func newEstate(t *testing.T, s *store.Store, name string) *estate {
	t.Helper()
	ctx := t.Context()
	e := &estate{customer: newCustomer(t, s, name)}
	e.report = &crawl.ReportDownload{
		AccountID: e.account.ID, ProjectID: e.project.ID, CrawlID: e.crawl.ID, ReportTemplateCode: "all_pages",
		ReportTypeCode: crawl.ReportBasic, Status: crawl.ReportDownloadGenerating, CreatedAt: start,
	}
	_, err := s.CreateReportDownload(ctx, e.report)
	modelstest.NoError(t, err)
	e.callback = newCallback(t, s, e.customer, start)
	e.replay = newCallback(t, s, e.customer, start, func(c *callback.Callback) {
		c.ReplayOfID, c.Ref = &e.callback.ID, e.callback.Ref
	})
	e.attempt = newAttempt(t, s, e.callback, 1)
	e.attempt.FinishedAt, e.attempt.ResponseBody = new(start.Add(time.Second)), []byte("answer")
	e.attempt.Headers = []byte("\nA:b\n")
	modelstest.NoError(t, s.FinishAttempts(ctx, e.attempt))
	e.key = newProjectKey(t, s, e.project, models.Secret(name))
	e.addWork(t, s)
	e.sources = map[string]int64{models.TypeCrawl: e.crawl.ID, models.TypeRun: e.work.run.ID}
	for typeName, test := range sourceTests {
		id := test.create(t, s, e)
		e.sources[typeName] = id.Raw
		newCallback(t, s, e.customer, start, func(c *callback.Callback) { c.Source = callback.Source{Of: id} })
	}
	e.diagnosis = &receiver.Diagnosis{
		UID: newUID(), Of: receiver.Of{ProjectID: e.project.ID}, AccountID: e.account.ID, CreatedAt: start, Deadline: start,
	}
	modelstest.NoError(t, s.CreateDiagnosis(ctx, e.diagnosis))
	e.bulk = &callback.BulkReplay{
		UID: newUID(), Owner: callback.BulkOwner{ProjectID: e.project.ID, AccountID: e.account.ID}, StartedAt: start,
	}
	modelstest.NoError(t, s.CreateBulkReplay(ctx, e.bulk))
	return e
}

// scopedRead reads within a scope and returns how much of the estate it reaches. A method that answers NotFound reaches
// nothing.
type scopedRead = func(context.Context, *store.Store, models.Scope, *estate) (int, error)

// allReads are all methods that read within a scope, and TestEveryMethodWithAScopeIsTested holds
// them to that. A key has the names of methods, and says what they read.
func allReads() map[string]scopedRead {
	all := map[string]scopedRead{}
	for _, part := range []map[string]scopedRead{reads, readsOfWork, readsOfHealth, readsOfBulkReplays} {
		maps.Copy(all, part)
	}
	for _, test := range sourceTests {
		maps.Copy(all, test.reads)
	}
	for _, typeName := range store.ListedSources() {
		all["CallbackPages and CountCallbacks by "+typeName] = callbackPages(
			callback.Parent(typeName), func(e *estate) int64 { return e.sources[typeName] },
		)
	}
	return all
}

var reads = map[string]scopedRead{
	"Accounts": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		found, err := s.Accounts(ctx, scope, e.account.ID)
		return len(found), err
	},
	"LockAccount": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		_, err := s.LockAccount(ctx, scope, e.account.ID)
		return 1, err
	},
	"AccountPage and CountAccounts": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		page, err := s.AccountPage(ctx, scope, models.Page{First: 100})
		if err != nil {
			return 0, err
		}
		n := 0
		for _, a := range page.Nodes {
			if a.ID == e.account.ID {
				n++
			}
		}
		if all, err := s.CountAccounts(ctx, scope); err != nil || all != len(page.Nodes) {
			return 0, fmt.Errorf("counted %d accounts of %d: %w", all, len(page.Nodes), err)
		}
		return n, nil
	},
	"Projects": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		found, err := s.Projects(ctx, scope, e.project.ID)
		return len(found), err
	},
	"LockProject": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		_, err := s.LockProject(ctx, scope, e.project.ID)
		return 1, err
	},
	"ProjectPages": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		pages, err := s.ProjectPages(ctx, scope, []int64{e.account.ID}, models.Page{First: 100})
		return len(pages[e.account.ID].Nodes), err
	},
	"CountProjects": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		counts, err := s.CountProjects(ctx, scope, []int64{e.account.ID})
		return counts[e.account.ID], err
	},
	"ProjectKey": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		_, err := s.ProjectKey(ctx, scope, e.key.ID)
		return 1, err
	},
	"ProjectKeys": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		found, err := s.ProjectKeys(ctx, scope, e.project.ID)
		return len(found), err
	},
	"CrawlsAfter": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		found, err := s.CrawlsAfter(ctx, scope, e.project.ID, models.Cursor{}, 10)
		return len(found), err
	},
	"Crawls": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		found, err := s.Crawls(ctx, scope, e.crawl.ID)
		return len(found), err
	},
	"CrawlPages": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		pages, err := s.CrawlPages(ctx, scope, []int64{e.project.ID}, models.Page{First: 100})
		return len(pages[e.project.ID].Nodes), err
	},
	"CountCrawls": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		counts, err := s.CountCrawls(ctx, scope, []int64{e.project.ID})
		return counts[e.project.ID], err
	},
	"AccountUserPages": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		pages, err := s.AccountUserPages(ctx, scope, []int64{e.account.ID}, models.Page{First: 100})
		return len(pages[e.account.ID].Nodes), err
	},
	"CountAccountUsers": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		counts, err := s.CountAccountUsers(ctx, scope, []int64{e.account.ID})
		return counts[e.account.ID], err
	},
	"ReportDownloads": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		found, err := s.ReportDownloads(ctx, scope, e.report.ID)
		return len(found), err
	},
	"Callbacks": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		found, err := s.Callbacks(ctx, scope, e.callback.ID)
		return len(found), err
	},
	"CallbackByUID": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		_, err := s.CallbackByUID(ctx, scope, e.callback.UID)
		return 1, err
	},
	"LockCallback": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		_, err := s.LockCallback(ctx, scope, e.callback.ID)
		return 1, err
	},
	"CallbackPages and CountCallbacks by account": callbackPages(callback.OfAccount, func(e *estate) int64 { return e.account.ID }),
	"CallbackPages and CountCallbacks by project": callbackPages(callback.OfProject, func(e *estate) int64 { return e.project.ID }),
	"Replays": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		found, err := s.Replays(ctx, scope, e.callback.ID)
		return len(found), err
	},
	"Diagnoses": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		found, err := s.Diagnoses(ctx, scope, e.diagnosis.ID)
		return len(found), err
	},
	"AttemptPages": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		pages, err := s.AttemptPages(ctx, scope, []int64{e.callback.ID}, models.Page{First: 100})
		return len(pages[e.callback.ID].Nodes), err
	},
	"LastAttempts": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		found, err := s.LastAttempts(ctx, scope, e.callback.ID)
		return len(found), err
	},
	"CountAttempts": func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		counts, err := s.CountAttempts(ctx, scope, []int64{e.callback.ID})
		return counts[e.callback.ID], err
	},
	"Texts of answers":  texts(models.ResponseBodyText, func(e *estate) int64 { return e.attempt.ID }),
	"Texts of headers":  texts(models.HeadersText, func(e *estate) int64 { return e.attempt.ID }),
	"Texts of payloads": texts(models.PayloadText, func(e *estate) int64 { return e.callback.ID }),
}

func texts(field models.TextField, id func(*estate) int64) scopedRead {
	return func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		found, err := s.Texts(ctx, scope, field, id(e))
		return len(found), err
	}
}

// callbackPages adds what the pages and the count of them say, which must agree.
func callbackPages(owner callback.Parent, id func(*estate) int64) scopedRead {
	return func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		pages, err := s.CallbackPages(ctx, scope, owner, []int64{id(e)}, callback.Filter{}, models.Page{First: 100})
		if err != nil {
			return 0, err
		}
		counts, err := s.CountCallbacks(ctx, scope, owner, []int64{id(e)}, callback.Filter{})
		return len(pages[id(e)].Nodes) + counts[id(e)].N, err
	}
}

func TestEveryReadStaysWithinItsScope(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	mine, theirs := newEstate(t, s, "mine"), newEstate(t, s, "theirs")
	// The owner is Admin; a viewer's scope with a higher role, a stranger and another account's admin reach nothing.
	stranger := (*models.Actor)(nil).Scope(models.RoleViewer)
	for name, read := range allReads() {
		for caller, scope := range map[string]models.Scope{"its owner": mine.scope(), "the platform": everything()} {
			if n, err := read(t.Context(), s, scope, mine); err != nil || n == 0 {
				t.Errorf("%s hides from %s what is theirs: %d, %v", name, caller, n, err)
			}
		}
		for caller, scope := range map[string]models.Scope{
			"a stranger": stranger, "another account": theirs.scope(), "the zero scope": {},
		} {
			n, err := read(t.Context(), s, scope, mine)
			if err != nil && models.ErrorCode(err) != models.CodeNotFound || err == nil && n != 0 {
				t.Errorf("%s shows %s: %d, %v", name, caller, n, err)
			}
		}
	}
}

// writes are the methods with a scope that change something, which TestEveryWriteStaysWithinItsScope is about.
var writes = []string{"UpdateAccount", "UpdateProject", "DeleteProjectKey", "DeleteSSOClientKey"}

func TestEveryMethodWithAScopeIsTested(t *testing.T) {
	t.Parallel()
	tested := slices.Clone(writes)
	for _, reads := range []map[string]scopedRead{allReads(), readsOfPartners} {
		for name := range reads {
			tested = append(tested, strings.Fields(name)...)
		}
	}
	methods := reflect.TypeFor[*store.Store]()
	for method := range methods.Methods() {
		for in := range method.Type.Ins() {
			isTests := strings.HasPrefix(method.Name, "Query") // of export_test.go
			if in == reflect.TypeFor[models.Scope]() && !isTests && !slices.Contains(tested, method.Name) {
				t.Errorf("no test reads by %s beyond its scope", method.Name)
			}
		}
	}
}

func TestEveryWriteStaysWithinItsScope(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	mine, theirs := newEstate(t, s, "mine"), newEstate(t, s, "theirs")
	ctx := t.Context()
	account, project := *mine.account, *mine.project
	account.Name, project.Name = "stolen", "stolen"
	for _, scope := range []models.Scope{theirs.scope(), {}} {
		wantCode(t, s.UpdateAccount(ctx, scope, &account), models.CodeNotFound)
		wantCode(t, s.UpdateProject(ctx, scope, &project), models.CodeNotFound)
	}
	_, err := s.DeleteUserKey(ctx, theirs.user.ID, newUserKey(t, s, mine.user.ID).ID)
	wantCode(t, err, models.CodeNotFound)
	accounts, err := s.Accounts(ctx, mine.scope(), account.ID)
	modelstest.NoError(t, err)
	projects, err := s.Projects(ctx, mine.scope(), project.ID)
	modelstest.NoError(t, err)
	if accounts[0].Name == "stolen" || projects[0].Name == "stolen" {
		t.Error("another account's user wrote")
	}
	modelstest.NoError(t, s.UpdateAccount(ctx, mine.scope(), &account))
	modelstest.NoError(t, s.UpdateProject(ctx, mine.scope(), &project))
}

func newUserKey(t *testing.T, s *store.Store, userID int64) *tenant.UserKey {
	t.Helper()
	k := &tenant.UserKey{UserID: userID, SecretHash: []byte("hash"), CreatedAt: start}
	modelstest.NoError(t, s.CreateUserKey(t.Context(), k))
	return k
}

func TestHeadersOfExecutorsAreForThePlatformAlone(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	e := newEstate(t, s, "mine")
	calls, err := s.BatchAttempts(t.Context(), everything(), e.batch.ID)
	modelstest.NoError(t, err)
	for caller, scope := range map[string]models.Scope{"its owner": e.scope(), "": everything()} {
		found, err := s.Texts(t.Context(), scope, models.CallHeadersText, calls[0].ID)
		if err != nil || len(found) != 0 && caller != "" || len(found) == 0 && caller == "" {
			t.Errorf("%q finds %d, %v", caller, len(found), err)
		}
	}
}

func TestScopeNeedsTheRoleOnTheAccount(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newCustomer(t, s, "a")
	roles := []models.Role{models.RoleViewer, models.RoleEditor, models.RoleAdmin}
	for i, has := range roles {
		u := &tenant.User{Email: string(has) + "@example.com", CreatedAt: start}
		modelstest.NoError(t, s.CreateUser(t.Context(), u, []tenant.Membership{{AccountID: n.account.ID, Role: has}}))
		for j, least := range roles {
			found, err := s.Projects(t.Context(), (&models.Actor{UserID: u.ID}).Scope(least), n.project.ID)
			modelstest.NoError(t, err)
			if got, want := len(found) == 1, i >= j; got != want {
				t.Errorf("%s reaches what needs %s: %t", has, least, got)
			}
		}
	}
}
