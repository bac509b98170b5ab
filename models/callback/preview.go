package callback

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/tenant"
)

// PreviewReader is the database as a preview needs it. Each method is one statement.
type PreviewReader interface {
	PartiesTx
	tenant.SecretsTx
}

// ToPreview is what a preview is asked of.
type ToPreview struct {
	Event     EventName
	ProjectID int64 // which the actor may see
	Of        Subject
}

// Preview is a callback as it would be sent, that is not there.
type Preview struct {
	*Callback
	Target tenant.Target // without a URL: nowhere
	// delivery is the first attempt.
	delivery *Delivery
}

// previewedAt is when previews say that they are sent, in 2009: no receiver takes what is signed for that time for new.
var previewedAt = time.Unix(1_234_567_890, 0).UTC()

// Preview composes a callback as Raise would, and its first attempt, for an event that has happened or for a sample. It
// writes and sends nothing. Of notices for the platform and the partner only.
func (s *Service) Preview(ctx context.Context, actor *models.Actor, in ToPreview) (*Preview, error) {
	o, err := s.occasion(ctx, actor, in)
	if err != nil {
		return nil, err
	}
	parties, err := ReadParties(ctx, s.db.Preview, []*int64{&o.ProjectID}, []*int64{o.CreatorID})
	if err != nil {
		return nil, err
	}
	envelope, err := o.envelope(parties)
	if err != nil {
		return nil, err
	}
	c, target, err := s.draft(ctx, s.db.Preview, o, &envelope)
	if err != nil {
		return nil, err
	}
	if err := s.mayPreview(ctx, actor, c); err != nil {
		return nil, err
	}
	if c.Body, err = o.Render(envelope); err != nil {
		return nil, err
	}
	c.setTarget(target, envelope.Owners)
	d := newDelivery(c.claimed(previewedAt), target, envelope.Owners, previewedAt)
	if err := d.readSecrets(ctx, s.db.Preview, s.now()); err != nil {
		return nil, err
	}
	return &Preview{c, target, d}, cmp.Or(target.Unreadable, tenant.FirstUnreadable(d.secrets))
}

// mayPreview tells whether an actor who sees the project may see what would be sent: of a notice the platform and the
// partner, of all else the partner only where it sees payloads.
func (s *Service) mayPreview(ctx context.Context, actor *models.Actor, c *Callback) error {
	id := actor.PartnerID()
	switch {
	case c.Target == TargetSSOClient:
		return actor.RequirePartner()
	case id == 0:
		return nil
	}
	client, err := models.One(s.db.Preview.SSOClients(ctx, id))(tenant.TypeSSOClient)
	if err == nil && !client.SeesPayloads {
		err = models.Forbidden("the platform lets this SSO client see no payloads (SSOClient.seesPayloads)")
	}
	return err
}

// PreviewedHeader is a header with where it comes from, empty where every callback carries it.
type PreviewedHeader struct {
	Name   string
	Value  models.Secret
	Source tenant.Level
}

// IsSignature tells whether it is what the project's secrets make.
func (h PreviewedHeader) IsSignature() bool { return h.Name == signatureHeader }

// Headers are those of the first attempt, by name; none where it goes nowhere.
func (p *Preview) Headers(userAgent string) ([]PreviewedHeader, error) {
	sent, err := p.delivery.Headers(userAgent, previewedAt)
	if err != nil || p.Target.URL == "" {
		return nil, err
	}
	headers := make([]PreviewedHeader, 0, len(sent))
	for _, name := range slices.Sorted(maps.Keys(sent)) {
		headers = append(headers, PreviewedHeader{name, models.Secret(sent[name][0]), p.sourceOf(name)})
	}
	return headers, nil
}

// sourceOf tells who has configured a header. None of those that every callback carries can be configured.
func (p *Preview) sourceOf(name string) tenant.Level {
	for _, h := range p.Target.Headers {
		if strings.EqualFold(h.Key, name) {
			return h.Source
		}
	}
	return ""
}
