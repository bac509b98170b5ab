package egress

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"
)

const (
	defaultTimeout = 30 * time.Second
	defaultMaxIdle = 256

	// idleTimeout is shorter than the shortest common keep-alive of a server:
	// Node's http.Server closes after 5 s. A POST on a connection that the other
	// side is just closing is a failure that we would have to report.
	idleTimeout = 4 * time.Second

	// An HTTP/2 connection with requests in flight and silent for pingAfter is
	// pinged; without an answer after pingTimeout it is closed. Otherwise every
	// new request would join a dead connection and wait for its whole timeout.
	// Together well under the default timeout.
	pingAfter   = 10 * time.Second
	pingTimeout = 5 * time.Second

	keepBody  = 64 << 10 // bytes of an answer's body that are kept
	maxBody   = 1 << 20  // bytes of an answer's body that are read at all
	maxHeader = 64 << 10 // bytes of an answer's header

	// sendTries bounds how many stale connections in a row one request may find
	// before it gives up; see [Client.Send].
	sendTries = 3
)

// Config is what a [Client] is made of. The zero value is safe: public addresses
// only, 30 s, the system's roots.
type Config struct {
	// AllowedNetworks may be reached although they are not public; empty: none.
	// ::ffff:a.b.c.d networks are taken as their IPv4 network. 64:ff9b::/96
	// (NAT64, on an IPv6-only host) opens the way to public IPv4 addresses only;
	// the private ones behind it need their own entry. Invalid prefixes are ignored.
	AllowedNetworks []netip.Prefix

	// AllowedPorts are the ports that may be reached; empty: all but those of
	// well-known services that are not HTTP (mail, shells, databases).
	AllowedPorts []PortRange

	// Timeout bounds the whole exchange, from DNS to the last byte of the answer;
	// 0 or less: 30 s. An earlier deadline of Send's context counts too.
	Timeout time.Duration

	// MaxIdle is the number of idle connections kept over all hosts, for 4 s each:
	// as many as requests may be in flight, or what one host gets at once would
	// need new connections all the time; 0 or less: 256.
	MaxIdle int

	// RootCAs verify receivers' certificates; nil: the system's.
	RootCAs *x509.CertPool
}

// Client sends requests. Make it with [New]; one is enough for a process, and it
// is safe for concurrent use.
type Client struct {
	timeout   time.Duration
	dialer    *net.Dialer
	transport *http.Transport
	shortages shortages
}

// Request is one POST.
type Request struct {
	// URL is absolute, http or https, without credentials. A fragment is ignored.
	URL string

	// Header is sent as given, under canonical names. The client adds only Host
	// and Content-Length, which come from URL and Body and cannot be overridden.
	// net/http adds its own User-Agent where none is given.
	Header http.Header

	// Timeout bounds the whole exchange; 0: the client's. Keep is how many bytes of the answer's body are kept, decoded; 0: 64 KiB,
	// at most 1 MiB.
	Timeout time.Duration
	Keep    int

	// Body is sent byte by byte. It must not be changed afterwards: a receiver may
	// answer before it has read everything, and sending goes on behind Send's back.
	Body []byte
}

// Response is what came back, as far as it came.
type Response struct {
	Status   int           // 100 to 599; 0: no valid answer
	Header   http.Header   // nil: no answer; at most 64 KiB
	Body     []byte        // the first 64 KiB or Keep bytes, decompressed and in UTF-8
	Timings  Timings       // of the phases
	Duration time.Duration // of the whole exchange; more than the sum of Timings
}

// Timings are the lengths of an exchange's phases. A phase that did not happen is
// zero: DNS for an IP address, DNS, Connect and TLS on a reused connection, and
// all that would have followed a failure. A phase that was cut short by the
// deadline lasts until then.
type Timings struct {
	DNS       time.Duration // resolving the name
	Connect   time.Duration // TCP, over all addresses that were tried
	TLS       time.Duration // handshake
	FirstByte time.Duration // from having a connection to the first byte of the answer
}

