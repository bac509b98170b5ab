package store_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
	"github.com/ringback/ringback/models/tenant"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func wantCode(t *testing.T, err error, code models.Code) {
	t.Helper()
	if err == nil || models.ErrorCode(err) != code {
		t.Fatalf("got %v, want %s", err, code)
	}
}

// everything is the platform's scope.
func everything() models.Scope { return models.PlatformActor().Scope(models.RoleViewer) }

// customer is an account with an admin, a project and a crawl.
type customer struct {
	account *tenant.Account
	user    *tenant.User
	project *tenant.Project
	crawl   *crawl.Crawl
}

// actor is the tenant's admin.
func (n *customer) actor() *models.Actor { return &models.Actor{UserID: n.user.ID} }

func (n *customer) scope() models.Scope { return n.actor().Scope(models.RoleViewer) }

func newCustomer(t *testing.T, s *store.Store, name string) *customer {
	t.Helper()
	ctx := t.Context()
	headers := []models.Header{{Key: "Authorization", Value: models.Secret("Bearer " + name)}}
	partner := &tenant.SSOClient{Name: name, CreatedAt: start, UpdatedAt: start}
	modelstest.NoError(t, s.CreateSSOClient(ctx, partner))
	n := &customer{account: &tenant.Account{
		Name: name, Timezone: "UTC", SSOClientID: &partner.ID, CreatedAt: start, UpdatedAt: start, Callback: models.Endpoint{Headers: headers},
	}}
	modelstest.NoError(t, s.CreateAccount(ctx, n.account))
	n.user = &tenant.User{Email: name + "@example.com", CreatedAt: start}
	modelstest.NoError(
		t, s.CreateUser(ctx, n.user, []tenant.Membership{{AccountID: n.account.ID, Role: models.RoleAdmin}}),
	)
	n.project = newProject(t, s, n.account.ID, start)
	n.crawl = &crawl.Crawl{
		AccountID: n.account.ID, ProjectID: n.project.ID, Kind: crawl.Standard, Status: crawl.Finished,
		CreatedAt: start, FinishedAt: &start,
	}
	modelstest.NoError(t, s.CreateCrawl(ctx, n.crawl))
	return n
}

func newProject(t *testing.T, s *store.Store, accountID int64, at time.Time) *tenant.Project {
	t.Helper()
	p := &tenant.Project{AccountID: accountID, Name: "Shop", PrimaryDomain: "example.com", CreatedAt: at, UpdatedAt: at}
	modelstest.NoError(t, s.CreateProject(t.Context(), p))
	return p
}

// newCallback inserts a callback of the tenant that was created, and is due, at a time. Unless it is changed, it is
// alone in its lane.
func newCallback(
	t *testing.T, s *store.Store, n *customer, at time.Time, changes ...func(*callback.Callback),
) *callback.Callback {
	t.Helper()
	uid := uuid.Must(uuid.NewV7())
	c := &callback.Callback{
		UID: uid, Ref: uid, Event: callback.CrawlFinishedEvent, Status: callback.StatusPending,
		Target:      callback.TargetConfigured,
		ContentType: "text/plain", Body: []byte("body"), AccountID: n.account.ID, ProjectID: n.project.ID,
		Source: callback.Source{Of: n.crawl.ObjectID()},
		Lane:   to(uid.String()), DedupKey: uid.String(), NextAttemptAt: &at, CreatedAt: at,
	}
	for _, change := range changes {
		change(c)
	}
	modelstest.NoError(t, s.CreateCallbacks(t.Context(), c))
	return c
}

// newAttempt inserts an open attempt of a callback.
func newAttempt(t *testing.T, s *store.Store, c *callback.Callback, number int) *callback.Attempt {
	t.Helper()
	a := &callback.Attempt{UID: uuid.Must(uuid.NewV7()), CallbackID: c.ID, Number: number, StartedAt: start}
	modelstest.NoError(t, s.CreateAttempts(t.Context(), []*callback.Attempt{a}))
	return a
}

// ids returns the ids of callbacks, in their order.
func ids(callbacks []*callback.Callback) []int64 {
	list := make([]int64, len(callbacks))
	for i, c := range callbacks {
		list[i] = c.ID
	}
	return list
}

