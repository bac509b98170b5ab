package egress_test

import (
	"errors"
	"net/netip"
	"testing"

	"code.dny.dev/ssrf"

	"github.com/ringback/ringback/jobs/egress"
)

// addresses is the table of verdicts with nothing allowed.
var addresses = []struct {
	addr   string
	public bool
	what   string
}{
	{"0.0.0.0", false, "unspecified"},
	{"0.1.2.3", false, "this network"},
	{"10.0.0.1", false, "private"},
	{"10.255.255.255", false, "private, last"},
	{"100.64.0.1", false, "CGNAT"},
	{"100.127.255.254", false, "CGNAT, last"},
	{"127.0.0.1", false, "loopback"},
	{"127.8.8.8", false, "loopback"},
	{"169.254.0.1", false, "link-local"},
	{"169.254.169.254", false, "metadata"},
	{"172.16.0.1", false, "private"},
	{"172.31.255.255", false, "private, last"},
	{"192.0.0.1", false, "IETF"},
	{"192.0.0.192", false, "metadata of Oracle"},
	{"192.0.2.1", false, "documentation"},
	{"192.88.99.1", false, "6to4 relay"},
	{"192.168.1.1", false, "private"},
	{"198.18.0.1", false, "benchmarking"},
	{"198.51.100.7", false, "documentation"},
	{"203.0.113.5", false, "documentation"},
	{"224.0.0.1", false, "multicast"},
	{"239.255.255.255", false, "multicast, last"},
	{"240.0.0.1", false, "reserved"},
	{"255.255.255.255", false, "broadcast"},
	{"::", false, "unspecified"},
	{"::1", false, "loopback"},
	{"::127.0.0.1", false, "IPv4-compatible"},
	{"::ffff:10.0.0.1", false, "mapped private"},
	{"::ffff:127.0.0.1", false, "mapped loopback"},
	{"::ffff:169.254.169.254", false, "mapped metadata"},
	{"::ffff:0:127.0.0.1", false, "IPv4-translated"},
	{"64:ff9b::7f00:1", false, "NAT64 of loopback"},
	{"64:ff9b::a00:1", false, "NAT64 of private"},
	{"64:ff9b:1::1", false, "local NAT64"},
	{"100::1", false, "discard"},
	{"2001::1", false, "Teredo"},
	{"2001:0:4136:e378:8000:63bf:80ff:fffe", false, "Teredo of loopback"},
	{"2001:20::1", false, "ORCHID"},
	{"2001:db8::1", false, "documentation"},
	{"2002:7f00:1::", false, "6to4 of loopback"},
	{"2002:808:808::1", false, "6to4"},
	{"3fff::1", false, "documentation"},
	{"4000::1", false, "unassigned"},
	{"5f00::1", false, "segment routing"},
	{"fc00::1", false, "unique local"},
	{"fd00:ec2::254", false, "metadata of AWS"},
	{"fe80::1", false, "link-local"},
	{"fe80::1%eth0", false, "link-local with zone"},
	{"2606:4700:4700::1111%eth0", false, "a zone makes no sense here"},
	{"fec0::1", false, "site-local"},
	{"ff02::1", false, "multicast"},

	{"168.63.129.16", false, "platform of Azure"},
	{"::ffff:168.63.129.16", false, "platform of Azure, mapped"},
	{"161.26.0.10", false, "services of IBM Cloud"},
	{"166.9.48.3", false, "service endpoint of IBM Cloud"},
	{"199.36.153.4", false, "APIs of Google, restricted"},
	{"199.36.153.11", false, "APIs of Google, private"},
	{"2600:2d00:2:2000::1", false, "APIs of Google, private"},
	{"192.80.8.124", false, "metadata of Equinix Metal"},
	{"183.60.83.19", false, "resolver of Tencent Cloud"},
	{"100.100.100.200", false, "metadata of Alibaba Cloud"},
	{"fd20:ce::254", false, "metadata of Google"},
	{"2606:4700::5efe:10.0.0.1", false, "ISATAP of private"},
	{"2606:4700::200:5efe:10.0.0.1", false, "ISATAP of private, universal"},
	{"2606:4700::5efe:169.254.169.254", false, "ISATAP of metadata"},
	{"2606:4700::5efe:168.63.129.16", false, "ISATAP of a platform"},

	{"2606:4700::5efe:8.8.8.8", true, "ISATAP of public"},
	{"2606:4700::1:5efe:10.0.0.1", true, "no ISATAP"},
	{"168.63.129.15", true, "before the platform of Azure"},
	{"168.63.129.17", true, "after the platform of Azure"},
	{"199.36.153.12", true, "after the APIs of Google"},
	{"1.1.1.1", true, "public"},
	{"8.8.8.8", true, "public"},
	{"100.63.255.255", true, "before CGNAT"},
	{"100.128.0.0", true, "after CGNAT"},
	{"172.15.255.255", true, "before private"},
	{"172.32.0.0", true, "after private"},
	{"223.255.255.255", true, "before multicast"},
	{"2606:4700:4700::1111", true, "public"},
	{"2a00:1450:4001:81b::200e", true, "public"},
}

