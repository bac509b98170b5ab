package callback_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/live"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/receiver"
	"github.com/ringback/ringback/models/run"
	"github.com/ringback/ringback/models/tenant"
)

// endless is a store that always has more callbacks to purge, takes its time for each, and stops the purge after some
// parts. Of what else there is to purge it has nothing.
type endless struct {
	perRow time.Duration
	parts  int
	stop   func()
	broken error
	limits []int
	asked  []string
}

func (e *endless) PurgeCallbacks(_ context.Context, _ time.Time, limit int) (callbacks, rows int, err error) {
	e.limits = append(e.limits, limit)
	modelstest.Pass(time.Duration(limit) * e.perRow)
	if len(e.limits) == e.parts {
		e.stop()
	}
	return limit, limit, e.broken
}

func (e *endless) PurgeRuns(context.Context, time.Time, int) (runs, rows int, err error) {
	e.asked = append(e.asked, "runs")
	return 0, 0, nil
}

func (e *endless) PurgeCallbackPayloads(context.Context, time.Time, time.Time, int) (callbacks, rows int, err error) {
	e.asked = append(e.asked, "payloads")
	return 0, 0, nil
}

func (e *endless) PurgeHealth(context.Context, time.Time, int) (hours, rows int, err error) {
	e.asked = append(e.asked, "health")
	return 0, 0, nil
}

func (e *endless) PurgeRunPayloads(context.Context, time.Time, time.Time, int) (runs, rows int, err error) {
	e.asked = append(e.asked, "payloads of runs")
	return 0, 0, nil
}

func (e *endless) PurgeSources(
	_ context.Context, typeName string, _ time.Time, _ int64, _ int,
) (sources int, last int64, err error) {
	e.asked = append(e.asked, typeName)
	return 0, 0, nil
}

func (e *endless) PurgeClaims(context.Context, time.Time, int) (keys, rows int, err error) {
	e.asked = append(e.asked, "idempotency keys")
	return 0, 0, nil
}

func (e *endless) PurgeBulkReplays(context.Context, time.Time, int) (bulkReplays, rows int, err error) {
	e.asked = append(e.asked, "bulk replays")
	return 0, 0, nil
}

func (e *endless) PurgeRates(_ context.Context, _ time.Time, _ int) (keys, rows int, err error) {
	e.asked = append(e.asked, "rates")
	return 0, 0, nil
}

func (e *endless) PurgeDiagnoses(_ context.Context, _ time.Time, _ int) (diagnoses, rows int, err error) {
	e.asked = append(e.asked, "diagnoses")
	return 0, 0, nil
}

func (e *endless) PurgeCallbackChanges(context.Context, time.Time, int) (changes, rows int, err error) {
	e.asked = append(e.asked, "changes")
	return 0, 0, nil
}

func (e *endless) PurgePortalSessions(context.Context, time.Time, int) (sessions, rows int, err error) {
	e.asked = append(e.asked, "portal sessions")
	return 0, 0, nil
}

func (e *endless) PurgeLoginCodes(context.Context, time.Time, int) (codes, rows int, err error) {
	e.asked = append(e.asked, "login codes")
	return 0, 0, nil
}

func (e *endless) purge(t *testing.T) (callback.Purged, error) {
	t.Helper()
	var ctx context.Context
	ctx, e.stop = context.WithCancel(t.Context())
	defer e.stop()
	inTx := func(_ context.Context, f func(run.PurgeTx) error) error { return f(e) }
	upkeep := modelstest.Wiring{Engine: func(db *callback.Ports) {
		db.InPurgeTx = func(_ context.Context, f func(callback.PurgeTx) error) error { return f(e) }
	}, RunPorts: &run.Ports{InPurgeTx: inTx}, ReceiverPorts: &receiver.Ports{
		InPurgeTx: func(_ context.Context, f func(receiver.PurgeTx) error) error { return f(e) },
	}, LivePorts: &live.Ports{
		InPurgeTx: func(_ context.Context, f func(live.PurgeTx) error) error { return f(e) },
	}, AccessPurges: func(_ context.Context, f func(tenant.AccessPurgeTx) error) error { return f(e) }}.Services().Upkeep
	return upkeep.Purge(ctx, callback.Retention{Rows: time.Hour, Payloads: time.Minute, Sources: time.Hour})
}

func TestPartsOfAPurgeAreAsLargeAsTheDatabaseIsQuick(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		perRow time.Duration
		limits []int
		took   time.Duration // with a pause after each part but the last
	}{
		"quick": {10 * time.Microsecond, []int{100, 200, 400, 800, 1_000, 1_000}, (2*2500 + 1000) * 10 * time.Microsecond},
		"slow":  {time.Millisecond, []int{100, 50, 25, 12}, (2*175 + 12) * time.Millisecond},
		"worse": {100 * time.Millisecond, []int{100, 50, 25, 12, 10, 10}, (2*197 + 10) * 100 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e, begun := &endless{perRow: c.perRow, parts: len(c.limits)}, time.Now()
				if gone, err := e.purge(t); !errors.Is(err, context.Canceled) || gone["callbacks"] == 0 {
					t.Errorf("got %+v, %v", gone, err)
				}
				if took := time.Since(begun); !slices.Equal(e.limits, c.limits) || took != c.took {
					t.Errorf("parts of %v in %s, want %v in %s", e.limits, took, c.limits, c.took)
				}
			})
		})
	}
}

func TestWhatCannotBePurgedHoldsUpNothingElse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := &endless{broken: modelstest.ErrBroken}
		gone, err := e.purge(t)
		want := []string{
			"payloads", "health", "idempotency keys", "runs", "payloads of runs", models.TypeReportDownload, models.TypeCrawl, models.TypeJob, "rates",
			"diagnoses",
		}
		asked := slices.DeleteFunc(e.asked, func(kind string) bool { return !slices.Contains(want, kind) }) // others may be there
		if !errors.Is(err, modelstest.ErrBroken) || !maps.Equal(gone, callback.Purged{}) || len(e.limits) != 1 ||
			!slices.Equal(asked, want) {
			t.Errorf("got %+v, %v, after %v of callbacks and %v", gone, err, e.limits, asked)
		}
	})
}
