package main

import (
	"encoding/base64"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAllProblemsOfTheConfigurationAreToldAtOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env  []string
		want []string // the variables, in order
	}{
		"everything": {
			[]string{
				"RINGBACK_ADDR=nowhere", "RINGBACK_PUBLIC_URL=ftp://x", "DATABASE_URL=mysql://x", "REDIS_URL=http://x",
				"RINGBACK_QUEUE=a:b", "RINGBACK_PLATFORM_KEY=short-hidden", "RINGBACK_ENCRYPTION_KEY=aGlkZGVu",
				"RINGBACK_ALLOWED_NETWORKS=10.0.0.0/99", "RINGBACK_TIMEOUT=soon", "RINGBACK_RETRY_SCHEDULE=5s,-1s",
				"RINGBACK_CONCURRENCY=many", "RINGBACK_LOG_FORMAT=xml",
			},
			[]string{
				"DATABASE_URL", "REDIS_URL", "RINGBACK_ADDR", "RINGBACK_ALLOWED_NETWORKS", "RINGBACK_CONCURRENCY", "RINGBACK_ENCRYPTION_KEY",
				"RINGBACK_LOG_FORMAT", "RINGBACK_PLATFORM_KEY", "RINGBACK_PUBLIC_URL", "RINGBACK_QUEUE", "RINGBACK_RETRY_SCHEDULE", "RINGBACK_TIMEOUT",
			},
		},
		"Postgres without a key":  {[]string{"DATABASE_URL=postgres://u:hidden@h/d"}, []string{"RINGBACK_ENCRYPTION_KEY"}},
		"a key of 16 bytes":       {[]string{"RINGBACK_ENCRYPTION_KEY=" + base64.StdEncoding.EncodeToString(make([]byte, 16))}, []string{"RINGBACK_ENCRYPTION_KEY"}},
		"no time":                 {[]string{"RINGBACK_TIMEOUT=10ms"}, []string{"RINGBACK_TIMEOUT"}},
		"too much time":           {[]string{"RINGBACK_TIMEOUT=11m"}, []string{"RINGBACK_TIMEOUT"}},
		"nobody to work":          {[]string{"RINGBACK_CONCURRENCY=0"}, []string{"RINGBACK_CONCURRENCY"}},
		"an address, not a block": {[]string{"RINGBACK_ALLOWED_NETWORKS=10.0.0.1,x"}, []string{"RINGBACK_ALLOWED_NETWORKS"}},
		"a schedule of no time":   {[]string{"RINGBACK_RETRY_SCHEDULE=0s"}, []string{"RINGBACK_RETRY_SCHEDULE"}},
	} {
		for _, args := range [][]string{{}, {"serve"}, {"config"}, {"migrate", "status"}, {"health"}} {
			status, stdout, stderr := runCommand(t, c.env, args...)
			var got []string
			for line := range strings.Lines(stderr) {
				if variable, says, ok := strings.Cut(strings.TrimSpace(line), ": "); ok && strings.HasPrefix(line, "  ") && says != "" {
					got = append(got, variable)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" || status != exitUsage || stdout != "" {
				t.Errorf("%s, %v: exit status %d (-want +got):\n%s%s", name, args, status, diff, stderr)
			}
			if strings.Contains(stderr, "hidden") || strings.Contains(stderr, "aGlkZGVu") {
				t.Errorf("%s: a secret is told: %s", name, stderr)
			}
		}
	}
}

func TestConfigMasksSecrets(t *testing.T) {
	t.Parallel()
	key := base64.StdEncoding.EncodeToString([]byte("an-encryption-key-of-32-bytes-xx"))
	status, stdout, stderr := runCommand(t, []string{
		"DATABASE_URL=postgres://ringback:hidden-1@db.example.com/ringback?password=hidden-4&sslmode=disable", "REDIS_URL=redis-sentinel://:hidden-2@one:26379?master=m&password=hidden-5",
		"RINGBACK_PLATFORM_KEY=hidden-3-hidden-3-hidden-3", "RINGBACK_ENCRYPTION_KEY=" + key, "RINGBACK_QUEUE=mine",
		"RINGBACK_RETRY_SCHEDULE=none", "RINGBACK_ALLOWED_NETWORKS=10.0.0.0/8, fd00::/8", "RINGBACK_CORS_ORIGINS=https://a.example,https://b.example",
	}, "config")
	if status != exitOK || strings.Contains(stdout+stderr, "hidden") || strings.Contains(stdout+stderr, key) {
		t.Errorf("exit status %d: %s%s", status, stdout, stderr)
	}
	golden(t, "config.txt", stdout)
}

func TestConfigOfNothing(t *testing.T) {
	t.Parallel()
	// A variable that is set to nothing counts as not set.
	status, stdout, stderr := runCommand(t, []string{"DATABASE_URL=", "RINGBACK_TIMEOUT= ", "RINGBACK_CONCURRENCY="}, "config")
	if status != exitOK || stderr != "" {
		t.Errorf("exit status %d: %s", status, stderr)
	}
	golden(t, "config_default.txt", stdout)
}

var tableRow = regexp.MustCompile("(?m)^\\| `([A-Z_]+)` \\| ([^|]*) \\|")

func TestReadmeTableHasEveryVariableWithItsDefault(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	inReadme := map[string]string{}
	for _, row := range tableRow.FindAllStringSubmatch(string(text), -1) {
		inReadme[row[1]] = row[2]
	}
	kind := reflect.TypeFor[config]()
	for i := range kind.NumField() {
		tag := kind.Field(i).Tag
		name, want := tag.Get("env"), tag.Get("envDefault")
		cell, there := inReadme[name]
		delete(inReadme, name)
		// The cell begins with the default in backquotes; without one it says in words what happens.
		quoted := regexp.MustCompile("^`([^`]*)`").FindStringSubmatch(strings.TrimSpace(cell))
		switch {
		case !there:
			t.Errorf("%s is not in the README's table", name)
		case want != "" && (quoted == nil || quoted[1] != want):
			t.Errorf("%s: the README says %q, the default is %q", name, cell, want)
		case want == "" && quoted != nil && !computedDefault(name, quoted[1]):
			t.Errorf("%s: the README says %q, but there is no default", name, cell)
		}
	}
	for name := range inReadme {
		t.Errorf("%s stands in the README's table, but nothing reads it", name)
	}
}

// computedDefault: some defaults follow from other variables; their README cell says how.
func computedDefault(name, text string) bool {
	return slices.Contains([]string{"RINGBACK_PUBLIC_URL http://", "RINGBACK_LOG_FORMAT text"}, name+" "+text)
}
