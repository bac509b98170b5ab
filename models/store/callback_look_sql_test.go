package store_test

import (
	"context"
	"fmt"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/store"
)

// looksThroughFew are the statements that sort what they look through, up to models.MaxLooked.
var looksThroughFew = []string{
	"account_all_filters", "account_event", "account_http_status", "account_notices", "account_looked",
	"account_cause_looked", "account_host", "project_host", "account_uid", "account_ref", "account_search_number",
	"account_search_uid", "account_run", "account_by_finished", "account_by_next_attempt", "crawl_looked",
	"all_looked", "all_by_next_attempt",
}

// lookedHistories look through a list, or sort it.
func lookedHistories() map[string]historyRead {
	read := func(owner callback.Parent, filter func(*estate) callback.Filter, page models.Page) historyRead {
		return func(ctx context.Context, s *store.Store, e *estate) error {
			ids := map[callback.Parent]int64{
				callback.OfAccount: e.account.ID, callback.OfProject: e.project.ID, crawl.Owner: e.crawl.ID,
			}
			scope := e.scope()
			if owner == callback.OfAll {
				scope = everything()
			}
			_, err := s.CallbackPages(ctx, scope, owner, []int64{ids[owner]}, filter(e), page)
			return err
		}
	}
	any := func(*estate) callback.Filter { return callback.Filter{} }
	replays := func(*estate) callback.Filter { return callback.Filter{Status: failed, IsReplay: new(true)} }
	causes := func(codes ...callback.AttemptErrorCode) func(*estate) callback.Filter {
		return func(*estate) callback.Filter { return callback.Filter{ErrorCode: codes} }
	}
	timeouts := func(*estate) callback.Filter {
		return callback.Filter{ErrorCode: []callback.AttemptErrorCode{callback.Timeout}, Status: failed}
	}
	host := func(*estate) callback.Filter { return callback.Filter{Host: new("hooks.example.com")} }
	search := func(text func(*estate) string) func(*estate) callback.Filter {
		return func(e *estate) callback.Filter { return callback.Filter{Search: new(text(e))} }
	}
	by := func(field callback.OrderField, after *models.Cursor) models.Page {
		order := callback.Order{Field: field, Direction: callback.Descending}
		return models.Page{First: 20, Order: order.Name(), After: after}
	}
	created := models.Page{First: 20, After: place}
	return map[string]historyRead{
		"account_looked":       read(callback.OfAccount, replays, created),
		"account_cause":        read(callback.OfAccount, causes(callback.Timeout), created),
		"account_causes":       read(callback.OfAccount, causes(callback.Timeout, callback.TLSError), models.Page{First: 20}),
		"account_cause_looked": read(callback.OfAccount, timeouts, created),
		"account_host":         read(callback.OfAccount, host, created),
		"project_host":         read(callback.OfProject, host, models.Page{First: 20, FromEnd: true}),
		"project_by_finished":  read(callback.OfProject, any, by(callback.ByFinished, nil)),
		"account_uid": read(
			callback.OfAccount, func(e *estate) callback.Filter { return callback.Filter{UID: &e.callback.UID} }, created,
		),
		"account_ref": read(
			callback.OfAccount, func(e *estate) callback.Filter { return callback.Filter{Ref: &e.callback.UID} }, created,
		),
		"account_search_number": read(callback.OfAccount, search(func(e *estate) string { return fmt.Sprint(e.crawl.ID) }), created),
		"account_search_uid":    read(callback.OfAccount, search(func(e *estate) string { return e.attempt.UID.String() }), created),
		"account_run": read(
			callback.OfAccount, func(e *estate) callback.Filter { return callback.Filter{RunUID: &e.work.run.UID} }, created,
		),
		"account_by_finished":     read(callback.OfAccount, any, by(callback.ByFinished, place)),
		"account_by_next_attempt": read(callback.OfAccount, any, by(callback.ByNextAttempt, nil)),
		"crawl_looked":            read(crawl.Owner, replays, created),
		"all":                     read(callback.OfAll, any, created),
		"all_looked":              read(callback.OfAll, replays, created),
		"all_by_finished":         read(callback.OfAll, any, by(callback.ByFinished, place)),
		"all_by_next_attempt":     read(callback.OfAll, any, by(callback.ByNextAttempt, nil)),
		"count_account_host": func(ctx context.Context, s *store.Store, e *estate) error {
			_, err := s.CountCallbacks(ctx, e.scope(), callback.OfAccount, []int64{e.account.ID}, host(e))
			return err
		},
		"count_account_looked": func(ctx context.Context, s *store.Store, e *estate) error {
			_, err := s.CountCallbacks(ctx, e.scope(), callback.OfAccount, []int64{e.account.ID}, replays(e))
			return err
		},
	}
}
