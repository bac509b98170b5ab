package store_test

import (
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store/storetest"
	"github.com/ringback/ringback/models/tenant"
)

// TestExampleOfAStoreTest is one to begin from. It runs on SQLite, and on Postgres with TEST_DATABASE_URL; the database
// is its own, and empty, so that it runs beside all others.
func TestExampleOfAStoreTest(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	mine, other := newCustomer(t, s, "Mine"), newCustomer(t, s, "Other")
	raised := newCallback(t, s, mine, start)

	// What a caller asks for is within what that caller may see.
	for name, c := range map[string]struct {
		scope models.Scope
		found int
	}{
		"the platform": {everything(), 1}, "a member": {mine.scope(), 1}, "a stranger": {other.scope(), 0},
	} {
		found, err := s.Callbacks(t.Context(), c.scope, raised.ID)
		modelstest.NoError(t, err)
		if len(found) != c.found {
			t.Errorf("%s finds %d callbacks, want %d", name, len(found), c.found)
		}
	}

	// An error is told apart by its code, and what its transaction has written is not there.
	lost := &tenant.Project{AccountID: mine.account.ID, Name: "Lost", CreatedAt: start, UpdatedAt: start}
	err := s.InTenantTx(t.Context(), func(tx tenant.Store) error {
		modelstest.NoError(t, tx.CreateProject(t.Context(), lost))
		return models.NotFound(tenant.TypeProject)
	})
	wantCode(t, err, models.CodeNotFound)
	found, err := s.Projects(t.Context(), everything(), lost.ID)
	modelstest.NoError(t, err)
	if len(found) != 0 {
		t.Errorf("%d projects are there, of a transaction that failed", len(found))
	}
}
