package jobs

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"
)

// dialled is what a Redis client is told by a URL.
type dialled struct {
	Addrs              []string
	Username, Password string
	DB                 int
	TLS                bool
	ServerName         string
}

func TestOpenRedisReadsEveryKindOfURL(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]dialled{
		"redis://localhost:6379/2":       {Addrs: []string{"localhost:6379"}, DB: 2},
		"redis://:sesame@localhost:6379": {Addrs: []string{"localhost:6379"}, Password: "sesame"},
		"redis://ringback:sesame@localhost:6379/1": {
			Addrs: []string{"localhost:6379"}, Username: "ringback", Password: "sesame", DB: 1,
		},
		"redis://localhost": {Addrs: []string{"localhost:6379"}},
		"rediss://ringback:sesame@cache.example.com:6380/0": {
			Addrs: []string{"cache.example.com:6380"}, Username: "ringback", Password: "sesame", TLS: true,
			ServerName: "cache.example.com",
		},
		"redis-cluster://ringback:sesame@one:6379": {
			Addrs: []string{"one:6379"}, Username: "ringback", Password: "sesame",
		},
		"redis-cluster://one:6379?addr=two:6379": {Addrs: []string{"one:6379", "two:6379"}},
		"redis-cluster://ringback:sesame@one,two:7000,[::1]:7001?addr=four:7002": {
			Addrs: []string{"one:6379", "four:7002", "two:7000", "[::1]:7001"}, Username: "ringback", Password: "sesame",
		},
		"redis-cluster://one:7000,two": {Addrs: []string{"one:7000", "two:6379"}},
	} {
		t.Run(url, func(t *testing.T) {
			t.Parallel()
			client, err := OpenRedis(url)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = client.Close() })
			var got dialled
			switch c := client.(type) {
			case *redis.Client:
				o := c.Options()
				got = dialled{
					Addrs: []string{o.Addr}, Username: o.Username, Password: o.Password, DB: o.DB, TLS: o.TLSConfig != nil,
				}
				if o.TLSConfig != nil {
					got.ServerName = o.TLSConfig.ServerName
				}
			case *redis.ClusterClient:
				o := c.Options()
				got = dialled{Addrs: o.Addrs, Username: o.Username, Password: o.Password, TLS: o.TLSConfig != nil}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestSentinelURLNamesHostsMasterAndBothPasswords(t *testing.T) {
	t.Parallel()
	o, err := parseSentinelURL("redis://u:sesame@one:26379,two,three:1/2?master=m&username=ringback&password=open")
	if err != nil {
		t.Fatal(err)
	}
	got := []any{o.MasterName, o.SentinelAddrs, o.SentinelUsername, o.SentinelPassword, o.Username, o.Password, o.DB}
	want := []any{"m", []string{"one:26379", "two:26379", "three:1"}, "u", "sesame", "ringback", "open", 2}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	client, err := OpenRedis("redis-sentinel://:sesame@one:26379,two:26379?master=m")
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Close(); err != nil {
		t.Error(err)
	}
}

func TestOpenRedisNeverRepeatsThePassword(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"redis://:hidden@local host:6379", "redis://:hidden@localhost:6379/first", "redis://:hidden@localhost:no-port",
		"rediss://:hidden@[::1",
		"redis-cluster://:hidden@local host:6379", "redis-cluster://:hidden@localhost:6379?nope=1",
		"redis-cluster://:hidden@localhost:no-port", "redis-sentinel://:hidden@local host",
		"redis-sentinel://:hidden@one:%zz", "redis-sentinel://:hidden@one,,two?master=m", "redis-cluster://:hidden@one,",
		"redis-sentinel://:hidden@one:26379",
		"http://:hidden@localhost", ":hidden@localhost", "redis://u:hidden%zz@localhost:6379", "hidden",
	} {
		client, err := OpenRedis(url)
		if err == nil {
			_ = client.Close()
			t.Errorf("%s: no error", url)
			continue
		}
		if strings.Contains(err.Error(), "hidden") || strings.Contains(err.Error(), "zz") {
			t.Errorf("%s: %v", url, err)
		}
	}
}
