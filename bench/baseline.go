package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// straightClients post at a time.
const straightClients = 32

// straightBody and straightHeaders are what a callback is made of: 232 bytes of body and about as much in the headers.
const straightBody = "message=crawl_status&resource=crawl&crawl_id=2000000001&project_id=1&account_id=123123&user_id=123123" +
	"&partner_account_id=123123&partner_user_id=3333312&status=finished&href=%2Faccounts%2F123123%2Fprojects%2F1%2Fcrawls%2F2000000001"

var straightHeaders = http.Header{
	"Authorization":      {"Bearer your-token"},
	"Content-Type":       {"application/x-www-form-urlencoded"},
	"User-Agent":         {"Ringback/dev"},
	"X-Callback-Attempt": {"1"},
	"X-Callback-Event":   {"CRAWL_FINISHED"},
	"X-Callback-Ref":     {"019ad3f0-0000-7000-8000-000000000001"},
	"X-Run-Callback":     {"019ad3f0-0000-7000-8000-000000000002"},
	"Webhook-Id":         {"019ad3f0-0000-7000-8000-000000000001"},
	"Webhook-Timestamp":  {"1767323045"},
	"Webhook-Signature":  {"v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="},
}

// straight measures what this machine can do: the same bytes, from net/http to net/http, with nothing between, so many
// clients of one URL each, on connections that are open by then. It returns posts a second.
func straight(ctx context.Context, urls []string, clients int, duration time.Duration) (float64, error) {
	client := &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: clients, DisableCompression: true}, Timeout: requestTimeout,
	}
	defer client.CloseIdleConnections()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var posts atomic.Int64
	post := func(until time.Time) {
		var group sync.WaitGroup
		for k := range clients {
			group.Go(func() {
				for first := true; (first || time.Now().Before(until)) && ctx.Err() == nil; first = false {
					cancelOn(cancel, postStraight(ctx, client, urls[k%len(urls)]))
					posts.Add(1)
				}
			})
		}
		group.Wait()
	}
	post(time.Time{}) // one each
	posts.Store(0)
	begun := time.Now()
	post(begun.Add(duration))
	return perSecond(int(posts.Load()), time.Since(begun)), context.Cause(ctx)
}

// straight measures the baseline of a run, before its server is started.
func (b *bench) straight() (float64, error) {
	r, err := startReceiver(b.ctx)
	if err != nil {
		return 0, err
	}
	defer r.close()
	return straight(b.ctx, []string{r.base + straightPath}, straightClients, b.Baseline)
}

// straightTo measures what the receivers of a run can take, before its server is started: of those that hang nothing is
// expected.
func (b *bench) straightTo(sites []site) (float64, error) {
	r, err := startReceiver(b.ctx)
	if err != nil {
		return 0, err
	}
	defer r.close()
	var urls []string
	for _, s := range sites {
		if !s.hangs {
			urls = append(urls, r.open(s.endpoint, r.tally))
		}
	}
	return straight(b.ctx, urls, b.Clients, b.Baseline)
}

func postStraight(ctx context.Context, client *http.Client, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(straightBody))
	if err != nil {
		return err
	}
	request.Header = straightHeaders.Clone()
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("a straight post: HTTP %d", response.StatusCode)
	}
	return nil
}
