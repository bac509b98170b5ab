package store_test

import (
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gorm.io/gorm"

	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
)

func TestMigrationsAreAppliedOnceAndListed(t *testing.T) {
	t.Parallel()
	s := storetest.OpenURL(t, storetest.URL(t))
	if err := s.CheckMigrated(t.Context()); !errors.Is(err, store.ErrPendingMigrations) {
		t.Fatalf("before: got %v", err)
	}
	before, err := s.Migrations(t.Context())
	modelstest.NoError(t, err)
	if len(before) == 0 || slices.ContainsFunc(before, func(m store.Migration) bool { return m.Applied }) {
		t.Errorf("before: got %+v", before)
	}
	applied, err := s.Migrate(t.Context())
	modelstest.NoError(t, err)
	if len(applied) != len(before) {
		t.Errorf("applied %+v of %+v", applied, before)
	}
	modelstest.NoError(t, s.CheckMigrated(t.Context()))
	again, err := s.Migrate(t.Context())
	modelstest.NoError(t, err)
	if len(again) != 0 {
		t.Errorf("applied again: %+v", again)
	}
	after, err := s.Migrations(t.Context())
	modelstest.NoError(t, err)
	if diff := cmp.Diff(applied, after); diff != "" {
		t.Errorf("after: %s", diff)
	}
}

func TestProcessesThatStartTogetherMigrateOnce(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	stores := []*store.Store{storetest.OpenURL(t, url), storetest.OpenURL(t, url)}
	var applied atomic.Int32
	modelstest.AtOnce(len(stores), func(i int) {
		steps, err := stores[i].Migrate(t.Context())
		if err != nil {
			t.Error(err)
		}
		applied.Add(int32(len(steps)))
	})
	all, err := stores[0].Migrations(t.Context())
	modelstest.NoError(t, err)
	if int(applied.Load()) != len(all) {
		t.Errorf("%d steps were applied %d times", len(all), applied.Load())
	}
}

// The schema is written by hand, twice, and the structs a third time. This is what keeps the three together.
func TestSchemaHasTheColumnsOfTheRows(t *testing.T) {
	t.Parallel()
	migrated := storetest.Open(t).DB()
	scratch := storetest.OpenURL(t, storetest.URL(t)).DB()
	for _, row := range store.Rows() {
		modelstest.NoError(t, scratch.AutoMigrate(row))
		statement := &gorm.Statement{DB: scratch}
		modelstest.NoError(t, statement.Parse(row))
		table := statement.Table
		want, got := columns(t, scratch, row), columns(t, migrated, row)
		if diff := cmp.Diff(names(want), names(got)); diff != "" {
			t.Errorf("%s (-rows +schema):\n%s", table, diff)
		}
		for _, field := range statement.Schema.Fields {
			column, ok := got[field.DBName]
			if !ok || field.PrimaryKey {
				continue
			}
			nullable, known := column.Nullable()
			switch {
			case !known:
				t.Errorf("%s.%s: the driver does not tell whether it may be null", table, field.DBName)
			case field.FieldType.String() == "[]uint8": // bytes are nil where there are none, so both are right
			case nullable != (field.FieldType.Kind().String() == "ptr"):
				t.Errorf("%s.%s may be null: %t, but the row has %s", table, field.DBName, nullable, field.FieldType)
			}
		}
	}
}

func columns(t *testing.T, db *gorm.DB, row any) map[string]gorm.ColumnType {
	t.Helper()
	list, err := db.Migrator().ColumnTypes(row)
	modelstest.NoError(t, err)
	byName := make(map[string]gorm.ColumnType, len(list))
	for _, c := range list {
		byName[c.Name()] = c
	}
	return byName
}

func names(columns map[string]gorm.ColumnType) []string {
	list := make([]string, 0, len(columns))
	for name := range columns {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

func TestSchemaHasNoTableWithoutRows(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	want := []string{}
	for _, row := range store.Rows() {
		statement := &gorm.Statement{DB: s.DB()}
		modelstest.NoError(t, statement.Parse(row))
		want = append(want, statement.Table)
	}
	query := "SELECT name FROM sqlite_master WHERE type = 'table'"
	if storetest.OnPostgres() {
		query = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
	}
	var got []string
	modelstest.NoError(t, s.DB().Raw(query).Scan(&got).Error)
	got = slices.DeleteFunc(got, func(name string) bool {
		return strings.HasPrefix(name, "goose_") || strings.HasPrefix(name, "sqlite_")
	})
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
