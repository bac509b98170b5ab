package graph_test

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/ringback/ringback/graph"
	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
	"github.com/ringback/ringback/models/tenant"
)

// isEntity tells whether a type is found by its id.
func isEntity(d *ast.Definition) bool { return slices.Contains(d.Interfaces, "Node") }

// everythingOf selects all fields of a type, and within them all of the entities that they lead to as often as entities
// says.
func everythingOf(d *ast.Definition, entities int) (fields []string) {
	if isEntity(d) {
		if entities == 0 {
			return []string{"__typename"}
		}
		entities--
	}
	for _, f := range d.Fields {
		text := f.Name
		if f.Arguments.ForName("first") != nil {
			text += "(first: 3)"
		}
		if child := schema().Types[f.Type.Name()]; child.Kind == ast.Object {
			text += " { " + strings.Join(everythingOf(child, entities), " ") + " }"
		}
		fields = append(fields, text)
	}
	return fields
}

// reader is one who asks for what is the demo account's.
type reader struct {
	who      caller
	sees     class // of the objects that are in sight
	isKey    bool  // a project's, which is a Viewer on the account
	stranger bool  // nothing is in sight
	partner  bool  // a Viewer who sees its SSO client and notices, and neither payloads nor people
}

// entity is one that the walk begins at.
type entity struct {
	kind string
	id   int64
}

var tokens = regexp.MustCompile(`\w+|[^\w\s]`)

// queries ask for everything of an entity, each for as many fields as a document may have.
func (e entity) queries() (queries []string) {
	begin := fmt.Sprintf("{ node(id: %q) { ... on %s {", models.ObjectID{Type: e.kind, Raw: e.id}, e.kind)
	if e.kind == models.TypeCallback {
		begin += " event" // which tells a notice, in each of them
	}
	query, length := begin, 0
	for _, text := range everythingOf(schema().Types[e.kind], 2) {
		n := len(tokens.FindAllString(text, -1))
		if length > 0 && length+n > graph.MaxTokens-50 {
			queries, query, length = append(queries, query+" } } }"), begin, 0
		}
		query, length = query+" "+text, length+n
	}
	return append(queries, query+" } } }")
}

// walk compares what a reader gets with what the platform gets.
type walk struct {
	tb   testing.TB
	seen map[string]bool // fields of which the platform sees something
	reader
}

// nothing is what stands in the place of a value that is out of sight.
func nothing(v any) bool {
	if list, ok := v.([]any); ok {
		return len(list) == 0
	}
	return v == nil || v == models.Masked || v == callback.NoticeFailedMessage
}

// hidden tells whether nothing is told of a body.
func hidden(v any) bool {
	switch v := v.(type) {
	case map[string]any: // an input, or a list
		nodes, _ := v["nodes"].([]any)
		return len(nodes) == 0
	case string:
		return v == ""
	}
	return nothing(v)
}

// object compares one; its owner is the entity that it belongs to.
func (w *walk) object(path, owner string, d *ast.Definition, all, got map[string]any) {
	if isEntity(d) {
		owner = d.Name
	}
	if all["event"] == string(callback.CallbackFailedEvent) {
		owner = "Notice"
	}
	for _, f := range d.Fields {
		name := d.Name + "." + f.Name
		value, there := all[f.Name]
		if !there || nothing(value) {
			continue
		}
		w.seen[name] = true
		c, special := classes[owner+"/"+name]
		if !special {
			c = classes[name]
		}
		sees := w.sees
		if w.isKey && owner == "Account" {
			sees = forMembers
		}
		if w.partner && c == forPartners {
			sees = forPartners
		}
		switch {
		case w.partner && owner != "Notice" && slices.Contains(bodies, name):
			if !hidden(got[f.Name]) {
				w.tb.Errorf("%s.%s is in sight: %v", path, f.Name, got[f.Name])
			}
		case w.partner && name == "StandardError.message": // TestAPartnerReadsNoWordsOfExecutors
		case w.partner && f.Type.Name() == "User":
			if got[f.Name] != nil {
				w.tb.Errorf("%s.%s is in sight: %v", path, f.Name, got[f.Name])
			}
		case c == byCaller, w.isKey && owner == "Account" && strings.HasSuffix(f.Type.Name(), "Connection"):
		case sees < c:
			if !nothing(got[f.Name]) && got[f.Name] != false {
				w.tb.Errorf("%s.%s is in sight: %v", path, f.Name, got[f.Name])
			}
		default:
			w.value(path+"."+f.Name, owner, schema().Types[f.Type.Name()], value, got[f.Name])
		}
	}
}

