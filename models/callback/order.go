package callback

import (
	"strings"

	"github.com/ringback/ringback/models"
)

// OrderField is a time that lists of callbacks are sorted by.
type OrderField string

// Times of callbacks. By one that a callback does not have, it is not listed.
const (
	ByCreated     OrderField = "CREATED"
	ByFinished    OrderField = "FINISHED"
	ByNextAttempt OrderField = "NEXT_ATTEMPT"
)

// OrderDirection is the way that a list goes.
type OrderDirection string

// Directions.
const (
	Ascending  OrderDirection = "ASC"
	Descending OrderDirection = "DESC"
)

// Order is that of a list of callbacks; the zero Order is that of all lists, the newest first.
type Order struct {
	Field     OrderField
	Direction OrderDirection
}

// ErrOrder is the error of a list that is too long to be sorted.
var ErrOrder = models.Invalid("orderBy", "at most %d callbacks are sorted by this time, and there are more: ask for fewer, "+
	"by createdAfter or createdBefore", models.MaxLooked)

// Name is the order as cursors have it.
func (o Order) Name() models.Order {
	if o == (Order{ByCreated, Descending}) || o == (Order{}) { // cursors of earlier releases
		return ""
	}
	return models.Order(string(o.Field) + " " + string(o.Direction))
}

// OrderOf is the order of a name.
func OrderOf(name models.Order) Order {
	if name == "" {
		return Order{ByCreated, Descending}
	}
	field, direction, _ := strings.Cut(string(name), " ")
	return Order{OrderField(field), OrderDirection(direction)}
}

// Place is a callback's place in a list of that order.
func (o Order) Place(c *Callback) models.Cursor {
	place := models.Cursor{At: c.CreatedAt, ID: c.ID, Order: o.Name()}
	switch {
	case o.Field == ByFinished && c.FinishedAt != nil:
		place.At = *c.FinishedAt
	case o.Field == ByNextAttempt && c.NextAttemptAt != nil:
		place.At = *c.NextAttemptAt
	}
	return place
}
