package receiver

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/tenant"
)

// Diagnosis is a look at the whole way from a worker to a receiver, step by step.
type Diagnosis struct {
	ID             int64
	UID            uuid.UUID // travels in X-Run-Callback of its requests
	Of                       // whose receiver it is
	AccountID      int64     // the project's; 0: it is of an SSO client
	URL            string
	CheckSignature bool
	Steps          []Step // that have ended, in their order
	CreatedAt      time.Time
	// Deadline is when it has ended, whatever has become of its worker: later nothing more is written of it.
	Deadline   time.Time
	StartedAt  *time.Time // when a worker took it; nil: none has
	FinishedAt *time.Time
}

// ObjectID returns the diagnosis's global id.
func (d *Diagnosis) ObjectID() models.ObjectID {
	return models.ObjectID{Type: models.TypeDiagnosis, Raw: d.ID}
}

// RawID returns the diagnosis's number as text.
func (d *Diagnosis) RawID() string { return models.RawIDText(d.ID) }

// DiagnosisStatus is what came of a diagnosis.
type DiagnosisStatus string

// What can come of one: the worst of its steps.
const (
	DiagnosisRunning DiagnosisStatus = "RUNNING" // it has not ended
	DiagnosisOK      DiagnosisStatus = "OK"
	DiagnosisWarning DiagnosisStatus = "WARNING" // callbacks arrive, but less surely or less safely than they could
	DiagnosisFailed  DiagnosisStatus = "FAILED"  // callbacks do not arrive
)

// Status is what has come of it.
func (d *Diagnosis) Status() DiagnosisStatus {
	if d.FinishedAt == nil {
		return DiagnosisRunning
	}
	status := DiagnosisOK
	for _, s := range d.Steps {
		switch s.Status {
		case StepFailed:
			return DiagnosisFailed
		case StepWarning:
			status = DiagnosisWarning
		case StepOK, StepSkipped: // as it is
		}
	}
	return status
}

// StepName says what a step looks at.
type StepName string

// Steps, in their order.
const (
	StepURL       StepName = "URL"       // whether it can be called at all
	StepDNS       StepName = "DNS"       // every address of its host
	StepAddress   StepName = "ADDRESS"   // which of these may be reached
	StepTCP       StepName = "TCP"       // a connection to each of these
	StepTLS       StepName = "TLS"       // version, cipher, certificates
	StepHTTP      StepName = "HTTP"      // a test, and the answer
	StepSignature StepName = "SIGNATURE" // whether it takes what is not signed as it should be
)

// StepNames returns all steps in their order.
func StepNames() []StepName {
	return []StepName{StepURL, StepDNS, StepAddress, StepTCP, StepTLS, StepHTTP, StepSignature}
}

// StepStatus is what came of a step.
type StepStatus string

// What can come of a step.
const (
	StepOK      StepStatus = "OK"
	StepWarning StepStatus = "WARNING"
	StepFailed  StepStatus = "FAILED"
	StepSkipped StepStatus = "SKIPPED" // there was nothing to look at, or what it needs has failed
)

// Step is what a diagnosis has seen at one place of the way. It is stored as JSON.
type Step struct {
	Name       StepName
	Status     StepStatus
	DurationMs int
	Detail     string
	Remedy     *string                 `json:",omitempty"` // nil: there is nothing to do
	Addresses  []tenant.CheckedAddress `json:",omitempty"` // of StepDNS; a denied one is without its number
	TLS        *TLS                    `json:",omitempty"`
	HTTP       *HTTP                   `json:",omitempty"`
}

// TLS is what a receiver says in its handshake.
type TLS struct {
	Version, Cipher string        // empty: none was agreed on
	Chain           []Certificate // as it was sent, the receiver's own first
}

// Certificate is one of a chain.
type Certificate struct {
	Subject, Issuer string
	Names           []string // that it is for
	NotAfter        time.Time
	DaysLeft        int // below 0: it has expired
}

// HTTP is what a receiver answered to a test.
type HTTP struct {
	Status      *int
	Version     *string
	FirstByteMs *int // from having a connection
	RedirectTo  *string
	KeepAlive   bool // the next request may use the connection
}

// What is said where no worker did its part.
const (
	notTaken   = "no worker answered: none has taken the diagnosis"
	notEnded   = "no worker answered: the one that took the diagnosis has not ended it"
	seeWorkers = "Have the operator see that a worker runs (`serve --role worker` or `all`) and reaches the database, and start the diagnosis again."
	askAgain   = "Start the diagnosis again (API mutation `diagnoseReceiver`): the worker was stopped, or cannot reach the " +
		"database, and the receiver may be well."
)

// endOverdue is how a diagnosis ends whose worker has not done its part by the deadline.
func (d *Diagnosis) endOverdue(now time.Time) {
	if d.FinishedAt != nil || now.Before(d.Deadline) {
		return
	}
	d.FinishedAt = &d.Deadline
	if d.StartedAt == nil {
		d.giveUp(notTaken, seeWorkers)
	} else {
		d.giveUp(notEnded, askAgain)
	}
}

// giveUp fails the next step, and skips the others.
func (d *Diagnosis) giveUp(detail, remedy string) {
	n := len(d.Steps)
	d.skipRest()
	if n < len(d.Steps) {
		next := &d.Steps[n]
		next.Status, next.Detail, next.Remedy = StepFailed, detail, &remedy
	}
}

func (d *Diagnosis) skipRest() {
	for _, name := range StepNames() {
		if !slices.ContainsFunc(d.Steps, func(s Step) bool { return s.Name == name }) {
			d.Steps = append(d.Steps, Step{
				Name: name, Status: StepSkipped, Detail: "not looked at, because of what has failed before",
			})
		}
	}
}
