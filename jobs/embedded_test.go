package jobs

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/ringback/ringback/models/modelstest"
)

func TestEmbeddedRedisForgetsWhatExpires(t *testing.T) {
	t.Parallel()
	embedded := must[*EmbeddedRedis](t)(StartEmbeddedRedis())
	t.Cleanup(func() { _ = embedded.Close() })
	ctx := t.Context()
	for key, ttl := range map[string]time.Duration{"short": time.Second, "long": time.Hour, "forever": 0} {
		if err := embedded.Client.Set(ctx, key, "x", ttl).Err(); err != nil {
			t.Fatal(err)
		}
	}
	modelstest.Eventually(
		t, "the short one is gone", func() bool { return embedded.Client.Exists(ctx, "short").Val() == 0 },
	)
	if n := embedded.Client.Exists(ctx, "long", "forever").Val(); n != 2 {
		t.Errorf("%d of 2 are left", n)
	}
	if ttl := embedded.Client.TTL(ctx, "long").Val(); ttl >= time.Hour || ttl < time.Hour-time.Minute {
		t.Errorf("the long one has %s", ttl)
	}
}

func TestEmbeddedRedisIsNobodyElses(t *testing.T) {
	t.Parallel()
	embedded := must[*EmbeddedRedis](t)(StartEmbeddedRedis())
	t.Cleanup(func() { _ = embedded.Close() })
	stranger := redis.NewClient(&redis.Options{Addr: embedded.server.Addr(), DisableIdentity: true})
	t.Cleanup(func() { _ = stranger.Close() })
	if err := stranger.Keys(t.Context(), "*").Err(); !redis.HasErrorPrefix(err, "NOAUTH") {
		t.Errorf("without the password: %v", err)
	}
}
