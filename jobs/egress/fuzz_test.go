package egress_test

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/ringback/ringback/jobs/egress"
)

// reachable is what the guard may let through, written by hand from the IANA
// registries and not with the library that the guard uses.
func reachable(addr netip.Addr) bool {
	if addr.Zone() != "" || addr.Is4In6() {
		return false
	}
	special := []string{
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
		"192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
		"224.0.0.0/3",
		"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
	}
	for _, s := range special {
		if netip.MustParsePrefix(s).Contains(addr) {
			return false
		}
	}
	return addr.Is4() || netip.MustParsePrefix("2000::/3").Contains(addr)
}

// FuzzSendNeverDialsDenied: whatever the URL, no socket connects to an address
// that is not public. Every name resolves to private addresses, and what the
// guard lets through is vetoed, so nothing leaves this machine.
func FuzzSendNeverDialsDenied(f *testing.F) {
	for _, host := range []string{
		"127.0.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "0", "127.0.0.1.", "127.0.0.1:80",
		"[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[::ffff:0:127.0.0.1]",
		"[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2001:0:4136:e378:8000:63bf:80ff:fffe]",
		"[fe80::1%25lo]", "[::1%25lo]", "[3fff::1]", "[5f00::1]", "[4000::1]", "[fd00:ec2::254]",
		"169.254.169.254", "metadata.google.internal", "localhost", "localhost.", "LOCALHOST", "ip6-localhost",
		"１２７.０.０.１", "①②⑦.⓪.⓪.①", "127。0。0。1", "127\u00ad.0.0.1", "bücher.example", "xn--bcher-kva.example",
		"8.8.8.8", "[2606:4700:4700::1111]", "8.8.8.8@127.0.0.1", "127.0.0.1#@8.8.8.8", "127.0.0.1\\@8.8.8.8",
		"hooks.example.com",
	} {
		f.Add("http://" + host + "/")
		f.Add("https://" + host + ":8443/path?query")
	}
	f.Fuzz(func(t *testing.T, url string) {
		c := clientOf(t, egress.Config{Timeout: long})
		egress.SetResolver(c, resolver(func(string) []netip.Addr { return addrs("10.0.0.1", "fd00::1", "127.0.0.1") }))
		errVeto := errors.New("vetoed")
		egress.AfterGuard(c, func(address string) error {
			ap, err := netip.ParseAddrPort(address)
			if err != nil || !reachable(ap.Addr()) {
				t.Errorf("%q: a socket was about to connect to %s", url, address)
			}
			return errVeto
		})
		res, err := c.Send(t.Context(), request(url))
		var e *egress.Error
		if !errors.As(err, &e) || res.Status != 0 {
			t.Fatalf("%q: %v, %+v", url, err, res)
		}
		switch {
		case e.Cause == egress.BlockedAddress, e.Cause == egress.InvalidURL, e.Cause == egress.DNSError:
		case e.Cause == egress.ConnectRefused && errors.Is(err, errVeto):
		default:
			t.Errorf("%q: %v (%v)", url, err, e.Err)
		}
	})
}
