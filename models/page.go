package models

import (
	"cmp"
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// Sizes of a page.
const (
	DefaultPageSize = 20
	MaxPageSize     = 100
)

// MaxCounted is how far a long list is counted; one more stands for any number. Five thousand entries of an index take
// half a millisecond to one, a fifth of what a page takes, and a million would take a tenth of a second or two.
const MaxCounted = 5_000

// MaxFilterValues is how many values a filter may have of one kind: more than there are of any enumeration. A list in a
// list repeats them for each of up to 100 owners, and a statement takes 32,766 values on SQLite.
const MaxFilterValues = 100

// CheckFilterValues tells whether one filter has too many values: BAD_USER_INPUT on that field of the filter.
func CheckFilterValues(field string, n int) error {
	if n > MaxFilterValues {
		return Invalid("filter."+field, "must have at most %d elements, not %d", MaxFilterValues, n)
	}
	return nil
}

// Page asks for the First entities after a cursor.
type Page struct {
	First int
	After *Cursor
}

// NewPage checks the arguments of a list: first between 1 and 100 (default 20), after a cursor of an earlier page.
// The error is BAD_USER_INPUT.
func NewPage(first *int, after *string) (Page, error) {
	page := Page{First: DefaultPageSize}
	if first != nil {
		page.First = *first
	}
	if page.First < 1 || page.First > MaxPageSize {
		return Page{}, Invalid("first", "must be between 1 and %d, not %d", MaxPageSize, page.First)
	}
	if after != nil {
		cursor, err := parseCursor(*after)
		if err != nil {
			return Page{}, err
		}
		page.After = &cursor
	}
	return page, nil
}

// Cursor is a place in a list: the sort key of a row, so that rows added later move nothing.
type Cursor struct {
	At time.Time // zero in lists that are sorted by the number alone
	ID int64
}

// String returns the opaque text of the cursor.
func (c Cursor) String() string {
	at := int64(0)
	if !c.At.IsZero() {
		at = c.At.UnixMicro()
	}
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(at, 10) + ":" + strconv.FormatInt(c.ID, 10)))
}

// Compare orders cursors by time, then by number.
func (c Cursor) Compare(o Cursor) int {
	return cmp.Or(c.At.Compare(o.At), cmp.Compare(c.ID, o.ID))
}

func parseCursor(s string) (Cursor, error) {
	text, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return Cursor{}, malformedCursor()
	}
	at, id, _ := strings.Cut(string(text), ":")
	micros, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return Cursor{}, malformedCursor()
	}
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return Cursor{}, malformedCursor()
	}
	return Cursor{At: time.UnixMicro(micros).UTC(), ID: n}, nil
}

func malformedCursor() error {
	return Invalid("after", "must be a cursor of an earlier page (pageInfo.endCursor)")
}

// PageOf is one page of a list.
type PageOf[T any] struct {
	Nodes   []T
	HasNext bool
}

// Cut makes a page of rows that were read with one more than asked for.
func Cut[T any](rows []T, first int) *PageOf[T] {
	if len(rows) > first {
		return &PageOf[T]{Nodes: rows[:first], HasNext: true}
	}
	return &PageOf[T]{Nodes: rows}
}
