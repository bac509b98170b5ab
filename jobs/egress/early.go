package egress

import (
	"errors"
	"net"
	"net/textproto"
	"sync/atomic"
	"syscall"
)

// patient is a connection on which the other side may stop to read. Writing goes on into nothing then, and what is read
// decides: often it is the reason (413, 401), sent before the whole request had come, and net/http would not look for
// it once it cannot write.
type patient struct {
	net.Conn
	deaf atomic.Bool
	end  atomic.Pointer[error] // how the other side has ended it, once that was read
}

// Read tells how the other side has ended the connection even when it is closed here.
func (c *patient) Read(p []byte) (int, error) {
	if end := c.end.Load(); end != nil {
		return 0, *end
	}
	n, err := c.Conn.Read(p)
	if ended(err) {
		c.end.Store(&err)
	}
	return n, err
}

func ended(err error) bool { return broken(err) && !errors.Is(err, net.ErrClosed) }

// cutOff tells whether the answer broke off within a header's name: net/http takes what has come of the line for all of
// it, and complains of that. Then it has closed the connection, so that reading only tells what was read before, on TLS
// as well.
func cutOff(err error, conn net.Conn) bool {
	if conn == nil || !errors.As(err, new(textproto.ProtocolError)) {
		return false
	}
	_, end := conn.Read(make([]byte, 1))
	return ended(end)
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
