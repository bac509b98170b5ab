package store

import (
	"context"
	"fmt"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/tenant"
)

type ssoClientRow struct {
	ID             int64
	Name           string
	WebhookURL     *string
	WebhookHeaders []byte
	NoticeMode     tenant.NoticeMode
	WebhookEvents  string
	SeesPayloads   bool
	Version        int
	CreatedAt      int64 `gorm:"autoCreateTime:false"`
	UpdatedAt      int64 `gorm:"autoUpdateTime:false"`
}

func (ssoClientRow) TableName() string { return "sso_clients" }

func webhookHeadersPlace(id int64) string { return fmt.Sprintf("sso_clients.webhook_headers:%d", id) }

func (s *Store) ssoClient(r ssoClientRow) (*tenant.SSOClient, error) {
	headers, unreadable := s.sealer.openHeaders(r.WebhookHeaders, webhookHeadersPlace(r.ID))
	return &tenant.SSOClient{
		ID: r.ID, Name: r.Name, Webhook: models.Endpoint{URL: r.WebhookURL, Headers: headers, Unreadable: unreadable},
		NoticeMode: r.NoticeMode, WebhookEvents: tenant.ParseWebhookEvents(r.WebhookEvents),
		SeesPayloads: r.SeesPayloads, Version: r.Version,
		CreatedAt: fromMicros(r.CreatedAt), UpdatedAt: fromMicros(r.UpdatedAt),
	}, nil
}

// SSOClients finds SSO clients by id, for what is sent to them.
func (s *Store) SSOClients(ctx context.Context, ids ...int64) ([]*tenant.SSOClient, error) {
	return find(s.reader(ctx).Where(s.among("id", &ids)), s.ssoClient)
}

// VisibleSSOClients finds SSO clients by id.
func (s *Store) VisibleSSOClients(
	ctx context.Context, scope models.Scope, ids ...int64,
) ([]*tenant.SSOClient, error) {
	return find(ssoClientsWithin(s.reader(ctx), scope, "id").Where(s.among("id", &ids)), s.ssoClient)
}

// SSOClientPage lists SSO clients, newest first.
func (s *Store) SSOClientPage(
	ctx context.Context, scope models.Scope, page models.Page,
) (*models.PageOf[*tenant.SSOClient], error) {
	found, err := find(cut(ssoClientsWithin(s.reader(ctx), scope, "id"), page), s.ssoClient)
	return models.Cut(found, page), err
}

// CountSSOClients counts what SSOClientPage lists.
func (s *Store) CountSSOClients(ctx context.Context, scope models.Scope) (int, error) {
	return count(ssoClientsWithin(s.reader(ctx).Model(&ssoClientRow{}), scope, "id"))
}

// LockSSOClient reads one SSO client for an update.
func (s *Store) LockSSOClient(ctx context.Context, scope models.Scope, id int64) (*tenant.SSOClient, error) {
	return first(ssoClientsWithin(s.locking(ctx), scope, "id").Where("id = ?", id), tenant.TypeSSOClient, s.ssoClient)
}

// CreateSSOClient inserts an SSO client.
func (s *Store) CreateSSOClient(ctx context.Context, c *tenant.SSOClient) error {
	row := ssoClientRow{
		ID: c.ID, Name: c.Name, WebhookURL: c.Webhook.URL, NoticeMode: c.NoticeMode,
		WebhookEvents: tenant.WebhookEventsText(c.WebhookEvents), SeesPayloads: c.SeesPayloads,
		Version: c.Version, CreatedAt: micros(c.CreatedAt), UpdatedAt: micros(c.UpdatedAt),
	}
	if err := insertNew(ctx, s, &row, &row.ID, "sso_clients", tenant.TypeSSOClient); err != nil {
		return err
	}
	c.ID = row.ID
	return s.sealInto(ctx, &row, "webhook_headers", c.Webhook.Headers, webhookHeadersPlace(row.ID))
}

// UpdateSSOClient writes what can change of an SSO client.
func (s *Store) UpdateSSOClient(ctx context.Context, c *tenant.SSOClient) error {
	values := map[string]any{
		"name": c.Name, "webhook_url": c.Webhook.URL, "notice_mode": c.NoticeMode,
		"webhook_events": tenant.WebhookEventsText(c.WebhookEvents), "sees_payloads": c.SeesPayloads,
		"version": c.Version, "updated_at": micros(c.UpdatedAt),
	}
	if err := s.putHeaders(values, "webhook_headers", c.Webhook, webhookHeadersPlace(c.ID)); err != nil {
		return err
	}
	return mustChange(s.writer(ctx).Model(&ssoClientRow{}).Where("id = ?", c.ID).Updates(values), tenant.TypeSSOClient)
}
