package main

import (
	"bufio"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestLostAndRepeatedCallbacksAreCounted(t *testing.T) {
	t.Parallel()
	at := func(ms int) time.Time { return time.UnixMilli(int64(1000 + ms)) }
	posts := &tally{arrivals: map[string]*arrival{
		"once": {at(30), 1}, "thrice": {at(220), 3}, "before its answer": {at(11), 1}, "nobody's": {at(900), 9},
	}}
	var fast, slow source
	slow.slow = true
	events := []event{
		{fast, "once", at(20), at(25)},
		{fast, "thrice", at(0), at(5)},
		{fast, "before its answer", at(10), at(100)},
		{fast, "never", at(40), at(50)},
	}
	for name, test := range map[string]struct {
		last source // of the last but one
		by   terms
		want Deliveries
	}{
		"from when they were due": {fast, terms{}, Deliveries{
			Arrived: 3, DeliveredPerSecond: 3 / 0.22, Latency: Latency{P50: 10, P95: 220, P99: 220, Max: 220}, Lost: 1,
			Duplicates: 2,
		}},
		"from the answer": {fast, terms{fromAnswer: true}, Deliveries{
			Arrived: 3, DeliveredPerSecond: 3 / 0.22, Latency: Latency{P50: 5, P95: 215, P99: 215, Max: 215}, Lost: 1,
			Duplicates: 2,
		}},
		"until the run was over": {fast, terms{fromAnswer: true, until: at(210)}, Deliveries{
			Arrived: 2, DeliveredPerSecond: 2 / 0.03, Latency: Latency{P50: 5, P95: 205, P99: 205, Max: 205}, Late: 2,
		}},
		"without a slow one's latency": {slow, terms{fromAnswer: true}, Deliveries{
			Arrived: 3, DeliveredPerSecond: 3 / 0.22, Latency: Latency{P50: 5, P95: 215, P99: 215, Max: 215}, Lost: 1,
			Duplicates: 2,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			events := slices.Clone(events)
			events[2].source = test.last
			test.want.Callbacks, test.want.AcceptedPerSecond = 4, 4/0.1
			test.want.RatioToStraight = test.want.DeliveredPerSecond / 100
			if got := *posts.deliveries(events, 100, test.by); got != test.want {
				t.Errorf("\n got %+v\nwant %+v", got, test.want)
			}
		})
	}
}

func TestRateIsReachedWhenSoManyHaveArrivedWithinASecond(t *testing.T) {
	t.Parallel()
	at := func(seconds ...float64) (arrivals []time.Time) {
		for _, s := range seconds {
			arrivals = append(arrivals, time.Unix(1000, 0).Add(time.Duration(s*float64(time.Second))))
		}
		return arrivals
	}
	for name, test := range map[string]struct {
		at   []time.Time
		want Ramp
	}{
		"none":      {nil, Ramp{3, nil, []int{}}},
		"too few":   {at(0, 0.5), Ramp{3, nil, []int{2}}},
		"too slow":  {at(0, 0.9, 1.8, 2.7, 15), Ramp{3, nil, []int{2, 1, 1}}},
		"at once":   {at(0, 0, 0), Ramp{3, new(0.0), []int{3}}},
		"in a time": {at(2.5, 0, 1.75, 1.5, 2.75), Ramp{3, new(2.5), []int{1, 2, 2}}},
	} {
		if got := newRamp(test.at, 3); !reflect.DeepEqual(*got, test.want) {
			t.Errorf("%s: got %+v, want %+v", name, *got, test.want)
		}
	}
}

func TestHostsAnswerLogNormallyAndTheSameInEachRun(t *testing.T) {
	t.Parallel()
	sites := manyHosts(1000, 100, 100)
	if again := manyHosts(1000, 100, 100); !slices.Equal(sites, again) {
		t.Error("they differ from run to run")
	}
	var hang, slow, between, first int
	for _, s := range sites {
		if s.after < fastestAnswer || s.after > slowestAnswer {
			t.Errorf("answers after %v", s.after)
		}
		for _, is := range []struct {
			so    bool
			count *int
		}{
			{s.hangs, &hang},
			{s.slow, &slow},
			{s.after >= 100*time.Millisecond && s.after < 400*time.Millisecond, &between},
			{s.account == 0, &first},
		} {
			if is.so {
				*is.count++
			}
		}
	}
	if hang != 10 || slow != 500 || between < 500 || between > 520 || first != 10 {
		t.Errorf(
			"%d hang, %d are slow, %d answer between 100 and 400 ms, %d are of the first account", hang, slow, between, first,
		)
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
	const text = "*1\r\n$4\r\nPING\r\n" + "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$14\r\n*1\r\n$4\r\nPING\r\n\r\n" +
		"*2\r\n$3\r\nGET\r\n$0\r\n\r\n"
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
		p := newPublisher(
			&installation{platform: newClient("http://127.0.0.1:1", "x-api-key", ""), tenant: &tenant{}}, source{},
		)
		if _, err := l(t.Context(), p); err == nil || !strings.Contains(err.Error(), "finishCrawl") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// The baseline must not be cheaper or dearer than what it is compared with.
func TestStraightPostsHaveTheShapeOfCallbacks(t *testing.T) {
	t.Parallel()
	b := &bench{
		settings: settings{Engine: embedded, Binary: serverBinary(t), Patience: time.Minute}, ctx: t.Context(),
		dir: t.TempDir(),
	}
	i, err := b.install("", roleAll)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = i.close() }()
	if err := b.tryOne(i); err != nil {
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
