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
	"net/url"
	"time"

	"golang.org/x/net/http2"
)

const (
	defaultTimeout = 30 * time.Second
	defaultMaxIdle = 256

	// idleTimeout is shorter than the shortest common keep-alive of a server:
	// gunicorn closes after 2 s, Node's http.Server after 5. What becomes of a POST
	// on a connection that the other side is just closing nobody knows.
	idleTimeout = 1500 * time.Millisecond

	// An HTTP/2 connection with requests in flight and silent for pingAfter is
	// pinged; without an answer after pingTimeout it is closed. Otherwise every
	// new request would join a dead connection and wait for its whole timeout.
	// Together well under the default timeout. One that takes no byte for
	// pingTimeout is closed too: it would be kept for ever by a receiver that
	// sends without end and reads nothing.
	pingAfter   = 10 * time.Second
	pingTimeout = 5 * time.Second

	keepBody  = 64 << 10 // bytes of an answer's body that are kept
	maxBody   = 1 << 20  // bytes of an answer's body that are read at all
	maxHeader = 64 << 10 // bytes of an answer's header

	// sendTries bounds how often one request is sent, where it is certain each time
	// that nobody has seen it; see [Client.Send].
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

	// Proxy asks other hosts for us: http, https (CONNECT, for plain http too) or socks5, with a user and a password if
	// need be. Names are resolved and addresses judged here all the same, and it learns addresses alone; it may itself be
	// anywhere. nil: none. See [CheckProxy].
	Proxy *url.URL

	// Timeout bounds the whole exchange, from DNS to the last byte of the answer;
	// 0 or less: 30 s. An earlier deadline of Send's context counts too.
	Timeout time.Duration

	// MaxIdle is the number of idle connections kept over all hosts, for 1.5 s each:
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
	guard     guard
	dialer    *net.Dialer
	way       *way // nil: there is no proxy
	transport *http.Transport
	http1     *http.Transport // for hosts that do not want HTTP/2
	http1Only hosts
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

	// Timeout bounds the whole exchange; 0: the client's. Keep is how many bytes of the answer's body are kept, decoded;
	// 0: 64 KiB, at most 1 MiB.
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
	Cut      bool          // there was more of the body than is in Body, or was to be
	Location string        // where a 3xx answer leads, without user, query and fragment; empty: nowhere
	Timings  Timings       // of the phases
	Duration time.Duration // of the whole exchange; more than the sum of Timings

	// Sent: the request, or a part of it, was written.
	Sent bool

	// Connection is what it was sent on; zero: no connection came about.
	Connection Connection

	// ClosedIdle: it was sent on a connection that was kept from an earlier request, and that ended before a byte of the
	// answer came. Most likely the receiver has closed it for being idle and has not seen the request, but that is not
	// certain.
	ClosedIdle bool
}

// Connection is what a request was sent on.
type Connection struct {
	RemoteAddr string // address and port of the receiver, behind a proxy too
	HTTP       string // "HTTP/1.1", "HTTP/2.0" as the answer has it; empty: no answer
	TLS        string // "TLS 1.3"; empty: plain http
	Reused     bool   // it was kept from an earlier request
	KeptAlive  bool   // the next request may use it: the answer came whole, and lets it
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
	guard := newGuard(cfg.AllowedNetworks, cfg.AllowedPorts)
	dialer := &net.Dialer{
		Control:  guard.control,
		Resolver: &net.Resolver{PreferGo: true}, // see resolve
	}
	c := &Client{
		timeout: cfg.Timeout,
		guard:   guard,
		dialer:  dialer,
		way:     newWay(cfg.Proxy, guard, cfg.RootCAs),
		transport: &http.Transport{
			// Never ProxyFromEnvironment: a proxy would resolve and dial for us,
			// and the guard would see nothing but the proxy. See way.
			Proxy: nil,
			TLSClientConfig: &tls.Config{
				MinVersion: tls.VersionTLS12, RootCAs: cfg.RootCAs, GetClientCertificate: noCertificate,
			},
			TLSHandshakeTimeout: cfg.Timeout,
			HTTP2: &http.HTTP2Config{
				SendPingTimeout: pingAfter, PingTimeout: pingTimeout, WriteByteTimeout: pingTimeout,
			},
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
	// HTTP/2 is that of golang.org/x/net, not of net/http (Go 1.26): there one
	// WINDOW_UPDATE that is too large locks its connection up, then whoever asks
	// for the same host, and with that all others, and no context ends it.
	if _, err := http2.ConfigureTransports(c.transport); err != nil { //nolint:staticcheck // SA1019: it points to what has that fault
		panic(err) // a transport that speaks it already
	}
	c.http1 = c.transport.Clone()
	c.http1.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	c.http1.TLSClientConfig.NextProtos = []string{"http/1.1"}
	return c
}

// noCertificate has no client certificate, and notes that one was asked for.
func noCertificate(info *tls.CertificateRequestInfo) (*tls.Certificate, error) {
	noteIn(info.Context(), func(w *watched, _ time.Time) { w.certAsked = true })
	return &tls.Certificate{}, nil
}

// Timeout bounds each exchange for which no other is asked.
func (c *Client) Timeout() time.Duration { return c.timeout }

// CloseIdle closes the connections that no request is using.
func (c *Client) CloseIdle() {
	c.transport.CloseIdleConnections()
	c.http1.CloseIdleConnections()
}

// Send posts r and reads the answer. The error is nil for every complete answer
// that is not a 3xx, whatever its status; else it is always an *[Error]. The
// response is filled as far as it got in either case. Send never panics.
//
// The receiver sees the request at most once. Send tries again, up to three times in all, only where that is certain
// not to have happened: a kept-alive connection was found closed before anything was written to it, or HTTP/2 says so
// (GOAWAY, REFUSED_STREAM). A receiver that asks for HTTP/1.1 (HTTP_1_1_REQUIRED) gets that, and from then on only
// that.
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
		var again bool
		res, again, fail = c.exchange(ctx, r, start)
		if fail == nil || try == sendTries || ctx.Err() != nil || !again {
			break
		}
	}
	res.Duration = time.Since(start)
	if fail != nil {
		return res, fail
	}
	return res, nil
}

