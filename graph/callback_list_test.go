package graph_test

import (
	order "cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
)

func TestWrongFiltersAndOrdersAreToldAllAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for field, arguments := range map[string]string{
		"filter.search":          `filter: {search: "no id at all"}`,
		"filter.host":            `filter: {host: "https://example.com/hook"}`,
		"filter.httpStatusRange": `filter: {httpStatusRange: {from: 500, to: 400}}`,
		"filter.crawlId":         `filter: {crawlId: "` + globalID("Project", 1) + `"}`,
		"filter.errorCode":       `filter: {errorCode: [` + strings.Repeat("TIMEOUT ", models.MaxFilterValues+1) + `]}`,
		"filter.uid":             `filter: {uid: "gibberish"}`,
		"filter.jobUuid":         `filter: {jobUuid: 7}`,
	} {
		path := "getProject.callbacks"
		if field == "filter.uid" || field == "filter.jobUuid" { // where it cannot even be read
			path += "." + field
		}
		w.do(w.viewer(), `{ getProject(id: 123) { callbacks(`+arguments+`) { totalCount } } }`, nil).
			wantError(models.CodeBadUserInput, field, path)
	}
	a := w.do(w.viewer(), `{ getProject(id: 123) { callbacks(first: 0, filter: {search: "?", host: ""}) { totalCount } } }`, nil)
	if len(a.Errors) != 3 {
		t.Errorf("%d errors: %s", len(a.Errors), a.Body)
	}
}

func TestListsOfCallbacksAreSortedByAnyOfTheirTimes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.crawls(6, bareProject, 5000)
	for _, i := range []int{3, 0, 4, 1} {
		w.clock.Advance(time.Minute)
		deliver(t, w.service, made[i].ID, []int{200, 503}[i/3])
	}
	const query = `query($order: CallbackOrder, $after: String) { owner: getProject(id: 123) { callbacks(
		first: 1, after: $after, orderBy: $order, filter: {event: CRAWL_FINISHED}
	) { nodes { uid } totalCount totalCountIsExact pageInfo { hasNextPage endCursor } } } }`
	ids := []int64{}
	for _, c := range made {
		ids = append(ids, c.ID)
	}
	made, err := w.service.Callbacks.Callbacks(t.Context(), models.PlatformActor().Scope(models.RoleViewer), ids...)
	modelstest.NoError(t, err)
	var foreign any
	for field, length := range map[callback.OrderField]int{
		callback.ByCreated: 6, callback.ByFinished: 2, callback.ByNextAttempt: 4,
	} {
		slices.SortFunc(made, func(a, b *callback.Callback) int { // first of all what is in the list
			lists := func(c *callback.Callback) int {
				if field == callback.ByFinished && c.FinishedAt == nil || field == callback.ByNextAttempt && c.NextAttemptAt == nil {
					return 1
				}
				return 0
			}
			by := callback.Order{Field: field}
			return order.Or(lists(a)-lists(b), by.Place(a).Compare(by.Place(b)))
		})
		for _, direction := range []string{"ASC", "DESC"} {
			vars, got := variables{"order": variables{"field": field, "direction": direction}}, []string{}
			if foreign != nil {
				vars["after"] = foreign
				w.do(w.viewer(), query, vars).wantError(models.CodeBadUserInput, "after", "owner.callbacks")
				delete(vars, "after")
			}
			for more := true; more; {
				a := w.ok(w.viewer(), query, vars)
				got = append(got, a.uids("owner.callbacks.nodes")...)
				if a.at("owner.callbacks.totalCount") != float64(length) || a.at("owner.callbacks.totalCountIsExact") != true {
					t.Errorf("%s: %s", field, a.Body)
				}
				more, _ = a.at("owner.callbacks.pageInfo.hasNextPage").(bool)
				vars["after"] = a.at("owner.callbacks.pageInfo.endCursor")
			}
			foreign = vars["after"]
			want := uids(made[:length])
			if direction == "DESC" {
				slices.Reverse(want)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s %s (-want +got):\n%s", field, direction, diff)
			}
		}
	}
}

// CallbackPages stops a page at a place to look for more, where it is told to, instead of at the 10,000th.
func (s *trap) CallbackPages(
	ctx context.Context, scope models.Scope, owner callback.Parent, ids []int64, filter callback.Filter, page models.Page,
) (map[int64]*models.PageOf[*callback.Callback], error) {
	place := s.stopsAt.Swap(nil)
	if place == nil {
		return s.Store.CallbackPages(ctx, scope, owner, ids, filter, page)
	}
	stopped := &models.PageOf[*callback.Callback]{HasNext: !page.FromEnd, HasPrevious: page.FromEnd, SearchedUntil: place}
	return map[int64]*models.PageOf[*callback.Callback]{ids[0]: stopped}, nil
}

func TestAnEmptyPageSaysHowFarItLookedAndTheNextGoesOnFromThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.crawls(6, bareProject, 5000)
	for _, tc := range []struct {
		size, place, cursor, more string
		want                      []*callback.Callback
	}{
		{"first: 10", "after", "endCursor", "hasNextPage", []*callback.Callback{made[2], made[1], made[0]}},
		{"last: 10", "before", "startCursor", "hasPreviousPage", []*callback.Callback{made[5], made[4]}},
	} {
		const query = `{ owner: getProject(id: 123) { callbacks(%s, filter: {isReplay: false}) {
			nodes { uid } searchedUntil pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }`
		w.store.stopsAt.Store(new(made[3].ListCursor()))
		a := w.ok(w.viewer(), fmt.Sprintf(query, tc.size), nil)
		info := "owner.callbacks.pageInfo."
		if len(a.uids("owner.callbacks.nodes")) > 0 || a.at(info+tc.more) != true ||
			a.at("owner.callbacks.searchedUntil") != models.FormatTime(made[3].CreatedAt) {
			t.Errorf("%s: %s", tc.size, a.Body)
		}
		a = w.ok(w.viewer(), fmt.Sprintf(query, fmt.Sprintf("%s, %s: %q", tc.size, tc.place, a.text(info+tc.cursor))), nil)
		if diff := cmp.Diff(uids(tc.want), a.uids("owner.callbacks.nodes")); diff != "" || a.at("owner.callbacks.searchedUntil") != nil {
			t.Errorf("%s (-want +got):\n%s%s", tc.size, diff, a.Body)
		}
	}
}
