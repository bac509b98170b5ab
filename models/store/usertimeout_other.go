//go:build !linux

package store

import "syscall"

// setUserTimeout has nothing to set here: keepalives and the deadlines of statements have to do.
func setUserTimeout(_, _ string, _ syscall.RawConn) error { return nil }
