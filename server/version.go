package main

import (
	"cmp"
	"fmt"
	"runtime/debug"
)

// unset is the version that nobody has set.
const unset = "dev"

// version is set by the linker: -ldflags "-X main.version=1.2.3". Where it is not, main takes that of the module, if it
// has one.
var version = unset

// moduleVersion is what the linker has set, or else the version with which the module was built: of a release that `go
// install` has fetched, or of a commit. A build outside a repository, as that of `go run`, has none.
func moduleVersion(linked string, info *debug.BuildInfo) string {
	if linked != unset || info == nil || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return linked
	}
	return info.Main.Version
}

// buildLines say what this program was built from: what a report of a fault begins with.
func buildLines(version string, info *debug.BuildInfo) string {
	if info == nil {
		info = &debug.BuildInfo{}
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	const unknown = "unknown"
	commit := cmp.Or(settings["vcs.revision"], unknown)
	if settings["vcs.modified"] == "true" {
		commit += ", changed since"
	}
	return fmt.Sprintf("ringback %s\ncommit   %s\ndate     %s\ngo       %s %s/%s\n", version, commit, cmp.Or(settings["vcs.time"], unknown),
		cmp.Or(info.GoVersion, unknown), cmp.Or(settings["GOOS"], unknown), cmp.Or(settings["GOARCH"], unknown))
}

type versionCommand struct{}

// Run prints it.
func (versionCommand) Run(e *environment) error {
	fmt.Fprint(e.stdout, buildText())
	return nil
}

// buildText are the lines of this program.
func buildText() string {
	info, _ := debug.ReadBuildInfo()
	return buildLines(version, info)
}
