package callback

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
)

// AttemptErrorCode says why an attempt failed.
type AttemptErrorCode string

// Causes of failed attempts.
const (
	DNSError         AttemptErrorCode = "DNS_ERROR"
	ConnectRefused   AttemptErrorCode = "CONNECT_REFUSED"
	ConnectTimeout   AttemptErrorCode = "CONNECT_TIMEOUT"
	TLSError         AttemptErrorCode = "TLS_ERROR"
	Timeout          AttemptErrorCode = "TIMEOUT"
	ConnectionReset  AttemptErrorCode = "CONNECTION_RESET"
	BlockedAddress   AttemptErrorCode = "BLOCKED_ADDRESS"
	InvalidURL       AttemptErrorCode = "INVALID_URL"
	Redirect         AttemptErrorCode = "REDIRECT"
	HTTPStatusError  AttemptErrorCode = "HTTP_STATUS"
	ResponseTooLarge AttemptErrorCode = "RESPONSE_TOO_LARGE"
	// MalformedResponse: what came back is no HTTP answer, has a control character in a header, or has a status outside 100 to 599.
	MalformedResponse AttemptErrorCode = "MALFORMED_RESPONSE"
	NoCallbackURL     AttemptErrorCode = "NO_CALLBACK_URL"
	Interrupted       AttemptErrorCode = "INTERRUPTED"    // the worker went away; see Ours
	InternalError     AttemptErrorCode = "INTERNAL_ERROR" // a fault of this program; see Ours
	LocalError        AttemptErrorCode = "LOCAL_ERROR"    // this machine lacks something; see Ours
	// Superseded is of a callback and of no attempt: a newer result for the same URL is sent instead.
	Superseded AttemptErrorCode = "SUPERSEDED"
	// Cancelled is of a callback and of no attempt: somebody did not want it to be sent any more.
	Cancelled AttemptErrorCode = "CANCELLED"
)

// AttemptErrorCodes lists every cause.
func AttemptErrorCodes() []AttemptErrorCode {
	return []AttemptErrorCode{
		DNSError, ConnectRefused, ConnectTimeout, TLSError, Timeout, ConnectionReset, BlockedAddress, InvalidURL,
		Redirect, HTTPStatusError, ResponseTooLarge, MalformedResponse, NoCallbackURL, Interrupted, InternalError,
		LocalError, Superseded, Cancelled,
	}
}

// Ours reports whether a cause lies on our side and says nothing of the receiver: such an attempt costs no retry and
// notifies no partner. INTERRUPTED is sent again at once, LOCAL_ERROR after localDelay; that one counts like any other
// after MaxLocal.
func (c AttemptErrorCode) Ours() bool { return slices.Contains(oursCauses, c) }

var oursCauses = []AttemptErrorCode{Interrupted, InternalError, LocalError}

// AttemptError is a cause with a sentence for people.
type AttemptError struct {
	Code    AttemptErrorCode
	Message string
}

// Attempt is one request to the receiver. Its row is written before the request leaves.
type Attempt struct {
	ID         int64
	UID        uuid.UUID // travels in X-Run-Callback
	CallbackID int64
	Number     int     // 1, 2, …
	URL        *string // as resolved for this attempt; nil where there was none
	StartedAt  time.Time
	FinishedAt *time.Time // nil while the answer is awaited
	Duration   time.Duration
	Timings    Timings
	HTTPStatus *int
	Error      *AttemptError // nil on success, and while the answer is awaited
	// Warning says what of the URL and the headers would be refused if it were set today; nil: nothing, or the answer
	// is awaited.
	Warning *string
	// ResponseBody is the first 64 KiB of the answer, decompressed and in UTF-8 where it says what it is, with the
	// configured header values masked.
	ResponseBody []byte
	Exchange
}

// Timings are the phases of an attempt; one that did not happen (as on a reused connection) is zero.
type Timings struct {
	DNS, Connect, TLS, FirstByte time.Duration
}

// Outcome is what came of a request.
type Outcome struct {
	HTTPStatus   *int // nil where no answer came
	Error        *AttemptError
	Flaw         Flaw // of the error, where more is known of it
	Duration     time.Duration
	Timings      Timings
	ResponseBody []byte
	// ClosedIdle: it went out on a connection left open by an earlier request, which ended before a byte of the answer
	// came.
	ClosedIdle bool
	// RetryAfter is the answer's Retry-After header, empty where there was none.
	RetryAfter string
	Connection Connection
	// Sent are the request's headers; nil: none was sent.
	Sent, Received http.Header
	BodyCut        bool // there was more of the answer's body than is in ResponseBody
}

