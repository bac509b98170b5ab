package egress_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/ringback/ringback/jobs/egress"
	"github.com/ringback/ringback/jobs/egress/egresstest"
)

func TestNamesAreResolvedAndTimed(t *testing.T) {
	t.Parallel()
	var host atomic.Value
	url := handler(t, func(_ http.ResponseWriter, r *http.Request) { host.Store(r.Host) })
	c := newClient(t, long)
	egress.SetResolver(c, resolver(func(string) []netip.Addr { return addrs("127.0.0.1") }))
	res, err := c.Send(t.Context(), request(strings.Replace(url, "127.0.0.1", "Bücher.test", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if res.Timings.DNS <= 0 || res.Timings.Connect <= 0 || res.Timings.FirstByte <= 0 {
		t.Errorf("%+v", res.Timings)
	}
	if sum := res.Timings.DNS + res.Timings.Connect + res.Timings.FirstByte; sum > res.Duration {
		t.Errorf("the phases %+v last longer than the whole %v", res.Timings, res.Duration)
	}
	if got, _ := host.Load().(string); !strings.HasPrefix(got, "xn--bcher-kva.test:") {
		t.Errorf("Host %q", got)
	}
}

func TestUnknownName(t *testing.T) {
	t.Parallel()
	c := newClient(t, long)
	egress.SetResolver(c, resolver(func(string) []netip.Addr { return nil }))
	res, err := c.Send(t.Context(), request("https://hooks.invalid/hidden"))
	wantCause(t, err, egress.DNSError, "the name hooks.invalid could not be resolved")
	if res.Timings.DNS <= 0 || res.Timings.Connect != 0 {
		t.Errorf("%+v", res.Timings)
	}
}

func TestBrokenResolver(t *testing.T) {
	t.Parallel()
	c := newClient(t, long)
	egress.SetResolver(c, &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("no name server")
	}})
	_, err := c.Send(t.Context(), request("http://hooks.test:8080/hidden"))
	wantCause(t, err, egress.DNSError, "the name hooks.test could not be resolved")
}

// TestSeveralAddresses: a denied address never gets a socket, an allowed one
// beside it is used, and only a host with none is blocked.
func TestSeveralAddresses(t *testing.T) {
	t.Parallel()
	_, closed, _ := net.SplitHostPort(egresstest.ClosedAddr(t))
	url := handler(t, func(http.ResponseWriter, *http.Request) {})
	_, open, _ := net.SplitHostPort(strings.TrimPrefix(url, "http://"))

	tests := map[string]struct {
		addrs []netip.Addr
		port  string
		want  egress.Cause
	}{
		"private":                         {addrs("10.0.0.1"), open, egress.BlockedAddress},
		"private, several":                {addrs("10.0.0.1", "192.168.0.1", "fd00::1"), open, egress.BlockedAddress},
		"one private, one open":           {addrs("10.0.0.1", "127.0.0.1"), open, ""},
		"one open, one private":           {addrs("127.0.0.1", "10.0.0.1"), open, ""},
		"private IPv6, open IPv4":         {addrs("fd00::1", "127.0.0.1"), open, ""},
		"one private, one closed":         {addrs("10.0.0.1", "127.0.0.1"), closed, egress.ConnectRefused},
		"private IPv6, closed IPv4":       {addrs("fd00::1", "127.0.0.1"), closed, egress.ConnectRefused},
		"one closed, one private":         {addrs("127.0.0.1", "10.0.0.1"), closed, egress.ConnectRefused},
		"metadata behind a public suffix": {addrs("169.254.169.254"), "80", egress.BlockedAddress},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, long)
			egress.SetResolver(c, resolver(func(string) []netip.Addr { return tt.addrs }))
			egress.AfterGuard(c, func(address string) error {
				if !strings.HasPrefix(address, "127.0.0.1:") {
					t.Errorf("a socket was about to connect to %s", address)
					return errors.New("vetoed")
				}
				return nil
			})
			res, err := c.Send(t.Context(), request("http://hooks.test:"+tt.port+"/"))
			if tt.want == egress.BlockedAddress {
				wantCause(t, err, tt.want, "no address of hooks.test is public")
				if res.Timings.Connect != 0 || res.Connection != (egress.Connection{}) {
					t.Errorf("%+v, %+v", res.Timings, res.Connection)
				}
			} else if tt.want != "" {
				wantCause(t, err, tt.want, "127.0.0.1:"+closed)
			} else if err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestDeniedAddressesOfANameAreNotTold: whoever may set a URL could map the network around us by names of his own.
func TestDeniedAddressesOfANameAreNotTold(t *testing.T) {
	t.Parallel()
	c := newClient(t, short)
	egress.SetResolver(c, resolver(func(name string) []netip.Addr {
		if name == "one.test" {
			return addrs("10.0.0.1")
		}
		return addrs("127.0.0.1", "10.0.0.1")
	}))
	egress.AfterGuard(c, func(string) error { <-t.Context().Done(); return t.Context().Err() })
	for url, want := range map[string]egress.Cause{
		"http://one.test/": egress.BlockedAddress, "http://one.test:25/": egress.BlockedAddress,
		"http://two.test:25/": egress.BlockedAddress, "http://two.test/": egress.ConnectTimeout, // while the denied one is tried
	} {
		_, err := c.Send(t.Context(), request(url))
		wantCause(t, err, want, "")
		if strings.Contains(err.Error(), "10.0.0.1") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// TestTheResolverIsNotTold: the connection to it is none to the receiver.
func TestTheResolverIsNotTold(t *testing.T) {
	t.Parallel()
	server := egresstest.Raw(t, func(conn *net.TCPConn) {
		serveDNS(conn, func(name string) []netip.Addr {
			if name == "private.test" {
				return addrs("10.0.0.1")
			}
			return nil
		})
	})
	c := newClient(t, long)
	egress.SetResolver(c, &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", server)
	}})
	for host, want := range map[string]egress.Cause{"private.test": egress.BlockedAddress, "none.test": egress.DNSError} {
		res, err := c.Send(t.Context(), request("http://"+host+"/"))
		wantCause(t, err, want, host)
		if res.Timings.Connect != 0 || res.Timings.DNS <= 0 || res.Connection != (egress.Connection{}) {
			t.Errorf("%+v, %+v", res.Timings, res.Connection)
		}
	}
}
