package egress_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ringback/ringback/jobs/egress"
	"github.com/ringback/ringback/jobs/egress/egresstest"
)

// mutedConn is a connection of which the kernel has given up to hear.
type mutedConn struct{ net.Conn }

func (mutedConn) Read([]byte) (int, error) {
	return 0, &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ETIMEDOUT)}
}

// TestConnectionThatIsGivenUpBeforeTheLimitSaysSo, and not that there was no answer within a limit that has not passed.
func TestConnectionThatIsGivenUpBeforeTheLimitSaysSo(t *testing.T) {
	t.Parallel()
	c := newClient(t, long)
	egress.WrapConn(c, func(conn net.Conn) net.Conn { return mutedConn{conn} })
	_, err := c.Send(t.Context(), request(handler(t, func(http.ResponseWriter, *http.Request) {})))
	wantCause(t, err, egress.Timeout, "nothing got through it any more")
}

func TestBlockedLiterals(t *testing.T) {
	t.Parallel()
	c := egress.New(egress.Config{Timeout: long})
	egress.AfterGuard(c, func(address string) error {
		t.Errorf("a socket was about to connect to %s", address)
		return errors.New("vetoed")
	})
	for _, host := range []string{
		"127.0.0.1", "10.0.0.8", "169.254.169.254", "100.64.0.1", "192.168.0.1:8080", "0.0.0.0", "255.255.255.255",
		"[::1]", "[::]", "[::127.0.0.1]", "[::ffff:127.0.0.1]", "[::ffff:a00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
		"[fe80::1]", "[fe80::1%25lo]", "[fd00:ec2::254]", "１２７.０.０.１", "①②⑦.⓪.⓪.①", "127。0。0。1",
	} {
		res, err := c.Send(t.Context(), request("http://"+host+"/hidden?hidden"))
		wantCause(t, err, egress.BlockedAddress, "RINGBACK_ALLOWED_NETWORKS")
		if res.Status != 0 || res.Duration <= 0 {
			t.Errorf("%s: %+v", host, res)
		}
	}
	_, err := c.Send(t.Context(), request("https://10.0.0.8/"))
	wantCause(t, err, egress.BlockedAddress, "the address 10.0.0.8 is not public")
}

