package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/tenant"
)

// Limits on the bodies of requests that are under way at once. A body counts with its Content-Length from its first
// byte until its request is answered. Strangers' do not count: no door reads more than 16 KiB of theirs, or anything at
// all.
const (
	freeBodyBytes   = 16 << 10 // of one that is not counted: times maxConnections, 32 MiB
	callerBodyBytes = 16 << 20 // 16 MiB: of one caller, 16 of the largest at once
	totalBodyBytes  = 64 << 20 // 64 MiB
	bodyWait        = 2 * time.Second
	// lateBodyTime is how long an answer, and then its connection, waits for a body that nobody wants, so that a client
	// that sends all of it first still hears why it was refused.
	lateBodyTime = time.Second
)

// bodies bounds what the bodies of requests take.
type bodies struct {
	total *semaphore.Weighted

	mu       sync.Mutex
	callers  map[tenant.Credentials]int64 // with what they have under way
	reading  map[*boundedBody]struct{}
	draining bool
}

func newBodies() *bodies {
	return &bodies{
		total: semaphore.NewWeighted(totalBodyBytes), callers: map[tenant.Credentials]int64{},
		reading: map[*boundedBody]struct{}{},
	}
}

// guard lets a handler read bodies within the limits. Beyond them reading fails with RATE_LIMITED.
func (b *bodies) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength == 0 {
			next.ServeHTTP(w, r)
			return
		}
		body := &boundedBody{
			ReadCloser: r.Body, bodies: b, ctx: r.Context(), caller: tenant.CredentialsFrom(r.Header), size: r.ContentLength,
			connection: http.NewResponseController(w),
		}
		defer body.leave()
		inner := r.WithContext(r.Context())
		inner.Body = body
		next.ServeHTTP(w, inner)
	})
}

// cut ends the reading of bodies: a process that stops does not wait for what a caller has not sent.
func (b *bodies) cut() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.draining = true
	for body := range b.reading {
		body.readUntil(time.Now())
	}
}

// boundedBody is one body. It counts from the first reading, which comes when the caller is known.
type boundedBody struct {
	io.ReadCloser
	bodies     *bodies
	ctx        context.Context
	caller     tenant.Credentials
	size       int64
	connection *http.ResponseController
	begun      bool
	held       int64
	err        error // at which reading has ended
}

// Read is io.Reader.
func (b *boundedBody) Read(p []byte) (n int, err error) {
	if !b.begun {
		b.begun = true
		b.err = b.enter()
	}
	if b.err == nil {
		n, b.err = b.ReadCloser.Read(p)
	}
	if b.err != nil {
		b.unlist()
	}
	return n, b.err
}

// unlist lets a cut pass by it: from the last byte on net/http listens on the connection, and what ends that ends the
// request too.
func (b *boundedBody) unlist() {
	b.bodies.mu.Lock()
	defer b.bodies.mu.Unlock()
	delete(b.bodies.reading, b)
}

func (b *boundedBody) enter() error {
	b.bodies.mu.Lock()
	b.bodies.reading[b] = struct{}{}
	if b.bodies.draining {
		b.readUntil(time.Now())
	}
	b.bodies.mu.Unlock()
	if b.caller == (tenant.Credentials{}) || 0 <= b.size && b.size <= freeBodyBytes {
		return nil
	}
	if b.size < 0 || b.size > models.MaxBodyBytes { // one that does not say its length; the doors read no more
		b.size = models.MaxBodyBytes
	}
	if !b.bodies.grant(b.caller, b.size) {
		return models.RateLimited(
			"the large requests of this caller that are under way have %d MiB, which is the limit", callerBodyBytes>>20,
		)
	}
	ctx, cancel := context.WithTimeout(b.ctx, bodyWait)
	defer cancel()
	if b.bodies.total.Acquire(ctx, b.size) != nil {
		b.bodies.giveBack(b.caller, b.size)
		return models.RateLimited("the large requests that are under way have %d MiB, which is the limit", totalBodyBytes>>20)
	}
	b.held = b.size
	return nil
}

// leave is called when the request is answered.
func (b *boundedBody) leave() {
	if !errors.Is(b.err, io.EOF) {
		b.readUntil(time.Now().Add(lateBodyTime))
	}
	b.unlist()
	if b.held > 0 {
		b.bodies.total.Release(b.held)
		b.bodies.giveBack(b.caller, b.held)
	}
}

// fails on a recorder of a test only
func (b *boundedBody) readUntil(t time.Time) { _ = b.connection.SetReadDeadline(t) }

func (b *bodies) grant(caller tenant.Credentials, size int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.callers[caller]+size > callerBodyBytes {
		return false
	}
	b.callers[caller] += size
	return true
}

func (b *bodies) giveBack(caller tenant.Credentials, size int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.callers[caller] -= size; b.callers[caller] <= 0 {
		delete(b.callers, caller)
	}
}
