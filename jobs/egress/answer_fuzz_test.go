package egress_test

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/net/http2"

	"github.com/ringback/ringback/jobs/egress"
	"github.com/ringback/ringback/jobs/egress/egresstest"
)

// http1Statuses are what receivers wrote into the status line, and what that is.
var http1Statuses = map[string]egress.Cause{
	"000 X": egress.MalformedResponse, "000": egress.MalformedResponse, "001 X": egress.MalformedResponse,
	"099 X": egress.MalformedResponse,
	"99":    egress.MalformedResponse, "99 X": egress.MalformedResponse, "600 X": egress.MalformedResponse,
	"999 X": egress.MalformedResponse,
	"-01 X": egress.MalformedResponse, "+20 X": egress.MalformedResponse, "-00 X": egress.MalformedResponse,
	"1000 X": egress.MalformedResponse,
	"2e2 X":  egress.MalformedResponse, "0x1 X": egress.MalformedResponse, "２００ X": egress.MalformedResponse,
	"": egress.MalformedResponse, "200": "", "200 ": "", " 200 X": "", "204 X": "", "599 X": "", "418 \xff\x00": "",
	"+99 X": egress.MalformedResponse,
}

func TestStatusOutsideTheRangeIsNoAnswer(t *testing.T) {
	t.Parallel()
	for status, want := range http1Statuses {
		t.Run(status, func(t *testing.T) {
			t.Parallel()
			url := egresstest.HTTP1(t, egresstest.Text("HTTP/1.1 "+status+"\r\nContent-Length: 2\r\nConnection: "+
				"close\r\n\r\nok"))
			res, err := newClient(t, long).Send(t.Context(), request(url))
			if want == "" {
				if err != nil || res.Status < 100 {
					t.Fatalf("got %d, %v", res.Status, err)
				}
				return
			}
			wantCause(t, err, want, "")
			if res.Status != 0 || res.Header != nil || res.Body != nil {
				t.Errorf("got %+v", res)
			}
		})
	}
}

// http2Statuses are values of ":status".
var http2Statuses = map[string]egress.Cause{
	"0": egress.MalformedResponse, "000": egress.MalformedResponse, "-1": egress.MalformedResponse,
	"99":  egress.MalformedResponse,
	"600": egress.MalformedResponse, "999": egress.MalformedResponse, "2147483648": egress.MalformedResponse,
	"4294967496":           egress.MalformedResponse,
	"18446744073709551816": egress.MalformedResponse, "abc": egress.MalformedResponse, "": egress.MalformedResponse,
	"2e2": egress.MalformedResponse,
	"200": "", "599": "",
}

func TestHTTP2StatusOutsideTheRangeIsNoAnswer(t *testing.T) {
	t.Parallel()
	for status, want := range http2Statuses {
		t.Run(status, func(t *testing.T) {
			t.Parallel()
			url, roots := egresstest.HTTP2(t, egresstest.Answer(status))
			c := clientOf(t, egress.Config{AllowedNetworks: loopback(), Timeout: long, RootCAs: roots})
			res, err := c.Send(t.Context(), request(url))
			if want == "" {
				if err != nil || res.Status < 100 {
					t.Fatalf("got %d, %v", res.Status, err)
				}
				return
			}
			wantCause(t, err, want, "")
			if res.Status != 0 || res.Header != nil || res.Body != nil {
				t.Errorf("got %+v", res)
			}
		})
	}
}

// checkAnswer is what holds of any answer at all.
func checkAnswer(t *testing.T, res egress.Response, err error) {
	t.Helper()
	var e *egress.Error
	switch {
	case err != nil && !errors.As(err, &e):
		t.Fatalf("%T is no *egress.Error", err)
	case err == nil && res.Status == 0:
		t.Fatal("neither an error nor a status")
	case res.Status != 0 && (res.Status < 100 || res.Status > 599):
		t.Fatalf("the status %d", res.Status)
	case len(res.Body) > 64<<10, res.Duration < 0, res.Timings.FirstByte < 0:
		t.Fatalf("%d bytes, %v, %+v", len(res.Body), res.Duration, res.Timings)
	case e != nil && (strings.ContainsAny(e.Message, "\x00\r\n") || len(e.Message) > 1000):
		t.Fatalf("the message %q", e.Message)
	}
}

