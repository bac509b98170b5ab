package main

import (
	"bufio"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestLostAndRepeatedCallbacksAreCounted(t *testing.T) {
	t.Parallel()
	at := func(ms int) time.Time { return time.UnixMilli(int64(1000 + ms)) }
	r := &receiver{arrivals: map[string]*arrival{
		"once": {at(30), 1}, "thrice": {at(220), 3}, "before its answer": {at(11), 1}, "nobody's": {at(900), 9},
	}}
	got := *r.deliveries([]event{
		{"once", at(20), at(25)}, {"thrice", at(0), at(5)}, {"before its answer", at(10), at(100)}, {"never", at(40), at(50)},
	}, 100)
	want := Deliveries{
		Callbacks: 4, AcceptedPerSecond: 4 / 0.1, DeliveredPerSecond: 3 / 0.22, RatioToStraight: 3 / 0.22 / 100,
		Latency: Latency{P50: 10, P95: 220, P99: 220, Max: 220}, Lost: 1, Duplicates: 2,
	}
	if got != want {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
}

func TestPercentileIsTheSmallestThatSoManyDoNotExceed(t *testing.T) {
	t.Parallel()
	var hundred []time.Duration
	for ms := range 100 {
		hundred = append(hundred, time.Duration(100-ms)*time.Millisecond)
	}
	for name, test := range map[string]struct {
		took []time.Duration
		want Latency
	}{
		"none":    {nil, Latency{}},
		"one":     {[]time.Duration{time.Second}, Latency{1000, 1000, 1000, 1000}},
		"hundred": {hundred, Latency{50, 95, 99, 100}},
	} {
		if got := newLatency(test.took); got != test.want {
			t.Errorf("%s: got %+v, want %+v", name, got, test.want)
		}
	}
}

func TestMedianIsTheMiddle(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 2, 9}, 3}} {
		if got := median(test.values); got != test.want {
			t.Errorf("%v: got %v, want %v", test.values, got, test.want)
		}
	}
}

func TestRedisCommandsAreCountedOneByOne(t *testing.T) {
	t.Parallel()
	// The value of the second looks like a command.
	const text = "*1\r\n$4\r\nPING\r\n" + "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$14\r\n*1\r\n$4\r\nPING\r\n\r\n" + "*2\r\n$3\r\nGET\r\n$0\r\n\r\n"
	r := bufio.NewReader(strings.NewReader(text))
	count := 0
	for skipCommand(r) == nil {
		count++
	}
	if count != 3 {
		t.Errorf("counted %d, want 3", count)
	}
}

func TestAPublisherThatFailsEndsTheLoad(t *testing.T) {
	t.Parallel()
	for name, l := range map[string]load{"flood": flood(1000, 4), "stream": stream(1000, time.Minute)} {
		p := &publisher{platform: newClient("http://127.0.0.1:1", "x-api-key", ""), tenant: &tenant{}, query: []byte(`""`)}
		if _, err := l(t.Context(), p); err == nil || !strings.Contains(err.Error(), "finishCrawl") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// The baseline must not be cheaper or dearer than what it is compared with.
func TestStraightPostsHaveTheShapeOfCallbacks(t *testing.T) {
	t.Parallel()
	b := &bench{settings: settings{Engine: embedded, Binary: serverBinary(t), Patience: time.Minute}, ctx: t.Context(), dir: t.TempDir()}
	i, err := b.install("", roleAll)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = i.close() }()
	p, err := newPublisher(i)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.tryOne(i, p); err != nil {
		t.Fatal(err)
	}
	header, body := i.receiver.header.Clone(), string(i.receiver.body)
	header.Del("Content-Length")
	names := func(h http.Header) []string { return slices.Sorted(maps.Keys(h)) }
	if got, want := names(straightHeaders), names(header); !slices.Equal(got, want) {
		t.Errorf("headers of a straight post: %v, of a callback: %v", got, want)
	}
	fields := func(body string) (names []string) {
		for pair := range strings.SplitSeq(body, "&") {
			name, _, _ := strings.Cut(pair, "=")
			names = append(names, name)
		}
		return names
	}
	if got, want := fields(straightBody), fields(body); !slices.Equal(got, want) {
		t.Errorf("fields of a straight post: %v, of a callback: %v", got, want)
	}
	if _, err := url.ParseQuery(straightBody); err != nil {
		t.Error(err)
	}
}
