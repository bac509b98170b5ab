package main

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// breach is a change of the contract that breaks a client: where, by its coordinate, and what it is.
type breach struct{ at, what string }

// String is how the changelog may name it.
func (b breach) String() string { return fmt.Sprintf("`%s` %s", b.at, b.what) }

const openAPIDocument = "rest/openapi.json"

// TestWhatBreaksClientsIsNamedInTheChangelog compares the schema and the OpenAPI document with those of the release
// before. Each change that breaks a client must stand in CHANGELOG.md under Unreleased with its coordinate in
// backquotes, such as `Query.getProject`.
func TestWhatBreaksClientsIsNamedInTheChangelog(t *testing.T) {
	t.Parallel()
	before := releaseBefore(t)
	unreleased := unreleasedChanges(t)
	breaches := breachesOfSchema(loadSchema(t, before), loadSchema(t, filesHere(t)))
	breaches = append(
		breaches, breachesOfDoors(loadDoors(t, before[openAPIDocument]), loadDoors(t, filesHere(t)[openAPIDocument]))...,
	)
	for _, b := range breaches {
		if !strings.Contains(unreleased, "`"+b.at+"`") {
			t.Errorf(
				"%v since the release before; keep it (deprecated), or name it under Unreleased in CHANGELOG.md as `%s`", b, b.at,
			)
		}
	}
}

// releaseBefore are the files of the contract in the commit that .ci/previous names. Where there is no git, or not that
// commit, as in a tarball, the test is skipped; CI must have it.
func releaseBefore(t *testing.T) map[string]string {
	t.Helper()
	missing := t.Skipf
	if os.Getenv("CI") == "true" {
		missing = t.Fatalf
	}
	commit, err := os.ReadFile("../.ci/previous")
	if err != nil {
		missing("nothing to compare with: %v", err)
	}
	git := func(args ...string) string {
		cmd := exec.CommandContext(t.Context(), "git", args...)
		cmd.Dir = ".."
		out, err := cmd.Output()
		if err != nil {
			missing(
				"nothing to compare with: git %s: %v; is the clone shallow? Then: git fetch --unshallow", strings.Join(args, " "),
				err,
			)
		}
		return string(out)
	}
	revision := strings.TrimSpace(string(commit))
	files := map[string]string{}
	for name := range strings.FieldsSeq(git("ls-tree", "--name-only", "--full-tree", revision, ".", openAPIDocument)) {
		if isContract(name) {
			files[name] = git("show", revision+":"+name)
		}
	}
	if files[openAPIDocument] == "" || len(files) < 2 {
		t.Fatalf("the release before, %s, has only %d files of the contract", revision, len(files))
	}
	return files
}

func isContract(name string) bool { return name == openAPIDocument || path.Ext(name) == ".graphqls" }

// filesHere are the same files as they are now.
func filesHere(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob("../*.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, name := range append(names, "../"+openAPIDocument) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[strings.TrimPrefix(filepath.ToSlash(name), "../")] = string(text)
	}
	return files
}

func unreleasedChanges(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "\n## [Unreleased]\n")
	if !found {
		t.Fatal("CHANGELOG.md has no section Unreleased")
	}
	unreleased, _, _ := strings.Cut(rest, "\n## ")
	return unreleased
}

func loadSchema(t *testing.T, files map[string]string) *ast.Schema {
	t.Helper()
	var sources []*ast.Source
	for name, text := range files {
		if path.Ext(name) == ".graphqls" {
			sources = append(sources, &ast.Source{Name: name, Input: text})
		}
	}
	slices.SortFunc(sources, func(a, b *ast.Source) int { return cmp.Compare(a.Name, b.Name) })
	schema, err := gqlparser.LoadSchema(sources...)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func loadDoors(t *testing.T, text string) *openapi3.T {
	t.Helper()
	doors, err := openapi3.NewLoader().LoadFromData([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return doors
}
