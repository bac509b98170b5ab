package callback_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store"
)

// newFailures makes callbacks that have failed, and returns their refs.
func newFailures(w *modelstest.World, n int) []uuid.UUID {
	w.T.Helper()
	c := w.NewCallback()
	ids := append(w.MoreCallbacks(c, modelstest.ProjectHost, n-1), c.ID)
	w.SQL("UPDATE callbacks SET ref = uid, status = 'FAILED', next_attempt_at = NULL, finished_at = created_at")
	refs := make([]uuid.UUID, n)
	for i, id := range ids {
		refs[i] = w.ReadCallback(id).Ref
	}
	w.Clock.Advance(time.Second)
	return refs
}

func replayAll(w *modelstest.World, in callback.ToReplayAll) *callback.BulkReplay {
	w.T.Helper()
	if in.Owner == (callback.BulkOwner{}) {
		in.Owner.ProjectID = w.Shop.ID
	}
	b, err := w.ReplayAll(w.T.Context(), w.Editor, in)
	modelstest.NoError(w.T, err)
	return b
}

func readBulk(w *modelstest.World, id int64) *callback.BulkReplay {
	w.T.Helper()
	found, err := w.BulkReplays(w.T.Context(), w.Viewer.Scope(models.RoleViewer), id)
	modelstest.NoError(w.T, err)
	if len(found) != 1 {
		w.T.Fatalf("found %d", len(found))
	}
	return found[0]
}

// bulkLane is where the replays of a bulk replay wait.
func bulkLane(w *modelstest.World) callback.Lane {
	lane := w.Lane(modelstest.ProjectHost)
	lane.Bulk = true
	return lane
}

// runBulk lets a bulk replay go on until it has ended, with receivers that take what they get, and returns how often each
// ref was sent.
func runBulk(w *modelstest.World, by *callback.Service, b *callback.BulkReplay) map[uuid.UUID]int {
	w.T.Helper()
	sent := map[uuid.UUID]int{}
	for range 2000 {
		_, err := by.Upkeep.AdvanceBulkReplays(w.T.Context())
		if err != nil && !errors.Is(err, errDied) {
			w.T.Fatal(err)
		}
		w.Clock.Advance(time.Second)
		for _, d := range w.ClaimLane(bulkLane(w), 300) {
			sent[d.Callback.Ref]++
			w.MustSettle(d, modelstest.Answered(200))
		}
		if now := readBulk(w, b.ID); now.Status.Ended() && now.Open == 0 {
			return sent
		}
	}
	w.T.Fatalf("it never ends: %+v", readBulk(w, b.ID))
	return nil
}

var errDied = errors.New("the process has died")

// TestBulkReplaySendsEachRefOnce, whatever transaction is lost on the way.
func TestBulkReplaySendsEachRefOnce(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	random := rand.New(rand.NewPCG(1, 1))
	dying := w.ServiceOn(func(db *callback.Ports) {
		inTx := db.InBulkPartTx
		db.InBulkPartTx = func(ctx context.Context, f func(callback.BulkPartTx) error) error {
			return inTx(ctx, func(tx callback.BulkPartTx) error {
				if err := f(tx); err != nil || random.IntN(3) > 0 {
					return err
				}
				return errDied
			})
		}
	})
	refs := newFailures(w, 1230)
	waiting := w.NewCallback()
	w.Clock.Advance(time.Second)
	b := replayAll(w, callback.ToReplayAll{})
	sent := runBulk(w, dying, b)
	for _, ref := range refs {
		if sent[ref] != 1 {
			t.Fatalf("%s was sent %d times", ref, sent[ref])
		}
	}
	got := readBulk(w, b.ID)
	if got.Status != callback.BulkFinished || got.Matched != 1231 || got.Replayed != 1230 || got.Succeeded != 1230 ||
		got.Done() != got.Matched || got.Skipped[callback.SkipNotEnded] != 1 || len(sent) != 1230 || got.FinishedAt == nil {
		t.Errorf("%+v, %d sent", got, len(sent))
	}
	modelstest.WantStatus(t, w.ReadCallback(waiting.ID), callback.StatusPending)
}

