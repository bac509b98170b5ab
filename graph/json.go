package graph

import (
	"encoding/json"
	"io"

	"github.com/99designs/gqlgen/graphql"
)

func MarshalJSON(v json.RawMessage) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { _, _ = w.Write(v) })
}

func UnmarshalJSON(v any) (json.RawMessage, error) { return json.Marshal(v) }
