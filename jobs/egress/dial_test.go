package egress_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ringback/ringback/jobs/egress"
	"github.com/ringback/ringback/jobs/egress/egresstest"
)

// TestNamesAreAbsolute: a resolver that looks for them in search domains too could find somebody else's wildcard.
func TestNamesAreAbsolute(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"hooks.example.com":  "hooks.example.com.",
		"hooks.example.com.": "hooks.example.com.",
		"receiver":           "receiver.",
		"Bücher.example":     "xn--bcher-kva.example.",
	} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			said := make(chan string, 10)
			url := handler(t, func(_ http.ResponseWriter, r *http.Request) { said <- r.Host })
			_, port, _ := strings.Cut(strings.TrimPrefix(url, "http://"), ":")
			c := newClient(t, long)
			egress.SetResolver(c, resolver(func(name string) []netip.Addr {
				if name != strings.TrimSuffix(want, ".") {
					t.Errorf("%s. was asked for", name)
				}
				return addrs("127.0.0.1")
			}))
			ctx := httptrace.WithClientTrace(
				t.Context(), &httptrace.ClientTrace{DNSStart: func(i httptrace.DNSStartInfo) { said <- i.Host }},
			)
			if _, err := c.Send(ctx, request("http://"+host+":"+port)); err != nil {
				t.Fatal(err)
			}
			got := []string{<-said, <-said}
			if plain := strings.TrimSuffix(want, "."); len(said) > 0 || !slices.Equal(got, []string{want, plain + ":" + port}) {
				t.Errorf("asked for and sent to %q", got)
			}
		})
	}
}

func TestNameOfTheHostsFileIsFound(t *testing.T) {
	t.Parallel()
	url := handler(t, func(http.ResponseWriter, *http.Request) {})
	if _, err := newClient(t, long).Send(
		t.Context(), request(strings.Replace(url, "127.0.0.1", "localhost", 1)),
	); err != nil {
		t.Error(err)
	}
}

// TestDefaultPortIsNotInTheHost: receivers compare it with their names.
func TestDefaultPortIsNotInTheHost(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"http://h.example:80/": "h.example", "http://h.example/": "h.example", "http://h.example:443/": "h.example:443",
		"http://[::1]:80/": "[::1]", "http://[::1]:8080/": "[::1]:8080", "http://h.example:/": "h.example",
	} {
		sent := make(chan string, 1)
		receiver := egresstest.Raw(t, func(conn *net.TCPConn) { answerOnce(conn, func(r *http.Request) { sent <- r.Host }) })
		c := newClient(t, long)
		egress.WrapDial(c, func(ctx context.Context, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", receiver)
		})
		if _, err := c.Send(t.Context(), request(url)); err != nil {
			t.Fatal(err)
		}
		if got := <-sent; got != want {
			t.Errorf("%s: Host is %q, not %q", url, got, want)
		}
	}
}

// TestOneGoodAddressOfEightAnswersWithinFiveSeconds, wherever it stands.
func TestOneGoodAddressOfEightAnswersWithinFiveSeconds(t *testing.T) {
	t.Parallel()
	url := handler(t, func(http.ResponseWriter, *http.Request) {})
	target := netip.MustParseAddrPort(strings.TrimPrefix(url, "http://"))
	port := strconv.Itoa(int(target.Port()))
	dead := []string{"127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6", "127.0.0.7", "127.0.0.8"}
	egresstest.Dead(t, target.Port(), dead...)
	c := newClient(t, long)
	all := addrs(append(dead, "127.0.0.1")...)
	egress.SetResolver(c, resolver(func(string) []netip.Addr { return all }))
	begun := time.Now()
	res, err := c.Send(t.Context(), request("http://hooks.test:"+port))
	if err != nil || time.Since(begun) > 5*time.Second {
		t.Errorf("after %v: %v", time.Since(begun), err)
	}
	if res.Timings.Connect < 7*250*time.Millisecond {
		t.Errorf("connected within %v: were they dead?", res.Timings.Connect)
	}
}

func TestAddressesAreTriedInTurnAndNotWithoutEnd(t *testing.T) {
	t.Parallel()
	var many []netip.Addr
	for i := range 100 {
		many = append(many, netip.AddrFrom4([4]byte{127, 0, 1, byte(i)}))
	}
	many = append(many, addrs("::1")...)
	c := newClient(t, long)
	egress.SetResolver(c, resolver(func(string) []netip.Addr { return many }))
	tried := make(chan string, 200)
	egress.AfterGuard(c, func(address string) error {
		tried <- address
		return &net.OpError{Op: "dial", Err: context.DeadlineExceeded}
	})
	_, err := c.Send(t.Context(), request("http://hooks.test:8/"))
	if err == nil {
		t.Fatal("no error")
	}
	close(tried)
	list := []string{}
	for address := range tried {
		list = append(list, address)
	}
	if len(list) != 16 || !slices.Contains(list[:2], "[::1]:8") {
		t.Errorf("tried %q", list)
	}
}
