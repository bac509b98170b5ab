package storetest

import "testing"

// Leftovers are what tests leave to each other.
type Leftovers = leftovers

// Keep and Take are what Main and Open do.
func (l *leftovers) Keep() (drop func()) { return l.keep() }

// Take gives a schema to a test.
func (l *leftovers) Take(tb testing.TB) (databaseURL string, migrated bool) { return l.take(tb) }

// The tools of schemas.
var (
	Execute        = execute
	WithParameter  = withParameter
	DropLeftBehind = dropLeftBehind
)

// Names of schemas.
const (
	SchemaName = schemaName
	LeftBehind = leftBehind
)
