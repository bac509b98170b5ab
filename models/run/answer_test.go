package run_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
)

func TestExecutorsAnswerDecidesWhatBecomesOfTheBatch(t *testing.T) {
	t.Parallel()
	const (
		refused = "The executor refused the input"
		odd     = "The executor refused the call"
		garbage = `The executor's answer is not {"results": […], "has_more": …}`
	)
	executed, unanswered := modelstest.Executed, modelstest.Unanswered
	const integration, none, noResults = models.LabelIntegrationError, models.LabelNoResult, "No results"
	noAnswer := func(code callback.AttemptErrorCode) string {
		return "The executor gave no answer (" + string(code) +
			")"
	}
	// An empty label: there is no error. An empty status: the batch waits for its next try.
	tests := map[string]struct {
		answer  callback.Outcome
		status  run.Status
		label   string
		code    int
		message string
	}{
		"200 with results": {
			executed(200, `{"results":[{"a":1},null,"x"],"has_more":true}`), run.Succeeded,
			"", 0, "",
		},
		"200 without has_more": {executed(200, `{"results":[1,2,3]}`), run.Succeeded, "", 0, ""},
		"200 with more besides": {
			executed(200, `{"took":5,"results":[1,2,3],"has_more":false}`), run.Succeeded,
			"", 0, "",
		},
		"200 without results":    {modelstest.NoResults(), run.Failed, none, 424, noResults},
		"200 with null":          {executed(200, `{"results":null}`), run.Failed, none, 424, noResults},
		"200 with nothing in it": {executed(200, `{}`), run.Failed, none, 424, noResults},
		"200 that is null":       {executed(200, `null`), run.Failed, none, 424, noResults},
		"200 that is empty":      {executed(200, ``), run.Failed, integration, 424, garbage},
		"200 that is no JSON":    {executed(200, `<html>`), run.Failed, integration, 424, garbage},
		"200 that is cut off":    {executed(200, `{"results":[1,2`), run.Failed, integration, 424, garbage},
		"200 with a list":        {executed(200, `[1,2]`), run.Failed, integration, 424, garbage},
		"200 with an object":     {executed(200, `{"results":{"a":1}}`), run.Failed, integration, 424, garbage},
		"200 with an odd has_more": {
			executed(200, `{"results":[1],"has_more":"yes"}`), run.Failed, integration, 424,
			garbage,
		},
		"400": {executed(400, ``), run.Blocked, models.LabelBadInput, 400, refused},
		"400 with a message": {
			executed(400, `{"message":"q is missing"}`), run.Blocked, models.LabelBadInput,
			400, "q is missing",
		},
		"422 with a message": {
			executed(422, `{"message":"q is <odd>","code":7}`), run.Blocked,
			models.LabelBadInput, 422, "q is <odd>",
		},
		"422 with an empty one": {executed(422, `{"message":""}`), run.Blocked, models.LabelBadInput, 422, refused},
		"422 with an odd one": {
			executed(422, `{"message":{"text":"q"}}`), run.Blocked, models.LabelBadInput,
			422, refused,
		},
		"404":                {executed(404, `{"message":"nobody"}`), run.Failed, none, 424, noResults},
		"424":                {executed(424, ``), run.Failed, none, 424, noResults},
		"401":                {executed(401, ``), run.Failed, "STATUS_401", 424, odd},
		"403 with a message": {executed(403, `{"message":"not you"}`), run.Failed, "STATUS_403", 424, "not you"},
		"410":                {executed(410, ``), run.Failed, "STATUS_410", 424, odd},
		"408":                {executed(408, ``), "", "", 0, ""},
		"425":                {executed(425, ``), "", "", 0, ""},
		"429":                {executed(429, ``), "", "", 0, ""},
		"201 with results":   {executed(201, `{"results":[1,2,3]}`), run.Succeeded, "", 0, ""},
		"202 with results":   {executed(202, `{"results":[1,2,3]}`), run.Succeeded, "", 0, ""},
		"202 without":        {executed(202, `accepted`), run.Failed, integration, 424, garbage},
		"204":                {executed(204, ``), run.Failed, none, 424, noResults},
		"299 with results":   {executed(299, `{"results":[1,2,3]}`), run.Succeeded, "", 0, ""},
		"300 with results":   {executed(300, `{"results":[1,2,3]}`), run.Failed, "STATUS_300", 424, odd},
		"500":                {executed(500, ``), "", "", 0, ""},
		"502":                {executed(502, `{"message":"bad gateway"}`), "", "", 0, ""},
		"503":                {executed(503, ``), "", "", 0, ""},
		"599":                {executed(599, ``), "", "", 0, ""},
		"DNS_ERROR":          {unanswered(callback.DNSError), "", "", 0, ""},
		"CONNECT_REFUSED":    {unanswered(callback.ConnectRefused), "", "", 0, ""},
		"CONNECT_TIMEOUT":    {unanswered(callback.ConnectTimeout), "", "", 0, ""},
		"TLS_ERROR":          {unanswered(callback.TLSError), "", "", 0, ""},
		"TIMEOUT":            {unanswered(callback.Timeout), "", "", 0, ""},
		"CONNECTION_RESET":   {unanswered(callback.ConnectionReset), "", "", 0, ""},
		"MALFORMED_RESPONSE": {unanswered(callback.MalformedResponse), "", "", 0, ""},
		"BLOCKED_ADDRESS": {
			unanswered(callback.BlockedAddress), run.Failed, integration, 424,
			noAnswer(callback.BlockedAddress),
		},
		"INVALID_URL": {
			unanswered(callback.InvalidURL), run.Failed, integration, 424,
			noAnswer(callback.InvalidURL),
		},
		"REDIRECT": {
			unanswered(callback.Redirect), run.Failed, integration, 424,
			noAnswer(callback.Redirect),
		},
		"RESPONSE_TOO_LARGE": {
			unanswered(callback.ResponseTooLarge), run.Failed, integration, 424,
			noAnswer(callback.ResponseTooLarge),
		},
	}
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	for name, test := range tests {
		r := w.NewRun(modelstest.Calling(modelstest.RunURL, run.CallbackOnResult)) // which adds no page
		e := w.MustClaimBatches(a, 1)[0]
		w.MustRecordBatch(e, test.answer)
		b := w.ReadBatch(e.Batch.ID)
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
			if b.Status != run.Queued || b.FailureCount != 1 || b.FinishedAt != nil {
				t.Errorf("%s: want another try, got %+v", name, b)
			}
			w.MustStop(r) // out of the way of the others
			continue
		}
		if b.Status != test.status || b.FinishedAt == nil || b.Empty != (test.label == models.LabelNoResult) {
			t.Errorf("%s: want %s, got %+v", name, test.status, b)
		}
		w.WantEnded(r.ID, test.status)
	}
}

