package graph

import (
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// measure refuses a document of which rules and resolvers would see much more than its text shows: fragments that
// multiply, fields under many aliases, deep selections. It looks at each selection of the text once.
func measure(document *ast.QueryDocument) *gqlerror.Error {
	if n := len(document.Operations); n > maxOperations {
		return tooComplex("The document has %d operations; the limit is %d.", n, maxOperations)
	}
	if n := len(document.Fragments); n > maxFragments {
		return tooComplex("The document has %d fragments; the limit is %d.", n, maxFragments)
	}
	m := measurer{document: document, fragments: map[string]*extent{}, aliases: map[string]int{}}
	var all extent
	for _, operation := range document.Operations {
		all.add(m.set(operation.SelectionSet))
	}
	for _, fragment := range document.Fragments {
		all.add(m.fragment(fragment, fragment.Position))
	}
	switch {
	case m.err != nil:
		return m.err
	case len(document.Operations) == 0:
		return refused(errcode.ValidationFailed, nil, "The document has no operation.")
	case all.depth > maxDepth:
		return tooComplex("The document selects fields more than %d levels deep, which is the limit.", maxDepth)
	case all.selections > maxSelections:
		return tooComplex("The document selects more than %d fields, those of a fragment counted wherever it is spread; "+
			"this is the limit.", maxSelections)
	}
	return nil
}

// extent is what a part of a document comes to with its fragments in place.
type extent struct{ selections, depth int }

// add ends a little over the limits.
func (e *extent) add(part extent) {
	e.selections = min(e.selections+part.selections, maxSelections+1)
	e.depth = min(max(e.depth, part.depth), maxDepth+1)
}

type measurer struct {
	document  *ast.QueryDocument
	fragments map[string]*extent // nil while one is being measured
	aliases   map[string]int     // by the name of their field
	err       *gqlerror.Error    // the first
}

func (m *measurer) set(set ast.SelectionSet) (e extent) {
	for _, selection := range set {
		part := extent{selections: 1}
		switch s := selection.(type) {
		case *ast.Field:
			m.alias(s)
			part.add(m.set(s.SelectionSet))
			part.depth++
		case *ast.InlineFragment:
			part.add(m.set(s.SelectionSet))
		case *ast.FragmentSpread:
			if fragment := m.document.Fragments.ForName(s.Name); fragment != nil {
				part.add(m.fragment(fragment, s.Position))
			}
		}
		e.add(part)
	}
	return e
}

func (m *measurer) alias(f *ast.Field) {
	if f.Alias == f.Name {
		return
	}
	if m.aliases[f.Name]++; m.aliases[f.Name] == maxAliases+1 {
		m.refuse(
			tooComplex("The document gives more than %d aliases to the field %s, which is the limit.", maxAliases, name(f.Name)),
		)
	}
}

func (m *measurer) fragment(fragment *ast.FragmentDefinition, at *ast.Position) extent {
	known, ok := m.fragments[fragment.Name]
	switch {
	case !ok:
		m.fragments[fragment.Name] = nil
		e := m.set(fragment.SelectionSet)
		known = &e
		m.fragments[fragment.Name] = known
	case known == nil:
		m.refuse(refused(errcode.ValidationFailed, at, "The fragment %s spreads itself.", name(fragment.Name)))
		return extent{}
	}
	return *known
}

func (m *measurer) refuse(err *gqlerror.Error) {
	if m.err == nil {
		m.err = err
	}
}
