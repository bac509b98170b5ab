package main

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"
)

// breachesOfSchema are what breaks the documents of a client that were valid before, or what they find in an answer.
// Values and members that are new are not among them: clients are told to expect them. Coordinates are those of the
// GraphQL specification.
func breachesOfSchema(before, now *ast.Schema) []breach {
	var found []breach
	add := func(at, what string) { found = append(found, breach{at, what}) }
	for name, was := range before.Types {
		is := now.Types[name]
		switch {
		case was.BuiltIn:
		case is == nil:
			add(name, "was removed")
		case is.Kind != was.Kind:
			add(name, "became another kind of type")
		case was.Kind == ast.InputObject:
			found = append(found, breachesOfInput(was, is)...)
		default:
			for _, value := range was.EnumValues {
				if is.EnumValues.ForName(value.Name) == nil {
					add(name+"."+value.Name, "was removed")
				}
			}
			for _, member := range append(slices.Clone(was.Types), was.Interfaces...) {
				if !slices.Contains(is.Types, member) && !slices.Contains(is.Interfaces, member) {
					add(name, "no longer has to do with "+member)
				}
			}
			found = append(found, breachesOfFields(was, is)...)
		}
	}
	slices.SortFunc(found, func(a, b breach) int { return slices.Compare([]string{a.at, a.what}, []string{b.at, b.what}) })
	return found
}

func breachesOfFields(was, is *ast.Definition) []breach {
	var found []breach
	for _, old := range was.Fields {
		at := was.Name + "." + old.Name
		field := is.Fields.ForName(old.Name)
		if field == nil {
			found = append(found, breach{at, "was removed"})
			continue
		}
		if !fits(field.Type, old.Type) {
			found = append(found, breach{at, "became " + field.Type.String() + ", and was " + old.Type.String()})
		}
		for _, oldArgument := range old.Arguments {
			argument := field.Arguments.ForName(oldArgument.Name)
			if argument == nil {
				found = append(found, breach{at + "(" + oldArgument.Name + ":)", "was removed"})
				continue
			}
			if !fits(oldArgument.Type, argument.Type) {
				found = append(
					found,
					breach{
						at + "(" + oldArgument.Name + ":)", "became " + argument.Type.String() + ", and was " + oldArgument.Type.String(),
					},
				)
			}
		}
		for _, argument := range field.Arguments {
			old := old.Arguments.ForName(argument.Name)
			if demanded(argument.Type, argument.DefaultValue) && (old == nil || !demanded(old.Type, old.DefaultValue)) {
				found = append(found, breach{at + "(" + argument.Name + ":)", "is required"})
			}
		}
	}
	return found
}

func breachesOfInput(was, is *ast.Definition) []breach {
	var found []breach
	for _, old := range was.Fields {
		at := was.Name + "." + old.Name
		field := is.Fields.ForName(old.Name)
		switch {
		case field == nil:
			found = append(found, breach{at, "was removed"})
		case !fits(old.Type, field.Type):
			found = append(found, breach{at, "became " + field.Type.String() + ", and was " + old.Type.String()})
		}
	}
	for _, field := range is.Fields {
		old := was.Fields.ForName(field.Name)
		if demanded(field.Type, field.DefaultValue) && (old == nil || !demanded(old.Type, old.DefaultValue)) {
			found = append(found, breach{was.Name + "." + field.Name, "is required"})
		}
	}
	return found
}

// demanded tells whether a call without a value is refused.
func demanded(t *ast.Type, def *ast.Value) bool { return t.NonNull && def == nil }

// fits tells whether every value of the type given is one of the type wanted.
func fits(given, wanted *ast.Type) bool {
	if wanted.NonNull && !given.NonNull || given.NamedType != wanted.NamedType ||
		(given.Elem == nil) != (wanted.Elem == nil) {
		return false
	}
	return given.Elem == nil || fits(given.Elem, wanted.Elem)
}

func TestEveryBreachOfTheSchemaIsFound(t *testing.T) {
	t.Parallel()
	const base = `type Query { a(x: Int, y: [Int!] = [1], z: Int! = 1): [Int] n: Node u: U b(in: In): E m: Int! }
		interface Node { id: ID! } type A implements Node { id: ID! } type B { b: Int } union U = A | B enum E { ONE TWO } input In { i: Int r: Int! } scalar S`
	parse := func(text string) *ast.Schema { return loadSchema(t, map[string]string{"schema.graphqls": text}) }
	for name, c := range map[string]struct {
		from, to string
		want     []string
	}{
		"nothing":                    {"", "", nil},
		"a type":                     {"scalar S", "", []string{"`S` was removed"}},
		"another kind":               {"scalar S", "enum S { X }", []string{"`S` became another kind of type"}},
		"a field":                    {"m: Int!", "", []string{"`Query.m` was removed"}},
		"another type of field":      {"m: Int!", "m: String!", []string{"`Query.m` became String!, and was Int!"}},
		"a field that may be null":   {"m: Int!", "m: Int", []string{"`Query.m` became Int, and was Int!"}},
		"a list's element":           {"): [Int]", "): [Float]", []string{"`Query.a` became [Float], and was [Int]"}},
		"one where there was a list": {"): [Int]", "): Int", []string{"`Query.a` became Int, and was [Int]"}},
		"an argument":                {"(x: Int, ", "(", []string{"`Query.a(x:)` was removed"}},
		"another type of argument":   {"x: Int,", "x: String,", []string{"`Query.a(x:)` became String, and was Int"}},
		"an argument that is required": {
			"x: Int,", "x: Int!,", []string{"`Query.a(x:)` became Int!, and was Int", "`Query.a(x:)` is required"},
		},
		"an element that may be null": {"y: [Int!]", "y: [Int]", nil},
		"a default that is gone":      {"z: Int! = 1", "z: Int!", []string{"`Query.a(z:)` is required"}},
		"a new argument, required":    {"(x: Int,", "(w: Int!, x: Int,", []string{"`Query.a(w:)` is required"}},
		"an enum's value":             {"ONE TWO", "ONE", []string{"`E.TWO` was removed"}},
		"an input's field":            {"{ i: Int r", "{ r", []string{"`In.i` was removed"}},
		"another type of input":       {"i: Int", "i: String", []string{"`In.i` became String, and was Int"}},
		"an input that is required": {
			"i: Int ", "i: Int! ", []string{"`In.i` became Int!, and was Int", "`In.i` is required"},
		},
		"a new input, required": {"{ i: Int", "{ j: Int! i: Int", []string{"`In.j` is required"}},
		"a union's member":      {"A | B", "A", []string{"`U` no longer has to do with B"}},
		"an interface":          {"A implements Node", "A", []string{"`A` no longer has to do with Node"}},
		"what only adds": {
			"m: Int!", "m(v: Int, w: Int! = 2): Int! o: In2 } enum E2 { X } type In2 { x: Int", nil,
		},
		"more that is accepted": {"r: Int!", "r: Int s: Int", nil},
		"more that is promised": {"): [Int]", "): [Int!]!", nil},
		"a value that is new":   {"ONE TWO", "ONE TWO THREE", nil},
	} {
		var got []string
		for _, b := range breachesOfSchema(parse(base), parse(replaced(t, base, c.from, c.to))) {
			got = append(got, b.String())
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
