package callback_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
)

func TestHostOfAURLIsItsHostAndPortInLowerCase(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"https://example.com/hook":                   "example.com:443",
		"http://example.com/hook":                    "example.com:80",
		"https://example.com:443/":                   "example.com:443",
		"https://example.com:8443/":                  "example.com:8443",
		"http://example.com:443/":                    "example.com:443", // one receiver, whatever it speaks
		"https://example.com:/":                      "example.com:443",
		"HTTPS://EXAMPLE.com/Hook":                   "example.com:443",
		"https://BÜCHER.example/":                    "bücher.example:443",
		"https://example.com/other?a=1":              "example.com:443",
		"https://user:secret@example.com/":           "example.com:443",
		"http://127.0.0.1:8080/":                     "127.0.0.1:8080",
		"http://[::1]/":                              "::1:80",
		"https://[2001:DB8::1]:8443/":                "2001:db8::1:8443",
		"":                                           "",
		"garbage":                                    "garbage",
		"https://":                                   "https://",
		"https://exa mple.com/":                      "https://exa mple.com/",
		"http://[::1/":                               "http://[::1/",
		"https://h:port/" + strings.Repeat("a", 500): "https://h:port/" + strings.Repeat("a", 240),
		"https://h:port/" + strings.Repeat("é", 500): "https://h:port/" + strings.Repeat("é", 120),

		"https://" + strings.Repeat("a", 2000) + ".example:99/": strings.Repeat("a", 1012) + ":99",
		// three bytes each, in lower case
		"https://" + strings.Repeat("Ⱥ", 1000) + ".example/": strings.Repeat("ⱥ", 337) + ":443",
		"https://" + strings.Repeat("中", 253) + "/":          strings.Repeat("中", 253) + ":443",
		"https://ex%ff.example/":                             "ex\ufffd.example:443",
	} {
		if got := models.HostOf(raw); got != want {
			t.Errorf("%q: got %q, want %q", raw, got, want)
		}
	}
}

func TestCallbackWaitsInTheLaneOfItsTarget(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.ReadCallback(w.NewCallback().ID)
	if c.Lane != w.Lane(modelstest.ProjectHost) || !w.Due(c) {
		t.Errorf("it waits in %q, due: %t", c.Lane, w.Due(c))
	}
	w.Deliver(c.ID, modelstest.Answered(410))
	if got := w.Notices()[0].Lane; got != w.Lane(modelstest.WebhookHost) {
		t.Errorf("its notice waits in %q", got)
	}
}

func TestCallbackWhoseTargetMovedIsGivenBackToTheNewHost(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		url  *string
		host string
	}{
		"another host":       {new("https://mended.example/hook"), "mended.example:443"},
		"another port":       {new("https://project.example:8443/hook"), "project.example:8443"},
		"cleared, no host":   {nil, ""},
		"plain text instead": {new("http://project.example/hook"), "project.example:80"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			c := w.NewCallback()
			w.SetURL(test.url)
			w.Clock.Advance(time.Second)
			deliveries, movedTo, _, err := w.Claim(t.Context(), modelstest.Limit(w.Lane(modelstest.ProjectHost), 10))
			modelstest.NoError(t, err)
			if len(deliveries) != 0 || !slices.Equal(movedTo, []callback.Lane{w.Lane(test.host)}) {
				t.Fatalf("got %d deliveries, moved to %q", len(deliveries), movedTo)
			}
			want := *c
			want.TargetURL, want.Lane, want.NextAttemptAt = test.url, w.Lane(test.host), new(w.Clock.Now())
			if diff := cmp.Diff(&want, w.ReadCallback(c.ID)); diff != "" {
				t.Errorf("as if it had not been claimed: %s", diff)
			}
			if got := w.Attempts(c.ID); len(got) != 0 {
				t.Errorf("an attempt was made: %+v", got)
			}
			deliveries, movedTo, _, err = w.Claim(t.Context(), modelstest.Limit(w.Lane(test.host), 10))
			modelstest.NoError(t, err)
			if len(deliveries) != 1 || len(movedTo) != 0 || deliveries[0].Attempt.Number != 1 {
				t.Errorf("at the new host: %d deliveries, moved to %q", len(deliveries), movedTo)
			}
		})
	}
}

