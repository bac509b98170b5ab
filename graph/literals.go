package graph

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/core"

	"github.com/ringback/ringback/models"
)

// jsonNumbers is a rule that makes names of enum values of the numbers in literals of the type JSON: the others, which
// come behind, refuse an input object with a number that no int64 or float64 holds. No other name begins with a digit
// or a minus, and JSON has the same grammar. Within a literal of the type JSON nothing has a definition.
var jsonNumbers = core.Rule{
	Name: "JSONNumbers",
	RuleFunc: func(events *core.Events, _ core.AddErrFunc) {
		events.OnValue(func(_ *core.Walker, v *ast.Value) {
			isNumber := v.Kind == ast.IntValue || v.Kind == ast.FloatValue
			if isNumber && (v.Definition == nil || v.Definition.Name == scalarJSON) {
				v.Kind = ast.EnumValue
			}
		})
	},
}

// jsonTexts knows the variables and literals of an operation as JSON. Nothing is read before the first is asked for.
type jsonTexts struct {
	body        []byte
	definitions ast.VariableDefinitionList
	variables   map[string]json.RawMessage // those that have a value
	document    []rune
	out         []byte // of all literals, one behind the other
	err         error  // the first
}

// read decodes the body as gqlgen does, so that the same one of two members with one name counts.
func (j *jsonTexts) read() {
	if j.variables != nil {
		return
	}
	var request struct {
		Variables map[string]json.RawMessage `json:"variables"`
	}
	j.err = json.NewDecoder(bytes.NewReader(j.body)).Decode(&request)
	j.variables = map[string]json.RawMessage{}
	for _, d := range j.definitions {
		if text, given := request.Variables[d.Variable]; given {
			j.variables[d.Variable] = text
		} else if d.DefaultValue != nil {
			j.variables[d.Variable] = j.ofLiteral(d.DefaultValue)
		}
	}
}

// ofVariable returns the text of a variable in the body, or that of its default.
func (j *jsonTexts) ofVariable(name string) (text json.RawMessage, has bool) {
	j.read()
	text, has = j.variables[name]
	return text, has && j.err == nil
}

// ofLiteral writes a literal with the variables in it.
func (j *jsonTexts) ofLiteral(v *ast.Value) json.RawMessage {
	j.read()
	start := len(j.out)
	j.write(v)
	return j.out[start:len(j.out):len(j.out)]
}

func (j *jsonTexts) write(v *ast.Value) {
	isEnum := v.Kind == ast.EnumValue && v.Definition != nil && v.Definition.Kind == ast.Enum
	switch {
	case j.err != nil: // and what follows is not copied any more
	case v.Kind == ast.Variable:
		j.writeVariable(v.Raw)
	case v.Kind == ast.ListValue:
		j.writeList(v.Children)
	case v.Kind == ast.ObjectValue:
		j.writeObject(v.Children)
	case v.Kind == ast.StringValue:
		j.add(j.source(v))
	case v.Kind == ast.BlockValue || isEnum: // an enum in the default of a variable
		j.add(quoted(v.Raw))
	case json.Valid([]byte(v.Raw)):
		j.add(v.Raw)
	default:
		j.err = badInput("query", "enum values are no JSON: "+v.Raw)
	}
}

func (j *jsonTexts) writeVariable(name string) {
	text, has := j.variables[name]
	if !has {
		text = json.RawMessage("null")
	}
	j.add(string(text))
}

func (j *jsonTexts) writeList(elements ast.ChildValueList) {
	j.add("[")
	for i, element := range elements {
		if i > 0 {
			j.add(",")
		}
		j.write(element.Value)
	}
	j.add("]")
}

// writeObject leaves a member out whose variable has no value, as in an input object.
func (j *jsonTexts) writeObject(members ast.ChildValueList) {
	j.add("{")
	separator := `"`
	for _, member := range members {
		if _, has := j.variables[member.Value.Raw]; member.Value.Kind != ast.Variable || has {
			j.add(separator + member.Name + `":`)
			j.write(member.Value)
			separator = `,"`
		}
	}
	j.add("}")
}

// source is a string as the document has it: its escapes are those of JSON, and gqlparser reads an escaped surrogate
// pair as two replacement characters. Only a tab may stand for itself.
func (j *jsonTexts) source(v *ast.Value) string {
	if j.document == nil {
		j.document = []rune(v.Position.Src.Input)
	}
	return strings.ReplaceAll(string(j.document[v.Position.Start:v.Position.End]), "\t", `\t`)
}

func quoted(s string) string {
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(s) // which no string fails
	return strings.TrimSuffix(out.String(), "\n")
}

// add bounds what a short document can grow to: it has room for 490 uses of a variable of 1 MiB.
func (j *jsonTexts) add(text string) {
	if len(j.out)+len(text) > models.MaxBodyBytes {
		j.err = badInput("query", "must be at most 1 MiB with its variables in place")
		return
	}
	j.out = append(j.out, text...)
}
