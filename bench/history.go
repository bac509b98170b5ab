package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

type historyCommand struct {
	Small   int           `default:"10000" help:"Callbacks in the short history."`
	Large   int           `default:"1000000" help:"Callbacks in the long history."`
	Samples int           `default:"300" help:"Requests for each kind of page."`
	Limit   time.Duration `default:"10s" help:"Fewer requests where they take longer than this, but at least 5."`
}

// minSamples are made of every page, however slow it is.
const minSamples = 5

// maxCounted is how far a list's totalCount goes; one more stands for any number.
const maxCounted = 5_000

// middles are the places in the middle of the history from which pages are read, spread over a fifth of it.
const middles = 16

// History is what pages of a short and of a long history cost.
type History struct {
	Small int     `json:"small"`
	Large int     `json:"large"`
	Pages []*Page `json:"pages"`
}

// Page is a kind of page, in both histories.
type Page struct {
	Place      string  `json:"place"`
	Filter     string  `json:"filter"`
	TotalCount bool    `json:"total_count"`
	InSmall    Latency `json:"in_small"`
	InLarge    Latency `json:"in_large"`
	Ratio      float64 `json:"ratio"` // of the 99th percentiles

	oneIn     int // so many callbacks match the filter; 0: none
	variables map[string]any
}

// Places in a list.
const (
	firstPage  = "first"
	middlePage = "middle"
)

// Validate is called by kong.
func (c historyCommand) Validate() error {
	if c.Small < 100 || c.Large < c.Small || c.Samples < 1 {
		return errors.New("-small must be at least 100, -large at least -small, -samples at least 1")
	}
	return nil
}

// Run measures a short history, makes it long, and measures it again.
func (c historyCommand) Run(b *bench) error {
	for round := range b.Rounds {
		baseline, err := b.straight()
		if err != nil {
			return err
		}
		i, err := b.install("", roleAll)
		if err != nil {
			return err
		}
		r := b.newResult("history", i)
		r.Round, r.StraightPerSecond = round+1, baseline
		if err := errors.Join(i.cause(c.measure(b, i, r)), i.close()); err != nil {
			return err
		}
		if err := b.print(r); err != nil {
			return err
		}
	}
	return nil
}

func (c historyCommand) measure(b *bench, i *installation, r *result) (err error) {
	if r.Durability, err = i.db.durability(i.ctx); err != nil {
		return err
	}
	f := newFiller(i, c.Large)
	user := newClient(i.processes[0].base, "x-auth-token", i.tenant.session)
	defer user.close()
	meter := i.meter()
	before := meter.cpu()
	r.History = &History{Small: c.Small, Large: c.Large, Pages: pages()}
	for _, count := range []int{c.Small, c.Large} {
		b.note("filling the database with %d callbacks", count)
		if err := errors.Join(f.finishTo(i.ctx, count), f.settle(i.ctx)); err != nil {
			return err
		}
		cursors, err := c.cursors(i.ctx, user, f)
		if err != nil {
			return err
		}
		b.note("reading pages")
		for _, p := range r.Pages {
			latency, err := c.read(i.ctx, user, f, p, cursors)
			if err != nil {
				return fmt.Errorf("the %s page, filter %s: %w", p.Place, p.Filter, err)
			}
			if count == c.Small {
				p.InSmall = latency
			}
			p.InLarge = latency
		}
	}
	for _, p := range r.Pages {
		p.Ratio = ratio(p.InLarge.P99, p.InSmall.P99)
	}
	r.CPUSeconds, r.PeakMemory = meter.cpuSince(before), i.memory(peakMemory)
	return nil
}

// pages are all kinds: both places, every filter, with and without totalCount.
func pages() (kinds []*Page) {
	filters := []struct {
		name  string
		oneIn int
		value map[string]any
	}{
		{"none", 1, nil},
		{"status (1 in 49)", 49, map[string]any{"status": []string{"FAILED"}}},
		{"event (1 in 5)", 5, map[string]any{"event": []string{"REPORT_DOWNLOAD_GENERATED"}}},
		{
			"both (1 in 245)", 245, map[string]any{"status": []string{"FAILED"}, "event": []string{"REPORT_DOWNLOAD_GENERATED"}},
		},
		{"httpStatus (1 in 49)", 49, map[string]any{"httpStatus": 410}},
		{"errorCode (1 in 49)", 49, map[string]any{"errorCode": []string{"HTTP_STATUS"}}},
		{"errorCode (nothing)", 0, map[string]any{"errorCode": []string{"TIMEOUT"}}},
		{"host (nothing)", 0, map[string]any{"host": "nowhere.example.com"}},
		{"status (nothing)", 0, map[string]any{"status": []string{"PENDING"}}},
		{"event (nothing)", 0, map[string]any{"event": []string{"JOB_UPDATED"}}},
		{"httpStatus (nothing)", 0, map[string]any{"httpStatus": 418}},
	}
	for _, filter := range filters {
		for _, place := range []string{firstPage, middlePage} {
			for _, total := range []bool{false, true} {
				kinds = append(kinds, &Page{
					Place: place, Filter: filter.name, TotalCount: total, oneIn: filter.oneIn,
					variables: map[string]any{"filter": filter.value},
				})
			}
		}
	}
	return kinds
}

