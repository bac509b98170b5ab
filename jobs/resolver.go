package jobs

import (
	"context"
	"errors"

	"github.com/ringback/ringback/jobs/egress"
	"github.com/ringback/ringback/models/tenant"
)

// Resolver is tenant.Resolver by the guarded client.
type Resolver struct{ client *egress.Client }

// NewResolver returns a resolver that judges as a client does.
func NewResolver(client *egress.Client) Resolver { return Resolver{client} }

// Addresses implements tenant.Resolver.
func (r Resolver) Addresses(ctx context.Context, url string) ([]tenant.CheckedAddress, bool, error) {
	addresses, portAllowed, err := r.client.Addresses(ctx, url)
	var failure *egress.Error
	if errors.As(err, &failure) {
		err = errors.New(failure.Message) // its own text begins with the cause
	}
	found := make([]tenant.CheckedAddress, len(addresses))
	for i, a := range addresses {
		found[i] = tenant.CheckedAddress{Addr: a.Addr, Denied: !a.Allowed()}
	}
	return found, portAllowed, err
}
