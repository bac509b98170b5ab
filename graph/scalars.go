package graph

import (
	"encoding/json"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
)

// MarshalObjectID writes the global form of an id.
func MarshalObjectID(id models.ObjectID) graphql.Marshaler {
	return graphql.MarshalString(id.String())
}

// UnmarshalObjectID reads a global id, or a number as such or in quotes.
func UnmarshalObjectID(v any) (models.ObjectID, error) {
	switch v := v.(type) {
	case string:
		return models.ParseObjectID(v)
	case json.Number:
		return models.ParseObjectID(v.String())
	case int64:
		return models.ParseObjectID(strconv.FormatInt(v, 10))
	case models.ObjectID: // see misread
		return v, nil
	default:
		return models.ParseObjectID("")
	}
}

// MarshalDateTime writes a time in UTC with milliseconds.
func MarshalDateTime(t time.Time) graphql.Marshaler {
	return graphql.MarshalString(models.FormatTime(t))
}

// UnmarshalDateTime reads an RFC 3339 time.
func UnmarshalDateTime(v any) (time.Time, error) {
	text, _ := v.(string)
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, &models.Error{
			Code: models.CodeBadUserInput, Message: "must be an RFC 3339 time such as 2020-07-09T16:25:35.000Z",
		}
	}
	return t, nil
}

// MarshalDuration writes a length of time.
func MarshalDuration(d time.Duration) graphql.Marshaler {
	return graphql.MarshalString(models.FormatDuration(d))
}

// UnmarshalDuration reads a length of time.
func UnmarshalDuration(v any) (time.Duration, error) {
	text, ok := v.(string)
	if seconds, err := graphql.UnmarshalInt64(v); !ok && err == nil && seconds < int64(math.MaxInt64/time.Second) {
		return time.Duration(seconds) * time.Second, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, &models.Error{Code: models.CodeBadUserInput, Message: "must be a length of time such as 24h or 30m, or " +
			"a number of seconds"}
	}
	return d, nil
}

// MarshalSecret shows a secret to a caller that the resolver has found entitled to it.
func MarshalSecret(s models.Secret) graphql.Marshaler { return graphql.MarshalString(s.Reveal()) }

// UnmarshalSecret reads a secret.
func UnmarshalSecret(v any) (models.Secret, error) {
	text, err := graphql.UnmarshalString(v)
	return models.Secret(text), err
}

// MarshalUUID writes a UUID.
func MarshalUUID(u uuid.UUID) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { _, _ = io.WriteString(w, strconv.Quote(u.String())) })
}

// UnmarshalUUID reads a UUID.
func UnmarshalUUID(v any) (uuid.UUID, error) {
	text, _ := v.(string)
	u, err := uuid.Parse(text)
	if err != nil {
		return uuid.Nil, &models.Error{Code: models.CodeBadUserInput, Message: "must be a UUID"}
	}
	return u, nil
}