func TestTransactionIsUndoneByAnError(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	failure := errors.New("no")
	account := &tenant.Account{Name: "A", Timezone: "UTC", CreatedAt: start, UpdatedAt: start}
	err := s.Transaction(t.Context(), func(tx *store.Store) error {
		modelstest.NoError(t, tx.CreateAccount(t.Context(), account))
		// One inside the other is the same transaction: the inner end commits nothing.
		modelstest.NoError(t, tx.Transaction(t.Context(), func(tx *store.Store) error {
			found, err := tx.Accounts(t.Context(), everything(), account.ID)
			if len(found) != 1 {
				t.Error("the transaction does not see what it wrote")
			}
			return err
		}))
		return failure
	})
	if !errors.Is(err, failure) {
		t.Fatalf("got %v", err)
	}
	if found, err := s.Accounts(t.Context(), everything(), account.ID); err != nil || len(found) != 0 {
		t.Errorf("got %v, %v", found, err)
	}
}

func TestGivenIDsAheadOfTheSequenceAreSkipped(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newCustomer(t, s, "a")
	created := map[int64]bool{n.project.ID: true}
	add := func(id int64) {
		p := &tenant.Project{
			ID: id, AccountID: n.account.ID, Name: "P", PrimaryDomain: "d", CreatedAt: start, UpdatedAt: start,
		}
		modelstest.NoError(t, s.CreateProject(t.Context(), p))
		if p.ID == 0 || created[p.ID] || id != 0 && p.ID != id {
			t.Fatalf("asked for %d, got %d", id, p.ID)
		}
		created[p.ID] = true
	}
	// The platform's numbers stand just where the sequence goes next, and further.
	for _, id := range []int64{n.project.ID + 1, n.project.ID + 2, n.project.ID + 4, 1123123} {
		add(id)
	}
	for range 5 {
		add(0)
	}
	err := s.CreateProject(
		t.Context(), &tenant.Project{ID: 1123123, AccountID: n.account.ID, CreatedAt: start, UpdatedAt: start},
	)
	wantCode(t, err, models.CodeConflict)
}

