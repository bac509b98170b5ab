package egress

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http/httptrace"
	"sync"
	"time"
)

// phase is how far an exchange came.
type phase int

const (
	phaseNone    phase = iota // nothing begun
	phaseDNS                  // resolving the name
	phaseConnect              // opening the connection
	phaseTLS                  // TLS handshake
	phaseWait                 // on a connection: sending, waiting for the first byte
	phaseHeader               // the answer began
	phaseBody                 // the header was read; set by the client, not by trace
)

// trace watches one exchange through httptrace. Its hooks run on other
// goroutines, two at a time (happy eyeballs), and may run after RoundTrip has
// returned: net/http lets a dial go on when its request was cancelled or got
// another connection meanwhile. So everything is under mu and read by [trace.observe].
type trace struct {
	mu sync.Mutex
	w  watched
}

// watched is what the hooks noted. The zero time means "did not happen".
type watched struct {
	dnsStart, dnsDone         time.Time
	connectStart, connectDone time.Time
	tlsStart, tlsDone         time.Time
	gotConn, firstByte        time.Time

	connection Connection // what is known of it before an answer comes
	conn       net.Conn   // nil: none

	dialing   int    // addresses being tried
	connected bool   // one address accepted
	http2     bool   // the connection speaks HTTP/2
	proxy     string // the proxy that is being connected to, with port
	asked     string // the proxy that is, or was, asked for an address
	certAsked bool   // the receiver asked for a client certificate
	rendered  bool   // part of the request reached the connection's write buffer
	addr      string // the address tried last, with port
	answered  bool   // an address failed in another way than that there is no route to it
	dnsErr    error
}

func (t *trace) note(f func(w *watched, now time.Time)) {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	f(&t.w, now)
}

// traceKey is of the trace in its context, for what httptrace has no hook for.
type traceKey struct{}

// noteIn notes something of the exchange that a context belongs to, if it is watched.
func noteIn(ctx context.Context, f func(w *watched, now time.Time)) {
	if t, ok := ctx.Value(traceKey{}).(*trace); ok {
		t.note(f)
	}
}

// attach returns a context whose request is watched.
func (t *trace) attach(ctx context.Context) context.Context {
	ctx = context.WithValue(ctx, traceKey{}, t)
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		// Called again when net/http needs another connection: begin anew.
		GetConn:  func(string) { t.note(func(w *watched, _ time.Time) { *w = watched{} }) },
		DNSStart: func(httptrace.DNSStartInfo) { t.note(func(w *watched, now time.Time) { w.dnsStart = now }) },
		DNSDone: func(info httptrace.DNSDoneInfo) {
			t.note(func(w *watched, now time.Time) { w.dnsDone, w.dnsErr = now, info.Err })
		},
		ConnectStart: func(_, addr string) {
			t.note(func(w *watched, now time.Time) {
				w.addr = addr
				w.dialing++
				if w.connectStart.IsZero() {
					w.connectStart = now
				}
			})
		},
		ConnectDone: func(_, addr string, err error) {
			t.note(func(w *watched, now time.Time) { w.tried(addr, err, now) })
		},
		TLSHandshakeStart: func() { t.note(func(w *watched, now time.Time) { w.tlsStart = now }) },
		TLSHandshakeDone: func(tls.ConnectionState, error) {
			t.note(func(w *watched, now time.Time) { w.tlsDone = now })
		},
		GotConn: func(info httptrace.GotConnInfo) {
			connection, h2 := Connection{RemoteAddr: info.Conn.RemoteAddr().String(), Reused: info.Reused}, false
			if tc, ok := info.Conn.(*tls.Conn); ok {
				state := tc.ConnectionState()
				connection.TLS, h2 = tls.VersionName(state.Version), state.NegotiatedProtocol == "h2"
			}
			t.note(func(w *watched, now time.Time) {
				w.gotConn, w.conn, w.connection, w.http2 = now, info.Conn, connection, h2
			})
		},
		WroteHeaderField: func(string, []string) { t.note(func(w *watched, _ time.Time) { w.rendered = true }) },
		WroteHeaders:     func() { t.note(func(w *watched, _ time.Time) { w.rendered = true }) },
		GotFirstResponseByte: func() {
			t.note(func(w *watched, now time.Time) { w.firstByte = now })
		},
	})
}

// tried notes the outcome of one address.
func (w *watched) tried(addr string, err error, now time.Time) {
	if w.connected {
		return // the loser of happy eyeballs
	}
	w.dialing--
	w.connectDone, w.addr = now, addr
	w.connected = err == nil
	if w.connected && w.gotConn.IsZero() { // for where the handshake fails
		w.connection.RemoteAddr = addr
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		w.answered = w.answered || !unreachable(err)
	}
}

// observe returns what happened so far.
func (t *trace) observe() watched {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.w
}

func (w *watched) phase() phase {
	switch {
	case !w.firstByte.IsZero():
		return phaseHeader
	case !w.gotConn.IsZero():
		return phaseWait
	case !w.tlsStart.IsZero():
		return phaseTLS
	case !w.connectStart.IsZero():
		return phaseConnect
	case !w.dnsStart.IsZero():
		return phaseDNS
	default:
		return phaseNone
	}
}

// timings measures the phases; one that has not ended lasts until now. A reused
// connection had no DNS, connect and TLS, even where net/http had begun to dial
// before an idle connection turned up.
func (w watched) timings(now time.Time) Timings {
	span := func(from, to time.Time) time.Duration {
		switch {
		case from.IsZero():
			return 0
		case to.IsZero():
			to = now
		}
		return max(0, to.Sub(from))
	}
	var t Timings
	if !w.connection.Reused {
		t.DNS = span(w.dnsStart, w.dnsDone)
		if w.dialing > 0 && !w.connected {
			w.connectDone = now
		}
		t.Connect = span(w.connectStart, w.connectDone)
		t.TLS = span(w.tlsStart, w.tlsDone)
	}
	if !w.firstByte.IsZero() {
		t.FirstByte = span(w.gotConn, w.firstByte)
	}
	return t
}

// unsent tells for certain that nothing of a failed request left: it had got a
// kept-alive HTTP/1 connection which turned out to be closed before the first
// header field was even put into the connection's write buffer.
func (w *watched) unsent() bool {
	return !w.gotConn.IsZero() && w.connection.Reused && !w.http2 && !w.rendered && w.firstByte.IsZero()
}
