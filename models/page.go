package models

import (
	"cmp"
	"encoding/base64"
	"slices"
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

// MaxLooked is how many entries of a list are looked through for one page where no index has what is asked for, and how
// many are sorted: some 100 ms.
const MaxLooked = 10_000

// Count is how long a list is.
type Count struct {
	N     int
	Exact bool // else there may be more
}

// CountOf is a count up to MaxCounted, and one more for any number above.
func CountOf(n int) Count { return Count{n, n <= MaxCounted} }

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

// Page asks for so many entities of a list between two places: the first of them or, FromEnd, the last.
type Page struct {
	First         int
	FromEnd       bool
	After, Before *Cursor
	Order         Order
}

// PageArguments are what a caller may say of a page. Left out, it is the first DefaultPageSize of the list.
type PageArguments struct {
	First  *int
	After  *string
	Last   *int
	Before *string
}

// NewPage checks the arguments of a list in an order: first or last, and not both, between 1 and 100; after and before
// are cursors of earlier pages in the same order. The error is BAD_USER_INPUT.
func NewPage(asked PageArguments, order Order) (Page, error) {
	page := Page{First: DefaultPageSize, Order: order}
	err := AllProblems(
		page.setSize("first", asked.First, false), page.setSize("last", asked.Last, true),
		page.setPlace("after", asked.After, &page.After), page.setPlace("before", asked.Before, &page.Before),
	)
	if asked.First != nil && asked.Last != nil {
		err = AllProblems(err, Invalid("last", "must not be given beside first: a page has one end to count from"))
	}
	return page, err
}

func (p *Page) setSize(field string, size *int, fromEnd bool) error {
	if size == nil {
		return nil
	}
	if *size < 1 || *size > MaxPageSize {
		return Invalid(field, "must be between 1 and %d, not %d", MaxPageSize, *size)
	}
	p.First, p.FromEnd = *size, fromEnd
	return nil
}

func (p *Page) setPlace(field string, text *string, place **Cursor) error {
	if text == nil {
		return nil
	}
	cursor, ok := parseCursor(*text)
	if !ok {
		return Invalid(field, "must be a cursor of an earlier page (pageInfo.endCursor, pageInfo.startCursor)")
	}
	if cursor.Order != p.Order {
		return Invalid(field, "must be a cursor of the same order: this one is of a list that was sorted otherwise")
	}
	*place = &cursor
	return nil
}

// Order names what a list is sorted by beside its own order, which is empty. A place in one order is none in another.
type Order string

// Cursor is a place in a list: the sort key of a row, so that rows added later move nothing.
type Cursor struct {
	At    time.Time // zero in lists that are sorted by the number alone
	ID    int64
	Order Order
}

// String returns the opaque text of the cursor.
func (c Cursor) String() string {
	at := int64(0)
	if !c.At.IsZero() {
		at = c.At.UnixMicro()
	}
	text := strconv.FormatInt(at, 10) + ":" + strconv.FormatInt(c.ID, 10)
	if c.Order != "" {
		text += ":" + string(c.Order)
	}
	return base64.RawURLEncoding.EncodeToString([]byte(text))
}

// Compare orders cursors by time, then by number.
func (c Cursor) Compare(o Cursor) int {
	return cmp.Or(c.At.Compare(o.At), cmp.Compare(c.ID, o.ID))
}

// maxCursorBytes is above the text of any cursor: two numbers of 20 characters, an order of 30.
const maxCursorBytes = 128

// parseCursor reads what String has written, and nothing else.
func parseCursor(s string) (Cursor, bool) {
	if len(s) > maxCursorBytes {
		return Cursor{}, false
	}
	text, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return Cursor{}, false
	}
	at, rest, _ := strings.Cut(string(text), ":")
	id, order, _ := strings.Cut(rest, ":")
	micros, errOfTime := strconv.ParseInt(at, 10, 64)
	n, errOfID := strconv.ParseInt(id, 10, 64)
	cursor := Cursor{At: time.UnixMicro(micros).UTC(), ID: n, Order: Order(order)}
	return cursor, errOfTime == nil && errOfID == nil && cursor.String() == s
}

// PageOf is one page of a list.
type PageOf[T any] struct {
	Nodes       []T
	HasNext     bool
	HasPrevious bool
	// SearchedUntil is where the page stopped to look for more before it was full; nil: it is full, or there are no more.
	SearchedUntil *Cursor
}

// Turned is what to ask of a list to get a page of the same list the other way round.
func (p Page) Turned() Page {
	p.FromEnd, p.After, p.Before = !p.FromEnd, p.Before, p.After
	return p
}

// Turn turns such a page.
func (p *PageOf[T]) Turn() {
	slices.Reverse(p.Nodes)
	p.HasNext, p.HasPrevious = p.HasPrevious, p.HasNext
}

// Cut makes a page of rows that were read with one more than asked for: from the end backwards where the page is FromEnd.
// That there is something on the other side of a place which the caller knows is taken for granted: the place was an
// entity's.
func Cut[T any](rows []T, asked Page) *PageOf[T] {
	more := len(rows) > asked.First
	if more {
		rows = rows[:asked.First]
	}
	if !asked.FromEnd {
		return &PageOf[T]{Nodes: rows, HasNext: more, HasPrevious: asked.After != nil}
	}
	slices.Reverse(rows)
	return &PageOf[T]{Nodes: rows, HasNext: asked.Before != nil, HasPrevious: more}
}
