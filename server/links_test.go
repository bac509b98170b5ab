package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	linkToFile = regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)
	makeTarget = regexp.MustCompile("(?m)(?:`|^)make ([a-z-]+)")
)

// TestLinksLeadSomewhere: from every page to a file that is there, and to a target of the Makefile.
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
				if _, err := os.Stat(filepath.Join(folder, link[1])); err != nil {
					t.Errorf("%s: %v", file, err)
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
