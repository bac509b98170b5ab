package egresstest

import (
	"net"
	"strconv"
	"syscall"
	"testing"
)

// Dead makes addresses of the loopback network on one port neither take nor refuse connections until the test ends, as
// a host that is switched off: their queues are full. Linux only.
func Dead(tb testing.TB, port uint16, addrs ...string) {
	tb.Helper()
	for _, addr := range addrs {
		socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
		if err != nil {
			tb.Fatal(err)
		}
		syscall.CloseOnExec(socket)
		tb.Cleanup(func() { _ = syscall.Close(socket) })
		local := &syscall.SockaddrInet4{Port: int(port), Addr: [4]byte(net.ParseIP(addr).To4())}
		if err := syscall.Bind(socket, local); err != nil {
			tb.Fatal(err)
		}
		if err := syscall.Listen(socket, 0); err != nil { // which has room for one
			tb.Fatal(err)
		}
		conn, err := net.Dial("tcp4", net.JoinHostPort(addr, strconv.Itoa(int(port)))) //nolint:noctx // it is there
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() { _ = conn.Close() })
	}
}