// TestBulkReplayPausesResumesAndIsCancelled where it has room for no more: a thousand have not been tried.
func TestBulkReplayPausesResumesAndIsCancelled(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	newFailures(w, 1450)
	b := replayAll(w, callback.ToReplayAll{Filter: callback.Filter{Status: []callback.Status{callback.StatusFailed}}})
	_, err := w.ReplayAll(t.Context(), w.Admin, callback.ToReplayAll{Owner: callback.BulkOwner{AccountID: w.Acme.ID}})
	modelstest.WantError(t, err, models.CodeConflict, "owner")
	advance := func() *callback.BulkReplay {
		t.Helper()
		_, err := w.AdvanceBulkReplays(t.Context())
		modelstest.NoError(t, err)
		w.Clock.Advance(time.Second)
		return readBulk(w, b.ID)
	}
	if got := advance(); got.Matched != 1450 || got.Replayed != 1000 {
		t.Fatalf("at first %+v", got)
	}
	_, err = w.PauseBulkReplay(t.Context(), w.Editor, b.ID)
	modelstest.NoError(t, err)
	for _, d := range w.ClaimLane(bulkLane(w), 200) {
		w.MustSettle(d, modelstest.Answered(200))
	}
	if got := advance(); got.Status != callback.BulkPaused || got.Replayed != 1000 || got.Succeeded != 200 {
		t.Errorf("paused: %+v", got)
	}
	_, err = w.ResumeBulkReplay(t.Context(), w.Editor, b.ID)
	modelstest.NoError(t, err)
	if got := advance(); got.Replayed != 1200 {
		t.Errorf("resumed: %+v", got)
	}
	for range 2 {
		_, err = w.CancelBulkReplay(t.Context(), w.Editor, b.ID)
		modelstest.NoError(t, err)
	}
	sent := runBulk(w, w.Service, b)
	if got := advance(); got.Status != callback.BulkCancelled || got.Replayed != 1200 || got.Succeeded != 1200 || len(sent) != 1000 {
		t.Errorf("cancelled: %+v, %d sent", got, len(sent))
	}
	_, err = w.ResumeBulkReplay(t.Context(), w.Editor, b.ID)
	modelstest.WantError(t, err, models.CodeConflict, "bulkReplayId")
}

// TestBulkReplayOfNothingChosenIsRefused: it would be of everything.
func TestBulkReplayOfNothingChosenIsRefused(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	for field, filter := range map[string]callback.Filter{
		"filter.status":    {Status: []callback.Status{}},
		"filter.event":     {Event: []callback.EventName{}},
		"filter.errorCode": {ErrorCode: []callback.AttemptErrorCode{}},
	} {
		_, err := w.ReplayAll(t.Context(), w.Editor, callback.ToReplayAll{
			Owner: callback.BulkOwner{ProjectID: w.Shop.ID}, Filter: filter,
		})
		modelstest.WantError(t, err, models.CodeBadUserInput, field)
	}
}

func TestDryRunOfABulkReplayReplaysNothing(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	newFailures(w, 30)
	b := replayAll(w, callback.ToReplayAll{DryRun: true})
	if sent := runBulk(w, w.Service, b); len(sent) != 0 {
		t.Errorf("%d sent", len(sent))
	}
	if got := readBulk(w, b.ID); got.Status != callback.BulkFinished || got.Matched != 30 || got.Replayed != 0 {
		t.Errorf("%+v", got)
	}
}

// Two tabs may count at the same time, and one that counted before the other was left.
func TestDryRunsExcludeEachOtherOnlyWhereTheyAreMany(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	newFailures(w, 3)
	first := replayAll(w, callback.ToReplayAll{DryRun: true})
	for range 4 {
		replayAll(w, callback.ToReplayAll{DryRun: true})
	}
	one := callback.ToReplayAll{Owner: callback.BulkOwner{ProjectID: w.Shop.ID}, DryRun: true}
	_, err := w.ReplayAll(t.Context(), w.Editor, one)
	modelstest.WantError(t, err, models.CodeConflict, "owner")
	if !strings.Contains(err.Error(), "dryRun") {
		t.Errorf("it does not say that they only count: %v", err)
	}
	replayAll(w, callback.ToReplayAll{}) // a dry run is in the way of none that replays
	_, err = w.ReplayAll(t.Context(), w.Editor, callback.ToReplayAll{Owner: one.Owner})
	modelstest.WantError(t, err, models.CodeConflict, "owner")

	_, err = w.CancelBulkReplay(t.Context(), w.Editor, first.ID)
	modelstest.NoError(t, err)
	replayAll(w, one)
}

func TestBulkReplayIsForThoseWhoMayReplayAllOfIt(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	b := replayAll(w, callback.ToReplayAll{})
	for name, c := range map[string]struct {
		who  *models.Actor
		code models.Code
	}{
		"viewer": {w.Viewer, models.CodeForbidden}, "outsider": {w.Outsider, models.CodeNotFound},
		"other project's key": {&models.Actor{Key: &models.KeyScope{AccountID: w.Acme.ID, ProjectID: w.Shop.ID + 1000, Role: models.RoleEditor}}, models.CodeNotFound},
	} {
		_, err := w.ReplayAll(t.Context(), c.who, callback.ToReplayAll{Owner: callback.BulkOwner{ProjectID: w.Shop.ID}})
		if got := models.ErrorCode(err); got != c.code {
			t.Errorf("%s begins: %v", name, err)
		}
		_, err = w.CancelBulkReplay(t.Context(), c.who, b.ID)
		if got := models.ErrorCode(err); got != c.code {
			t.Errorf("%s cancels: %v", name, err)
		}
	}
	_, err := w.ReplayAll(t.Context(), w.Admin, callback.ToReplayAll{Owner: callback.BulkOwner{SSOClientID: w.Partner.ID}})
	modelstest.WantError(t, err, models.CodeForbidden, "")
}

