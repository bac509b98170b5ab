package store

import (
	"context"
	"reflect"

	"gorm.io/gorm"
	"gorm.io/gorm/callbacks"

	"github.com/ringback/ringback/models"
)

// entityBytes is what a row takes beside its texts: the struct that it is read into, the entity that is made of it, and
// what the API makes of that. Measured: 10,000 callbacks with one field each.
const entityBytes = 1 << 10

// query is gorm's own, but that what a request of the API reads counts, row by row: however long a list is and however
// large its rows, no more of it comes into memory than the answer has room for.
func query(db *gorm.DB) {
	if db.Error == nil {
		callbacks.BuildQuerySQL(db)
	}
	answer := models.AnswerFrom(db.Statement.Context)
	if answer == nil || db.Error != nil || db.DryRun {
		callbacks.Query(db)
		return
	}
	for db.Error == nil && !queryWithin(db, answer) {
	}
}

// queryWithin reads the rows as far as there is room for them. False: there is room now, to begin again.
func queryWithin(db *gorm.DB, answer *models.Answer) (done bool) {
	counted := readWithin(db, answer)
	if db.Error != nil || !counted.full {
		return true
	}
	// The connection is back in the pool: nobody waits for one because this request waits for its place.
	if err := answer.Room(db.Statement.Context); err != nil {
		_ = db.AddError(err)
		return true
	}
	answer.Unread(counted.bytes)
	return false
}

// readWithin leaves errors with the db.
func readWithin(db *gorm.DB, answer *models.Answer) *countedRows {
	rows, err := db.Statement.ConnPool.QueryContext(db.Statement.Context, db.Statement.SQL.String(), db.Statement.Vars...)
	if err != nil {
		_ = db.AddError(err)
		return nil
	}
	defer func() { _ = db.AddError(rows.Close()) }()
	counted := &countedRows{Rows: rows, count: answer.Read}
	if _, inTx := db.Statement.ConnPool.(gorm.TxCommitter); inTx {
		counted.count = answer.ReadNow
	}
	gorm.Scan(counted, db, 0)
	if db.Error == nil {
		_ = db.AddError(rows.Err())
	}
	return counted
}

// countedRows are rows up to where there is no room for more.
type countedRows struct {
	gorm.Rows
	count func(int64) bool
	bytes int64
	full  bool
}

func (r *countedRows) Next() bool { return !r.full && r.Rows.Next() }

func (r *countedRows) Scan(dest ...any) error {
	err := r.Rows.Scan(dest...)
	n := int64(entityBytes)
	for _, d := range dest {
		n += textBytes(d)
	}
	r.bytes += n
	r.full = !r.count(n)
	return err
}

// textBytes is the length of a text, behind as many pointers as there may be; 0 of what is none.
func textBytes(v any) int64 {
	value := reflect.ValueOf(v)
	for value.Kind() == reflect.Pointer || value.Kind() == reflect.Interface {
		value = value.Elem()
	}
	if value.Kind() == reflect.String || value.Kind() == reflect.Slice && value.Type().Elem().Kind() == reflect.Uint8 {
		return int64(value.Len())
	}
	return 0
}

// readable narrows rows to those whose texts have room in an answer, and the first that has none: on Postgres all rows
// come over the wire, read or not, and one statement is not to send gigabytes.
func (s *Store) readable(ctx context.Context, rows func() *gorm.DB, column string) *gorm.DB {
	answer := models.AnswerFrom(ctx)
	if answer == nil {
		return rows()
	}
	size := "coalesce(octet_length(" + column + "), 0)"
	sized := rows().Select("id, sum(" + size + ") OVER (ORDER BY id) - " + size + " AS before")
	first := sized.Session(&gorm.Session{NewDB: true}).Table("(?) AS sized", sized).Select("id").Where("before <= ?", answer.Limit())
	return rows().Where(s.dialect.chosen(), first)
}
