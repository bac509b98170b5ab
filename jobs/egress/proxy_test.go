package egress_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/ringback/ringback/jobs/egress"
	"github.com/ringback/ringback/jobs/egress/egresstest"
)

// asked is what a proxy was asked for.
type asked struct {
	mu   sync.Mutex
	list []string
}

func (a *asked) add(what string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.list = append(a.list, what)
}

// join carries bytes between two connections until one ends.
func join(a net.Conn, b io.Reader, target string) {
	to, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer func() { _ = to.Close() }()
	go func() { _, _ = io.Copy(to, b); _ = to.Close() }()
	_, _ = io.Copy(a, to)
}

// connectProxy answers CONNECT with a status; with 200 it carries on to a receiver, whatever it was asked for.
func connectProxy(a *asked, status, receiver string) func(conn net.Conn) {
	return func(conn net.Conn) {
		from := bufio.NewReader(conn)
		r, err := http.ReadRequest(from)
		if err != nil {
			return
		}
		a.add(r.Method + " " + r.RequestURI + " " + r.Header.Get("Proxy-Authorization"))
		_, _ = io.WriteString(conn, "HTTP/1.1 "+status+" X\r\nContent-Length: 0\r\n\r\n")
		if status == "200" || status == "204" {
			join(conn, from, receiver)
		}
	}
}

// socksProxy is one of SOCKS5 with a user and a password, which replies with a code.
func socksProxy(a *asked, reply byte, receiver string) func(conn net.Conn) {
	return func(conn net.Conn) {
		b := make([]byte, 300)
		read := func(n int) []byte { _, _ = io.ReadFull(conn, b[:n]); return b[:n] }
		read(int(read(2)[1])) // methods
		_, _ = conn.Write([]byte{5, 2})
		user := string(read(int(read(2)[1])))
		password := string(read(int(read(1)[0])))
		_, _ = conn.Write([]byte{1, 0})
		if kind := read(4)[3]; kind != 1 {
			a.add("no IPv4 address")
			return
		}
		to := read(6)
		a.add(
			netip.AddrPortFrom(
				netip.AddrFrom4([4]byte(to)), uint16(to[4])<<8|uint16(to[5]),
			).String() + " " + user + ":" + password,
		)
		_, _ = conn.Write([]byte{5, reply, 0, 1, 0, 0, 0, 0, 0, 0})
		if reply == 0 {
			join(conn, conn, receiver)
		}
	}
}

// serve starts a proxy, on TLS where there is a certificate, and returns its address.
func serve(t *testing.T, cert *tls.Certificate, talk func(conn net.Conn)) string {
	t.Helper()
	return egresstest.Raw(t, func(tcp *net.TCPConn) {
		if cert == nil {
			talk(tcp)
			return
		}
		conn := tls.Server(tcp, &tls.Config{Certificates: []tls.Certificate{*cert}, MinVersion: tls.VersionTLS12})
		talk(conn)
		_ = conn.Close()
	})
}

func by(t *testing.T, scheme, address string, roots *x509.CertPool) *egress.Client {
	t.Helper()
	u, err := url.Parse(scheme + "://user:pass@" + address)
	if err != nil || egress.CheckProxy(u) != nil {
		t.Fatal(err, egress.CheckProxy(u))
	}
	c := clientOf(t, egress.Config{Timeout: long, Proxy: u, RootCAs: roots})
	egress.SetResolver(c, resolver(func(name string) []netip.Addr {
		if name == "private.test" {
			return addrs("10.0.0.1")
		}
		return addrs("203.0.114.9")
	}))
	return c
}

