// Package egresstest has addresses and receivers for tests of what leaves through package egress.
package egresstest

import (
	"fmt"
	"syscall"
	"testing"
)

// ClosedAddr is a loopback host and port that refuses connections until the test ends. The port is bound and nobody
// listens: one that was only closed would soon be another test's receiver.
func ClosedAddr(tb testing.TB) string {
	tb.Helper()
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		tb.Fatal(err)
	}
	syscall.CloseOnExec(socket)
	tb.Cleanup(func() { _ = syscall.Close(socket) })
	if err := syscall.Bind(socket, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		tb.Fatal(err)
	}
	bound, err := syscall.Getsockname(socket)
	if err != nil {
		tb.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", bound.(*syscall.SockaddrInet4).Port)
}
