package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/ringback/ringback/models/modelstest"
)

func TestPublishedExampleAnswersFieldForField(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{})
	text, err := os.ReadFile("testdata/configure_api_callback_url.json")
	if err != nil {
		t.Fatal(err)
	}
	var example struct {
		Operation string
		Variables anyMap
		Response  any
	}
	if err := json.Unmarshal(text, &example); err != nil {
		t.Fatal(err)
	}
	status, body := s.post(t, s.user(), example.Operation, example.Variables)
	var got any
	if err := json.Unmarshal(body, &got); err != nil || status != http.StatusOK {
		t.Fatalf("HTTP %d: %s: %v", status, body, err)
	}
	if diff := cmp.Diff(example.Response, got); diff != "" {
		t.Errorf("(-published +answered):\n%s", diff)
	}
}

const signingSecrets = `query($id: ObjectID!) { getProject(id: $id) { callbackSigningSecrets { secret } } }`

// signingSecret is the project's, as its Admin sees it.
func (s *instance) signingSecret(t *testing.T, projectID any) string {
	t.Helper()
	secrets := ask[struct {
		GetProject struct {
			CallbackSigningSecrets []struct{ Secret string }
		}
	}](t, s, s.user(), signingSecrets, anyMap{"id": projectID}).GetProject.CallbackSigningSecrets
	if len(secrets) != 1 {
		t.Fatalf("%d signing secrets, want 1", len(secrets))
	}
	return secrets[0].Secret
}

const finishReport = `mutation($input: FinishReportDownloadInput!) { finishReportDownload(input: $input) { callback {` + callbackFields + `} } }`

func (s *instance) finishReport(t *testing.T, input anyMap) apiCallback {
	t.Helper()
	return ask[struct {
		FinishReportDownload struct{ Callback apiCallback }
	}](t, s, s.platform(), finishReport, anyMap{"input": input}).FinishReportDownload.Callback
}

func TestPublishedCallbacksArriveByteForByteAndSigned(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	s := startServer(t, options{})
	s.setURL(t, demoProjectID, h.url("/hook"), header{"Authorization", "Bearer your-token"})
	secret := s.signingSecret(t, demoProjectID)

	c := s.finishCrawl(t, 124234, demoProjectID)
	got := h.next(t, "/hook")
	modelstest.Golden(t, "crawl_finished.form", []byte(got.body+"\n"))
	checkWire(t, got, c.Ref, secret, "application/x-www-form-urlencoded")
	if c = s.awaitStatus(t, c.UID, "SUCCESS"); c.Attempts.Nodes[0].UID != got.header.Get("X-Run-Callback") ||
		c.Payload != got.body {
		t.Errorf("the history tells of another request than %v: %+v", got, c)
	}

	c = s.finishReport(t, anyMap{
		"reportDownloadId": 567890, "crawlId": 124234, "reportTemplateCode": "all_pages", "createdByUserId": demoUserID,
		"fileUrl": "https://s3.example.com/report.csv?X-Amz-Signature=a%2Bb&x=1",
	})
	got = h.next(t, "/hook")
	modelstest.Golden(t, "report_download.form", []byte(got.body+"\n"))
	checkWire(t, got, c.Ref, secret, "application/x-www-form-urlencoded")
	s.awaitStatus(t, c.UID, "SUCCESS")
}

