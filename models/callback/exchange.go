package callback

import (
	"bytes"
	"cmp"
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ringback/ringback/models"
)

// Connection is what a request was sent on.
type Connection struct {
	Remote string // the receiver's address and port, behind a proxy too; empty: no connection came about
	HTTP   string // as the answer has it, such as HTTP/1.1; empty: no answer
	TLS    string // such as TLS 1.3; empty: plain http
	// ConnectionReused: it was left open by an earlier request.
	ConnectionReused bool
}

// RemoteAddress is the receiver's address and port; nil: no connection came about.
func (c Connection) RemoteAddress() *string { return textOrNil(c.Remote) }

// HTTPVersion is that of the answer; nil: none came.
func (c Connection) HTTPVersion() *string { return textOrNil(c.HTTP) }

// TLSVersion is that of the connection; nil: it has no TLS.
func (c Connection) TLSVersion() *string { return textOrNil(c.TLS) }

func textOrNil(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// Exchange is what is kept of a request and its answer beside their bodies.
type Exchange struct {
	Connection
	Flaw Flaw // of the error, where more is known of it
	// Headers is what ReadHeaders reads; nil: no request left, its answer is awaited, or they were deleted. The history
	// reads them by themselves.
	Headers []byte
	// HeadersTruncated: there were more headers than are kept.
	HeadersTruncated bool
	// ResponseBodyTruncated: there was more of the answer's body than is kept.
	ResponseBodyTruncated bool
}

// HeaderField is a header as it was sent or received.
type HeaderField struct{ Name, Value string }

// Headers are those of an attempt, in alphabetical order.
type Headers struct{ Sent, Received []HeaderField }

// What is kept of the headers of a request, and as much of those of an answer: so many, and so many bytes of their names
// and values.
const (
	MaxHeaderFields = 64
	maxHeaders      = 16 << 10
)

// NewExchange is what is kept of an outcome. Of the headers that were sent nothing is kept of those that are known
// from elsewhere, by their names in any letter case, and the values of those that are configured neither.
func NewExchange(o Outcome, configured []models.Header, known []string) Exchange {
	x := Exchange{Connection: o.Connection, Flaw: o.Flaw, ResponseBodyTruncated: o.BodyCut}
	sent, cutSent := fit(fieldsOf(o.Sent, known))
	for i, f := range sent {
		if slices.ContainsFunc(configured, func(h models.Header) bool { return strings.EqualFold(h.Key, f.Name) }) {
			sent[i].Value = models.Masked
		}
	}
	received, cutReceived := fit(fieldsOf(o.Received, nil))
	received, grown := fit(redactFields(received, configured))
	x.Headers, x.HeadersTruncated = encodeHeaders(sent, received), cutSent || cutReceived || grown
	return x
}

// fieldsOf lists headers, but for some names, with text that can be stored and shown, whatever somebody sent. Retry-After
// comes first, so that it is kept whatever else there is.
func fieldsOf(header http.Header, but []string) []HeaderField {
	fields := make([]HeaderField, 0, len(header))
	for name, values := range header {
		if slices.ContainsFunc(but, func(known string) bool { return strings.EqualFold(known, name) }) {
			continue
		}
		for _, value := range values {
			if strings.EqualFold(name, "Set-Cookie") { // it lets others in at the receiver
				value = models.Masked
			}
			fields = append(fields, HeaderField{safeName(name), safeText(value)})
		}
	}
	rank := func(f HeaderField) string {
		if f.Name == retryAfterHeader {
			return ""
		}
		return f.Name
	}
	slices.SortStableFunc(fields, func(a, b HeaderField) int { return cmp.Compare(rank(a), rank(b)) })
	return fields
}

const retryAfterHeader = "Retry-After"

// safeName leaves the characters that a name can have.
func safeName(name string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r >= 0x7f || r == ':' {
			return '?'
		}
		return r
	}, name)
}

// safeText leaves what is text: no control characters, and none that change the direction of what stands around them.
func safeText(value string) string {
	return strings.Map(func(r rune) rune {
		if r >= ' ' && r < 0x7f || r == '\t' || !unicode.In(r, unicode.Cc, unicode.Cf) {
			return r
		}
		return utf8.RuneError
	}, value)
}

// fit leaves out what is more than is kept, and tells whether that is anything.
func fit(fields []HeaderField) (kept []HeaderField, cut bool) {
	number, size := 0, 0
	return slices.DeleteFunc(fields, func(f HeaderField) bool {
		n := len(f.Name) + len(f.Value)
		if number == MaxHeaderFields || size+n > maxHeaders {
			cut = true
			return true
		}
		number, size = number+1, size+n
		return false
	}), cut
}

