package egress_test

import (
	"bytes"
	"io"
	"net"
	"testing"

	"github.com/ringback/ringback/jobs/egress"
	"github.com/ringback/ringback/jobs/egress/egresstest"
)

// early starts a receiver that reads some of a request, answers and closes the connection, which resets it.
func early(t *testing.T, answer string) string {
	t.Helper()
	return "http://" + egresstest.Raw(t, func(conn *net.TCPConn) {
		_, _ = io.CopyN(io.Discard, conn, 100<<10)
		_, _ = io.WriteString(conn, answer)
	})
}

func TestAnswerBeforeTheWholeRequestHasComeIsRead(t *testing.T) {
	t.Parallel()
	url := early(t, "HTTP/1.1 413 Too Large\r\nContent-Length: 9\r\nConnection: close\r\n\r\ntoo large")
	c := newClient(t, long)
	for range 20 {
		res, err := c.Send(t.Context(), egress.Request{URL: url, Body: bytes.Repeat([]byte("x"), 8<<20)})
		if err != nil || res.Status != 413 || string(res.Body) != "too large" {
			t.Fatalf("got %d %q, %v", res.Status, res.Body, err)
		}
	}
}

func TestConnectionThatIsClosedEarlyIsReset(t *testing.T) {
	t.Parallel()
	_, err := newClient(t, long).Send(
		t.Context(), egress.Request{URL: early(t, ""), Body: bytes.Repeat([]byte("x"), 8<<20)},
	)
	wantCause(t, err, egress.ConnectionReset, "ended before an answer came")
}
