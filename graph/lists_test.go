package graph_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/job"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
	"github.com/ringback/ringback/models/tenant"
)

// askerOf is who may use a list by the path of its field.
func (w *world) askerOf(path string) caller {
	if path == "ssoClients" || path == "users" || path == "accounts" || path == "callbacks" || strings.HasPrefix(path, "getSSOClient.") {
		return platform()
	}
	return w.admin()
}

// lengthen makes lists longer than a page of two.
func (w *world) lengthen() (retried int64) {
	w.tb.Helper()
	ctx, p := w.tb.Context(), models.PlatformActor()
	retried = w.crawls(4, demoProject, 5000)[0].ID
	bulk := int64(demoBulkReplay)
	for range 3 {
		deliver(w.tb, w.service, retried, 500)
		w.clock.Advance(12 * 3600e9)
		_, err := w.service.Access.StartSession(ctx, demoUser, ptr("CI"))
		modelstest.NoError(w.tb, err)
		_, err = w.service.Tenants.CreateSSOClient(ctx, p, tenant.NewSSOClient{Name: "One more"})
		modelstest.NoError(w.tb, err)
		account, err := w.service.Tenants.CreateAccount(ctx, p, tenant.NewAccount{Name: "One more"})
		modelstest.NoError(w.tb, err)
		_, err = w.service.Access.SetRole(ctx, p, tenant.RoleToSet{AccountID: account.ID, UserID: demoUser, Role: models.RoleViewer})
		modelstest.NoError(w.tb, err)
		createRun(w.tb, w.service, run.NewRun{ProjectID: demoProject})
		w.job(job.NewJobs{ProjectID: demoProject})
		w.cancelBulkReplay(bulk)
		bulk = w.replayAll(callback.ToReplayAll{})
	}
	return retried
}

func TestEveryListIsReadFromBothEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	retried := w.lengthen()
	for path, query := range listFields() {
		if path == "getRun.results" {
			continue
		}
		who := w.askerOf(path)
		query = strings.Replace(query, "getCallback(id: 1)", fmt.Sprintf("getCallback(id: %d)", retried), 1)
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			w := w.in(t)
			query := strings.Replace(query, "{ totalCount }",
				"{ totalCount edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }", 1)
			forward := w.cursors(who, path, query, "first: 2", "after", "hasNextPage", "endCursor")
			backward := w.cursors(who, path, query, "last: 2", "before", "hasPreviousPage", "startCursor")
			slices.Reverse(backward)
			var want, got []string
			for _, page := range forward {
				want = append(want, page...)
			}
			for _, page := range backward {
				got = append(got, page...)
			}
			if diff := cmp.Diff(want, got); diff != "" || !slices.Equal(got, slices.Compact(slices.Clone(got))) {
				t.Errorf("backwards (-forwards +backwards):\n%s", diff)
			}
			if len(want) < 2 {
				return
			}
			inner := w.ok(who,
				fmt.Sprintf(query, fmt.Sprintf("last: 100, after: %q, before: %q", want[0], want[len(want)-1])), nil)
			if diff := cmp.Diff(want[1:len(want)-1], cursorsOf(inner, path)); diff != "" {
				t.Errorf("between two cursors (-want +got):\n%s", diff)
			}
			both := fmt.Sprintf(query, "first: 1, last: 1")
			w.do(who, both, nil).wantError(models.CodeBadUserInput, "last", path)
		})
	}
}

func cursorsOf(a *answer, path string) []string {
	cursors := []string{}
	for i := range a.list(path + ".edges") {
		cursors = append(cursors, a.text(fmt.Sprintf("%s.edges.%d.cursor", path, i)))
	}
	return cursors
}

// cursors goes through the pages of a list from one end, and returns those of each page.
func (w *world) cursors(who caller, path, query, size, place, more, end string) (pages [][]string) {
	w.tb.Helper()
	arguments, total := size, 0
	for {
		a := w.ok(who, fmt.Sprintf(query, arguments), nil)
		pages = append(pages, cursorsOf(a, path))
		total += len(pages[len(pages)-1])
		if a.at(path+".pageInfo."+more) == false {
			if count := a.at(path + ".totalCount"); count != float64(total) {
				w.tb.Errorf("totalCount is %v, and there are %d", count, total)
			}
			return pages
		}
		if total > 100 {
			w.tb.Fatal("the list has no end")
		}
		arguments = fmt.Sprintf("%s, %s: %q", size, place, a.text(path+".pageInfo."+end))
	}
}

