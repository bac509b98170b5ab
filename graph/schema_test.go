package graph_test

import (
	stdcmp "cmp"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/ringback/ringback/graph"
	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
)

// servedSchema is GET /schema.graphqls.
func servedSchema(t *testing.T) *ast.Schema {
	t.Helper()
	recorder := httptest.NewRecorder()
	graph.ServeSchema(recorder, httptest.NewRequest(http.MethodGet, "/schema.graphqls", nil))
	served, err := gqlparser.LoadSchema(&ast.Source{Input: recorder.Body.String()})
	modelstest.NoError(t, err)
	return served
}

func TestEverythingHasADescription(t *testing.T) {
	t.Parallel()
	described := func(description string, coordinate ...string) {
		if strings.TrimSpace(strings.Split(description, "Callers: ")[0]) == "" {
			t.Errorf("%s has no description", strings.Join(coordinate, "."))
		}
	}
	for name, d := range servedSchema(t).Types {
		if d.BuiltIn {
			continue
		}
		described(d.Description, name)
		for _, v := range d.EnumValues {
			described(v.Description, name, v.Name)
		}
		for _, f := range d.Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			described(f.Description, name, f.Name)
			for _, a := range f.Arguments {
				described(a.Description, name, f.Name, a.Name)
			}
		}
	}
}

// What is written for a name that is nowhere any more describes nothing.
func TestEveryDescriptionIsOfSomething(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for name, d := range schema().Types {
		used[name] = true
		for _, v := range d.EnumValues {
			used[name+"."+v.Name] = true
		}
		for _, f := range d.Fields {
			used[name+"."+f.Name], used["field "+f.Name] = true, true
			for _, a := range f.Arguments {
				used["argument "+a.Name] = true
			}
		}
	}
	for _, name := range graph.Described() {
		if !used[name] {
			t.Errorf("there is no %s", name)
		}
	}
}

func TestWhoMayCallIsInTheDescription(t *testing.T) {
	t.Parallel()
	served := servedSchema(t)
	for field, want := range map[string]string{
		"version": "Callers: anyone.", "me": "Callers: a user's session.", "createAccount": "Callers: the platform's service key.",
	} {
		f := stdcmp.Or(served.Query.Fields.ForName(field), served.Mutation.Fields.ForName(field))
		if !strings.HasSuffix(f.Description, want) {
			t.Errorf("%s says %q", field, f.Description)
		}
	}
	for _, d := range served.Types {
		for _, f := range d.Fields {
			allowed := f.Directives.ForName("allow") != nil
			if public := isRoot(d) && !strings.HasPrefix(f.Name, "__") && !allowed; strings.Contains(f.Description, "Callers: ") != (allowed || public) {
				t.Errorf("%s.%s says %q", d.Name, f.Name, f.Description)
			}
		}
	}
}

func TestScalarsAndInputsSayTheirRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.ok(w.viewer(), `{ __schema { types { name kind description specifiedByURL isOneOf } } }`, nil)
	oneOf := 0
	for _, listed := range a.at("__schema.types").([]any) {
		of := listed.(map[string]any)
		definition := schema().Types[of["name"].(string)]
		if definition.BuiltIn {
			continue
		}
		if url, _ := of["specifiedByURL"].(string); of["kind"] == "SCALAR" && !strings.HasPrefix(url, "https://") {
			t.Errorf("%s has no specification", of["name"])
		}
		if of["isOneOf"] == true {
			oneOf++
		}
		if of["description"] != definition.Description || definition.Description == "" {
			t.Errorf("%s is described as %v", of["name"], of["description"])
		}
	}
	if oneOf != 5 {
		t.Errorf("%d inputs take one of their fields", oneOf)
	}
}

// A variable's text is read once for each input that it is in: in one that holds itself, a body of 1 MiB would be read
// thousands of times.
func TestNoInputHoldsItself(t *testing.T) {
	t.Parallel()
	var walk func(d *ast.Definition, within []string)
	walk = func(d *ast.Definition, within []string) {
		if slices.Contains(within, d.Name) {
			t.Errorf("%s holds itself: %v", d.Name, within)
			return
		}
		for _, f := range d.Fields {
			if of := schema().Types[f.Type.Name()]; of.Kind == ast.InputObject {
				walk(of, append(within, d.Name))
			}
		}
	}
	for _, d := range schema().Types {
		if d.Kind == ast.InputObject {
			walk(d, nil)
		}
	}
}

func TestEveryRuleAboutAMutationsCallerIsInItsDescription(t *testing.T) {
	t.Parallel()
	for name, e := range examples {
		want := map[access]string{editorUp: "Editor and up", adminOnly: "Admin only", platformOnly: "Platform only"}[e.who]
		if description := rootFields()[name].Description; !strings.Contains(description, want) {
			t.Errorf("%s does not say %q: %s", name, want, description)
		}
	}
}

