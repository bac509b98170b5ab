package graph

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
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

// jsonOrEmpty is for a value that is always there, but not within everybody's sight.
func jsonOrEmpty(v json.RawMessage, err error) (json.RawMessage, error) {
	if v == nil {
		v = json.RawMessage("{}")
	}
	return v, err
}

func asResults(t string) (results []json.RawMessage, err error) {
	if t == "" {
		return nil, nil
	}
	return results, json.Unmarshal([]byte(t), &results)
}

func asHeaders(t string) (callback.Headers, error) { return callback.ReadHeaders(t), nil }

// exchangeOf returns an attempt's headers as they are stored, and its callback.
func exchangeOf(ctx context.Context, a *callback.Attempt) (*callback.Callback, callback.Headers, error) {
	stored, err := text(ctx, models.HeadersText, a.ID, asHeaders)
	if err != nil {
		return nil, stored, err
	}
	c, err := entity[*callback.Callback](ctx, models.TypeCallback, &a.CallbackID)
	return c, stored, err
}

// shownHeaders keeps a list that is not there null.
func shownHeaders(list []callback.HeaderField) []*callback.HeaderField {
	if list == nil {
		return nil
	}
	return pointers(list)
}