// checkWire compares a request with "On the wire" of the design.
func checkWire(t *testing.T, got arrival, ref, secret, contentType string) {
	t.Helper()
	h := got.header.Clone()
	webhook, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	if err := webhook.Verify([]byte(got.body), h); err != nil {
		t.Errorf("the signature is not valid: %v", err)
	}
	if err := webhook.Verify([]byte(got.body+" "), h); err == nil {
		t.Error("the signature is valid for another body too")
	}
	seconds, err := strconv.ParseInt(h.Get("webhook-timestamp"), 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > modelstest.Patience {
		t.Errorf("webhook-timestamp is %q", h.Get("webhook-timestamp"))
	}
	if !strings.HasPrefix(h.Get("webhook-signature"), "v1,") {
		t.Errorf("webhook-signature is %q", h.Get("webhook-signature"))
	}
	if _, err := uuid.Parse(h.Get("X-Run-Callback")); err != nil || h.Get("X-Run-Callback") == ref {
		t.Errorf("X-Run-Callback is %q", h.Get("X-Run-Callback"))
	}
	for name := range h {
		if name != "Authorization" && !strings.Contains(page(t, guide), "`"+name+"`") {
			t.Errorf("docs/%s does not name the header %s", guide, name)
		}
	}
	for _, name := range []string{"webhook-timestamp", "webhook-signature", "X-Run-Callback", "Accept-Encoding"} {
		h.Del(name)
	}
	event := h.Get("X-Callback-Event")
	if !regexp.MustCompile(`^[A-Z]+(_[A-Z]+)+$`).MatchString(event) {
		t.Errorf("X-Callback-Event is %q", event)
	}
	want := http.Header{
		"Content-Type": {contentType}, "Content-Length": {strconv.Itoa(len(got.body))},
		"User-Agent": {"Ringback/" + version}, "Webhook-Id": {ref}, "X-Callback-Ref": {ref}, "X-Callback-Attempt": {"1"},
		"X-Callback-Event": {event}, "Authorization": {"Bearer your-token"},
	}
	if diff := cmp.Diff(want, h); diff != "" || got.method != http.MethodPost {
		t.Errorf("%s, headers (-want +got):\n%s", got.method, diff)
	}
}

func TestSuccessIsExactly200To204(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	s := startServer(t, options{env: vars{"RINGBACK_RETRY_SCHEDULE": "none"}})
	for status, want := range map[int]string{
		200: "", 201: "", 202: "", 203: "", 204: "",
		205: "HTTP_STATUS", 206: "HTTP_STATUS", 299: "HTTP_STATUS", 304: "REDIRECT", 400: "HTTP_STATUS", 500: "HTTP_STATUS",
	} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			t.Parallel()
			path := fmt.Sprintf("/%d", status)
			h.on(path, answers(status, ""))
			end := "FAILED"
			if want == "" {
				end = "SUCCESS"
			}
			c := s.awaitStatus(t, s.finishCrawl(t, newCrawlID(), s.newProject(t, h.url(path))).UID, end)
			code := ""
			if c.Error != nil {
				code = c.Error.Code
			}
			if code != want || c.HTTPStatus == nil || *c.HTTPStatus != status || c.AttemptCount != 1 {
				t.Errorf("code %q, want %q: %+v", code, want, c)
			}
		})
	}
}

func TestNoCallbackWhereNoneIsDue(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	s := startServer(t, options{})
	with, without := s.newProject(t, h.url("/hook")), s.newProject(t, "")
	for name, input := range map[string]anyMap{
		"a test suite build":    {"projectId": with, "kind": "TestSuiteBuild"},
		"a crawl that failed":   {"projectId": with, "status": "Failed"},
		"a cancelled crawl":     {"projectId": with, "status": "Cancelled"},
		"a project without URL": {"projectId": without},
	} {
		input["crawlId"] = newCrawlID()
		if c := s.endCrawl(t, input); c != nil {
			t.Errorf("%s has the callback %+v", name, c)
		}
	}
	// What was made in between would have been sent before this one.
	id := newCrawlID()
	s.awaitStatus(t, s.finishCrawl(t, id, with).UID, "SUCCESS")
	if got := h.next(t, "/hook"); !strings.Contains(got.body, fmt.Sprintf("crawl_id=%d&", id)) {
		t.Errorf("arrived: %s", got.body)
	}
	h.nothingAt(t, "/hook")
	if all := s.callbacks(t); len(all) != 1 {
		t.Errorf("%d callbacks, want 1", len(all))
	}
}

func TestRepeatingAMutationSendsNothingMore(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	s := startServer(t, options{})
	project, id := s.newProject(t, h.url("/hook")), newCrawlID()
	first := s.finishCrawl(t, id, project)
	s.awaitStatus(t, first.UID, "SUCCESS")
	if again := s.finishCrawl(t, id, project); again.UID != first.UID {
		t.Errorf("the second call has the callback %s, the first %s", again.UID, first.UID)
	}
	report := anyMap{
		"reportDownloadId": newCrawlID(), "crawlId": id, "reportTemplateCode": "all_pages",
		"fileUrl": "https://files.example.com/1",
	}
	firstReport := s.finishReport(t, report)
	s.awaitStatus(t, firstReport.UID, "SUCCESS")
	if again := s.finishReport(t, report); again.UID != firstReport.UID {
		t.Errorf("the second call has the callback %s, the first %s", again.UID, firstReport.UID)
	}
	s.awaitStatus(t, s.finishCrawl(t, newCrawlID(), project).UID, "SUCCESS")
	for _, pattern := range []string{`message=crawl_status`, `message=report_download_available`, `message=crawl_status`} {
		if got := h.next(t, "/hook"); !regexp.MustCompile(pattern).MatchString(got.body) {
			t.Errorf("arrived %s, want %s", got.body, pattern)
		}
	}
	h.nothingAt(t, "/hook")
}
