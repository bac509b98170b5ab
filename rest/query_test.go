package rest_test

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/run"
	"github.com/ringback/ringback/rest"
)

// What a client writes into the parameters is what is asked for, in whichever of the two spellings of arrays.
func TestParametersAreReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	columns := []run.LogColumn{run.LogCreatedAt, run.LogStatus, run.LogHTTPStatus, run.LogRetryCount}
	statuses := []callback.Status{
		callback.StatusPending, callback.StatusRunning, callback.StatusFailed, callback.StatusSuccess,
	}
	rapid.Check(t, func(t *rapid.T) {
		values := url.Values{}
		array := func(name string) string { return name + rapid.SampledFrom([]string{"", "[]"}).Draw(t, "spelling") }
		want := run.LogQuery{Limit: run.DefaultLogLimit}
		status, runUID, sort := array("status"), array("run_uid"), array("sort")
		for _, s := range rapid.SliceOfN(rapid.SampledFrom(statuses), 0, 5).Draw(t, "status") {
			want.Status = append(want.Status, s)
			values.Add(status, string(s))
		}
		for _, b := range rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 16, 16), 0, 5).Draw(t, "run_uid") {
			want.RunUID = append(want.RunUID, uuid.UUID(b))
			values.Add(runUID, uuid.UUID(b).String())
		}
		for _, c := range rapid.SliceOfN(rapid.SampledFrom(columns), 0, 10).Draw(t, "sort") {
			by := run.LogSort{Column: c, Descending: rapid.Bool().Draw(t, "descending")}
			want.Sort = append(want.Sort, by)
			values.Add(sort, map[bool]string{true: "-"}[by.Descending]+string(c))
		}
		for name, at := range map[string]**time.Time{"created_after": &want.CreatedAfter, "created_before": &want.CreatedBefore} {
			if rapid.Bool().Draw(t, "has "+name) {
				*at = new(time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, name), 0).UTC())
				values.Set(name, (*at).Format(time.RFC3339))
			}
		}
		if rapid.Bool().Draw(t, "has a limit") {
			want.Limit = rapid.IntRange(1, run.MaxLogLimit).Draw(t, "limit")
			values.Set("limit", strconv.Itoa(want.Limit))
		}
		if rapid.Bool().Draw(t, "has an offset") {
			want.Offset = rapid.IntMin(0).Draw(t, "offset")
			values.Set("offset", strconv.Itoa(want.Offset))
		}
		got, err := rest.ReadLogQuery(values.Encode())
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Fatalf("%v (-want +got):\n%s", err, diff)
		}
	})
}

func FuzzParameters(f *testing.F) {
	for _, seed := range []string{
		"", "status=FAILED&limit=5", "status[]=FAILED&run_uid=" + unknownUID, "sort=-created_at&sort[]=status", "limit=%zz",
		"offset=-1;", "&&=", "created_after=2020-07-09T16:25:35Z&created_before=x",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		query, err := rest.ReadLogQuery(raw)
		var known *models.Error
		if err != nil {
			fields := []string{"query", "run_uid", "sort", "limit", "offset", "created_after", "created_before"}
			if !errors.As(err, &known) || known.Code != models.CodeBadUserInput || !slices.Contains(fields, known.Field) {
				t.Errorf("%q: %v", raw, err)
			}
			return
		}
		again, err := url.ParseQuery(raw)
		if err != nil || len(query.Sort) != len(again["sort"])+len(again["sort[]"]) ||
			len(query.Status) != len(again["status"])+len(again["status[]"]) {
			t.Errorf("%q is read as %+v", raw, query)
		}
	})
}
