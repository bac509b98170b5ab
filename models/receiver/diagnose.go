package receiver

import (
	"context"
	"fmt"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

// DiagnosisStore is the database as diagnoses are read and written. Each method is one statement.
type DiagnosisStore interface {
	// Diagnoses finds diagnoses by id: of projects and SSO clients within the scope.
	Diagnoses(ctx context.Context, scope models.Scope, ids ...int64) ([]*Diagnosis, error)
	// DiagnosisAsked reports whether one waits for a worker, with a deadline after a time.
	DiagnosisAsked(ctx context.Context, after time.Time) (bool, error)
	// WriteDiagnosis writes the steps and the end, before the deadline only: false where it is over, or it has ended.
	WriteDiagnosis(ctx context.Context, d *Diagnosis, now time.Time) (bool, error)
}

// DiagnosisTx is the database as it is needed to ask for diagnoses, and to take them.
type DiagnosisTx interface {
	callback.RehearsalTx
	RateTx
	OwnerTx
	// CreateDiagnosis sets the ID.
	CreateDiagnosis(ctx context.Context, d *Diagnosis) error
	// TakeDiagnoses takes up to limit that wait, with deadlines after a time, those first whose deadlines are; they have
	// started now. Who takes some at the same moment gets others.
	TakeDiagnoses(ctx context.Context, now, after time.Time, limit int) ([]*Diagnosis, error)
}

// ToDiagnose is the input of Diagnose.
type ToDiagnose struct {
	Of
	Field          string // of the input, that names whose receiver it is
	CheckSignature bool
	AtOnce         bool // whether to return when it is asked for: see Follow
}

const (
	// diagnosisTime is from the asking to the end: 1 s until a worker looks, 5 s at most each for DNS, TCP and TLS, and for
	// HTTP and the signature what is left, 12 s or more.
	diagnosisTime = 25 * time.Second
	// endMargin is within that, for writing down the last step.
	endMargin = time.Second
	// enoughTime is what must be left when a worker takes it: with less it would blame the receiver.
	enoughTime = 20 * time.Second
	// diagnosisWait is how long a caller waits: until whatever is written by the deadline is seen.
	diagnosisWait = diagnosisTime + 2*watchInterval
	keepDiagnoses = 24 * time.Hour
)

// diagnosisRate keeps anybody from making this service look around in others' networks.
var diagnosisRate = Rate{"diagnoses of one target", 1, time.Minute}

// ownerDiagnosisRate keeps one customer, whose receivers hang, from all the room that workers have for diagnoses: each
// takes 25 s at most, so that there are ten of one customer under way at most, where two minutes meet.
var ownerDiagnosisRate = Rate{"diagnoses of one account or SSO client", 5, time.Minute}

// Diagnose asks a worker to look at the way to a receiver, and waits for what it has seen: 25 s, or where 64 wait
// already not at all. Of a project's Editor and up, of an SSO client the platform and the partner. BAD_USER_INPUT where there is no URL,
// RATE_LIMITED after one within a minute to the same host by the same configuration, and after five of one account.
func (s *Service) Diagnose(ctx context.Context, actor *models.Actor, in ToDiagnose) (*Diagnosis, error) {
	if err := s.may(ctx, actor, in.Of); err != nil {
		return nil, err
	}
	now := s.engine.Now()
	d := &Diagnosis{
		UID: models.NewUID(), Of: in.Of, CheckSignature: in.CheckSignature, CreatedAt: now, Deadline: now.Add(diagnosisTime),
	}
	err := s.db.InDiagnosisTx(ctx, func(tx DiagnosisTx) error {
		if err := s.askFor(ctx, tx, actor, d, in.Field); err != nil {
			return err
		}
		models.Made(ctx, d.ID)
		return nil
	})
	if err != nil || in.AtOnce {
		return d, err
	}
	return s.Diagnosed(ctx, actor, d.ID)
}

// Diagnosed waits for a diagnosis that was asked for, as Diagnose does.
func (s *Service) Diagnosed(ctx context.Context, actor *models.Actor, id int64) (*Diagnosis, error) {
	patient := models.Patient(ctx) // it is no work of this request's
	waiting, cancel := s.patient(patient, diagnosisWait)
	defer cancel()
	s.diagnoses.wait(waiting, id)
	return s.Diagnosis(patient, actor, id)
}

// askFor counts it last: what cannot be looked at does not count.
func (s *Service) askFor(ctx context.Context, tx DiagnosisTx, actor *models.Actor, d *Diagnosis, field string) error {
	rehearsal, err := s.rehearse(ctx, tx, d.Of, actor.CreatorID(), field)
	if err != nil {
		return err
	}
	if rehearsal == nil {
		return noURL(d.Of, field, "diagnose")
	}
	d.URL = rehearsal.Target.URL
	if d.ProjectID != 0 {
		d.AccountID = rehearsal.Callback.AccountID
	}
	if err := tx.CreateDiagnosis(ctx, d); err != nil {
		return err
	}
	if err := diagnosisRate.take(ctx, tx, rehearsal.Callback.Lane.String(), d.CreatedAt); err != nil {
		return err
	}
	return ownerDiagnosisRate.take(ctx, tx, fmt.Sprintf("%d/%d", d.AccountID, d.SSOClientID), d.CreatedAt)
}

// rehearse makes a test that stands nowhere; nil: there is no URL.
func (s *Service) rehearse(
	ctx context.Context, tx DiagnosisTx, of Of, creatorID *int64, field string,
) (*callback.Delivery, error) {
	projectID, err := testedProject(ctx, tx, of, field)
	if err != nil {
		return nil, err
	}
	return s.engine.Rehearse(ctx, tx, s.engine.TestOf(projectID, creatorID, of.ProjectID == 0))
}

// Diagnosis returns one that the actor may see: of a project's members, of an SSO client the platform and the partner.
func (s *Service) Diagnosis(ctx context.Context, actor *models.Actor, id int64) (*Diagnosis, error) {
	return models.One(s.Diagnoses(ctx, actor, id))(models.TypeDiagnosis)
}

// Diagnoses returns those of the given ones that the actor may see, in no order.
func (s *Service) Diagnoses(ctx context.Context, actor *models.Actor, ids ...int64) ([]*Diagnosis, error) {
	found, err := s.db.Diagnoses.Diagnoses(ctx, actor.Scope(models.RoleViewer), ids...)
	for _, d := range found {
		d.endOverdue(s.engine.Now())
	}
	return found, err
}

func (s *Service) endedDiagnoses(ctx context.Context, ids []int64) (ended []int64, err error) {
	seen, err := s.Diagnoses(ctx, models.PlatformActor(), ids...)
	for _, d := range seen {
		if d.FinishedAt != nil {
			ended = append(ended, d.ID)
		}
	}
	return ended, err
}
