package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringback/ringback/models"
)

// bodyReader is a handler that reads bodies, and answers what it has read when it is told to.
type bodyReader struct {
	read   chan struct{}
	answer chan struct{}
}

func newBodyReader() bodyReader { return bodyReader{make(chan struct{}, 2_000), make(chan struct{})} }

func (h bodyReader) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, err := models.ReadBody(w, r, models.MaxBodyBytes)
	h.read <- struct{}{}
	switch {
	case models.ErrorCode(err) == models.CodeRateLimited:
		w.WriteHeader(http.StatusTooManyRequests)
	case err != nil:
		w.WriteHeader(http.StatusBadRequest)
	default:
		<-h.answer
	}
}

// sender sends bodies through a guard.
type sender struct {
	guarded http.Handler
	sync.WaitGroup
}

// send is on its way when it returns.
func (s *sender) send(t *testing.T, caller string, size int64) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(
		t.Context(), http.MethodPost, "/", strings.NewReader(strings.Repeat("a", int(max(size, 5)))),
	)
	r.ContentLength = size
	if caller != "" {
		r.Header.Set("X-Api-Key", caller)
	}
	w := httptest.NewRecorder()
	s.Go(func() { s.guarded.ServeHTTP(w, r) })
	return w
}

func TestLargeBodiesUnderWayAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newBodyReader()
		guarded := newBodies().guard(h)
		under, refused := sender{guarded: guarded}, sender{guarded: guarded}
		const callers, each = totalBodyBytes / callerBodyBytes, callerBodyBytes / models.MaxBodyBytes
		for caller := range callers {
			for range each {
				under.send(t, strconv.Itoa(caller), models.MaxBodyBytes)
			}
		}
		synctest.Wait()
		if n := len(h.read); n != callers*each {
			t.Errorf("%d of %d have been read", n, callers*each)
		}
		beyond := []*httptest.ResponseRecorder{
			refused.send(t, "0", models.MaxBodyBytes), refused.send(t, "another", models.MaxBodyBytes),
			refused.send(t, "of no length", -1),
		}
		refused.Wait() // none of the others ends before these give up
		for i, w := range beyond {
			if w.Code != http.StatusTooManyRequests {
				t.Errorf("refused %d: %d", i, w.Code)
			}
		}
		accepted := []*httptest.ResponseRecorder{
			under.send(t, "0", freeBodyBytes), under.send(t, "", -1), under.send(t, "late", models.MaxBodyBytes),
		}
		synctest.Wait()
		close(h.answer)
		under.Wait()
		for i, w := range append(accepted, under.send(t, "0", models.MaxBodyBytes)) {
			if under.Wait(); w.Code != http.StatusOK {
				t.Errorf("accepted %d: %d", i, w.Code)
			}
		}
	})
}

// listen serves a handler as the program does, but for the time that a request may take to arrive.
func listen(t *testing.T, handler http.Handler, change ...func(*http.Server)) (s *http.Server, dial func() net.Conn) {
	t.Helper()
	s = newHTTPServer(handler, maxConnections, slog.New(slog.DiscardHandler))
	s.ReadTimeout, s.ReadHeaderTimeout = 0, 0
	for _, f := range change {
		f(s)
	}
	var open sync.WaitGroup // the server lingers half a second with some
	follow := s.ConnState
	s.ConnState = func(conn net.Conn, state http.ConnState) {
		switch follow(conn, state); state {
		case http.StateNew:
			open.Add(1)
		case http.StateClosed:
			open.Done()
		}
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(listener) }()
	t.Cleanup(func() {
		_ = s.Close()
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
		open.Wait()
	})
	return s, func() net.Conn {
		t.Helper()
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
}

func write(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
}

func statusOf(t *testing.T, conn net.Conn) int {
	t.Helper()
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

func TestAStoppingServerDoesNotWaitForBodiesNorForSilentConnections(t *testing.T) {
	t.Parallel()
	h := newBodyReader()
	begun := make(chan struct{})
	s, dial := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun <- struct{}{}
		h.ServeHTTP(w, r)
	}))
	slow, silent, half := dial(), dial(), dial()
	write(t, slow, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc")
	<-begun
	write(t, half, "POST / HTTP/1.1\r\nHo")
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if got := statusOf(t, slow); got != http.StatusBadRequest {
		t.Errorf("status %d", got)
	}
	for _, conn := range []net.Conn{silent, half} {
		if _, err := conn.Read(make([]byte, 1)); err == nil {
			t.Error("it is still open")
		}
	}
}

// readDeadlines counts how often the reading of a connection was given an end: net/http reads on after the body, and takes the
// end of that for the caller's leaving.
type readDeadlines struct {
	*httptest.ResponseRecorder
	set int
}

func (d *readDeadlines) SetReadDeadline(time.Time) error {
	d.set++
	return nil
}

func TestAStoppingServerLeavesAloneWhoseBodyItHas(t *testing.T) {
	t.Parallel()
	bodies, w := newBodies(), &readDeadlines{ResponseRecorder: httptest.NewRecorder()}
	bodies.guard(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if text, err := io.ReadAll(r.Body); string(text) != "all of it" || err != nil {
			t.Errorf("%q, %v", text, err)
		}
		bodies.cut()
	})).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader("all of it")))
	if w.set > 0 {
		t.Error("its context would be cancelled")
	}
}

func TestNobodyWaitsForABodyThatIsNotWanted(t *testing.T) {
	t.Parallel()
	_, dial := listen(
		t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }),
	)
	for _, size := range []int{1_000, 100_000, 10_000_000} {
		conn := dial()
		write(t, conn, fmt.Sprintf("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\nabc", size))
		if got := statusOf(t, conn); got != http.StatusUnauthorized {
			t.Errorf("status %d", got)
		}
		if _, err := conn.Read(make([]byte, 1)); err == nil {
			t.Error("it is still open")
		}
	}
}
