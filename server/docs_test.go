package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	// A room and what follows it, on other lines too: `models/store`: TestX, pool_test.go
	roomPart = regexp.MustCompile("`([a-z]+(?:/[a-z]+)*)`:([^`]*)")
	// A row of a table, but not its head, which ends in "proved by".
	tableLine = regexp.MustCompile(`(?m)^\| .*[^y] \|$`)
	proofName = regexp.MustCompile(`\b(?:Test|Fuzz)[A-Z]\w*|\b\w+_test\.go\b`)
)

// TestTheProofsThatTheDocsNameExist: a promise whose test was renamed or removed is a promise that nobody keeps.
func TestTheProofsThatTheDocsNameExist(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"guarantees.md", "security.md"} {
		text, err := os.ReadFile("../docs/" + page)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range tableLine.FindAllString(string(text), -1) {
			if !proofName.MatchString(row) && !strings.HasSuffix(row, "| the same |") {
				t.Errorf("docs/%s: no test is named in %s", page, row)
			}
		}
		named := len(proofName.FindAllString(string(text), -1))
		for _, part := range roomPart.FindAllStringSubmatch(string(text), -1) {
			for _, name := range proofName.FindAllString(part[2], -1) {
				named--
				if !hasProof(t, part[1], name) {
					t.Errorf("docs/%s: there is no %s in %s", page, name, part[1])
				}
			}
		}
		if named > 0 {
			t.Errorf("docs/%s: %d tests are named without their room, such as `models`: TestX", page, named)
		}
	}
}

// hasProof tells whether a room has a test, or a file of tests.
func hasProof(t *testing.T, room, name string) bool {
	t.Helper()
	folder := filepath.Join("..", filepath.FromSlash(room))
	if strings.HasSuffix(name, "_test.go") {
		_, err := os.Stat(filepath.Join(folder, name))
		return err == nil
	}
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "\nfunc "+name+"(") {
			return true
		}
	}
	return false
}
