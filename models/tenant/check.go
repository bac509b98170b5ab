package tenant

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"github.com/ringback/ringback/models"
)

// Resolver looks at where a URL leads, and sends no request.
type Resolver interface {
	// Addresses resolves a URL's host, within seconds, and judges each address, and the URL's port, as the guard will
	// when a callback leaves. The error is for people.
	Addresses(ctx context.Context, url string) (found []CheckedAddress, portAllowed bool, err error)
}

// CheckedAddress is an address of a URL's host. That of a denied one is for nobody to see: it would map networks.
type CheckedAddress struct {
	Addr   netip.Addr
	Denied bool
}

// ProblemCode is the machine-readable kind of a problem that CheckCallback finds.
type ProblemCode string

// Kinds of problems. Those beside BAD_USER_INPUT and PLAIN_HTTP are what an attempt would end with.
const (
	ProblemBadInput       ProblemCode = "BAD_USER_INPUT"
	ProblemPlainHTTP      ProblemCode = "PLAIN_HTTP"
	ProblemDNS            ProblemCode = "DNS_ERROR"
	ProblemBlockedAddress ProblemCode = "BLOCKED_ADDRESS"
	ProblemNoURL          ProblemCode = "NO_CALLBACK_URL"
)

// Severity says whether a problem keeps the configuration from being saved.
type Severity string

// Severities.
const (
	SeverityError   Severity = "ERROR"   // it cannot be saved
	SeverityWarning Severity = "WARNING" // it can, and callbacks may fail, or be read on their way
)

// CallbackProblem is one thing that is wrong with a configuration.
type CallbackProblem struct {
	Field    string // as the mutation that saves it names it
	Code     ProblemCode
	Message  string
	Severity Severity
}

// CallbackCheck is what CheckCallback finds.
type CallbackCheck struct {
	Problems  []CallbackProblem
	Addresses []CheckedAddress
	// Account and Project are as they would be. Of an account's check the project has no configuration.
	Account Account
	Project Project

	before Target
}

// OK tells whether it can be saved.
func (c *CallbackCheck) OK() bool {
	for _, p := range c.Problems {
		if p.Severity == SeverityError {
			return false
		}
	}
	return true
}

func (c *CallbackCheck) warn(field string, code ProblemCode, format string, args ...any) {
	c.Problems = append(c.Problems, CallbackProblem{field, code, fmt.Sprintf(format, args...), SeverityWarning})
}

// CallbackToCheck is the input of CheckCallback: a project's or an account's configuration as it would be. What is left
// out stays as it is.
type CallbackToCheck struct {
	ProjectID int64 // 0: the account's
	AccountID int64 // 0: the project's
	Callback  models.EndpointUpdate
}

// Checks tell what would come of a configuration before it is saved.
type Checks struct {
	queries  Queries
	waiting  Waiting
	resolver Resolver
	room     chan struct{} // for lookups at a time
}

// maxLookups at a time of a process: each waits for name servers, for seconds at most.
const maxLookups = 32

// Waiting is the store as a check needs it: Store.CountWaiting.
type Waiting interface {
	CountWaiting(ctx context.Context, of CallbackOwner, look, most int) (int, error)
}

// NewChecks returns checks that look names up by a resolver.
func NewChecks(queries Queries, waiting Waiting, resolver Resolver) *Checks {
	return &Checks{queries, waiting, resolver, make(chan struct{}, maxLookups)}
}

// Moved counts what waits and would go elsewhere once what was checked is saved, as the mutation that saves it would.
func (s *Checks) Moved(ctx context.Context, c *CallbackCheck) (int, error) {
	if !c.OK() {
		return 0, nil
	}
	of := CallbackOwner{ProjectID: c.Project.ID}
	if of.ProjectID == 0 {
		of.AccountID = c.Account.ID
	}
	return moved(ctx, s.waiting, of, c.before, EffectiveTarget(c.Account.Callback, c.Project.Callback))
}