func TestMutationsTakeOneInputAndReturnTheirPayload(t *testing.T) {
	t.Parallel()
	for _, f := range schema().Mutation.Fields {
		title := strings.ToUpper(f.Name[:1]) + f.Name[1:]
		if got := f.Type.String(); got != title+"Payload!" {
			t.Errorf("%s returns %s", f.Name, got)
		}
		switch {
		case f.Name == "deleteSession" && len(f.Arguments) == 0:
		case len(f.Arguments) != 1 || f.Arguments[0].Name != "input" ||
			strings.TrimSuffix(f.Arguments[0].Type.String(), "!") != title+"Input":
			t.Errorf("%s takes %v", f.Name, f.Arguments)
		case !f.Arguments[0].Type.NonNull && f.Name != "createUserKey":
			t.Errorf("the input of %s is nullable", f.Name)
		}
	}
}

func TestListsAreReadFromBothEndsAndSayTheirLimit(t *testing.T) {
	t.Parallel()
	eachField(func(owner *ast.Definition, f *ast.FieldDefinition) {
		if !strings.HasSuffix(f.Type.Name(), "Connection") {
			return
		}
		if f.Name == "results" { // from its begin only
			return
		}
		for _, name := range []string{"first", "after", "last", "before"} {
			if argument := f.Arguments.ForName(name); argument == nil || argument.DefaultValue != nil {
				t.Errorf("%s.%s has no %s, or one with a default: it could not be told from what is given", owner.Name, f.Name, name)
			}
		}
		if !strings.Contains(f.Description, "100") || !strings.Contains(f.Description, "`PageInfo`") {
			t.Errorf("%s.%s does not say how long a page can be", owner.Name, f.Name)
		}
	})
}

func TestPagesSayTheirDefaultSize(t *testing.T) {
	t.Parallel()
	description := schema().Types["PageInfo"].Description
	for _, n := range []int{models.DefaultPageSize, models.MaxPageSize} {
		if !strings.Contains(description, fmt.Sprint(n)) {
			t.Errorf("%d is not in %q", n, description)
		}
	}
}

func TestListOfCallbacksSaysHowFarItIsCounted(t *testing.T) {
	t.Parallel()
	description := schema().Types["CallbackConnection"].Fields.ForName("totalCount").Description
	for _, n := range []int{models.MaxCounted, models.MaxCounted + 1} {
		if text := fmt.Sprintf("%d,%03d", n/1000, n%1000); !strings.Contains(description, text) {
			t.Errorf("%s is not in %q", text, description)
		}
	}
}

// No field has the type ErrorCode, so that nothing else would miss a code there.
func TestEveryCodeOfAnErrorIsInTheSchema(t *testing.T) {
	t.Parallel()
	for enum, want := range map[string][]string{
		// these are of the document alone
		"ErrorCode":        append(constantsOf(t, "models", "Code"), tooComplex, unparsed, notValid, "PERSISTED_QUERY_NOT_FOUND"),
		"AttemptErrorCode": constantsOf(t, "models/callback", "AttemptErrorCode"),
	} {
		var got []string
		for _, v := range schema().Types[enum].EnumValues {
			got = append(got, v.Name)
		}
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-code +schema):\n%s", enum, diff)
		}
	}
}

// constantsOf are the values of the constants that a package declares of a type.
func constantsOf(t *testing.T, folder, typeName string) (values []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(folder), "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	declared := regexp.MustCompile(`(?m)^\s+\w+\s+` + typeName + `\s+= "(\w+)"`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range declared.FindAllSubmatch(text, -1) {
			values = append(values, string(match[1]))
		}
	}
	return values
}

func TestEveryNullableFieldOfACallbackSaysWhatNullMeans(t *testing.T) {
	t.Parallel()
	evident := map[string]bool{ // or said at the type
		"targetUrl": true, "finishedAt": true, "crawl": true, "reportDownload": true, "replayOf": true, "error": true,
	}
	for _, name := range []string{"Callback", "Attempt"} {
		for _, f := range schema().Types[name].Fields {
			if !f.Type.NonNull && !evident[f.Name] && !strings.Contains(strings.ToLower(f.Description), "null") {
				t.Errorf("%s.%s does not say what null means", name, f.Name)
			}
		}
	}
}

func eachField(f func(*ast.Definition, *ast.FieldDefinition)) {
	for _, d := range schema().Types {
		for _, field := range d.Fields {
			f(d, field)
		}
	}
}
