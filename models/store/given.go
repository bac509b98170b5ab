package store

import (
	"context"
	"iter"
	"strings"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
)

// A statement that writes many rows takes their values along, as a table "given" that it reads from (Store.given):
// arrays on Postgres, so that one statement serves any number of rows, and VALUES on SQLite.

// Such a statement takes a part of the rows: so many keep it far below the 32,766 parameters of SQLite and the 65,535
// of Postgres, and so many bytes, or one row, bound what the database holds of it in memory.
const (
	partRows  = 500
	partBytes = 1 << 20
	rowBytes  = 300 // of a row, about, beside its texts
)

// parts cuts rows into those of one statement each, by the bytes of their texts.
func parts[R any](rows []R, texts func(R) int) iter.Seq[[]R] {
	return func(yield func([]R) bool) {
		for len(rows) > 0 {
			n, sum := 1, rowBytes+texts(rows[0])
			for ; n < min(len(rows), partRows); n++ {
				if sum += rowBytes + texts(rows[n]); sum > partBytes {
					break
				}
			}
			if !yield(rows[:n:n]) {
				return
			}
			rows = rows[n:]
		}
	}
}

// noTexts is of rows that have no text of a caller.
func noTexts[R any](R) int { return 0 }

// createParts inserts rows, and sets their ids.
func createParts[R any](ctx context.Context, s *Store, rows []R, texts func(R) int) error {
	for part := range parts(rows, texts) {
		if err := s.writer(ctx).Create(&part).Error; err != nil {
			return err
		}
	}
	return nil
}

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

// uuidsOf makes a column of UUIDs, whose bytes pgx takes as they are: of a driver.Valuer, which they are too, it would
// write the text and read it again.
func uuidsOf[R any](name string, list []R, value func(R) uuid.UUID) column {
	c := columnOf(name, "uuid", list, value)
	c.all = columnOf(name, c.kind, list, func(r R) [16]byte { return value(r) }).all
	return c
}

// given returns a WITH clause that names the rows "given", and its arguments.
func (s *Store) given(rows int, columns ...column) (clause string, args []any) {
	query, args := s.dialect.rows(rows, columns)
	return "WITH given (" + namesOf(columns) + ") AS (" + query + ") ", args
}

func namesOf(columns []column) string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	return strings.Join(names, ", ")
}

// insertion is a statement that inserts rows, without what follows, and its arguments. The names of the columns are
// those of the table.
func (s *Store) insertion(table string, rows int, columns ...column) (statement string, args []any) {
	given, args := s.given(rows, columns...)
	names := namesOf(columns)
	return given + "INSERT INTO " + table + " (" + names + ") SELECT " + names + " FROM given ", args
}

// update writes columns of rows that are there, found by the first column, their id.
func (s *Store) update(ctx context.Context, table, typeName string, rows int, columns ...column) error {
	if rows == 0 {
		return nil
	}
	given, args := s.given(rows, columns...)
	set := make([]string, len(columns)-1)
	for i, c := range columns[1:] {
		set[i] = c.name + " = given." + c.name
	}
	result := s.writer(ctx).Exec(given+"UPDATE "+table+" SET "+strings.Join(set, ", ")+
		" FROM given WHERE "+table+".id = given.id", args...)
	if result.Error == nil && int(result.RowsAffected) < rows {
		return models.NotFound(typeName)
	}
	return result.Error
}

// insertGiven inserts rows, and returns their ids by their uids.
func (s *Store) insertGiven(
	ctx context.Context, table string, rows int, columns ...column,
) (map[uuid.UUID]int64, error) {
	if rows == 0 {
		return nil, nil
	}
	statement, args := s.insertion(table, rows, columns...)
	var inserted []struct {
		ID  int64
		UID uuid.UUID
	}
	// Find, and not Scan, which does not translate the error of a unique index.
	err := s.writer(ctx).Raw(statement+"RETURNING id, uid", args...).Find(&inserted).Error
	ids := make(map[uuid.UUID]int64, len(inserted))
	for _, r := range inserted {
		ids[r.UID] = r.ID
	}
	return ids, err
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
