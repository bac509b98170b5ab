package jobs

import (
	"testing"

	"github.com/alicebob/miniredis/v2"

	"github.com/ringback/ringback/jobs/scheduler"
	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store/storetest"
	"github.com/ringback/ringback/models/tenant"
)

func (h *hosts) limit(t *testing.T, inFlight *int) {
	t.Helper()
	must[tenant.Configured](t)(h.UpdateAccount(t.Context(), models.PlatformActor(), tenant.AccountUpdate{
		AccountID: testAccount, Limits: tenant.LimitsUpdate{MaxInFlight: models.Given(inFlight)},
	}))
}

// TestAnAccountsLimitIsObeyedAndChanges: what was claimed before it was known, too.
func TestAnAccountsLimitIsObeyedAndChanges(t *testing.T) {
	t.Parallel()
	h := newHosts(t, 100, 0)
	h.limit(t, new(2))
	h.nudge(h.due(t, "one", 8))
	begun := h.next(t, 2)
	for range 3 {
		h.quiet(t)
		h.answer(begun[0], true)
		begun = append(begun[1:], h.next(t, 1)...)
	}
	h.limit(t, new(3))
	h.rebudget(t.Context(), h.Budgets)
	begun = append(begun, h.next(t, 1)...)
	h.quiet(t)
	h.limit(t, nil)
	h.rebudget(t.Context(), h.Budgets)
	begun = append(begun, h.next(t, 1)...) // the next one waits for its lane's window
	for _, d := range begun {
		h.answer(d, true)
	}
	h.answer(h.next(t, 1)[0], true)
}

// TestWorkersShareALimit: each knows how many there are.
func TestWorkersShareALimit(t *testing.T) {
	t.Parallel()
	h := newHosts(t, 100, 0)
	h.limit(t, new(4))
	lane := h.due(t, "one", 8)
	h.share(1, 2)
	h.nudge(lane)
	begun := h.next(t, 2)
	h.quiet(t)
	h.share(0, 1)
	begun = append(begun, h.next(t, 2)...)
	h.quiet(t)
	for _, d := range begun {
		h.answer(d, true)
	}
	for _, d := range h.next(t, 4) {
		h.answer(d, true)
	}
}

func TestBudgetsAreForgottenWithTheirLanes(t *testing.T) {
	t.Parallel()
	d := &dispatcher{budgets: map[string]int64{"project:1": 1}, scheduler: scheduler.New(scheduler.Limits{})}
	if known := d.knownBudgets(); len(known) != 0 || len(d.budgets) != 0 {
		t.Errorf("%v", known)
	}
}

// shares are what a process's worker is told.
type shares [][2]int

func (s *shares) Share(rank, of int) { *s = append(*s, [2]int{rank, of}) }

// TestWhoComesLaterHasNoPartUntilOthersKnow: no moment sees more than all of it divided.
func TestWhoComesLaterHasNoPartUntilOthersKnow(t *testing.T) {
	t.Parallel()
	db, engine := storetest.Open(t), miniredis.RunT(t)
	var first, second shares
	one, two := newPresent(t, db, engine, "q", "worker"), newPresent(t, db, engine, "q", "all")
	api := newPresent(t, db, engine, "q", "api")
	one.Divide(&first)
	two.Divide(&second)
	for _, p := range []*present{api, one, two, one, two} {
		p.look(t.Context())
	}
	modelstest.NoError(t, two.processes.SignOut(t.Context(), &two.self))
	one.look(t.Context())
	rank := func(s shares, i int) int { return s[i][0] }
	if len(first) != 4 || first[0] != [2]int{-1, 1} || first[1] != [2]int{0, 1} || first[2][1] != 2 || first[3] != [2]int{0, 1} {
		t.Errorf("the first: %v", first)
	}
	if len(second) != 3 || second[1] != [2]int{-1, 2} || second[2][1] != 2 || rank(first, 2)+rank(second, 2) != 1 {
		t.Errorf("the second: %v, the first: %v", second, first)
	}
}