func TestInvalidURL(t *testing.T) {
	t.Parallel()
	c := egress.New(egress.Config{Timeout: long})
	egress.SetResolver(c, resolver(func(name string) []netip.Addr {
		t.Errorf("the name %q was looked up", name)
		return nil
	}))
	for _, url := range []string{
		"", "hidden", "/hidden", "//example.com/hidden", "ftp://example.com", "file:///etc/passwd", "gopher://x",
		"http:example.com",
		"http://", "http:///hidden", "http://:80/", "http://example.com:0/", "http://example.com:99999/",
		"http://example.com:x/",
		"http://user:hidden@example.com/", "http://a b/", "http://a\x00b/", "http://[::1/", "http://[fe80::1%25%00]/",
		"http://a%00b/", "http://a%25b/",
		"http://ex\nample.com/", "http://\xff\xfe/", "http://%zz/", "http://" + strings.Repeat("a.", 130) + "com/",
		"http://xn--a.ü\u200f/",
	} {
		_, err := c.Send(t.Context(), request(url))
		wantCause(t, err, egress.InvalidURL, "")
	}
	for _, header := range []http.Header{{"X Y": {"sesame"}}, {"X": {"sesame\r\nY: 1"}}, {"X": {"a\x00sesame"}}} {
		_, err := c.Send(t.Context(), egress.Request{URL: "http://127.0.0.1/", Header: header})
		wantCause(t, err, egress.InvalidURL, "header")
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	addr := egresstest.ClosedAddr(t)
	res, err := newClient(t, long).Send(t.Context(), request("http://"+addr+"/hidden"))
	wantCause(t, err, egress.ConnectRefused, addr+" refused the connection")
	if res.Timings.Connect <= 0 || res.Timings.FirstByte != 0 {
		t.Errorf("%+v", res.Timings)
	}
}

// deadlineTest is an exchange that must hit its deadline in a known phase.
type deadlineTest struct {
	url    func(t *testing.T) string
	client func(t *testing.T, c *egress.Client)
	want   egress.Cause
	says   string
	status int
}

func deadlineTests() map[string]deadlineTest {
	mute := func(conn *net.TCPConn) { _, _ = io.Copy(io.Discard, conn) }
	return map[string]deadlineTest{
		"dns": {
			url: func(*testing.T) string { return "http://hooks.test/hidden" },
			client: func(_ *testing.T, c *egress.Client) {
				r := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
					<-ctx.Done()
					return nil, ctx.Err()
				}}
				egress.SetResolver(c, r)
			},
			want: egress.DNSError, says: "the name hooks.test could not be resolved",
		},
		"connect": {
			url: func(*testing.T) string { return "http://127.0.0.1:8/hidden" },
			client: func(t *testing.T, c *egress.Client) {
				egress.AfterGuard(c, func(string) error { <-t.Context().Done(); return t.Context().Err() })
			},
			want: egress.ConnectTimeout, says: "127.0.0.1:8 accepted no connection within 700ms",
		},
		"tls": {
			url:  func(t *testing.T) string { return "https://" + egresstest.Raw(t, mute) },
			want: egress.Timeout, says: "the TLS handshake with 127.0.0.1:",
		},
		"header": {
			url: func(t *testing.T) string {
				return handler(t, func(_ http.ResponseWriter, r *http.Request) { stall(r) })
			},
			want: egress.Timeout, says: "no answer within 700ms",
		},
		"half a header": {
			url: func(t *testing.T) string {
				return egresstest.HTTP1(t, func(c *net.TCPConn) { _, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nX: "); mute(c) })
			},
			want: egress.Timeout, says: "was not complete within 700ms",
		},
		"body": {
			url: func(t *testing.T) string {
				return handler(t, func(w http.ResponseWriter, r *http.Request) {
					_, _ = io.WriteString(w, "begin")
					_ = http.NewResponseController(w).Flush()
					stall(r)
				})
			},
			want: egress.Timeout, says: "was not complete within 700ms", status: 200,
		},
	}
}

func TestDeadlines(t *testing.T) {
	t.Parallel()
	for name, tt := range deadlineTests() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, short)
			if tt.client != nil {
				tt.client(t, c)
			}
			res, err := c.Send(t.Context(), request(tt.url(t)))
			wantCause(t, err, tt.want, tt.says)
			if res.Status != tt.status || res.Duration < short {
				t.Errorf("status %d after %v", res.Status, res.Duration)
			}
			if tt.status != 0 && string(res.Body) != "begin" {
				t.Errorf("body %q", res.Body)
			}
		})
	}
}

func TestCallersDeadline(t *testing.T) {
	t.Parallel()
	url := handler(t, func(_ http.ResponseWriter, r *http.Request) { stall(r) })
	ctx, cancel := context.WithTimeout(t.Context(), short)
	defer cancel()
	_, err := newClient(t, long).Send(ctx, request(url))
	wantCause(t, err, egress.Timeout, "no answer within")

	// One that had passed before is no cancellation either.
	ctx, cancel = context.WithDeadline(t.Context(), time.Now().Add(-time.Hour))
	defer cancel()
	_, err = newClient(t, long).Send(ctx, request(url))
	wantCause(t, err, egress.Timeout, "the deadline passed before")
}

func TestCallerCancels(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{}, 1)
	inHeader := func(_ http.ResponseWriter, r *http.Request) { arrived <- struct{}{}; stall(r) }
	inBody := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "begin")
		_ = http.NewResponseController(w).Flush()
		arrived <- struct{}{}
		stall(r)
	}
	for _, h := range []http.HandlerFunc{inHeader, inBody} {
		url := handler(t, h)
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() {
			<-arrived
			cancel(errors.New("shutdown")) // a cause of its own does not hide it
		}()
		_, err := newClient(t, long).Send(ctx, request(url))
		wantCause(t, err, egress.Canceled, "")
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := newClient(t, long).Send(ctx, request("http://127.0.0.1:8/"))
	wantCause(t, err, egress.Canceled, "")
}

