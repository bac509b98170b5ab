package main

import (
	"fmt"
	"math"
	"syscall"
)

// filesEach is how many open files a request in flight may need: its connection, and one to look up the name.
const filesEach = 2

// raiseFileLimit lets this process open as many files as it may at all. Go does the same when it starts; who started it
// through something else may have undone that.
func raiseFileLimit() {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) == nil && limit.Cur < limit.Max {
		limit.Cur = limit.Max
		_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit) // what is left of it is seen by fileLimit
	}
}

// fileLimit is how many files this process may open.
func fileLimit() uint64 {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil { // there is none
		return math.MaxUint64
	}
	return limit.Cur
}

// fileWarning says what is wrong where a worker's files are not enough for the requests that may be in flight at once.
func fileWarning(files uint64, concurrency int) string {
	needed := uint64(filesEach * concurrency) //nolint:gosec // G115: the configuration bounds it
	if files >= needed {
		return ""
	}
	return fmt.Sprintf("this process may open %d files; %d are needed for RINGBACK_CONCURRENCY=%d, and deliveries "+
		"fail as LOCAL_ERROR meanwhile: "+
		"raise ulimit -n (LimitNOFILE of systemd, ulimits of Docker), or lower the concurrency", files, needed, concurrency)
}
