package rest_test

import (
	"encoding/json"
	"net/http"
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
			field := ""
			if len(r.Errors) > 0 {
				field = r.Errors[0].Field
			}
			if (field == "") != (r.ID != nil && r.Callback != nil) {
				t.Errorf("%s: %+v", body, r)
			}
			fields = append(fields, field)
		}
		return fields
	}
	one, bad := `{"crawl_id": 7001, "project_id": 123}`, `{"crawl_id": 7002}`
	for body, want := range map[string][]string{
		one: {""}, "[" + one + "," + bad + "]": {"", "crawls.1.project_id"},
		one + "\n" + bad + "\n": {"", "crawls.1.project_id"},
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
