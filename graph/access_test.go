package graph_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/ringback/ringback/graph"
	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
)

func schema() *ast.Schema { return graph.NewExecutableSchema(graph.Config{}).Schema() }

// rootFields returns the fields of Query, Mutation and Subscription by name.
func rootFields() map[string]*ast.FieldDefinition {
	fields := map[string]*ast.FieldDefinition{}
	for _, root := range []*ast.Definition{schema().Query, schema().Mutation, schema().Subscription} {
		for _, f := range root.Fields {
			if !strings.HasPrefix(f.Name, "__") {
				fields[root.Name+"."+f.Name] = f
			}
		}
	}
	return fields
}

// isRoot tells whether a type is Query, Mutation or Subscription.
func isRoot(d *ast.Definition) bool {
	return d.Name == "Query" || d.Name == "Mutation" || d.Name == "Subscription"
}

func TestEveryRootFieldIsPublicOrSaysWhoMayUseIt(t *testing.T) {
	t.Parallel()
	fields := rootFields()
	for name, f := range fields {
		allow := f.Directives.ForName("allow")
		switch {
		case publicFields[name] && allow != nil:
			t.Errorf("%s is on the list of public fields and has @allow", name)
		case !publicFields[name] && allow == nil:
			t.Errorf("%s is neither public nor has it @allow", name)
		}
		if _, ok := examples[name]; ok == publicFields[name] {
			t.Errorf("%s needs an example in examples_test.go, unless it is public", name)
		}
	}
	for name := range publicFields {
		if fields[name] == nil {
			t.Errorf("%s is public but not in the schema", name)
		}
	}
	for name, e := range examples {
		f := fields[name]
		if f == nil {
			t.Errorf("%s has an example but is not in the schema", name)
			continue
		}
		want := "ANYONE_KNOWN"
		switch e.who {
		case platformOnly:
			want = "PLATFORM"
		case sessionOnly:
			want = "SESSION"
		case partnerOnly:
			want = "PARTNER"
		case userOnly:
			want = "USER"
		}
		if got := f.Directives.ForName("allow").Arguments.ForName("who").Value.Raw; got != want {
			t.Errorf("%s allows %s, want %s", name, got, want)
		}
	}
}

func TestNoFieldBelowTheRootNeedsADirective(t *testing.T) {
	t.Parallel()
	for _, d := range schema().Types {
		for _, f := range d.Fields {
			if !isRoot(d) && f.Directives.ForName("allow") != nil {
				t.Errorf("%s.%s has @allow, which these tests do not reach", d.Name, f.Name)
			}
		}
	}
}

func TestPublicFieldsNeedNoCredentials(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if got := w.ok(caller{}, `{ version }`, nil).at("version"); got != testVersion {
		t.Errorf("version %v", got)
	}
	key, secret := w.userKey(demoUser)
	a := w.ok(caller{}, `mutation($s: String!) { createSessionUsingUserKey(input: {userKeyId: "`+key+`", secret: $s, name: "CI"}) {
		token expiresAt } }`, variables{"s": secret})
	if got := a.at("createSessionUsingUserKey.expiresAt"); got != "2020-08-08T16:25:35.000Z" {
		t.Errorf("a session ends at %v, which is not in 30 days", got)
	}
	token := a.text("createSessionUsingUserKey.token")
	if got := w.ok(caller{"Authorization", "Bearer " + token}, `{ me { rawID } }`, nil).at("me.rawID"); got != "123123" {
		t.Errorf("the new session is %v's", got)
	}
}

func TestLoginCodeOpensASessionOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code, err := w.service.Access.CreateLoginCode(t.Context(), demoUser)
	modelstest.NoError(t, err)
	const query = `mutation($c: String!) { createSessionUsingLoginCode(input: {code: $c}) { token expiresAt } }`
	given := variables{"c": code.Code.Reveal()}
	a := w.ok(caller{}, query, given)
	if got := a.at("createSessionUsingLoginCode.expiresAt"); got != "2020-08-08T16:25:35.000Z" {
		t.Errorf("a session ends at %v, which is not in 30 days", got)
	}
	token := a.text("createSessionUsingLoginCode.token")
	if got := w.ok(caller{"x-auth-token", token}, `{ me { rawID } }`, nil).at("me.rawID"); got != "123123" {
		t.Errorf("the new session is %v's", got)
	}
	for _, who := range []caller{{}, platform()} { // credentials change nothing about it
		w.do(who, query, given).wantError(models.CodeIncorrectLoginCode, "", "createSessionUsingLoginCode")
	}
}

func TestWhoIsNotKnownIsToldWhatToSendInstead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.admin().value
	for name, c := range map[string]struct {
		who    caller
		status int
		says   string
	}{
		"a token that nobody reads": {caller{"x-api-token", token}, 401, "x-api-token has a session's token: send it as x-auth-token"},
		"a token as a key":          {caller{"x-api-key", token}, 401, "x-api-key has a session's token"},
		"a key as a token":          {caller{"x-auth-token", platform().value}, 401, "x-auth-token has a key: send it as x-api-key"},
	} {
		a := w.do(c.who, `{ me { id } }`, nil)
		if a.Status != c.status || !strings.Contains(a.Body, c.says) || strings.Contains(a.Body, c.who.value) {
			t.Errorf("%s: status %d: %s", name, a.Status, a.Body)
		}
	}
	if a := w.do(caller{"x-api-token", token}, `{ version }`, nil); a.Status != 200 || len(a.Errors) != 0 { // nothing was needed
		t.Errorf("what is public is refused: %s", a.Body)
	}
}

