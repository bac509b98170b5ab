package tenant

import (
	"cmp"
	"context"
	"reflect"
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
	ID            int64
	Name          string
	Webhook       models.Endpoint
	NoticeMode    NoticeMode
	WebhookEvents []WebhookEvent // each once, one at least
	// SeesPayloads lets the partner see the bodies of its accounts' callbacks, and of the answers to them.
	SeesPayloads bool
	Version      int // grows by one with each change of what a person can set
	CreatedAt    time.Time
	UpdatedAt    time.Time
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

// Names of the fields of the Webhook in the API.
const (
	fieldWebhookURL     = "webhookUrl"
	fieldWebhookHeaders = "webhookHeaders"
)

// NewSSOClient is the input of CreateSSOClient. RawID 0 lets the database choose.
type NewSSOClient struct {
	Name          string
	RawID         int64
	Webhook       models.EndpointUpdate
	NoticeMode    NoticeMode     // default EACH
	WebhookEvents []WebhookEvent // nil: DefaultWebhookEvents
	SeesPayloads  bool
}

// CreateSSOClient makes an SSO client and its first signing secret. Platform only.
func (s *Service) CreateSSOClient(ctx context.Context, actor *models.Actor, in NewSSOClient) (*SSOClient, error) {
	if err := actor.RequirePlatform(); err != nil {
		return nil, err
	}
	at := s.now()
	c := &SSOClient{
		ID: in.RawID, Name: in.Name, NoticeMode: cmp.Or(in.NoticeMode, NoticeEach), WebhookEvents: DefaultWebhookEvents(),
		SeesPayloads: in.SeesPayloads,
		Version:      1, CreatedAt: at, UpdatedAt: at,
	}
	wrong := models.AllProblems(
		models.CheckNewID("rawID", in.RawID),
		models.CheckName("name", in.Name),
		c.Webhook.Apply(in.Webhook, fieldWebhookURL, fieldWebhookHeaders),
		checkNoticeMode(c.NoticeMode),
		assignWebhookEvents(&c.WebhookEvents, in.WebhookEvents),
	)
	return c, s.inTx(ctx, func(tx Store) error {
		if err := models.Beside(wrong, tx.CreateSSOClient(ctx, c)); err != nil {
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
	// WebhookEvents nil: as they are.
	WebhookEvents []WebhookEvent
	SeesPayloads  *bool // nil: as it is
}

// lockSSOClient locks one on which the actor has at least a role. FORBIDDEN for whoever is no partner.
func lockSSOClient(
	ctx context.Context, tx interface {
		LockSSOClient(ctx context.Context, scope models.Scope, id int64) (*SSOClient, error)
	}, actor *models.Actor, id int64, least models.Role,
) (*SSOClient, error) {
	if err := actor.RequirePartner(); err != nil {
		return nil, err
	}
	client, err := tx.LockSSOClient(ctx, actor.Scope(models.RoleViewer), id)
	if err != nil {
		return nil, err
	}
	return client, actor.RequireSSOClientRole(client.ID, least)
}

// checkMayChange refuses what is for the platform alone: all but the webhook's URL, headers and events, and to send the
// headers that are there to another host or in the clear.
func (u SSOClientUpdate) checkMayChange(c *SSOClient, actor *models.Actor) error {
	switch {
	case actor.Platform:
		return nil
	case u.Name.Set || u.NoticeMode != "" || u.SeesPayloads != nil:
		return actor.RequirePlatform()
	case u.Webhook.LeadsElsewhere(c.Webhook):
		return models.Invalid(fieldWebhookHeaders, "must be given with a webhookUrl of another host, or of http where it was "+
			"https: the values that are there are not sent to it")
	}
	return nil
}

// UpdateSSOClient changes what is given: the platform all, the partner its webhook's URL, headers and events.
func (s *Service) UpdateSSOClient(ctx context.Context, actor *models.Actor, in SSOClientUpdate) (*SSOClient, error) {
	var c *SSOClient
	err := s.inTx(ctx, func(tx Store) (err error) {
		if c, err = lockSSOClient(ctx, tx, actor, in.SSOClientID, models.RoleEditor); err != nil {
			return err
		}
		before := *c
		c.NoticeMode = cmp.Or(in.NoticeMode, c.NoticeMode)
		if in.SeesPayloads != nil {
			c.SeesPayloads = *in.SeesPayloads
		}
		err = models.AllProblems(
			models.CheckVersion(in.IfVersion, c.Version, &before),
			in.checkMayChange(&before, actor),
			models.AssignName(&c.Name, "name", in.Name),
			c.Webhook.Apply(in.Webhook, fieldWebhookURL, fieldWebhookHeaders),
			checkNoticeMode(c.NoticeMode),
			assignWebhookEvents(&c.WebhookEvents, in.WebhookEvents),
		)
		if err != nil || reflect.DeepEqual(before, *c) {
			return err
		}
		c.Version++
		c.UpdatedAt = s.now()
		return tx.UpdateSSOClient(ctx, c)
	})
	return c, err
}
