package main

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"github.com/ringback/ringback/jobs"
	"github.com/ringback/ringback/jobs/egress"
	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/run"
	"github.com/ringback/ringback/models/store"
)

// config is the configuration, from the environment alone. With each variable stands its default, or in words what it
// is computed from, and what --help says of it; the README's table says the same and goes on.
type config struct {
	Addr            string        `env:"RINGBACK_ADDR" envDefault:"127.0.0.1:8080" help:"listen address"`
	PublicURL       string        `env:"RINGBACK_PUBLIC_URL" computed:"http:// + address" help:"base of links in notices"`
	DataDir         string        `env:"RINGBACK_DATA_DIR" envDefault:"./data" help:"folder of the embedded default"`
	DatabaseURL     secretURL     `env:"DATABASE_URL" help:"postgres://…; empty: SQLite in the data folder"`
	Pooler          store.Pooler  `env:"RINGBACK_POOLER" envDefault:"session" help:"session or transaction: how a connection pooler before Postgres shares out its connections"`
	RedisURL        secretURL     `env:"REDIS_URL" help:"redis://, rediss://, redis-sentinel://, redis-cluster://; empty: in this process"`
	Queue           string        `env:"RINGBACK_QUEUE" envDefault:"callbacks" help:"name of the queue"`
	PlatformKey     models.Secret `env:"RINGBACK_PLATFORM_KEY" help:"the platform's service key, 20 characters or more, sent as x-api-key"`
	EncryptionKey   encryptionKey `env:"RINGBACK_ENCRYPTION_KEY" help:"32 bytes in base64 (openssl rand -base64 32); seals secrets; required with DATABASE_URL"`
	AllowedNetworks networks      `env:"RINGBACK_ALLOWED_NETWORKS" help:"CIDRs that callbacks and calls of executors may reach although they are not public"`
	AllowedPorts    ports         `env:"RINGBACK_ALLOWED_PORTS" help:"ports and ranges that callbacks may reach, such as 443,8000-8999"`
	EgressProxy     secretURL     `env:"RINGBACK_EGRESS_PROXY" help:"the way out where there is no other: http://, https:// or socks5://"`
	Timeout         time.Duration `env:"RINGBACK_TIMEOUT" envDefault:"30s" help:"of one callback's request, from resolving the name to the last byte of the answer"`
	LineWait        time.Duration `env:"RINGBACK_LINE_WAIT" envDefault:"15m" help:"for how long a callback that fails holds up those behind it in its line"`
	RetrySchedule   schedule      `env:"RINGBACK_RETRY_SCHEDULE" envDefault:"5s,5m,30m,2h,5h,10h,10h" help:"delays after the 1st, 2nd, … failed attempt; none: one attempt only"`
	Concurrency     int           `env:"RINGBACK_CONCURRENCY" envDefault:"2048" help:"requests in flight, or answered and not yet written down, per worker process"`
	PerHost         perHost       `env:"RINGBACK_PER_HOST" envDefault:"auto" help:"of them, to one target host and port, or to the executor of one action"`
	BytesInHand     byteSize      `env:"RINGBACK_BYTES_IN_HAND" computed:"an eighth of the memory limit" help:"bytes of the bodies in flight or claimed ahead, per worker process"`
	Retention       lapse         `env:"RINGBACK_RETENTION" envDefault:"2160h" help:"callbacks and runs that ended longer ago are deleted"`
	BodyRetention   lapse         `env:"RINGBACK_BODY_RETENTION" computed:"as RINGBACK_RETENTION" help:"of callbacks and runs that ended longer ago the payloads, answers, inputs and results are deleted"`
	SourceRetention lapse         `env:"RINGBACK_SOURCE_RETENTION" help:"crawls, report downloads and jobs that ended longer ago are deleted once their callbacks are"`
	// A thousand schedules of every minute are 17 runs a second; 100,000 batches are ten of the largest runs; 1 GiB is
	// what a small installation has to spare.
	QuotaSchedules int          `env:"RINGBACK_QUOTA_SCHEDULES" envDefault:"1000" help:"active schedules that one account may have"`
	QuotaBatches   int          `env:"RINGBACK_QUOTA_BATCHES" envDefault:"100000" help:"batches of one account's runs that have not ended"`
	QuotaRunBytes  byteSize     `env:"RINGBACK_QUOTA_RUN_BYTES" envDefault:"1GiB" help:"bytes stored for one account's runs that have not ended"`
	QuotaProjects  int          `env:"RINGBACK_QUOTA_PROJECTS" envDefault:"10000" help:"projects of one account"`
	QuotaSessions  int          `env:"RINGBACK_QUOTA_SESSIONS" envDefault:"1000" help:"sessions of one user"`
	CORSOrigins    origins      `env:"RINGBACK_CORS_ORIGINS" help:"origins of front ends that may call /graphql and /v1/ from a browser"`
	CORSHeaders    headerNames  `env:"RINGBACK_CORS_HEADERS" envDefault:"traceparent,tracestate,baggage,sentry-trace,x-request-id,apollo-require-preflight,x-apollo-operation-name" help:"headers that they may send besides those that the API reads"`
	EmbedOrigins   embedOrigins `env:"RINGBACK_EMBED_ORIGINS" help:"origins whose pages may show the console within them"`
	// 32 MiB are 100 callbacks whose bodies have 300 KiB each.
	AnswerLimit byteSize `env:"RINGBACK_ANSWER_LIMIT" envDefault:"32MiB" help:"what one request to the API may read from the database, and what it may answer"`
	LogFormat   string   `env:"RINGBACK_LOG_FORMAT" help:"text or json; empty: text on a terminal, else JSON"`
}

