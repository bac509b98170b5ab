package egress

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"golang.org/x/net/publicsuffix"
)

// alikeWithin is how close together two failures must be for one to say something of the other.
const alikeWithin = 10 * time.Second

// resource is what this machine may lack when an exchange fails for want of it. Whether it is this machine or the other
// side shows only in others that fail alike.
type resource int

const (
	noResource resource = iota
	resolver
	route4 // to public addresses
	route6
	privateRoute4
	privateRoute6
	throughProxy // the proxy's own
	resources    // how many there are
)

// shortages remembers which destinations failed lately for want of a resource: the last two that are unrelated, until
// one gets it.
type shortages struct {
	mu     sync.Mutex
	failed [resources][2]struct {
		destination string
		at          time.Time
	}
}

// works notes that the resource is there.
func (s *shortages) works(r resource) {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.failed[r][:])
}

// fails notes that a destination failed for want of a resource, and tells whether an unrelated one did so shortly
// before, and none got it since.
func (s *shortages) fails(r resource, destination string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := &s.failed[r]
	if last[0].destination != destination {
		last[1] = last[0]
		last[0].destination = destination
	}
	last[0].at = now
	return !last[1].at.IsZero() && now.Sub(last[1].at) <= alikeWithin
}

// learn notes what an exchange shows to work.
func (s *shortages) learn(seen watched) {
	if !seen.dnsDone.IsZero() && (seen.dnsErr == nil || notFound(seen.dnsErr)) {
		s.works(resolver)
	}
	if r, _ := routeTo(seen.addr); r != noResource && seen.connected {
		s.works(r)
		if seen.asked != "" {
			s.works(throughProxy)
		}
	}
}

// local returns the error of a shortage of this machine, nil where it is none. The kernel's own shortages are certain.
func (f failure) local(err error, seen watched, at phase) *Error {
	if at > phaseConnect {
		return nil
	}
	for _, errno := range []syscall.Errno{
		syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EADDRNOTAVAIL,
	} {
		if errors.Is(err, errno) {
			return &Error{Cause: LocalError, Message: "no connection to " + f.host + " could be opened: this machine is out " +
				"of sockets, ports or memory"}
		}
	}
	var broken *proxyError
	if errors.As(err, &broken) {
		return &Error{
			Cause:   LocalError,
			Message: "the proxy " + broken.proxy + " of RINGBACK_EGRESS_PROXY failed: " + readable(broken.err.Error(), maxNames),
		}
	}
	if at == phaseConnect && seen.proxy != "" && f.timedOut(err) {
		return &Error{Cause: LocalError, Message: "the proxy " + seen.proxy + " of RINGBACK_EGRESS_PROXY accepted no " +
			"connection"}
	}
	r, destination := f.wanting(err, seen, at)
	if r == noResource || !f.shortages.fails(r, destination, time.Now()) {
		return nil
	}
	switch r {
	case resolver:
		return &Error{Cause: LocalError, Message: "the name " + f.name() + " could not be resolved, nor could others: " +
			"this machine's resolver does not answer"}
	case throughProxy:
		return &Error{Cause: LocalError, Message: "the proxy " + seen.asked + " of RINGBACK_EGRESS_PROXY does not get " +
			"through to " + seen.addr + ", nor to others"}
	default:
		return &Error{Cause: LocalError, Message: "there is no route to " + seen.addr + ", nor to others: this machine's " +
			"network is down"}
	}
}

// wanting tells for want of what an exchange may have failed, and its destination: a registered domain, or a network.
func (f failure) wanting(err error, seen watched, at phase) (r resource, destination string) {
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns) && !notFound(err), at == phaseDNS && f.timedOut(err):
		domain, err := publicsuffix.EffectiveTLDPlusOne(f.name())
		if err != nil { // a name without a dot
			domain = f.name()
		}
		return resolver, domain
	case at == phaseConnect && seen.asked != "" && (errors.Is(err, errNoWay) || f.timedOut(err)):
		_, network := routeTo(seen.addr)
		return throughProxy, network
	case at == phaseConnect && unreachable(err) && !seen.answered:
		return routeTo(seen.addr)
	}
	return noResource, ""
}

// notFound: the resolver has answered that there is no such name.
func notFound(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) && dns.IsNotFound
}

// unreachable: no route leads there, from here or from a router on the way.
func unreachable(err error) bool {
	return errors.Is(err, syscall.ENETUNREACH) || errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETDOWN)
}

// routeTo returns the route that an address needs, and its network: what one operator has is usually in one.
func routeTo(address string) (r resource, network string) {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return noResource, ""
	}
	addr := to.Addr().Unmap()
	bits, public, private := 48, route6, privateRoute6
	if addr.Is4() {
		bits, public, private = 24, route4, privateRoute4
	}
	prefix, err := addr.WithZone("").Prefix(bits)
	if err != nil {
		return noResource, ""
	}
	if addr.IsPrivate() || !addr.IsGlobalUnicast() {
		return private, prefix.String()
	}
	return public, prefix.String()
}
