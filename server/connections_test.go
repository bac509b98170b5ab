package main

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ringback/ringback/models/modelstest"
)

func TestConnectionsBeyondTheLimitCloseTheOneThatHasWaitedLongest(t *testing.T) {
	t.Parallel()
	working, answer := make(chan struct{}), make(chan struct{})
	const limit = 4
	_, dial := listen(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		working <- struct{}{}
		<-answer
	}), func(s *http.Server) { s.ConnState = newConnections(limit).follow })
	request := func(conn net.Conn) { write(t, conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n") }
	atWork := make([]net.Conn, limit-1)
	for i := range atWork {
		atWork[i] = dial()
		request(atWork[i])
		<-working
	}
	silent := dial()
	atWork = append(atWork, dial())
	if _, err := silent.Read(make([]byte, 1)); err == nil {
		t.Error("the silent one is still open")
	}
	request(atWork[limit-1])
	<-working
	if _, err := dial().Read(make([]byte, 1)); err == nil {
		t.Error("there is one more than the limit")
	}
	close(answer)
	for i, conn := range atWork {
		if got := statusOf(t, conn); got != http.StatusOK {
			t.Errorf("%d: status %d", i, got)
		}
	}
	request(atWork[0]) // which waits for its next request meanwhile
	<-working
	if got := statusOf(t, atWork[0]); got != http.StatusOK {
		t.Errorf("status %d", got)
	}
}

// The limits of the server, in fiftieths: 10 s for a header, 30 s for a whole request.
func TestSlowRequestsAreClosed(t *testing.T) {
	t.Parallel()
	const part = 50
	handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	ours := newHTTPServer(handler, maxConnections, slog.New(slog.DiscardHandler))
	_, dial := listen(t, handler, func(s *http.Server) {
		s.ReadHeaderTimeout, s.ReadTimeout = ours.ReadHeaderTimeout/part, ours.ReadTimeout/part
	})
	for sent, within := range map[string]time.Duration{
		"POST / HTTP/1.1\r\nHo": 10 * time.Second / part,
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc": 30 * time.Second / part,
	} {
		began := time.Now()
		conn := dial()
		if err := conn.SetReadDeadline(began.Add(modelstest.Patience)); err != nil {
			t.Fatal(err)
		}
		write(t, conn, sent)
		_, _ = io.Copy(io.Discard, conn)
		if took := time.Since(began); took < within || took > modelstest.Patience/2 {
			t.Errorf("%q: closed after %s, the limit is %s", sent, took, within)
		}
	}
}

// Silent connections and files come from one stock: without a share of its own neither the database nor a caller would
// have one.
func TestSilentConnectionsTakeNoMoreThanHalfOfTheFiles(t *testing.T) {
	t.Parallel()
	const files = 256
	s := startServer(t, options{process: true, files: files})
	for range 2 * files {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.base, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
	// On a connection of its own, before the silent ones are closed for want of a header, which takes 10 s.
	s.http = &http.Client{Transport: &http.Transport{}, Timeout: 9 * time.Second}
	status, body := s.asked(t, http.Header{"X-Api-Key": {s.key}}, `{ version }`)
	if status != http.StatusOK {
		t.Errorf("status %d: %s", status, body)
	}
	for limit, want := range map[uint64]int{1: 1, 64: 32, 1 << 20: maxConnections} {
		if got := connectionsWithin(limit); got != want {
			t.Errorf("%d files: %d connections, want %d", limit, got, want)
		}
	}
}
