package models_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ringback/ringback/models"
)

// unanswered is a call that no answer came to.
func unanswered(code models.AttemptErrorCode) models.Outcome {
	return models.Outcome{Error: &models.AttemptError{Code: code, Message: "no answer"}, Duration: time.Millisecond}
}

func TestExecutorsAnswerDecidesWhatBecomesOfTheBatch(t *testing.T) {
	t.Parallel()
	const (
		refused = "The executor refused the input"
		odd     = "The executor refused the call"
		garbage = `The executor's answer is not {"results": […], "has_more": …}`
	)
	// An empty label: there is no error. An empty status: the batch waits for its next try.
	tests := map[string]struct {
		answer  models.Outcome
		status  models.RunStatus
		label   string
		code    int
		message string
	}{
		"200 with results":         {executed(200, `{"results":[{"a":1},null,"x"],"has_more":true}`), models.RunSucceeded, "", 0, ""},
		"200 without has_more":     {executed(200, `{"results":[1,2,3]}`), models.RunSucceeded, "", 0, ""},
		"200 with more besides":    {executed(200, `{"took":5,"results":[1,2,3],"has_more":false}`), models.RunSucceeded, "", 0, ""},
		"200 without results":      {nothing(), models.RunFailed, models.LabelNoResult, 424, "No results"},
		"200 with null":            {executed(200, `{"results":null}`), models.RunFailed, models.LabelNoResult, 424, "No results"},
		"200 with nothing in it":   {executed(200, `{}`), models.RunFailed, models.LabelNoResult, 424, "No results"},
		"200 that is null":         {executed(200, `null`), models.RunFailed, models.LabelNoResult, 424, "No results"},
		"200 that is empty":        {executed(200, ``), models.RunFailed, models.LabelIntegrationError, 424, garbage},
		"200 that is no JSON":      {executed(200, `<html>`), models.RunFailed, models.LabelIntegrationError, 424, garbage},
		"200 that is cut off":      {executed(200, `{"results":[1,2`), models.RunFailed, models.LabelIntegrationError, 424, garbage},
		"200 with a list":          {executed(200, `[1,2]`), models.RunFailed, models.LabelIntegrationError, 424, garbage},
		"200 with an object":       {executed(200, `{"results":{"a":1}}`), models.RunFailed, models.LabelIntegrationError, 424, garbage},
		"200 with an odd has_more": {executed(200, `{"results":[1],"has_more":"yes"}`), models.RunFailed, models.LabelIntegrationError, 424, garbage},
		"400":                      {executed(400, ``), models.RunBlocked, models.LabelBadInput, 400, refused},
		"400 with a message":       {executed(400, `{"message":"q is missing"}`), models.RunBlocked, models.LabelBadInput, 400, "q is missing"},
		"422 with a message":       {executed(422, `{"message":"q is <odd>","code":7}`), models.RunBlocked, models.LabelBadInput, 422, "q is <odd>"},
		"422 with an empty one":    {executed(422, `{"message":""}`), models.RunBlocked, models.LabelBadInput, 422, refused},
		"422 with an odd one":      {executed(422, `{"message":{"text":"q"}}`), models.RunBlocked, models.LabelBadInput, 422, refused},
		"404":                      {executed(404, `{"message":"nobody"}`), models.RunFailed, models.LabelNoResult, 424, "No results"},
		"424":                      {executed(424, ``), models.RunFailed, models.LabelNoResult, 424, "No results"},
		"401":                      {executed(401, ``), models.RunFailed, "STATUS_401", 424, odd},
		"403 with a message":       {executed(403, `{"message":"not you"}`), models.RunFailed, "STATUS_403", 424, "not you"},
		"410":                      {executed(410, ``), models.RunFailed, "STATUS_410", 424, odd},
		"408":                      {executed(408, ``), "", "", 0, ""},
		"425":                      {executed(425, ``), "", "", 0, ""},
		"429":                      {executed(429, ``), "", "", 0, ""},
		"201 with results":         {executed(201, `{"results":[1,2,3]}`), models.RunSucceeded, "", 0, ""},
		"202 with results":         {executed(202, `{"results":[1,2,3]}`), models.RunSucceeded, "", 0, ""},
		"202 without":              {executed(202, `accepted`), models.RunFailed, models.LabelIntegrationError, 424, garbage},
		"204":                      {executed(204, ``), models.RunFailed, models.LabelNoResult, 424, "No results"},
		"299 with results":         {executed(299, `{"results":[1,2,3]}`), models.RunSucceeded, "", 0, ""},
		"300 with results":         {executed(300, `{"results":[1,2,3]}`), models.RunFailed, "STATUS_300", 424, odd},
		"500":                      {executed(500, ``), "", "", 0, ""},
		"502":                      {executed(502, `{"message":"bad gateway"}`), "", "", 0, ""},
		"503":                      {executed(503, ``), "", "", 0, ""},
		"599":                      {executed(599, ``), "", "", 0, ""},
		"DNS_ERROR":                {unanswered(models.DNSError), "", "", 0, ""},
		"CONNECT_REFUSED":          {unanswered(models.ConnectRefused), "", "", 0, ""},
		"CONNECT_TIMEOUT":          {unanswered(models.ConnectTimeout), "", "", 0, ""},
		"TLS_ERROR":                {unanswered(models.TLSError), "", "", 0, ""},
		"TIMEOUT":                  {unanswered(models.Timeout), "", "", 0, ""},
		"CONNECTION_RESET":         {unanswered(models.ConnectionReset), "", "", 0, ""},
		"MALFORMED_RESPONSE":       {unanswered(models.MalformedResponse), "", "", 0, ""},
		"BLOCKED_ADDRESS":          {unanswered(models.BlockedAddress), models.RunFailed, models.LabelIntegrationError, 424, "The executor gave no answer (" + string(models.BlockedAddress) + ")"},
		"INVALID_URL":              {unanswered(models.InvalidURL), models.RunFailed, models.LabelIntegrationError, 424, "The executor gave no answer (" + string(models.InvalidURL) + ")"},
		"REDIRECT":                 {unanswered(models.Redirect), models.RunFailed, models.LabelIntegrationError, 424, "The executor gave no answer (" + string(models.Redirect) + ")"},
		"RESPONSE_TOO_LARGE":       {unanswered(models.ResponseTooLarge), models.RunFailed, models.LabelIntegrationError, 424, "The executor gave no answer (" + string(models.ResponseTooLarge) + ")"},
	}
	w := newWorld(t)
	a := w.newAction()
	for name, test := range tests {
		run := w.newRun(calling(runURL, models.CallbackOnResult)) // which adds no page
		e := w.claimBatches(a, 1)[0]
		w.recordBatch(e, test.answer)
		b := w.batch(e.Batch.ID)
		var want *models.StandardError
		if test.label != "" {
			want = &models.StandardError{
				Message: test.message, Label: test.label, Scope: models.ScopeExecutor, StatusCode: test.code,
				Params: map[string]any{}, Ref: e.Attempt.UID.String(),
			}
			if test.answer.HTTPStatus != nil {
				want.Params["http_status"] = float64(*test.answer.HTTPStatus) // as JSON reads numbers
			} else {
				want.Params["code"] = string(test.answer.Error.Code)
			}
		}
		if diff := cmp.Diff(want, b.Error); diff != "" {
			t.Errorf("%s: the error: %s", name, diff)
		}
		if test.status == "" {
			if b.Status != models.RunQueued || b.FailureCount != 1 || b.FinishedAt != nil {
				t.Errorf("%s: want another try, got %+v", name, b)
			}
			w.stop(run) // out of the way of the others
			continue
		}
		if b.Status != test.status || b.FinishedAt == nil || b.Empty != (test.label == models.LabelNoResult) {
			t.Errorf("%s: want %s, got %+v", name, test.status, b)
		}
		w.wantEnded(run.ID, test.status)
	}
}