func TestNodesAreFoundInTheOrderAskedForAndNullWhereOutOfSight(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := []string{
		globalID("Project", otherProject), globalID("Project", demoProject), globalID("Crawl", finishedCrawl),
		globalID("SSOClient", 1), globalID("User", editorUser), globalID("User", demoUser), globalID("Sandwich", 1),
		globalID("Project", demoProject), globalID("Callback", 1<<40),
	}
	const query = `query($ids: [ObjectID!]!) { nodes(ids: $ids) { id } }`
	all := []any{}
	for _, id := range ids {
		all = append(all, map[string]any{"id": id})
	}
	hidden := func(places ...int) []any {
		list := slices.Clone(all)
		for _, i := range append(places, 6, 8) {
			list[i] = nil
		}
		return list
	}
	for name, test := range map[string]struct {
		who  caller
		want []any
	}{"admin": {w.admin(), hidden(0, 3, 4)}, "platform": {platform(), hidden()}, "key": {w.key(demoProject), hidden(0, 3, 4, 5)}} {
		if diff := cmp.Diff(any(test.want), w.ok(test.who, query, variables{"ids": ids}).at("nodes")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	w.do(w.admin(), query, variables{"ids": []string{ids[0], "123"}}).wantError(models.CodeBadUserInput, "ids.1", "nodes")
	w.do(w.admin(), `{ nodes(ids: ["`+ids[0]+`", "zzz"]) { id } }`, nil).wantError(models.CodeBadUserInput, "ids.1", "nodes.ids.1")
	many := slices.Repeat([]string{ids[1]}, models.MaxPageSize+1)
	w.do(w.admin(), query, variables{"ids": many}).wantError(models.CodeBadUserInput, "ids", "nodes")
	if n := len(w.ok(w.admin(), query, variables{"ids": many[1:]}).list("nodes")); n != models.MaxPageSize {
		t.Errorf("%d nodes", n)
	}
}

func TestOnesOwnKeysAndSessionsAreListedWithoutSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, secret := w.userKey(demoUser)
	session, err := w.service.Access.StartSession(t.Context(), demoUser, ptr("CI"))
	modelstest.NoError(t, err)
	w.clock.Advance(tenant.SessionLifetime)
	who := w.session(demoUser)
	a := w.ok(who, `{ me { userKeys { id createdAt } sessions { totalCount nodes { name createdAt expiresAt lastUsedAt isCurrent } } } }`, nil)
	if len(a.list("me.userKeys")) == 0 || a.at("me.sessions.totalCount") != 1.0 || a.at("me.sessions.nodes.0.isCurrent") != true {
		t.Errorf("one session has not expired: %s", a.Body)
	}
	for _, hidden := range []string{secret, session.Token.Reveal(), who.value} {
		if strings.Contains(a.Body, hidden) {
			t.Errorf("%s is in sight: %s", hidden, a.Body)
		}
	}
	other := w.ok(platform(), `{ node(id: `+quote(globalID("User", demoUser))+`) { ... on User { userKeys { id } sessions { totalCount } } } }`, nil)
	if len(other.list("node.userKeys")) != 0 || other.at("node.sessions.totalCount") != 0.0 {
		t.Errorf("another's: %s", other.Body)
	}
}

func TestWhoHasARoleOnAnAccountIsForItsAdmins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const query = `{ getAccount(id: 123123) { users { totalCount nodes { role user { rawID email } } } } }`
	roles := map[string]string{}
	a := w.ok(w.admin(), query, nil)
	for i := range a.list("getAccount.users.nodes") {
		at := fmt.Sprintf("getAccount.users.nodes.%d.", i)
		roles[a.text(at+"user.rawID")] = a.text(at + "role")
	}
	want := map[string]string{
		fmt.Sprint(demoUser): "Admin", fmt.Sprint(editorUser): "Editor", fmt.Sprint(viewerUser): "Viewer",
	}
	if !maps.Equal(want, roles) {
		t.Errorf("got %v, want %v", roles, want)
	}
	for _, who := range []caller{w.editor(), w.viewer(), w.key(demoProject)} {
		w.do(who, query, nil).wantError(models.CodeForbidden, "", "getAccount.users")
	}
}