func TestGuardTable(t *testing.T) {
	t.Parallel()
	for _, tt := range addresses {
		err := egress.Verdict(nil, netip.MustParseAddr(tt.addr))
		if (err == nil) != tt.public {
			t.Errorf("%s (%s): public = %v, want %v", tt.addr, tt.what, err == nil, tt.public)
		}
		if err != nil && !errors.Is(err, ssrf.ErrProhibitedIP) {
			t.Errorf("%s (%s): %v is not ErrProhibitedIP", tt.addr, tt.what, err)
		}
	}
}

func TestGuardAllowedNetworks(t *testing.T) {
	t.Parallel()
	tests := []struct {
		network, addr string
		want          bool
	}{
		{"10.0.0.0/8", "10.0.0.8", true},
		{"10.0.0.0/8", "11.0.0.8", true}, // public anyway
		{"10.0.0.0/8", "192.168.0.1", false},
		{"10.1.2.3/8", "10.0.0.8", true}, // host bits set
		{"127.0.0.0/8", "::1", false},
		{"::1/128", "::1", true},
		{"::1/128", "127.0.0.1", false},
		{"fd00::/8", "fd12::1", true},
		{"fd00::/8", "fe80::1", false},
		{"0.0.0.0/0", "127.0.0.1", true},
		{"0.0.0.0/0", "::1", false},
		{"::/0", "127.0.0.1", false},
		{"::ffff:10.0.0.0/104", "10.0.0.8", true},
		{"::ffff:10.0.0.0/104", "11.255.255.255", true}, // public anyway
		{"::ffff:10.0.0.0/104", "127.0.0.1", false},
		{"64:ff9b::/96", "64:ff9b::808:808", true}, // 8.8.8.8
		{"64:ff9b::/96", "64:ff9b::7f00:1", false},
		{"64:ff9b::/96", "64:ff9b::a9fe:a9fe", false},
		{"fe80::/10", "fe80::1%eth0", false},
		{"168.63.129.16/32", "168.63.129.16", true}, // by whoever means it
		{"fd00::/8", "fd00::5efe:10.0.0.1", false},
	}
	for _, tt := range tests {
		err := egress.Verdict([]netip.Prefix{netip.MustParsePrefix(tt.network)}, netip.MustParseAddr(tt.addr))
		if (err == nil) != tt.want {
			t.Errorf("%s allowed: %s = %v, want %v", tt.network, tt.addr, err == nil, tt.want)
		}
	}
	if egress.Verdict([]netip.Prefix{{}}, netip.MustParseAddr("10.0.0.1")) == nil {
		t.Error("an invalid prefix allowed 10.0.0.1")
	}
}

func TestGuardFailsClosed(t *testing.T) {
	t.Parallel()
	for _, tt := range [][2]string{
		{"udp4", "8.8.8.8:53"},
		{"tcp", "8.8.8.8:443"},
		{"unix", "/run/docker.sock"},
		{"tcp4", "hooks.example.com:443"},
		{"tcp4", "8.8.8.8"},
		{"tcp4", ""},
		{"tcp6", "[::1]:80"},
	} {
		if egress.Control(tt[0], tt[1]) == nil {
			t.Errorf("%s %q was let through", tt[0], tt[1])
		}
	}
	for _, address := range []string{"8.8.8.8:80", "8.8.8.8:443", "8.8.8.8:65535"} {
		if err := egress.Control("tcp4", address); err != nil {
			t.Errorf("%s: %v; a public address is allowed", address, err)
		}
	}
}
