package store

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// setUserTimeout has the kernel end a connection whose other side does not confirm what was sent.
func setUserTimeout(_, _ string, raw syscall.RawConn) error {
	var failed error
	err := raw.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(userTimeout.Milliseconds()))
	})
	return errors.Join(err, failed)
}
