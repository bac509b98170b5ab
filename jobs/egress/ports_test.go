package egress_test

import (
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/ringback/ringback/jobs/egress"
)

func TestPortsOfServicesThatAreNotHTTPAreBlocked(t *testing.T) {
	t.Parallel()
	c := newClient(t, long)
	egress.AfterGuard(c, func(address string) error {
		t.Errorf("a socket was about to connect to %s", address)
		return errors.New("vetoed")
	})
	for _, port := range []int{1, 21, 22, 23, 25, 53, 110, 143, 389, 465, 587, 993, 3306, 5432, 6379, 6667, 11211, 27017} {
		_, err := c.Send(t.Context(), request("http://127.0.0.1:"+strconv.Itoa(port)+"/hidden"))
		wantCause(t, err, egress.BlockedAddress, "the port "+strconv.Itoa(port)+" is not allowed")
	}
}

func TestOtherPortsAreOpenByDefault(t *testing.T) {
	t.Parallel()
	c := newClient(t, long)
	vetoed := errors.New("vetoed")
	egress.AfterGuard(c, func(string) error { return vetoed })
	for _, port := range []string{"80", "443", "3000", "8000", "8080", "8443", "9000", "65535"} {
		if _, err := c.Send(t.Context(), request("http://127.0.0.1:"+port+"/")); !errors.Is(err, vetoed) {
			t.Errorf("port %s: %v", port, err)
		}
	}
}

func TestConfiguredPortsAreTheOnlyOnes(t *testing.T) {
	t.Parallel()
	receiver, err := url.Parse(handler(t, func(http.ResponseWriter, *http.Request) {}))
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.ParseUint(receiver.Port(), 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	port := uint16(n)
	for name, c := range map[string]struct {
		ranges  []egress.PortRange
		allowed bool
	}{
		"the port itself":   {[]egress.PortRange{{First: port, Last: port}}, true},
		"a range around it": {[]egress.PortRange{{First: 1, Last: 2}, {First: port - 1, Last: port + 1}}, true},
		"below":             {[]egress.PortRange{{First: 1, Last: port - 1}}, false},
		"above":             {[]egress.PortRange{{First: port + 1, Last: 65535}}, false},
	} {
		client := clientOf(t, egress.Config{AllowedNetworks: loopback(), AllowedPorts: c.ranges, Timeout: long})
		_, err := client.Send(t.Context(), request(receiver.String()))
		if c.allowed != (err == nil) {
			t.Errorf("%s: %v", name, err)
		}
		if !c.allowed {
			wantCause(t, err, egress.BlockedAddress, "RINGBACK_ALLOWED_PORTS")
		}
	}
}

// A name that is public when it is looked at and private when it is used gains nothing: the address of the socket
// counts.
func TestRebindingNameGetsNowhere(t *testing.T) {
	t.Parallel()
	c := clientOf(t, egress.Config{Timeout: long})
	var lookups atomic.Int64
	egress.SetResolver(c, resolver(func(string) []netip.Addr {
		if lookups.Add(1) <= 2 { // A and AAAA of the first request
			return addrs("8.8.8.8")
		}
		return addrs("127.0.0.1")
	}))
	vetoed := errors.New("vetoed")
	egress.AfterGuard(c, func(address string) error {
		if address != "8.8.8.8:80" {
			t.Errorf("a socket was about to connect to %s", address)
		}
		return vetoed
	})
	if _, err := c.Send(t.Context(), request("http://rebind.test/hidden")); !errors.Is(err, vetoed) {
		t.Fatalf("the public address: %v", err)
	}
	_, err := c.Send(t.Context(), request("http://rebind.test/hidden"))
	wantCause(t, err, egress.BlockedAddress, "rebind.test")
}
