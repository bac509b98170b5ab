package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// requestTimeout: the slowest pages of a long history take seconds.
const requestTimeout = 60 * time.Second

// client speaks GraphQL, over connections that it keeps.
type client struct {
	http       *http.Client
	url        string
	credential [2]string // header and value
}

func newClient(base, header, value string) *client {
	return &client{
		// As many as there are publishers, and those of a steady rate that take long.
		http: &http.Client{
			Transport: &http.Transport{MaxIdleConnsPerHost: 1000, DisableCompression: true}, Timeout: requestTimeout,
		},
		url: base + "/graphql", credential: [2]string{header, value},
	}
}

func (c *client) close() { c.http.CloseIdleConnections() }

// operation is the body of a request.
func operation(query string, variables map[string]any) ([]byte, error) {
	return json.Marshal(map[string]any{"query": query, "variables": variables})
}

// ask sends an operation and reads its data.
func ask[T any](ctx context.Context, c *client, query string, variables map[string]any) (T, error) {
	body, err := operation(query, variables)
	if err != nil {
		var none T
		return none, err
	}
	return post[T](ctx, c, body)
}

// post sends the body of an operation and reads its data.
func post[T any](ctx context.Context, c *client, body []byte) (T, error) {
	var answer struct {
		Data   T
		Errors []struct{ Message string }
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return answer.Data, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(c.credential[0], c.credential[1])
	response, err := c.http.Do(request)
	if err != nil {
		return answer.Data, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return answer.Data, err
	}
	if response.StatusCode != http.StatusOK {
		return answer.Data, fmt.Errorf("HTTP %d: %s", response.StatusCode, text)
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return answer.Data, fmt.Errorf("%w: %s", err, text)
	}
	if len(answer.Errors) > 0 {
		return answer.Data, fmt.Errorf("GraphQL: %s", text)
	}
	return answer.Data, nil
}
