package receiver

import (
	"cmp"
	"context"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/tenant"
)

// TestTx is the database as a test needs it.
type TestTx interface {
	callback.Tx
	RateTx
	OwnerTx
}

// OwnerTx reads whose receiver it is.
type OwnerTx interface {
	// LastProjectOfSSOClient returns the newest project, of those that are not deleted, of the accounts of an SSO
	// client: NotFound where there is none.
	LastProjectOfSSOClient(ctx context.Context, ssoClientID int64) (int64, error)
}

// Of says whose receiver it is: where a project's callbacks go, or an SSO client's webhook.
type Of struct {
	ProjectID   int64 // 0: the SSO client's
	SSOClientID int64 // 0: the project's
}

// TestToSend is the input of SendTest.
type TestToSend struct {
	Of
	Field string             // of the input, that names whose receiver it is
	Like  callback.EventName // an event whose form it has; empty: its own
}

// Test is a test that was sent, and what came of it.
type Test struct {
	Callback *callback.Callback
	Attempt  *callback.Attempt // nil where it has not ended in time
}

// testWait is how long a caller waits for the attempt. Most receivers answer within a second; whoever takes longer is
// seen in the history.
const testWait = 10 * time.Second

// SendTest sends a test, and waits for what comes of it: 10 s, or where 64 wait already not at all. Of a project's
// Editor and up, of an SSO client the platform and the partner. BAD_USER_INPUT where there is no URL, RATE_LIMITED after ten within a
// minute to the same host by the same configuration.
func (s *Service) SendTest(ctx context.Context, actor *models.Actor, in TestToSend) (*Test, error) {
	if err := s.may(ctx, actor, in.Of); err != nil {
		return nil, err
	}
	var c *callback.Callback
	err := s.db.InTestTx(ctx, func(tx TestTx) (err error) {
		if c, err = s.raiseTest(ctx, tx, actor, in); err == nil {
			models.Made(ctx, c.ID)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	s.engine.Wake(ctx, c)
	return s.Test(ctx, actor, c.ID)
}

// may tells whether an actor may try a receiver.
func (s *Service) may(ctx context.Context, actor *models.Actor, of Of) error {
	if of.ProjectID == 0 {
		_, err := s.tenants.SSOClient(ctx, actor, of.SSOClientID)
		return cmp.Or(err, actor.RequireSSOClientRole(of.SSOClientID, models.RoleEditor))
	}
	_, err := s.projectOfEditor(ctx, actor, of.ProjectID)
	return err
}

// projectOfEditor is a project on which the actor is an Editor.
func (s *Service) projectOfEditor(ctx context.Context, actor *models.Actor, id int64) (*tenant.Project, error) {
	project, err := s.tenants.Project(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	return project, actor.RequireProjectRole(project.AccountID, project.ID, models.RoleEditor)
}

// raiseTest counts it last: what cannot be sent does not count.
func (s *Service) raiseTest(
	ctx context.Context, tx TestTx, actor *models.Actor, in TestToSend,
) (*callback.Callback, error) {
	projectID, err := testedProject(ctx, tx, in.Of, in.Field)
	if err != nil {
		return nil, err
	}
	o, err := s.engine.TestLike(in.Like, s.engine.TestOf(projectID, actor.CreatorID(), in.ProjectID == 0))
	if err != nil {
		return nil, err
	}
	c, err := s.engine.Raise(ctx, tx, o)
	if err != nil {
		return nil, err
	}
	if c == nil {
		return nil, noURL(in.Of, in.Field, "send a test to")
	}
	return c, testRate.take(ctx, tx, c.Lane.String(), c.CreatedAt)
}

// testedProject is the project that a test is of.
func testedProject(ctx context.Context, tx OwnerTx, of Of, field string) (int64, error) {
	if of.ProjectID != 0 {
		return of.ProjectID, nil
	}
	projectID, err := tx.LastProjectOfSSOClient(ctx, of.SSOClientID)
	if models.ErrorCode(err) == models.CodeNotFound {
		return 0, models.Conflict(field, "no account of the SSO client has a project, which a notice is always of")
	}
	return projectID, err
}

func noURL(of Of, field, verb string) error {
	missing := "set apiCallbackUrl on the project or on its account first (NO_CALLBACK_URL)"
	if of.ProjectID == 0 {
		missing = "set webhookUrl on the SSO client first (NO_CALLBACK_URL)"
	}
	return models.Invalid(field, "there is no URL to %s: %s", verb, missing)
}

// Test returns a test that was sent, as it is once it has ended, or the caller's patience has, as SendTest has it.
func (s *Service) Test(ctx context.Context, actor *models.Actor, id int64) (*Test, error) {
	waiting, cancel := s.patient(ctx, testWait)
	defer cancel()
	s.tests.wait(waiting, id)
	scope := actor.Scope(models.RoleViewer)
	seen, err := s.engine.Callback(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	attempts, err := s.engine.AttemptPages(ctx, scope, []int64{id}, models.Page{First: 1})
	if err != nil {
		return nil, err
	}
	test := &Test{Callback: seen}
	for _, a := range attempts[id].Nodes {
		if a.FinishedAt != nil {
			test.Attempt = a
		}
	}
	return test, nil
}

func (s *Service) endedCallbacks(ctx context.Context, ids []int64) (ended []int64, err error) {
	seen, err := s.engine.Callbacks(ctx, models.PlatformActor().Scope(models.RoleViewer), ids...)
	for _, c := range seen {
		if c.Status.Ended() {
			ended = append(ended, c.ID)
		}
	}
	return ended, err
}
