package store_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/ringback/ringback/models/store/storetest"
)

// While a release adds columns, processes of the one before go on with what they have prepared.
func TestColumnsThatAreAddedBesideBreakNoRead(t *testing.T) {
	t.Parallel()
	databaseURL := storetest.URL(t)
	s := storetest.OpenURL(t, databaseURL)
	_, err := s.Migrate(t.Context())
	noError(t, err)
	e := newEstate(t, s, "acme")
	all := maps.Clone(reads)
	maps.Copy(all, readsOfWork)
	readAll := func() {
		for name, read := range all {
			if _, err := read(t.Context(), s, everything(), e); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	readAll()
	beside := storetest.OpenURL(t, databaseURL).DB()
	tables, err := beside.Migrator().GetTables()
	noError(t, err)
	for _, table := range tables {
		if strings.HasPrefix(table, "sqlite_") {
			continue
		}
		noError(t, beside.Exec(`ALTER TABLE "`+table+`" ADD COLUMN of_the_next_release bigint`).Error)
	}
	readAll()
}