func TestAnotherPathOnTheSameHostIsNoMove(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.NewCallback()
	const other = "https://PROJECT.example:443/other"
	w.SetURL(new(other))
	deliveries, movedTo, _, err := w.Claim(t.Context(), modelstest.Limit(w.Lane(modelstest.ProjectHost), 10))
	modelstest.NoError(t, err)
	if len(deliveries) != 1 || len(movedTo) != 0 || deliveries[0].Target.URL != other ||
		*w.Attempts(c.ID)[0].URL != other {
		t.Errorf("got %v, %v", deliveries, movedTo)
	}
}

func TestClaimSortsOutWhatMovedAndSendsTheRest(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	moved := w.NewCallback()
	project := w.NewProject(w.Acme, new(modelstest.ProjectURL))
	in := w.CrawlEnd(77)
	in.ProjectID = &project.ID
	_, stays, err := w.FinishCrawl(t.Context(), w.Platform, in)
	modelstest.NoError(t, err)
	w.SetURL(new("https://mended.example/"))
	deliveries, movedTo, _, err := w.Claim(
		t.Context(),
		append(
			modelstest.Limit(w.Lane(modelstest.ProjectHost), 10),
			modelstest.Limit(modelstest.LaneOf(project, modelstest.ProjectHost), 10)...,
		),
	)
	modelstest.NoError(t, err)
	if len(deliveries) != 1 || deliveries[0].Callback.ID != stays.ID ||
		!slices.Equal(movedTo, []callback.Lane{w.Lane("mended.example:443")}) {
		t.Errorf("got %v, moved to %v", deliveries, movedTo)
	}
	if secrets := deliveries[0].Secrets(); len(secrets) != 1 || secrets[0].Owner.ProjectID != project.ID {
		t.Errorf("signed with %+v", secrets)
	}
	modelstest.WantStatus(t, w.ReadCallback(moved.ID), callback.StatusPending)
}

func TestClaimTakesNoMoreThanTheLimitTheLongestWaitingFirst(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	first := w.NewCallback()
	rest := w.MoreCallbacks(w.ReadCallback(first.ID), modelstest.ProjectHost, 4)
	w.MustClaim(first.ID)
	w.Clock.Advance(time.Second)
	for _, want := range [][]int64{rest[:3], rest[3:], {}} {
		got := []int64{}
		for _, d := range w.ClaimLane(w.Lane(modelstest.ProjectHost), 3) {
			got = append(got, d.Callback.ID)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("claimed %v, want %v", got, want)
		}
	}
}

func TestClaimersAtOnceShareNoCallbackAndEachAttemptHasItsRow(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	first := w.NewCallback()
	want := append([]int64{first.ID}, w.MoreCallbacks(first, modelstest.ProjectHost, 39)...)
	w.Clock.Advance(time.Second)
	claimed := make([][]*callback.Delivery, 16)
	modelstest.AtOnce(len(claimed), func(i int) {
		for {
			deliveries, _, _, err := w.Claim(t.Context(), modelstest.Limit(w.Lane(modelstest.ProjectHost), 3))
			if err != nil {
				t.Error(err)
			}
			if len(deliveries) == 0 {
				return
			}
			claimed[i] = append(claimed[i], deliveries...)
		}
	})
	got := []int64{}
	for _, d := range slices.Concat(claimed...) {
		got = append(got, d.Callback.ID)
		if d.Attempt.ID == 0 || d.Attempt.CallbackID != d.Callback.ID {
			t.Errorf("the attempt is %+v", d.Attempt)
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	counts, err := w.CountAttempts(t.Context(), w.Platform.Scope(models.RoleViewer), want)
	modelstest.NoError(t, err)
	for _, id := range want {
		if counts[id] != 1 {
			t.Errorf("callback %d has %d attempts", id, counts[id])
		}
	}
}