func TestDatabaseChoosesIDsAtOnceWhileGivenOnesStandInTheWay(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newCustomer(t, s, "a")
	var mu sync.Mutex
	seen := map[int64]bool{n.crawl.ID: true}
	modelstest.AtOnce(12, func(i int) {
		c := &crawl.Crawl{
			AccountID: n.account.ID, ProjectID: n.project.ID, Kind: crawl.Standard, Status: crawl.Queued, CreatedAt: start,
		}
		if i%3 == 0 {
			c.ID = n.crawl.ID + 1000*int64(i+1) // far apart: one that the database has chosen already would be taken for known
		}
		if err := s.CreateCrawl(t.Context(), c); err != nil {
			t.Error(err)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if seen[c.ID] {
			t.Errorf("the id %d was given twice", c.ID)
		}
		seen[c.ID] = true
	})
}

func TestTakenCrawlIDChangesNothing(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newCustomer(t, s, "a")
	again := *n.crawl
	again.Status, again.FinishedAt = crawl.Queued, nil
	modelstest.NoError(t, s.CreateCrawl(t.Context(), &again))
	found, err := s.Crawls(t.Context(), everything(), n.crawl.ID)
	modelstest.NoError(t, err)
	if len(found) != 1 || found[0].Status != crawl.Finished {
		t.Errorf("got %+v", found)
	}
}

func TestDedupKeyIsTakenOnce(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newCustomer(t, s, "a")
	first := newCallback(t, s, n, start)
	second := *first
	second.UID = uuid.Must(uuid.NewV7())
	wantCode(t, s.CreateCallbacks(t.Context(), &second), models.CodeConflict)
	found, err := s.CallbacksByDedupKey(t.Context(), first.DedupKey, "another")
	modelstest.NoError(t, err)
	if len(found) != 1 || found[0].ID != first.ID {
		t.Errorf("got %+v", found)
	}
}

func TestReopenedDatabaseKeepsEverything(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s := storetest.OpenURL(t, url)
	_, err := s.Migrate(t.Context())
	modelstest.NoError(t, err)
	n := newCustomer(t, s, "a")
	c := newCallback(t, s, n, start, func(c *callback.Callback) {
		c.TargetHeaders = []models.Header{{Key: "X-A", Value: "request"}}
	})
	claimed := claim(t, s, c, start, start.Add(time.Minute))
	a := newAttempt(t, s, c, claimed.AttemptCount)
	modelstest.NoError(t, s.Close())

	s = storetest.OpenURL(t, url)
	modelstest.NoError(t, s.CheckMigrated(t.Context()))
	modelstest.NoError(t, s.Ping(t.Context()))
	accounts, err := s.Accounts(t.Context(), everything(), n.account.ID)
	modelstest.NoError(t, err)
	if accounts[0].Callback.Headers[0].Value.Reveal() != "Bearer a" || !accounts[0].CreatedAt.Equal(start) {
		t.Errorf("got %+v", accounts[0])
	}
	got, err := s.LockCallback(t.Context(), n.scope(), c.ID)
	modelstest.NoError(t, err)
	if got.UID != c.UID || got.Status != callback.StatusRunning || string(got.Body) != "body" ||
		!got.LeaseUntil.Equal(start.Add(time.Minute)) ||
		got.TargetHeaders[0].Value.Reveal() != "request" {
		t.Errorf("got %+v", got)
	}
	pages, err := s.AttemptPages(t.Context(), n.scope(), []int64{c.ID}, models.Page{First: 1})
	modelstest.NoError(t, err)
	if attempts := pages[c.ID].Nodes; len(attempts) != 1 || attempts[0].UID != a.UID ||
		!attempts[0].StartedAt.Equal(start) {
		t.Errorf("got %+v", attempts)
	}
}

func TestPlatformKeyHashIsKeptOnce(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	none, err := s.PlatformKeyHash(t.Context())
	if none != nil || err != nil {
		t.Errorf("got %q, %v before there is one", none, err)
	}
	modelstest.NoError(t, s.SetPlatformKeyHash(t.Context(), []byte("hash")))
	got, err := s.PlatformKeyHash(t.Context())
	modelstest.NoError(t, err)
	if string(got) != "hash" {
		t.Errorf("got %q", got)
	}
	if s.SetPlatformKeyHash(t.Context(), []byte("other")) == nil {
		t.Error("a second platform key was stored")
	}
}

func TestSigningSecretsAreTheOwnersThatHaveNotExpired(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	a, b := newCustomer(t, s, "a"), newCustomer(t, s, "b")
	add := func(owner tenant.SigningOwner, text string, expires *time.Time) {
		modelstest.NoError(t, s.CreateSigningSecret(t.Context(), &tenant.SigningSecret{
			Owner: owner, Secret: models.Secret(text), CreatedAt: start, ExpiresAt: expires,
		}))
	}
	// The partner has the number of the project.
	project, partner := tenant.SigningOwner{ProjectID: a.project.ID}, tenant.SigningOwner{SSOClientID: a.project.ID}
	add(project, "old", new(start.Add(time.Hour)))
	add(project, "new", nil)
	add(partner, "partner", nil)
	add(tenant.SigningOwner{ProjectID: b.project.ID}, "foreign", nil)

	at := func(now time.Time, owners ...tenant.SigningOwner) map[tenant.SigningOwner][]string {
		found, err := s.SigningSecrets(t.Context(), now, owners...)
		modelstest.NoError(t, err)
		texts := map[tenant.SigningOwner][]string{}
		for owner, list := range found {
			for _, v := range list {
				texts[owner] = append(texts[owner], v.Secret.Reveal())
			}
		}
		return texts
	}
	if got := at(start, project); !slices.Equal(got[project], []string{"new", "old"}) || len(got) != 1 {
		t.Errorf("newest first, and nobody else's: got %v", got)
	}
	if got := at(start.Add(time.Hour), project); !slices.Equal(got[project], []string{"new"}) {
		t.Errorf("after the old one expired: got %v", got)
	}
	if got := at(start, partner); !slices.Equal(got[partner], []string{"partner"}) || len(got) != 1 {
		t.Errorf("got %v", got)
	}
	if got := at(start, project, partner); len(got) != 2 {
		t.Errorf("got %v", got)
	}
	if got := at(start); len(got) != 0 {
		t.Errorf("of nobody: got %v", got)
	}
}

func newUID() uuid.UUID { return uuid.Must(uuid.NewV7()) }