// configProblems are all mistakes in the configuration at once.
type configProblems []string

// Error lists them, one a line.
func (p configProblems) Error() string {
	return "ringback: the configuration has problems:\n  " + strings.Join(p, "\n  ")
}

// minPlatformKey, in characters: a key that can be guessed opens every account.
const minPlatformKey = 20

// parseConfig reads the configuration. A variable that is set to nothing counts as not set.
func parseConfig(environ []string) (config, error) {
	c, problems := readConfig(environ)
	if len(problems) > 0 {
		return config{}, problems
	}
	return c, nil
}

// readConfig returns what could be read of the configuration, and all that is wrong with it.
func readConfig(environ []string) (config, configProblems) {
	set, problems := trimmed(environ)
	add := func(problem string) {
		// A value that could not be read has been reported, by the same name.
		name, _, _ := strings.Cut(problem, ":")
		if !slices.ContainsFunc(problems, func(p string) bool { return strings.HasPrefix(p, name+":") }) {
			problems = append(problems, problem)
		}
	}
	var c config
	err := env.ParseWithOptions(&c, env.Options{Environment: set})
	var all env.AggregateError
	if errors.As(err, &all) {
		for _, e := range all.Errors {
			add(describe(e))
		}
	}
	for _, problem := range c.problems() {
		add(problem)
	}
	slices.Sort(problems)
	if c.embedded() && c.AllowedNetworks == nil {
		// The embedded default is for trying things out, and what one tries out runs on the same machine.
		c.AllowedNetworks = networks{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	}
	c.PublicURL = publicURL(c.PublicURL, c.Addr)
	c.BodyRetention = cmp.Or(c.BodyRetention, c.Retention)
	return c, problems
}

// describe puts the variable's name in the place of the field's.
func describe(err error) string {
	var parse env.ParseError
	if !errors.As(err, &parse) {
		return err.Error()
	}
	name := parse.Name
	if f, ok := reflect.TypeFor[config]().FieldByName(parse.Name); ok {
		name = f.Tag.Get("env")
	}
	// What strconv and time say names their functions.
	var number *strconv.NumError
	switch {
	case errors.As(parse.Err, &number):
		return fmt.Sprintf("%s: %q is not a whole number such as 1000", name, number.Num)
	case parse.Type == reflect.TypeFor[time.Duration]():
		return name + ": is not a duration such as 30s or 5m"
	}
	return name + ": " + parse.Err.Error()
}

// problems are the mistakes that no single value shows, or that its type lets pass.
func (c *config) problems() []string {
	var found []string
	check := func(bad bool, format string, args ...any) {
		if bad {
			found = append(found, fmt.Sprintf(format, args...))
		}
	}
	_, port, err := net.SplitHostPort(c.Addr)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	check(err != nil, "RINGBACK_ADDR: must be host:port, such as 127.0.0.1:8080")
	u, err := url.Parse(c.PublicURL)
	check(c.PublicURL != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil ||
		u.RawQuery != "" || u.Fragment != ""),
		"RINGBACK_PUBLIC_URL: must be an absolute http or https URL, without credentials and query")
	check(c.DatabaseURL != "" && !c.DatabaseURL.hasScheme("postgres", "postgresql"),
		"DATABASE_URL: must begin with postgres://, or be empty for SQLite in RINGBACK_DATA_DIR")
	err = c.DatabaseURL.check(store.CheckURL)
	check(err != nil, "DATABASE_URL: %v", err)
	check(c.RedisURL != "" && !c.RedisURL.hasScheme("redis", "rediss", "redis-sentinel", "redis-cluster"),
		"REDIS_URL: must begin with redis://, rediss://, redis-sentinel:// or redis-cluster://, or be empty for one in "+
			"this process")
	err = c.RedisURL.check(jobs.CheckRedisURL)
	check(err != nil, "REDIS_URL: %v", err)
	_, err = c.EgressProxy.proxy()
	check(err != nil, "RINGBACK_EGRESS_PROXY: %v", err)
	check(c.DatabaseURL != "" && c.EncryptionKey == nil,
		"RINGBACK_ENCRYPTION_KEY: is required with DATABASE_URL; make one with: openssl rand -base64 32")
	check(c.PlatformKey != "" && len(c.PlatformKey) < minPlatformKey,
		"RINGBACK_PLATFORM_KEY: must have at least %d characters", minPlatformKey)
	check(strings.ContainsFunc(c.PlatformKey.Reveal(), func(r rune) bool { return r <= ' ' || r > '~' }),
		"RINGBACK_PLATFORM_KEY: must be ASCII characters without blanks, since it travels in a header")
	check(strings.ContainsAny(c.Queue, "{}: "), "RINGBACK_QUEUE: must not contain braces, colons or blanks")
	check(c.Timeout < time.Second || c.Timeout > 10*time.Minute, "RINGBACK_TIMEOUT: must be between 1s and 10m")
	check(c.LineWait < time.Second || c.LineWait > 24*time.Hour, "RINGBACK_LINE_WAIT: must be between 1s and 24h")
	check(c.Concurrency < 1 || c.Concurrency > 10_000, "RINGBACK_CONCURRENCY: must be between 1 and 10000")
	check(c.PerHost < 0 || c.PerHost > 10_000, "RINGBACK_PER_HOST: must be auto, or between 1 and 10000")
	check(
		c.BytesInHand != 0 && c.BytesInHand < minBytesInHand, "RINGBACK_BYTES_IN_HAND: must be at least %s",
		byteSize(minBytesInHand),
	)
	check(c.Retention != 0 && c.BodyRetention > c.Retention, "RINGBACK_BODY_RETENTION: must not be longer than "+
		"RINGBACK_RETENTION, when the callbacks go")
	check(c.SourceRetention != 0 && c.SourceRetention < c.Retention, "RINGBACK_SOURCE_RETENTION: must be at least as "+
		"long as RINGBACK_RETENTION, or empty to keep what callbacks tell of for ever")
	check(!slices.Contains([]store.Pooler{store.PoolerSession, store.PoolerTransaction}, c.Pooler),
		"RINGBACK_POOLER: must be session or transaction")
	for name, quota := range map[string]int64{
		"SCHEDULES": int64(c.QuotaSchedules), "BATCHES": int64(c.QuotaBatches), "RUN_BYTES": int64(c.QuotaRunBytes),
		"PROJECTS": int64(c.QuotaProjects), "SESSIONS": int64(c.QuotaSessions),
	} {
		check(quota < 1, "RINGBACK_QUOTA_%s: must be at least 1", name)
	}
	check(c.AnswerLimit < models.MinAnswerLimit || c.AnswerLimit > 1<<30, "RINGBACK_ANSWER_LIMIT: must be between 4MiB "+
		"and 1GiB")
	check(!slices.Contains([]string{"", "text", "json"}, c.LogFormat), "RINGBACK_LOG_FORMAT: must be text or json")
	return found
}

