package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/ringback/ringback/jobs/egress"
	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/receiver"
	"github.com/ringback/ringback/models/tenant"
)

const (
	// maxDiagnoses at a time of a worker, more than one customer has under way: each opens up to 16 connections at once, 256
	// together.
	maxDiagnoses = 16
	// takeTimeout bounds the look for diagnoses, of a millisecond or two, and noteTimeout the writing of a step.
	takeTimeout = 5 * time.Second
	noteTimeout = 2 * time.Second
	// slowAnswer is what a receiver should not need to say that it has a callback.
	slowAnswer = 5 * time.Second
)

// doctor looks at the way to receivers, for those who ask.
type doctor struct {
	receivers *receiver.Service
	client    *egress.Client
	troubles  *models.Troubles
	log       *slog.Logger
	userAgent string

	room    chan struct{}
	running sync.WaitGroup
}

func newDoctor(
	receivers *receiver.Service, client *egress.Client, troubles *models.Troubles, log *slog.Logger, userAgent string,
) *doctor {
	return &doctor{
		receivers: receivers, client: client, troubles: troubles, log: log, userAgent: userAgent,
		room: make(chan struct{}, maxDiagnoses),
	}
}

// look takes as many as there is room for, and begins them. It is called by one goroutine at a time.
func (d *doctor) look(ctx context.Context) {
	free := cap(d.room) - len(d.room)
	if free == 0 {
		return
	}
	within, cancel := context.WithTimeout(ctx, takeTimeout)
	defer cancel()
	taken, err := d.receivers.Take(within, free)
	if err != nil && ctx.Err() == nil {
		d.log.WarnContext(ctx, "diagnosis.not_taken", "error", err)
	}
	for _, e := range taken {
		d.room <- struct{}{}
		d.running.Go(func() {
			defer func() { <-d.room }()
			d.examine(ctx, e)
		})
	}
}

// examine ends the diagnosis in any case. Where that cannot be written its deadline does.
func (d *doctor) examine(ctx context.Context, e *receiver.Examination) {
	err := d.troubles.Catch(ctx, "diagnosis", func() error {
		limited, cancel := context.WithTimeout(ctx, e.Left())
		defer cancel()
		(&examiner{d, e, limited}).look()
		return nil
	})
	end := e.End
	if err != nil || ctx.Err() != nil {
		end = e.Stop
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteTimeout)
	defer cancel()
	if err := end(last); err != nil {
		d.log.WarnContext(ctx, "diagnosis.not_ended", "diagnosis", e.UID.String(), "error", err)
		return
	}
	d.log.InfoContext(ctx, "diagnosis.ended", "diagnosis", e.UID.String(), "project", e.ProjectID,
		"sso_client", e.SSOClientID, "status", string(e.Status()))
}

// examiner makes one diagnosis.
type examiner struct {
	*doctor
	of  *receiver.Examination
	ctx context.Context //nolint:containedctx // it is the life of the diagnosis
}

// look ends where something fails: what comes after it is skipped.
func (x *examiner) look() {
	if refusal := x.of.Refusal(); refusal != nil {
		step := failedBy(refusal, "", nil)
		if refusal.Code == callback.InternalError {
			step.Remedy = new(unreadable)
		}
		x.note(ended(step, receiver.StepURL, time.Now()))
		return
	}
	if !x.client.Probe(x.ctx, x.of.URL, func(s egress.Step) { x.note(stepOf(s)) }) {
		return
	}
	begun := time.Now()
	step := x.atHTTP()
	x.note(ended(step, receiver.StepHTTP, begun))
	if step.Status == receiver.StepFailed {
		return
	}
	begun, step = time.Now(), receiver.Step{Status: receiver.StepSkipped, Detail: "not asked for (checkSignature)"}
	if x.of.CheckSignature {
		step = x.atSignature()
	}
	x.note(ended(step, receiver.StepSignature, begun))
}

const unreadable = "Have the operator of this service put the RINGBACK_ENCRYPTION_KEY of its database back. Only if that is lost, set the " +
	"headers anew, rotate the signing secret (API mutation `rotateCallbackSigningSecret`, of an SSO client " +
	"`rotateWebhookSigningSecret`) and give it to the receiver: nothing was sent, since they cannot be read."

// note goes on where the step cannot be written: the next one is written with it. Of a worker that stops nothing is
// told: what it did not wait for is no fault of the receiver.
func (x *examiner) note(step receiver.Step) {
	if errors.Is(x.ctx.Err(), context.Canceled) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(x.ctx), noteTimeout)
	defer cancel()
	if err := x.of.Note(ctx, step); err != nil {
		x.log.WarnContext(ctx, "diagnosis.not_noted", "diagnosis", x.of.UID.String(), "error", err)
	}
}

func ended(step receiver.Step, name receiver.StepName, begun time.Time) receiver.Step {
	step.Name, step.DurationMs = name, inMilliseconds(time.Since(begun))
	return step
}

