package egress

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"time"

	"golang.org/x/net/proxy"
)

// maxProxyAnswer bounds what is read of a proxy's answer to CONNECT.
const maxProxyAnswer = 64 << 10

// CheckProxy tells whether a URL can be [Config.Proxy]. The error repeats no part of it.
func CheckProxy(u *url.URL) error {
	if u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "socks5" {
		return errors.New("must begin with http://, https:// or socks5://")
	}
	if u.Hostname() == "" || u.Opaque != "" || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("must be a scheme, if need be a user and a password, a host and a port, such as " +
			"http://proxy.example:3128")
	}
	if port, err := strconv.ParseUint(u.Port(), 10, 16); u.Port() != "" && (err != nil || port == 0) {
		return errors.New("must have a port between 1 and 65535")
	}
	return nil
}

// proxyError is a failure of the proxy itself.
type proxyError struct {
	proxy string // host and port
	err   error
}

func (e *proxyError) Error() string { return "egress: proxy " + e.proxy + ": " + e.err.Error() }
func (e *proxyError) Unwrap() error { return e.err }

// errNoWay: the proxy works, and does not get through to the address.
var errNoWay = errors.New("the proxy does not get through to it")

// way is the proxy that asks other hosts for us. It learns addresses alone, which are judged here before it is asked:
// what it could resolve a name to is out of the guard's sight.
type way struct {
	address string // host and port
	url     *url.URL
	tls     *tls.Config
	guard   guard
}

// newWay returns nil where there is no proxy.
func newWay(u *url.URL, g guard, roots *x509.CertPool) *way {
	if u == nil {
		return nil
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443", "socks5": "1080"}[u.Scheme]
	}
	return &way{
		address: net.JoinHostPort(u.Hostname(), port), url: u, guard: g,
		tls: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots, ServerName: u.Hostname()},
	}
}

// connect opens a connection to an address by way of the proxy. httptrace sees the address, and not the proxy.
func (w *way) connect(ctx context.Context, target netip.AddrPort) (_ net.Conn, err error) {
	if err := w.guard.judge(target); err != nil {
		return nil, err
	}
	trace := httptrace.ContextClientTrace(ctx)
	if trace != nil && trace.ConnectStart != nil {
		trace.ConnectStart("tcp", target.String())
	}
	defer func() {
		if trace != nil && trace.ConnectDone != nil {
			trace.ConnectDone("tcp", target.String(), err)
		}
	}()
	noteIn(ctx, func(seen *watched, _ time.Time) { seen.proxy = w.address })
	conn, err := w.open(valueless{ctx})
	if err != nil {
		return nil, &proxyError{w.address, err}
	}
	// from here on the target keeps us waiting
	noteIn(ctx, func(seen *watched, _ time.Time) { seen.proxy, seen.asked = "", w.address })
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	if err = w.ask(valueless{ctx}, conn, target); !stop() {
		err = ctx.Err()
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return &proxied{conn, target}, nil
}

// proxied is a connection through the proxy. Its other side is the receiver.
type proxied struct {
	net.Conn
	target netip.AddrPort
}

func (c *proxied) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(c.target) }

// open opens a connection to the proxy itself.
func (w *way) open(ctx context.Context) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", w.address)
	if err != nil || w.url.Scheme != "https" {
		return conn, err
	}
	secured := tls.Client(conn, w.tls)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secured, nil
}

// ask lets the proxy connect to the target.
func (w *way) ask(ctx context.Context, conn net.Conn, target netip.AddrPort) error {
	if w.url.Scheme == "socks5" {
		return w.askSOCKS(ctx, conn, target)
	}
	return w.askHTTP(conn, target)
}

func (w *way) askHTTP(conn net.Conn, target netip.AddrPort) error {
	credentials := ""
	if user := w.url.User; user != nil {
		password, _ := user.Password()
		credentials = "Proxy-Authorization: Basic " +
			base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password)) + "\r\n"
	}
	if _, err := fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", target, target, credentials); err != nil {
		return &proxyError{w.address, err}
	}
	// The target says nothing before it is asked, so nothing of its is lost in the buffer.
	reader := bufio.NewReader(io.LimitReader(conn, maxProxyAnswer))
	answer, err := http.ReadResponse(reader, &http.Request{Method: http.MethodConnect}) //nolint:bodyclose // it is the connection
	if err != nil {
		return &proxyError{w.address, err}
	}
	switch status := answer.StatusCode; {
	case status/100 == 2: // RFC 9110, section 9.3.6
		return nil
	// by which proxies say that of the target
	case slices.Contains([]int{http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout}, status):
		return fmt.Errorf("%w (it answered with the status %d)", errNoWay, answer.StatusCode)
	default:
		return &proxyError{w.address, fmt.Errorf("it answered CONNECT with the status %d", answer.StatusCode)}
	}
}

// given lets x/net's client use a connection that is there.
type given struct{ conn net.Conn }

func (g given) Dial(string, string) (net.Conn, error) { return g.conn, nil }

func (w *way) askSOCKS(ctx context.Context, conn net.Conn, target netip.AddrPort) error {
	var credentials *proxy.Auth
	if user := w.url.User; user != nil {
		password, _ := user.Password()
		credentials = &proxy.Auth{User: user.Username(), Password: password}
	}
	watched := &replies{Conn: conn}
	client, err := proxy.SOCKS5("tcp", w.address, credentials, given{watched})
	if err != nil {
		return &proxyError{w.address, err}
	}
	if _, err = client.(proxy.ContextDialer).DialContext(ctx, "tcp", target.String()); err == nil {
		return nil
	}
	if watched.noWay() {
		return fmt.Errorf("%w (SOCKS reply %d)", errNoWay, watched.last[1])
	}
	return &proxyError{w.address, err}
}

// replies keeps the last words of a SOCKS proxy: of why it refused, x/net has a text only.
type replies struct {
	net.Conn
	last []byte
}

func (r *replies) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	if n > 0 {
		r.last = append(r.last[:0], p[:min(n, 4)]...)
	}
	return n, err
}

// noWay tells the replies of RFC 1928, section 6, that speak of the target: network or host unreachable, connection
// refused, TTL expired.
func (r *replies) noWay() bool {
	return len(r.last) == 4 && r.last[0] == 5 && r.last[1] >= 3 && r.last[1] <= 6
}
