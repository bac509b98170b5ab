package egress

import (
	"net/netip"
	"syscall"

	"code.dny.dev/ssrf"
)

// guard judges addresses. It is the net.Dialer's Control hook, which runs after
// name resolution and before connect, once for every address that is tried: DNS
// rebinding and odd spellings of an address change nothing about its verdict.
type guard struct {
	rules *ssrf.Guardian
	ports []PortRange
}

// deniedError is the verdict on an address that must not be reached.
type deniedError struct {
	addr string // without port, where it could be told
	err  error  // the rule that denied
}

func (e *deniedError) Error() string { return "egress: denied address " + e.addr }
func (e *deniedError) Unwrap() error { return e.err }

// newGuard lets through every public address but the clouds' own, and beside these the allowed
// networks, on the given ports. An invalid prefix allows nothing.
func newGuard(allowed []netip.Prefix, ports []PortRange) guard {
	v4, v6 := byFamily(allowed)
	denied4, denied6 := byFamily(platforms)
	return guard{ports: ports, rules: ssrf.New(
		ssrf.WithAnyPort(), // portAllowed judges them
		ssrf.WithAllowedV4Prefixes(v4...),
		ssrf.WithAllowedV6Prefixes(v6...),
		ssrf.WithDeniedV4Prefixes(denied4...),
		ssrf.WithDeniedV6Prefixes(denied6...),
	)}
}

// byFamily parts networks; it leaves out what is none.
func byFamily(networks []netip.Prefix) (v4, v6 []netip.Prefix) {
	for _, p := range networks {
		addr := p.Addr()
		// Sockets are opened to 10.0.0.8 and never to ::ffff:10.0.0.8 (package
		// net unmaps), so a mapped network means its IPv4 network.
		if addr.Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(addr.Unmap(), p.Bits()-96)
		}
		switch {
		case !p.IsValid():
		case p.Addr().Is4():
			v4 = append(v4, p)
		default:
			v6 = append(v6, p)
		}
	}
	return v4, v6
}

// control is for net.Dialer.Control. It fails closed: what is not tcp4 or tcp6,
// or cannot be read as an address, is denied too.
func (g guard) control(network, address string, c syscall.RawConn) error {
	if err := g.rules.Safe(network, address, c); err != nil {
		if ap, perr := netip.ParseAddrPort(address); perr == nil {
			return &deniedError{addr: ap.Addr().String(), err: err}
		}
		return &deniedError{addr: address, err: err}
	}
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return &deniedError{addr: address, err: err}
	}
	return g.judge(ap)
}

// judge returns nil for what may be reached, else a *deniedError.
func (g guard) judge(target netip.AddrPort) error {
	if !portAllowed(target.Port(), g.ports) {
		return &deniedError{addr: target.String(), err: errPort}
	}
	return g.verdict(target.Addr())
}

// verdict returns nil for an address that may be reached, else a *deniedError.
func (g guard) verdict(addr netip.Addr) error {
	if err := g.rules.SafeAddr(addr); err != nil {
		return &deniedError{addr: addr.String(), err: err}
	}
	// Only an allowed network lets a NAT64 address come this far. The prefix is
	// a way to IPv4 addresses, not a network: what stands behind it is judged
	// for itself, or allowing 64:ff9b::/96 on an IPv6-only host would also
	// allow 127.0.0.1 and 10.0.0.0/8 as the gateway sees them. So it is with
	// ISATAP, within any prefix.
	v4, tunnelled := isatap(addr)
	if ssrf.IPv6NAT64Prefix.Contains(addr) {
		b := addr.As16()
		v4, tunnelled = netip.AddrFrom4([4]byte(b[12:])), true
	}
	if tunnelled {
		if err := g.rules.SafeAddr(v4); err != nil {
			return &deniedError{addr: addr.String(), err: err}
		}
	}
	return nil
}
