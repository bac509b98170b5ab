package egress_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"github.com/ringback/ringback/jobs/egress"
	"github.com/ringback/ringback/jobs/egress/egresstest"
)

// TestNotProcessedIsSentAgainAtOnce: what HTTP/2 proves that nobody has looked at is no failed attempt.
func TestNotProcessedIsSentAgainAtOnce(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		refuse func(w *http2.Framer, stream uint32) // the second request
		calls  int32                                // that come, with the first
		want   egress.Cause
	}{
		"GOAWAY before the stream": {
			func(w *http2.Framer, stream uint32) { _ = w.WriteGoAway(stream-2, http2.ErrCodeNo, nil) }, 3, "",
		},
		"GOAWAY with an error": {
			func(w *http2.Framer, stream uint32) { _ = w.WriteGoAway(stream-2, http2.ErrCodeEnhanceYourCalm, nil) }, 3, "",
		},
		"REFUSED_STREAM": {
			func(w *http2.Framer, stream uint32) { _ = w.WriteRSTStream(stream, http2.ErrCodeRefusedStream) }, 3, "",
		},
		"INTERNAL_ERROR": {
			func(w *http2.Framer, stream uint32) { _ = w.WriteRSTStream(stream, http2.ErrCodeInternal) }, 2,
			egress.ConnectionReset,
		},
		"PROTOCOL_ERROR": {
			func(w *http2.Framer, stream uint32) { _ = w.WriteRSTStream(stream, http2.ErrCodeProtocol) }, 2,
			egress.ConnectionReset,
		},
		"GOAWAY after the stream": {func(w *http2.Framer, stream uint32) {
			_ = w.WriteGoAway(stream, http2.ErrCodeNo, []byte("REFUSED_STREAM, ErrCode=HTTP_1_1_REQUIRED"))
			egresstest.Answer("200")(w, stream)
		}, 2, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int32
			url, roots := egresstest.HTTP2(t, func(w *http2.Framer, stream uint32) {
				if calls.Add(1) == 2 {
					tt.refuse(w, stream)
					return
				}
				egresstest.Answer("200")(w, stream)
			})
			c := clientOf(t, egress.Config{AllowedNetworks: loopback(), Timeout: long, RootCAs: roots})
			req := request(url)
			req.Header.Set("Idempotency-Key", "k")
			if _, err := c.Send(t.Context(), req); err != nil {
				t.Fatal(err)
			}
			res, err := c.Send(t.Context(), req)
			if tt.want == "" && (err != nil || res.Status != 200) || tt.want != "" && causeOf(err) != tt.want {
				t.Errorf("got %d, %v", res.Status, err)
			}
			if res.ClosedIdle || calls.Load() != tt.calls {
				t.Errorf("closed idle: %t, %d requests came", res.ClosedIdle, calls.Load())
			}
		})
	}
}

// TestFirstRequestOfAConnectionThatIsNotProcessedIsSentAgain, whatever reason GOAWAY has: its streams are those after
// the last that it names.
func TestFirstRequestOfAConnectionThatIsNotProcessedIsSentAgain(t *testing.T) {
	t.Parallel()
	for _, code := range []http2.ErrCode{http2.ErrCodeNo, http2.ErrCodeEnhanceYourCalm, http2.ErrCodeInternal} {
		var calls atomic.Int32
		url, roots := egresstest.HTTP2(t, func(w *http2.Framer, stream uint32) {
			if calls.Add(1) == 1 {
				_ = w.WriteGoAway(0, code, nil)
				return
			}
			egresstest.Answer("200")(w, stream)
		})
		c := clientOf(t, egress.Config{AllowedNetworks: loopback(), Timeout: long, RootCAs: roots})
		if res, err := c.Send(t.Context(), request(url)); err != nil || res.Status != 200 || calls.Load() != 2 {
			t.Errorf("%s: got %d, %v, after %d requests", code, res.Status, err, calls.Load())
		}
	}
}

