package models_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
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
		"https://" + strings.Repeat("Ⱥ", 1000) + ".example/":    strings.Repeat("ⱥ", 337) + ":443", // three bytes each, in lower case
		"https://" + strings.Repeat("中", 253) + "/":             strings.Repeat("中", 253) + ":443",
		"https://ex%ff.example/":                                "ex\ufffd.example:443",
	} {
		if got := models.HostOf(raw); got != want {
			t.Errorf("%q: got %q, want %q", raw, got, want)
		}
	}
}

// setURL changes the project's callback URL.
func (w *world) setURL(url *string) {
	w.t.Helper()
	_, err := w.UpdateProject(w.t.Context(), w.editor, models.ProjectUpdate{
		ProjectID: w.project.ID, Callback: models.EndpointUpdate{URL: models.Given(url)},
	})
	noError(w.t, err)
}

func TestCallbackWaitsInTheLaneOfItsTarget(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.callback(w.raised().ID)
	if c.Lane != w.lane(projectHost) || !w.due(c) {
		t.Errorf("it waits in %q, due: %t", c.Lane, w.due(c))
	}
	w.deliver(c.ID, answered(410))
	if got := w.notices()[0].Lane; got != w.lane(webhookHost) {
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
			w := newWorld(t)
			c := w.raised()
			w.setURL(test.url)
			w.clock.advance(time.Second)
			deliveries, movedTo, _, err := w.Claim(t.Context(), of(w.lane(projectHost), 10))
			noError(t, err)
			if len(deliveries) != 0 || !slices.Equal(movedTo, []models.Lane{w.lane(test.host)}) {
				t.Fatalf("got %d deliveries, moved to %q", len(deliveries), movedTo)
			}
			want := *c
			want.TargetURL, want.Lane, want.NextAttemptAt = test.url, w.lane(test.host), new(w.clock.now())
			if diff := cmp.Diff(&want, w.callback(c.ID)); diff != "" {
				t.Errorf("as if it had not been claimed: %s", diff)
			}
			if got := w.attempts(c.ID); len(got) != 0 {
				t.Errorf("an attempt was made: %+v", got)
			}
			deliveries, movedTo, _, err = w.Claim(t.Context(), of(w.lane(test.host), 10))
			noError(t, err)
			if len(deliveries) != 1 || len(movedTo) != 0 || deliveries[0].Attempt.Number != 1 {
				t.Errorf("at the new host: %d deliveries, moved to %q", len(deliveries), movedTo)
			}
		})
	}
}

func TestAnotherPathOnTheSameHostIsNoMove(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.raised()
	const other = "https://PROJECT.example:443/other"
	w.setURL(new(other))
	deliveries, movedTo, _, err := w.Claim(t.Context(), of(w.lane(projectHost), 10))
	noError(t, err)
	if len(deliveries) != 1 || len(movedTo) != 0 || deliveries[0].Target.URL != other || *w.attempts(c.ID)[0].URL != other {
		t.Errorf("got %v, %v", deliveries, movedTo)
	}
}

func TestClaimSortsOutWhatMovedAndSendsTheRest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	moved := w.raised()
	project := w.newProject(w.account, new(projectURL))
	in := w.ended(77)
	in.ProjectID = &project.ID
	_, stays, err := w.FinishCrawl(t.Context(), w.platform, in)
	noError(t, err)
	w.setURL(new("https://mended.example/"))
	deliveries, movedTo, _, err := w.Claim(t.Context(), append(of(w.lane(projectHost), 10), of(laneOf(project, projectHost), 10)...))
	noError(t, err)
	if len(deliveries) != 1 || deliveries[0].Callback.ID != stays.ID || !slices.Equal(movedTo, []models.Lane{w.lane("mended.example:443")}) {
		t.Errorf("got %v, moved to %v", deliveries, movedTo)
	}
	if secrets := deliveries[0].Secrets(); len(secrets) != 1 || secrets[0].Owner.ProjectID != project.ID {
		t.Errorf("signed with %+v", secrets)
	}
	wantStatus(t, w.callback(moved.ID), models.StatusPending)
}

func TestClaimTakesNoMoreThanTheLimitTheLongestWaitingFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.raised()
	rest := w.waiting(w.callback(first.ID), projectHost, 4)
	w.claim(first.ID)
	w.clock.advance(time.Second)
	for _, want := range [][]int64{rest[:3], rest[3:], {}} {
		got := []int64{}
		for _, d := range w.claimLane(w.lane(projectHost), 3) {
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
	w := newWorld(t)
	first := w.raised()
	want := append([]int64{first.ID}, w.waiting(first, projectHost, 39)...)
	w.clock.advance(time.Second)
	claimed := make([][]*models.Delivery, 16)
	atOnce(len(claimed), func(i int) {
		for {
			deliveries, _, _, err := w.Claim(t.Context(), of(w.lane(projectHost), 3))
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
	counts, err := w.CountAttempts(t.Context(), w.platform, want)
	noError(t, err)
	for _, id := range want {
		if counts[id] != 1 {
			t.Errorf("callback %d has %d attempts", id, counts[id])
		}
	}
}
