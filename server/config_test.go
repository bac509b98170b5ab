package main

import (
	"bufio"
	"encoding/base64"
	"net"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/jobs"
	"github.com/ringback/ringback/jobs/egress/egresstest"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
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
		"quotes at the ends":      {[]string{`RINGBACK_PLATFORM_KEY="hidden-hidden-hidden-hidden"`, "REDIS_URL='redis://h'"}, []string{"REDIS_URL", "RINGBACK_PLATFORM_KEY"}},
		"a line break within":     {[]string{"RINGBACK_PLATFORM_KEY=hidden-hidden-\nhidden-hidden"}, []string{"RINGBACK_PLATFORM_KEY"}},
		"a key no header carries": {[]string{"RINGBACK_PLATFORM_KEY=hidden hidden hidden hidden"}, []string{"RINGBACK_PLATFORM_KEY"}},
		"origins with paths":      {[]string{"RINGBACK_CORS_ORIGINS=https://a.example/, https://b.example"}, []string{"RINGBACK_CORS_ORIGINS"}},
		"an origin's usual port":  {[]string{"RINGBACK_CORS_ORIGINS=https://a.example:443"}, []string{"RINGBACK_CORS_ORIGINS"}},
		"an upper-case origin":    {[]string{"RINGBACK_CORS_ORIGINS=https://App.example"}, []string{"RINGBACK_CORS_ORIGINS"}},
		"a proxy at no port":      {[]string{"RINGBACK_EGRESS_PROXY=http://proxy.example:0"}, []string{"RINGBACK_EGRESS_PROXY"}},
		"a host, not an origin":   {[]string{"RINGBACK_CORS_ORIGINS=a.example"}, []string{"RINGBACK_CORS_ORIGINS"}},
		"no name of a header":     {[]string{"RINGBACK_CORS_HEADERS=x-one, x two"}, []string{"RINGBACK_CORS_HEADERS"}},
		"a port too high":         {[]string{"RINGBACK_ADDR=127.0.0.1:99999"}, []string{"RINGBACK_ADDR"}},
		"half a day":              {[]string{"RINGBACK_RETENTION=0.5d"}, []string{"RINGBACK_RETENTION"}},
		"a retention of nothing":  {[]string{"RINGBACK_RETENTION=0", "RINGBACK_BODY_RETENTION=0", "RINGBACK_SOURCE_RETENTION=30m"}, []string{"RINGBACK_BODY_RETENTION", "RINGBACK_RETENTION", "RINGBACK_SOURCE_RETENTION"}},
		"bodies without rows":     {[]string{"RINGBACK_RETENTION=30d", "RINGBACK_BODY_RETENTION=31d"}, []string{"RINGBACK_BODY_RETENTION"}},
		"callbacks of nothing":    {[]string{"RINGBACK_RETENTION=30d", "RINGBACK_SOURCE_RETENTION=29d"}, []string{"RINGBACK_SOURCE_RETENTION"}},
		"days less hours":         {[]string{"RINGBACK_RETENTION=1d-1h"}, []string{"RINGBACK_RETENTION"}},
		"a link with credentials": {[]string{"RINGBACK_PUBLIC_URL=https://hidden:hidden@a.example"}, []string{"RINGBACK_PUBLIC_URL"}},
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
	modelstest.Golden(t, "config.txt", []byte(stdout))
}

func TestConfigOfNothing(t *testing.T) {
	t.Parallel()
	// A variable that is set to nothing counts as not set.
	status, stdout, stderr := runCommand(t, []string{"DATABASE_URL=", "RINGBACK_TIMEOUT= ", "RINGBACK_CONCURRENCY="}, "config")
	if status != exitOK || stderr != "" {
		t.Errorf("exit status %d: %s", status, stderr)
	}
	modelstest.Golden(t, "config_default.txt", []byte(stdout))
}

