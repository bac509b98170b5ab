package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/ringback/ringback/models/modelstest"
)

var (
	tourPart  = regexp.MustCompile(`(?s)<!-- tour -->(.*?)<!-- /tour -->`)
	shellPart = regexp.MustCompile("(?ms)^```sh\n(.*?)^```")
)

// tour returns the commands that the README promises to work, block by block.
func tour(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for _, part := range tourPart.FindAllStringSubmatch(string(text), -1) {
		for _, block := range shellPart.FindAllStringSubmatch(part[1], -1) {
			blocks = append(blocks, block[1])
		}
	}
	if len(blocks) == 0 {
		t.Fatal("the README has no ```sh block between <!-- tour --> and <!-- /tour -->")
	}
	return blocks
}

func TestReadmeTourWorks(t *testing.T) {
	t.Parallel()
	blocks := tour(t)
	env := vars{"DATABASE_URL": "", "REDIS_URL": ""} // a newcomer has neither
	s := startServer(t, options{env: env})
	url, arrived := startReceive(t)
	var script strings.Builder
	for i, block := range blocks {
		fmt.Fprintf(&script, "echo '--- block %d'\n%s\n", i+1, block)
	}
	fmt.Fprintln(&script, "echo '--- end'")
	text := strings.NewReplacer(
		"127.0.0.1:8080", strings.TrimPrefix(s.base, "http://"), "127.0.0.1:9000", strings.TrimPrefix(url, "http://"),
	).Replace(script.String())
	cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", text)
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "TOKEN="+s.token, "KEY="+s.key)
	var stdout, stderr modelstest.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("the tour stops: %v\n%s\n%s", err, &stdout, &stderr)
	}
	if out := stdout.String(); strings.Contains(out, `"errors"`) || !strings.HasSuffix(out, "--- end\n") {
		t.Errorf("the tour gets errors:\n%s\n%s", out, &stderr)
	}
	if strings.Contains(script.String(), "127.0.0.1:9000") {
		modelstest.Eventually(t, "the tour's callback arrives", func() bool { return strings.Contains(arrived.String(), "POST /") })
	}
}