// Ours reports whether the outcome says nothing of the other side.
func (o Outcome) Ours() bool { return o.Error != nil && o.Error.Code.Ours() }

// Statuses that an answer can have (RFC 9110, section 15).
const (
	minHTTPStatus = 100
	maxHTTPStatus = 599
)

// FittingStatus returns a status that can be one, else nil. Earlier releases stored any.
func FittingStatus(status *int) *int {
	if status == nil || *status < minHTTPStatus || *status > maxHTTPStatus {
		return nil
	}
	return status
}

// Normalized returns the outcome as it may be relied on and stored: it has a status of 100 to 599, or an error, or
// both. What comes from outside is anything.
func (o Outcome) Normalized() Outcome {
	o.HTTPStatus = FittingStatus(o.HTTPStatus)
	if o.HTTPStatus == nil && o.Error == nil {
		o.Error = &AttemptError{MalformedResponse, "the answer has no status between 100 and 599"}
	}
	return o
}

// maxResponseBody is what is stored of an answer.
const maxResponseBody = 64 << 10

// finish records an outcome on the attempt. A status that the event does not count as arrived becomes HTTP_STATUS.
func (a *Attempt) finish(o Outcome, rules event, headers []models.Header, at time.Time) {
	o = o.Normalized()
	headers = o.masked(headers)
	a.FinishedAt, a.Duration, a.Timings, a.HTTPStatus, a.Error = &at, o.Duration, o.Timings, o.HTTPStatus, o.Error
	if a.Error != nil { // its message may name what the receiver said, such as where it redirects to
		a.Error = &AttemptError{a.Error.Code, string(models.Redact([]byte(a.Error.Message), headers))}
	}
	a.ResponseBody, a.Exchange = models.Redact(o.ResponseBody, headers), NewExchange(o, headers, rules.ownHeaders())
	if len(a.ResponseBody) > maxResponseBody { // masks can be longer than what they hide
		a.ResponseBody, a.ResponseBodyTruncated = a.ResponseBody[:maxResponseBody], true
	}
	if a.Error == nil && !rules.succeeds(*o.HTTPStatus) {
		message := fmt.Sprintf("the receiver answered with the status %d", *o.HTTPStatus)
		a.Error = &AttemptError{HTTPStatusError, message}
	}
}

// masked are the headers whose values the receiver may have sent back: those that are configured and, where it has, the
// signature, which lets whoever sees it pretend to be us for as long as its time is taken.
func (o Outcome) masked(configured []models.Header) []models.Header {
	for one := range strings.FieldsSeq(o.Sent.Get(signatureHeader)) {
		if run := longestWord(one); len(run) >= minEchoed && o.tells(run) {
			signature := models.Header{Key: signatureHeader, Value: models.Secret(o.Sent.Get(signatureHeader))}
			return append(slices.Clip(configured), signature)
		}
	}
	return configured
}

const (
	signatureHeader = "Webhook-Signature"
	// minEchoed: of 43 characters of base64 most signatures have a longer run of letters and digits, and another text hardly has the same.
	minEchoed = 6
)

// longestWord is the longest run of letters and digits, which is spelled alike in JSON, a URL and HTML.
func longestWord(text string) string {
	other := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	return slices.MaxFunc(append(strings.FieldsFunc(text, other), ""), func(a, b string) int { return len(a) - len(b) })
}

// tells looks for a word in what the receiver has said.
func (o Outcome) tells(word string) bool {
	if bytes.Contains(o.ResponseBody, []byte(word)) || o.Error != nil && strings.Contains(o.Error.Message, word) {
		return true
	}
	for _, values := range o.Received {
		if slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, word) }) {
			return true
		}
	}
	return false
}

// interrupt marks the attempt as one whose answer nobody waits for any more.
func (a *Attempt) interrupt(at time.Time) {
	a.FinishedAt, a.Duration = &at, at.Sub(a.StartedAt)
	a.Error = &AttemptError{Interrupted, InterruptedMessage}
}

// InterruptedMessage is the sentence beside INTERRUPTED.
const InterruptedMessage = "the worker stopped before the answer came; the callback is sent again"

// NoticeFailedMessage stands in place of the cause's own sentence, which names the partner's host, for those who may
// not see it.
const NoticeFailedMessage = "the partner's webhook did not take the notice"

// ListCursor is the attempt's place in its callback's list.
func (a *Attempt) ListCursor() models.Cursor { return models.Cursor{ID: int64(a.Number)} }