func TestBrokenAnswers(t *testing.T) {
	t.Parallel()
	const head = "HTTP/1.1 200 OK\r\n"
	write := egresstest.Text
	tests := map[string]struct {
		answer func(*net.TCPConn)
		says   string
		status int
		cause  egress.Cause
	}{
		"closed before the header": {write(""), "ended before an answer came", 0, egress.ConnectionReset},
		"reset before the header": {
			func(c *net.TCPConn) { _ = c.SetLinger(0) }, "ended before an answer came", 0, egress.ConnectionReset,
		},
		"half a header": {write(head + "X: "), "ended before the answer was complete", 0, egress.ConnectionReset},
		"half a name":   {write(head + "Content-Le"), "ended before the answer was complete", 0, egress.ConnectionReset},
		"half a name, reset": {func(c *net.TCPConn) {
			_, _ = io.WriteString(c, head+"Content-Le")
			_ = c.SetLinger(0)
		}, "", 0, egress.ConnectionReset},
		"a control character": {
			write(head + "X-Bin: a\x01garbage\r\n\r\n"), "a control character in its header X-Bin", 0, egress.MalformedResponse,
		},
		"a control character in a name": {
			write(head + "X-\x01Bin: garbage\r\n\r\n"), "a control character in its headers", 0, egress.MalformedResponse,
		},
		"short body": {
			write(head + "Content-Length: 100\r\n\r\nfive!"), "ended before the answer was complete", 200,
			egress.ConnectionReset,
		},
		"reset in the body": {func(c *net.TCPConn) {
			_, _ = io.WriteString(c, head+"Content-Length: 100\r\n\r\nfive!")
			_ = c.SetLinger(0)
		}, "", 200, egress.ConnectionReset}, // the reset may overtake the header
		"cut chunk": {
			write(head + "Transfer-Encoding: chunked\r\n\r\nff\r\nfive!"), "ended before the answer was complete", 200,
			egress.ConnectionReset,
		},
		"bad chunk": {
			write(head + "Transfer-Encoding: chunked\r\n\r\ngarbage\r\n"), "no", 200, egress.MalformedResponse,
		},
		"garbage": {
			write("garbage garbage garbage\r\n\r\n"), "did not carry a valid HTTP answer", 0, egress.MalformedResponse,
		},
		"ssh": {
			write("SSH-2.0-OpenSSH_9.9\r\n"), "did not carry a valid HTTP answer", 0, egress.MalformedResponse,
		},
		"bad header": {
			write(head + "garbage\r\n\r\n"), "did not carry a valid HTTP answer", 0, egress.MalformedResponse,
		},
		"two lengths": {
			write(head + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"), "did not carry a valid HTTP answer", 0,
			egress.MalformedResponse,
		},
		"header flood": {
			write(head + strings.Repeat("X: garbage\r\n", 1<<16) + "\r\n"), "", 0, egress.MalformedResponse,
		},
		"one endless field": {
			write(head + "X: " + strings.Repeat("garbage", 1<<17) + "\r\n\r\n"), "", 0, egress.MalformedResponse,
		},
		"flood of 1xx": {
			write(strings.Repeat("HTTP/1.1 103 Early Hints\r\nX: garbage\r\n\r\n", 1<<14)), "", 0, egress.MalformedResponse,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			res, err := newClient(t, long).Send(t.Context(), request(egresstest.HTTP1(t, tt.answer)+"/hidden?hidden"))
			wantCause(t, err, tt.cause, tt.says)
			if res.Status != tt.status && name != "reset in the body" {
				t.Errorf("status %d, want %d", res.Status, tt.status)
			}
		})
	}
}

// TestNilContext: Send never panics.
func TestNilContext(t *testing.T) {
	t.Parallel()
	_, err := egress.New(egress.Config{}).Send(nil, request("http://10.0.0.1/")) //nolint:staticcheck // on purpose
	wantCause(t, err, egress.BlockedAddress, "")
}
