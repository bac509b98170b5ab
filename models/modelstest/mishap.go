package modelstest

import (
	"bytes"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
)

// SecretHeader is what a key seals.
var SecretHeader = models.Given([]models.Header{{Key: "Authorization", Value: "Bearer opensesame"}})

// StoreOfLostKey is a store on the same database that seals with a key which the world's has not.
func (w *World) StoreOfLostKey() *store.Store {
	w.T.Helper()
	return storetest.OpenWithKey(w.T, w.DatabaseURL, bytes.Repeat([]byte{99}, store.KeyBytes))
}

// Postponements are the delays of one that cannot be read: for a day, then it is given up.
func Postponements() (delays []time.Duration) {
	total := time.Duration(0)
	for next := time.Minute; total < callback.MaxUnreadable; next = min(2*next, time.Hour) {
		delays = append(delays, next)
		total += next
	}
	return delays
}

// FaultDelays are between the ten faults that end a callback or batch.
var FaultDelays = []time.Duration{
	time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 16 * time.Minute, 32 * time.Minute,
	time.Hour, time.Hour, time.Hour,
}
