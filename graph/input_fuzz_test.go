package graph_test

import (
	"encoding/json"
	"testing"

	"github.com/ringback/ringback/models"
)

// fuzzedInputs are operations with an input that is fuzzed, in the order of the seeds' numbers.
var fuzzedInputs = []string{
	`query($in: CallbackFilter) { getAccount(id: 123123) { callbacks(first: 5, filter: $in) { totalCount nodes { id } } } }`,
	`mutation($in: ReplayCallbacksInput!) { replayCallbacks(input: $in) { bulkReplay { id } } }`,
	`mutation($in: RetryCallbackInput!) { retryCallback(input: $in) { callback { id } } }`,
	`mutation($in: RetryCallbacksInput!) { retryCallbacks(input: $in) { retriedCallbacks } }`,
	`mutation($in: SendTestCallbackInput!) { sendTestCallback(input: $in) { callback { id } } }`,
}

// FuzzInputs: whatever stands in an input, it is taken, or refused as the caller's mistake.
func FuzzInputs(f *testing.F) {
	for _, seed := range []struct {
		operation uint8
		input     string
	}{
		{0, `{}`},
		{0, `{"status": ["FAILED"], "event": ["TEST"], "errorCode": ["TIMEOUT"], "httpStatusRange": {"from": 500, "to": 599}}`},
		{0, `{"host": "[2001:db8::1]:8443", "minAttempts": 2147483647, "isReplay": null, "httpStatus": -1}`},
		{0, `{"ref": "01a22393-864a-705f-a3d7-feaea4ccf798", "uid": "", "crawlId": "TjAwNUNyYXdsMTI0MjM0", "jobUuid": "0"}`},
		{0, `{"search": " 7\n", "createdAfter": "2020-07-09T16:25:35.000Z", "nextAttemptBefore": "9999-12-31T23:59:59.999Z"}`},
		{0, `{"search": "\u0000\ud800", "host": "\u0000", "finishedAfter": "0000-01-01T00:00:00Z"}`},
		{1, `{"owner": {"projectId": 1123123}, "filter": {"status": ["FAILED"], "search": "\u0000"}, "dryRun": true}`},
		{1, `{"owner": {"projectId": 1123123, "accountId": 123123}}`},
		{1, `{"owner": {"ssoClientId": 1}, "filter": null}`},
		{2, `{"callbackId": 2}`},
		{2, `{"callbackId": 2, "uid": "01a22393-864a-705f-a3d7-feaea4ccf798"}`},
		{2, `{"uid": "{01A22393-864A-705F-A3D7-FEAEA4CCF798}"}`},
		{3, `{"projectId": 1123123, "event": "RUN_RESULT"}`},
		{3, `{"owner": {"ssoClientId": 1}, "ssoClientId": 1, "event": "NONE"}`},
	} {
		f.Add(seed.operation, seed.input)
	}
	shared := newWorld(f)
	f.Fuzz(func(t *testing.T, operation uint8, input string) {
		if !json.Valid([]byte(input)) {
			t.Skip()
		}
		w := *shared
		w.tb = t
		query := fuzzedInputs[int(operation)%len(fuzzedInputs)]
		a := w.do(platform(), query, variables{"in": json.RawMessage(input)})
		for _, e := range a.Errors {
			if e.Extensions["code"] == string(models.CodeInternal) || len(e.Message) > 4<<10 {
				t.Errorf("%s: %.500s", input, a.Body)
			}
		}
	})
}
