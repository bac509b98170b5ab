package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/ringback/ringback/models/store/storetest"
	"github.com/ringback/ringback/models/tenant"
)

// spellings are the ways in which a secret could hide in a text: as it is, in hex, and in base64 at any offset.
func spellings(secret string) []string {
	all := []string{secret, hex.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte(secret)))}
	for offset := range 3 {
		text := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", offset) + secret))
		inner := text[offset*8/6+1 : len(text)-4] // the ends depend on what stands beside
		all = append(all, inner, strings.NewReplacer("+", "-", "/", "_").Replace(inner))
	}
	return all
}

// planted are secrets by what they are.
type planted map[string]string

// lookIn fails for each secret that is somewhere in a text.
func (p planted) lookIn(t *testing.T, where string, text []byte) {
	t.Helper()
	for what, secret := range p {
		for _, spelling := range spellings(secret) {
			if i := bytes.Index(text, []byte(spelling)); i >= 0 {
				t.Errorf("the %s stands in %s: …%q…", what, where, text[max(0, i-60):min(len(text), i+60)])
				break
			}
		}
	}
}

// traffic is a hook that keeps every command that is sent to Redis.
type traffic struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *traffic) keep(cmds ...redis.Cmder) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, cmd := range cmds {
		for _, arg := range cmd.Args() {
			if b, ok := arg.([]byte); ok {
				arg = string(b)
			}
			fmt.Fprintln(&r.text, arg)
		}
	}
}

func (r *traffic) bytes() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return bytes.Clone(r.text.Bytes())
}

func (r *traffic) DialHook(next redis.DialHook) redis.DialHook { return next }

func (r *traffic) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error { r.keep(cmd); return next(ctx, cmd) }
}

func (r *traffic) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error { r.keep(cmds...); return next(ctx, cmds) }
}

// redisContent is every key and value.
func redisContent(t *testing.T, client redis.UniversalClient) []byte {
	t.Helper()
	ctx := t.Context()
	keys, err := client.Keys(ctx, "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, key := range keys {
		kind, _ := client.Type(ctx, key).Result()
		var value any
		switch kind {
		case "string":
			value, _ = client.Get(ctx, key).Result()
		case "hash":
			value, _ = client.HGetAll(ctx, key).Result()
		case "list":
			value, _ = client.LRange(ctx, key, 0, -1).Result()
		case "set":
			value, _ = client.SMembers(ctx, key).Result()
		case "zset":
			value, _ = client.ZRange(ctx, key, 0, -1).Result()
		}
		fmt.Fprintln(&out, key, value)
	}
	return out.Bytes()
}

// databaseContent is the bytes of the SQLite files, or every row of every table of Postgres.
func (s *instance) databaseContent(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	if s.env["DATABASE_URL"] == "" {
		for _, name := range []string{"ringback.db", "ringback.db-wal"} {
			text, err := os.ReadFile(filepath.Join(s.env["RINGBACK_DATA_DIR"], name))
			if err != nil {
				t.Fatal(err)
			}
			out.Write(text)
		}
		return out.Bytes()
	}
	db, err := sql.Open("pgx", storetest.Direct(s.env["DATABASE_URL"]))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, table := range column(
		t, db, `SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()`,
	) {
		for _, row := range column(t, db, `SELECT t::text FROM "`+table+`" t`) {
			fmt.Fprintln(&out, table, row)
		}
	}
	return out.Bytes()
}

func column(t *testing.T, db *sql.DB, query string) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		out = append(out, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// echo answers with the request's headers and body, as many debugging receivers do.
func echo(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		_ = r.Header.Write(w)
		for _, values := range r.Header {
			fmt.Fprintf(w, "%q\n", values)
		}
		_, _ = io.Copy(w, r.Body)
	}
}