// TestProxyIsAskedByAddress, also for plain http, and sees no name; the receiver sees its own.
func TestProxyIsAskedByAddress(t *testing.T) {
	t.Parallel()
	host := make(chan string, 2)
	plain := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { host <- r.Host }))
	t.Cleanup(plain.Close)
	secured := httptest.NewTLSServer(plain.Config.Handler) // whose certificate is for example.com
	t.Cleanup(secured.Close)
	roots := x509.NewCertPool()
	roots.AddCert(secured.Certificate())
	cert := secured.TLS.Certificates[0]
	for scheme, want := range map[string]string{
		"http": "CONNECT 203.0.114.9:PORT Basic dXNlcjpwYXNz", "https": "CONNECT 203.0.114.9:PORT Basic dXNlcjpwYXNz",
		"socks5": "203.0.114.9:PORT user:pass",
	} {
		for to, port := range map[string]string{plain.URL: "80", secured.URL: "443"} {
			_, receiver, _ := strings.Cut(to, "://")
			var a asked
			talk, offered := connectProxy(&a, "200", receiver), (*tls.Certificate)(nil)
			if scheme == "https" {
				offered = &cert
			}
			if scheme == "socks5" {
				talk = socksProxy(&a, 0, receiver)
			}
			c := by(t, scheme, serve(t, offered, talk), roots)
			target := strings.Replace(to, receiver, "example.com", 1)
			if res, err := c.Send(t.Context(), request(target)); err != nil || res.Status != 200 {
				t.Errorf("%s to %s: %d, %v", scheme, target, res.Status, err)
				continue
			} else if want := "203.0.114.9:" + port; res.Connection.RemoteAddr != want {
				t.Errorf("%s: sent to %s, want %s", scheme, res.Connection.RemoteAddr, want)
			}
			if got := <-host; got != "example.com" {
				t.Errorf("%s: the receiver is asked for %s", scheme, got)
			}
			if !slices.Equal(a.list, []string{strings.Replace(want, "PORT", port, 1)}) {
				t.Errorf("%s was asked for %q", scheme, a.list)
			}
			_, err := c.Send(t.Context(), request("http://private.test/"))
			wantCause(t, err, egress.BlockedAddress, "private.test")
			_, err = c.Send(t.Context(), request("http://169.254.169.254/"))
			wantCause(t, err, egress.BlockedAddress, "169.254.169.254")
			_, err = c.Send(t.Context(), request("http://example.com:25/"))
			wantCause(t, err, egress.BlockedAddress, "RINGBACK_ALLOWED_PORTS")
			if len(a.list) != 1 {
				t.Errorf("%s was asked for what is blocked: %q", scheme, a.list)
			}
		}
	}
}

// TestFailuresOfTheProxyAreOurs, but not what it says of the receiver.
func TestFailuresOfTheProxyAreOurs(t *testing.T) {
	t.Parallel()
	var a asked
	mute := func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }
	for name, tt := range map[string]struct {
		scheme, address string
		want            egress.Cause
		says            string
	}{
		"refused":        {"http", egresstest.ClosedAddr(t), egress.LocalError, "of RINGBACK_EGRESS_PROXY failed"},
		"SOCKS, refused": {"socks5", egresstest.ClosedAddr(t), egress.LocalError, "of RINGBACK_EGRESS_PROXY failed"},
		"no TLS": {
			"https", serve(t, nil, func(conn net.Conn) { _, _ = io.WriteString(conn, "HTTP/1.1 400\r\n\r\n") }),
			egress.LocalError, "failed",
		},
		"credentials":       {"http", serve(t, nil, connectProxy(&a, "407", "")), egress.LocalError, "status 407"},
		"forbidden":         {"http", serve(t, nil, connectProxy(&a, "403", "")), egress.LocalError, "status 403"},
		"refused, with 5xx": {"http", serve(t, nil, connectProxy(&a, "500", "")), egress.LocalError, "status 500"},
		"gone":              {"http", serve(t, nil, func(net.Conn) {}), egress.LocalError, "failed"},
		"garbage": {
			"http", serve(t, nil, func(conn net.Conn) { _, _ = io.WriteString(conn, "hello\r\n\r\n") }), egress.LocalError,
			"failed",
		},
		"SOCKS, general":     {"socks5", serve(t, nil, socksProxy(&a, 1, "")), egress.LocalError, "failed"},
		"SOCKS, not allowed": {"socks5", serve(t, nil, socksProxy(&a, 2, "")), egress.LocalError, "failed"},
		"no way": {
			"http", serve(t, nil, connectProxy(&a, "502", "")), egress.ConnectRefused, "203.0.114.9:80 could not be reached",
		},
		"no way in time": {"http", serve(t, nil, connectProxy(&a, "504", "")), egress.ConnectRefused, "status 504"},
		"SOCKS, no way":  {"socks5", serve(t, nil, socksProxy(&a, 5, "")), egress.ConnectRefused, "SOCKS reply 5"},
		"silent":         {"http", serve(t, nil, mute), egress.ConnectTimeout, "203.0.114.9:80 accepted no connection"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := request("http://example.com/hidden")
			if name == "silent" {
				req.Timeout = short
			}
			_, err := by(t, tt.scheme, tt.address, nil).Send(t.Context(), req)
			wantCause(t, err, tt.want, tt.says)
			if strings.Contains(err.Error(), "pass") {
				t.Errorf("%v tells the password", err)
			}
		})
	}
}

