package models_test

import (
	"archive/zip"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
)

// zoneNames are those of the tz database, as Go has it.
func zoneNames(t *testing.T) []string {
	t.Helper()
	root, err := exec.CommandContext(t.Context(), "go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	files, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib", "time", "zoneinfo.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = files.Close() }()
	var names []string
	for _, f := range files.File {
		if !f.FileInfo().IsDir() && f.Name != "Factory" { // the zone of a machine that was told none
			names = append(names, f.Name)
		}
	}
	return names
}

func TestEveryNameOfTheTZDatabaseIsAZoneAndNothingElse(t *testing.T) {
	t.Parallel()
	names := zoneNames(t)
	if len(names) < 400 {
		t.Fatalf("only %d names", len(names))
	}
	for _, name := range names {
		if _, err := models.LoadZone("timezone", name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{
		"", " ", "Local", "local", "localtime", "posixrules", "Factory", "./UTC", "/UTC", "UTC/", "Etc/../UTC",
		"../zoneinfo/UTC", "right/UTC", "right/Europe/London",
		"posix/Europe/London", "SystemV/EST5", "Europe", "Europe/", "Europe//London", "Europe/London ", " Europe/London",
		"Europe\\London", "europe/london",
		"zone.tab", "tzdata.zi", "/etc/localtime", "Mars/Olympus", "UTC\x00", "+01:00", "UTC+1",
	} {
		_, err := models.LoadZone("timezone", name)
		modelstest.WantError(t, err, models.CodeBadUserInput, "timezone")
	}
}