// list is what a page of the history reads.
const list = `query($account: ObjectID!, $first: Int, $after: String, $filter: CallbackFilter) {
	getAccount(id: $account) { callbacks(first: $first, after: $after, filter: $filter) { {totalCount} pageInfo { hasNextPage endCursor } nodes {
		id uid event status targetUrl httpStatus attemptCount createdAt finishedAt
		attempts(first: 5) { nodes { number startedAt httpStatus durationMs error { code message } } }
	} } } }`

type listAnswer struct {
	GetAccount struct {
		Callbacks struct {
			TotalCount int
			PageInfo   struct{ EndCursor *string }
			Nodes      []struct{ ID string }
		}
	}
}

// query is the list, with totalCount where it is asked for.
func query(total bool) string {
	field := ""
	if total {
		field = "totalCount"
	}
	return strings.Replace(list, "{totalCount}", field, 1)
}

// cursors finds places around the middle: the first callback before a moment has a cursor that is good in every list of
// them.
func (c historyCommand) cursors(ctx context.Context, user *client, f *filler) ([]string, error) {
	found := make([]string, middles)
	for k := range found {
		n := f.finished*2/5 + k*f.finished/5/middles
		answer, err := ask[listAnswer](ctx, user, query(false), map[string]any{
			"account": f.tenant.accountID, "first": 1,
			"filter": map[string]any{"createdBefore": f.at(n).Format(time.RFC3339Nano)},
		})
		if err != nil {
			return nil, err
		}
		end := answer.GetAccount.Callbacks.PageInfo.EndCursor
		if end == nil {
			return nil, errors.New("the middle of the history is empty")
		}
		found[k] = *end
	}
	return found, nil
}

// read reads a kind of page again and again.
func (c historyCommand) read(ctx context.Context, user *client, f *filler, p *Page, cursors []string) (Latency, error) {
	var took []time.Duration
	begun := time.Now()
	for k := range c.Samples {
		if k >= minSamples && time.Since(begun) > c.Limit {
			break
		}
		p.variables["account"], p.variables["first"] = f.tenant.accountID, 20
		if p.Place == middlePage {
			p.variables["after"] = cursors[k%len(cursors)]
		}
		sent := time.Now()
		answer, err := ask[listAnswer](ctx, user, query(p.TotalCount), p.variables)
		if err != nil {
			return Latency{}, err
		}
		took = append(took, time.Since(sent))
		if err := p.check(answer, f.finished); err != nil {
			return Latency{}, err
		}
	}
	return newLatency(took), nil
}

// check: a wrong answer may not win time. Of every so many callbacks the filler makes the last one to match.
func (p *Page) check(answer listAnswer, count int) error {
	matching := 0
	if p.oneIn > 0 {
		matching = count / p.oneIn
	}
	// Behind a place in the middle are two fifths of them at least; the place itself is not exact to the callback.
	most, least := min(matching, 20), min(matching, 20)
	if p.Place == middlePage {
		least = min(matching/3, 20)
	}
	if n := len(answer.GetAccount.Callbacks.Nodes); n < least || n > most {
		return fmt.Errorf("%d callbacks instead of %d", n, most)
	}
	want := min(matching, maxCounted+1)
	if total := answer.GetAccount.Callbacks.TotalCount; p.TotalCount && total != want {
		return fmt.Errorf("totalCount is %d instead of %d", total, want)
	}
	return nil
}

func (h *History) describe(w io.Writer) {
	var places, filters, totals, ratios []any
	latencies := make([][]any, 4)
	for _, p := range h.Pages {
		total := ""
		if p.TotalCount {
			total = "yes"
		}
		places, filters, totals, ratios = append(places, p.Place), append(filters, p.Filter), append(totals, total), append(ratios, p.Ratio)
		for k, value := range []float64{p.InSmall.P50, p.InSmall.P99, p.InLarge.P50, p.InLarge.P99} {
			latencies[k] = append(latencies[k], value)
		}
	}
	small, large := strconv.Itoa(h.Small), strconv.Itoa(h.Large)
	t := table{}
	t.add("page", "%s", places...)
	t.add("filter", "%s", filters...)
	t.add("totalCount", "%s", totals...)
	for k, head := range []string{small + ": p50 ms", "p99 ms", large + ": p50 ms", "p99 ms"} {
		t.add(head, "%.2f", latencies[k]...)
	}
	t.add("p99 ratio", "%.2f", ratios...)
	t.write(w)
}
