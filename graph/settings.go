package graph

import (
	"github.com/ringback/ringback/models/tenant"
)

func (r *ids) readCallbackOwner(of *CallbackOwnerInput) (owner tenant.CallbackOwner) {
	owner.ProjectID, owner.AccountID = r.readOwner("owner", of.ProjectID, of.AccountID)
	return owner
}

// values are what pointers makes pointers of: how gqlgen gives a list of structs.
func values[T any](list []*T) []T {
	out := make([]T, len(list))
	for i, v := range list {
		out[i] = *v
	}
	return out
}
