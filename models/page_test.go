package models_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
)

func TestPageSizeIsBetweenOneAndAHundred(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		first *int
		want  int // 0: refused
	}{
		"left out": {nil, models.DefaultPageSize}, "one": {new(1), 1}, "100": {new(100), 100},
		"zero": {new(0), 0}, "negative": {new(-1), 0}, "101": {new(101), 0}, "huge": {new(math.MaxInt), 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page, err := models.NewPage(test.first, nil)
			if test.want == 0 {
				modelstest.WantError(t, err, models.CodeBadUserInput, "first")
				return
			}
			modelstest.NoError(t, err)
			if page.First != test.want || page.After != nil {
				t.Errorf("got %+v", page)
			}
		})
	}
}

func TestMalformedCursorIsBadUserInput(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"empty": "", "no base64": "%%%", "no colon": "MQ", "no number": "YTpi", "no id": "MTo",
		"beyond 64 bits": "OTk5OTk5OTk5OTk5OTk5OTk5OTk6MQ",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := models.NewPage(nil, &text)
			modelstest.WantError(t, err, models.CodeBadUserInput, "after")
		})
	}
}

func TestCursorSurvivesTheWayThroughTheClient(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := models.Cursor{
			At: time.UnixMicro(rapid.Int64Range(-1<<50, 1<<53).Draw(t, "micros")).UTC(),
			ID: rapid.Int64().Draw(t, "id"),
		}
		page, err := models.NewPage(nil, new(want.String()))
		if err != nil || page.After.Compare(want) != 0 {
			t.Fatalf("got %+v, %v, want %+v", page.After, err, want)
		}
	})
}

func TestCursorsAreInTheOrderOfTimeThenNumber(t *testing.T) {
	t.Parallel()
	early, late := time.UnixMicro(1), time.UnixMicro(2)
	ordered := []models.Cursor{{At: early, ID: 2}, {At: early, ID: 3}, {At: late, ID: 1}}
	for i, a := range ordered {
		for j, b := range ordered {
			if got, want := a.Compare(b) < 0, i < j; got != want {
				t.Errorf("%v before %v: got %t", a, b, got)
			}
		}
	}
}

func TestCutTellsWhetherMoreFollows(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		rows, first, want int
		hasNext           bool
	}{
		"none": {0, 2, 0, false}, "fewer": {1, 2, 1, false}, "exactly": {2, 2, 2, false}, "one more": {3, 2, 2, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page := models.Cut(make([]int, test.rows), test.first)
			if len(page.Nodes) != test.want || page.HasNext != test.hasNext {
				t.Errorf("got %d nodes, more: %t", len(page.Nodes), page.HasNext)
			}
		})
	}
}

func FuzzCursor(f *testing.F) {
	for _, s := range []string{models.Cursor{At: time.UnixMicro(5), ID: 7}.String(), "MQ", "", "MTox", "LTE6LTE"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		page, err := models.NewPage(nil, &s)
		if err != nil {
			modelstest.WantError(t, err, models.CodeBadUserInput, "after")
			return
		}
		again, err := models.NewPage(nil, new(page.After.String()))
		if err != nil || again.After.Compare(*page.After) != 0 {
			t.Fatalf("%q: %v, then %v, %v", s, page.After, again.After, err)
		}
	})
}