// oddStatuses are those of no answer; nil beside no error is none either.
func oddStatuses() []models.Outcome {
	outcomes := []models.Outcome{{}}
	for _, status := range []int{-1, 0, 20, 99, 600, 999, 1 << 31, -1 << 63} {
		outcomes = append(outcomes, executed(status, `{"results":[1]}`))
	}
	return outcomes
}

func TestStatusThatCannotBeIsNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	for _, o := range oddStatuses() {
		if o.Arrived() {
			t.Errorf("%+v counts as an answer", o)
		}
		d := w.claim(w.raised().ID)
		w.record(d, o)
		if got := d.Attempt; got.HTTPStatus != nil || got.Error == nil || got.Error.Code != models.MalformedResponse {
			t.Errorf("%+v became %+v, %+v", o, got, got.Error)
		}
		run := w.newRun()
		e := w.claimBatches(a, 1)[0]
		w.recordBatch(e, o)
		if got := e.Attempt; got.HTTPStatus != nil || got.Error == nil || got.Error.Code != models.MalformedResponse || e.Batch.FailureCount != 1 {
			t.Errorf("%+v became %+v, %+v", o, got, got.Error)
		}
		w.stop(run)
	}
}

func TestResultsAreKeptAsTheyWereGiven(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	run := w.newRun()
	e := w.claimBatches(a, 1)[0]
	w.recordBatch(e, executed(200, "{ \"results\" : [ {\"z\":1.50,\"a\":[12345678901234567890, \"<&>\"]} ,\n \"ü\" , null ] }"))
	b := w.batch(e.Batch.ID)
	if want := `[{"z":1.50,"a":[12345678901234567890, "<&>"]},"ü",null]`; string(b.Results) != want || b.ResultCount != 3 {
		t.Errorf("got %d results: %s, want %s", b.ResultCount, b.Results, want)
	}
	if run = w.wantEnded(run.ID, models.RunSucceeded); run.OutputCount != 3 {
		t.Errorf("the run counts %d", run.OutputCount)
	}
}

