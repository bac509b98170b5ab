package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/ringback/ringback/models/modelstest"
)

// subscriber reads the events of a subscription as they come.
type subscriber struct {
	t      *testing.T
	lines  *bufio.Scanner
	leave  context.CancelFunc
	cursor string // of the last change
}

type told struct {
	Data *struct {
		CallbackChanged struct {
			Kind, Cursor string
			Callback     *apiCallback
		}
		DiagnosisProgress struct {
			Status string
			Steps  []struct{ Name string }
		}
	}
	Errors []struct {
		Message    string
		Extensions struct{ Code string }
	}
}

const subscription = `subscription($owner: CallbackOwnerInput!, $after: String) {
	callbackChanged(input: {owner: $owner, after: $after}) { kind cursor callback {` + callbackFields + `} } }`

// subscribe looks on at the callbacks of a project, and waits until all is told.
func (s *instance) subscribe(t *testing.T, who http.Header, project any, after *string) *subscriber {
	t.Helper()
	sub := s.listen(t, who, subscription, anyMap{"owner": anyMap{"projectId": project}, "after": after})
	sub.want("READY")
	return sub
}

func (s *instance) listen(t *testing.T, who http.Header, query string, variables anyMap) *subscriber {
	t.Helper()
	text, err := json.Marshal(anyMap{"query": query, "variables": variables})
	modelstest.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.base+"/graphql", bytes.NewReader(text))
	modelstest.NoError(t, err)
	request.Header = who.Clone()
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/event-stream")
	response, err := (&http.Client{Transport: s.http.Transport}).Do(request)
	modelstest.NoError(t, err)
	t.Cleanup(func() { cancel(); _ = response.Body.Close() })
	if got := response.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("content type %q", got)
	}
	return &subscriber{t: t, lines: bufio.NewScanner(response.Body), leave: cancel}
}

// next returns the next answer; nil: there are no more.
func (s *subscriber) next() *told {
	s.t.Helper()
	for s.lines.Scan() {
		data, ok := strings.CutPrefix(s.lines.Text(), "data:")
		switch {
		case !ok:
			continue
		case data == "":
			return nil
		}
		var answer told
		modelstest.NoError(s.t, json.Unmarshal([]byte(data), &answer))
		if answer.Data != nil {
			s.cursor = answer.Data.CallbackChanged.Cursor
		}
		return &answer
	}
	return nil
}

func (s *subscriber) want(kind string) *apiCallback {
	s.t.Helper()
	answer := s.next()
	if answer == nil || answer.Data == nil || answer.Data.CallbackChanged.Kind != kind {
		s.t.Fatalf("told %+v, want %s", answer, kind)
	}
	return answer.Data.CallbackChanged.Callback
}

// until reads until a callback has a status.
func (s *subscriber) until(uid, status string) {
	s.t.Helper()
	for {
		if c := s.want("CHANGED"); c.UID == uid && c.Status == status {
			return
		}
	}
}

// wantEnd reads to the reason, and what ends the stream.
func (s *subscriber) wantEnd(code string) {
	s.t.Helper()
	answer := s.next()
	for answer != nil && len(answer.Errors) == 0 {
		answer = s.next()
	}
	if answer == nil || answer.Errors[0].Extensions.Code != code {
		s.t.Fatalf("ended by %+v, want %s", answer, code)
	}
	if more := s.next(); more != nil {
		s.t.Errorf("after the end: %+v", more)
	}
}
