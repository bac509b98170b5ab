package tenant_test

import (
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/tenant"
)

func TestAChangeOfAURLTellsHowManyCallbacksGoToIt(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	ofProject := func(p *tenant.Project, url *string, want int) {
		t.Helper()
		c, err := w.UpdateProject(t.Context(), w.Editor, tenant.ProjectUpdate{
			ProjectID: p.ID, Callback: models.EndpointUpdate{URL: models.Given(url)},
		})
		modelstest.NoError(t, err)
		if c.Moved != want {
			t.Errorf("the project's: %d moved, want %d", c.Moved, want)
		}
	}
	ofAccount := func(url *string, want int) {
		t.Helper()
		c, err := w.UpdateAccount(t.Context(), w.Admin, tenant.AccountUpdate{
			AccountID: w.Acme.ID, Callback: models.EndpointUpdate{URL: models.Given(url)},
		})
		modelstest.NoError(t, err)
		if c.Moved != want {
			t.Errorf("the account's: %d moved, want %d", c.Moved, want)
		}
	}
	bare := w.NewProject(w.Acme, nil)
	first, second := new("https://first.example/"), new("https://second.example/")
	ofAccount(first, 0) // nothing waits yet
	w.Deliver(w.NewCallbackOf(w.Shop, 901).ID, modelstest.Answered(200))
	waits := w.NewCallback()
	w.MoreCallbacks(waits, modelstest.ProjectHost, 4)
	w.NewCallbackOf(bare, 900)

	ofAccount(second, 1) // the bare project's
	ofProject(w.Shop, second, 5)
	ofProject(w.Shop, second, 0) // it is the same
	ofProject(w.Shop, nil, 0)    // the account's URL is the same, too
	ofAccount(first, 6)
	ofAccount(nil, 0) // they have nowhere to go
	ofProject(bare, first, 1)
}
