package graph

import (
	"slices"

	"github.com/99designs/gqlgen/graphql"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/receiver"
	"github.com/ringback/ringback/models/tenant"
)

// ids turns the ObjectIDs of an input into raw ids and keeps all that is wrong, so that a resolver checks once.
type ids struct{ err error }

func (r *ids) read(field, typeName string, id models.ObjectID) int64 {
	raw, err := id.RawOf(typeName, field)
	r.err = models.AllProblems(r.err, err)
	return raw
}

// readOptional returns nil for an id that is left out or null.
func (r *ids) readOptional(field, typeName string, id graphql.Omittable[*models.ObjectID]) *int64 {
	given := id.Value()
	if given == nil {
		return nil
	}
	raw := r.read(field, typeName, *given)
	return &raw
}

// readNew returns 0, which lets the database choose, for a rawID that is left out or null.
func (r *ids) readNew(typeName string, id graphql.Omittable[*models.ObjectID]) int64 {
	if raw := r.readOptional("rawID", typeName, id); raw != nil {
		return *raw
	}
	return 0
}

// readCallbackOwner reads whose configuration is meant.
func (r *ids) readCallbackOwner(of *CallbackOwnerInput) tenant.CallbackOwner {
	given := r.readAnyOwner(of)
	if r.err == nil && given.SSOClientID != 0 {
		r.err = badInput("owner.ssoClientId", "must be a projectId or an accountId here: an SSO client configures no callbacks")
	}
	return tenant.CallbackOwner{ProjectID: given.ProjectID, AccountID: given.AccountID}
}

// readAnyOwner reads the one of three ids that is given.
func (r *ids) readAnyOwner(of *CallbackOwnerInput) models.KeyScope {
	given := r.oneOf("owner", "must have a projectId, an accountId or an ssoClientId, and one of them alone",
		r.readOptional("owner.projectId", tenant.TypeProject, of.ProjectID),
		r.readOptional("owner.accountId", tenant.TypeAccount, of.AccountID),
		r.readOptional("owner.ssoClientId", tenant.TypeSSOClient, of.SsoClientID))
	return models.KeyScope{ProjectID: given[0], AccountID: given[1], SSOClientID: given[2]}
}

// readCallback reads the id or the uid of a callback.
func (r *ids) readCallback(id graphql.Omittable[*models.ObjectID], uid graphql.Omittable[*string]) (w callback.Which) {
	raw := r.readOptional("callbackId", models.TypeCallback, id)
	switch text := uid.Value(); {
	case r.err != nil:
	case (raw == nil) == (text == nil):
		r.err = badInput("callbackId", "give either the callbackId or the uid")
	case raw != nil:
		w.ID = *raw
	default:
		w.UID = *text
	}
	return w
}

// readReceiver reads whose receiver it is, by its own id or by an owner with one, and returns the field that says so.
func (r *ids) readReceiver(own ReceiverOwnerInput, owner *ReceiverOwnerInput) (of receiver.Of, field string) {
	at := ""
	if owner != nil {
		if own.ProjectID.Value() != nil || own.SsoClientID.Value() != nil {
			r.err = badInput("owner", "must be given, or else the id, and not both")
			return of, "owner"
		}
		own, at = *owner, "owner."
	}
	given := r.oneOf("owner", "must have a projectId or an ssoClientId, and not both",
		r.readOptional("projectId", tenant.TypeProject, own.ProjectID),
		r.readOptional("ssoClientId", tenant.TypeSSOClient, own.SsoClientID))
	of.ProjectID, of.SSOClientID = given[0], given[1]
	if of.ProjectID == 0 {
		return of, at + "ssoClientId"
	}
	return of, at + "projectId"
}

// oneOf returns the one of some ids that is given, in its place, and 0 for the others. A caller's library may not know
// @oneOf.
func (r *ids) oneOf(field, message string, given ...*int64) []int64 {
	raw, n := make([]int64, len(given)), 0
	for i, id := range given {
		if id != nil {
			raw[i] = *id
			n++
		}
	}
	if r.err == nil && n != 1 {
		r.err = badInput(field, message)
	}
	return raw
}

func optional[T any](o graphql.Omittable[T]) models.Optional[T] {
	v, set := o.ValueOK()
	return models.Optional[T]{Set: set, Value: v}
}

func endpointUpdate(url graphql.Omittable[*string], headers graphql.Omittable[[]*models.Header]) models.EndpointUpdate {
	list, set := headers.ValueOK()
	return models.EndpointUpdate{
		URL: optional(url), Headers: models.Optional[[]models.Header]{Set: set, Value: values(list)},
	}
}

func limitsUpdate(inFlight, perSecond graphql.Omittable[*int]) tenant.LimitsUpdate {
	return tenant.LimitsUpdate{MaxInFlight: optional(inFlight), MaxPerSecond: optional(perSecond)}
}

// values are what pointers makes pointers of: how gqlgen gives a list of structs.
func values[T any](list []*T) []T {
	out := slices.Grow([]T(nil), len(list))
	for _, v := range list {
		out = append(out, *v)
	}
	return out
}

// pointers is how gqlgen wants a list of structs.
func pointers[T any](list []T) []*T {
	out := make([]*T, len(list))
	for i := range list {
		out[i] = &list[i]
	}
	return out
}