// oddStatuses are those of no answer; nil beside no error is none either.
func oddStatuses() []callback.Outcome {
	outcomes := []callback.Outcome{{}}
	for _, status := range []int{-1, 0, 20, 99, 600, 999, 1 << 31, -1 << 63} {
		outcomes = append(outcomes, modelstest.Executed(status, `{"results":[1]}`))
	}
	return outcomes
}

func TestStatusThatCannotBeIsNone(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	for _, o := range oddStatuses() {
		if run.Arrived(o) {
			t.Errorf("%+v counts as an answer", o)
		}
		d := w.MustClaim(w.NewCallback().ID)
		w.MustSettle(d, o)
		if got := d.Attempt; got.HTTPStatus != nil || got.Error == nil || got.Error.Code != callback.MalformedResponse {
			t.Errorf("%+v became %+v, %+v", o, got, got.Error)
		}
		run := w.NewRun()
		e := w.MustClaimBatches(a, 1)[0]
		w.MustRecordBatch(e, o)
		if got := e.Attempt; got.HTTPStatus != nil || got.Error == nil ||
			got.Error.Code != callback.MalformedResponse || e.Batch.FailureCount != 1 {
			t.Errorf("%+v became %+v, %+v", o, got, got.Error)
		}
		w.MustStop(run)
	}
}

