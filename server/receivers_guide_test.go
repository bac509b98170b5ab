package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
)

const guide = "receivers.md"

var (
	// A block of code, with the file that it is made of: <!-- models/job/testdata/job_resolved.json -->
	guideBlock = regexp.MustCompile("(?ms)^(?:<!-- (\\S+) -->\n)?```(\\w*)\n(.*?)^```$")
	// A row of the table of examples: | Go | [receiver.go](verify/receiver.go) | `go run ./docs/verify` |
	exampleRow = regexp.MustCompile("(?m)^\\| ([A-Z][A-Za-z]+) \\| \\[\\S+\\]\\((verify/receiver\\.\\w+)\\) \\| `([^`]+)` \\|$")
)

// TestTheGuideShowsTheBodiesThatAreSent: each block of it is a golden file, and each event has one. With -update they are written anew.
func TestTheGuideShowsTheBodiesThatAreSent(t *testing.T) {
	t.Parallel()
	text := page(t, guide)
	got := guideBlock.ReplaceAllStringFunc(text, func(block string) string {
		match := guideBlock.FindStringSubmatch(block)
		if match[1] == "" {
			if match[2] != "graphql" { // TestReceiversOfTheGuide runs these
				t.Errorf("docs/%s: nobody looks whether this is right: %s", guide, block)
			}
			return block
		}
		return "<!-- " + match[1] + " -->\n```" + match[2] + "\n" + legible(t, match[1]) + "\n```"
	})
	if modelstest.Updating() {
		if err := os.WriteFile("../docs/"+guide, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	} else if got != text {
		t.Errorf("docs/%s shows other bodies than are sent; -update mends it", guide)
	}
	for _, name := range callback.EventNames() {
		_, section, found := strings.Cut(text, "\n### "+string(name)+"\n")
		section, _, _ = strings.Cut(section, "\n### ")
		if match := guideBlock.FindStringSubmatch(section); !found || match == nil || match[1] == "" {
			t.Errorf("docs/%s shows no %s", guide, name)
		}
	}
}

// legible is a golden file with a line for each field, and all else as it is sent.
func legible(t *testing.T, file string) string {
	t.Helper()
	body, err := os.ReadFile("../" + file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(file, ".json") {
		return strings.ReplaceAll(string(body), "&", "\n&")
	}
	var out bytes.Buffer
	if err := json.Indent(&out, body, "", "  "); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestTheGuideHasTheRetries(t *testing.T) {
	t.Parallel()
	c, err := parseConfig(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range c.lines() {
		if name, value, _ := strings.Cut(line, "="); name == "RINGBACK_RETRY_SCHEDULE" && !strings.Contains(page(t, guide), "`"+value+"`") {
			t.Errorf("docs/%s has other retries than %s", guide, value)
		}
	}
}

// example is a receiver of the guide, as the guide starts it.
type example struct{ language, file, command string }

func examples(t *testing.T) (all []example) {
	t.Helper()
	for _, row := range exampleRow.FindAllStringSubmatch(page(t, guide), -1) {
		all = append(all, example{row[1], row[2], row[3]})
	}
	if len(all) != 4 {
		t.Fatalf("docs/%s has %d receivers, want 4", guide, len(all))
	}
	return all
}

// started is an example that runs.
type started struct {
	url            string
	folder         string // where it stores what comes; it is not there yet
	stdout, stderr modelstest.Buffer
	end            func() // kills it, and returns when all that it has printed was read
}

// start runs the example until the test ends.
func (e example) start(t *testing.T, secret string) *started {
	t.Helper()
	program, _, _ := strings.Cut(e.command, " ")
	if _, err := exec.LookPath(program); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	r := &started{folder: filepath.Join(t.TempDir(), "store")}
	cmd := exec.Command("/bin/sh", "-c", "exec "+e.command)
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "WEBHOOK_SECRET="+secret, "PORT=0", "STORE="+r.folder, "CGO_ENABLED=0")
	cmd.Stdout, cmd.Stderr = &r.stdout, &r.stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // go run has a child, which ends with it
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r.end = sync.OnceFunc(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})
	t.Cleanup(func() {
		r.end()
		if t.Failed() {
			t.Logf("%s: %s%s", e.file, &r.stdout, &r.stderr)
		}
	})
	listens := regexp.MustCompile(`http://127\.0\.0\.1:\d+`)
	modelstest.Eventually(t, e.file+" listens", func() bool {
		r.url = listens.FindString(r.stdout.String() + r.stderr.String())
		return r.url != ""
	})
	return r
}

// stored is what an example keeps of a callback.
type stored struct {
	Ref, Event string
	Body       map[string]any
}

// stored ends the example, and returns what it has stored, by the refs. Of what could not be stored nothing is left.
func (r *started) stored(t *testing.T) map[string]stored {
	t.Helper()
	r.end()
	files, err := os.ReadDir(r.folder)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]stored{}
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join(r.folder, file.Name()))
		if err != nil {
			t.Fatal(err)
		}
		var s stored
		if err := json.Unmarshal(text, &s); err != nil {
			t.Fatalf("%s: %s: %v", file.Name(), text, err)
		}
		if _, twice := all[s.Ref]; twice {
			t.Errorf("%s is stored twice", s.Ref)
		}
		all[s.Ref] = s
	}
	return all
}