// exchange sends r on one connection and reads the answer. again tells that the receiver has certainly not processed
// it. It uses RoundTrip and not http.Client: that would add redirects, cookies, a Referer and basic authentication from
// the URL, none of which is wanted.
func (c *Client) exchange(ctx context.Context, r Request, start time.Time) (res Response, again bool, fail *Error) {
	var tr trace
	req, fail := newRequest(tr.attach(ctx), r)
	if fail != nil {
		return res, false, fail
	}
	f := failure{ctx: ctx, host: req.URL.Host, limit: r.Timeout, shortages: &c.shortages}
	if deadline, ok := ctx.Deadline(); ok {
		f.limit = deadline.Sub(start)
	}
	var seen watched
	defer func() { res.Timings = seen.timings(time.Now()) }()

	answer, err := c.roundTrip(req)
	seen = tr.observe()
	res.Connection, res.Sent = seen.connection, err == nil || seen.rendered
	c.shortages.learn(seen)
	if err != nil {
		fail = f.explain(err, seen, seen.phase())
		res.ClosedIdle = fail.Cause == ConnectionReset && seen.connection.Reused && seen.phase() == phaseWait &&
			!ofStream(err)
		return res, c.learnHTTP1(req, err) || seen.unsent() || notProcessed(err), fail
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode < minStatus || answer.StatusCode > maxStatus {
		return res, false, malformed(f.host)
	}
	res.Status, res.Header = answer.StatusCode, answer.Header
	res.Connection.HTTP = answer.Proto
	return res, false, f.read(answer, r.Keep, seen, &res)
}

// roundTrip sends a request by the protocol that its host wants.
func (c *Client) roundTrip(req *http.Request) (*http.Response, error) {
	if c.http1Only.has(req.URL.Host) {
		return c.http1.RoundTrip(req)
	}
	return c.transport.RoundTrip(req)
}

// learnHTTP1 remembers a host that has just refused HTTP/2.
func (c *Client) learnHTTP1(req *http.Request, err error) bool {
	needed := needsHTTP1(err)
	if needed {
		c.http1Only.add(req.URL.Host)
	}
	return needed
}

// read reads the answer's body into res and says what is wrong with the answer. Of one that is no success the status
// line is the verdict, whatever becomes of the body: receivers that refuse a request before they have read it often
// close the connection at once.
func (f failure) read(answer *http.Response, keep int, seen watched, res *Response) *Error {
	keep = min(keep, maxBody)
	sent, rest, err := readBody(answer, keep)
	large := rest > maxBody-int64(len(sent))
	codings, known := codingsOf(answer.Header)
	var more bool
	if known {
		res.Body, more = decode(sent, codings, answer.Header.Get("Content-Type"), keep)
	}
	whole := err == nil && !large && answer.StatusCode != http.StatusSwitchingProtocols
	res.Connection.KeptAlive = !answer.Close && (whole || answer.ProtoMajor == 2 && (err == nil || ofStream(err)))
	res.Cut = more || rest > 0 || err != nil || len(sent) > 0 && !known
	switch {
	case answer.StatusCode >= 400:
		return nil
	case answer.StatusCode >= 300:
		res.Location = leadsTo(answer)
		return redirect(answer, f.host)
	case err != nil:
		return f.explain(err, seen, phaseBody)
	case large, more && keep == maxBody:
		return tooLarge(f.host)
	}
	return nil
}

// readBody keeps the first bytes of the body and reads on to its end, so that
// the connection can be used again, but not beyond 1 MiB: then the body is too
// large, and closing it closes the connection (HTTP/1) or the stream (HTTP/2).
// A body that is too large by its own declaration is not read at all. rest is
// how many bytes came after the first ones, as far as they are counted.
func readBody(answer *http.Response, keep int) (first []byte, rest int64, err error) {
	// 101 hands over the bare connection, which no deadline and no cancellation
	// closes any more: reading it could last forever. It has no body.
	if answer.StatusCode == http.StatusSwitchingProtocols {
		return nil, 0, nil
	}
	if answer.ContentLength > maxBody {
		return nil, answer.ContentLength, nil
	}
	first, err = io.ReadAll(io.LimitReader(answer.Body, int64(keep)))
	if err != nil {
		return first, 0, err
	}
	rest, err = io.CopyN(io.Discard, answer.Body, maxBody-int64(len(first))+1)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return first, rest, err
}
