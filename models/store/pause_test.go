package store_test

import (
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store/storetest"
)

// What waits for a pause to end has been there for longer than what is due in the same lane, and is many times as much.
func TestWhatIsPausedIsReadByNoClaimAndByNoSweep(t *testing.T) {
	t.Parallel()
	if !storetest.OnPostgres() {
		t.Skip("SQLite plans without statistics")
	}
	const paused, due, limit = 20_000, 10, 5
	s := storetest.OpenNew(t)
	n := newCustomer(t, s, "a")
	pattern := newCallback(t, s, n, start, on(shared))
	fillWaiting(t, s, pattern.ID, paused)
	modelstest.NoError(t, s.DB().Exec("UPDATE callbacks SET next_attempt_at = 253402300799000000").Error)
	newCallbacks(t, s, n, shared, due*8)
	now := start.Add(time.Hour)
	for _, statistics := range []string{"none", "of these rows"} {
		for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
			claim := s.QueryClaim(t.Context(), callback.LeasedCallbacks, of(to(shared), limit), now, now.Add(time.Minute))
			for name, read := range map[string]struct {
				plan planNode
				most int // each row once to find it, and once to change it
			}{
				"claim":     {analyze(t, s, mode, claim.Session(&gorm.Session{DryRun: true}).Find(&[]int{})), 2 * limit},
				"resumable": {analyze(t, s, mode, s.QueryResumable(t.Context(), 100)), 4},
				"resume":    {analyze(t, s, mode, s.QueryResume(t.Context(), n.project.ID, now, limit)), 2 * limit},
			} {
				if rows, ways := read.plan.read("callbacks"); rows > read.most || len(ways) > 0 {
					t.Errorf("%s, statistics: %s, %s: read %d callbacks, want at most %d; %v", name, statistics, mode, rows, read.most, ways)
				}
			}
		}
		modelstest.NoError(t, s.DB().Exec("ANALYZE").Error)
	}
	if lanes := overdue(t, s, start.Add(-time.Second)); len(lanes) != 0 {
		t.Errorf("lanes are overdue: %v", lanes)
	}
}