func TestSecretsStandNowhere(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	var sent traffic
	var client redis.UniversalClient
	key := tenant.NewPlatformKey().Reveal()
	s := startServer(t, options{
		env:  vars{"RINGBACK_PLATFORM_KEY": key, "RINGBACK_RETRY_SCHEDULE": "1s,50s", "RINGBACK_LOG_FORMAT": "text"},
		open: func(s *server) { client = s.redis; client.AddHook(&sent) },
	})
	keyID, secret := s.newUserKey(t)
	p := planted{"platform key": key, "user key's secret": secret, "first session's token": s.token}
	s.token = s.newSession(t, keyID, secret)
	p["session token"] = s.token
	for _, what := range []string{
		"account header", "project header", "webhook header", "refused header", "executor header", "run callback header",
	} {
		p[what] = "plant-" + rand.Text()
	}
	s.setAccount(t, h.url("/account"), header{"Authorization", "Bearer " + p["account header"]})
	s.setWebhook(t, h.url("/sso"), header{"Authorization", "Bearer " + p["webhook header"]})
	project := s.newProject(t, h.url("/project"), header{"X-Token", p["project header"]})
	bare := s.newProject(t, "")
	p["signing secret"] = strings.TrimPrefix(s.signingSecret(t, project), "whsec_")
	signingKey, err := base64.StdEncoding.DecodeString(p["signing secret"])
	if err != nil {
		t.Fatal(err)
	}
	p["signing key"] = string(signingKey)
	projectKey, program := s.newProjectKey(t, bare)
	p["project's key"] = projectKey

	// Success, failure with retries and notices, and success after one; all receivers echo.
	h.on("/account", echo(200))
	h.on("/sso", echo(200))
	h.on("/project", then(echo(500), echo(200), echo(500)))
	ended := s.awaitStatus(t, s.finishCrawl(t, newCrawlID(), bare).UID, "SUCCESS")
	ask[any](
		t, s, program, `mutation($id: ObjectID!) { replayCallback(input: {callbackId: $id}) { callback { id } } }`,
		anyMap{"id": ended.ID},
	)
	s.awaitStatus(t, s.finishCrawl(t, newCrawlID(), project).UID, "SUCCESS")
	s.awaitAttempts(t, s.finishCrawl(t, newCrawlID(), project).UID, 2) // it waits in the queue now
	paths := s.runWithSecrets(t, h, p, project)
	for path, what := range map[string]string{
		"/account": "account header", "/project": "project header", "/sso": "webhook header",
		paths["executor's URL"]: "executor header", paths["run callback's URL"]: "run callback header",
	} {
		if got := h.next(t, path); !strings.Contains(fmt.Sprint(got.header), p[what]) {
			t.Fatalf("the %s did not travel, so this test would find nothing: %v", what, got.header)
		}
	}
	p.lookIn(t, "an error answer", s.refusals(t, p, project))
	p.lookIn(t, "the history", fmt.Append(nil, histories(s.callbacks(t))))
	p.lookIn(t, "the log", []byte(s.stderr.String()))
	p.lookIn(t, "Redis", redisContent(t, client))
	p.lookIn(t, "what was sent to Redis", sent.bytes())
	paths.lookIn(t, "what was sent to Redis", append(redisContent(t, client), sent.bytes()...))
	if n := len(sent.bytes()); n == 0 {
		t.Error("nothing was sent to Redis, so this test would find nothing")
	}
	_, metrics := s.get(t, "/metrics")
	p.lookIn(t, "the metrics", []byte(metrics))
	p.lookIn(t, "the database", s.databaseContent(t))
	if !bytes.Contains(s.databaseContent(t), []byte("Demo account")) {
		t.Error("the database is not where this test looks")
	}
	s.checkDataFolder(t, p)
}

// runWithSecrets runs an action that fails at first and then blocks, at an executor and a receiver that echo. It
// returns what may stand in the database, since people see it, but not in Redis.
func (s *instance) runWithSecrets(t *testing.T, h *hostile, p planted, project string) planted {
	t.Helper()
	seen := planted{}
	for _, what := range []string{"executor's URL", "run callback's URL", "input", "custom data"} {
		seen[what] = "/plant-" + rand.Text()
	}
	echoed := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			_ = json.NewEncoder(w).Encode(anyMap{"message": "your headers were " + fmt.Sprint(r.Header)})
		}
	}
	h.on(seen["executor's URL"], then(echoed(500), echoed(400)))
	h.on(seen["run callback's URL"], then(echo(500), echo(200)))
	action := s.newAction(
		t, h.url(seen["executor's URL"]), anyMap{"executorHeaders": []header{{"X-Token", p["executor header"]}}},
	)
	s.awaitRun(t, s.createRun(t, project, action, anyMap{
		"inputs": []anyMap{{"term": seen["input"], "customData": seen["custom data"]}},
		"callback": anyMap{
			"url":     h.url(seen["run callback's URL"]),
			"headers": []header{{"Authorization", "Bearer " + p["run callback header"]}},
		},
	}).Run.UID, "BLOCKED")
	return seen
}

func histories(callbacks []apiCallback) (out []string) {
	for _, c := range callbacks {
		out = append(out, c.Payload)
		for _, a := range c.Attempts.Nodes {
			if a.ResponseBody != nil {
				out = append(out, *a.ResponseBody)
			}
			if a.Error != nil {
				out = append(out, a.Error.Message)
			}
		}
	}
	return out
}

