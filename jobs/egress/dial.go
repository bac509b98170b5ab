package egress

import (
	"context"
	"net"
	"net/http/httptrace"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// attemptDelay is how long one address has before the next is tried beside it (RFC 8305, section 5): of eight
	// addresses seven of which are dead, the last is tried after 7 × 250 ms.
	attemptDelay = 250 * time.Millisecond
	// maxAddresses of a name are tried: who answers with hundreds would have as many sockets of ours. The last is tried
	// after 4 s.
	maxAddresses = 16
)

// dial opens a patient connection to a host and port.
func (c *Client) dial(ctx context.Context, _, address string) (net.Conn, error) {
	// A dial outlives its cancelled request (net/http hopes for the next one), so it needs a limit of its own. The
	// request's own deadline comes first, unless it is longer.
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	targets, err := c.resolve(ctx, address)
	if err != nil {
		return nil, err
	}
	connect := c.connect
	if c.way != nil {
		connect = c.way.connect
	}
	conn, err := race(ctx, targets, connect)
	if err != nil {
		return nil, err
	}
	return &patient{Conn: conn}, nil
}

// connect opens a connection to one address. The guard judges it at the socket.
func (c *Client) connect(ctx context.Context, target netip.AddrPort) (net.Conn, error) {
	return c.dialer.DialContext(ctx, "tcp", target.String())
}

// resolve returns the addresses to try, in their order: those that the guard lets through. Of the others nothing is seen,
// nor told but the verdict on one, where there is none to try.
func (c *Client) resolve(ctx context.Context, address string) ([]netip.AddrPort, error) {
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return nil, err
	}
	addrs, err := c.resolveHost(ctx, host)
	if err != nil {
		return nil, err
	}
	var targets []netip.AddrPort
	var denied error
	for _, addr := range addrs {
		target := netip.AddrPortFrom(addr, uint16(port))
		if verdict := c.guard.judge(target); verdict != nil {
			denied = verdict
		} else {
			targets = append(targets, target)
		}
	}
	if len(targets) == 0 {
		return nil, denied
	}
	return alternate(targets), nil
}

// resolveHost returns every address of a name, or the address that the host is.
func (c *Client) resolveHost(ctx context.Context, host string) ([]netip.Addr, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{addr.Unmap()}, nil
	}
	addrs, err := c.lookup(ctx, strings.TrimSuffix(host, "."))
	for i, addr := range addrs {
		addrs[i] = addr.Unmap()
	}
	return addrs, err
}

// lookup resolves a name, which is absolute: with a dot at the end no search domain of resolv.conf is put behind it,
// whatever "ndots" says, for what stands there may be somebody else's wildcard. The resolver is Go's own, which knows
// the names of the hosts file with the dot as well (the C library's does not), but for those of one label: these are
// looked for there first.
func (c *Client) lookup(ctx context.Context, name string) ([]netip.Addr, error) {
	if !strings.Contains(name, ".") {
		if addrs, err := hostsFile.LookupNetIP(valueless{ctx}, "ip", name); err == nil {
			return addrs, nil
		}
	}
	return c.dialer.Resolver.LookupNetIP(withoutConnects(ctx), "ip", name+".")
}

// withoutConnects is a context whose DNS httptrace sees, and not the connections to name servers: they are none to the
// receiver.
func withoutConnects(ctx context.Context) context.Context {
	trace := httptrace.ContextClientTrace(ctx)
	if trace == nil {
		return ctx
	}
	return httptrace.WithClientTrace(
		valueless{ctx}, &httptrace.ClientTrace{DNSStart: trace.DNSStart, DNSDone: trace.DNSDone},
	)
}

// hostsFile resolves by the hosts file alone: it reaches no server.
var hostsFile = &net.Resolver{
	PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) { return nil, net.ErrClosed },
}

// valueless is a context whose work httptrace does not see.
type valueless struct{ context.Context }

func (valueless) Value(any) any { return nil }

// alternate puts the families in turn, as RFC 8305, section 4, has it: where all of one are dead, the second attempt is
// of the other. Within a family the resolver's order stays, and the first remains the first.
func alternate(targets []netip.AddrPort) []netip.AddrPort {
	var families [2][]netip.AddrPort // the first one's, and the other
	for _, t := range targets {
		other := 0
		if t.Addr().Is4() != targets[0].Addr().Is4() {
			other = 1
		}
		families[other] = append(families[other], t)
	}
	var order []netip.AddrPort
	for i := range max(len(families[0]), len(families[1])) {
		for _, family := range families {
			order = append(order, family[min(i, len(family)):min(i+1, len(family))]...)
		}
	}
	return slices.Clip(order[:min(len(order), maxAddresses)])
}

// race opens a connection to the first of the targets that takes one: each is tried attemptDelay after the one before,
// or at once when that has failed. The error is the first one's.
func race(
	ctx context.Context, targets []netip.AddrPort, connect func(context.Context, netip.AddrPort) (net.Conn, error),
) (net.Conn, error) {
	type outcome struct {
		conn net.Conn
		err  error
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	outcomes := make(chan outcome, len(targets))
	next := time.NewTimer(0)
	defer next.Stop()
	var first error
	for tried, failed := 0, 0; failed < len(targets); {
		select {
		case <-next.C:
			target := targets[tried]
			go func() {
				conn, err := connect(ctx, target)
				outcomes <- outcome{conn, err}
			}()
			if tried++; tried < len(targets) {
				next.Reset(attemptDelay)
			}
		case o := <-outcomes:
			if o.err == nil {
				go func() { // who is late
					for range tried - failed - 1 {
						if late := <-outcomes; late.err == nil {
							_ = late.conn.Close()
						}
					}
				}()
				return o.conn, nil
			}
			if first == nil {
				first = o.err
			}
			if failed++; tried < len(targets) {
				next.Reset(0)
			}
		}
	}
	return nil, first
}