// redactFields masks configured values that the receiver has sent back.
func redactFields(fields []HeaderField, configured []models.Header) []HeaderField {
	if len(configured) == 0 {
		return fields
	}
	var text bytes.Buffer
	for _, f := range fields {
		text.WriteString(f.Name + "\n" + f.Value + "\n")
	}
	parts := strings.Split(string(models.Redact(text.Bytes(), configured)), "\n")
	redacted := make([]HeaderField, len(fields))
	for i := range fields {
		redacted[i] = HeaderField{models.Masked, models.Masked}
		if len(parts) == 2*len(fields)+1 { // else a mask covers the end of a line, and nothing is certain
			redacted[i] = HeaderField{safeName(parts[2*i]), parts[2*i+1]}
		}
	}
	return redacted
}

// commonNames are stored as one byte each, of 128 and up, in this order: no name ever moves.
var commonNames = []string{
	"Date", "Content-Length", "Content-Type", "User-Agent", "Server", "Authorization", "Connection", "Cache-Control",
	"Content-Encoding", "Set-Cookie", "Vary", "Etag", "Expires", "Last-Modified", "Location", "Pragma", "Retry-After",
	"Strict-Transport-Security", "Transfer-Encoding", "Via", "X-Request-Id", "X-Powered-By", "X-Content-Type-Options",
	"X-Frame-Options", "X-Xss-Protection", "Referrer-Policy", "Content-Security-Policy", "Access-Control-Allow-Origin",
	"Alt-Svc", "Keep-Alive", "Www-Authenticate", "Allow", "Age", "X-Cache", "Cf-Ray", "Cf-Cache-Status", "Nel",
	"Report-To", "Server-Timing", "Traceparent", "X-Amzn-Requestid", "X-Amz-Cf-Id", "X-Amz-Cf-Pop", "X-Amzn-Trace-Id",
	"X-Ratelimit-Limit", "X-Ratelimit-Remaining", "X-Ratelimit-Reset", "X-Runtime", "X-Api-Key",
}

const (
	firstCode = 0x80
	// maskCode stands for a value that is masked. In a value that is text there is no such byte.
	maskCode = "\x00"
)

// encodeHeaders writes a line for each field: those that were sent, an empty line, and those that were received. A line
// is the code of a name or the name with a colon, and the value.
func encodeHeaders(sent, received []HeaderField) []byte {
	if len(sent)+len(received) == 0 {
		return nil
	}
	var text bytes.Buffer
	write := func(fields []HeaderField) {
		for _, f := range fields {
			if code := slices.Index(commonNames, f.Name); code >= 0 {
				text.WriteByte(firstCode | byte(code&0x7f)) // there are fewer than 128
			} else {
				text.WriteString(f.Name + ":")
			}
			if f.Value == models.Masked {
				f.Value = maskCode
			}
			text.WriteString(f.Value + "\n")
		}
	}
	write(sent)
	text.WriteByte('\n')
	write(received)
	return text.Bytes()
}

// ReadHeaders reads the headers of an Exchange. What it does not know, as a later release may have written it, it
// leaves out.
func ReadHeaders(stored string) (h Headers) {
	into := &h.Sent
	for line := range strings.Lines(stored) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" {
			h.Received = []HeaderField{} // there may be none, but they are known
			into = &h.Received
			continue
		}
		name, value, known := strings.Cut(line, ":")
		if code := int(line[0]) - firstCode; code >= 0 {
			if known = code < len(commonNames); known {
				name, value = commonNames[code], line[1:]
			}
		}
		if value == maskCode {
			value = models.Masked
		}
		if known {
			*into = append(*into, HeaderField{name, value})
		}
	}
	return h
}

// With are all headers of a request, in alphabetical order: what is stored of it, and those that are known from
// elsewhere. nil: no request left, its answer is awaited, or they were deleted.
func (h Headers) With(known ...HeaderField) []HeaderField {
	if len(h.Sent) == 0 {
		return nil
	}
	fields := append(slices.Clone(h.Sent), known...)
	slices.SortStableFunc(fields, func(a, b HeaderField) int { return cmp.Compare(a.Name, b.Name) })
	return fields
}

// value returns the first value of a header; empty: there is none.
func value(fields []HeaderField, name string) string {
	for _, f := range fields {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}