// Compose gives a container only what its file names.
func TestComposePassesEveryVariableOn(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	fixed := []string{"RINGBACK_ADDR", "DATABASE_URL", "REDIS_URL"}
	for field := range reflect.TypeFor[config]().Fields() {
		name := field.Tag.Get("env")
		want := "\n  " + name + ": "
		if !slices.Contains(fixed, name) {
			want += "${" + name + ":-"
		}
		if !strings.Contains(string(text), want) {
			t.Errorf("docker-compose.yml does not pass %s on", name)
		}
	}
}

// Who stops a process is to wait for as long as it may need, which is what the README tells them.
func TestAProcessHasTheTimeThatItNeedsToStop(t *testing.T) {
	t.Parallel()
	needs := requestDrain + jobs.StopMargin + flushTime
	c, err := parseConfig(nil)
	if err != nil {
		t.Fatal(err)
	}
	for page, says := range map[string]struct {
		text    string
		atLeast time.Duration
	}{
		"README.md":          {"give it `RINGBACK_TIMEOUT` and ([0-9]+) ?s", needs},
		"docker-compose.yml": {"stop_grace_period: ([0-9]+)s", c.Timeout + needs},
	} {
		text, err := os.ReadFile("../" + page)
		if err != nil {
			t.Fatal(err)
		}
		if given, err := time.ParseDuration(find(t, string(text), says.text) + "s"); err != nil || given < says.atLeast {
			t.Errorf("%s gives a process %s to stop, of which it may need %s (%v)", page, given, says.atLeast, err)
		}
	}
}

// A password with signs that mean something in a URL is refused, and no error repeats a part of it: neither of what a reader of URLs
// takes for it, nor of what is left of it in the host, the path or the fragment.
func TestNoPartOfAPasswordInAURLIsTold(t *testing.T) {
	t.Parallel()
	for _, password := range []string{
		"aaa@bbb/ccc#1%", "aaa@bbb/ccc#1", "aaa/bbb", "aaa?bbb", "aaa#bbb", "aaa@bbb", "aaa%zzbbb", "aaa%", "12/34bbb", "12?34bbb", "12#bbb", "/aaa", "@aaa", "aaa@@bbb", "aaa:bbb@ccc",
	} {
		for _, variable := range []string{
			"DATABASE_URL=postgres://user:%s@localhost:1/name", "DATABASE_URL=postgres://user:%s@localhost:1/name?sslmode=disable", "DATABASE_URL=postgresql://user:%s@one:1,two:2/name",
			"REDIS_URL=redis://user:%s@localhost:1/0", "REDIS_URL=redis://:%s@localhost:1", "REDIS_URL=rediss://:%s@localhost:1/0",
			"REDIS_URL=redis-sentinel://:%s@one,two:1?master=m", "REDIS_URL=redis-cluster://:%s@one,two:1",
		} {
			text := strings.Replace(variable, "%s", password, 1)
			name, _, _ := strings.Cut(text, "=")
			env := []string{text, "RINGBACK_ENCRYPTION_KEY=" + base64.StdEncoding.EncodeToString(make([]byte, 32))}
			status, stdout, stderr := runCommand(t, env, "serve")
			if status != exitUsage || !strings.Contains(stderr, "\n  "+name+": ") || !strings.Contains(stderr, "write @ as %40") || stdout != "" {
				t.Errorf("%s: exit status %d: %s%s", text, status, stdout, stderr)
			}
			for _, part := range regexp.MustCompile(`[a-z]{3}|[0-9]{2}`).FindAllString(password, -1) {
				if strings.Contains(stderr, part) {
					t.Errorf("%s: a part of the password is told: %s", text, stderr)
				}
			}
		}
	}
}

