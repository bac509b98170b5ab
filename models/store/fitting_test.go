package store_test

import (
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store/storetest"
)

// Releases before this one stored whatever a receiver answered.
func TestStatusThatCannotBeIsReadAsNone(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newCustomer(t, s, "a")
	c := newCallback(t, s, n, start)
	a := newAttempt(t, s, c, 1)
	modelstest.NoError(t, s.FinishAttempts(t.Context(), a))
	for _, status := range []int64{0, 99, 600, 1 << 31, -1} {
		modelstest.NoError(t, s.DB().Exec("UPDATE callbacks SET http_status = ? WHERE id = ?", status, c.ID).Error)
		modelstest.NoError(t, s.DB().Exec("UPDATE callback_attempts SET http_status = ? WHERE id = ?", status, a.ID).Error)
		found, err := s.Callbacks(t.Context(), n.scope(), c.ID)
		modelstest.NoError(t, err)
		pages, err := s.AttemptPages(t.Context(), n.scope(), []int64{c.ID}, models.Page{First: 1})
		modelstest.NoError(t, err)
		if found[0].HTTPStatus != nil || pages[c.ID].Nodes[0].HTTPStatus != nil {
			t.Errorf("%d is read as %v, %v", status, found[0].HTTPStatus, pages[c.ID].Nodes[0].HTTPStatus)
		}
	}
}
