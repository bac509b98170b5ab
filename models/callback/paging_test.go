package callback_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
)

// The place of a cursor goes with the purge, and with it all that stands before.
func TestPagesGoOnBesideAPurge(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	const all, kept = 24, time.Hour
	first := w.NewCallback()
	ids := append([]int64{first.ID}, w.MoreCallbacks(w.ReadCallback(first.ID), modelstest.ProjectHost, all-1)...)
	endedAt := func(i int) time.Time { return first.CreatedAt.Add(time.Duration(i) * time.Minute) }
	for i, id := range ids {
		w.SQL(fmt.Sprintf("UPDATE callbacks SET status = 'FAILED', next_attempt_at = NULL, created_at = %[2]d, finished_at = %[2]d WHERE id = %[1]d",
			id, endedAt(i).UnixMicro()))
	}
	var seen []int64
	order := callback.Order{Field: callback.ByCreated, Direction: callback.Ascending}
	for asked, more := (models.Page{First: 5, Order: order.Name()}), true; more; {
		pages, err := w.CallbackPages(
			t.Context(), w.Viewer.Scope(models.RoleViewer), callback.OfProject, []int64{w.Shop.ID}, callback.Filter{}, asked,
		)
		modelstest.NoError(t, err)
		page := pages[w.Shop.ID]
		for _, c := range page.Nodes {
			seen = append(seen, c.ID)
		}
		more, asked.After = page.HasNext, new(order.Place(page.Nodes[len(page.Nodes)-1]))
		w.Clock.Advance(endedAt(len(seen)).Add(kept).Sub(w.Clock.Now()))
		if gone := w.MustPurge(callback.Retention{Rows: kept}); gone["callbacks"] == 0 {
			t.Error("nothing was purged")
		}
	}
	if !slices.Equal(seen, ids) {
		t.Errorf("seen %v of %v", seen, ids)
	}
}
