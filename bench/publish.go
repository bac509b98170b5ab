package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// finishCrawl is what a platform's back end sends.
const finishCrawl = `mutation FinishCrawl($input: FinishCrawlInput!) { finishCrawl(input: $input) { crawl { status } callback { uid ref status } } }`

// firstCrawl is far from the numbers of crawls that a history is made with.
const firstCrawl = 2_000_000_000

// event is one finished crawl.
type event struct {
	ref             string // of its callback
	begun, answered time.Time
}

// publisher plays the platform's back end.
type publisher struct {
	platform *client
	tenant   *tenant
	query    []byte // JSON
	crawls   atomic.Int64
}

func newPublisher(i *installation) (*publisher, error) {
	query, err := json.Marshal(finishCrawl)
	return &publisher{platform: i.platform, tenant: i.tenant, query: query}, err
}

// publish finishes a crawl and returns the ref of its callback.
func (p *publisher) publish(ctx context.Context) (string, error) {
	body := fmt.Appendf(nil, `{"query":%s,"variables":{"input":{"crawlId":%d,"projectId":%d,"createdByUserId":%d}}}`,
		p.query, firstCrawl+p.crawls.Add(1), p.tenant.projectID, p.tenant.userID)
	answer, err := post[struct {
		FinishCrawl struct{ Callback struct{ Ref string } }
	}](ctx, p.platform, body)
	if err != nil {
		return "", fmt.Errorf("finishCrawl: %w", err)
	}
	if answer.FinishCrawl.Callback.Ref == "" {
		return "", errors.New("finishCrawl: no callback")
	}
	return answer.FinishCrawl.Callback.Ref, nil
}

// load publishes events and returns them when the last one is answered. The first error ends it.
type load func(context.Context, *publisher) ([]event, error)

// flood publishes n events as fast as so many publishers can, each one after the answer to its last.
func flood(n, publishers int) load {
	return func(ctx context.Context, p *publisher) ([]event, error) {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		events := make([]event, n)
		var next atomic.Int64
		var group sync.WaitGroup
		for range publishers {
			group.Go(func() {
				for k := next.Add(1) - 1; k < int64(n) && ctx.Err() == nil; k = next.Add(1) - 1 {
					cancelOn(cancel, p.fill(ctx, &events[k], time.Now()))
				}
			})
		}
		group.Wait()
		return events, context.Cause(ctx)
	}
}

// stream publishes events at a rate a second, whether or not earlier ones are answered. An event begins when its time has come: what
// is late is late for the caller too.
func stream(rate int, duration time.Duration) load {
	return func(ctx context.Context, p *publisher) ([]event, error) {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		interval := time.Second / time.Duration(rate)
		events := make([]event, max(1, int(duration/interval)))
		var group sync.WaitGroup
		begun := time.Now()
		for k := range events {
			due := begun.Add(time.Duration(k) * interval)
			if wait(ctx, time.Until(due)) != nil {
				break
			}
			group.Go(func() { cancelOn(cancel, p.fill(ctx, &events[k], due)) })
		}
		group.Wait()
		return events, context.Cause(ctx)
	}
}

func (p *publisher) fill(ctx context.Context, e *event, begun time.Time) (err error) {
	e.begun = begun
	e.ref, err = p.publish(ctx)
	e.answered = time.Now()
	return err
}

func cancelOn(cancel context.CancelCauseFunc, err error) {
	if err != nil {
		cancel(err)
	}
}
