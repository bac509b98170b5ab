package rest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models/modelstest"
)

func TestPlatformFinishesOneOrManyByREST(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	outcomes := func(path, body string) (fields []string) {
		t.Helper()
		var got struct {
			Results []struct {
				ID       *string
				Callback *struct{ UID string }
				Errors   []struct{ Field string }
			}
		}
		modelstest.NoError(t, json.Unmarshal([]byte(w.ok(platform(), http.MethodPost, path, body).Body), &got))
		for _, r := range got.Results {
			var all []string
			for _, e := range r.Errors {
				all = append(all, e.Field)
			}
			field := strings.Join(all, " ")
			if (field == "") != (r.ID != nil && r.Callback != nil) {
				t.Errorf("%s: %+v", body, r)
			}
			fields = append(fields, field)
		}
		return fields
	}
	one, bad := `{"crawl_id": 7001, "project_id": 123}`, `{"crawl_id": 7002}`
	misspelt, noID := `{"crawl_id": 7002, "project_id": 123, "state": "Failed"}`, `{"crawl_id": 7003, "project_id": "shop"}`
	for body, want := range map[string][]string{
		one: {""}, "[" + one + "," + bad + "]": {"", "crawls.1.project_id"},
		one + "\n" + bad + "\n": {"", "crawls.1.project_id"},
		one + misspelt + noID + "{\"crawl_id\": 7004, \"kind\": \"\xff\"}": {"", "crawls.1.state", "crawls.2.project_id", "crawls.3.body"},
		one + `{"project_id": 123, "kind": "Other"}`:                       {"", "crawls.1.crawl_id crawls.1.kind"},
	} {
		if diff := cmp.Diff(want, outcomes("/v1/crawls/finish", body)); diff != "" {
			t.Error(diff)
		}
	}
	report := `{"report_download_id": 8001, "crawl_id": 7001, "report_template_code": "a", "file_url": "https://f.example.com/a.csv"}`
	if diff := cmp.Diff([]string{""}, outcomes("/v1/report-downloads/finish", report)); diff != "" {
		t.Error(diff)
	}
	w.do(w.session(adminUser), http.MethodPost, "/v1/crawls/finish", one).wantError(http.StatusForbidden, "FORBIDDEN", "")
	w.do(platform(), http.MethodPost, "/v1/crawls/finish", strings.Repeat(" ", 3)).
		wantError(http.StatusBadRequest, "BAD_INPUT", "crawls")
}

// A list of half a million entries took 300 MB before it was refused.
func TestABodyOfTooManyCostsLittle(t *testing.T) { // no t.Parallel: it counts what is allocated
	w := newWorld(t)
	many := strings.Repeat("1 ", 500<<10)
	for path, field := range map[string]string{"crawls": "crawls", "report-downloads": "reportDownloads"} {
		for body, wrong := range map[string]string{
			many: field, "[" + strings.ReplaceAll(many, " ", ",") + "1]": field,
			"[1,]": "body", "[1}": "body", "[1": "body", "[1] 2": "body", "1 ]": "body",
		} {
			r := httptest.NewRequest(http.MethodPost, "/v1/"+path+"/finish", strings.NewReader(body))
			r.Header.Set("x-api-key", platformKey.Reveal())
			a := httptest.NewRecorder()
			if took := allocated(func() { w.handler.ServeHTTP(a, r) }); took > 16<<20 {
				t.Errorf("%s: %.20s takes %d MiB", path, body, took>>20)
			}
			if a.Code != http.StatusBadRequest || !strings.Contains(a.Body.String(), `"`+wrong+`"`) {
				t.Errorf("%s: %.20s: %d %s", path, body, a.Code, a.Body)
			}
		}
	}
}

func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestWhatOnlyThePlatformMaySendIsNotReadOfOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{"/v1/crawls/finish", "/v1/report-downloads/finish"} {
		body := &counted{Reader: strings.NewReader(`{"crawl_id": 7001}`)}
		r := httptest.NewRequest(http.MethodPost, path, body)
		r.Header.Set("x-api-key", w.key(project)["x-api-key"])
		a := httptest.NewRecorder()
		w.handler.ServeHTTP(a, r)
		if a.Code != http.StatusForbidden || body.reads > 0 {
			t.Errorf("%s: %d %s after %d reads", path, a.Code, a.Body, body.reads)
		}
	}
}

type counted struct {
	io.Reader
	reads int
}

func (c *counted) Read(into []byte) (int, error) {
	c.reads++
	return c.Reader.Read(into)
}