// refusals are the answers to requests that carry secrets in the wrong places.
func (s *instance) refusals(t *testing.T, p planted, project string) []byte {
	t.Helper()
	const updateProject = `mutation($input: UpdateProjectInput!) { updateProject(input: $input) { project { id } } }`
	const newSession = `mutation($input: CreateSessionUsingUserKeyInput!) { createSessionUsingUserKey(input: $input) { token } }`
	plant := p["refused header"]
	headers := func(list ...header) anyMap {
		return anyMap{"input": anyMap{"projectId": project, "apiCallbackHeaders": list}}
	}
	var out bytes.Buffer
	for name, c := range map[string]struct {
		who       http.Header
		query     string
		variables anyMap
	}{
		"line break in a value": {s.user(), updateProject, headers(header{"A", plant + "\r\nX: y"})},
		"no ASCII":              {s.user(), updateProject, headers(header{"A", plant + "é"})},
		"too long":              {s.user(), updateProject, headers(header{"A", plant + strings.Repeat("x", 5000)})},
		"twice":                 {s.user(), updateProject, headers(header{"A", plant}, header{"a", plant})},
		"reserved":              {s.user(), updateProject, headers(header{"Host", plant})},
		"password in the URL": {s.user(), updateProject, anyMap{"input": anyMap{
			"projectId": project, "apiCallbackUrl": "https://user:" + plant + "@example.com/",
		}}},
		"a URL that is none": {s.user(), updateProject, anyMap{"input": anyMap{
			"projectId": project, "apiCallbackUrl": "https://user:" + plant + "@exa mple.com/%zz",
		}}},
		"wrong shape": {s.user(), updateProject, anyMap{"input": anyMap{"projectId": project, "apiCallbackHeaders": plant}}},
		"wrong value shape": {s.user(), updateProject, anyMap{"input": anyMap{
			"projectId":          project,
			"apiCallbackHeaders": []any{anyMap{"key": "A", "value": []string{plant}}},
		}}},
		"unknown key":         {who: http.Header{"X-Api-Key": {p["platform key"] + "x"}}, query: "{ me { id } }"},
		"unknown project key": {who: http.Header{"X-Api-Key": {p["project's key"] + "x"}}, query: "{ me { id } }"},
		"project key's no me": {who: http.Header{"X-Api-Key": {p["project's key"]}}, query: "{ me { id } }"},
		"key as a token":      {who: http.Header{"X-Auth-Token": {p["project's key"]}}, query: "{ me { id } }"},
		"unknown token":       {who: http.Header{"X-Auth-Token": {p["session token"] + "x"}}, query: "{ me { id } }"},
		"another scheme":      {who: http.Header{"Authorization": {"Basic " + plant}}, query: "{ me { id } }"},
		"secret of no key": {
			nil, newSession, anyMap{"input": anyMap{"userKeyId": 99999, "secret": p["user key's secret"]}},
		},
		"secret as the id": {nil, newSession, anyMap{"input": anyMap{"userKeyId": p["user key's secret"], "secret": "x"}}},
		"wrong login code": {
			nil, `mutation($c: String!) { createSessionUsingLoginCode(input: {code: $c}) { token } }`,
			anyMap{"c": p["user key's secret"]},
		},
		"not the platform": {
			s.user(), `mutation { createAccount(input: {name: "` + plant + `"}) { account { id } } }`, nil,
		},
		"no such project": {
			s.user(), updateProject, anyMap{"input": anyMap{"projectId": 99999, "apiCallbackHeaders": []header{{"A", plant}}}},
		},
		"unknown input field": {s.user(), updateProject, anyMap{"input": anyMap{"projectId": project, "headers": plant}}},
	} {
		status, body := s.post(t, c.who, c.query, c.variables)
		if !bytes.Contains(body, []byte(`"errors"`)) {
			t.Errorf("%s: HTTP %d without errors: %s", name, status, body)
		}
		fmt.Fprintf(&out, "%s: %s\n", name, body)
	}
	return out.Bytes()
}

// checkDataFolder: on the embedded default one file may hold a key, and it is the owner's only.
func (s *instance) checkDataFolder(t *testing.T, p planted) {
	t.Helper()
	if s.env["DATABASE_URL"] != "" {
		return
	}
	folder := s.env["RINGBACK_DATA_DIR"]
	text, err := os.ReadFile(filepath.Join(folder, "encryption.key"))
	if err != nil {
		t.Fatal(err)
	}
	p["encryption key"] = strings.TrimSpace(string(text))
	err = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if entry.Name() == "encryption.key" {
			if info, err := entry.Info(); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v, %v", path, info.Mode(), err)
			}
			return nil
		}
		text, err := os.ReadFile(path)
		p.lookIn(t, path, text)
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