// TestProxyThatIsSilentWhileItsCallersGiveUp: the time is over for the proxy's connection and for its caller at the
// same moment, in either order.
func TestProxyThatIsSilentWhileItsCallersGiveUp(t *testing.T) {
	t.Parallel()
	proxy := serve(t, nil, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	c := by(t, "socks5", proxy, nil)
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			req := request("http://203.0.114.9/hidden")
			req.Timeout = short
			if _, err := c.Send(t.Context(), req); err == nil {
				t.Error("no error")
			}
		})
	}
	all.Wait()
}

// TestProxyThatGetsThroughToNobodyIsOurs: what it says of one destination is the receiver's failure until an unrelated
// one fails alike.
func TestProxyThatGetsThroughToNobodyIsOurs(t *testing.T) {
	t.Parallel()
	mute := func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }
	receiver := strings.TrimPrefix(handler(t, func(http.ResponseWriter, *http.Request) {}), "http://")
	var a asked
	for name, tt := range map[string]struct {
		scheme string
		broken func(conn net.Conn)
		works  func(conn net.Conn)
		alone  egress.Cause
	}{
		"502":           {"http", connectProxy(&a, "502", ""), connectProxy(&a, "204", receiver), egress.ConnectRefused},
		"silent":        {"http", mute, connectProxy(&a, "200", receiver), egress.ConnectTimeout},
		"SOCKS":         {"socks5", socksProxy(&a, 4, ""), socksProxy(&a, 0, receiver), egress.ConnectRefused},
		"SOCKS, silent": {"socks5", mute, socksProxy(&a, 0, receiver), egress.ConnectTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var works atomic.Bool
			c := by(t, tt.scheme, serve(t, nil, func(conn net.Conn) {
				if works.Load() {
					tt.works(conn)
				} else {
					tt.broken(conn)
				}
			}), nil)
			for i, step := range []struct {
				works bool
				host  string
				want  egress.Cause
			}{
				{false, "203.0.114.9", tt.alone},
				{false, "203.0.114.10", tt.alone}, // of the same network
				{false, "203.0.115.9", egress.LocalError},
				{true, "203.0.117.9", ""}, // one that gets through, and not by a connection that was being made as the last gave up
				{false, "203.0.116.9", tt.alone},
			} {
				works.Store(step.works)
				req := request("http://" + step.host + "/hidden")
				if !step.works {
					req.Timeout = short
				}
				_, err := c.Send(t.Context(), req)
				if got := causeOf(err); got != step.want {
					t.Errorf("step %d: %v, want %s", i+1, err, step.want)
				}
				c.CloseIdle()
			}
		})
	}
}

func TestProxyIsChecked(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]bool{
		"http://proxy": true, "https://u:p@proxy.example:3128/": true, "socks5://[::1]:1080": true,
		"socks5h://proxy:1080": false,
		"proxy:3128":           false, "http://": false, "http://proxy/path": false, "ftp://proxy": false,
		"http://proxy?x=1": false, "http://proxy:0": false, "http://proxy:65536": false, "http://proxy:65535": true,
	} {
		u, err := url.Parse(raw)
		if err == nil {
			err = egress.CheckProxy(u)
		}
		if (err == nil) != want {
			t.Errorf("%s: %v", raw, err)
		}
	}
}
