package main

import (
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/ncruces/go-sqlite3/driver"

	"github.com/ringback/ringback/models"
)

// openSQL opens the database of an installation beside its server.
func openSQL(t *testing.T, env vars) *sql.DB {
	t.Helper()
	open := func() (*sql.DB, error) { return sql.Open("pgx", env["DATABASE_URL"]) }
	if env["DATABASE_URL"] == "" {
		file := "file:" + filepath.Join(env["RINGBACK_DATA_DIR"], "ringback.db")
		open = func() (*sql.DB, error) { return driver.Open(file + "?_pragma=busy_timeout(30000)&_txlock=immediate") }
	}
	db, err := open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// A history of large texts: of each callback, and of each of its attempts.
const (
	largeCallbacks, largeBody  = 100, 1 << 20
	attemptsOfEach, largeReply = 20, 64 << 10
)

const fillCallbacks = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %[1]d)
INSERT INTO callbacks (uid, ref, event, status, target, target_url, target_host, content_type, body, account_id, project_id, dedup_key,
	held, attempt_count, failure_count, http_status, created_at, finished_at)
SELECT %[2]s, %[2]s, 'CRAWL_FINISHED', 'SUCCESS', 'CONFIGURED', 'http://127.0.0.1:9/', '127.0.0.1:9', 'text/plain', %[3]s, 123123, 123, 'large:' || i,
	FALSE, %[4]d, %[4]d, 200, 1577836800000000 + i, 1577836800000000 + i FROM n`

const fillAttempts = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %[1]d)
INSERT INTO callback_attempts (uid, callback_id, number, started_at, finished_at, duration_micros, dns_micros, connect_micros, tls_micros,
	first_byte_micros, http_status, response_body)
SELECT %[2]s, callbacks.id, i, 1577836800000000, 1577836800000000, 0, 0, 0, 0, 0, 200, %[3]s FROM callbacks CROSS JOIN n WHERE dedup_key LIKE 'large:%%'`

// fillLarge makes that history.
func (s *instance) fillLarge(t *testing.T) {
	t.Helper()
	db := openSQL(t, s.env)
	uid, text := "lower(hex(randomblob(16)))", "CAST(replace(hex(zeroblob(%d)), '00', 'x') AS BLOB)"
	if s.env["DATABASE_URL"] != "" {
		uid, text = "gen_random_uuid()", "convert_to(repeat('x', %d), 'UTF8')"
	}
	for _, statement := range []string{
		fmt.Sprintf(fillCallbacks, largeCallbacks, uid, fmt.Sprintf(text, largeBody), attemptsOfEach),
		fmt.Sprintf(fillAttempts, attemptsOfEach, uid, fmt.Sprintf(text, largeReply)),
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
}

// eightTimes sends a query eight times at once, and returns how often each outcome came: "ok" or the code of the error.
func (s *instance) eightTimes(t *testing.T, query string) map[string]int {
	t.Helper()
	var mu sync.Mutex
	outcomes := map[string]int{}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			text := fmt.Sprintf(`{"query": %q}`, query)
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.base+"/graphql", strings.NewReader(text))
			if err != nil {
				t.Error(err)
				return
			}
			request.Header = s.user()
			request.Header.Set("Content-Type", "application/json")
			response, err := s.http.Do(request)
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = response.Body.Close() }()
			start, err := io.ReadAll(io.LimitReader(response.Body, 1<<10))
			_, rest := io.Copy(io.Discard, response.Body)
			if err != nil || rest != nil {
				t.Error(err, rest)
			}
			outcome := "ok"
			if _, code, failed := strings.Cut(string(start), `"code":"`); failed {
				outcome, _, _ = strings.Cut(code, `"`)
			}
			mu.Lock()
			defer mu.Unlock()
			outcomes[outcome]++
		})
	}
	wg.Wait()
	return outcomes
}

// measured marks a test of the memory that a server takes: it reads gigabytes, and says nothing of a build for the race
// detector.
func measured(t *testing.T) {
	t.Helper()
	long(t)
	if raceDetector {
		t.Skip("the race detector takes memory of its own")
	}
}

// besides is what the process itself grows by under load: SQLite's readers, the connections, their buffers.
const besides = 64 << 20

// With 8 GiB there is a place for each of the eight, with 1 GiB for two of them.
func TestLargeAnswersAtOnceStayWithinTheirShareOfTheMemory(t *testing.T) {
	t.Parallel()
	measured(t)
	for limit, share := range map[string]int{"1GiB": 1 << 30 / 4, "8GiB": 8 * 3 * (32 << 20)} {
		s := startServer(t, options{process: true, env: vars{"GOMEMLIMIT": limit}})
		s.fillLarge(t)
		s.eightTimes(t, `{ version }`)
		before := s.peakMemory(t)
		for _, q := range []struct{ fields, want string }{
			{`callbacks(first: 100) { nodes { uid } }`, "ok"},
			{`callbacks(first: 30) { nodes { payload } }`, "ok"},
			{`callbacks(first: 24) { nodes { attempts(first: 20) { nodes { responseBody } } } }`, "ok"},
			{`callbacks(first: 100) { nodes { payload } }`, string(models.CodeAnswerTooLarge)},
			{
				`callbacks(first: 100) { nodes { attempts(first: 20) { nodes { responseBody } } } }`,
				string(models.CodeAnswerTooLarge),
			},
		} {
			got := s.eightTimes(t, `{ getAccount(id: 123123) { `+q.fields+` } }`)
			took := s.peakMemory(t) - before
			t.Logf("GOMEMLIMIT=%s: %v for %s; so far +%d MiB", limit, got, q.fields, took>>20)
			// Who waits too long on a busy machine, for a place or for the rows, is told so.
			if got[q.want]+got[string(models.CodeRateLimited)]+got[string(models.CodeTimeout)] != 8 || got[q.want] == 0 {
				t.Errorf("%s: %v, want %s: %s", q.fields, got, q.want, s.stderr)
			}
			if took > share+besides {
				t.Errorf("GOMEMLIMIT=%s: it took %d MiB more, at most %d may be", limit, took>>20, (share+besides)>>20)
			}
		}
		s.stop(t)
	}
}

func TestSizesAreReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"32MiB": "32MiB", "33554432": "32MiB", "1536KiB": "1536KiB", "5000001": "5000001", "1 GiB": "1GiB", "2048MiB": "2GiB",
	} {
		var size, again byteSize
		if err := size.UnmarshalText([]byte(text)); err != nil || size.String() != want {
			t.Errorf("%s: got %s, %v, want %s", text, size, err, want)
		}
		if err := again.UnmarshalText([]byte(size.String())); err != nil || again != size {
			t.Errorf("%s: it is written as %s, which is read as %d, %v", text, size, int64(again), err)
		}
	}
	for _, text := range []string{"", "MiB", "-1", "1.5MiB", "32MB", "9223372036854775807KiB"} {
		if err := new(byteSize).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is read", text)
		}
	}
}
