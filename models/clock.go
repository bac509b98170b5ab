package models

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"
)

// ClockStore has the clock that all processes share: leases, due times and sweeps go by it.
type ClockStore interface {
	// Clock is the time by the database's clock. The embedded database has that of its process.
	Clock(ctx context.Context) (time.Time, error)
}

// Clock is the database's as this process knows it: by the last reading, and by the time since, which no setting of
// the process's own clock changes. Its methods are safe for concurrent use.
type Clock struct {
	store  ClockStore
	system func() time.Time // the process's own
	log    *slog.Logger
	last   atomic.Pointer[reading]
	wrong  atomic.Bool // the process's own, as was said
}

type reading struct {
	local time.Time     // when it was taken, by the process's own clock
	ahead time.Duration // by how much the database's was ahead of that
}

// NewClock shows what the process's own clock does, until Sync has compared it with the database's.
func NewClock(store ClockStore, system func() time.Time, log *slog.Logger) *Clock {
	c := &Clock{store: store, system: system, log: log}
	c.last.Store(&reading{local: system()})
	return c
}

// Now is in UTC, and cut to microseconds, the precision of the database, so that a value reads back as it was written.
func (c *Clock) Now() time.Time { return c.at(c.system()).UTC().Truncate(time.Microsecond) }

func (c *Clock) at(local time.Time) time.Time {
	r := c.last.Load()
	return r.local.Add(local.Sub(r.local) + r.ahead).Round(0) // without the part that tells what has passed here
}

// read takes a reading of the database's clock that was asked for at a time and has taken so long. When it was asked
// for, that clock showed what it answered, or up to so much less. What is known within these bounds stays as it is,
// and else moves to the nearer one (Marzullo and Owicki 1983): a slow answer corrects little, and clocks that agree
// stay the same to the microsecond.
func (c *Clock) read(asked time.Time, took time.Duration, database time.Time) (ahead time.Duration) {
	known := c.at(asked)
	if earliest := database.Add(-took); known.Before(earliest) {
		known = earliest
	}
	if known.After(database) {
		known = database
	}
	ahead = known.Sub(asked.Round(0))
	c.last.Store(&reading{asked, ahead})
	return ahead
}

// wrongClock is by how much a process's clock may differ before the log says so. Nothing depends on it: NTP keeps
// clocks within milliseconds, so more is worth an operator's look.
const wrongClock = time.Second

// Sync compares the process's clock with the database's, by which it goes from then on. Before it serves, and then
// every few seconds, each process is to do so.
func (c *Clock) Sync(ctx context.Context) error {
	asked := c.system()
	database, err := c.store.Clock(ctx)
	if err != nil {
		return err
	}
	ahead := c.read(asked, c.system().Sub(asked), database)
	wrong := ahead.Abs() > wrongClock
	switch said := c.wrong.Swap(wrong); {
	case wrong && !said:
		c.log.WarnContext(ctx, "clock.differs", "database_ahead_seconds", ahead.Seconds(), "meaning",
			"the clock of this machine and that of the database differ: all goes by the database's; keep both by NTP")
	case said && !wrong:
		c.log.InfoContext(ctx, "clock.agrees", "database_ahead_seconds", ahead.Seconds())
	}
	return nil
}

// Offset is by how much the database's clock was ahead of the process's own when they were compared last.
func (c *Clock) Offset() time.Duration { return c.last.Load().ahead }
