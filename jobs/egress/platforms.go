package egress

import "net/netip"

// platforms are addresses that are public by their registration and yet a cloud's own: they mean something else in each
// customer's network there, and nothing outside. What the clouds have within private and link-local networks is denied
// with these.
var platforms = []netip.Prefix{
	// Azure: the host's agent (WireServer, DNS, DHCP), in all regions.
	// https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
	netip.MustParsePrefix("168.63.129.16/32"),
	// IBM Cloud: services of the infrastructure (DNS, NTP, mirrors, object storage), and service endpoints of the platform
	// (databases). https://cloud.ibm.com/docs/vpc?topic=vpc-service-endpoints-for-vpc
	netip.MustParsePrefix("161.26.0.0/16"),
	netip.MustParsePrefix("166.8.0.0/14"),
	// Google Cloud: its APIs as networks without a way out see them, restricted.googleapis.com and private.googleapis.com,
	// and their IPv6. https://cloud.google.com/vpc/docs/configure-private-google-access
	netip.MustParsePrefix("199.36.153.4/30"),
	netip.MustParsePrefix("199.36.153.8/30"),
	netip.MustParsePrefix("2600:2d00:2:1000::/56"),
	netip.MustParsePrefix("2600:2d00:2:2000::/56"),
	// Equinix Metal (Packet): metadata.packet.net, told apart by who asks.
	// https://deploy.equinix.com/developers/docs/metal/server-metadata/metadata/
	netip.MustParsePrefix("192.80.8.124/32"),
	// Tencent Cloud: the resolvers of each private network.
	// https://cloud.tencent.com/document/product/213/17941
	netip.MustParsePrefix("183.60.82.98/32"),
	netip.MustParsePrefix("183.60.83.19/32"),
}

// isatap returns the IPv4 address to which a router would tunnel what is sent to an ISATAP address of any prefix (RFC
// 5214, section 6.1).
func isatap(addr netip.Addr) (v4 netip.Addr, ok bool) {
	b := addr.As16()
	if addr.Is4() || b[8]&^2 != 0 || b[9] != 0 || b[10] != 0x5e || b[11] != 0xfe {
		return netip.Addr{}, false
	}
	return netip.AddrFrom4([4]byte(b[12:])), true
}