func TestReceiverThatRefusesEachTimeIsGivenUp(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	url, roots := egresstest.HTTP2(t, func(w *http2.Framer, stream uint32) {
		calls.Add(1)
		_ = w.WriteRSTStream(stream, http2.ErrCodeRefusedStream)
	})
	c := clientOf(t, egress.Config{AllowedNetworks: loopback(), Timeout: long, RootCAs: roots})
	_, err := c.Send(t.Context(), request(url))
	wantCause(t, err, egress.ConnectionReset, "has not processed the request")
	if calls.Load() != 3 {
		t.Errorf("%d requests came", calls.Load())
	}
}

// TestHTTP11RequiredFallsBackAndIsRemembered also for a receiver that offers HTTP/2 each time.
func TestHTTP11RequiredFallsBackAndIsRemembered(t *testing.T) {
	t.Parallel()
	for name, refuse := range map[string]func(w *http2.Framer, stream uint32){
		"RST_STREAM": func(w *http2.Framer, stream uint32) {
			_ = w.WriteRSTStream(stream, http2.ErrCodeHTTP11Required)
		},
		"GOAWAY": func(w *http2.Framer, _ uint32) { _ = w.WriteGoAway(0, http2.ErrCodeHTTP11Required, nil) },
		"GOAWAY, with a reason": func(w *http2.Framer, _ uint32) {
			_ = w.WriteGoAway(0, http2.ErrCodeHTTP11Required, []byte(", debug="))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32 // on HTTP/2
			url, roots := egresstest.HTTP2Or1(t, func(w *http2.Framer, stream uint32) {
				asked.Add(1)
				refuse(w, stream)
			})
			c := clientOf(t, egress.Config{AllowedNetworks: loopback(), Timeout: long, RootCAs: roots})
			for range 3 {
				res, err := c.Send(t.Context(), request(url))
				if err != nil || res.Status != 200 || asked.Load() != 1 {
					t.Errorf("got %d, %v; asked %d times on HTTP/2", res.Status, err, asked.Load())
				}
			}
		})
	}
}

func TestHostsOfHTTP1AreBounded(t *testing.T) {
	t.Parallel()
	add, size := egress.HTTP1Hosts()
	for i := range 10_000 {
		add(fmt.Sprintf("h%d.example:443", i))
		if size() > 2048 {
			t.Fatalf("%d are remembered", size())
		}
	}
	if size() < 1024 {
		t.Errorf("only %d are remembered", size())
	}
}

// TestClosedIdleConnectionIsTold apart from one that is closed at the first request, and from an answer that is cut
// off.
func TestClosedIdleConnectionIsTold(t *testing.T) {
	t.Parallel()
	const ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
	for name, tt := range map[string]struct {
		first, second string
		closedIdle    bool
	}{
		"a kept connection":         {ok, "", true},
		"a new connection":          {"", "", false},
		"a kept one, in its answer": {ok, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", false},
		"a kept one, in its header": {ok, "HTTP/1.1 200 O", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, long)
			url := "http://" + egresstest.Raw(t, func(conn *net.TCPConn) {
				requests := bufio.NewReader(conn)
				for _, answer := range []string{tt.first, tt.second} {
					r, err := http.ReadRequest(requests)
					if err != nil {
						return
					}
					_, _ = io.Copy(io.Discard, r.Body)
					if _, _ = io.WriteString(conn, answer); answer == "" {
						return
					}
				}
			})
			if tt.first != "" {
				if _, err := c.Send(t.Context(), request(url)); err != nil {
					t.Fatal(err)
				}
			}
			res, err := c.Send(t.Context(), request(url))
			if err == nil || res.ClosedIdle != tt.closedIdle {
				t.Errorf("got %v, closed idle: %t", err, res.ClosedIdle)
			}
		})
	}
}

// TestIdleConnectionsEndBeforeTheReceiverCloses them: gunicorn does after two seconds.
func TestIdleConnectionsEndBeforeTheReceiverCloses(t *testing.T) {
	t.Parallel()
	ended := make(chan time.Duration, 1)
	idle := make(chan time.Time, 1)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateIdle:
			idle <- time.Now()
		case http.StateClosed:
			ended <- time.Since(<-idle)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	if _, err := newClient(t, long).Send(t.Context(), request(s.URL)); err != nil {
		t.Fatal(err)
	}
	if after := <-ended; after < time.Second || after > 1900*time.Millisecond {
		t.Errorf("it ended after %v", after)
	}
}
