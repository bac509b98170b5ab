package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// A hostile receiver plays the executor too: a synchronous endpoint of the platform, behind an action. These are its
// behaviours, beside those of receivers.

// call is what an executor is asked.
type call struct {
	RunUID     string          `json:"run_uid"`
	BatchUID   string          `json:"batch_uid"`
	Action     string          `json:"action"`
	Input      json.RawMessage `json:"input"`
	Parameters callParameters  `json:"parameters"`
	Page       int             `json:"page"`
	PageSize   int             `json:"page_size"`

	attempt string // the header X-Batch-Attempt
}

type callParameters struct {
	MaxResults *int `json:"max_results"`
	PageSize   int  `json:"page_size"`
}

// executorHeader is configured on every action of these tests.
var executorHeader = header{"Authorization", "Bearer executor"}

// nextCall waits for the next call of an executor, and checks that it has what every call has and nothing else.
func (h *hostile) nextCall(t *testing.T, path string) call {
	t.Helper()
	return readCall(t, h.next(t, path))
}

// calls takes the calls that are there.
func (h *hostile) calls(t *testing.T, path string) (all []call) {
	t.Helper()
	for len(h.at(path)) > 0 {
		all = append(all, h.nextCall(t, path))
	}
	return all
}

func readCall(t *testing.T, got arrival) call {
	t.Helper()
	var c call
	decoder := json.NewDecoder(strings.NewReader(got.body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		t.Fatalf("%v: %s", err, got.body)
	}
	c.attempt = got.header.Get("X-Batch-Attempt")
	for _, id := range []string{c.RunUID, c.BatchUID, c.attempt} {
		if _, err := uuid.Parse(id); err != nil {
			t.Errorf("%q is no UUID: %v", id, got)
		}
	}
	want := map[string]string{
		"Content-Type": "application/json", "User-Agent": "Ringback/" + version, executorHeader.Key: executorHeader.Value,
		"Content-Length": strconv.Itoa(len(got.body)), "X-Callback-Ref": "", "Webhook-Signature": "",
	}
	headers := map[string]string{}
	for name := range want {
		headers[name] = got.header.Get(name)
	}
	if diff := cmp.Diff(want, headers); diff != "" || got.method != http.MethodPost ||
		c.Parameters.PageSize != c.PageSize {
		t.Errorf("%s %s, headers (-want +got):\n%s", got.method, got.body, diff)
	}
	return c
}

// peek reads the call that a behaviour is to answer, and leaves it to be read again.
func peek(r *http.Request) (c call) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	_ = json.Unmarshal(body, &c)
	return c
}

// pages is a behaviour: it has so many results, {"number": 1}, {"number": 2}, …, and gives the page that is asked for.
func pages(total int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := peek(r)
		results := []anyMap{}
		for n := (c.Page-1)*c.PageSize + 1; n <= min(total, c.Page*c.PageSize); n++ {
			results = append(results, anyMap{"number": n})
		}
		_ = json.NewEncoder(w).Encode(anyMap{"results": results, "has_more": total > c.Page*c.PageSize})
	}
}

// asked is a behaviour that depends on the input: its member "do" names one of some.
func asked(behaviours map[string]http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var input struct{ Do string }
		_ = json.Unmarshal(peek(r).Input, &input)
		behaviours[input.Do](w, r)
	}
}

// together is a behaviour that keeps the first requests until so many are there.
func together(number int64, next http.HandlerFunc) http.HandlerFunc {
	var arrived atomic.Int64
	all := make(chan struct{})
	return func(w http.ResponseWriter, r *http.Request) {
		if arrived.Add(1) == number {
			close(all)
		}
		held(all, next)(w, r)
	}
}

// held is a behaviour that answers once something is closed.
func held(until <-chan struct{}, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-until:
			next(w, r)
		case <-r.Context().Done():
		}
	}
}

// slowly is a behaviour that takes a while before the next one.
func slowly(while time.Duration, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		takeYourTime(r, while)
		next(w, r)
	}
}

// cut is a behaviour: the connection ends without an answer.
func cut(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