func TestResultsAreKeptAsTheyWereGiven(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	r := w.NewRun()
	e := w.MustClaimBatches(a, 1)[0]
	w.MustRecordBatch(e, modelstest.Executed(200,
		"{ \"results\" : [ {\"z\":1.50,\"a\":[12345678901234567890, \"<&>\"]} ,\n \"ü\" , null ] }"))
	b := w.ReadBatch(e.Batch.ID)
	if want := `[{"z":1.50,"a":[12345678901234567890, "<&>"]},"ü",null]`; string(b.Results) != want ||
		b.ResultCount != 3 {
		t.Errorf("got %d results: %s, want %s", b.ResultCount, b.Results, want)
	}
	if r = w.WantEnded(r.ID, run.Succeeded); r.OutputCount != 3 {
		t.Errorf("the run counts %d", r.OutputCount)
	}
}

func TestExecutorThatFailsIsCalledThreeTimes(t *testing.T) {
	t.Parallel()
	answers := map[string]callback.Outcome{
		"500": modelstest.Executed(500, `{"message":"out of order"}`), "502": modelstest.Executed(502, ""),
		"no answer": modelstest.Unanswered(callback.Timeout),
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			a := w.NewAction()
			r := w.NewRun()
			for i, delay := range []time.Duration{time.Second, 4 * time.Second} {
				e := w.MustClaimBatches(a, 1)[0]
				w.MustRecordBatch(e, answer)
				b := w.ReadBatch(e.Batch.ID)
				if b.Status != run.Queued || b.NextAttemptAt.Sub(w.Clock.Now()) != delay || b.FailureCount != i+1 ||
					b.LeaseUntil != nil {
					t.Fatalf("after failure %d: %+v", i+1, b)
				}
				want := callback.Wakeup{Lane: a.Lane(), At: *b.NextAttemptAt}
				if got := w.Queue.Take(); len(got) != 1 || got[0] != want {
					t.Errorf("woken: %v", got)
				}
				w.Clock.Advance(delay - time.Microsecond)
				if early := w.MustClaimBatches(a, 1); len(early) != 0 {
					t.Fatalf("called again %s after failure %d", delay-time.Microsecond, i+1)
				}
				w.Clock.Advance(time.Microsecond)
			}
			e := w.MustClaimBatches(a, 1)[0]
			w.MustRecordBatch(e, answer)
			w.WantEnded(r.ID, run.Failed)
			b := w.ReadBatch(e.Batch.ID)
			if b.Status != run.Failed || b.Error.Label != models.LabelMaxRetry || b.Error.StatusCode != 424 ||
				b.AttemptCount != 3 || b.FailureCount != 3 {
				t.Errorf("got %+v, %+v", b, b.Error)
			}
			if name == "500" && b.Error.Message != "out of order" {
				t.Errorf("it says %q", b.Error.Message)
			}
			if attempts := w.AttemptsOfBatch(b.ID); len(attempts) != 3 || b.Error.Ref != attempts[2].UID.String() {
				t.Errorf("the error names %s, the attempts are %+v", b.Error.Ref, attempts)
			}
		})
	}
}

func TestExecutorThatMendsIsAskedNoMore(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	r := w.NewRun()
	for _, answer := range []callback.Outcome{
		modelstest.Unanswered(callback.Timeout), modelstest.Executed(503, ""),
		modelstest.Results(2, false),
	} {
		e := w.MustClaimBatches(a, 1)[0]
		w.MustRecordBatch(e, answer)
		w.Clock.Advance(time.Minute)
	}
	if r = w.WantEnded(r.ID, run.Succeeded); r.OutputCount != 2 || r.Error != nil {
		t.Errorf("got %+v", r)
	}
	b := w.BatchesOf(r.ID)[0]
	if b.FailureCount != 2 || b.Error != nil || !b.StartedAt.Equal(modelstest.Start) {
		t.Errorf("got %+v", b)
	}
	attempts := w.AttemptsOfBatch(b.ID)
	want := []*run.BatchAttempt{
		{Number: 1, FinishedAt: &modelstest.Start, Error: &callback.AttemptError{
			Code:    callback.Timeout,
			Message: "no answer",
		}},
		{Number: 2, FinishedAt: new(modelstest.Start.Add(time.Minute)), HTTPStatus: new(503)},
		{Number: 3, FinishedAt: new(modelstest.Start.Add(2 * time.Minute)), HTTPStatus: new(200)},
	}
	for _, a := range want {
		a.BatchID, a.URL, a.StartedAt, a.Duration = b.ID, modelstest.ExecutorURL, *a.FinishedAt, time.Millisecond
	}
	if diff := cmp.Diff(want, attempts, cmpopts.IgnoreFields(run.BatchAttempt{}, "ID", "UID")); diff != "" {
		t.Error(diff)
	}
	if told := w.CallbacksOfRun(r.ID, callback.RunBatchFinishedEvent); len(told) != 1 {
		t.Errorf("the batch was told %d times", len(told))
	}
}

