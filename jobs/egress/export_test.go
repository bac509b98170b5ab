package egress

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// Verdict asks the guard about an address, without a socket.
func Verdict(allowed []netip.Prefix, addr netip.Addr) error {
	return newGuard(allowed, nil).verdict(addr)
}

// Control asks the guard as net.Dialer does.
func Control(network, address string) error {
	return newGuard(nil, nil).control(network, address, nil)
}

// Transport shows the client's transport.
func Transport(c *Client) *http.Transport { return c.transport }

// SetResolver replaces the system's resolver. Before the first Send only.
func SetResolver(c *Client, r *net.Resolver) { c.dialer.Resolver = r }

// AfterGuard lets a test see, and veto, every address that the guard let through,
// before its socket connects. Before the first Send only.
func AfterGuard(c *Client, hook func(address string) error) {
	control := c.dialer.Control
	c.dialer.Control = func(network, address string, rc syscall.RawConn) error {
		if err := control(network, address, rc); err != nil {
			return err
		}
		return hook(address)
	}
}

// WrapConn lets a test stand between the transport and its connections.
func WrapConn(c *Client, wrap func(net.Conn) net.Conn) {
	c.transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := c.dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return wrap(conn), nil
	}
}

// Decode decodes a body.
func Decode(body []byte, header http.Header, keep int) (text []byte, more bool) {
	codings, known := codingsOf(header)
	if !known {
		return nil, false
	}
	return decode(body, codings, header.Get("Content-Type"), keep)
}

// Shortages returns what tells whether an unrelated destination failed for want of the same shortly before.
func Shortages() func(destination string, now time.Time) bool {
	var s shortages
	return func(destination string, now time.Time) bool { return s.fails(resolver, destination, now) }
}

// WrapDial replaces what opens connections, the guard and all.
func WrapDial(c *Client, dial func(ctx context.Context, address string) (net.Conn, error)) {
	c.transport.DialContext = func(ctx context.Context, _, address string) (net.Conn, error) { return dial(ctx, address) }
}

// HTTP1Hosts returns a memory of hosts: what adds one, and what counts them.
func HTTP1Hosts() (add func(host string), size func() int) {
	var h hosts
	return h.add, func() int { return len(h.young) + len(h.old) }
}
