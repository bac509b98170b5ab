package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	// A link to a file, to a heading of one, or of the same page: [a](b.md), [a](b.md#c), [a](#c)
	linkToFile = regexp.MustCompile(`\]\(([^)#:]*)(?:#([^)]*))?\)`)
	heading    = regexp.MustCompile(`(?m)^#+ (.*)$`)
	notAnchor  = regexp.MustCompile(`[^\w\- ]`)
	makeTarget = regexp.MustCompile("(?m)(?:`|^)make ([a-z-]+)")
)

// TestLinksLeadSomewhere: from every page to a file that is there, to a heading that it has, and to a target of the Makefile.
func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{"..", "../docs"} {
		pages, err := filepath.Glob(folder + "/*.md")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range pages {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, link := range linkToFile.FindAllStringSubmatch(string(text), -1) {
				target := filepath.Join(folder, link[1])
				if link[1] == "" {
					target = file
				}
				if _, err := os.Stat(target); err != nil {
					t.Errorf("%s: %v", file, err)
				} else if link[2] != "" && !hasHeading(t, target, link[2]) {
					t.Errorf("%s: %s has no #%s", file, target, link[2])
				}
			}
			for _, target := range makeTarget.FindAllStringSubmatch(string(text), -1) {
				if !strings.Contains(string(makefile), "\n"+target[1]+":") {
					t.Errorf("%s: there is no make %s", file, target[1])
				}
			}
		}
	}
}

// hasHeading tells whether a page has the anchor that GitHub makes of a heading.
func hasHeading(t *testing.T, file, anchor string) bool {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(heading.FindAllStringSubmatch(string(text), -1), func(h []string) bool {
		return strings.ReplaceAll(notAnchor.ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-") == anchor
	})
}