func TestExecutorThatFailsIsCalledThreeTimes(t *testing.T) {
	t.Parallel()
	answers := map[string]models.Outcome{
		"500": executed(500, `{"message":"out of order"}`), "502": executed(502, ""), "no answer": unanswered(models.Timeout),
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			a := w.newAction()
			run := w.newRun()
			for i, delay := range []time.Duration{time.Second, 4 * time.Second} {
				e := w.claimBatches(a, 1)[0]
				w.recordBatch(e, answer)
				b := w.batch(e.Batch.ID)
				if b.Status != models.RunQueued || b.NextAttemptAt.Sub(w.clock.now()) != delay || b.FailureCount != i+1 || b.LeaseUntil != nil {
					t.Fatalf("after failure %d: %+v", i+1, b)
				}
				want := models.Wakeup{Lane: a.Lane(), At: *b.NextAttemptAt}
				if got := w.queue.take(); len(got) != 1 || got[0] != want {
					t.Errorf("woken: %v", got)
				}
				w.clock.advance(delay - time.Microsecond)
				if early := w.claimBatches(a, 1); len(early) != 0 {
					t.Fatalf("called again %s after failure %d", delay-time.Microsecond, i+1)
				}
				w.clock.advance(time.Microsecond)
			}
			e := w.claimBatches(a, 1)[0]
			w.recordBatch(e, answer)
			w.wantEnded(run.ID, models.RunFailed)
			b := w.batch(e.Batch.ID)
			if b.Status != models.RunFailed || b.Error.Label != models.LabelMaxRetry || b.Error.StatusCode != 424 || b.AttemptCount != 3 || b.FailureCount != 3 {
				t.Errorf("got %+v, %+v", b, b.Error)
			}
			if name == "500" && b.Error.Message != "out of order" {
				t.Errorf("it says %q", b.Error.Message)
			}
			if attempts := w.batchAttempts(b.ID); len(attempts) != 3 || b.Error.Ref != attempts[2].UID.String() {
				t.Errorf("the error names %s, the attempts are %+v", b.Error.Ref, attempts)
			}
		})
	}
}

func TestExecutorThatMendsIsAskedNoMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	run := w.newRun()
	for _, answer := range []models.Outcome{unanswered(models.Timeout), executed(503, ""), found(2, false)} {
		e := w.claimBatches(a, 1)[0]
		w.recordBatch(e, answer)
		w.clock.advance(time.Minute)
	}
	if run = w.wantEnded(run.ID, models.RunSucceeded); run.OutputCount != 2 || run.Error != nil {
		t.Errorf("got %+v", run)
	}
	b := w.batches(run.ID)[0]
	if b.FailureCount != 2 || b.Error != nil || !b.StartedAt.Equal(start) {
		t.Errorf("got %+v", b)
	}
	attempts := w.batchAttempts(b.ID)
	want := []*models.BatchAttempt{
		{Number: 1, FinishedAt: &start, Error: &models.AttemptError{Code: models.Timeout, Message: "no answer"}},
		{Number: 2, FinishedAt: new(start.Add(time.Minute)), HTTPStatus: new(503)},
		{Number: 3, FinishedAt: new(start.Add(2 * time.Minute)), HTTPStatus: new(200)},
	}
	for _, a := range want {
		a.BatchID, a.URL, a.StartedAt, a.Duration = b.ID, executorURL, *a.FinishedAt, time.Millisecond
	}
	if diff := cmp.Diff(want, attempts, cmpopts.IgnoreFields(models.BatchAttempt{}, "ID", "UID")); diff != "" {
		t.Error(diff)
	}
	if told := w.told(run.ID, models.RunBatchFinishedEvent); len(told) != 1 {
		t.Errorf("the batch was told %d times", len(told))
	}
}

