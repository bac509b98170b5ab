package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// There may be no Docker where the tests run: what its build reads, and the command that it runs, are tried without it.
func TestImageIsBuiltFromWhatTheIgnoreRulesLetThrough(t *testing.T) {
	t.Parallel()
	if os.Getenv("TEST_IMAGE") == "" {
		t.Skip("compiles everything once more: .ci/run sets TEST_IMAGE")
	}
	context, steps := t.TempDir(), dockerfile(t, "../Dockerfile")
	copyContext(t, "..", context)
	build := ""
	for _, step := range steps {
		word, rest, _ := strings.Cut(step, " ")
		switch {
		case word == "COPY" && !strings.HasPrefix(rest, "--from="):
			sources := strings.Fields(rest)
			for _, source := range sources[:len(sources)-1] {
				if _, err := os.Stat(filepath.Join(context, source)); err != nil {
					t.Errorf("%s: %v", step, err)
				}
			}
		case word == "RUN" && strings.Contains(rest, "go build "):
			build = rest
		}
	}
	const output = "-o /ringback "
	if !strings.Contains(build, output) {
		t.Fatalf("no RUN with %q among %q", output, steps)
	}
	binary := filepath.Join(t.TempDir(), "ringback")
	command := exec.CommandContext(t.Context(), "sh", "-c", strings.Replace(build, output, "-o "+binary+" ", 1))
	command.Dir, command.Env = context, append(os.Environ(), "VERSION=test")
	if text, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", build, err, text)
	}
	command = exec.CommandContext(t.Context(), binary, "demo")
	command.Dir, command.Env = t.TempDir(), []string{"TMPDIR=" + t.TempDir()}
	if text, err := command.CombinedOutput(); err != nil || !strings.Contains(string(text), "really sent and received") {
		t.Errorf("demo: %v\n%s", err, text)
	}
}

// dockerfile returns the instructions, one a string.
func dockerfile(t *testing.T, path string) (steps []string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(strings.ReplaceAll(string(text), "\\\n", " ")) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			steps = append(steps, line)
		}
	}
	return steps
}

// copyContext copies what `docker build` would send: all that .dockerignore does not leave out.
func copyContext(t *testing.T, from, to string) {
	t.Helper()
	rules, err := os.Open(filepath.Join(from, ".dockerignore"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rules.Close() }()
	patterns, err := ignorefile.ReadAll(rules)
	if err != nil {
		t.Fatal(err)
	}
	matcher, err := patternmatcher.New(patterns)
	if err != nil {
		t.Fatal(err)
	}
	folders := map[string]patternmatcher.MatchInfo{} // what the rules say of a folder holds for what is in it
	err = fs.WalkDir(os.DirFS(from), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == "." {
			return err
		}
		ignored, match, err := matcher.MatchesUsingParentResults(path, folders[filepath.Dir(path)])
		if err != nil {
			return err
		}
		if entry.IsDir() {
			folders[path] = match
			return nil
		}
		if ignored {
			return nil
		}
		if err := os.MkdirAll(filepath.Join(to, filepath.Dir(path)), 0o755); err != nil {
			return err
		}
		text, err := os.ReadFile(filepath.Join(from, path))
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, path), text, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
}
