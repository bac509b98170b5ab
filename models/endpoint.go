package models

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
		e.Headers, e.Unreadable = u.Headers.Value, nil
	}
	return nil
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
