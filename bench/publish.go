package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// finishCrawl is what a platform's back end sends.
const finishCrawl = `{"query":"mutation FinishCrawl($input: FinishCrawlInput!) { finishCrawl(input: $input) { crawl { status } callback { uid ref status } } }",` +
	`"variables":{"input":{"crawlId":%d,"projectId":%d,"createdByUserId":%d}}}`

// firstCrawl is far from the numbers of crawls that a history is made with.
const firstCrawl = 2_000_000_000

// event is one finished crawl.
type event struct {
	source

	ref             string // of its callback
	begun, answered time.Time
}

// waited is how long a callback took that arrived at this moment: from the answer of its mutation, or from when that
// was due. It may arrive before the answer.
func (e event) waited(at time.Time, fromAnswer bool) time.Duration {
	if fromAnswer {
		return max(0, at.Sub(e.answered))
	}
	return at.Sub(e.begun)
}

// publisher plays the platform's back end.
type publisher struct {
	i       *installation
	sources []source
	next    atomic.Int64
}

func newPublisher(i *installation, sources ...source) *publisher {
	return &publisher{i: i, sources: sources}
}

// publish finishes a crawl of the source whose turn it is, and notes the ref of its callback.
func (p *publisher) publish(ctx context.Context, e *event) error {
	e.source = p.sources[int(p.next.Add(1)-1)%len(p.sources)]
	body := fmt.Appendf(nil, finishCrawl, firstCrawl+p.i.crawls.Add(1), e.projectID, p.i.tenant.userID)
	answer, err := post[struct {
		FinishCrawl struct{ Callback struct{ Ref string } }
	}](ctx, p.i.platform, body)
	if err != nil {
		return fmt.Errorf("finishCrawl: %w", err)
	}
	if e.ref = answer.FinishCrawl.Callback.Ref; e.ref == "" {
		return errors.New("finishCrawl: no callback")
	}
	return nil
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

// stream publishes events at a rate a second, whether or not earlier ones are answered. An event begins when its time
// has come: what is late is late for the caller too.
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
	err = p.publish(ctx, e)
	e.answered = time.Now()
	return err
}

func cancelOn(cancel context.CancelCauseFunc, err error) {
	if err != nil {
		cancel(err)
	}
}