// FuzzHTTP1Answer: whatever bytes come back, Send says what they are.
func FuzzHTTP1Answer(f *testing.F) {
	for status := range http1Statuses {
		f.Add([]byte("HTTP/1.1 " + status + "\r\nContent-Length: 2\r\n\r\nok"))
		f.Add([]byte("HTTP/1.0 " + status + "\r\n\r\nuntil the end"))
	}
	for _, head := range []string{
		"", "\r\n", "HTTP/1.1", "HTTP/9.9 200 OK", "HTTP/2.0 200 OK", "ICY 200 OK", "HTTP/1.1 200 OK\nX: y",
		"HTTP/1.1 200 OK\r\nX: \x00", "PRI * HTTP/2.0",
		"HTTP/1.1 200 OK\r\nContent-Length: -1", "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808",
		"HTTP/1.1 200 OK\r\nContent-Length: +2",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3", "HTTP/1.1 200 OK\r\nTransfer-Encoding: " +
			"gzip, chunked",
		"HTTP/1.1 204 OK\r\nContent-Length: 5", "HTTP/1.1 304 X\r\nContent-Length: 5", "HTTP/1.1 101 X\r\nConnection: " +
			"upgrade\r\nUpgrade: h2c",
		"HTTP/1.1 100 X\r\n\r\nHTTP/1.1 100 X\r\n\r\nHTTP/1.1 000 X", "HTTP/1.1 429 X\r\nRetry-After: " +
			"-99999999999999999999999",
		"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("a", 70<<10), "HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", 20<<10),
		strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 1000) + "HTTP/1.1 200 OK",
	} {
		f.Add([]byte(head + "\r\n\r\nbody"))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		// An answer that asks to wait for more than there is ends with its connection.
		res, err := newClient(t, long).Send(t.Context(), request(egresstest.HTTP1(t, egresstest.Text(string(answer)))))
		checkAnswer(t, res, err)
	})
}

// FuzzHTTP2Answer: whatever header comes back, after any number of 1xx, Send says what it is.
func FuzzHTTP2Answer(f *testing.F) {
	for status := range http2Statuses {
		f.Add(status, "retry-after", "1", uint16(0))
		f.Add(status, "x", "y", uint16(1))
	}
	f.Add("200", ":status", "0", uint16(0))
	f.Add("200", "content-length", "-1", uint16(0))
	f.Add("200", "X", "upper case", uint16(0))
	f.Add("200", "", "", uint16(0))
	f.Add("200", "x", "a\x00b\r\n", uint16(0))
	f.Add("200", "x", strings.Repeat("a", 12<<10), uint16(2))
	f.Add("200", "x", strings.Repeat("a", 70<<10), uint16(0))
	f.Add("200", "x", "y", uint16(10_000))
	f.Add("101", "upgrade", "h2c", uint16(0))
	f.Fuzz(func(t *testing.T, status, name, value string, hints uint16) {
		url, roots := egresstest.HTTP2(t, func(w *http2.Framer, stream uint32) {
			for range hints {
				if w.WriteHeaders(
					http2.HeadersFrameParam{StreamID: stream, BlockFragment: egresstest.Fields(":status", "103"), EndHeaders: true},
				) != nil {
					return
				}
			}
			egresstest.WriteHeaders(w, stream, egresstest.Fields(":status", status, name, value))
		})
		c := clientOf(t, egress.Config{AllowedNetworks: loopback(), Timeout: long, RootCAs: roots})
		res, err := c.Send(t.Context(), request(url))
		checkAnswer(t, res, err)
	})
}

// A header block in parts, and frames that do not belong: the connection is what ends.
func TestHTTP2AnswerThatIsNone(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(w *http2.Framer, stream uint32){
		"data first":       func(w *http2.Framer, stream uint32) { _ = w.WriteData(stream, true, []byte("body")) },
		"no pseudo header": func(w *http2.Framer, stream uint32) { egresstest.WriteHeaders(w, stream, egresstest.Fields("x", "y")) },
		"two statuses": func(w *http2.Framer, stream uint32) {
			egresstest.WriteHeaders(w, stream, egresstest.Fields(":status", "200", ":status", "0"))
		},
		"a request's header": func(w *http2.Framer, stream uint32) {
			egresstest.WriteHeaders(w, stream, egresstest.Fields(":status", "200", ":path", "/"))
		},
		"another stream": func(w *http2.Framer, stream uint32) { egresstest.Answer("200")(w, stream+2) },
		"broken HPACK": func(w *http2.Framer, stream uint32) {
			egresstest.WriteHeaders(w, stream, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
		},
		"reset":   func(w *http2.Framer, stream uint32) { _ = w.WriteRSTStream(stream, http2.ErrCodeProtocol) },
		"goodbye": func(w *http2.Framer, _ uint32) { _ = w.WriteGoAway(0, http2.ErrCodeInternal, []byte("garbage")) },
		"a frame too large": func(w *http2.Framer, stream uint32) {
			_ = w.WriteRawFrame(http2.FrameData, 0, stream, make([]byte, 1<<20))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, roots := egresstest.HTTP2(t, answer)
			c := clientOf(t, egress.Config{AllowedNetworks: loopback(), Timeout: short, RootCAs: roots})
			res, err := c.Send(t.Context(), request(url))
			if err == nil || res.Status != 0 {
				t.Errorf("got %d, %v", res.Status, err)
			}
			checkAnswer(t, res, err)
		})
	}
}
