package store

import "strings"

// column is one column of rows that a statement takes along, to write many rows at a time.
type column struct {
	name, kind string        // kind: the type on Postgres
	all        any           // a pointer to the slice of its values: gorm would take a slice apart
	at         func(int) any // its value in a row
}

// columnOf makes a column of the values that a list has there.
func columnOf[R, V any](name, kind string, list []R, value func(R) V) column {
	values := make([]V, len(list))
	for i, r := range list {
		values[i] = value(r)
	}
	return column{name, kind, &values, func(i int) any { return values[i] }}
}

// given returns a WITH clause that names the rows "given", and its arguments.
func (s *Store) given(rows int, columns ...column) (clause string, args []any) {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	query, args := s.dialect.rows(rows, columns)
	return "WITH given (" + strings.Join(names, ", ") + ") AS (" + query + ") ", args
}

// rows is a query of rows. Their arrays are the arguments, so that one statement serves any number of rows.
func (postgresDialect) rows(_ int, columns []column) (query string, args []any) {
	arrays := make([]string, len(columns))
	args = make([]any, len(columns))
	for i, c := range columns {
		arrays[i], args[i] = "?::"+c.kind+"[]", c.all
	}
	return "SELECT * FROM unnest(" + strings.Join(arrays, ", ") + ")", args
}

// rows is a query of rows, each value of which is an argument.
func (sqliteDialect) rows(rows int, columns []column) (query string, args []any) {
	row := "(?" + strings.Repeat(", ?", len(columns)-1) + ")"
	args = make([]any, 0, rows*len(columns))
	for i := range rows {
		for _, c := range columns {
			args = append(args, c.at(i))
		}
	}
	return "VALUES " + row + strings.Repeat(", "+row, rows-1), args
}
