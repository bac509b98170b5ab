package main

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"
)

func setup(t *testing.T) (*receiver, func(ctx context.Context, url string) error) {
	t.Helper()
	r, err := startReceiver(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.close)
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	return r, func(ctx context.Context, url string) error { return postStraight(ctx, client, url) }
}

func TestEndpointsAnswerAsTheyAreTold(t *testing.T) {
	t.Parallel()
	r, post := setup(t)
	posts := newTally()
	begun := time.Now()
	if err := post(t.Context(), r.open(endpoint{host: address(300), after: 30 * time.Millisecond}, posts)); err != nil {
		t.Error(err)
	}
	if took := time.Since(begun); took < 30*time.Millisecond {
		t.Errorf("answered after %v", took)
	}
	if err := post(t.Context(), r.open(endpoint{host: address(1), status: 500}, posts)); err == nil {
		t.Error("no failure")
	}
	if posts.arrived() != 1 || posts.arrivals[straightHeaders["X-Callback-Ref"][0]].times != 2 || r.opened.Load() != 2 {
		t.Errorf("%d callbacks, %d connections: %+v", posts.arrived(), r.opened.Load(), posts.arrivals)
	}
}

func TestWhatHangsIsAnsweredWhenItIsReleased(t *testing.T) {
	t.Parallel()
	r, post := setup(t)
	posts := newTally()
	hanging := r.open(endpoint{host: address(1), hangs: true}, posts)
	ctx, cancel := context.WithCancel(t.Context())
	given := make(chan error, 1)
	go func() { given <- post(ctx, hanging) }()
	posts.await(t.Context(), 1, time.Minute)
	cancel()
	if err := <-given; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	r.release()
	if err := post(t.Context(), hanging); err != nil {
		t.Errorf("after the release: %v", err)
	}
}
