package store

import "github.com/ringback/ringback/models/callback"

// mishapColumns are what callbacks and batches have in common of what went wrong on our side.
type mishapColumns struct {
	PanicCount        int
	InterruptionCount int
	UnreadableSince   *int64
}

func (c mishapColumns) mishaps() callback.Mishaps {
	return callback.Mishaps{
		PanicCount: c.PanicCount, InterruptionCount: c.InterruptionCount, UnreadableSince: fromMicrosPtr(c.UnreadableSince),
	}
}