func TestURLsThatAreRightAreTaken(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"DATABASE_URL=postgres://user:p%40ss%2Fw%231%25@localhost:5432/name?sslmode=disable", "DATABASE_URL=postgresql://user@one:5432,two:5432/name?target_session_attrs=read-write",
		"DATABASE_URL=postgres:///name?host=/tmp", "DATABASE_URL=postgres://[::1]/name", "REDIS_URL=redis://user:p%40ss%2Fw%231%25@localhost:6379/0", "REDIS_URL=rediss://one",
		"REDIS_URL=redis-sentinel://:secret@one:26379,two?master=m&password=p%40ss", "REDIS_URL=redis-cluster://user:secret@one:6379,two,[::1]:6379?addr=three:6379",
	} {
		env := []string{text, "RINGBACK_ENCRYPTION_KEY=" + base64.StdEncoding.EncodeToString(make([]byte, 32))}
		if _, err := parseConfig(env); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestParametersOfTheDatabaseThatCannotBeUsedAreNamed(t *testing.T) {
	t.Parallel()
	_, err := parseConfig([]string{"DATABASE_URL=postgres://u:hidden@h/d?sslmode=perhaps", "RINGBACK_ENCRYPTION_KEY=" + base64.StdEncoding.EncodeToString(make([]byte, 32))})
	if err == nil || !strings.Contains(err.Error(), "sslmode is invalid") || strings.Contains(err.Error(), "hidden") {
		t.Errorf("%v", err)
	}
}

func TestWhiteSpaceAroundAValueIsNoPartOfIt(t *testing.T) {
	t.Parallel()
	for _, space := range []string{"\n", "\r\n", " ", "\t", " \n"} {
		c, err := parseConfig([]string{
			"RINGBACK_PLATFORM_KEY=" + space + "a-platform-key-of-the-operator" + space, "RINGBACK_QUEUE=mine" + space, "RINGBACK_TIMEOUT=5s" + space,
			"DATABASE_URL=" + space + "postgres://u@h/d" + space, "REDIS_URL=redis://h" + space, "RINGBACK_CONCURRENCY=7" + space,
			"RINGBACK_ENCRYPTION_KEY=" + base64.StdEncoding.EncodeToString(make([]byte, 32)) + space, "RINGBACK_LOG_FORMAT=" + space + "json",
		})
		if err != nil {
			t.Errorf("%q: %v", space, err)
			continue
		}
		got := []any{c.PlatformKey.Reveal(), c.Queue, c.Timeout, string(c.DatabaseURL), string(c.RedisURL), c.Concurrency, c.LogFormat}
		want := []any{"a-platform-key-of-the-operator", "mine", 5 * time.Second, "postgres://u@h/d", "redis://h", 7, "json"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", space, diff)
		}
	}
}

func TestRetentionMayBeInDays(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"30d": 720 * time.Hour, "1d12h": 36 * time.Hour, "36h": 36 * time.Hour, "65535d": 65535 * 24 * time.Hour} {
		c, err := parseConfig([]string{"RINGBACK_RETENTION=" + text})
		if err != nil || time.Duration(c.Retention) != want {
			t.Errorf("%s: %v, %v", text, c.Retention, err)
		}
		if again, err := parseConfig([]string{"RINGBACK_RETENTION=" + c.Retention.String()}); err != nil || again.Retention != c.Retention {
			t.Errorf("%s is printed as %s", text, c.Retention)
		}
	}
}

func TestPayloadsGoWithTheirRowsAndSourcesNeverUnlessItIsSaid(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]callback.Retention{
		"RINGBACK_RETENTION=30d": {Rows: 720 * time.Hour, Payloads: 720 * time.Hour},
		"RINGBACK_RETENTION=30d RINGBACK_BODY_RETENTION=1h RINGBACK_SOURCE_RETENTION=60d": {Rows: 720 * time.Hour, Payloads: time.Hour, Sources: 1440 * time.Hour},
		"RINGBACK_RETENTION=30d RINGBACK_BODY_RETENTION=30d RINGBACK_SOURCE_RETENTION=30d": {
			Rows: 720 * time.Hour, Payloads: 720 * time.Hour, Sources: 720 * time.Hour,
		},
	} {
		c, err := parseConfig(strings.Fields(text))
		if got := c.retention(); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
}

