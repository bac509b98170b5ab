package egress

import (
	"errors"
	"slices"
)

// PortRange is the ports from First to Last, both included.
type PortRange struct{ First, Last uint16 }

// nonWebPorts are the ports of well-known services that speak something else than HTTP, to which a POST could be made
// to look like a command (mail, shells, printers, databases, caches). The first group is the "bad port" list of the
// WHATWG Fetch standard, which browsers refuse; the second are databases and caches that browsers never meet.
var nonWebPorts = []uint16{
	1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111,
	113, 115,
	117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556,
	563,
	587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667,
	6668,
	6669, 6679, 6697, 10080,

	1433, 1521, 2375, 3306, 5432, 5672, 6379, 9042, 11211, 27017,
}

var errPort = errors.New("the port is not allowed")

// portAllowed judges a port: by the configured ranges, or where there are none by the list above.
func portAllowed(port uint16, ranges []PortRange) bool {
	if len(ranges) == 0 {
		return !slices.Contains(nonWebPorts, port)
	}
	return slices.ContainsFunc(ranges, func(r PortRange) bool { return r.First <= port && port <= r.Last })
}