func (w *walk) value(path, owner string, d *ast.Definition, all, got any) {
	switch all := all.(type) {
	case map[string]any:
		if got, ok := got.(map[string]any); ok && d.Kind == ast.Object {
			w.object(path, owner, d, all, got)
			return
		}
	case []any:
		if got, ok := got.([]any); ok && len(got) == len(all) {
			for i := range all {
				w.value(fmt.Sprintf("%s.%d", path, i), owner, d, all[i], got[i])
			}
			return
		}
	}
	if !reflect.DeepEqual(all, got) {
		w.tb.Errorf("%s is %v, and %v for the platform", path, got, all)
	}
}

func TestEveryFieldIsSeenByThoseAloneWhomItIsFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	entities := w.populateEverything()
	readers := map[string]reader{
		"viewer":                {who: w.viewer(), sees: forMembers},
		"editor":                {who: w.editor(), sees: forEditors},
		"admin":                 {who: w.admin(), sees: forAdmins},
		"project key":           {who: w.key(demoProject), sees: forEditors, isKey: true},
		"partner":               {who: w.partnerKey(demoPartner), sees: forMembers, partner: true},
		"other partner":         {who: w.otherPartner(), stranger: true},
		"stranger":              {stranger: true},
		"other partner's admin": {who: w.other(), stranger: true},
		"other account's key":   {who: w.key(otherProject), stranger: true},
		"other project's key":   {who: w.key(bareProject), stranger: true, isKey: true},
	}
	seen := map[string]bool{}
	walk := func(e entity) {
		for _, query := range e.queries() {
			all, ok := w.ok(platform(), query, nil).at("node").(map[string]any)
			if !ok {
				t.Fatalf("the platform does not see %s %d", e.kind, e.id)
			}
			for name, r := range readers {
				w.compare(name+": "+e.kind, e, r, query, all, seen)
			}
		}
	}
	for _, e := range entities {
		walk(e)
	}
	// What is paused is not failing.
	w.ok(w.admin(), `mutation {
		project: pauseCallbacks(input: {owner: {projectId: 1123123}}) { project { id } }
		account: pauseCallbacks(input: {owner: {accountId: 123123}}) { account { id } } }`, nil)
	walk(entity{tenant.TypeProject, demoProject})
	walk(entity{tenant.TypeAccount, demoAccount})
	for name, c := range classes {
		if c != answered && c != byCaller && !strings.Contains(name, "/") && !seen[name] {
			t.Errorf("%s is null or empty in all that was tried", name)
		}
	}
}

// compare asks as a reader for what the platform has got.
func (w *world) compare(path string, e entity, r reader, query string, all map[string]any, seen map[string]bool) {
	w.tb.Helper()
	a := w.do(r.who, query, nil)
	data, _ := a.Data.(map[string]any)
	node, _ := data["node"].(map[string]any)
	onlyItself := e.kind == tenant.TypeUser && r.sees < forAdmins // the demo account's admin is the user
	switch {
	case r.isKey && r.stranger && (e.kind == tenant.TypeAccount || e.kind == models.TypeAction): // a Viewer on the account
		for _, foreign := range []string{
			projectURL, runURL, projectSecret, accountSecret, executorURL, reportFileURL, globalID("Project", demoProject),
		} {
			if strings.Contains(a.Body, foreign) {
				w.tb.Errorf("%s: %s is in sight", path, foreign)
			}
		}
	case !r.stranger && !onlyItself && (r.partner || e.kind != tenant.TypeSSOClient):
		(&walk{w.tb, seen, r}).object(path, "", schema().Types[e.kind], all, node)
	case node != nil || len(a.Errors) != 1 || a.code() != string(models.CodeNotFound) &&
		a.code() != string(models.CodeUnauthenticated):
		w.tb.Errorf("%s: %s", path, a.Body)
	}
}

