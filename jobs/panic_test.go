package jobs

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/store/storetest"
)

// panicky is a store whose methods of one name panic as often as it is told.
type panicky struct {
	models.Store
	name string
	left *atomic.Int64
}

func (p panicky) InTx(ctx context.Context, f func(models.Store) error) error {
	return p.Store.InTx(ctx, func(tx models.Store) error { return f(panicky{tx, p.name, p.left}) })
}

func (p panicky) may(name string) {
	if name == p.name && p.left.Add(-1) >= 0 {
		panic("as planned: " + name)
	}
}

func (p panicky) ClaimDue(ctx context.Context, host string, now, until time.Time, limit int) ([]*models.Callback, error) {
	p.may("ClaimDue")
	return p.Store.ClaimDue(ctx, host, now, until, limit)
}

func (p panicky) SettleCallbacks(ctx context.Context, callbacks ...*models.Callback) ([]bool, error) {
	p.may("SettleCallbacks")
	return p.Store.SettleCallbacks(ctx, callbacks...)
}

func (p panicky) OverdueHosts(ctx context.Context, dueBy time.Time) ([]string, error) {
	p.may("OverdueHosts")
	return p.Store.OverdueHosts(ctx, dueBy)
}

func (p panicky) LockDueSchedule(ctx context.Context, now time.Time) (*models.RunSchedule, error) {
	p.may("LockDueSchedule")
	return p.Store.LockDueSchedule(ctx, now)
}

func (p panicky) PurgeCallbacks(ctx context.Context, before time.Time, limit int) (int, error) {
	p.may("PurgeCallbacks")
	return p.Store.PurgeCallbacks(ctx, before, limit)
}

func (p panicky) SignIn(ctx context.Context, process *models.Process, forget time.Duration) error {
	p.may("SignIn")
	return p.Store.SignIn(ctx, process, forget)
}

// panics counts those of one place.
type panics struct {
	where string
	n     atomic.Int64
}

func (p *panics) Panicked(where string) {
	if where == p.where {
		p.n.Add(1)
	}
}

func (*panics) Unreadable(string) {}

func TestPanicCostsAPieceOfWorkAndNeverTheWorker(t *testing.T) {
	t.Parallel()
	for name, where := range map[string]string{
		"ClaimDue": "claim", "SettleCallbacks": "settlement", "OverdueHosts": "sweep", "LockDueSchedule": "firing", "PurgeCallbacks": "purge",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, queueName := openQueue(t)
			queue := NewQueue(client, queueName, prometheus.NewRegistry())
			w := newWorld(t, queue, models.Schedule{}, func(http.ResponseWriter, *http.Request) {})
			left := &atomic.Int64{}
			left.Store(1)
			w.store.Store = panicky{w.store.Store, name, left}
			counted := &panics{where: where}
			w.service.CountTroubles(counted)
			first := w.newCallback(t)
			startWorker(t, client, queue, w)
			second := w.newCallback(t)
			eventually(t, "the panic is counted", func() bool { return counted.n.Load() == 1 })
			third := w.newCallback(t)
			arrived := 0
			eventually(t, "all but the one that it cost have arrived", func() bool {
				arrived = 0
				put := 0
				for _, c := range []*models.Callback{first, second, third} {
					switch got := w.callback(t, c.ID); {
					case got.Status == models.StatusSuccess:
						arrived++
					case got.PanicCount == 1:
						put++
					}
				}
				return arrived+put == 3
			})
			if arrived < 2 {
				t.Errorf("%d arrived", arrived)
			}
		})
	}
}

func TestPanicWhileSigningInCostsThatLookAlone(t *testing.T) {
	t.Parallel()
	left := &atomic.Int64{}
	left.Store(1)
	store := storetest.Open(t)
	p := newPresent(t, panicky{store, "SignIn", left}, miniredis.RunT(t), "q", "api")
	caught := &panics{where: "presence"}
	p.service.CountTroubles(caught)
	p.Start()
	eventually(t, "the panic is counted", func() bool { return caught.n.Load() == 1 })
	p.Stop()
	p.look(t.Context())
	if seen, err := store.ProcessesSeen(t.Context(), models.SignInLapse); err != nil || len(seen) != 1 {
		t.Errorf("there are %+v, %v", seen, err)
	}
}
