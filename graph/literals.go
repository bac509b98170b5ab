package graph

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/core"

	"github.com/ringback/ringback/models"
)

// liftedPrefix begins the name of a variable that stands for a literal: a document cannot spell it.
const liftedPrefix = "\x00"

func isLifted(variable string) bool { return strings.HasPrefix(variable, liftedPrefix) }

// jsonLiterals is a rule that spells literals of the type JSON. It has to come before the others because they refuse an input
// object in which a number does not fit an int64 or a float64.
var jsonLiterals = core.Rule{
	Name: "JSONLiterals",
	RuleFunc: func(events *core.Events, _ core.AddErrFunc) {
		var s speller
		events.OnValue(func(_ *core.Walker, v *ast.Value) {
			if v.Definition != nil && v.Definition.Name == scalarJSON {
				s.spell(v)
			}
		})
	},
}

// speller turns the numbers and strings of a literal into enum values whose name is the JSON text. gqlparser reads an enum value
// as its name, whatever that is; a document cannot spell one that starts with a digit, a minus or a quote.
type speller struct{ document []rune }

func (s *speller) spell(v *ast.Value) {
	switch v.Kind {
	case ast.IntValue, ast.FloatValue: // JSON has the same grammar
		v.Kind = ast.EnumValue
	case ast.StringValue:
		// From the document, because gqlparser reads an escaped surrogate pair as two replacement characters. The escapes are
		// those of JSON; only a tab may stand for itself.
		if s.document == nil {
			s.document = []rune(v.Position.Src.Input)
		}
		v.Kind, v.Raw = ast.EnumValue, escapeTabs(string(s.document[v.Position.Start:v.Position.End]))
	case ast.BlockValue:
		v.Kind, v.Raw = ast.EnumValue, quoted(v.Raw)
	}
	for _, child := range v.Children {
		s.spell(child.Value)
	}
}

func escapeTabs(s string) string { return strings.ReplaceAll(s, "\t", `\t`) }

// quoted is encoding/json's, except that it leaves <, >, & and the line separators of Unicode as they are.
func quoted(s string) string { return `"` + escapes.Replace(s) + `"` }

var escapes = func() *strings.Replacer {
	pairs := []string{`"`, `\"`, `\`, `\\`, "\n", `\n`, "\t", `\t`} // the first of two counts
	for c := range ' ' {
		pairs = append(pairs, string(c), fmt.Sprintf(`\u%04x`, c))
	}
	return strings.NewReplacer(pairs...)
}()

// lift replaces each literal of the type JSON by a variable with the literal as its default, in a valid document that nobody else
// has yet.
func (d *documents) lift(document *ast.QueryDocument) {
	lifted := map[string]*ast.VariableDefinition{}
	var events core.Events
	events.OnValue(func(walker *core.Walker, v *ast.Value) {
		if isJSONLiteral(v) {
			literal, name := *v, liftedPrefix+strconv.Itoa(len(lifted))
			lifted[name] = &ast.VariableDefinition{
				Variable: name, Type: ast.NamedType(scalarJSON, v.Position), DefaultValue: &literal, Definition: v.Definition,
			}
			v.Kind, v.Raw, v.Children, v.VariableDefinition = ast.Variable, name, nil, lifted[name]
		}
		// A fragment is walked once for each operation that uses it.
		operation := walker.CurrentOperation
		if v.Kind == ast.Variable && isLifted(v.Raw) && operation != nil && operation.VariableDefinitions.ForName(v.Raw) == nil {
			v.VariableDefinition = lifted[v.Raw]
			operation.VariableDefinitions = append(operation.VariableDefinitions, lifted[v.Raw])
		}
	})
	core.Walk(d.schema, document, &events)
}

func isJSONLiteral(v *ast.Value) bool {
	if v.Definition == nil || v.Definition.Name != scalarJSON || v.Kind == ast.Variable || v.Kind == ast.NullValue {
		return false
	}
	return v.Kind != ast.ListValue || v.ExpectedType.Elem == nil // else its elements are JSON
}

// literals renders literals of the type JSON, with the texts of the variables in them.
type literals struct {
	definitions ast.VariableDefinitionList
	texts       map[string]json.RawMessage
	out         []byte // of all literals, one behind the other
	err         error
}

func (l *literals) render(v *ast.Value) (json.RawMessage, error) {
	start := len(l.out)
	l.write(v)
	return l.out[start:len(l.out):len(l.out)], l.err
}

func (l *literals) write(v *ast.Value) {
	isEnum := v.Kind == ast.EnumValue && v.Definition != nil && v.Definition.Kind == ast.Enum
	switch {
	case l.err != nil: // and what follows is not copied any more
	case v.Kind == ast.Variable:
		l.writeVariable(v.Raw)
	case v.Kind == ast.ListValue:
		l.writeList(v.Children)
	case v.Kind == ast.ObjectValue:
		l.writeObject(v.Children)
	case v.Kind == ast.StringValue || v.Kind == ast.BlockValue || isEnum: // in the default of a variable of another type
		l.add(quoted(v.Raw))
	case json.Valid([]byte(v.Raw)):
		l.add(v.Raw)
	default:
		l.err = badInput("query", "enum values are no JSON: "+v.Raw)
	}
}

func (l *literals) writeList(elements ast.ChildValueList) {
	l.add("[")
	for i, element := range elements {
		if i > 0 {
			l.add(",")
		}
		l.write(element.Value)
	}
	l.add("]")
}

// writeObject leaves a member out whose variable has no value, as in an input object.
func (l *literals) writeObject(members ast.ChildValueList) {
	separator := `{"`
	for _, member := range members {
		if member.Value.Kind != ast.Variable || l.has(member.Value.Raw) {
			l.add(separator + member.Name + `":`)
			l.write(member.Value)
			separator = `,"`
		}
	}
	if separator == `{"` {
		l.add("{")
	}
	l.add("}")
}

func (l *literals) has(variable string) bool {
	_, given := l.texts[variable]
	d := l.definitions.ForName(variable)
	return given || d != nil && d.DefaultValue != nil
}

func (l *literals) writeVariable(name string) {
	text, given := l.texts[name]
	switch {
	case given:
		l.add(string(text))
	case l.has(name):
		l.write(l.definitions.ForName(name).DefaultValue)
	default:
		l.add("null")
	}
}

// add bounds what a short document can grow to: it has room for 490 uses of a variable of 1 MiB.
func (l *literals) add(text string) {
	if len(l.out)+len(text) > models.MaxBodyBytes {
		l.err = badInput("query", "must be at most 1 MiB with its variables in place")
		return
	}
	l.out = append(l.out, text...)
}
