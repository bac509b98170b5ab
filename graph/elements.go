package graph

import (
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"
)

// elements counts those of lists in variables, before they are made input of. What is in a value of the type JSON is its
// caller's own, and stays text.
type elements struct {
	schema *ast.Schema
	n      int
}

// tooMany is about the first variable that has more than may be; nil: none has.
func (e *elements) tooMany(operation *ast.OperationDefinition, variables map[string]any) error {
	for _, d := range operation.VariableDefinitions {
		if e.count(d.Type, variables[d.Variable]); e.n > maxElements {
			return badInput(d.Variable, fmt.Sprintf("the lists of a request must have at most %d elements together", maxElements))
		}
	}
	return nil
}

// count stops behind the limit. What does not fit its type is for the validation to tell.
func (e *elements) count(t *ast.Type, value any) {
	if t.Elem != nil {
		list, _ := value.([]any)
		e.n += len(list)
		for _, element := range list {
			if e.n > maxElements {
				return
			}
			e.count(t.Elem, element)
		}
		return
	}
	members, is := value.(map[string]any)
	if definition := e.schema.Types[t.NamedType]; is && definition != nil && definition.Kind == ast.InputObject {
		for _, f := range definition.Fields {
			e.count(f.Type, members[f.Name])
		}
	}
}