// New returns a client. Limits are described at [Config] and [Response].
func New(cfg Config) *Client {
	if cfg.Timeout <= 0 {
		cfg.Timeout = defaultTimeout
	}
	if cfg.MaxIdle <= 0 {
		cfg.MaxIdle = defaultMaxIdle
	}
	dialer := &net.Dialer{
		Control:  newGuard(cfg.AllowedNetworks, cfg.AllowedPorts).control,
		Resolver: &net.Resolver{PreferGo: true}, // see resolve
	}
	c := &Client{
		timeout: cfg.Timeout,
		dialer:  dialer,
		transport: &http.Transport{
			// Never ProxyFromEnvironment: a proxy would resolve and dial for us,
			// and the guard would see nothing but the proxy.
			Proxy:               nil,
			TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: cfg.RootCAs},
			TLSHandshakeTimeout: cfg.Timeout,
			// A custom dialer turns HTTP/2 off unless it is asked for.
			ForceAttemptHTTP2: true,
			HTTP2:             &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingTimeout},
			// Answers are not asked to be compressed; those that are see decode.
			DisableCompression:     true,
			MaxResponseHeaderBytes: maxHeader,
			MaxIdleConns:           cfg.MaxIdle,
			MaxIdleConnsPerHost:    cfg.MaxIdle,
			IdleConnTimeout:        idleTimeout,
			// No MaxConnsPerHost: it would block a worker inside RoundTrip, and
			// HTTP/2 ignores it.
		},
	}
	c.transport.DialContext = c.dial
	return c
}

// CloseIdle closes the connections that no request is using.
func (c *Client) CloseIdle() { c.transport.CloseIdleConnections() }

// Send posts r and reads the answer. The error is nil for every complete answer
// that is not a 3xx, whatever its status; else it is always an *[Error]. The
// response is filled as far as it got in either case. Send never panics.
//
// The request leaves at most once. The one case in which Send tries again is a
// kept-alive connection that was found closed before anything was written to it;
// net/http would do so itself only for a request whose body it can get again.
func (c *Client) Send(ctx context.Context, r Request) (Response, error) {
	start := time.Now()
	if ctx == nil {
		ctx = context.Background()
	}
	if r.Timeout <= 0 {
		r.Timeout = c.timeout
	}
	if r.Keep <= 0 {
		r.Keep = keepBody
	}
	ctx, cancel := context.WithTimeout(ctx, r.Timeout)
	defer cancel()

	var res Response
	var fail *Error
	for try := 1; ; try++ {
		var seen watched
		res, seen, fail = c.exchange(ctx, r, start)
		if fail == nil || try == sendTries || ctx.Err() != nil || !seen.unsent() {
			break
		}
	}
	res.Duration = time.Since(start)
	if fail != nil {
		return res, fail
	}
	return res, nil
}

// exchange sends r on one connection and reads the answer. It uses RoundTrip and
// not http.Client: that would add redirects, cookies, a Referer and basic
// authentication from the URL, none of which is wanted.
func (c *Client) exchange(ctx context.Context, r Request, start time.Time) (res Response, seen watched, fail *Error) {
	var tr trace
	req, fail := newRequest(tr.attach(ctx), r)
	if fail != nil {
		return res, seen, fail
	}
	f := failure{ctx: ctx, host: req.URL.Host, limit: r.Timeout, shortages: &c.shortages}
	if deadline, ok := ctx.Deadline(); ok {
		f.limit = deadline.Sub(start)
	}
	defer func() { res.Timings = seen.timings(time.Now()) }()

	answer, err := c.transport.RoundTrip(req)
	seen = tr.observe()
	c.shortages.learn(seen)
	if err != nil {
		return res, seen, f.explain(err, seen, seen.phase())
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode < minStatus || answer.StatusCode > maxStatus {
		return res, seen, malformed(f.host)
	}
	res.Status, res.Header = answer.StatusCode, answer.Header

	keep := min(r.Keep, maxBody)
	sent, large, err := readBody(answer, keep)
	var more bool
	res.Body, more = decode(sent, answer.Header, keep)
	switch {
	case answer.StatusCode >= 300 && answer.StatusCode <= 399:
		// Whatever became of its body, the verdict is in the status line.
		return res, seen, redirect(f.host, answer.StatusCode)
	case err != nil:
		return res, seen, f.explain(err, seen, phaseBody)
	case large, more && keep == maxBody:
		return res, seen, tooLarge(f.host)
	}
	return res, seen, nil
}

// readBody keeps the first bytes of the body and reads on to its end, so that
// the connection can be used again, but not beyond 1 MiB: then the body is too
// large, and closing it closes the connection (HTTP/1) or the stream (HTTP/2).
// A body that is too large by its own declaration is not read at all.
func readBody(answer *http.Response, keep int) (first []byte, large bool, err error) {
	// 101 hands over the bare connection, which no deadline and no cancellation
	// closes any more: reading it could last forever. It has no body.
	if answer.StatusCode == http.StatusSwitchingProtocols {
		return nil, false, nil
	}
	if answer.ContentLength > maxBody {
		return nil, true, nil
	}
	first, err = io.ReadAll(io.LimitReader(answer.Body, int64(keep)))
	if err != nil {
		return first, false, err
	}
	_, err = io.CopyN(io.Discard, answer.Body, maxBody-int64(len(first))+1)
	if errors.Is(err, io.EOF) {
		return first, false, nil
	}
	return first, err == nil, err
}
