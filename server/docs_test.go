package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

var (
	// A room and what follows it, on other lines too: `models/store`: TestX, pool_test.go
	roomPart  = regexp.MustCompile("`([a-z]+(?:/[a-z]+)*)`:([^`]*)")
	proofName = regexp.MustCompile(`\b(?:Test|Fuzz)[A-Z]\w*|\b\w+_test\.go\b`)
	// All that the last cell of a row may be.
	proofs = regexp.MustCompile("^(?:the same|(?:`[a-z/]+`: " + aProof + "(?:, " + aProof + ")*(?:; |$))+)$")
	// The end of a paragraph.
	proofsInBrackets = regexp.MustCompile("(?s)\\((`[a-z/]+`:[^()]*)\\)\\.$")
)

const aProof = `(?:(?:Test|Fuzz)[A-Z]\w*|\w+_test\.go)`

// promises are the pages all of whose rows and paragraphs are promises, but for the first paragraph and what is asked of the reader.
var promises = []string{"guarantees.md", "security.md"}

const asksTheReader = "\n## How to report\n"

func page(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../docs/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestEveryPromiseNamesItsProof: a row of a table in its last cell, which has nothing else, and a paragraph at its end.
func TestEveryPromiseNamesItsProof(t *testing.T) {
	t.Parallel()
	for _, name := range promises {
		text, _, _ := strings.Cut(page(t, name), asksTheReader)
		blocks := strings.Split(strings.TrimSpace(text), "\n\n")
		for _, block := range blocks[2:] { // behind the title and the first paragraph
			lines := strings.Split(block, "\n")
			switch {
			case strings.HasPrefix(block, "#"):
			case !strings.HasPrefix(block, "|"):
				if last := proofsInBrackets.FindStringSubmatch(block); last == nil || !proofs.MatchString(strings.Join(strings.Fields(last[1]), " ")) {
					t.Errorf("docs/%s: no proof at the end of: %s", name, block)
				}
			default:
				for _, row := range lines[2:] {
					cells := strings.Split(row, "|")
					if last := strings.TrimSpace(cells[len(cells)-2]); !proofs.MatchString(last) {
						t.Errorf("docs/%s: this is more than proofs, or less: %s", name, last)
					}
				}
			}
		}
	}
}

// TestTheProofsThatTheDocsNameExist: a promise whose test was renamed or removed is a promise that nobody keeps.
func TestTheProofsThatTheDocsNameExist(t *testing.T) {
	t.Parallel()
	for _, name := range promises {
		text := page(t, name)
		named := len(proofName.FindAllString(text, -1))
		for _, part := range roomPart.FindAllStringSubmatch(text, -1) {
			for _, proof := range proofName.FindAllString(part[2], -1) {
				named--
				if !hasProof(t, part[1], proof) {
					t.Errorf("docs/%s: there is no %s in %s", name, proof, part[1])
				}
			}
		}
		if named > 0 {
			t.Errorf("docs/%s: %d tests are named without their room, such as `models`: TestX", name, named)
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

// A default and its variable: 1,000, `RINGBACK_X`, or 8, by `RINGBACK_X`.
var defaultInDocs = regexp.MustCompile("([0-9][0-9,]*)( [A-Za-z]+)?(?: each)?, (?:by )?`(RINGBACK_[A-Z_]+)`")

func TestTheDocsHaveTheDefaultsOfTheConfiguration(t *testing.T) {
	t.Parallel()
	c, err := parseConfig(nil)
	if err != nil {
		t.Fatal(err)
	}
	defaults := map[string]string{}
	for _, line := range c.lines() {
		name, value, _ := strings.Cut(line, "=")
		defaults[name] = value
	}
	var all time.Duration
	for _, delay := range c.RetrySchedule.Schedule {
		all += delay
	}
	defaults["RINGBACK_RETRY_SCHEDULE"] = strconv.Itoa(len(c.RetrySchedule.Schedule) + 1) // attempts
	defaults["RINGBACK_RETENTION"] = strconv.Itoa(int(time.Duration(c.Retention).Hours()/24)) + "days"
	seen := 0
	for _, name := range append(slices.Clone(promises), "operations.md") {
		text := page(t, name)
		for _, match := range defaultInDocs.FindAllStringSubmatch(text, -1) {
			seen++
			if given := strings.NewReplacer(",", "", " ", "").Replace(match[1] + match[2]); given != defaults[match[3]] {
				t.Errorf("docs/%s: %s is %s, not %s", name, match[3], defaults[match[3]], given)
			}
		}
		for _, variable := range regexp.MustCompile(`RINGBACK_[A-Z_]+`).FindAllString(text, -1) {
			if _, there := defaults[variable]; !there {
				t.Errorf("docs/%s: there is no %s", name, variable)
			}
		}
	}
	if seen < 10 {
		t.Errorf("only %d defaults were found", seen)
	}
	if hours := fmt.Sprintf("%d h", int(all.Hours())); strings.Count(page(t, "guarantees.md"), hours) != 2 {
		t.Errorf("all retries take %s by default, which docs/guarantees.md does not say of notices and of lines", hours)
	}
}

func TestTheMetricsThatTheDocsNameExist(t *testing.T) {
	t.Parallel()
	var sources strings.Builder
	for _, folder := range []string{"../jobs", "."} {
		files, err := filepath.Glob(folder + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			sources.Write(text)
		}
	}
	for _, name := range append(slices.Clone(promises), "operations.md") {
		for _, metric := range regexp.MustCompile(`\bringback_[a-z_]+`).FindAllString(page(t, name), -1) {
			if !strings.Contains(sources.String(), `"`+metric+`"`) {
				t.Errorf("docs/%s: there is no %s", name, metric)
			}
		}
	}
}
