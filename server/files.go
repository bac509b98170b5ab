package main

import (
	"fmt"
	"syscall"
)

// filesEach is how many open files a request in flight may need: its connection, and one to look up the name.
const filesEach = 2

// raiseFileLimit lets this process open as many files as it may at all, and says what is wrong where these are not
// enough for the requests that may be in flight at once. Go does the same when it starts; who started it through
// something else may have undone that.
func raiseFileLimit(concurrency int) (warning string) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Sprintf("the limit on open files cannot be read: %v", err)
	}
	if limit.Cur < limit.Max {
		raised := syscall.Rlimit{Cur: limit.Max, Max: limit.Max}
		if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &raised) == nil {
			limit = raised
		}
	}
	if needed := uint64(filesEach * concurrency); limit.Cur < needed { //nolint:gosec // G115: the configuration bounds it
		return fmt.Sprintf("this process may open %d files; %d are needed for RINGBACK_CONCURRENCY=%d, and deliveries "+
			"fail as LOCAL_ERROR meanwhile: "+
			"raise ulimit -n (LimitNOFILE of systemd, ulimits of Docker), or lower the concurrency", limit.Cur, needed, concurrency)
	}
	return ""
}