func TestRetryAfterOfTheExecutorIsObeyed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	for value, want := range map[string]time.Duration{
		"": time.Second, "0": time.Second, "30": 30 * time.Second, "300": 5 * time.Minute, "301": 5 * time.Minute, "9999999": 5 * time.Minute,
		start.Add(time.Minute).Format("Mon, 02 Jan 2006 15:04:05 GMT"): time.Minute, "soon": time.Second,
	} {
		w.newRun()
		e := w.claimBatches(a, 1)[0]
		o := executed(503, "")
		o.RetryAfter = value
		w.recordBatch(e, o)
		if got := e.Batch.NextAttemptAt.Sub(start); got != want {
			t.Errorf("%q: called again after %s, want %s", value, got, want)
		}
		// What is far away is left to the sweep.
		if woken := w.queue.take(); (len(woken) == 1) != (want <= time.Minute) {
			t.Errorf("%q: woken: %v", value, woken)
		}
	}
}

func TestMessagesOfTheExecutorAreCutAndMadeText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	long := strings.Repeat("é", 600) // of two bytes each
	tests := map[string]struct{ message, want string }{
		"too long":             {strings.Repeat("a", 1001), strings.Repeat("a", 1000)},
		"cut within a letter":  {"a" + long, "a" + long[:998]},
		"not UTF-8":            {"caf\xe9", "caf\uFFFD"},
		"half a surrogate":     {`\ud800`, "\uFFFD"},
		"a zero and a newline": {`a\u0000b\nc`, "a\x00b\nc"},
	}
	for name, test := range tests {
		run := w.newRun()
		e := w.claimBatches(a, 1)[0]
		w.recordBatch(e, executed(422, fmt.Sprintf(`{"message":"%s"}`, test.message)))
		got := w.batch(e.Batch.ID).Error.Message
		if got != test.want || !utf8.ValidString(got) {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
		for _, c := range append(w.told(run.ID, models.RunBatchFinishedEvent), w.told(run.ID, models.RunFinishedEvent)...) {
			if b := readRunBody(t, c); b.Error.Message != test.want || !utf8.Valid(c.Body) {
				t.Errorf("%s: told as %s", name, c.Body)
			}
		}
	}
}

func TestExecutorIsThereWhenItsAnswerIsItsLastWord(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]bool{200: true, 400: true, 404: true, 429: true, 500: false, 503: false} {
		if got := executed(status, "").Arrived(); got != want {
			t.Errorf("%d: %t", status, got)
		}
	}
	if unanswered(models.Timeout).Arrived() {
		t.Error("no answer is taken for one")
	}
}

func FuzzAnyAnswerOfAnExecutorEndsTheBatchOrIsAskedForAgain(f *testing.F) {
	f.Add(200, []byte(`{"results":[1,{"a":"b"}],"has_more":true}`), 1)
	f.Add(200, []byte(`{"results":[]}`), 10)
	f.Add(422, []byte(`{"message":"no"}`), 3)
	f.Add(503, []byte(`{`), 1)
	f.Fuzz(func(t *testing.T, status int, body []byte, maxResults int) {
		if status < 200 || status > 599 || maxResults < 1 || maxResults > 10 {
			return
		}
		run := &models.Run{MaxResults: &maxResults, PageSize: 10}
		b, again := models.TakeAnswer(&models.Batch{Page: 1}, models.Outcome{HTTPStatus: &status, ResponseBody: body}, run, start)
		if again {
			if status < 500 {
				t.Errorf("%d is asked for again", status)
			}
			return
		}
		if !b.Status.Ended() || (b.Error == nil) != (b.Status == models.RunSucceeded) || (b.Results == nil) != (b.ResultCount == 0) {
			t.Errorf("got %+v", b)
		}
		if b.ResultCount > maxResults || b.Status == models.RunSucceeded && status != 200 {
			t.Errorf("got %d results with %d", b.ResultCount, status)
		}
	})
}
