package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
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
	"X-Callback-Ref":     {"019ad3f0-0000-7000-8000-000000000001"},
	"X-Run-Callback":     {"019ad3f0-0000-7000-8000-000000000002"},
	"Webhook-Id":         {"019ad3f0-0000-7000-8000-000000000001"},
	"Webhook-Timestamp":  {"1767323045"},
	"Webhook-Signature":  {"v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="},
}

// straight measures what this machine can do: the same bytes, from net/http to net/http, with nothing between. It returns posts a
// second.
func straight(ctx context.Context, r *receiver, duration time.Duration) (float64, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: straightClients, DisableCompression: true}}
	defer client.CloseIdleConnections()
	failed := make(chan error, straightClients)
	var group sync.WaitGroup
	begun := time.Now()
	for range straightClients {
		group.Go(func() {
			for time.Since(begun) < duration {
				if err := postStraight(ctx, client, r.base+straightPath); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	group.Wait()
	took := time.Since(begun)
	select {
	case err := <-failed:
		return 0, err
	default:
	}
	return float64(r.straight.Swap(0)) / took.Seconds(), nil
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
