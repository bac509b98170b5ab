package store_test

import (
	"strings"
	"testing"

	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store/storetest"
)

// An index in the order of a locale finds only some of what is in it once that has changed with the system below.
func TestKeysAreFoundByTheirBytes(t *testing.T) {
	t.Parallel()
	if !storetest.OnPostgres() {
		t.Skip("SQLite has no locales")
	}
	s := storetest.Open(t)
	newCallback(t, s, newCustomer(t, s, "a"), start, inLine("line", false))
	if storetest.ModeOfPooler() != "" {
		t.Skip("plans of so small a table go by the index where a connection of one's own says so")
	}
	for index, query := range map[string]string{
		"callbacks_dedup": plan(t, s, "SELECT id FROM (?) AS found", s.QueryDedupKeys(t.Context(), "one", "two")),
		"callbacks_lines": plan(t, s, "SELECT id FROM (?) AS next", s.QueryNext(t.Context(), "line")),
		"actions_names":   plan(t, s, "SELECT id FROM (?) AS named", s.QueryActionByName(t.Context(), 1, "a")),
		"callbacks_stuck": plan(t, s, "SELECT id FROM (?) AS heads", s.QueryStuckHeads(t.Context(), start)),
	} {
		if !strings.Contains(query, " "+index+" ") || strings.Contains(query, "Filter: (dedup_key") ||
			strings.Contains(query, "Filter: (name") ||
			strings.Contains(query, "callbacks_line ") {
			t.Errorf("%s: %s", index, query)
		}
	}
	for _, index := range []string{
		"callbacks_lanes", "run_batches_lanes", "callbacks_dedup", "callbacks_lines", "actions_names", "users_emails",
	} {
		var collation string
		modelstest.NoError(t, s.DB().Raw(`SELECT collname FROM pg_index JOIN pg_collation ON pg_collation.oid = ANY (indcollation)
		WHERE indexrelid = ?::regclass`, index).Scan(&collation).Error)
		if collation != "C" {
			t.Errorf("%s is in the order of %q", index, collation)
		}
	}
}
