package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/redis/go-redis/v9"
)

// queue is a run's own queue in the Redis that it shares with others.
type queue struct {
	client *redis.Client
	name   string
}

func openQueue(ctx context.Context, rawURL, name string) (*queue, error) {
	options, err := redis.ParseURL(rawURL)
	if err != nil {
		return nil, errors.New("-redis-url is not a Redis URL")
	}
	q := &queue{client: redis.NewClient(options), name: name}
	if err := q.client.Ping(ctx).Err(); err != nil {
		return nil, errors.Join(fmt.Errorf("connect to Redis: %w", err), q.client.Close())
	}
	return q, nil
}

// close removes what asynq and the server have left under the queue's name.
func (q *queue) close(ctx context.Context) error {
	var errs []error
	for _, pattern := range []string{"asynq:{" + q.name + "}:*", "ringback:" + q.name + ":*"} {
		keys, err := q.client.Keys(ctx, pattern).Result()
		if err == nil && len(keys) > 0 {
			err = q.client.Del(ctx, keys...).Err()
		}
		errs = append(errs, err)
	}
	return errors.Join(errors.Join(errs...), q.client.SRem(ctx, "asynq:queues", q.name).Err(), q.client.Close())
}

// server is the number of the Redis process; false where it does not run here.
func (q *queue) server(ctx context.Context) (int, bool) {
	pid, err := q.info(ctx, "server", "process_id")
	return pid, err == nil && isCalled(pid, "redis-server")
}

// info reads one number of INFO.
func (q *queue) info(ctx context.Context, section, name string) (int, error) {
	text, err := q.client.Info(ctx, section).Result()
	if err != nil {
		return 0, err
	}
	for line := range strings.SplitSeq(text, "\r\n") {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strconv.Atoi(value)
		}
	}
	return 0, fmt.Errorf("INFO %s has no %s", section, name)
}

// commandCounter stands between the server and Redis and counts the commands that pass: INFO counts those of everybody,
// and also what scripts do inside.
type commandCounter struct {
	listener net.Listener
	target   string
	url      string // for the server
	commands atomic.Int64
	open     sync.WaitGroup
}

func startCommandCounter(ctx context.Context, rawURL string) (*commandCounter, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, errors.New("-redis-url is not a URL")
	}
	c := &commandCounter{target: u.Host}
	if u.Port() == "" {
		c.target = net.JoinHostPort(u.Hostname(), "6379")
	}
	if c.listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	u.Host = c.listener.Addr().String()
	c.url = u.String()
	c.open.Go(func() {
		for {
			conn, err := c.listener.Accept()
			if err != nil {
				return // closed
			}
			c.open.Go(func() { c.pass(ctx, conn) })
		}
	})
	return c, nil
}

// pass connects one connection until either end closes it.
func (c *commandCounter) pass(ctx context.Context, conn net.Conn) {
	defer func() { _ = conn.Close() }()
	upstream, err := (&net.Dialer{}).DialContext(ctx, "tcp", c.target)
	if err != nil {
		return
	}
	answers := make(chan struct{})
	go func() {
		_, _ = io.Copy(conn, upstream)
		_ = conn.Close()
		close(answers)
	}()
	requests := bufio.NewReader(io.TeeReader(conn, upstream))
	for skipCommand(requests) == nil {
		c.commands.Add(1)
	}
	_ = upstream.Close()
	<-answers
}

// skipCommand reads one command: an array of strings, each with its length before it.
func skipCommand(r *bufio.Reader) error {
	parts, err := readLength(r, '*')
	for ; err == nil && parts > 0; parts-- {
		var size int
		if size, err = readLength(r, '$'); err == nil {
			_, err = r.Discard(size + len("\r\n"))
		}
	}
	return err
}

func readLength(r *bufio.Reader, kind byte) (int, error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if line[0] != kind {
		return 0, errors.New("not a Redis command")
	}
	return strconv.Atoi(string(bytes.TrimSpace(line[1:])))
}

// close ends the connections that the server has left.
func (c *commandCounter) close() error {
	err := c.listener.Close()
	c.open.Wait()
	return err
}
