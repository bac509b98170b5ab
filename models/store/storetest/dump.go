package storetest

import (
	"database/sql"
	"fmt"
	"testing"
)

// Dump returns the rows of tables as text, to tell whether something has changed in a database of OpenWithURL.
func Dump(tb testing.TB, databaseURL string, tables ...string) map[string][]string {
	tb.Helper()
	driver, source := "sqlite3", "file:"+databaseURL
	if OnPostgres() {
		driver, source = "pgx", Direct(databaseURL)
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	dump := map[string][]string{}
	for _, table := range tables {
		if dump[table], err = dumpTable(tb, db, table); err != nil {
			tb.Fatal(err)
		}
	}
	return dump
}

func dumpTable(tb testing.TB, db *sql.DB, table string) (lines []string, err error) {
	tb.Helper()
	rows, err := db.QueryContext(tb.Context(), "SELECT * FROM "+table+" ORDER BY 1, 2") //nolint:gosec // the tests name the tables
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		if err := rows.Scan(values...); err != nil {
			return nil, err
		}
		line := ""
		for i, v := range values {
			line += fmt.Sprintf("%s=%v ", columns[i], *v.(*any))
		}
		lines = append(lines, line)
	}
	return lines, rows.Err()
}
