package graph

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// errDocument is the cause of what is written for the caller: sentences of ours, with the names and types of a document,
// and none of its values. gqlgen's and gqlparser's own repeat what they have found, which can be a secret.
var errDocument = errors.New("the document cannot be served")

// refused is an error about the document, or about how its variables fit it.
func refused(code string, at *ast.Position, format string, args ...any) *gqlerror.Error {
	err := &gqlerror.Error{Err: errDocument, Message: fmt.Sprintf(format, args...), Extensions: map[string]any{"code": code}}
	core.At(at)(err)
	return err
}

func tooComplex(format string, args ...any) *gqlerror.Error {
	return refused("COMPLEXITY_LIMIT_EXCEEDED", nil, format, args...)
}

func invalid(at *ast.Position, format string, args ...any) *gqlerror.Error {
	return refused(errcode.ValidationFailed, at, format, args...)
}

// syntaxError keeps the place of the parser's error.
func syntaxError(err error) *gqlerror.Error {
	e := refused(errcode.ParseFailed, nil, "The document has a syntax error.")
	var parsed *gqlerror.Error
	if errors.As(err, &parsed) && len(parsed.Locations) > 0 {
		at := parsed.Locations[0]
		e.Locations, e.Message = parsed.Locations, fmt.Sprintf(
			"The document has a syntax error in line %d, column %d.", at.Line, at.Column,
		)
	}
	return e
}

// maxNameBytes is what an error repeats of a name that the caller chose.
const maxNameBytes = 100

func name(s string) string {
	if len(s) > maxNameBytes {
		s = strings.ToValidUTF8(s[:maxNameBytes], "") + "…"
	}
	return `"` + s + `"`
}

// names lists some of the elements that a sentence is about.
func names[T any](list []T, about func(T) (string, bool)) string {
	var out []string
	for _, element := range list {
		if n, ok := about(element); ok && !slices.Contains(out, name(n)) && len(out) < maxProblems {
			out = append(out, name(n))
		}
	}
	return strings.Join(out, ", ")
}

// findings are the errors of a walk.
type findings struct {
	node any // that the walk is at
	errs gqlerror.List
	last struct { // who found the last, and where
		rule string
		node any
		err  *gqlerror.Error
	}
}

// follow keeps the node that a walk is at. It must be the first to listen.
func (f *findings) follow(walk *core.Events) {
	walk.OnOperation(func(_ *core.Walker, n *ast.OperationDefinition) { f.node = n })
	walk.OnField(func(_ *core.Walker, n *ast.Field) { f.node = n })
	walk.OnFragment(func(_ *core.Walker, n *ast.FragmentDefinition) { f.node = n })
	walk.OnInlineFragment(func(_ *core.Walker, n *ast.InlineFragment) { f.node = n })
	walk.OnFragmentSpread(func(_ *core.Walker, n *ast.FragmentSpread) { f.node = n })
	walk.OnDirective(func(_ *core.Walker, n *ast.Directive) { f.node = n })
	walk.OnDirectiveList(func(*core.Walker, []*ast.Directive) { f.node = nil })
	walk.OnValue(func(_ *core.Walker, n *ast.Value) { f.node = n })
	walk.OnVariable(func(_ *core.Walker, n *ast.VariableDefinition) { f.node = n })
}

// add tells what a rule has found, in its sentence. What one sentence says of several places is one error.
func (f *findings) add(r rule, found *gqlerror.Error) {
	if f.last.err != nil && f.last.rule == r.Name && f.last.node == f.node {
		f.last.err.Locations = append(f.last.err.Locations, found.Locations...)
		return
	}
	message := found.Message
	if r.sentence != nil {
		message = r.sentence(f.node)
	}
	i := slices.IndexFunc(f.errs, func(e *gqlerror.Error) bool { return e.Message == message })
	switch {
	case i >= 0:
	case len(f.errs) == maxProblems:
		return
	default:
		i, f.errs = len(f.errs), append(f.errs, invalid(nil, "%s", message))
	}
	e := f.errs[i]
	e.Locations = append(e.Locations, found.Locations...)
	f.last.rule, f.last.node, f.last.err = r.Name, f.node, e
}

// rule is one of gqlparser's, with our sentence about the node that breaks it.
type rule struct {
	core.Rule
	sentence func(node any) string
}

// on makes a sentence of one about nodes of one type.
func on[N any](sentence func(N) string) func(any) string {
	return func(node any) string { return sentence(node.(N)) }
}

// documentRules are all of the GraphQL specification, but for those of subscriptions, which we have not, and of
// fragments that spread themselves, which measure knows.
var documentRules = []rule{
	{jsonNumbers, nil},
	{rules.FieldsOnCorrectTypeRuleWithoutSuggestions, on(unknownField)},
	{rules.FragmentsOnCompositeTypesRule, func(any) string { return "A fragment must be on a type that has fields." }},
	{rules.KnownArgumentNamesRuleWithoutSuggestions, unknownArguments},
	{rules.KnownDirectivesRule, on(misplacedDirective)},
	{
		rules.KnownFragmentNamesRule,
		on(func(s *ast.FragmentSpread) string { return "There is no fragment " + name(s.Name) + "." }),
	},
	{
		rules.KnownRootTypeRule,
		on(func(o *ast.OperationDefinition) string { return "There is no " + string(o.Operation) + " in this API." }),
	},
	{rules.KnownTypeNamesRuleWithoutSuggestions, unknownType},
	{rules.LoneAnonymousOperationRule, func(any) string {
		return "An operation without a name must be the only one of " +
			"its document."
	}},
	{rules.MaxIntrospectionDepth, func(any) string {
		return "The introspection asks for lists of fields more than twice within each other."
	}},
	{rules.NoUndefinedVariablesRule, on(func(v *ast.Value) string {
		return "The variable " + name("$"+v.Raw) + " is not defined by its operation."
	})},
	{
		rules.NoUnusedFragmentsRule,
		on(func(f *ast.FragmentDefinition) string { return "The fragment " + name(f.Name) + " is never used." }),
	},
	{rules.NoUnusedVariablesRule, on(func(o *ast.OperationDefinition) string {
		unused := func(d *ast.VariableDefinition) (string, bool) { return "$" + d.Variable, !d.Used }
		return "These variables are never used: " + names(o.VariableDefinitions, unused) + "."
	})},
	{overlapping, nil},
	{rules.PossibleFragmentSpreadsRule, impossibleSpread},
	{rules.ProvidedRequiredArgumentsRule, missingArguments},
	{rules.ScalarLeafsRuleWithoutSuggestions, on(leaf)},
	{rules.UniqueArgumentNamesRule, func(any) string { return "An argument is given twice." }},
	{rules.UniqueDirectivesPerLocationRule, func(any) string { return "A directive is given twice in one place." }},
	{
		rules.UniqueFragmentNamesRule,
		on(func(f *ast.FragmentDefinition) string { return "There are two fragments " + name(f.Name) + "." }),
	},
	{rules.UniqueInputFieldNamesRule, func(any) string { return "A field of an input is given twice." }},
	{
		rules.UniqueOperationNamesRule,
		on(func(o *ast.OperationDefinition) string { return "There are two operations " + name(o.Name) + "." }),
	},
	{rules.UniqueVariableNamesRule, func(any) string { return "An operation defines a variable twice." }},
	{rules.ValuesOfCorrectTypeRuleWithoutSuggestions, on(unfitValue)},
	{rules.VariablesAreInputTypesRule, func(any) string {
		return "A variable must have a scalar, an enum or an input " +
			"as its type."
	}},
	{rules.VariablesInAllowedPositionRule, on(unfitVariable)},
}