// populateEverything makes what the world lacks for each field to have a value, and returns entities that have them.
func (w *world) populateEverything() []entity {
	t, s, ctx, p := w.tb, w.service, w.tb.Context(), models.PlatformActor()
	diagnosed := w.diagnose()
	_, _, err := s.Tenants.RotateSigningSecret(ctx, p, demoProject, 48*time.Hour)
	modelstest.NoError(t, err)
	failed := finishCrawl(t, s, 124300, demoProject)
	// As earlier releases let headers be set.
	warned := func(callbackID int64, status int) {
		d := modelstest.ClaimOnly(t, s.Callbacks, callbackID)
		blank := models.Header{Key: "X-Blank", Value: "v "}
		d.Target.Headers = append(d.Target.Headers, tenant.SourcedHeader{Header: blank})
		o := callback.Outcome{HTTPStatus: &status, ResponseBody: []byte("received"), Duration: 120 * time.Millisecond}
		o = modelstest.OnTheWire(o, blank)
		modelstest.NoError(t, s.Callbacks.Deliveries.Settle(ctx, s.Callbacks.Deliveries.Decide(d, o)))
	}
	w.clock.Advance(time.Second)
	gone := modelstest.ClaimOnly(t, s.Callbacks, finishCrawl(t, s, 124301, demoProject).ID)
	modelstest.NoError(
		t, s.Callbacks.Deliveries.Settle(ctx, s.Callbacks.Deliveries.Decide(gone, modelstest.Answered(410))),
	)
	_, err = s.Callbacks.Upkeep.FoldHealth(ctx) // as the first worker after an upgrade: with a history, and no counts of it
	modelstest.NoError(t, err)
	warned(failed.ID, 503)
	pages, err := s.Callbacks.CallbackPages(ctx, p.Scope(models.RoleViewer), crawl.Owner, []int64{124300},
		callback.Filter{Event: []callback.EventName{callback.CallbackFailedEvent}}, models.Page{First: 1})
	modelstest.NoError(t, err)
	notice := pages[124300].Nodes[0]
	warned(notice.ID, 418)
	replayer := &models.Actor{UserID: demoUser, Roles: map[int64]models.Role{demoAccount: models.RoleAdmin}}
	replay, err := s.Callbacks.Replay(ctx, replayer, w.callback.crawl.ID)
	modelstest.NoError(t, err)

	var ofSources []entity
	for _, test := range apiTests {
		if test.create != nil {
			ofSources = append(ofSources, test.create(w)...)
		}
	}
	everything := w.action("everything")
	// As earlier releases let headers be set.
	stale, err := w.store.LockAction(ctx, everything)
	modelstest.NoError(t, err)
	blank := models.Header{Key: "X-Blank", Value: "v "}
	stale.Executor.Headers = append(stale.Executor.Headers, blank)
	modelstest.NoError(t, w.store.UpdateAction(ctx, stale))
	made := w.ok(w.editor(), `mutation {
		createRun(input: {
			projectId: 1123123, action: "everything", inputs: [{q: "a", customData: {id: 1}}, {q: "b"}, {q: "c"}], parameters: {maxResults: 10}
			callback: {url: "https://run.example.com/hook", headers: [{key: "Authorization", value: "secret"}]}
		}) { run { rawID } }
		later: createRun(input: {
			projectId: 1123123, action: "search", inputs: [{q: "a"}], mode: SCHEDULE, schedule: {at: "2020-07-09T17:00:00Z"}
		}) { run { schedule { rawID } } } }`, nil)
	execute(
		t, s, everything, executed(200, `{"results":[1,{"a":2}]}`), executed(422, `{"message":"no such thing"}`),
		unanswered(callback.Timeout),
	)
	broken := w.action("broken")
	ended := createRun(t, s, run.NewRun{Action: "broken", ProjectID: demoProject})
	execute(t, s, broken, executed(422, `{"message":"no such thing"}`))
	w.clock.Advance(time.Hour)
	_, err = s.Runs.Firings.Fire(ctx)
	modelstest.NoError(t, err)
	young := createRun(
		t, s,
		run.NewRun{
			Action: "everything", ProjectID: demoProject,
			Inputs: []run.NewInput{{Input: []byte(`{"q":"d"}`), CustomData: []byte(`2`)}},
		},
	)
	execute(t, s, everything, modelstest.OnTheWire(executed(200, `{"results":[1]}`), blank))
	_, err = s.Callbacks.Upkeep.Purge(ctx, callback.Retention{Rows: 48 * time.Hour, Payloads: 30 * time.Minute})
	modelstest.NoError(t, err)
	w.ok(w.admin(), `mutation {
		updateProject(input: {projectId: 1123123, apiCallbackMaxInFlight: 3, apiCallbackMaxPerSecond: 4}) { project { id } }
		updateAccount(input: {accountId: 123123, apiCallbackMaxInFlight: 5, apiCallbackMaxPerSecond: 6}) { account { id } } }`, nil)
	raw := func(path string) int64 {
		id, err := strconv.ParseInt(made.text(path), 10, 64)
		modelstest.NoError(t, err)
		return id
	}
	return append(ofSources, []entity{
		{tenant.TypeUser, demoUser},
		{tenant.TypeAccount, demoAccount},
		{tenant.TypeProject, demoProject},
		{tenant.TypeSSOClient, 1},
		{models.TypeCrawl, finishedCrawl},
		{models.TypeReportDownload, reportDownload},
		{models.TypeCallback, w.callback.crawl.ID},
		{models.TypeCallback, w.callback.report.ID},
		{models.TypeCallback, failed.ID},
		{models.TypeCallback, notice.ID},
		{models.TypeCallback, replay.ID},
		{models.TypeAction, searchAction},
		{models.TypeRun, ended.ID},
		{models.TypeRun, young.ID},
		{models.TypeRun, raw("createRun.run.rawID")},
		{models.TypeSchedule, activeSchedule},
		{models.TypeSchedule, raw("later.run.schedule.rawID")},
		{models.TypeDiagnosis, diagnosed},
	}...)
}
