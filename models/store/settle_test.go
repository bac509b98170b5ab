package store_test

import (
	"context"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
)

// hand is what a worker has of a callback.
type hand struct {
	callback *callback.Callback
	attempt  *callback.Attempt
}

// inHand claims so many new callbacks, and begins an attempt of each.
func inHand(t *testing.T, s *store.Store, n *customer, count int) []hand {
	t.Helper()
	hands := make([]hand, count)
	for i := range hands {
		c := claim(t, s, newCallback(t, s, n, start), start, start.Add(time.Minute))
		hands[i] = hand{c, newAttempt(t, s, c, c.AttemptCount)}
	}
	return hands
}

// split returns the callbacks and the attempts of hands.
func split(hands []hand) (callbacks []*callback.Callback, attempts []*callback.Attempt) {
	for _, h := range hands {
		callbacks, attempts = append(callbacks, h.callback), append(attempts, h.attempt)
	}
	return callbacks, attempts
}

// kept reads what the database has of callbacks and of their first attempts, with the answers.
func kept(t *testing.T, s *store.Store, hands []hand) []hand {
	t.Helper()
	found := make([]hand, len(hands))
	for i, h := range hands {
		pages, err := s.AttemptPages(t.Context(), everything(), []int64{h.callback.ID}, models.Page{First: 1})
		modelstest.NoError(t, err)
		found[i] = hand{read(t, s, h.callback.ID), pages[h.callback.ID].Nodes[0]}
		bodies, err := s.Texts(t.Context(), everything(), models.ResponseBodyText, found[i].attempt.ID)
		modelstest.NoError(t, err)
		found[i].attempt.ResponseBody = []byte(bodies[found[i].attempt.ID])
	}
	return found
}

func wantKept(t *testing.T, s *store.Store, want []hand) {
	t.Helper()
	// No answer and an empty one are the same.
	if diff := cmp.Diff(want, kept(t, s, want), cmp.AllowUnexported(hand{}), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("-want +kept: %s", diff)
	}
}

// arrive ends a callback and its attempt well.
func (h hand) arrive() {
	h.callback.Status, h.callback.FinishedAt, h.callback.LeaseUntil, h.callback.HTTPStatus = callback.StatusSuccess, &start, nil, new(200)
	h.attempt.FinishedAt, h.attempt.HTTPStatus, h.attempt.Duration = &start, new(200), time.Second
}

func TestSettlingNothingExecutesNothing(t *testing.T) {
	t.Parallel()
	var executed atomic.Int64
	s := storetest.Open(t, store.WithStatementLog(func(context.Context, string, time.Duration) { executed.Add(1) }))
	before := executed.Load()
	if owned, err := s.SettleCallbacks(t.Context()); len(owned) != 0 || err != nil {
		t.Errorf("got %v, %v", owned, err)
	}
	modelstest.NoError(t, s.FinishAttempts(t.Context()))
	if got := executed.Load() - before; got != 0 {
		t.Errorf("%d statements were executed", got)
	}
}

// awkward are texts that mean something where rows are written as text.
var awkward = []string{
	"", "NULL", "null", "{}", `{"a","b"}`, `a,b`, `\`, `\\"`, `it's "quoted"`, "line\nbreak\r\ttab", "$1 ? :name",
	"ünïcode ✓ 🙂", strings.Repeat("long ", 5000),
}

// changes give what a worker has in hand a value in each column that is written, or in none where that may be.
var changes = map[string]func(h hand, text string){
	"ended well": func(h hand, _ string) { h.arrive() },
	"given up, and nothing is known": func(h hand, _ string) {
		h.callback.Status, h.callback.FinishedAt, h.callback.LeaseUntil = callback.StatusFailed, &start, nil
	},
	"to be tried again": func(h hand, text string) {
		c, a := h.callback, h.attempt
		c.Status, c.NextAttemptAt, c.LeaseUntil = callback.StatusPending, new(start.Add(time.Hour)), nil
		c.TargetURL, c.FailureCount, c.HTTPStatus = &text, math.MaxInt32, new(599)
		c.Error = &callback.AttemptError{Code: callback.AttemptErrorCode(text), Message: "message " + text}
		a.FinishedAt, a.Duration, a.HTTPStatus, a.Error = new(start.Add(time.Microsecond)), 24*time.Hour, new(599), c.Error
		a.Timings = callback.Timings{
			DNS: time.Microsecond, Connect: 2 * time.Microsecond, TLS: 3 * time.Microsecond, FirstByte: 4 * time.Microsecond,
		}
		a.ResponseBody = []byte("\x00\xff" + text)
	},
}