func TestRetryAfterOfTheExecutorIsObeyed(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	for value, want := range map[string]time.Duration{
		"": time.Second, "0": time.Second, "30": 30 * time.Second, "300": 5 * time.Minute, "301": 5 * time.Minute,
		"9999999": 5 * time.Minute,
		modelstest.Start.Add(time.Minute).Format("Mon, 02 Jan 2006 15:04:05 GMT"): time.Minute, "soon": time.Second,
	} {
		w.NewRun()
		e := w.MustClaimBatches(a, 1)[0]
		o := modelstest.Executed(503, "")
		o.RetryAfter = value
		w.MustRecordBatch(e, o)
		if got := e.Batch.NextAttemptAt.Sub(modelstest.Start); got != want {
			t.Errorf("%q: called again after %s, want %s", value, got, want)
		}
		// What is far away is left to the sweep.
		if woken := w.Queue.Take(); (len(woken) == 1) != (want <= time.Minute) {
			t.Errorf("%q: woken: %v", value, woken)
		}
	}
}

func TestMessagesOfTheExecutorAreCutAndMadeText(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	long := strings.Repeat("é", 600) // of two bytes each
	tests := map[string]struct{ message, want string }{
		"too long":             {strings.Repeat("a", 1001), strings.Repeat("a", 1000)},
		"cut within a letter":  {"a" + long, "a" + long[:998]},
		"not UTF-8":            {"caf\xe9", "caf\uFFFD"},
		"half a surrogate":     {`\ud800`, "\uFFFD"},
		"a zero and a newline": {`a\u0000b\nc`, "a\x00b\nc"},
	}
	for name, test := range tests {
		run := w.NewRun()
		e := w.MustClaimBatches(a, 1)[0]
		w.MustRecordBatch(e, modelstest.Executed(422, fmt.Sprintf(`{"message":"%s"}`, test.message)))
		got := w.ReadBatch(e.Batch.ID).Error.Message
		if got != test.want || !utf8.ValidString(got) {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
		for _, c := range append(w.CallbacksOfRun(run.ID, callback.RunBatchFinishedEvent),
			w.CallbacksOfRun(run.ID, callback.RunFinishedEvent)...) {
			if b := modelstest.ReadRunBody(t, c); b.Error.Message != test.want || !utf8.Valid(c.Body) {
				t.Errorf("%s: told as %s", name, c.Body)
			}
		}
	}
}

func TestExecutorIsThereWhenItsAnswerIsItsLastWord(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]bool{200: true, 400: true, 404: true, 429: true, 500: false, 503: false} {
		if got := run.Arrived(modelstest.Executed(status, "")); got != want {
			t.Errorf("%d: %t", status, got)
		}
	}
	if run.Arrived(modelstest.Unanswered(callback.Timeout)) {
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
		r := &run.Run{MaxResults: &maxResults, PageSize: 10}
		b, again := run.TakeAnswer(&run.Batch{Page: 1}, callback.Outcome{HTTPStatus: &status, ResponseBody: body}, r,
			modelstest.Start)
		if again {
			if status < 500 {
				t.Errorf("%d is asked for again", status)
			}
			return
		}
		if !b.Status.Ended() || (b.Error == nil) != (b.Status == run.Succeeded) ||
			(b.Results == nil) != (b.ResultCount == 0) {
			t.Errorf("got %+v", b)
		}
		if b.ResultCount > maxResults || b.Status == run.Succeeded && status != 200 {
			t.Errorf("got %d results with %d", b.ResultCount, status)
		}
	})
}
