package main

import (
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
)

func TestVersionOfTheLinkerWins(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		linked, module, want string
	}{
		"the linker's": {"1.2.3", "v9.9.9", "1.2.3"},
		"a release":    {unset, "v1.2.3", "v1.2.3"},
		"a commit": {
			unset, "v0.0.0-20261128050000-605a45e00000+dirty", "v0.0.0-20261128050000-605a45e00000+dirty",
		},
		"outside a repository":   {unset, "(devel)", unset},
		"built by other means":   {unset, "", unset},
		"the linker's, no other": {"1.2.3", "(devel)", "1.2.3"},
	} {
		if got := moduleVersion(c.linked, &debug.BuildInfo{Main: debug.Module{Version: c.module}}); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if got := moduleVersion(unset, nil); got != unset {
		t.Errorf("without any information: %q", got)
	}
}

func TestVersionNamesWhatItWasBuiltFrom(t *testing.T) {
	t.Parallel()
	info := &debug.BuildInfo{GoVersion: "go1.26.8", Settings: []debug.BuildSetting{
		{Key: "vcs.revision", Value: "605a45e"},
		{Key: "vcs.time", Value: "2026-11-28T05:00:00Z"},
		{Key: "vcs.modified", Value: "true"},
		{Key: "GOOS", Value: "linux"},
		{Key: "GOARCH", Value: "arm64"},
	}}
	for name, c := range map[string]struct {
		info *debug.BuildInfo
		want string
	}{
		"all": {info, "ringback 1.2.3\ncommit   605a45e, changed since\ndate     2026-11-28T05:00:00Z\ngo       " +
			"go1.26.8 linux/arm64\n"},
		"nothing": {nil, "ringback 1.2.3\ncommit   unknown\ndate     unknown\ngo       unknown unknown/unknown\n"},
	} {
		if got := buildLines("1.2.3", c.info); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
		}
	}
}

func TestVersionIsPrintedByTheCommandAndTheFlag(t *testing.T) {
	t.Parallel()
	// Neither reads the configuration: who has broken it can still say which release that is.
	env := []string{"RINGBACK_ADDR=nowhere"}
	for _, arg := range []string{"version", "--version"} {
		status, stdout, stderr := runCommand(t, env, arg)
		if status != exitOK || stderr != "" || !strings.HasPrefix(stdout, "ringback "+version+"\n") ||
			strings.Count(stdout, "\n") != 4 ||
			!strings.Contains(stdout, "\ngo       "+runtime.Version()+" ") {
			t.Errorf("%s: exit status %d: %q%s", arg, status, stdout, stderr)
		}
	}
}

// The Dockerfile and those who package it rely on the flag.
func TestVersionThatIsLinkedIsPrinted(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("links the program")
	}
	program := filepath.Join(t.TempDir(), "ringback")
	build := exec.CommandContext(t.Context(), "go", "build", "-ldflags", "-X main.version=1.2.3", "-o", program, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	out, err := exec.CommandContext(t.Context(), program, "--version").Output()
	if err != nil || !strings.HasPrefix(string(out), "ringback 1.2.3\n") {
		t.Errorf("%v: %s", err, out)
	}
}
