package graph

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/core"
)

// overlapping is the rule that fields with one name in the answer are one field. gqlparser's compares each with each,
// and their selections too, which are 2^n comparisons of n nested fields; this one looks at each field, wherever it is
// spread, twice.
var overlapping = core.Rule{
	Name: "OverlappingFieldsCanBeMerged",
	RuleFunc: func(events *core.Events, report core.AddErrFunc) {
		events.OnOperation(func(walker *core.Walker, operation *ast.OperationDefinition) {
			m := merger{walker.Schema, report}
			m.shapes([]ast.SelectionSet{operation.SelectionSet})
			m.fields([]ast.SelectionSet{operation.SelectionSet})
		})
	},
}

type merger struct {
	schema *ast.Schema
	report core.AddErrFunc
}

// shapes checks that what has one name has one type, whichever objects it is of.
func (m merger) shapes(sets []ast.SelectionSet) {
	for _, group := range groups(sets) {
		for _, f := range group[1:] {
			if !m.sameShape(group[0].Definition.Type, f.Definition.Type) {
				m.conflict(f, "have different types")
				break
			}
		}
		m.shapes(selections(group))
	}
}

// fields checks that what has one name and can be of the same object is the same field with the same arguments. An
// interface stands for each object: what is selected below its fields counts as if it were of all of them.
func (m merger) fields(sets []ast.SelectionSet) {
	for _, group := range groups(sets) {
		for _, part := range byObject(group) {
			for _, f := range part[1:] {
				if f.Name != part[0].Name || !sameArguments(f.Arguments, part[0].Arguments) {
					m.conflict(f, "are not the same field with the same arguments")
					break
				}
			}
			m.fields(selections(part))
		}
	}
}

func (m merger) conflict(f *ast.Field, why string) {
	m.report(
		core.Message("The fields under the name %s %s: give one of them an alias.", name(f.Alias), why), core.At(f.Position),
	)
}

func (m merger) sameShape(a, b *ast.Type) bool {
	switch {
	case a.NonNull != b.NonNull || (a.Elem == nil) != (b.Elem == nil):
		return false
	case a.Elem != nil:
		return m.sameShape(a.Elem, b.Elem)
	default:
		return a.NamedType == b.NamedType || m.schema.Types[a.NamedType].IsCompositeType() &&
			m.schema.Types[b.NamedType].IsCompositeType()
	}
}

func sameArguments(a, b ast.ArgumentList) bool {
	same := func(x *ast.Argument) bool {
		y := b.ForName(x.Name)
		return y != nil && sameValue(x.Value, y.Value)
	}
	return len(a) == len(b) && !slices.ContainsFunc(a, func(x *ast.Argument) bool { return !same(x) })
}

func sameValue(a, b *ast.Value) bool {
	return a.Kind == b.Kind && a.Raw == b.Raw && slices.EqualFunc(a.Children, b.Children, func(x, y *ast.ChildValue) bool {
		return x.Name == y.Name && sameValue(x.Value, y.Value)
	})
}

// byObject divides fields by the object that they are of.
func byObject(fields []*ast.Field) (parts [][]*ast.Field) {
	for _, f := range fields {
		if f.ObjectDefinition.Kind != ast.Object {
			return [][]*ast.Field{fields}
		}
		i := slices.IndexFunc(parts, func(part []*ast.Field) bool { return part[0].ObjectDefinition == f.ObjectDefinition })
		if i < 0 {
			i, parts = len(parts), append(parts, nil)
		}
		parts[i] = append(parts[i], f)
	}
	return parts
}

func selections(fields []*ast.Field) []ast.SelectionSet {
	sets := make([]ast.SelectionSet, len(fields))
	for i, f := range fields {
		sets[i] = f.SelectionSet
	}
	return sets
}

// groups collects the fields of sets by their names in the answer, each fragment once.
func groups(sets []ast.SelectionSet) [][]*ast.Field {
	var out [][]*ast.Field
	index, seen := map[string]int{}, map[string]bool{}
	var collect func(ast.SelectionSet)
	collect = func(set ast.SelectionSet) {
		for _, selection := range set {
			switch s := selection.(type) {
			case *ast.Field:
				if s.Definition == nil || s.ObjectDefinition == nil {
					continue // there is no such field, which another rule tells
				}
				i, ok := index[s.Alias]
				if !ok {
					i = len(out)
					index[s.Alias], out = i, append(out, nil)
				}
				out[i] = append(out[i], s)
			case *ast.InlineFragment:
				collect(s.SelectionSet)
			case *ast.FragmentSpread:
				if s.Definition != nil && !seen[s.Name] {
					seen[s.Name] = true
					collect(s.Definition.SelectionSet)
				}
			}
		}
	}
	for _, set := range sets {
		collect(set)
	}
	return out
}
