package jobs

import (
	"crypto/rand"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// EmbeddedRedis is a Redis inside this process. It keeps nothing on disk: what it loses, the sweep finds again in the
// database.
type EmbeddedRedis struct {
	Client redis.UniversalClient

	server *miniredis.Miniredis
	done   chan struct{}
	wg     sync.WaitGroup
}

// StartEmbeddedRedis starts one on a loopback port, with a password that nobody else knows.
func StartEmbeddedRedis() (*EmbeddedRedis, error) {
	server := miniredis.NewMiniRedis()
	password := rand.Text()
	server.RequireAuth(password)
	if err := server.Start(); err != nil {
		return nil, err
	}
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), Password: password, DisableIdentity: true})
	client.AddHook(backOff{})
	e := &EmbeddedRedis{Client: client, server: server, done: make(chan struct{})}
	e.wg.Go(e.tick)
	return e, nil
}

// tick moves miniredis's clock, which stands still by itself: without it nothing would ever expire.
func (e *EmbeddedRedis) tick() {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-e.done:
			return
		case <-ticker.C:
			e.server.FastForward(time.Second)
		}
	}
}

// Close stops it; everything in it is gone.
func (e *EmbeddedRedis) Close() error {
	close(e.done)
	e.wg.Wait()
	err := e.Client.Close()
	e.server.Close()
	return err
}
