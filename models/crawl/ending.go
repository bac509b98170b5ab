package crawl

import (
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

// ending is what a transaction that ends entities of one kind knows, and what it has to write.
type ending[T any] struct {
	callback.Parties
	at        time.Time
	locked    map[int64]*T                  // as they were before
	ended     map[int64]*T                  // by this transaction
	callbacks map[string]*callback.Callback // of those that have ended, by dedup key

	raised []*callback.Callback
}

func newEnding[T any](at time.Time) ending[T] {
	return ending[T]{
		Parties: callback.NewParties(), at: at, locked: map[int64]*T{}, ended: map[int64]*T{},
		callbacks: map[string]*callback.Callback{},
	}
}

// now returns an entity as this transaction has ended it, else a copy of it as it was before; nil: it is not known here.
func (k *ending[T]) now(id int64) *T {
	if ended, ok := k.ended[id]; ok {
		return ended
	}
	if locked, ok := k.locked[id]; ok {
		entity := *locked
		return &entity
	}
	return nil
}

func (k *ending[T]) checkCreator(userID *int64) (err error) {
	if userID != nil {
		_, err = k.User(*userID)
	}
	return models.FoundAt("createdByUserId", err)
}

// finished keeps what is to be written of an entity.
func (k *ending[T]) finished(id int64, entity *T, raised *callback.Callback) {
	k.ended[id] = entity
	if raised != nil {
		k.callbacks[raised.DedupKey] = raised
		k.raised = append(k.raised, raised)
	}
}
