package graph

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

// callbackHealth reads the health of one owner, together with those of its siblings.
func callbackHealth(
	ctx context.Context, owner callback.Parent, id int64, within callback.HealthRange,
) (*callback.Health, error) {
	l := loadersFrom(ctx)
	health, err := load(ctx, shared(l, "health of "+string(owner)+" "+string(within),
		func(ctx context.Context, ids []int64) (map[int64]*callback.Health, error) {
			return l.service.Callbacks.CallbackHealth(ctx, l.actor.Scope(models.RoleViewer), owner, ids, within)
		}), &id)
	if err == nil && health == nil { // it has gone out of sight meanwhile
		err = models.NotFound(string(owner))
	}
	return health, err
}

func healthCounts(h *callback.Health) *CallbackHealthCounts {
	return &CallbackHealthCounts{
		Pending: h.Pending, Running: h.Running, PendingIsExact: h.OngoingExact,
		Success: wholeCount(h.Success), Failed: wholeCount(h.FailedCount()), EndedIsExact: h.Exact,
	}
}

// wholeCount is a count as an Int of GraphQL, which has 32 bits.
func wholeCount(n uint64) int { return int(min(n, math.MaxInt32)) }

func causesOf(t callback.Tally) []*CallbackHealthCause {
	causes := make([]*CallbackHealthCause, 0, len(t.Failed))
	for code, n := range t.Failed {
		causes = append(causes, &CallbackHealthCause{Code: code, Count: wholeCount(n)})
	}
	slices.SortFunc(causes, func(a, b *CallbackHealthCause) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(string(a.Code), string(b.Code)))
	})
	return causes
}

// percentiles are null where nothing was measured.
func percentiles(h callback.Histogram) *CallbackHealthPercentiles {
	if h.Count() == 0 {
		return nil
	}
	at := func(share float64) float64 { return milliseconds(h.Percentile(share).Round(time.Microsecond)) }
	return &CallbackHealthPercentiles{P50Ms: at(0.5), P95Ms: at(0.95), P99Ms: at(0.99)}
}

// healthCost is what health costs: its hours are rows, of which a list of projects may ask for many at once.
func healthCost(child int, within callback.HealthRange) int {
	return child + map[callback.HealthRange]int{
		callback.HealthDay: 2 * costOfList, callback.HealthWeek: 5 * costOfList, callback.HealthMonth: 20 * costOfList,
	}[within]
}
