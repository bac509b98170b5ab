package graph

import (
	"encoding/json"
	"io"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"

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

// UnmarshalJSON reads the text that arguments has kept. Only a default value in the schema comes decoded.
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