func TestProblemsAreToldInWordsOfOurOwn(t *testing.T) {
	t.Parallel()
	_, err := parseConfig([]string{
		"DATABASE_URL=postgres://u@h/x?target_session_attrs=rw", "RINGBACK_CONCURRENCY=many", "RINGBACK_QUOTA_SCHEDULES=1e6",
		"RINGBACK_QUOTA_RUN_BYTES=1 bag", "RINGBACK_TIMEOUT=30", "RINGBACK_RETENTION=30", "RINGBACK_RETRY_SCHEDULE=5",
	})
	if err == nil {
		t.Fatal("no problem")
	}
	for _, inner := range []string{"strconv", "time:", "parse", "%!", "nil"} {
		if strings.Contains(err.Error(), inner) {
			t.Errorf("%q stands in:\n%v", inner, err)
		}
	}
	for variable, value := range map[string]string{"1GiB": "1GiB", "1073741824": "1GiB", "512MiB": "512MiB"} {
		c, err := parseConfig([]string{"RINGBACK_QUOTA_RUN_BYTES=" + variable})
		if err != nil || c.QuotaRunBytes.String() != value {
			t.Errorf("%s is read as %s, %v", variable, c.QuotaRunBytes, err)
		}
	}
}

func TestWhatIsProbablyNotMeantIsWarnedOf(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env  []string
		want []string
	}{
		"a missing letter":      {[]string{"RINGBACK_CONCURENCY=5"}, []string{"RINGBACK_CONCURENCY: there is no such variable; did you mean RINGBACK_CONCURRENCY?"}},
		"a plural":              {[]string{"RINGBACK_ALLOWED_PORT=5"}, []string{"RINGBACK_ALLOWED_PORT: there is no such variable; did you mean RINGBACK_ALLOWED_PORTS?"}},
		"nothing like it":       {[]string{"RINGBACK_FAVOURITE_COLOUR=red"}, []string{"RINGBACK_FAVOURITE_COLOUR: there is no such variable"}},
		"another's variables":   {[]string{"RING=5", "PATH=/bin", "OTEL_X=1"}, nil},
		"those of Kubernetes":   {[]string{"RINGBACK_SERVICE_HOST=10.0.0.1", "RINGBACK_SERVICE_PORT_HTTP=80", "RINGBACK_API_PORT_8080_TCP_ADDR=10.0.0.1", "RINGBACK_PORT=tcp://10.0.0.1:80"}, nil},
		"all IPv4 addresses":    {[]string{"RINGBACK_ADDR=0.0.0.0:8080"}, []string{"RINGBACK_PUBLIC_URL"}},
		"all addresses":         {[]string{"RINGBACK_ADDR=:8080"}, []string{"RINGBACK_PUBLIC_URL"}},
		"all IPv6 addresses":    {[]string{"RINGBACK_ADDR=[::]:0"}, []string{"RINGBACK_PUBLIC_URL"}},
		"a link to everywhere":  {[]string{"RINGBACK_PUBLIC_URL=http://0.0.0.0:8090/"}, []string{"RINGBACK_PUBLIC_URL: nobody can follow a link to http://0.0.0.0:8090"}},
		"a link to a port":      {[]string{"RINGBACK_PUBLIC_URL=https://:8443"}, []string{"RINGBACK_PUBLIC_URL"}},
		"a link to a host":      {[]string{"RINGBACK_ADDR=:8080", "RINGBACK_PUBLIC_URL=https://callbacks.example.com"}, nil},
		"a port of the system":  {[]string{"RINGBACK_ADDR=127.0.0.1:0"}, nil},
		"a proxy for others":    {[]string{"HTTPS_PROXY=http://u:hidden@proxy:3128", "http_proxy=http://proxy"}, []string{"HTTPS_PROXY: callbacks do not go by it"}},
		"a proxy for us":        {[]string{"HTTPS_PROXY=http://proxy:3128", "RINGBACK_EGRESS_PROXY=http://proxy:3128"}, nil},
		"set, but with nothing": {[]string{"RINGBACK_ADDR="}, nil},
	} {
		status, _, stderr := runCommand(t, c.env, "config")
		var got []string
		for line := range strings.Lines(stderr) {
			got = append(got, strings.TrimPrefix(strings.TrimSpace(line), "ringback: warning: "))
		}
		if status != exitOK || !slices.EqualFunc(c.want, got, func(want, got string) bool { return strings.HasPrefix(got, want) }) {
			t.Errorf("%s: exit status %d: %q", name, status, got)
		}
		cfg, err := parseConfig(c.env)
		if err != nil || len(c.want) > 0 && strings.HasPrefix(c.want[0], "RINGBACK_PUBLIC_URL") && cfg.PublicURL != "" {
			t.Errorf("%s: links would go to %q, %v", name, cfg.PublicURL, err)
		}
	}
}

