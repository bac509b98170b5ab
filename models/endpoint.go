package models

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// Endpoint is where requests go: a URL, and the headers that are configured for it.
type Endpoint struct {
	URL     *string
	Headers []Header
	// Unreadable is why the headers could not be read, nil when they could: then nothing may be sent there. Setting them
	// mends it.
	Unreadable error
}

// EndpointUpdate changes an Endpoint: what is left out stays; a null URL clears it; a list replaces the whole list,
// null empties it.
type EndpointUpdate struct {
	URL     Optional[*string]
	Headers Optional[[]Header]
}

// Apply checks the update and carries it out; the field names are the caller's, for the error.
func (e *Endpoint) Apply(u EndpointUpdate, urlField, headersField string) error {
	var problems []error
	if u.URL.Set && u.URL.Value != nil {
		problems = append(problems, CheckCallbackURL(urlField, *u.URL.Value))
	}
	if u.Headers.Set {
		problems = append(problems, CheckHeaders(headersField, u.Headers.Value))
	}
	if err := AllProblems(problems...); err != nil {
		return err
	}
	if u.URL.Set {
		e.URL = u.URL.Value
	}
	if u.Headers.Set {
		e.Headers, e.Unreadable = append([]Header(nil), u.Headers.Value...), nil // an empty list is none, as it is read
	}
	return nil
}

// SetHeaders sets single headers by name, without regard to letter case: those that are there in their places, others
// at the end. The rules are those of a whole list; the field name is the caller's, for the error.
func (e *Endpoint) SetHeaders(headers []Header, field string) error {
	if err := CheckHeaders(field, headers); err != nil {
		return err
	}
	if err := e.readable(field); err != nil {
		return err
	}
	outcome := slices.Clone(e.Headers)
	for _, h := range headers {
		if i := indexOfHeader(outcome, h.Key); i < 0 {
			outcome = append(outcome, h)
		} else {
			outcome[i] = h
		}
	}
	if len(outcome) > MaxHeaders {
		return Invalid(field, "would make %d headers, with those that are configured; at most %d", len(outcome), MaxHeaders)
	}
	e.Headers = outcome
	return nil
}

// RemoveHeaders removes single headers by name, without regard to letter case; one that is not there is no error.
func (e *Endpoint) RemoveHeaders(keys []string, field string) error {
	var problems []error
	if len(keys) > MaxHeaders {
		problems = append(problems, Invalid(field, "must have at most %d names, not %d", MaxHeaders, len(keys)))
	}
	for i, key := range keys[:min(len(keys), maxChecked)] {
		if len(key) > MaxHeaderBytes || !httpguts.ValidHeaderFieldName(key) {
			problems = append(problems, Invalid(fmt.Sprintf("%s.%d", field, i), "must be the name of a header, of at most %d bytes",
				MaxHeaderBytes))
		}
	}
	if err := AllProblems(problems...); err != nil {
		return err
	}
	if err := e.readable(field); err != nil {
		return err
	}
	for _, key := range keys {
		if i := indexOfHeader(e.Headers, key); i >= 0 {
			e.Headers = slices.Delete(slices.Clone(e.Headers), i, i+1)
		}
	}
	return nil
}

// readable refuses a change of single headers where the others would be lost.
func (e *Endpoint) readable(field string) error {
	if e.Unreadable == nil {
		return nil
	}
	return Conflict(field, "those that are configured cannot be read by now: replace the whole list")
}

func indexOfHeader(in []Header, key string) int {
	return slices.IndexFunc(in, func(h Header) bool { return strings.EqualFold(h.Key, key) })
}

// EndpointWarning says what of a URL and headers that are stored, and can be sent, would be refused if it were set
// today; nil: nothing.
func EndpointWarning(url string, headers []Header) *string {
	problems := append(checkEnds("headers", headers), checkVisible("url", url), checkHost("url", url))
	err := AllProblems(problems...)
	if err == nil {
		return nil
	}
	return new("It would be refused today: " + err.Error())
}

// MaskHeaders returns headers as a Viewer sees them.
func MaskHeaders(headers []Header) []Header {
	masked := make([]Header, len(headers))
	for i, h := range headers {
		masked[i] = Header{Key: h.Key, Value: Masked}
	}
	return masked
}

// LeadsElsewhere tells whether it sends headers that are there to a host that they were not set for, or in the clear where
// they were set for TLS.
func (u EndpointUpdate) LeadsElsewhere(from Endpoint) bool {
	if !u.URL.Set || u.URL.Value == nil || u.Headers.Set || len(from.Headers) == 0 && from.Unreadable == nil {
		return false
	}
	return from.URL == nil || HostOf(*from.URL) != HostOf(*u.URL.Value) || isTLS(*from.URL) && !isTLS(*u.URL.Value)
}

func isTLS(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && u.Scheme == "https"
}
