package tenant

import (
	"cmp"
	"context"
	"time"

	"github.com/ringback/ringback/models"
)

// NoticeMode is how an SSO client's webhook hears of callbacks that failed.
type NoticeMode string

// Modes of notices.
const (
	NoticeEach   NoticeMode = "EACH"   // a callback-failed notice of each failure, at once
	NoticeDigest NoticeMode = "DIGEST" // a callbacks-failed notice of all, at most one a minute and project
)

func checkNoticeMode(m NoticeMode) error {
	if m != NoticeEach && m != NoticeDigest {
		return models.Invalid("noticeMode", "must be %s or %s", NoticeEach, NoticeDigest)
	}
	return nil
}

// SSOClient is a partner whose users log in through it. Its webhook hears of every callback that failed.
type SSOClient struct {
	ID         int64
	Name       string
	Webhook    models.Endpoint
	NoticeMode NoticeMode
	Version    int // grows by one with each change of what a person can set
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// TypeSSOClient stands in the ObjectIDs of SSO clients.
const TypeSSOClient = "SSOClient"

// ObjectID returns the SSO client's global id.
func (c *SSOClient) ObjectID() models.ObjectID {
	return models.ObjectID{Type: TypeSSOClient, Raw: c.ID}
}

// RawID returns the SSO client's number as text.
func (c *SSOClient) RawID() string { return models.RawIDText(c.ID) }

// ListCursor is the client's place in a list.
func (c *SSOClient) ListCursor() models.Cursor { return models.Cursor{At: c.CreatedAt, ID: c.ID} }

// WebhookURL is where notices go.
func (c *SSOClient) WebhookURL() *string { return c.Webhook.URL }

// WebhookHeaders are the headers of the notices, with their values: only the platform sees an SSO client.
func (c *SSOClient) WebhookHeaders() ([]models.Header, error) {
	return c.Webhook.Headers, c.Webhook.Unreadable
}

// Names of the fields of the Webhook in the API.
const (
	fieldWebhookURL     = "webhookUrl"
	fieldWebhookHeaders = "webhookHeaders"
)

// NewSSOClient is the input of CreateSSOClient. RawID 0 lets the database choose.
type NewSSOClient struct {
	Name       string
	RawID      int64
	Webhook    models.EndpointUpdate
	NoticeMode NoticeMode // default EACH
}

// CreateSSOClient makes an SSO client and its first signing secret. Platform only.
func (s *Service) CreateSSOClient(ctx context.Context, actor *models.Actor, in NewSSOClient) (*SSOClient, error) {
	if err := actor.RequirePlatform(); err != nil {
		return nil, err
	}
	at := s.now()
	c := &SSOClient{
		ID: in.RawID, Name: in.Name, NoticeMode: cmp.Or(in.NoticeMode, NoticeEach), Version: 1, CreatedAt: at,
		UpdatedAt: at,
	}
	err := models.AllProblems(
		models.CheckNewID("rawID", in.RawID),
		models.CheckName("name", in.Name),
		c.Webhook.Apply(in.Webhook, fieldWebhookURL, fieldWebhookHeaders),
		checkNoticeMode(c.NoticeMode),
	)
	if err != nil {
		return nil, err
	}
	return c, s.inTx(ctx, func(tx Store) error {
		if err := tx.CreateSSOClient(ctx, c); err != nil {
			return err
		}
		models.Made(ctx, c.ID)
		return tx.CreateSigningSecret(ctx, NewSigningSecret(SigningOwner{SSOClientID: c.ID}, at))
	})
}

// SSOClientUpdate is the input of UpdateSSOClient.
type SSOClientUpdate struct {
	SSOClientID int64
	IfVersion   *int // as of a project
	Name        models.Optional[*string]
	Webhook     models.EndpointUpdate
	NoticeMode  NoticeMode // empty: as it is
}

// UpdateSSOClient changes what is given. Platform only.
func (s *Service) UpdateSSOClient(ctx context.Context, actor *models.Actor, in SSOClientUpdate) (*SSOClient, error) {
	if err := actor.RequirePlatform(); err != nil {
		return nil, err
	}
	var c *SSOClient
	err := s.inTx(ctx, func(tx Store) (err error) {
		if c, err = tx.LockSSOClient(ctx, in.SSOClientID); err != nil {
			return err
		}
		if err := models.CheckVersion(in.IfVersion, c.Version, c); err != nil {
			return err
		}
		c.NoticeMode = cmp.Or(in.NoticeMode, c.NoticeMode)
		err = models.AllProblems(
			models.AssignName(&c.Name, "name", in.Name),
			c.Webhook.Apply(in.Webhook, fieldWebhookURL, fieldWebhookHeaders),
			checkNoticeMode(c.NoticeMode),
		)
		if err != nil {
			return err
		}
		c.Version++
		c.UpdatedAt = s.now()
		return tx.UpdateSSOClient(ctx, c)
	})
	return c, err
}
