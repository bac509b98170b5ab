package egress_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/ringback/ringback/jobs/egress"
)

// TestAtMostOnce: a kept-alive connection that breaks after the request was
// written is what makes net/http send a request with an Idempotency-Key again.
func TestAtMostOnce(t *testing.T) {
	t.Parallel()
	for name, body := range map[string][]byte{"body": []byte("status=finished"), "no body": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int32
			url := handler(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				if calls.Add(1) == 1 {
					return
				}
				conn, _, err := http.NewResponseController(w).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				_ = conn.Close()
			})
			c := newClient(t, long)
			req := request(url)
			req.Body = body
			req.Header.Set("Idempotency-Key", "k")
			req.Header.Set("X-Idempotency-Key", "k")
			if _, err := c.Send(t.Context(), req); err != nil {
				t.Fatal(err)
			}
			res, err := c.Send(t.Context(), req)
			wantCause(t, err, egress.ConnectionReset, "")
			if res.Timings.Connect != 0 {
				t.Error("the second request did not use the first one's connection")
			}
			if n := calls.Load(); n != 2 {
				t.Errorf("%d requests arrived, want 2", n)
			}
		})
	}
}

// watchedConn tells when the transport closes it.
type watchedConn struct {
	net.Conn
	once   sync.Once
	closed chan struct{}
}

func (c *watchedConn) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() { close(c.closed) })
	return err
}

// TestUnsentIsSentAgain breaks a kept-alive connection at the worst moment: when
// it has been taken from the pool and nothing was written. Whether net/http then
// puts the request into the dead connection's buffer is a race inside it; where it
// does not, the request certainly never left, and Send takes another connection.
func TestUnsentIsSentAgain(t *testing.T) {
	t.Parallel()
	const rounds = 50
	var calls atomic.Int32
	url := handler(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		calls.Add(1)
	})
	c := newClient(t, long)
	egress.WrapConn(c, func(conn net.Conn) net.Conn { return &watchedConn{Conn: conn, closed: make(chan struct{})} })
	again := 0
	for range rounds {
		if _, err := c.Send(t.Context(), request(url)); err != nil {
			t.Fatal(err)
		}
		broken := false
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
			if conn := info.Conn.(*watchedConn); !broken {
				broken = true
				_ = conn.Conn.Close() // the reading side of the transport notices, and closes
				<-conn.closed
			}
		}})
		if _, err := c.Send(ctx, request(url)); err == nil {
			again++
		} else {
			wantCause(t, err, egress.ConnectionReset, "ended before an answer came")
		}
	}
	if n := int(calls.Load()); n != rounds+again {
		t.Errorf("%d requests arrived, want %d + %d", n, rounds, again)
	}
	if again == 0 {
		t.Errorf("none of %d was sent again", rounds)
	}
	t.Logf("%d of %d were sent again", again, rounds)
}
