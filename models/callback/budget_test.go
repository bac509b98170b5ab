package callback

import (
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/tenant"
)

// TestALimitOfAProjectIsCountedByItself and has a lane of its own, also at its account's URL.
func TestALimitOfAProjectIsCountedByItself(t *testing.T) {
	t.Parallel()
	url := "https://hooks.example.com/x"
	limits := func(inFlight, perSecond *int) tenant.Limits {
		return tenant.Limits{MaxInFlight: inFlight, MaxPerSecond: perSecond}
	}
	for name, c := range map[string]struct {
		account, project tenant.Limits
		want             Budget
		lane             string
	}{
		"none":       {want: Budget{}, lane: "account:1"},
		"account's":  {account: limits(new(3), nil), want: Budget{"account:1", 3, 0}, lane: "account:1"},
		"project's":  {project: limits(nil, new(4)), want: Budget{"project:2", 0, 4}, lane: "project:2"},
		"both":       {limits(new(3), new(30)), limits(new(5), new(50)), Budget{"project:2", 5, 50}, "project:2"},
		"one of two": {limits(new(3), new(30)), limits(new(5), nil), Budget{"project:2", 5, 30}, "project:2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := Owners{
				Account: &tenant.Account{ID: 1, Callback: models.Endpoint{URL: &url}, Limits: c.account},
				Project: &tenant.Project{ID: 2, Limits: c.project},
			}
			configured := &Callback{Event: CrawlFinishedEvent, Target: TargetConfigured}
			if got := configured.budgetOf(o); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			if got := (&Callback{Event: CallbackFailedEvent, Target: TargetSSOClient}).budgetOf(o); got != (Budget{}) {
				t.Errorf("a notice: %+v", got)
			}
			if got := laneOf(tenant.EffectiveTarget(o.Account.Callback, o.Project.Callback), o).Owner; got != c.lane {
				t.Errorf("waits in the lane of %s, want %s", got, c.lane)
			}
		})
	}
}
