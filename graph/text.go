package graph

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/ringback/ringback/models"
)

// text reads a long text and makes of it what the field returns: once in a request, however often it is asked for. The
// zero value is that of a text which is not there, or not within the actor's sight.
func text[V any](ctx context.Context, field models.TextField, id int64, convert func(string) (V, error)) (V, error) {
	l := loadersFrom(ctx)
	return load(ctx, shared(l, "text "+string(field), func(ctx context.Context, ids []int64) (map[int64]V, error) {
		texts, err := l.service.Texts.Texts(ctx, l.actor.Scope(models.RoleViewer), field, ids...)
		if err != nil {
			return nil, err
		}
		values := make(map[int64]V, len(texts))
		for id, t := range texts {
			if values[id], err = convert(t); err != nil {
				return nil, err
			}
			delete(texts, id) // its memory, where the value has its own
		}
		return values, nil
	}), &id)
}

func asString(t string) (string, error) { return t, nil }

// asUTF8 is never nil: an answer without a body is an empty one.
func asUTF8(t string) (*string, error) { return new(strings.ToValidUTF8(t, "\uFFFD")), nil }

func asJSON(t string) (json.RawMessage, error) {
	if t == "" {
		return nil, nil
	}
	return json.RawMessage(t), nil
}

func asResults(t string) (results []json.RawMessage, err error) {
	if t == "" {
		return nil, nil
	}
	return results, json.Unmarshal([]byte(t), &results)
}