func TestSettledRowsAreAsGivenTogetherOrEachAlone(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]int{"each alone": 1, "three at a time": 3, "all together": 1000} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := storetest.Open(t)
			n := newCustomer(t, s, "a")
			all := inHand(t, s, n, len(awkward)*len(changes))
			untouched := inHand(t, s, n, 2)
			i := 0
			for _, text := range awkward {
				for _, change := range changes { // in any order: neighbours have values where a row has none
					change(all[i], text)
					i++
				}
			}
			for batch := range slices.Chunk(all, size) {
				callbacks, attempts := split(batch)
				owned, err := s.SettleCallbacks(t.Context(), callbacks...)
				modelstest.NoError(t, err)
				if len(owned) != len(batch) || slices.Contains(owned, false) {
					t.Errorf("owned: %v", owned)
				}
				modelstest.NoError(t, s.FinishAttempts(t.Context(), attempts...))
			}
			wantKept(t, s, all)
			wantKept(t, s, untouched)
		})
	}
}

func TestFenceOfOneCallbackKeepsNoOtherFromBeingSettled(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	all := inHand(t, s, newCustomer(t, s, "a"), 4)
	callbacks, attempts := split(all)
	// Another has the second by now, and has ended the fourth.
	expired := s.DB().Exec(
		"UPDATE callbacks SET lease_until = ? WHERE id IN ?", start.UnixMicro(), []int64{callbacks[1].ID, callbacks[3].ID},
	)
	modelstest.NoError(t, expired.Error)
	if interrupted, err := s.InterruptExpired(t.Context(), callback.LeasedCallbacks, start, 10); interrupted != 2 ||
		err != nil {
		t.Fatalf("interrupted %d, %v", interrupted, err)
	}
	second, fourth := claim(
		t, s, callbacks[1], start, start.Add(time.Minute),
	), claim(t, s, callbacks[3], start, start.Add(time.Minute))
	fourth.Status, fourth.FinishedAt, fourth.LeaseUntil = callback.StatusFailed, &start, nil
	if owned, err := s.SettleCallbacks(t.Context(), fourth); !slices.Equal(owned, []bool{true}) || err != nil {
		t.Fatalf("owned: %v, %v", owned, err)
	}

	for _, h := range all {
		h.arrive()
	}
	owned, err := s.SettleCallbacks(t.Context(), callbacks...)
	modelstest.NoError(t, err)
	modelstest.NoError(t, s.FinishAttempts(t.Context(), attempts...))
	if !slices.Equal(owned, []bool{true, false, true, false}) {
		t.Errorf("owned: %v", owned)
	}
	wantKept(t, s, []hand{all[0], {second, attempts[1]}, all[2], {fourth, attempts[3]}})
}

func TestLateAndPresentOwnerAreToldApartInOneStatement(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	h := inHand(t, s, newCustomer(t, s, "a"), 1)[0]
	if interrupted, err := s.InterruptExpired(
		t.Context(), callback.LeasedCallbacks, start.Add(time.Minute), 10,
	); interrupted != 1 || err != nil {
		t.Fatalf("interrupted %d, %v", interrupted, err)
	}
	at := start.Add(time.Minute)
	present := claim(t, s, h.callback, at, at.Add(time.Minute))
	present.Status, present.FinishedAt, present.LeaseUntil = callback.StatusFailed, &at, nil
	h.arrive()
	owned, err := s.SettleCallbacks(t.Context(), h.callback, present)
	if !slices.Equal(owned, []bool{false, true}) || err != nil {
		t.Errorf("owned: %v, %v", owned, err)
	}
	if diff := cmp.Diff(present, read(t, s, present.ID)); diff != "" {
		t.Error(diff)
	}
}

func TestBatchWithAnAttemptThatIsMissingIsUndone(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	all := inHand(t, s, newCustomer(t, s, "a"), 3)
	before := kept(t, s, all)
	missing := *all[1].attempt
	missing.ID = 999
	all[1].attempt = &missing
	for _, h := range all {
		h.arrive()
	}
	callbacks, attempts := split(all)
	err := s.Transaction(t.Context(), func(tx *store.Store) error {
		owned, err := tx.SettleCallbacks(t.Context(), callbacks...)
		modelstest.NoError(t, err)
		if slices.Contains(owned, false) {
			t.Errorf("owned: %v", owned)
		}
		return tx.FinishAttempts(t.Context(), attempts...)
	})
	wantCode(t, err, models.CodeNotFound)
	wantKept(t, s, before)
}

func TestRowThatTheSchemaRefusesKeepsItsBatchFromBeingWritten(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	all := inHand(t, s, newCustomer(t, s, "a"), 3)
	before := kept(t, s, all)
	for _, h := range all {
		h.arrive()
	}
	callbacks, _ := split(all)
	callbacks[1].FinishedAt = nil // ended, and it is not known when
	if owned, err := s.SettleCallbacks(t.Context(), callbacks...); err == nil {
		t.Errorf("owned: %v", owned)
	}
	wantKept(t, s, before)
}
