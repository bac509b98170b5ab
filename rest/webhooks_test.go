package rest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
)

func TestTheDocumentHasAWebhookOfEveryEvent(t *testing.T) {
	t.Parallel()
	var want, named, described []string
	for _, e := range callback.EventNames() {
		want = append(want, string(e))
	}
	for name, item := range document(t).Webhooks {
		described = append(described, name)
		if o := item.Post; o == nil || o.Summary == "" || o.Description == "" || len(*o.Security) != 0 {
			t.Errorf("%s is no POST that is described and needs no credentials of ours", name)
		}
	}
	for _, value := range document(t).Components.Schemas["EventName"].Value.Enum {
		named = append(named, value.(string))
	}
	for _, got := range [][]string{described, named} {
		if diff := cmp.Diff(want, slices.Sorted(slices.Values(got))); diff != "" {
			t.Errorf("(-events +document):\n%s", diff)
		}
	}
}

// goldenFiles are those of each event, as receivers get them. A file whose name begins with none of these is of no
// callback.
var goldenFiles = map[string]callback.EventName{
	"crawl_finished":   callback.CrawlFinishedEvent,
	"report_download":  callback.ReportDownloadGeneratedEvent,
	"run_batch":        callback.RunBatchFinishedEvent,
	"run_finished":     callback.RunFinishedEvent,
	"run_result":       callback.RunResultEvent,
	"example_batch":    callback.RunBatchFinishedEvent,
	"example_finished": callback.RunFinishedEvent,
	"example_result":   callback.RunResultEvent,
	"job_":             callback.JobUpdatedEvent,
	"notice_recovered": callback.CallbackRecoveredEvent,
	"notice_digest":    callback.CallbacksFailedEvent,
	"notice_":          callback.CallbackFailedEvent,
	"digest_":          callback.CallbacksFailedEvent,
	"test":             callback.TestEvent,
}

const refOfTests = "01990000-0000-7000-8000-000000000001"

func TestWebhooksAreAsTheGoldenFilesHaveThem(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../models/*/testdata/*.*")
	modelstest.NoError(t, err)
	seen := map[callback.EventName]bool{}
	for _, file := range files {
		event := eventOf(filepath.Base(file))
		if event == "" {
			if !strings.HasPrefix(filepath.Base(file), "executor_") {
				t.Errorf("%s: which event's is it?", file)
			}
			continue
		}
		seen[event] = true
		body, err := os.ReadFile(file)
		modelstest.NoError(t, err)
		body = bytes.ReplaceAll(body, []byte("REF"), []byte(refOfTests))
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			if err := conformsToWebhook(t, event, body); err != nil {
				t.Errorf("%v: %s", err, body)
			}
			if event == callback.RunResultEvent {
				return // anything may come
			}
			for _, other := range spoiled(t, body) {
				if conformsToWebhook(t, event, other) == nil {
					t.Errorf("this is taken, too: %s", other)
				}
			}
		})
	}
	for _, event := range callback.EventNames() {
		if !seen[event] {
			t.Errorf("%s has no golden file", event)
		}
	}
}

func eventOf(file string) (event callback.EventName) {
	longest := ""
	for prefix, e := range goldenFiles {
		if strings.HasPrefix(file, prefix) && len(prefix) > len(longest) {
			longest, event = prefix, e
		}
	}
	return event
}

// conformsToWebhook says what of a body is not as the document has it.
func conformsToWebhook(tb testing.TB, event callback.EventName, body []byte) error {
	tb.Helper()
	item := document(tb).Webhooks[string(event)]
	if item == nil {
		tb.Fatalf("%s is not in the document", event)
	}
	kind, value := "application/json", any(nil)
	if body[0] == '{' {
		modelstest.NoError(tb, json.Unmarshal(body, &value))
	} else {
		form, err := url.ParseQuery(string(body))
		modelstest.NoError(tb, err)
		fields := map[string]any{}
		for name, values := range form {
			if len(values) != 1 {
				return fmt.Errorf("%s is there %d times", name, len(values))
			}
			fields[name] = values[0]
		}
		kind, value = "application/x-www-form-urlencoded", fields
	}
	content := item.Post.RequestBody.Value.Content[kind]
	if content == nil {
		return fmt.Errorf("%s is no %s", event, kind)
	}
	schema := content.Schema
	if event == callback.TestEvent { // which can have the form of any other
		own := map[string]string{"application/json": "TestNotice", "application/x-www-form-urlencoded": "TestForm"}
		schema = document(tb).Components.Schemas[own[kind]]
	}
	return schema.Value.VisitJSON(value, openapi3.EnableJSONSchema2020())
}

// spoiled are bodies with a member more, and with one less.
func spoiled(t *testing.T, body []byte) (bodies [][]byte) {
	t.Helper()
	if body[0] != '{' {
		for _, change := range []func(url.Values){
			func(v url.Values) { v.Set("more", "1") }, func(v url.Values) { v.Del("status") }, func(v url.Values) { v.Set("status", "else") },
		} {
			form, err := url.ParseQuery(string(body))
			modelstest.NoError(t, err)
			change(form)
			bodies = append(bodies, []byte(form.Encode()))
		}
		return bodies
	}
	var members map[string]json.RawMessage
	modelstest.NoError(t, json.Unmarshal(body, &members))
	write := func() {
		text, err := json.Marshal(members)
		modelstest.NoError(t, err)
		bodies = append(bodies, text)
	}
	for name, value := range members {
		delete(members, name)
		write()
		members[name] = value
	}
	members["more"] = json.RawMessage("1")
	write()
	return bodies
}
