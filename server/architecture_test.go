package main

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const module = "github.com/ringback/ringback/"

var (
	importRow = regexp.MustCompile("(?m)^\\| `([a-z/]+)` \\| (.*)\\|$")
	inQuotes  = regexp.MustCompile("`([^`]+)`")
	fileName  = regexp.MustCompile(`^[\w./-]+\.(go|graphqls|yml|md|sql|json)$`)
	// A name in a file of Go; what is neither that nor a file is for a shell.
	goName = regexp.MustCompile(`^[A-Za-z]\w*$`)
)

func TestTheArchitectureHasEveryImport(t *testing.T) {
	t.Parallel()
	want := map[string][]string{}
	for _, row := range importRow.FindAllStringSubmatch(page(t, "architecture.md"), -1) {
		want[row[1]] = nil
		for _, name := range inQuotes.FindAllStringSubmatch(row[2], -1) {
			want[row[1]] = append(want[row[1]], name[1])
		}
		slices.Sort(want[row[1]])
	}
	if diff := cmp.Diff(want, importsOfOurs(t)); diff != "" {
		t.Errorf("the table of imports in docs/architecture.md (-) is not what is imported (+):\n%s", diff)
	}
	for from, imports := range want {
		for _, to := range imports {
			if !linterAllows(t, from, to) {
				t.Errorf("docs/architecture.md says that %s imports %s, which .golangci.yml does not allow", from, to)
			}
		}
	}
}

// importsOfOurs are the packages, each with those of this module that it imports, but for its tests.
func importsOfOurs(t *testing.T) map[string][]string {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "./...")
	list.Dir = ".."
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for line := range bytes.Lines(out) {
		words := strings.Fields(string(line))
		name := strings.TrimPrefix(words[0], module)
		found[name] = nil
		for _, imported := range words[1:] {
			if short, ours := strings.CutPrefix(imported, module); ours {
				found[name] = append(found[name], short)
			}
		}
		slices.Sort(found[name])
	}
	return found
}

var deniedPackage = regexp.MustCompile(`pkg: (\S+)`)

var depguardRule = regexp.MustCompile(`(?m)^          files: \[(.*)\]\n          allow:.*\n((?:            .*\n)*)(?:          deny:\n((?:            .*\n)*))?`)

// linterAllows reads depguard's rules: each that is for a package must allow what it imports. For server there is none.
func linterAllows(t *testing.T, from, to string) bool {
	t.Helper()
	text, err := os.ReadFile("../.golangci.yml")
	if err != nil {
		t.Fatal(err)
	}
	rules := depguardRule.FindAllStringSubmatch(string(text), -1)
	if len(rules) < 5 {
		t.Fatal("the rules of depguard are written in another way")
	}
	for _, rule := range rules {
		if !ruleIsFor(rule[1], from) {
			continue
		}
		denied := slices.ContainsFunc(deniedPackage.FindAllStringSubmatch(rule[3], -1), func(found []string) bool {
			return strings.HasPrefix(module+to+"/", found[1]+"/")
		})
		allowed := !denied && slices.ContainsFunc(strings.Split(rule[2], "\n"), func(line string) bool {
			line, _, _ = strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "- "), " #")
			whole, exact := strings.CutSuffix(line, "$")
			return whole == module+to || !exact && whole != "" && strings.HasPrefix(module+to, whole)
		})
		if !allowed {
			return false
		}
	}
	return true
}

// ruleIsFor tells whether a package's files are among those of a rule.
func ruleIsFor(patterns, name string) (matches bool) {
	for _, pattern := range regexp.MustCompile(`"([^"]+)"`).FindAllStringSubmatch(patterns, -1) {
		glob, not := strings.CutPrefix(pattern[1], "!")
		glob = strings.TrimPrefix(glob, "${base-path}/")
		for _, glob := range alternatives(glob) {
			if folder, deep := strings.CutSuffix(glob, "/**"); name+"/*.go" == glob || deep && isIn(name, folder) {
				matches = !not
			}
		}
	}
	return matches
}

// alternatives are what a glob with one list in braces stands for.
func alternatives(glob string) []string {
	before, rest, found := strings.Cut(glob, "{")
	list, after, _ := strings.Cut(rest, "}")
	if !found {
		return []string{glob}
	}
	globs := strings.Split(list, ",")
	for i := range globs {
		globs[i] = before + globs[i] + after
	}
	return globs
}

// isIn tells whether a package is a folder, which may have stars, or in it.
func isIn(name, folder string) bool {
	parts, depth := strings.Split(name, "/"), strings.Count(folder, "/")+1
	if len(parts) < depth {
		return false
	}
	matches, err := path.Match(folder, strings.Join(parts[:depth], "/"))
	return err == nil && matches
}

// TestWhatTheArchitectureNamesExists: a name in backquotes is a file, a folder, or declared in the file that was named last before it. One
// of the shell begins with go, make or ./.
func TestWhatTheArchitectureNamesExists(t *testing.T) {
	t.Parallel()
	names := 0
	for _, paragraph := range regexp.MustCompile(`\n(?:\n|\d+\. )`).Split(page(t, "architecture.md"), -1) {
		if strings.HasPrefix(paragraph, "```") || strings.HasPrefix(paragraph, "|") {
			continue
		}
		file := ""
		for _, quoted := range inQuotes.FindAllStringSubmatch(paragraph, -1) {
			name := quoted[1]
			switch {
			case fileName.MatchString(name) || strings.Contains(name, "/") && !strings.Contains(name, " "):
				if _, err := os.Stat(filepath.Join("..", filepath.FromSlash(name))); err != nil {
					t.Errorf("docs/architecture.md: there is no %s", name)
				}
				if file = ""; strings.HasSuffix(name, ".go") {
					file = name
				}
			case !goName.MatchString(name):
				if !strings.HasPrefix(name, "go ") && !strings.HasPrefix(name, "make ") {
					t.Errorf("docs/architecture.md: %q is neither a file nor a name", name)
				}
			case file == "":
				t.Errorf("docs/architecture.md: before %s no file is named in: %s", name, paragraph)
			default:
				if names++; !slices.Contains(declarations(t, file), name) {
					t.Errorf("docs/architecture.md: there is no %s in %s", name, file)
				}
			}
		}
	}
	if names < 50 {
		t.Errorf("only %d names were found", names)
	}
}

// declarations are the names of the functions, methods, types, variables and constants of a file.
func declarations(t *testing.T, file string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", file), nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, declaration := range parsed.Decls {
		switch d := declaration.(type) {
		case *ast.FuncDecl:
			found[d.Name.Name] = true
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					found[s.Name.Name] = true
				case *ast.ValueSpec:
					for _, name := range s.Names {
						found[name.Name] = true
					}
				}
			}
		}
	}
	return slices.Collect(maps.Keys(found))
}
