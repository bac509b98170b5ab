package jobs

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

// OpenRedis opens a client for a redis://, rediss://, redis-sentinel:// or redis-cluster:// URL. It does not connect yet; the
// caller pings and closes.
func OpenRedis(rawURL string) (redis.UniversalClient, error) {
	client, err := newRedis(rawURL)
	if err != nil {
		return nil, err
	}
	client.AddHook(backOff{})
	return client, nil
}

func newRedis(rawURL string) (redis.UniversalClient, error) {
	if rest, ok := strings.CutPrefix(rawURL, "redis-cluster://"); ok {
		options, err := redis.ParseClusterURL("redis://" + rest)
		if err != nil {
			return nil, withoutURL(err)
		}
		return redis.NewClusterClient(options), nil
	}
	option, err := asynq.ParseRedisURI(rawURL)
	if err != nil {
		return nil, withoutURL(err)
	}
	client, ok := option.MakeRedisClient().(redis.UniversalClient)
	if !ok {
		return nil, fmt.Errorf("a Redis client of type %T", client)
	}
	return client, nil
}

// withoutURL drops the URL from a parse error: it carries the password.
func withoutURL(err error) error {
	var parse *url.Error
	if errors.As(err, &parse) {
		return parse.Err
	}
	return err
}

// errorReplyPause is how long a client waits after Redis answered with an error (NOAUTH, MISCONF, LOADING, …). asynq asks again at
// once, which keeps a core busy for as long as the error lasts; with the pause it is under 1 %.
const errorReplyPause = 200 * time.Millisecond

// backOff is a hook of the Redis client.
type backOff struct{}

// DialHook leaves dialling as it is.
func (backOff) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

// ProcessHook pauses after an error reply to a command.
func (backOff) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		pauseAfter(ctx, err)
		return err
	}
}

// ProcessPipelineHook pauses after an error reply to a pipeline.
func (backOff) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := next(ctx, cmds)
		pauseAfter(ctx, err)
		return err
	}
}

func pauseAfter(ctx context.Context, err error) {
	var reply redis.Error
	// Nil is no error, and NOSCRIPT the usual way to find out that a script must be sent along.
	if !errors.As(err, &reply) || errors.Is(err, redis.Nil) || redis.HasErrorPrefix(err, "NOSCRIPT") {
		return
	}
	timer := time.NewTimer(errorReplyPause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