// CheckCallback applies the rules of saving, all of them, and looks at where the URL leads. It sends nothing and
// changes nothing. Who may save may check: of a project an Editor, of an account an Admin. RATE_LIMITED where too many
// names are being resolved.
func (s *Checks) CheckCallback(
	ctx context.Context, actor *models.Actor, in CallbackToCheck,
) (*CallbackCheck, error) {
	check, err := s.read(ctx, actor, in)
	if err != nil {
		return nil, err
	}
	check.before = EffectiveTarget(check.Account.Callback, check.Project.Callback)
	configured := &check.Account.Callback
	if in.ProjectID != 0 {
		configured = &check.Project.Callback
	}
	if err := check.apply(configured, in.Callback); err != nil {
		return nil, err
	}
	url := EffectiveTarget(check.Account.Callback, check.Project.Callback).URL
	if in.Callback.URL.Set && in.Callback.URL.Value != nil { // also where the headers are wrong
		url = *in.Callback.URL.Value
	}
	switch {
	case url == "" && check.OK():
		check.warn(fieldCallbackURL, ProblemNoURL, "there is no URL to send callbacks to")
	case url != "" && models.CheckCallbackURL(fieldCallbackURL, url) == nil:
		return check, s.look(ctx, check, url)
	}
	return check, nil
}

// read returns a check of what is configured.
func (s *Checks) read(ctx context.Context, actor *models.Actor, in CallbackToCheck) (*CallbackCheck, error) {
	check := &CallbackCheck{}
	if in.ProjectID != 0 {
		project, err := s.queries.Project(ctx, actor, in.ProjectID)
		if err != nil {
			return nil, err
		}
		check.Project, in.AccountID = *project, project.AccountID
	}
	account, err := s.queries.Account(ctx, actor, in.AccountID)
	if err != nil {
		return nil, err
	}
	check.Account = *account
	if in.ProjectID == 0 {
		check.Project.AccountID = account.ID
		return check, actor.RequireRole(account.ID, models.RoleAdmin)
	}
	return check, actor.RequireProjectRole(account.ID, check.Project.ID, models.RoleEditor)
}

// apply carries an update out, and keeps every problem that it has. The error is one of ours.
func (c *CallbackCheck) apply(e *models.Endpoint, update models.EndpointUpdate) error {
	err := e.Apply(update, fieldCallbackURL, fieldCallbackHeaders)
	problems := models.ProblemsOf(err)
	if err != nil && problems == nil {
		return err
	}
	for _, p := range problems {
		c.Problems = append(c.Problems, CallbackProblem{p.Field, ProblemBadInput, p.Message, SeverityError})
	}
	return nil
}

// look warns of where a URL leads.
func (s *Checks) look(ctx context.Context, check *CallbackCheck, url string) error {
	if strings.HasPrefix(strings.ToLower(url), "http:") {
		check.warn(fieldCallbackURL, ProblemPlainHTTP, "plain http: what is sent can be read and changed on its way")
	}
	select {
	case s.room <- struct{}{}:
		defer func() { <-s.room }()
	default:
		return models.RateLimited("%d names are being resolved", maxLookups)
	}
	found, portAllowed, err := s.resolver.Addresses(ctx, url)
	if !portAllowed {
		check.warn(fieldCallbackURL, ProblemBlockedAddress, "callbacks are not sent to this port")
	}
	if err != nil {
		check.warn(fieldCallbackURL, ProblemDNS, "%s", err)
		return ctx.Err()
	}
	check.Addresses = found
	denied := 0
	for _, a := range found {
		if a.Denied {
			denied++
		}
	}
	switch {
	case denied == len(found):
		check.warn(fieldCallbackURL, ProblemBlockedAddress, "the host has no address that callbacks may be sent to")
	case denied > 0:
		check.warn(fieldCallbackURL, ProblemBlockedAddress,
			"%d of %d addresses of the host are none that callbacks may be sent to, and are not tried", denied, len(found))
	}
	return nil
}
