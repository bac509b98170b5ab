package models_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
)

func TestPageSizeIsBetweenOneAndAHundred(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		size *int
		want int // 0: refused
	}{
		"left out": {nil, models.DefaultPageSize}, "one": {new(1), 1}, "100": {new(100), 100},
		"zero": {new(0), 0}, "negative": {new(-1), 0}, "101": {new(101), 0}, "huge": {new(math.MaxInt), 0},
	}
	for name, test := range tests {
		for field, asked := range map[string]models.PageArguments{"first": {First: test.size}, "last": {Last: test.size}} {
			t.Run(name+" "+field, func(t *testing.T) {
				t.Parallel()
				page, err := models.NewPage(asked, "")
				if test.want == 0 {
					modelstest.WantError(t, err, models.CodeBadUserInput, field)
					return
				}
				modelstest.NoError(t, err)
				if page.First != test.want || page.FromEnd != (asked.Last != nil) || page.After != nil || page.Before != nil {
					t.Errorf("got %+v", page)
				}
			})
		}
	}
}

func TestAPageIsCountedFromOneEnd(t *testing.T) {
	t.Parallel()
	_, err := models.NewPage(models.PageArguments{First: new(1), Last: new(1)}, "")
	modelstest.WantError(t, err, models.CodeBadUserInput, "last")
	_, err = models.NewPage(models.PageArguments{First: new(0), Last: new(0), After: new(""), Before: new("")}, "")
	if got := len(models.ProblemsOf(err)); got != 5 {
		t.Errorf("%d problems: %v", got, err)
	}
}

func TestACursorOfAnotherOrderIsNoPlace(t *testing.T) {
	t.Parallel()
	of := func(order models.Order) *string { return new(models.Cursor{ID: 1, Order: order}.String()) }
	for _, pair := range [][2]models.Order{{"", "FINISHED_AT ASC"}, {"FINISHED_AT ASC", ""}, {"A", "B"}} {
		_, err := models.NewPage(models.PageArguments{After: of(pair[0])}, pair[1])
		modelstest.WantError(t, err, models.CodeBadUserInput, "after")
		_, err = models.NewPage(models.PageArguments{Before: of(pair[0])}, pair[1])
		modelstest.WantError(t, err, models.CodeBadUserInput, "before")
		page, err := models.NewPage(models.PageArguments{Before: of(pair[0])}, pair[0])
		modelstest.NoError(t, err)
		if page.Before.Order != pair[0] {
			t.Errorf("got %+v", page.Before)
		}
	}
}

func TestMalformedCursorIsBadUserInput(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"empty": "", "no base64": "%%%", "no colon": "MQ", "no number": "YTpi", "no id": "MTo",
		"beyond 64 bits": "OTk5OTk5OTk5OTk5OTk5OTk5OTk6MQ",
		"zeros in front": "MDE6MQ", "a plus": "KzE6MQ", "no order": "MToxOg", "long": strings.Repeat("MTox", 1000),
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := models.NewPage(models.PageArguments{After: &text}, "")
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
		page, err := models.NewPage(models.PageArguments{After: new(want.String())}, "")
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
	place := &models.Cursor{}
	tests := map[string]struct {
		rows           []int
		page           models.Page
		want           []int
		next, previous bool
	}{
		"none":                       {nil, models.Page{First: 2}, nil, false, false},
		"fewer":                      {[]int{1}, models.Page{First: 2}, []int{1}, false, false},
		"exactly":                    {[]int{1, 2}, models.Page{First: 2}, []int{1, 2}, false, false},
		"one more":                   {[]int{1, 2, 3}, models.Page{First: 2}, []int{1, 2}, true, false},
		"one more, after":            {[]int{1, 2, 3}, models.Page{First: 2, After: place}, []int{1, 2}, true, true},
		"before":                     {[]int{1}, models.Page{First: 2, Before: place}, []int{1}, false, false},
		"from the end":               {[]int{2, 1}, models.Page{First: 2, FromEnd: true}, []int{1, 2}, false, false},
		"from the end, one more":     {[]int{3, 2, 1}, models.Page{First: 2, FromEnd: true}, []int{2, 3}, false, true},
		"from the end, before":       {[]int{2, 1}, models.Page{First: 2, FromEnd: true, Before: place}, []int{1, 2}, true, false},
		"from the end, after":        {[]int{2}, models.Page{First: 2, FromEnd: true, After: place}, []int{2}, false, false},
		"from the end, none, before": {nil, models.Page{First: 2, FromEnd: true, Before: place}, nil, true, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page := models.Cut(slices.Clone(test.rows), test.page)
			if !slices.Equal(page.Nodes, test.want) || page.HasNext != test.next || page.HasPrevious != test.previous {
				t.Errorf("got %+v", page)
			}
		})
	}
}

func FuzzCursor(f *testing.F) {
	for _, s := range []string{
		models.Cursor{At: time.UnixMicro(5), ID: 7}.String(), "MQ", "", "MTox", "LTE6LTE",
		models.Cursor{At: time.UnixMicro(5), ID: 7, Order: "FINISHED_AT ASC"}.String(),
	} {
		f.Add(s, "FINISHED_AT ASC")
		f.Add(s, "")
	}
	f.Fuzz(func(t *testing.T, s, order string) {
		page, err := models.NewPage(models.PageArguments{After: &s}, models.Order(order))
		if err != nil {
			modelstest.WantError(t, err, models.CodeBadUserInput, "after")
			return
		}
		if page.After.String() != s || string(page.After.Order) != order {
			t.Fatalf("%q: %+v", s, page.After)
		}
	})
}
