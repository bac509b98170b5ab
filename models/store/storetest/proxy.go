package storetest

import (
	"context"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
)

// Proxy stands before a server of TCP, and fails as networks do: in silence.
type Proxy struct {
	listener net.Listener
	lost     atomic.Int64

	mu     sync.Mutex
	target string
	closed bool
	cut    *atomic.Bool // of the connections that are made now
	conns  []net.Conn
}

// NewProxy passes on to a server until the test ends.
func NewProxy(tb testing.TB, target string) *Proxy {
	tb.Helper()
	listener, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	p := &Proxy{listener: listener, target: target, cut: new(atomic.Bool)}
	var running sync.WaitGroup
	running.Go(func() { p.serve(&running) })
	tb.Cleanup(func() {
		_ = listener.Close()
		p.mu.Lock()
		p.closed = true
		for _, c := range p.conns {
			_ = c.Close()
		}
		p.mu.Unlock()
		running.Wait()
	})
	return p
}

// Before returns the URL of a database that is reached through a new proxy.
func Before(tb testing.TB, databaseURL string) (through string, p *Proxy) {
	tb.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		tb.Fatal("parse ", EnvDatabaseURL)
	}
	p = NewProxy(tb, u.Host)
	u.Host = p.Addr()
	return u.String(), p
}

// Addr is where it listens.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Cut makes the connections of now lead nowhere: what is sent is confirmed by this side and lost, and nothing comes
// back, not even an end. New ones are as before.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut.Store(true)
	p.cut = new(atomic.Bool)
}

// Lost is how often something was sent over connections that are cut, Postgres's goodbye aside.
func (p *Proxy) Lost() int { return int(p.lost.Load()) }

// Turn leads new connections to another server.
func (p *Proxy) Turn(target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = target
}

func (p *Proxy) serve(running *sync.WaitGroup) {
	for {
		near, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		target, cut := p.target, p.cut
		p.mu.Unlock()
		far, err := new(net.Dialer).DialContext(context.Background(), "tcp", target)
		if err != nil {
			_ = near.Close()
			continue
		}
		p.mu.Lock()
		p.conns = append(p.conns, near, far)
		if p.closed {
			_, _ = near.Close(), far.Close()
		}
		p.mu.Unlock()
		running.Go(func() { p.pass(near, far, cut) })
		running.Go(func() { p.pass(far, near, cut) })
	}
}

// goodbye is the length of Postgres's Terminate.
const goodbye = 5

// pass passes on what one side sends, its end included, until the connection is cut.
func (p *Proxy) pass(from, to net.Conn, cut *atomic.Bool) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		switch {
		case err != nil && !cut.Load():
			_ = to.Close()
			return
		case err != nil:
			return
		case cut.Load():
			if n > goodbye {
				p.lost.Add(1)
			}
			continue
		}
		if _, err := to.Write(buffer[:n]); err != nil && !cut.Load() {
			_ = from.Close()
			return
		}
	}
}
