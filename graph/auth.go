package graph

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"

	"github.com/99designs/gqlgen/graphql"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/tenant"
)

// headersKey is of the headers of a request: an error about its credentials says what is wrong with them.
type headersKey struct{}

// authenticate puts the actor of a request into its context. Without credentials the request goes on as a stranger's;
// with ones that are not valid it ends here, with 401 and a body of GraphQL's shape.
func (h *handler) authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.WithContext(context.WithValue(r.Context(), headersKey{}, r.Header))
		actor, err := h.service.Access.Authenticate(r.Context(), tenant.CredentialsFrom(r.Header))
		switch {
		case err == nil:
			next.ServeHTTP(w, r.WithContext(models.WithActor(r.Context(), actor)))
		case models.ErrorCode(err) == models.CodeUnauthenticated:
			w.Header().Set("WWW-Authenticate", "Bearer")
			h.writeError(w, r, http.StatusUnauthorized, err)
		case models.MayPass(err) != nil:
			h.writeError(w, r, http.StatusServiceUnavailable, err)
		default:
			h.writeError(w, r, http.StatusInternalServerError, err)
		}
	})
}

// writeError answers outside of gqlgen, in the shape of a GraphQL answer.
func (h *handler) writeError(w http.ResponseWriter, r *http.Request, status int, err error) {
	w.Header().Set("Content-Type", cmp.Or(accepted(r), mediaJSON))
	if status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "1")
	}
	w.WriteHeader(status)
	body := map[string]any{"errors": []any{h.present(r.Context(), err)}}
	if status == http.StatusUnauthorized { // as the published example
		body["data"] = nil
	}
	_ = json.NewEncoder(w).Encode(body)
}

// allow is the directive @allow.
func allow(ctx context.Context, _ any, next graphql.Resolver, who Caller) (any, error) {
	actor := models.ActorFrom(ctx)
	check := actor.RequireKnown
	switch who {
	case CallerUser:
		check = actor.RequireUser
	case CallerSession:
		check = actor.RequireSession
	case CallerPartner:
		check = actor.RequirePartner
	case CallerPlatform:
		check = actor.RequirePlatform
	case CallerAnyoneKnown:
	}
	if err := check(); err != nil {
		return nil, err
	}
	return next(ctx)
}
