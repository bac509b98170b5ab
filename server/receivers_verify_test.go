package main

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// TestReceiversOfTheGuide: each takes a form and JSON that Ringback delivers, once, and nothing that Ringback has not signed just now.
func TestReceiversOfTheGuide(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{})
	for _, e := range examples(t) {
		t.Run(e.language, func(t *testing.T) {
			t.Parallel()
			project := s.newProject(t, "")
			secret := s.signingSecret(t, project)
			r := e.start(t, secret)
			s.setURL(t, project, r.url+"/callbacks")

			crawl := s.finishCrawl(t, newCrawlID(), project)
			s.awaitStatus(t, crawl.UID, "SUCCESS")
			job := s.createJobs(t, project, 1, "")[0]
			ref := s.change(t, job, anyMap{"action": "RESOLVED", "state": "COMPLETED"})
			if c := s.awaitJob(t, job.ID, 1).Callbacks.Nodes[0]; c.Status != "SUCCESS" {
				t.Errorf("the job's callback is %+v", c)
			}
			test := s.sendTest(t, project).SendTestCallback
			if test.Callback.Status != "SUCCESS" {
				t.Errorf("the test is %+v", test)
			}
			s.diagnoseAsTheGuide(t, project)
			own := r.checkSignatures(t, secret)

			all := r.stored(t)
			if len(all) != 3 {
				t.Fatalf("it has stored %+v", all)
			}
			if got := all[0]; got.Ref != crawl.Ref || got.Event != "CRAWL_FINISHED" || got.Body["project_id"] != project ||
				got.Body["href"] != "/accounts/123123/projects/"+project+"/crawls/"+got.Body["crawl_id"].(string) {
				t.Errorf("of the crawl it has stored %+v", got)
			}
			if got := all[1]; got.Ref != ref || got.Event != "JOB_UPDATED" || got.Body["uuid"] != job.UUID {
				t.Errorf("of the job it has stored %+v", got)
			}
			if diff := cmp.Diff(own, all[2]); diff != "" {
				t.Errorf("of what was sent to it otherwise (-want +stored):\n%s", diff)
			}
		})
	}
}

// diagnoseAsTheGuide runs the guide's mutation, which sends a wrong signature and an old one.
func (s *instance) diagnoseAsTheGuide(t *testing.T, project string) {
	t.Helper()
	var mutation string
	for _, block := range guideBlock.FindAllStringSubmatch(page(t, guide), -1) {
		if block[2] == "graphql" {
			mutation = strings.Replace(block[3], "123", project, 1)
		}
	}
	d := ask[diagnosed](t, s, s.user(), mutation, nil).DiagnoseReceiver.Diagnosis
	if len(d.Steps) != 7 || d.Steps[6].Name != "SIGNATURE" || d.Steps[5].Status != "OK" || d.Steps[6].Status != "OK" {
		t.Errorf("the diagnosis is %+v", d)
	}
}

// checkSignatures sends what Ringback does not, and a callback that comes twice; it returns what is to be stored of that.
func (r *started) checkSignatures(t *testing.T, secret string) stored {
	t.Helper()
	const body = "message=test&text=%C3%A9+%26%3D%2B&empty="
	ref, now := uuid.NewString(), time.Now()
	sign := func(secret string, at time.Time) http.Header {
		webhook, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			t.Fatal(err)
		}
		signature, err := webhook.Sign(ref, at, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		return http.Header{
			"Webhook-Id": {ref}, "Webhook-Timestamp": {strconv.FormatInt(at.Unix(), 10)}, "Webhook-Signature": {signature},
			"Content-Type": {"application/x-www-form-urlencoded"}, "X-Callback-Event": {"CRAWL_FINISHED"}, "X-Callback-Ref": {ref},
		}
	}
	with := func(name, value string) http.Header {
		h := sign(secret, now)
		h.Set(name, value)
		return h
	}
	right := sign(secret, now)
	const other = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
	for name, test := range map[string]struct {
		header http.Header
		body   string
		want   int
	}{
		"an old timestamp":        {sign(secret, now.Add(-6*time.Minute)), body, 401},
		"a timestamp to come":     {sign(secret, now.Add(6*time.Minute)), body, 401},
		"another timestamp":       {with("Webhook-Timestamp", strconv.FormatInt(now.Unix()-1, 10)), body, 401},
		"no number":               {with("Webhook-Timestamp", "now"), body, 401},
		"another secret":          {sign(other, now), body, 401},
		"another body":            {right, body + "1", 401},
		"another id":              {with("Webhook-Id", uuid.NewString()), body, 401},
		"an empty signature":      {with("Webhook-Signature", ""), body, 401},
		"a signature of no bytes": {with("Webhook-Signature", "v1,"), body, 401},
		"what is no base64":       {with("Webhook-Signature", "v1,\xe9*"), body, 401},
		"another version":         {with("Webhook-Signature", "v2"+right.Get("Webhook-Signature")[2:]), body, 401},
		"nothing signed":          {http.Header{}, body, 401},
		"too large a body":        {right, strings.Repeat("x", 8<<20+1), 413},
	} {
		got := r.post(t, test.header, test.body)
		if closed := got == 0 && test.want == http.StatusRequestEntityTooLarge; got != test.want && !closed {
			t.Errorf("%s is answered with %d, want %d", name, got, test.want)
		}
	}
	// While a secret is being changed there are two signatures. The first time it is stored, the second it is known.
	for range 2 {
		two := with("Webhook-Signature", sign(other, now).Get("Webhook-Signature")+" "+right.Get("Webhook-Signature"))
		if got := r.post(t, two, body); got != http.StatusNoContent {
			t.Errorf("one of two signatures is right, and it answers %d", got)
		}
	}
	return stored{ref, "CRAWL_FINISHED", map[string]any{"message": "test", "text": "é &=+", "empty": ""}}
}

// post returns 0 where the connection was closed before all was sent.
func (r *started) post(t *testing.T, h http.Header, body string) (status int) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = h.Clone()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return 0
	}
	_ = response.Body.Close()
	return response.StatusCode
}