// TestBulkReplayOfNoticesIsThePlatforms: an editor's leaves them out.
func TestBulkReplayOfNoticesIsThePlatforms(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.NewCallback()
	w.MustSettle(w.MustClaim(c.ID), modelstest.Answered(500))
	w.SQL("UPDATE callbacks SET status = 'FAILED', next_attempt_at = NULL, finished_at = created_at")
	w.Clock.Advance(time.Second)
	b := replayAll(w, callback.ToReplayAll{})
	runBulk(w, w.Service, b)
	if got := readBulk(w, b.ID); got.Matched != 2 || got.Succeeded != 1 || got.Skipped[callback.SkipNotice] != 1 {
		t.Errorf("%+v", got)
	}
	b, err := w.ReplayAll(t.Context(), w.Platform, callback.ToReplayAll{Owner: callback.BulkOwner{SSOClientID: w.Partner.ID}})
	modelstest.NoError(t, err)
	for range 5 {
		_, err := w.AdvanceBulkReplays(t.Context())
		modelstest.NoError(t, err)
		w.Clock.Advance(time.Second)
	}
	found, err := w.BulkReplays(t.Context(), w.Platform.Scope(models.RoleViewer), b.ID)
	modelstest.NoError(t, err)
	if len(found) != 1 || found[0].Matched != 1 || found[0].Replayed != 1 {
		t.Errorf("%+v", found[0])
	}
}

// Where the database is 10 ms away, a statement for each would take the whole of a transaction's time.
func TestAPartCostsTheSameForOneNoticeAndForMany(t *testing.T) {
	t.Parallel()
	var statements atomic.Int32
	w := modelstest.NewWorld(t, store.WithStatementLog(func(context.Context, string, time.Duration) { statements.Add(1) }))
	w.MustSettle(w.MustClaim(w.NewCallback().ID), modelstest.Answered(500))
	notice := w.Notices()[0]
	cost := func(more int) int32 {
		w.MoreCallbacks(notice, modelstest.WebhookHost, more)
		w.SQL("UPDATE callbacks SET status = 'FAILED', next_attempt_at = NULL, finished_at = created_at")
		w.Clock.Advance(time.Second)
		in := callback.ToReplayAll{Owner: callback.BulkOwner{SSOClientID: w.Partner.ID}, DryRun: true}
		b, err := w.ReplayAll(t.Context(), w.Platform, in)
		modelstest.NoError(t, err)
		before := statements.Load()
		_, err = w.AdvanceBulkReplays(t.Context())
		modelstest.NoError(t, err)
		took := statements.Load() - before
		found, err := w.BulkReplays(t.Context(), w.Platform.Scope(models.RoleViewer), b.ID)
		modelstest.NoError(t, err)
		if len(found) != 1 || found[0].Status != callback.BulkFinished || found[0].Matched <= more {
			t.Errorf("%+v", found[0])
		}
		return took
	}
	if few, many := cost(1), cost(300); few == 0 || many != few {
		t.Errorf("%d statements for 2 notices, %d for 302", few, many)
	}
}

func TestNoticesAreClaimedTogetherByOneReadingOfWhereTheyGo(t *testing.T) {
	t.Parallel()
	var statements atomic.Int32
	w := modelstest.NewWorld(t, store.WithStatementLog(func(context.Context, string, time.Duration) { statements.Add(1) }))
	w.MustSettle(w.MustClaim(w.NewCallback().ID), modelstest.Answered(500))
	notice := w.Notices()[0]
	cost := func(n int) int32 {
		w.Clock.Advance(time.Second)
		before := statements.Load()
		if claimed := w.ClaimLane(notice.Lane, n); len(claimed) != n {
			t.Errorf("claimed %d of %d", len(claimed), n)
		}
		return statements.Load() - before
	}
	w.MoreCallbacks(notice, modelstest.WebhookHost, 50)
	if one, many := cost(1), cost(50); one == 0 || many != one {
		t.Errorf("%d statements for one notice, %d for 50", one, many)
	}
}

func TestOfBulkReplaysThatOverlapOneBeginsAtOnce(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	newFailures(w, 3)
	owners := []callback.BulkOwner{
		{ProjectID: w.Shop.ID}, {AccountID: w.Acme.ID}, {SSOClientID: w.Partner.ID}, {ProjectID: w.Shop.ID},
	}
	errs := make([]error, len(owners))
	modelstest.AtOnce(len(owners), func(i int) {
		_, errs[i] = w.ReplayAll(t.Context(), w.Platform, callback.ToReplayAll{Owner: owners[i]})
	})
	begun := 0
	for i, err := range errs {
		switch {
		case err == nil && owners[i].SSOClientID == 0:
			begun++
		case err != nil && models.ErrorCode(err) != models.CodeConflict:
			t.Errorf("%+v: %v", owners[i], err)
		}
	}
	if begun > 1 {
		t.Errorf("%d have begun: %v", begun, errs)
	}
}
