package callback

import (
	"context"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/tenant"
)

// RehearsalTx reads what a rehearsal takes.
type RehearsalTx interface {
	PartiesTx
	tenant.SecretsTx
}

// refusedRehearsal is of one whose headers or secrets cannot be opened.
var refusedRehearsal = &AttemptError{
	InternalError, "the stored headers or signing secrets could not be read, so that no callback leaves either",
}

// Rehearse makes a delivery of an occasion, as one would leave now, that stands nowhere: neither it nor its callback is
// in the database, and there is nothing to settle. nil: there is nowhere to send it to.
func (s *Service) Rehearse(ctx context.Context, tx RehearsalTx, o Occasion) (*Delivery, error) {
	c, parties, err := s.composeAlone(ctx, tx, o)
	if c == nil || err != nil {
		return nil, err
	}
	owners, err := parties.Owner(o.ProjectID)
	if err != nil {
		return nil, err
	}
	target, err := resolveTarget(ctx, tx, c, owners)
	if err != nil {
		return nil, err
	}
	c.AttemptCount = 1
	at := s.now()
	d := newDelivery(c, target, owners, at)
	if err := d.readSecrets(ctx, tx, at); err != nil {
		return nil, err
	}
	if target.Unreadable != nil || tenant.FirstUnreadable(d.secrets) != nil {
		d.refusal = refusedRehearsal
	}
	return d, nil
}

// readSecrets reads those that sign at a time, of one delivery alone.
func (d *Delivery) readSecrets(ctx context.Context, tx tenant.SecretsTx, at time.Time) error {
	secrets, err := tx.SigningSecrets(ctx, at, d.signer)
	d.secrets = secrets[d.signer]
	return err
}

// Forged is the delivery as somebody would make it who knows everything but the secret.
func (d *Delivery) Forged() *Delivery {
	forged := *d
	forged.secrets = []*tenant.SigningSecret{tenant.NewSigningSecret(d.signer, d.readAt)}
	return &forged
}

// Judge says why an outcome means that the callback has not arrived, with the values of configured headers masked; nil:
// it has.
func (d *Delivery) Judge(o Outcome) *AttemptError {
	judged := *d.Attempt
	judged.finish(o, d.rules(), d.Target.Configured(), d.readAt)
	return judged.Error
}

// Redact masks the values of configured headers in what a receiver has said.
func (d *Delivery) Redact(text string) string {
	return string(models.Redact([]byte(text), d.Target.Configured()))
}
