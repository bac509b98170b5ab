package egress

import (
	"errors"
	"strings"
	"sync"

	"golang.org/x/net/http2"
)

// cannotRetry begins the text of an error that the transport has made of a stream's or of GOAWAY, and that is neither
// any more.
const cannotRetry = "http2: Transport: cannot retry err ["

// ofStream tells that a stream of HTTP/2 has ended, and not its connection.
func ofStream(err error) bool {
	return errors.As(err, new(http2.StreamError)) || strings.HasPrefix(err.Error(), cannotRetry)
}

// notProcessed tells that HTTP/2 proves that the receiver has not looked at the request (RFC 9113, section 8.7): a
// GOAWAY for a stream before ours, whatever reason that has, or REFUSED_STREAM. It would send again by itself if it
// could get the body a second time, but so it would after PROTOCOL_ERROR, which proves nothing; and so it would not
// with the first request of a connection after a GOAWAY with an error. Of why it does not there is no more than its
// text, all words of which are its own.
func notProcessed(err error) bool {
	why, ok := strings.CutPrefix(err.Error(), cannotRetry)
	if !ok {
		// with the first request
		return strings.HasPrefix(err.Error(), "http2: Transport received GOAWAY from server ErrCode:")
	}
	refused := strings.HasPrefix(why, "stream error: ") && strings.Contains(why, "; REFUSED_STREAM")
	return refused || strings.HasPrefix(why, "http2: Transport received Server's graceful shutdown GOAWAY]")
}

// needsHTTP1 tells that the receiver has answered HTTP_1_1_REQUIRED, to the stream or to the connection. The latter
// stands in texts only, in one of them before what the receiver said.
func needsHTTP1(err error) bool {
	var stream http2.StreamError
	if errors.As(err, &stream) {
		return stream.Code == http2.ErrCodeHTTP11Required
	}
	text, _, _ := strings.Cut(err.Error(), ", debug=")
	return strings.HasPrefix(text, "http2: ") &&
		(strings.HasSuffix(text, "ErrCode=HTTP_1_1_REQUIRED") || strings.HasSuffix(text, "ErrCode:HTTP_1_1_REQUIRED"))
}

// maxHosts bounds the hosts that are remembered to speak HTTP/1.1 only: half a megabyte, with the longest names. Beyond
// it the older half is forgotten, and asked on HTTP/2 once more.
const maxHosts = 2048

// hosts is a set of hosts with their ports.
type hosts struct {
	mu         sync.Mutex
	young, old map[string]bool
}

func (h *hosts) add(host string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.young == nil || len(h.young) >= maxHosts/2 {
		h.young, h.old = map[string]bool{}, h.young
	}
	h.young[host] = true
}

func (h *hosts) has(host string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.young[host] || h.old[host]
}
