package callback

import (
	"context"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/tenant"
)

// Budget is how much may leave at once and in a second, by all workers, of what has the same Owner.
type Budget struct {
	Owner        string // project:1, account:2; empty: nobody has set a limit
	MaxInFlight  int    // 0: no limit
	MaxPerSecond int    // 0: no limit
}

// MaxBudgets bounds how many budgets are read at a time.
const MaxBudgets = 1000

// budget is that of what goes to the customer: notices are the SSO partner's.
func (o Owners) budget() Budget {
	limits := tenant.EffectiveLimits(o.Account.Limits, o.Project.Limits)
	if limits == nil {
		return Budget{}
	}
	b := Budget{Owner: ofAccount + models.RawIDText(o.Account.ID)}
	if limits.Source == tenant.LevelProject {
		b.Owner = ofProject + models.RawIDText(o.Project.ID)
	}
	if limits.MaxInFlight != nil {
		b.MaxInFlight = *limits.MaxInFlight
	}
	if limits.MaxPerSecond != nil {
		b.MaxPerSecond = *limits.MaxPerSecond
	}
	return b
}

// budgetOf is that of a callback. Somebody asks for a test just now, and it has a rate of its own.
func (c *Callback) budgetOf(o Owners) Budget {
	if c.Target == TargetSSOClient || c.rules().test {
		return Budget{}
	}
	return o.budget()
}

// ownLane tells whether a project's callbacks wait apart from those of the account's others, to whose URL they go.
func (o Owners) ownLane() bool { return o.Project.Limits != (tenant.Limits{}) }

// Budgets returns what is allowed by now of projects, at most MaxBudgets of them.
func (ds *Deliveries) Budgets(ctx context.Context, projectIDs []int64) (map[int64]Budget, error) {
	budgets := make(map[int64]Budget, len(projectIDs))
	err := ds.engine.db.InDeliveryTx(ctx, func(tx DeliveryTx) error {
		owners, err := tx.Owners(ctx, projectIDs...)
		for id, o := range owners {
			budgets[id] = o.budget()
		}
		return err
	})
	return budgets, err
}
