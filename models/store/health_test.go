package store_test

import (
	"context"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/store"
)

func healthHistories() map[string]historyRead {
	all := map[string]historyRead{}
	scope := func(e *estate) models.Scope { return e.scope() }
	for name, of := range map[string]struct {
		owner callback.Parent
		id    func(*estate) int64
		scope func(*estate) models.Scope
	}{
		"project": {callback.OfProject, func(e *estate) int64 { return e.project.ID }, scope},
		"account": {callback.OfAccount, func(e *estate) int64 { return e.account.ID }, scope},
		"account_by_key": {
			callback.OfAccount, func(e *estate) int64 { return e.account.ID },
			func(e *estate) models.Scope { return keyScope(e.key, models.RoleViewer) },
		},
		"sso_client": {
			callback.OfSSOClient, func(*estate) int64 { return 1 }, func(*estate) models.Scope { return everything() },
		},
	} {
		all["health_ongoing_"+name] = func(ctx context.Context, s *store.Store, e *estate) error {
			_, _, err := s.OngoingCallbacks(ctx, of.scope(e), of.owner, []int64{of.id(e)})
			return err
		}
		all["health_counted_"+name] = func(ctx context.Context, s *store.Store, e *estate) error {
			_, _, err := s.CountedHealth(ctx, of.scope(e), of.owner, []int64{of.id(e)}, start)
			return err
		}
		all["health_failing_"+name] = func(ctx context.Context, s *store.Store, e *estate) error {
			_, err := s.FailingSince(ctx, of.scope(e), of.owner, []int64{of.id(e)})
			return err
		}
		all["health_ended_"+name] = func(ctx context.Context, s *store.Store, e *estate) error {
			_, err := s.LastEnded(ctx, of.scope(e), of.owner, []int64{of.id(e)})
			return err
		}
	}
	return all
}

// readsOfHealth are what reads of health reach: a part that waits to be added up, and what has not ended.
var readsOfHealth = map[string]scopedRead{
	healthMethods + " of an account": readHealth(callback.OfAccount, func(e *estate) int64 { return e.account.ID }),
	healthMethods + " of a project":  readHealth(callback.OfProject, func(e *estate) int64 { return e.project.ID }),
}

const healthMethods = "OngoingCallbacks CountedHealth FailingSince LastEnded"

func readHealth(owner callback.Parent, id func(*estate) int64) scopedRead {
	return func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		ids := []int64{id(e)}
		ongoing, _, err := s.OngoingCallbacks(ctx, scope, owner, ids)
		if err != nil {
			return 0, err
		}
		counted, _, err := s.CountedHealth(ctx, scope, owner, ids, start)
		if err != nil {
			return 0, err
		}
		since, err := s.FailingSince(ctx, scope, owner, ids)
		if err != nil {
			return 0, err
		}
		ended, err := s.LastEnded(ctx, scope, owner, ids)
		return len(ongoing) + len(counted[ids[0]]) + len(since) + len(ended), err
	}
}