func inMilliseconds(d time.Duration) int { return int(min(d.Milliseconds(), math.MaxInt32)) }

// stepOf is a probe's step in the domain's words: those of egress are the same.
func stepOf(s egress.Step) receiver.Step {
	step := receiver.Step{
		Name: receiver.StepName(s.Stage), Status: receiver.StepStatus(s.Status), Detail: s.Detail,
		DurationMs: inMilliseconds(s.Duration),
	}
	switch {
	case s.Remedy != "":
		step.Remedy = &s.Remedy
	case s.Cause != "":
		step.Remedy = callback.RemedyOf(&callback.AttemptError{Code: callback.AttemptErrorCode(s.Cause)}, callback.Flaw(s.Flaw), nil)
	}
	for _, a := range s.Addresses {
		address := tenant.CheckedAddress{Denied: !a.Allowed()}
		if a.Allowed() {
			address.Addr = a.Addr
		}
		step.Addresses = append(step.Addresses, address)
	}
	if s.TLS != nil {
		step.TLS = &receiver.TLS{Version: s.TLS.Version, Cipher: s.TLS.Cipher}
		for _, c := range s.TLS.Chain {
			step.TLS.Chain = append(step.TLS.Chain, receiver.Certificate{
				Subject: c.Subject, Issuer: c.Issuer, Names: c.Names, NotAfter: c.NotAfter.UTC(),
				DaysLeft: int(math.Floor(time.Until(c.NotAfter).Hours() / 24)),
			})
		}
	}
	return step
}

// trial is a request of the diagnosis, and what came of it.
type trial struct {
	sent     receiver.Sending
	response egress.Response
	failure  *callback.AttemptError // why it has not arrived; nil: it has
	flaw     callback.Flaw
}

func (x *examiner) send(ctx context.Context, request func(userAgent string) (receiver.Sending, error)) (t trial) {
	var err error
	if t.sent, err = request(x.userAgent); err != nil {
		t.failure = &callback.AttemptError{Code: callback.InternalError, Message: "the request could not be made"}
		return t
	}
	t.response, err = x.client.Send(ctx, egress.Request{URL: x.of.URL, Header: t.sent.Header, Body: t.sent.Body})
	outcome, err := outcomeOf(t.sent.Header, t.response, err)
	if err != nil {
		t.failure = &callback.AttemptError{Code: callback.Interrupted, Message: "the worker stopped"}
		return t
	}
	t.failure, t.flaw = t.sent.Judge(outcome), outcome.Flaw
	return t
}

func failedBy(failure *callback.AttemptError, flaw callback.Flaw, status *int) receiver.Step {
	return receiver.Step{
		Status: receiver.StepFailed, Detail: failure.Message, Remedy: callback.RemedyOf(failure, flaw, status),
	}
}

// atHTTP sends a test as any other is sent.
func (x *examiner) atHTTP() receiver.Step {
	t := x.send(x.ctx, x.of.Test)
	facts := httpOf(t.response, t.sent)
	if t.failure != nil {
		step := failedBy(t.failure, t.flaw, facts.Status)
		if facts.Status != nil {
			step.HTTP = facts
		}
		// The time of the diagnosis is over, and that of a callback would not be.
		if t.failure.Code == callback.Timeout && x.ctx.Err() != nil {
			step.Detail += fmt.Sprintf(", when the diagnosis had to end; a callback waits for %s (RINGBACK_TIMEOUT)", x.client.Timeout())
		}
		return step
	}
	step := receiver.Step{Status: receiver.StepOK, Detail: said(t.response), HTTP: facts}
	if t.response.Timings.FirstByte > slowAnswer {
		step.Status = receiver.StepWarning
		step.Remedy = callback.RemedyOf(&callback.AttemptError{Code: callback.Timeout}, "", nil)
		step.Detail += ": that is slow"
	}
	return step
}

func httpOf(response egress.Response, sent receiver.Sending) *receiver.HTTP {
	facts := &receiver.HTTP{KeepAlive: response.Connection.KeptAlive}
	if response.Status != 0 {
		facts.Status, facts.FirstByteMs = &response.Status, new(inMilliseconds(response.Timings.FirstByte))
	}
	if response.Connection.HTTP != "" {
		facts.Version = &response.Connection.HTTP
	}
	if response.Location != "" {
		facts.RedirectTo = new(sent.Redact(response.Location))
	}
	return facts
}

func said(response egress.Response) string {
	kept := "keeps the connection open for the next"
	if !response.Connection.KeptAlive {
		kept = "closes the connection: each callback needs a new one"
	}
	return fmt.Sprintf("it answered with the status %d by %s after %d ms, and %s",
		response.Status, response.Connection.HTTP, response.Timings.FirstByte.Milliseconds(), kept)
}
