package main

import (
	"cmp"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

var tableRow = regexp.MustCompile("(?m)^\\| `([A-Z_]+)` \\| ([^|]*) \\| ([^|]*) \\|")

func TestReadmeTableHasEveryVariableWithItsDefaultAndWhatTheHelpSays(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	inReadme := map[string][]string{}
	for _, row := range tableRow.FindAllStringSubmatch(string(text), -1) {
		inReadme[row[1]] = row[2:]
	}
	for field := range reflect.TypeFor[config]().Fields() {
		name, help := field.Tag.Get("env"), field.Tag.Get("help")
		cells, there := inReadme[name]
		delete(inReadme, name)
		if !there {
			t.Errorf("%s is not in the README's table", name)
			continue
		}
		want := cmp.Or(field.Tag.Get("envDefault"), field.Tag.Get("computed"), "empty")
		// What follows the default is how it changes with something else.
		if given := unquoted(cells[0]); given != want && !strings.HasPrefix(given, want+";") {
			t.Errorf("%s: the README says %q, the default is %q", name, cells[0], want)
		}
		if help == "" || !strings.HasPrefix(unquoted(cells[1]), help) {
			t.Errorf("%s: the README says %q and --help %q, with which it is to begin", name, cells[1], help)
		}
	}
	for name := range inReadme {
		t.Errorf("%s stands in the README's table, but nothing reads it", name)
	}
}

// unquoted is a cell's text without the backquotes.
func unquoted(cell string) string { return strings.ReplaceAll(cell, "`", "") }

func TestHelpNamesEveryVariable(t *testing.T) {
	t.Parallel()
	status, stdout, stderr := runCommand(t, nil, "--help")
	if status != exitOK || stderr != "" {
		t.Errorf("exit status %d: %s", status, stderr)
	}
	_, stdout, _ = strings.Cut(stdout, "\nEnvironment")
	for _, name := range variables() {
		if !strings.Contains(stdout, "\n  "+name+"=") {
			t.Errorf("--help does not name %s", name)
		}
	}
	for _, want := range []string{"  RINGBACK_TIMEOUT=30s\n      of one callback's", "  RINGBACK_BODY_RETENTION=(as RINGBACK_RETENTION)\n", "  REDIS_URL=\n"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("--help does not say %q: %s", want, stdout)
		}
	}
}