// runRules are the settings of runs.
func (c *config) runRules() run.Rules {
	return run.Rules{
		AllowedNetworks: c.AllowedNetworks,
		Quotas:          run.Quotas{Schedules: c.QuotaSchedules, Batches: c.QuotaBatches, Bytes: int64(c.QuotaRunBytes)},
	}
}

// retention is how long what has ended is kept.
func (c *config) retention() callback.Retention {
	return callback.Retention{
		Rows: time.Duration(c.Retention), Payloads: time.Duration(c.BodyRetention), Sources: time.Duration(c.SourceRetention),
	}
}

// embedded tells whether the database is SQLite in the data folder.
func (c *config) embedded() bool { return c.DatabaseURL == "" }

// lines are the effective values as NAME=value, in the order of the struct.
func (c *config) lines() []string {
	v := reflect.ValueOf(*c)
	lines := make([]string, v.NumField())
	for i := range lines {
		value := fmt.Sprint(v.Field(i).Interface())
		if d, ok := v.Field(i).Interface().(time.Duration); ok {
			value = models.FormatDuration(d)
		}
		if _, ok := v.Field(i).Interface().(perHost); v.Field(i).IsZero() && !ok {
			value = ""
		}
		lines[i] = v.Type().Field(i).Tag.Get("env") + "=" + value
	}
	return lines
}

