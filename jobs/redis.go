package jobs

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// OpenRedis opens a client for a redis://, rediss://, redis-sentinel:// or redis-cluster:// URL. It does not connect
// yet; the caller pings and closes.
func OpenRedis(rawURL string) (redis.UniversalClient, error) {
	client, err := newRedis(rawURL)
	if err != nil {
		return nil, err
	}
	client.AddHook(backOff{})
	return client, nil
}

// CheckRedisURL tells what is wrong with a URL, and repeats no part of it that may be a password.
func CheckRedisURL(rawURL string) error {
	client, err := newRedis(rawURL)
	if err != nil {
		return err
	}
	return client.Close()
}

// newRedis leaves the reading of URLs to go-redis: asynq's forgets the user name and the default port. Deadlines of
// contexts count, which go-redis ignores by default: a Redis that hangs would keep a mutation for its own ten seconds.
// A connection that is refused is not tried again at once: whoever needs it comes again, and else nobody would hear
// why.
func newRedis(rawURL string) (redis.UniversalClient, error) {
	scheme, rest, _ := strings.Cut(rawURL, "://")
	switch scheme {
	case "redis-cluster":
		options, err := parseClusterURL("redis://" + rest)
		if err != nil {
			return nil, withoutURL(err)
		}
		options.ContextTimeoutEnabled, options.DialerRetries = true, 1
		return redis.NewClusterClient(options), nil
	case "redis-sentinel":
		options, err := parseSentinelURL("redis://" + rest)
		if err != nil {
			return nil, withoutURL(err)
		}
		options.ContextTimeoutEnabled, options.DialerRetries = true, 1
		return redis.NewFailoverClient(options), nil
	case "redis", "rediss":
		options, err := redis.ParseURL(rawURL)
		if err != nil {
			return nil, withoutURL(err)
		}
		options.ContextTimeoutEnabled, options.DialerRetries = true, 1
		return redis.NewClient(options), nil
	}
	return nil, errors.New("the URL must begin with redis://, rediss://, redis-sentinel:// or redis-cluster://")
}

const (
	redisPort    = "6379"
	sentinelPort = "26379"
)

// parseClusterURL reads URLs with the hosts beside each other, or further ones as ?addr=.
func parseClusterURL(rawURL string) (*redis.ClusterOptions, error) {
	u, err := parseHosts(rawURL, redisPort)
	if err != nil {
		return nil, err
	}
	return redis.ParseClusterURL(u.String())
}

// parseSentinelURL reads the usual form of such URLs, with the hosts beside each other and ?master=. The user info is
// that of Sentinel; that of Redis itself is ?username= and ?password=.
func parseSentinelURL(rawURL string) (*redis.FailoverOptions, error) {
	u, err := parseHosts(rawURL, sentinelPort)
	if err != nil {
		return nil, err
	}
	query := u.Query()
	if query.Has("master") {
		query.Set("master_name", query.Get("master"))
		query.Del("master")
	}
	if query.Get("master_name") == "" {
		return nil, errors.New("the name of the master is missing: redis-sentinel://host/0?master=name")
	}
	u.RawQuery = query.Encode()
	return redis.ParseFailoverURL(u.String())
}

// parseHosts puts hosts that stand beside each other, with commas between them, into the form that go-redis knows: the
// first, and the others as ?addr=.
func parseHosts(rawURL, port string) (*url.URL, error) {
	scheme, rest, _ := strings.Cut(rawURL, "://")
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	begin := strings.LastIndex(rest[:end], "@") + 1
	hosts := strings.Split(rest[begin:end], ",")
	for i, host := range hosts {
		if host == "" {
			return nil, errors.New("one of the hosts is empty")
		}
		if _, _, err := net.SplitHostPort(host); err != nil {
			hosts[i] = net.JoinHostPort(strings.Trim(host, "[]"), port)
		}
	}
	u, err := url.Parse(scheme + "://" + rest[:begin] + hosts[0] + rest[end:])
	if err != nil {
		return nil, err
	}
	query := u.Query()
	query["addr"] = append(query["addr"], hosts[1:]...)
	u.RawQuery = query.Encode()
	return u, nil
}

// withoutURL drops what a parse error repeats of the URL: that may be the password, or a part of it.
func withoutURL(err error) error {
	var parse *url.Error
	if errors.As(err, &parse) {
		return errors.New("cannot be read as redis://user:password@host:6379/0")
	}
	return err
}

// errorReplyPause is how long a client waits after Redis answered with an error (NOAUTH, MISCONF, LOADING, …). asynq
// asks again at once, which keeps a core busy for as long as the error lasts; with the pause it is under 1 %.
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
