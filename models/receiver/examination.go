package receiver

import (
	"context"
	"net/http"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

// DiagnosisInterval is how often each worker looks for diagnoses that are asked for.
const DiagnosisInterval = time.Second

// Examination is a diagnosis in a worker's hand. It is taken once: what a worker that dies leaves behind is not begun
// anew, for its requests may have left.
type Examination struct {
	*Diagnosis
	service *Service
	tests   []*callback.Delivery // one, or with the check of signatures three: each with a ref of its own
}

// Take takes up to limit diagnoses that are asked for. Where there are none, which is nearly always, it only reads.
func (s *Service) Take(ctx context.Context, limit int) (taken []*Examination, err error) {
	now := s.engine.Now()
	after := now.Add(enoughTime)
	if asked, err := s.db.Diagnoses.DiagnosisAsked(ctx, after); err != nil || !asked {
		return nil, err
	}
	err = s.db.InDiagnosisTx(ctx, func(tx DiagnosisTx) error {
		diagnoses, err := tx.TakeDiagnoses(ctx, now, after, limit)
		if err != nil {
			return err
		}
		taken = nil
		for _, d := range diagnoses {
			e, err := s.examination(ctx, tx, d)
			if err != nil && !models.IsRowError(err) {
				return err
			}
			taken = append(taken, e)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return taken, nil
}

// examination goes by the configuration as it is now. One without tests is of what cannot be sent to any more.
func (s *Service) examination(ctx context.Context, tx DiagnosisTx, d *Diagnosis) (*Examination, error) {
	e := &Examination{Diagnosis: d, service: s}
	n := 1
	if d.CheckSignature {
		n = 3
	}
	for i := range n {
		test, err := s.rehearse(ctx, tx, d.Of, nil, "")
		if err != nil || test == nil {
			return e, err
		}
		test.Attempt.UID, test.Attempt.Number = d.UID, i+1
		e.tests, d.URL = append(e.tests, test), test.Target.URL
	}
	return e, nil
}

// Left is how long the worker may still look.
func (e *Examination) Left() time.Duration { return e.Deadline.Sub(e.service.engine.Now()) - endMargin }

// Note writes down a step that has ended.
func (e *Examination) Note(ctx context.Context, step Step) error {
	e.Steps = append(e.Steps, step)
	return e.write(ctx)
}

// End writes down that there is nothing more to look at: what was not is skipped.
func (e *Examination) End(ctx context.Context) error {
	e.skipRest()
	if e.FinishedAt == nil {
		e.FinishedAt = new(e.service.engine.Now())
	}
	return e.write(ctx)
}

// Stop ends it where the worker stops, or fails itself.
func (e *Examination) Stop(ctx context.Context) error {
	e.giveUp("the worker stopped before it had ended", askAgain)
	return e.End(ctx)
}

// write returns no error where the deadline is over: who waited has been told.
func (e *Examination) write(ctx context.Context) error {
	_, err := e.service.db.Diagnoses.WriteDiagnosis(ctx, e.Diagnosis, e.service.engine.Now())
	return err
}

// Sending is a request of an examination.
type Sending struct {
	Header http.Header
	Body   []byte
	test   *callback.Delivery
}

// Refusal says why no request of it can leave; nil: one can.
func (e *Examination) Refusal() *callback.AttemptError {
	if len(e.tests) == 0 {
		return &callback.AttemptError{Code: callback.NoCallbackURL, Message: "there is no URL to call back to any more"}
	}
	return e.tests[0].Refusal()
}

// Test is the request of a test as any other is sent.
func (e *Examination) Test(userAgent string) (Sending, error) {
	return e.sending(e.tests[0], userAgent, e.service.engine.Now())
}

// staleAge is how old the timestamp is of what nobody should take any more: those of the Standard Webhooks specification
// allow for minutes.
const staleAge = 24 * time.Hour

// Forged is a test whose signature is somebody else's, and Stale one that is a day old: what a receiver should not take.
func (e *Examination) Forged(userAgent string) (Sending, error) {
	return e.sending(e.tests[1].Forged(), userAgent, e.service.engine.Now())
}

// Stale is signed as it should be.
func (e *Examination) Stale(userAgent string) (Sending, error) {
	return e.sending(e.tests[2], userAgent, e.service.engine.Now().Add(-staleAge))
}

func (e *Examination) sending(test *callback.Delivery, userAgent string, at time.Time) (Sending, error) {
	header, err := test.Headers(userAgent, at)
	return Sending{header, test.Callback.Body, test}, err
}

// Judge says why a request has not arrived; nil: it has.
func (x Sending) Judge(o callback.Outcome) *callback.AttemptError { return x.test.Judge(o) }

// Redact masks the values of configured headers in what the receiver has said.
func (x Sending) Redact(text string) string { return x.test.Redact(text) }
