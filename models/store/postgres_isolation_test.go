package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
)

// isolated is a migrated database whose transactions are serializable unless they say otherwise.
func isolated(t *testing.T) (databaseURL string) {
	t.Helper()
	if !storetest.OnPostgres() {
		t.Skip("SQLite's transactions are alone")
	}
	databaseURL = storetest.Direct(storetest.URL(t))
	s := storetest.OpenURL(t, databaseURL)
	_, err := s.Migrate(t.Context())
	modelstest.NoError(t, err)
	alter := "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = serializable', " +
		"current_database()); END $$"
	modelstest.NoError(t, s.DB().Exec(alter).Error)
	return databaseURL
}

// A statement is a transaction of its own where it is in none. Under a stricter isolation one that waits for a row, or
// skips it, fails when that has changed.
func TestSingleStatementsDoNotFailOfTheDatabasesIsolation(t *testing.T) {
	t.Parallel()
	databaseURL := isolated(t)
	through := storetest.StartPooler(t, store.PoolerTransaction, databaseURL).URL(databaseURL)
	s := storetest.OpenURL(t, through, store.WithPooler(store.PoolerTransaction))
	const writers, times = 4, 40
	n := newCustomer(t, s, "a")
	for range writers * times {
		newCallback(t, s, n, start)
	}
	p := &models.Process{UID: newUID(), Role: "worker", QueueID: "q", Version: "v"}
	modelstest.AtOnce(writers, func(int) {
		for range times {
			if err := s.SignIn(t.Context(), p, time.Hour); err != nil {
				t.Error("sign in: ", err)
			}
			asked := of(to("receiver.example.com:443"), 1)
			if _, err := s.ClaimDue(t.Context(), asked, start.Add(time.Hour), start.Add(2*time.Hour)); err != nil {
				t.Error("claim: ", err)
			}
		}
	})
	var level string
	if err := s.DB().Raw("SHOW transaction_isolation").Scan(&level).Error; err != nil || level != "read committed" {
		t.Errorf("a statement of its own is %q, %v", level, err)
	}
	c := newCallback(t, s, n, start)
	if err := s.CreateCallbacks(t.Context(), c); err == nil || !strings.Contains(err.Error(), "exists already") {
		t.Errorf("what is there already is told as %v", err)
	}
}