func TestEgressProxyIsCheckedAndMasked(t *testing.T) {
	t.Parallel()
	for value, good := range map[string]bool{
		"http://user:hidden@proxy.example:3128": true, "socks5://[::1]:1080": true, "https://proxy": true, "proxy:3128": false, "ftp://u:hidden@proxy": false,
		"http://u:hid@den@proxy": false, "http://u:hidden@proxy/path": false, "http://u:hidden@pro xy": false,
	} {
		c, err := parseConfig([]string{"RINGBACK_EGRESS_PROXY=" + value})
		if (err == nil) != good || err != nil && (!strings.Contains(err.Error(), "RINGBACK_EGRESS_PROXY: ") || strings.Contains(err.Error(), "hid")) {
			t.Errorf("%s: %v", value, err)
		}
		if strings.Contains(strings.Join(c.lines(), "\n"), "hidden") {
			t.Errorf("%s is printed with its password", value)
		}
	}
}

func TestCallbacksGoByTheEgressProxy(t *testing.T) {
	t.Parallel()
	target := make(chan string, 10)
	proxy := egresstest.Raw(t, func(conn *net.TCPConn) {
		if r, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			target <- r.Method + " " + r.RequestURI
		}
	})
	s := startServer(t, options{env: vars{"RINGBACK_EGRESS_PROXY": "http://" + proxy, "RINGBACK_RETRY_SCHEDULE": "none"}})
	s.finishCrawl(t, newCrawlID(), s.newProject(t, "http://127.0.0.1:8088/hook"))
	if got := <-target; got != "CONNECT 127.0.0.1:8088" {
		t.Errorf("the proxy is asked for %q", got)
	}
}

func TestWarningsReachTheLog(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{bare: true, env: vars{"RINGBACK_ADDR": "0.0.0.0:0", "RINGBACK_CONCURENCY": "5"}})
	for _, want := range []string{"config.warning", "RINGBACK_PUBLIC_URL: nobody can follow", "did you mean RINGBACK_CONCURRENCY?"} {
		if !strings.Contains(s.stderr.String(), want) {
			t.Errorf("the log does not say %q: %s", want, s.stderr)
		}
	}
}

func TestPagesAreShownWithinThoseOfKnownOriginsOnly(t *testing.T) {
	t.Parallel()
	for value, good := range map[string]bool{
		"https://app.example.com,http://127.0.0.1:5173,http://[::1]:8080": true,
		"*": false, "https://*.example.com": false, "https://a.example;script-src": false, "https://a.example'": false,
	} {
		var o embedOrigins
		if err := o.UnmarshalText([]byte(value)); (err == nil) != good {
			t.Errorf("%s: %v", value, err)
		}
	}
}
