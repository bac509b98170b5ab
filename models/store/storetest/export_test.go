package storetest

import "testing"

// Leftovers are what tests leave to each other.
type Leftovers = leftovers

// Keep and Take are what Main and Open do.
func (l *leftovers) Keep() (drop func()) { return l.keep() }

// Take gives a database to a test.
func (l *leftovers) Take(tb testing.TB) (databaseURL string) { return l.take(tb) }

// Stop ends a pooler before its test, and returns what it has died of.
func (p *Pooler) Stop() (deaths []string) { return p.stop() }

// The tools of databases.
var (
	Execute        = execute
	NameOf         = nameOf
	DropLeftBehind = dropLeftBehind
)

// Names of databases.
const (
	DatabaseName = databaseName
	LeftBehind   = leftBehind
)
