package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

const finishCrawls = `mutation FinishCrawls($input: FinishCrawlsInput!) { finishCrawls(input: $input) {
	results { crawl { status } callback { uid ref status } errors { message } } } }`

// floodOfMany publishes n events as flood does, at most so many with each mutation.
func floodOfMany(n, publishers, at int) load {
	return func(ctx context.Context, p *publisher) ([]event, error) {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		events := make([]event, n)
		parts := make(chan []event, n/at+1)
		for part := range slices.Chunk(events, at) {
			parts <- part
		}
		close(parts)
		var group sync.WaitGroup
		for range publishers {
			group.Go(func() {
				for part := range parts {
					if ctx.Err() != nil {
						return
					}
					cancelOn(cancel, p.publishMany(ctx, part))
				}
			})
		}
		group.Wait()
		return events, context.Cause(ctx)
	}
}

// publishMany finishes a crawl for each event, in one mutation, and notes the refs of their callbacks.
func (p *publisher) publishMany(ctx context.Context, events []event) error {
	begun := time.Now()
	crawls := make([]map[string]any, len(events))
	for k := range events {
		e := &events[k]
		e.begun, e.source = begun, p.sources[int(p.next.Add(1)-1)%len(p.sources)]
		crawls[k] = map[string]any{
			"crawlId": firstCrawl + p.i.crawls.Add(1), "projectId": e.projectID, "createdByUserId": p.i.tenant.userID,
		}
	}
	answer, err := ask[struct {
		FinishCrawls struct {
			Results []struct{ Callback struct{ Ref string } }
		}
	}](ctx, p.i.platform, finishCrawls, map[string]any{"input": map[string]any{"crawls": crawls}})
	if err != nil {
		return fmt.Errorf("finishCrawls: %w", err)
	}
	if len(answer.FinishCrawls.Results) != len(events) {
		return errors.New("finishCrawls: not as many results as crawls")
	}
	for k, r := range answer.FinishCrawls.Results {
		events[k].answered = time.Now()
		if events[k].ref = r.Callback.Ref; events[k].ref == "" {
			return errors.New("finishCrawls: no callback")
		}
	}
	return nil
}
