package egress

import (
	"errors"
	"net"
	"sync/atomic"
	"syscall"
)

// patient is a connection on which the other side may stop to read. Writing goes on into nothing then, and what is read
// decides: often it is the reason (413, 401), sent before the whole request had come, and net/http would not look for
// it once it cannot write.
type patient struct {
	net.Conn
	deaf atomic.Bool
}

// Write never tells that the other side has closed or reset the connection: reading does.
func (c *patient) Write(p []byte) (int, error) {
	if c.deaf.Load() {
		return len(p), nil
	}
	n, err := c.Conn.Write(p)
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) {
		c.deaf.Store(true)
		return len(p), nil
	}
	return n, err
}
