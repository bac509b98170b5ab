package graph

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/99designs/gqlgen/graphql"

	"github.com/ringback/ringback/models"
)

// Headers that carry credentials.
const (
	headerAuthToken = "X-Auth-Token"
	headerAPIKey    = "X-Api-Key"
)

// authenticate puts the actor of a request into its context. Without credentials the request goes on as a stranger's;
// with ones that are not valid it ends here, with 401 and a body of GraphQL's shape.
func (h *handler) authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		actor, err := h.actor(r)
		switch {
		case err == nil:
			next.ServeHTTP(w, r.WithContext(models.WithActor(r.Context(), actor)))
		case models.ErrorCode(err) == models.CodeUnauthenticated:
			w.Header().Set("WWW-Authenticate", "Bearer")
			h.writeError(w, r, http.StatusUnauthorized, err)
		default:
			h.writeError(w, r, http.StatusInternalServerError, err)
		}
	})
}

func (h *handler) actor(r *http.Request) (*models.Actor, error) {
	if token := sessionToken(r.Header); token != "" {
		return h.service.AuthenticateSession(r.Context(), token)
	}
	if key := r.Header.Get(headerAPIKey); key != "" {
		return h.service.AuthenticateKey(models.Secret(key))
	}
	return nil, nil
}

// sessionToken reads x-auth-token, or else Authorization: Bearer. An Authorization of another scheme is no credential of ours,
// but somebody meant it as one: it is refused rather than passed over.
func sessionToken(h http.Header) models.Secret {
	if token := h.Get(headerAuthToken); token != "" {
		return models.Secret(token)
	}
	authorization := h.Get("Authorization")
	scheme, token, ok := strings.Cut(authorization, " ")
	if ok && strings.EqualFold(scheme, "Bearer") {
		return models.Secret(strings.TrimSpace(token))
	}
	return models.Secret(authorization)
}

// writeError answers outside of gqlgen, in the shape of a GraphQL answer.
func (h *handler) writeError(w http.ResponseWriter, r *http.Request, status int, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"errors": []any{h.present(r.Context(), err)}, "data": nil,
	})
}

// allow is the directive @allow.
func allow(ctx context.Context, _ any, next graphql.Resolver, who Caller) (any, error) {
	actor := models.ActorFrom(ctx)
	check := actor.RequireKnown
	switch who {
	case CallerUser:
		check = actor.RequireUser
	case CallerPlatform:
		check = actor.RequirePlatform
	case CallerAnyoneKnown:
	}
	if err := check(); err != nil {
		return nil, err
	}
	return next(ctx)
}
