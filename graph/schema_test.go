package graph_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/ringback/ringback/models"
)

// selfEvident says which types need no sentence of their own: the parts of a connection, and the inputs and payloads of
// mutations, which are described at the mutation.
func selfEvident(name string) bool {
	for _, suffix := range []string{"Connection", "Edge", "Payload"} {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	mutation := strings.TrimSuffix(name, "Input")
	return mutation != name && schema().Mutation.Fields.ForName(strings.ToLower(mutation[:1])+mutation[1:]) != nil
}

func TestEveryTypeHasADescription(t *testing.T) {
	t.Parallel()
	for name, d := range schema().Types {
		if d.BuiltIn || isRoot(d) || selfEvident(name) {
			continue
		}
		if d.Description == "" {
			t.Errorf("%s has no description", name)
		}
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

// getFields say all in their name and type.
var getFields = map[string]bool{"getAccount": true, "getProject": true, "getCrawl": true, "getReportDownload": true}

func TestEveryRootFieldHasADescription(t *testing.T) {
	t.Parallel()
	for name, f := range rootFields() {
		if f.Description == "" && !getFields[f.Name] {
			t.Errorf("%s has no description", name)
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

func TestEveryEnumOfCausesAndStatusesIsExplained(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Role", "Caller", "CallbackStatus", "AttemptErrorCode", "ErrorCode"} {
		for _, v := range schema().Types[name].EnumValues {
			if v.Description == "" {
				t.Errorf("%s.%s has no description", name, v.Name)
			}
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
