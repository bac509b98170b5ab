package egress_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/ringback/ringback/jobs/egress"
)

// failing returns a client whose connections all fail before they leave, with the error of the moment; nil lets them
// through.
func failing(t *testing.T, with *atomic.Pointer[os.SyscallError]) *egress.Client {
	t.Helper()
	c := newClient(t, long)
	egress.AfterGuard(c, func(string) error {
		if err := with.Load(); err != nil {
			return err
		}
		return nil
	})
	return c
}

func causeOf(err error) egress.Cause {
	var e *egress.Error
	if errors.As(err, &e) {
		return e.Cause
	}
	return ""
}

func TestShortageOfTheKernelIsLocal(t *testing.T) {
	t.Parallel()
	for _, errno := range []syscall.Errno{
		syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EADDRNOTAVAIL,
	} {
		var with atomic.Pointer[os.SyscallError]
		with.Store(&os.SyscallError{Syscall: "socket", Err: errno})
		_, err := failing(t, &with).Send(t.Context(), request("http://127.0.0.1:8/hidden"))
		wantCause(t, err, egress.LocalError, "this machine is out of")
	}
}

func TestMissingRouteIsLocalWhereAnUnrelatedOneIsMissingToo(t *testing.T) {
	t.Parallel()
	var with atomic.Pointer[os.SyscallError]
	c := failing(t, &with)
	send := func(url string) egress.Cause {
		_, err := c.Send(t.Context(), request(url))
		return causeOf(err)
	}
	for _, errno := range []syscall.Errno{syscall.ENETUNREACH, syscall.EHOSTUNREACH, syscall.ENETDOWN} {
		with.Store(&os.SyscallError{Syscall: "connect", Err: errno})
		for i, step := range []struct {
			url  string
			want egress.Cause
		}{
			{"http://127.0.1.1:8/", egress.ConnectRefused}, // alone
			{"http://127.0.1.1:8/", egress.ConnectRefused}, // again
			{"http://127.0.1.2:8/", egress.ConnectRefused}, // in the same network
			{"http://127.0.2.1:8/", egress.LocalError},
			{"http://127.0.1.1:8/", egress.LocalError},
		} {
			if got := send(step.url); got != step.want {
				t.Errorf("%v, step %d, %s: got %s, want %s", errno, i+1, step.url, got, step.want)
			}
		}
		// One that gets through shows that there is a route.
		with.Store(nil)
		if got := send(handler(t, func(http.ResponseWriter, *http.Request) {})); got != "" {
			t.Fatal(got)
		}
	}
}

func TestSilentResolverIsLocalWhereAnUnrelatedNameIsNotResolvedEither(t *testing.T) {
	t.Parallel()
	var dead atomic.Bool
	good := resolver(func(name string) []netip.Addr {
		if strings.HasPrefix(name, "missing.") {
			return nil
		}
		return addrs("10.0.0.1") // which is blocked
	})
	c := newClient(t, long)
	egress.SetResolver(c, &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		if dead.Load() {
			return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
		}
		return good.Dial(ctx, network, address)
	}})
	for i, step := range []struct {
		dead bool
		host string
		want egress.Cause
	}{
		{true, "a.example.com", egress.DNSError},
		{true, "b.example.com", egress.DNSError}, // of the same domain
		{true, "a.example.org", egress.LocalError},
		{true, "a.example.com", egress.LocalError},
		{false, "a.example.com", egress.BlockedAddress}, // it is back
		{true, "a.example.net", egress.DNSError},
		{false, "missing.example.com", egress.DNSError}, // that is an answer
		{true, "a.example.org", egress.DNSError},
	} {
		dead.Store(step.dead)
		_, err := c.Send(t.Context(), request("http://"+step.host+"/hidden"))
		if got := causeOf(err); got != step.want {
			t.Errorf("step %d, %s: got %v, want %s", i+1, step.host, err, step.want)
		}
	}
}

func TestFailuresAreAlikeWithinTenSeconds(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	alike := egress.Shortages()
	for i, step := range []struct {
		destination string
		after       time.Duration
		want        bool
	}{
		{"a", 0, false},
		{"b", 10 * time.Second, true},
		{"a", 20 * time.Second, true},
		{"a", 31 * time.Second, false}, // b's is 21 s ago
		{"c", 41*time.Second + time.Millisecond, false},
		{"a", 41*time.Second + time.Millisecond, true},
	} {
		if got := alike(step.destination, start.Add(step.after)); got != step.want {
			t.Errorf("step %d: got %t", i+1, got)
		}
	}
}
