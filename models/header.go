package models

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// Limits on configured headers.
const (
	MaxHeaders     = 20
	MaxHeaderBytes = 4096 // of a name, and of a value
)

// maxChecked is how many elements of a list that is too long are looked at for what else is wrong.
const maxChecked = 5 * MaxHeaders

// Header is one configured request header.
type Header struct {
	Key   string
	Value Secret
}

// Headers that Ringback or the transport sets: a configured one would break framing, the signature or the ids.
var (
	reservedHeaders = []string{
		"host", "content-length", "transfer-encoding", "connection", "te", "trailer", "upgrade", "keep-alive",
		"expect", "content-type", "content-encoding", "x-run-callback",
	}
	reservedHeaderPrefixes = []string{"proxy-", "webhook-", "x-callback-"}
)

// CheckHeaders tells whether a list of headers can be configured: at most 20; each name an RFC 9110 token that is not
// reserved; each value visible ASCII, blanks and tabs; name and value at most 4,096 bytes each; no name twice, without
// regard to letter case; no blank or tab at either end of a value. The error is BAD_USER_INPUT, has all that is wrong,
// each on its place within field as headers.1.value, counted from 0, and never repeats a value.
func CheckHeaders(field string, headers []Header) error {
	var number error
	if len(headers) > MaxHeaders {
		number = Invalid(field, "must have at most %d headers, not %d", MaxHeaders, len(headers))
		headers = headers[:min(len(headers), maxChecked)]
	}
	return AllProblems(slices.Concat([]error{number}, checkEachHeader(field, headers), checkEnds(field, headers))...)
}

// checkEnds refuses values that HTTP/2 receivers may answer with an error (RFC 9113, section 8.2.1), and others cut.
// Some are stored: these are sent as ever, with a warning in the history.
func checkEnds(field string, headers []Header) (problems []error) {
	for i, h := range headers {
		if value := h.Value.Reveal(); strings.Trim(value, " \t") != value {
			problems = append(problems, Invalid(partOf(field, i, valuePart), "of %q must not begin or end with a blank or a "+
				"tab", shortened(h.Key, maxNameLength)))
		}
	}
	return problems
}

func checkEachHeader(field string, headers []Header) (problems []error) {
	seen := map[string]bool{}
	for i, h := range headers {
		refuse := func(part, format string, args ...any) {
			problems = append(problems, Invalid(partOf(field, i, part), format, args...))
		}
		name, key := strings.ToLower(h.Key), shortened(h.Key, maxNameLength)
		switch {
		case len(h.Key) > MaxHeaderBytes:
			refuse(keyPart, "must be at most %d bytes", MaxHeaderBytes)
		case !httpguts.ValidHeaderFieldName(h.Key):
			refuse(keyPart, "must be an RFC 9110 token (letters, digits and !#$%%&'*+-.^_`|~)")
		case isReservedHeader(name):
			refuse(keyPart, "%q is set by Ringback and cannot be configured", key)
		case seen[name]:
			refuse(keyPart, "%q is there twice; names differ in more than letter case", key)
		}
		switch {
		case len(h.Value) > MaxHeaderBytes:
			refuse(valuePart, "of %q must be at most %d bytes", key, MaxHeaderBytes)
		case !validHeaderValue(string(h.Value)):
			refuse(valuePart, "of %q must be ASCII without line breaks or control characters", key)
		}
		seen[name] = true
	}
	return problems
}

// Parts of a header, as the API calls them.
const (
	keyPart   = "key"
	valuePart = "value"
)

// partOf names a part of an element of a list, counted from 0.
func partOf(field string, i int, part string) string { return fmt.Sprintf("%s.%d.%s", field, i, part) }

func isReservedHeader(lowerName string) bool {
	return slices.Contains(reservedHeaders, lowerName) ||
		slices.ContainsFunc(reservedHeaderPrefixes, func(p string) bool { return strings.HasPrefix(lowerName, p) })
}

// validHeaderValue adds ASCII to httpguts' rule, which lets bytes above 0x7f pass that receivers read differently.
func validHeaderValue(v string) bool {
	return httpguts.ValidHeaderFieldValue(v) && !strings.ContainsFunc(v, func(r rune) bool { return r > 0x7e })
}

// RequestHeader has the configured headers as they are spelled, which HTTP/1.1 keeps, and the User-Agent where they have none.
func RequestHeader(configured []Header, userAgent string) http.Header {
	h := http.Header{}
	h.Set("User-Agent", userAgent)
	for _, c := range configured {
		SetHeader(h, c.Key, c.Value.Reveal())
	}
	return h
}

// SetHeader puts a header in the place of any of the same name, whatever its letter case.
func SetHeader(h http.Header, name, value string) {
	maps.DeleteFunc(h, func(other string, _ []string) bool { return strings.EqualFold(other, name) })
	h[name] = []string{value}
}