// secretURL is a URL that may carry a password; it prints without.
type secretURL string

// String masks the password.
func (s secretURL) String() string {
	u, err := url.Parse(string(s))
	if err != nil {
		return models.Masked
	}
	query := u.Query()
	for name := range query {
		if strings.Contains(name, "password") { // Postgres and Redis Sentinel read it there too
			query.Set(name, "xxxxx")
			u.RawQuery = query.Encode()
		}
	}
	return u.Redacted()
}

func (s secretURL) hasScheme(schemes ...string) bool {
	scheme, _, ok := strings.Cut(string(s), "://")
	return ok && slices.Contains(schemes, scheme)
}

// encryptionKey is 32 bytes, in base64.
type encryptionKey []byte

// UnmarshalText reads base64.
func (k *encryptionKey) UnmarshalText(text []byte) error {
	key, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil || len(key) != store.KeyBytes {
		return fmt.Errorf("must be %d bytes in base64; make one with: openssl rand -base64 32", store.KeyBytes)
	}
	*k = key
	return nil
}

// String masks the key.
func (k encryptionKey) String() string { return models.Masked }

// networks are CIDRs with commas between them.
type networks []netip.Prefix

// UnmarshalText reads CIDRs.
func (n *networks) UnmarshalText(text []byte) error {
	list := networks{}
	for part := range strings.SplitSeq(string(text), ",") {
		prefix, err := netip.ParsePrefix(strings.TrimSpace(part))
		if err != nil {
			return fmt.Errorf("%q is not a network such as 10.0.0.0/8", part)
		}
		list = append(list, prefix.Masked())
	}
	*n = list
	return nil
}

// String is what UnmarshalText reads.
func (n networks) String() string {
	parts := make([]string, len(n))
	for i, p := range n {
		parts[i] = p.String()
	}
	return strings.Join(parts, ",")
}

// ports are ports and ranges with commas between them: 443,8000-8999.
type ports []egress.PortRange

// UnmarshalText reads ports and ranges.
func (p *ports) UnmarshalText(text []byte) error {
	var list ports
	for part := range strings.SplitSeq(string(text), ",") {
		low, high, ranged := strings.Cut(strings.TrimSpace(part), "-")
		if !ranged {
			high = low
		}
		first, err1 := strconv.ParseUint(low, 10, 16)
		last, err2 := strconv.ParseUint(high, 10, 16)
		if err1 != nil || err2 != nil || first == 0 || last < first {
			return fmt.Errorf("%q is not a port or a range such as 8000-8999", part)
		}
		list = append(list, egress.PortRange{First: uint16(first), Last: uint16(last)})
	}
	*p = list
	return nil
}

// String is what UnmarshalText reads.
func (p ports) String() string {
	parts := make([]string, len(p))
	for i, r := range p {
		parts[i] = strconv.Itoa(int(r.First))
		if r.Last != r.First {
			parts[i] += "-" + strconv.Itoa(int(r.Last))
		}
	}
	return strings.Join(parts, ",")
}

// schedule is a retry schedule in an environment variable.
type schedule struct{ callback.Schedule }

// UnmarshalText reads what callback.ParseSchedule reads.
func (s *schedule) UnmarshalText(text []byte) (err error) {
	s.Schedule, err = callback.ParseSchedule(string(text))
	return err
}
