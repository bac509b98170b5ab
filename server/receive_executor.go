package main

import (
	"encoding/json"
	"net/http"
)

// executorPath is where the receiver also plays the platform's executor of an action.
const executorPath = "/executor"

// executorCall is what the played executor reads of a call.
type executorCall struct {
	Input    json.RawMessage `json:"input"`
	Page     int             `json:"page"`
	PageSize int             `json:"page_size"`
}

// executorPages is how many pages the played executor has for each input.
const executorPages = 10

// playExecutor answers a call with a full page of numbered results.
func playExecutor(w http.ResponseWriter, q *http.Request) {
	var call executorCall
	if err := json.NewDecoder(http.MaxBytesReader(w, q.Body, 1<<20)).Decode(&call); err != nil {
		http.Error(w, `{"message":"the call is not JSON"}`, http.StatusBadRequest)
		return
	}
	type result struct {
		Number int             `json:"number"`
		Of     json.RawMessage `json:"of"`
	}
	results := make([]result, call.PageSize)
	for i := range results {
		results[i] = result{Number: (call.Page-1)*call.PageSize + i + 1, Of: call.Input}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"results": results, "has_more": call.Page < executorPages})
}
