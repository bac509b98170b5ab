package graph

import (
	"context"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/tenant"
)

// customersURL is a URL of a customer as who asks may see it: a partner who sees no payloads sees what notices have of it.
func customersURL(ctx context.Context, url *string) (*string, error) {
	partner := models.ActorFrom(ctx).PartnerID()
	if url == nil || partner == 0 {
		return url, nil
	}
	client, err := entity[*tenant.SSOClient](ctx, tenant.TypeSSOClient, &partner)
	switch {
	case err != nil:
		return nil, err
	case client != nil && client.SeesPayloads:
		return url, nil
	}
	return models.WithoutQuery(url), nil
}

// targetURL is where a callback goes, or went: a notice to the partner's own webhook.
func targetURL(ctx context.Context, c *callback.Callback, url *string) (*string, error) {
	if c.Target == callback.TargetSSOClient {
		return url, nil
	}
	return customersURL(ctx, url)
}
