package egress_test

import (
	"io"
	"net"
	"net/http"
	"net/netip"
	"testing"

	"golang.org/x/net/http2"

	"github.com/ringback/ringback/jobs/egress"
	"github.com/ringback/ringback/jobs/egress/egresstest"
)

// TestWhatIsSentIsTold: a request that failed before its connection was ready has not been.
func TestWhatIsSentIsTold(t *testing.T) {
	t.Parallel()
	mute := func(conn *net.TCPConn) { _, _ = io.Copy(io.Discard, conn) }
	refusing := func(w *http2.Framer, stream uint32) { _ = w.WriteRSTStream(stream, http2.ErrCodeInternal) }
	reset, roots := egresstest.HTTP2(t, refusing)
	for name, tt := range map[string]struct {
		url  string
		sent bool
	}{
		"blocked":       {"http://10.0.0.1/", false},
		"no name":       {"http://none.test/", false},
		"refused":       {"http://" + egresstest.ClosedAddr(t), false},
		"no TLS":        {"https://" + egresstest.Raw(t, egresstest.Text("HTTP/1.1 400 \r\n\r\n")), false},
		"hangs at TLS":  {"https://" + egresstest.Raw(t, mute), false},
		"hangs":         {"http://" + egresstest.Raw(t, mute), true},
		"closes":        {egresstest.HTTP1(t, egresstest.Text("")), true},
		"garbage":       {egresstest.HTTP1(t, egresstest.Text("garbage\r\n\r\n")), true},
		"resets HTTP/2": {reset, true},
		"answers":       {handler(t, func(http.ResponseWriter, *http.Request) {}), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := clientOf(t, egress.Config{AllowedNetworks: loopback(), Timeout: short, RootCAs: roots})
			egress.SetResolver(c, resolver(func(string) []netip.Addr { return nil }))
			if res, err := c.Send(t.Context(), request(tt.url)); res.Sent != tt.sent || (err == nil) != (name == "answers") {
				t.Errorf("sent: %t (%v)", res.Sent, err)
			}
		})
	}
}
