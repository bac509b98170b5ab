package models_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
)

func TestSlowAnswerOfTheClockCorrectsOnlyWhatItProves(t *testing.T) {
	t.Parallel()
	system := modelstest.NewClock(modelstest.Start)
	slow := &modelstest.Clocked{By: modelstest.NewClock(modelstest.Start)}
	clock := models.NewClock(slow, system.Now, slog.New(slog.DiscardHandler))
	both := func(d time.Duration) { system.Advance(d); slow.By.Advance(d) }
	for _, step := range []struct {
		name                string
		database, way, want time.Duration // what is set, the way back, and the offset then
	}{
		{"the clocks agree", 0, 2 * time.Second, 0},
		{"a quick answer says it exactly", time.Second, 0, time.Second},
		{"a slow one may have been on its way for that long", time.Second, 5 * time.Second, time.Second},
		{"or not for quite as long", 4 * time.Second, 2 * time.Second, 4 * time.Second},
		{"and it cannot have been on its way before it was given", -10 * time.Second, 2 * time.Second, -4 * time.Second},
		{"a quick one again", -time.Second, 0, -5 * time.Second},
	} {
		slow.By.Advance(step.database)
		slow.Took = func() { both(step.way) }
		modelstest.NoError(t, clock.Sync(t.Context()))
		if got := clock.Offset(); got != step.want {
			t.Errorf("%s: %s", step.name, got)
		}
	}
}

func TestWrongClockIsSaidOnce(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	system := modelstest.NewClock(modelstest.Start)
	database := &modelstest.Clocked{By: modelstest.NewClock(modelstest.Start.Add(time.Second))}
	clock := models.NewClock(database, system.Now, slog.New(slog.NewTextHandler(&log, nil)))
	for _, step := range []struct {
		more time.Duration
		want string
	}{
		{0, ""},
		{time.Second, "level=WARN msg=clock.differs database_ahead_seconds=2"},
		{time.Second, ""},
		{-2 * time.Second, "level=INFO msg=clock.agrees database_ahead_seconds=1"},
		{0, ""},
		{-16 * time.Second, "level=WARN msg=clock.differs database_ahead_seconds=-15"},
	} {
		log.Reset()
		database.By.Advance(step.more)
		modelstest.NoError(t, clock.Sync(t.Context()))
		if got := log.String(); !strings.Contains(got, step.want) || step.want == "" && got != "" {
			t.Errorf("%s: %q", step.more, got)
		}
	}
}
