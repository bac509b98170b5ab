package main

import (
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// TestReceiversOfTheGuide: each takes a form and JSON that Ringback delivers, once, and nothing that Ringback has not signed just now. What it
// cannot store it takes when it comes again.
func TestReceiversOfTheGuide(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{})
	for _, e := range examples(t) {
		t.Run(e.language, func(t *testing.T) {
			t.Parallel()
			project := s.newProject(t, "")
			secret := s.signingSecret(t, project)
			r := e.start(t, secret)
			unstored := r.storesWhatComesAgain(t, secret)
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
			if len(all) != 4 {
				t.Errorf("it has stored %+v", all)
			}
			if got := all[crawl.Ref]; got.Event != "CRAWL_FINISHED" || got.Body["project_id"] != project ||
				got.Body["href"] != "/accounts/123123/projects/"+project+"/crawls/"+got.Body["crawl_id"].(string) {
				t.Errorf("of the crawl it has stored %+v", got)
			}
			if got := all[ref]; got.Event != "JOB_UPDATED" || got.Body["uuid"] != job.UUID {
				t.Errorf("of the job it has stored %+v", got)
			}
			for _, want := range []stored{unstored, own} {
				if diff := cmp.Diff(want, all[want.Ref]); diff != "" {
					t.Errorf("of what was sent to it otherwise (-want +stored):\n%s", diff)
				}
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

const (
	ownBody     = "message=test&text=%C3%A9+%26%3D%2B&empty="
	otherSecret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
)

// signOwn signs what is not of Ringback as Ringback does.
func signOwn(t *testing.T, secret, ref string, at time.Time) http.Header {
	t.Helper()
	webhook, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := webhook.Sign(ref, at, []byte(ownBody))
	if err != nil {
		t.Fatal(err)
	}
	return http.Header{
		"Webhook-Id": {ref}, "Webhook-Timestamp": {strconv.FormatInt(at.Unix(), 10)}, "Webhook-Signature": {signature},
		"Content-Type": {"application/x-www-form-urlencoded"}, "X-Callback-Event": {"CRAWL_FINISHED"}, "X-Callback-Ref": {ref},
	}
}

func storedOwn(ref string) stored {
	return stored{ref, "CRAWL_FINISHED", map[string]any{"message": "test", "text": "é &=+", "empty": ""}}
}

// storesWhatComesAgain sends a callback while there is no folder to store it in, and again when there is.
func (r *started) storesWhatComesAgain(t *testing.T, secret string) stored {
	t.Helper()
	ref := uuid.NewString()
	for _, want := range []int{http.StatusInternalServerError, http.StatusInternalServerError, http.StatusNoContent} {
		if want == http.StatusNoContent {
			if err := os.Mkdir(r.folder, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		if got := r.post(t, signOwn(t, secret, ref, time.Now()), ownBody); got != want {
			t.Errorf("it answers %d to what it may store or not, want %d", got, want)
		}
	}
	return storedOwn(ref)
}

// checkSignatures sends what Ringback does not, and a callback that comes twice; it returns what is to be stored of that.
func (r *started) checkSignatures(t *testing.T, secret string) stored {
	t.Helper()
	ref, now := uuid.NewString(), time.Now()
	sign := func(secret string, at time.Time) http.Header { return signOwn(t, secret, ref, at) }
	with := func(name, value string) http.Header {
		h := sign(secret, now)
		h.Set(name, value)
		return h
	}
	right := sign(secret, now)
	for name, test := range map[string]struct {
		header http.Header
		body   string
		want   int
	}{
		"an old timestamp":        {sign(secret, now.Add(-6*time.Minute)), ownBody, 401},
		"a timestamp to come":     {sign(secret, now.Add(6*time.Minute)), ownBody, 401},
		"another timestamp":       {with("Webhook-Timestamp", strconv.FormatInt(now.Unix()-1, 10)), ownBody, 401},
		"no number":               {with("Webhook-Timestamp", "now"), ownBody, 401},
		"another secret":          {sign(otherSecret, now), ownBody, 401},
		"another body":            {right, ownBody + "1", 401},
		"another id":              {with("Webhook-Id", uuid.NewString()), ownBody, 401},
		"an empty signature":      {with("Webhook-Signature", ""), ownBody, 401},
		"a signature of no bytes": {with("Webhook-Signature", "v1,"), ownBody, 401},
		"what is no base64":       {with("Webhook-Signature", "v1,\xe9*"), ownBody, 401},
		"another version":         {with("Webhook-Signature", "v2"+right.Get("Webhook-Signature")[2:]), ownBody, 401},
		"nothing signed":          {http.Header{}, ownBody, 401},
		"too large a body":        {right, strings.Repeat("x", 8<<20+1), 413},
	} {
		got := r.post(t, test.header, test.body)
		if closed := got == 0 && test.want == http.StatusRequestEntityTooLarge; got != test.want && !closed {
			t.Errorf("%s is answered with %d, want %d", name, got, test.want)
		}
	}
	// While a secret is being changed there are two signatures. The first time it is stored, the second it is known.
	for range 2 {
		two := with("Webhook-Signature", sign(otherSecret, now).Get("Webhook-Signature")+" "+right.Get("Webhook-Signature"))
		if got := r.post(t, two, ownBody); got != http.StatusNoContent {
			t.Errorf("one of two signatures is right, and it answers %d", got)
		}
	}
	return storedOwn(ref)
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
