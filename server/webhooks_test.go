package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"github.com/ringback/ringback/models/callback"
)

// TestEveryEventIsDeliveredAsTheDocumentHasIt: what receivers get, headers and bodies, is what the OpenAPI document of
// the server that sends it says under webhooks.
func TestEveryEventIsDeliveredAsTheDocumentHasIt(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{env: vars{"RINGBACK_RETRY_SCHEDULE": "1s"}})
	_, text, _ := s.rest(t, http.Header{}, http.MethodGet, "/v1/openapi.json", "")
	document, err := openapi3.NewLoader().LoadFromData([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	h := newHostile(t)
	h.on("/flaky", then(answers(http.StatusInternalServerError, "no"), answers(http.StatusOK, "")))
	h.on("/gone", answers(http.StatusGone, "no"))
	h.on("/execute", pages(1))
	s.setWebhook(t, h.url("/sso"))
	s.setWebhookEvents(t, "FIRST_FAILURE", "GIVEN_UP", "RECOVERED")

	seen := map[string]bool{}
	next := func(path string, events ...callback.EventName) {
		for range events {
			got := h.next(t, path)
			checkWebhook(t, document, got)
			seen[got.header.Get("X-Callback-Event")] = true
		}
		for _, event := range events {
			if !seen[string(event)] {
				t.Errorf("%s: no %s has come", path, event)
			}
		}
	}
	s.finishCrawl(t, newCrawlID(), s.newProject(t, h.url("/flaky")))
	next("/flaky", callback.CrawlFinishedEvent, callback.CrawlFinishedEvent)
	next("/sso", callback.CallbackFailedEvent, callback.CallbackRecoveredEvent)

	project := s.newProject(t, h.url("/hook"))
	crawl := newCrawlID()
	s.finishCrawl(t, crawl, project)
	ask[any](t, s, s.platform(), finishReport, anyMap{"input": anyMap{
		"reportDownloadId": newCrawlID(), "crawlId": crawl, "reportTemplateCode": "all_pages", "fileUrl": "https://files.example.com/a.csv",
	}})
	job := s.createJobs(t, project, 1, "")[0]
	s.change(t, job, anyMap{"action": "RESOLVED", "state": "COMPLETED", "output": anyMap{"label": "cat"}})
	next("/hook", callback.CrawlFinishedEvent, callback.ReportDownloadGeneratedEvent, callback.JobUpdatedEvent)

	action := s.newAction(t, h.url("/execute"))
	s.createRun(t, project, action, anyMap{"inputs": []anyMap{{"input": anyMap{"q": "x"}}}})
	next("/hook", callback.RunBatchFinishedEvent, callback.RunFinishedEvent)
	_, key := s.newProjectKey(t, project)
	if status, body, _ := s.rest(
		t, key, http.MethodPost, "/v1/actions/"+action, `{"q": "x", "callbackUrl": "`+h.url("/result")+`"}`,
	); status != http.StatusOK {
		t.Fatalf("%d: %s", status, body)
	}
	next("/result", callback.RunResultEvent)
	s.sendTest(t, project)
	next("/hook", callback.TestEvent)

	s.setNoticeMode(t, "DIGEST")
	s.finishCrawl(t, newCrawlID(), s.newProject(t, h.url("/gone")))
	next("/sso", callback.CallbacksFailedEvent)
	for _, event := range callback.EventNames() {
		if !seen[string(event)] {
			t.Errorf("no %s was delivered", event)
		}
	}
}

// checkWebhook holds a delivery against the document, and sees that it minds when a header is missing.
func checkWebhook(t *testing.T, document *openapi3.T, got arrival) {
	t.Helper()
	name := got.header.Get("X-Callback-Event")
	item := document.Webhooks[name]
	if item == nil {
		t.Errorf("%q is no webhook of the document", name)
		return
	}
	check := func(header http.Header) error {
		r, err := http.NewRequestWithContext(t.Context(), got.method, "http://receiver.example"+got.path, strings.NewReader(got.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header = header
		return openapi3filter.ValidateRequest(t.Context(), &openapi3filter.RequestValidationInput{
			Request: r, Route: &routers.Route{Spec: document, PathItem: item, Method: r.Method, Operation: item.Post},
		})
	}
	if err := check(got.header); err != nil {
		t.Errorf("%s: %v\n%s", name, err, got.body)
	}
	for _, p := range item.Post.Parameters {
		without := got.header.Clone()
		without.Del(p.Value.Name)
		if check(without) == nil {
			t.Errorf("%s: it is taken without %s", name, p.Value.Name)
		}
	}
	for header := range got.header {
		if own := strings.HasPrefix(header, "X-") || strings.HasPrefix(header, "Webhook-"); own && !slices.ContainsFunc(
			item.Post.Parameters, func(p *openapi3.ParameterRef) bool { return strings.EqualFold(p.Value.Name, header) },
		) {
			t.Errorf("%s: the document does not know %s", name, header)
		}
	}
}
