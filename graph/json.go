package graph

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"slices"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/ringback/ringback/models"
)

// scalarJSON is the scalar whose values keep their text.
const scalarJSON = "JSON"

// MarshalJSON writes a JSON text as it is.
func MarshalJSON(text json.RawMessage) graphql.Marshaler {
	if text == nil {
		return graphql.Null
	}
	return graphql.WriterFunc(func(w io.Writer) { _, _ = w.Write(text) })
}

// UnmarshalJSON reads the text that jsonArguments has kept. Only a default value in the schema comes decoded.
func UnmarshalJSON(v any) (json.RawMessage, error) {
	text, kept := v.(json.RawMessage)
	if !kept {
		var err error
		if text, err = json.Marshal(v); err != nil {
			return nil, err
		}
	}
	if !utf8.Valid(text) || !json.Valid(text) {
		return nil, &models.Error{Code: models.CodeBadUserInput, Message: "must be JSON in UTF-8, at most 10,000 levels deep"}
	}
	return text, nil
}

// jsonArguments puts the text of each value of the type JSON in place of what gqlgen decodes it to, which has lost the order of
// the keys and the spelling of the numbers. A literal comes as a variable, see documents.
type jsonArguments struct {
	schema *ast.Schema
	holds  map[string]bool // JSON, and the input objects that have JSON somewhere inside
}

var _ graphql.OperationContextMutator = (*jsonArguments)(nil)

func newJSONArguments(schema *ast.Schema) *jsonArguments {
	holds := map[string]bool{scalarJSON: true}
	for before := 0; before != len(holds); {
		before = len(holds)
		for name, definition := range schema.Types {
			inside := func(f *ast.FieldDefinition) bool { return holds[f.Type.Name()] }
			if definition.Kind == ast.InputObject && slices.ContainsFunc(definition.Fields, inside) {
				holds[name] = true
			}
		}
	}
	return &jsonArguments{schema, holds}
}

// ExtensionName is graphql.HandlerExtension.
func (*jsonArguments) ExtensionName() string { return "JSONArguments" }

// Validate is graphql.HandlerExtension.
func (*jsonArguments) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext is graphql.OperationContextMutator. An operation without JSON costs one look at each variable.
func (j *jsonArguments) MutateOperationContext(ctx context.Context, opCtx *graphql.OperationContext) *gqlerror.Error {
	definitions := opCtx.Operation.VariableDefinitions
	if !slices.ContainsFunc(definitions, func(d *ast.VariableDefinition) bool { return j.holds[d.Type.Name()] }) {
		return nil
	}
	texts, err := variableTexts(ctx)
	if err != nil {
		return &gqlerror.Error{Err: err}
	}
	literals := &literals{definitions: definitions, texts: texts}
	for _, d := range slices.Backward(definitions) { // lifted literals stand at the end, and defaults refer to them
		text, given := texts[d.Variable]
		var value any
		switch {
		case isLifted(d.Variable):
			value, err = literals.render(d.DefaultValue)
		case !j.holds[d.Type.Name()] || !given && d.DefaultValue == nil:
			continue
		case given:
			value, err = j.read(d.Type, text)
		default:
			value, err = d.DefaultValue.Value(opCtx.Variables)
		}
		if err != nil {
			return &gqlerror.Error{Err: err}
		}
		opCtx.Variables[d.Variable] = value
	}
	return nil
}

// variableTexts returns the text of each variable in the body. It decodes as gqlgen does, so that the same one of two members
// with one name counts.
func variableTexts(ctx context.Context) (map[string]json.RawMessage, error) {
	body, _ := ctx.Value(bodyKey{}).([]byte)
	var request struct {
		Variables map[string]json.RawMessage `json:"variables"`
	}
	err := json.NewDecoder(bytes.NewReader(body)).Decode(&request)
	return request.Variables, err
}

// read decodes the text of a variable, which gqlgen has found to fit its type, down to the JSON in it.
func (j *jsonArguments) read(t *ast.Type, text json.RawMessage) (any, error) {
	r := &variableReader{jsonArguments: j, text: text, decoder: json.NewDecoder(bytes.NewReader(text))}
	r.decoder.UseNumber()
	value := r.value(t)
	return value, r.err
}

// variableReader goes through a text once, however deep the input objects are in each other.
type variableReader struct {
	*jsonArguments
	text    []byte
	decoder *json.Decoder
	err     error
}

func (r *variableReader) value(t *ast.Type) any {
	first := bytes.TrimLeft(r.text[r.decoder.InputOffset():], ",: \t\r\n")[0]
	switch {
	case first == 'n':
		return decoded[any](r)
	case t.Elem != nil && first == '[':
		return r.list(t.Elem)
	case t.Elem != nil:
		return []any{r.value(t.Elem)} // a single value stands for a list of one
	case t.NamedType == scalarJSON:
		return decoded[json.RawMessage](r)
	case r.holds[t.NamedType]:
		return r.object(r.schema.Types[t.NamedType])
	default:
		return decoded[any](r)
	}
}

func decoded[T any](r *variableReader) (value T) {
	r.err = cmp.Or(r.err, r.decoder.Decode(&value))
	return value
}

func (r *variableReader) token() json.Token {
	token, err := r.decoder.Token()
	r.err = cmp.Or(r.err, err)
	return token
}

func (r *variableReader) list(elem *ast.Type) []any {
	list := []any{}
	for r.token(); r.err == nil && r.decoder.More(); {
		list = append(list, r.value(elem))
	}
	r.token()
	return list
}

func (r *variableReader) object(definition *ast.Definition) map[string]any {
	object := map[string]any{}
	for r.token(); r.err == nil && r.decoder.More(); {
		name, _ := r.token().(string)
		if field := definition.Fields.ForName(name); field != nil {
			object[name] = r.value(field.Type)
		} else { // __typename, which gqlgen lets pass
			decoded[any](r)
		}
	}
	r.token()
	return object
}