// userKey makes a key for a user and returns its id and secret.
func (w *world) userKey(userID int64) (id, secret string) {
	w.tb.Helper()
	key, s, err := w.service.Access.CreateUserKey(w.tb.Context(), models.PlatformActor(), &userID)
	modelstest.NoError(w.tb, err)
	return key.ObjectID().String(), s.Reveal()
}

// each runs f for each example, in a fixed order.
func each(f func(name string, e example)) {
	for _, name := range slices.Sorted(maps.Keys(examples)) {
		f(name, examples[name])
	}
}

// newExamples is a world with one more callback than others have, the third, which waits.
func newExamples(tb testing.TB) *world {
	tb.Helper()
	w := newWorld(tb)
	finishCrawl(tb, w.service, 124300, demoProject)
	return w
}

// rootPath is the path of an error on a root field.
func rootPath(name string) string {
	_, field, _ := strings.Cut(name, ".")
	return field
}

func TestAStrangerMayUseNothingThatIsNotPublic(t *testing.T) {
	t.Parallel()
	w := newExamples(t)
	key, _ := w.userKey(demoUser)
	w.unchanged(func() {
		each(func(name string, e example) {
			a := w.do(caller{}, strings.ReplaceAll(e.query, "$key", quote(key)), nil)
			a.wantError(models.CodeUnauthenticated, "", rootPath(name))
			if a.Status != http.StatusUnauthorized && !strings.HasPrefix(name, "Subscription.") { // as with wrong credentials
				t.Errorf("%s: status %d", name, a.Status)
			}
		})
	})
}

func TestAViewerChangesNothingButItsOwnKeysAndSession(t *testing.T) {
	t.Parallel()
	w := newExamples(t)
	key, _ := w.userKey(viewerUser)
	each(func(name string, e example) {
		who, query := w.viewer(), strings.ReplaceAll(e.query, "$key", quote(key))
		if e.who != editorUp && e.who != adminOnly && !e.privileged() {
			w.ok(who, query, nil)
			return
		}
		w.unchanged(func() { w.do(who, query, nil).wantError(models.CodeForbidden, "", rootPath(name)) })
	})
}

func TestAnEditorChangesProjectsButNeitherTheAccountNorDeletesProjects(t *testing.T) {
	t.Parallel()
	w := newExamples(t)
	key, _ := w.userKey(editorUser)
	each(func(name string, e example) {
		who, query := w.editor(), strings.ReplaceAll(e.query, "$key", quote(key))
		if e.who != adminOnly && !e.privileged() {
			w.ok(who, query, nil)
			return
		}
		w.unchanged(func() { w.do(who, query, nil).wantError(models.CodeForbidden, "", rootPath(name)) })
	})
}

func TestAnAdminDoesEverythingButThePlatformsPart(t *testing.T) {
	t.Parallel()
	w := newExamples(t)
	key, _ := w.userKey(demoUser)
	each(func(name string, e example) {
		who, query := w.admin(), strings.ReplaceAll(e.query, "$key", quote(key))
		if !e.privileged() {
			w.ok(who, query, nil)
			return
		}
		w.unchanged(func() { w.do(who, query, nil).wantError(models.CodeForbidden, "", rootPath(name)) })
	})
}

func TestAnotherAccountsAdminFindsNothing(t *testing.T) {
	t.Parallel()
	w := newExamples(t)
	key, _ := w.userKey(demoUser)
	each(func(name string, e example) {
		who, query := w.other(), strings.ReplaceAll(e.query, "$key", quote(key))
		if name == "Mutation.createUserKey" { // the platform's form names somebody else
			w.unchanged(func() { w.do(who, e.platform, nil).wantError(models.CodeForbidden, "", rootPath(name)) })
			return
		}
		if name == "Query.me" || name == "Mutation.deleteSession" {
			w.ok(who, query, nil)
			return
		}
		if e.who == ownLists {
			if body := w.ok(who, query, nil).Body; strings.Contains(body, "TjAwNl") && strings.Contains(body, "MTIzMTIz") {
				t.Errorf("%s tells about the other account: %s", name, body)
			}
			return
		}
		want := models.CodeNotFound
		if e.privileged() {
			want = models.CodeForbidden
		}
		w.unchanged(func() {
			a := w.do(who, query, nil)
			a.wantError(want, "", rootPath(name))
			if strings.Contains(a.Body, "Demo") || strings.Contains(a.Body, "example.com") {
				t.Errorf("%s tells about the other account: %s", name, a.Body)
			}
		})
	})
}

func TestThePlatformMayDoEverythingButWhatNeedsAUser(t *testing.T) {
	t.Parallel()
	w := newExamples(t)
	key, _ := w.userKey(viewerUser)
	each(func(name string, e example) {
		query := strings.ReplaceAll(e.query, "$key", quote(key))
		if e.platform != "" {
			query = e.platform
		}
		if e.who != userOnly && e.who != sessionOnly {
			w.ok(platform(), query, nil)
			return
		}
		w.unchanged(func() { w.do(platform(), query, nil).wantError(models.CodeForbidden, "", rootPath(name)) })
	})
}
