package graph_test

import (
	"maps"
	"testing"

	"github.com/ringback/ringback/graph"
)

// apiTest is what a source adds to the tests of the whole API, in a file of its own such as job_source_test.go.
type apiTest struct {
	examples map[string]example // of its fields of Query and Mutation
	ids      []idField
	classes  map[class]string  // of its types and of what other types have of it: who sees them
	lists    map[string]string // by the path of a connection, an operation with %s for the arguments
	// populate makes what examples, ids and lists are about, in each world; nil: nothing.
	populate func(testing.TB, graph.Services)
	// create makes what the world lacks for each field to have a value, and returns entities that have them; nil: nothing.
	create func(*world) []entity
}

// idField is one of idFields.
type idField struct {
	name, query, typeName string
	raw                   int64
}

var apiTests []apiTest

func addAPITest(test apiTest) bool {
	apiTests = append(apiTests, test)
	maps.Copy(examples, test.examples)
	for field, c := range readClasses(test.classes) {
		if _, known := classes[field]; !known { // as the parts of other lists are
			classes[field] = c
		}
	}
	idFields = append(idFields, test.ids...)
	return true
}
