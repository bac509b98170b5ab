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

// tour returns the commands that a page promises to work, block by block.
func tour(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
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
		t.Fatalf("%s has no ```sh block between <!-- tour --> and <!-- /tour -->", file)
	}
	return blocks
}

// arrivals are what tells of each callback of the README's tour.
var arrivals = []string{
	"message=test", "message=crawl_status", "message=report_download_available", `"custom_data"`, `"action":"RESOLVED"`,
}

func TestReadmeTourWorks(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{env: vars{"DATABASE_URL": "", "REDIS_URL": ""}}) // a newcomer has neither
	s.takeTour(t, "../README.md", arrivals...)
	s.stop(t)
	s.startAgain(t, nil).takeTour(t, "../README.md", arrivals...) // on what it has left behind
}

func TestPartnersTourWorks(t *testing.T) {
	t.Parallel()
	startServer(t, options{env: vars{"DATABASE_URL": "", "REDIS_URL": ""}}).takeTour(t, "../docs/partners.md", `"eventType"`)
}

// takeTour runs all blocks of a page as one script, as somebody types them into one shell, and wants the callbacks to arrive.
func (s *instance) takeTour(t *testing.T, file string, arrive ...string) {
	t.Helper()
	url, arrived := startReceive(t)
	var script strings.Builder
	for i, block := range tour(t, file) {
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
	if out := stdout.String(); strings.Contains(out+stderr.String(), `"errors"`) || !strings.HasSuffix(out, "--- end\n") {
		t.Errorf("the tour gets errors:\n%s\n%s", out, &stderr)
	}
	for _, want := range arrive {
		modelstest.Eventually(t, want+" arrives", func() bool { return strings.Contains(arrived.String(), want) })
	}
}
