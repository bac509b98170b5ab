package callback

import (
	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/tenant"
)

// Source is what a callback tells of. The engine stores it, copies it to replays and lists callbacks by it, and looks
// at nothing that it names: what a payload says of that, the source itself renders.
type Source struct {
	Of   models.ObjectID // what has a list of its callbacks, such as a crawl or a run; zero: nothing
	Part models.ObjectID // what of that, such as a report download of the crawl; zero: the whole
}

// ID returns the raw id of what the source names of a type; nil: it names none.
func (s Source) ID(typeName string) *int64 {
	for _, id := range []models.ObjectID{s.Of, s.Part} {
		if id.Type == typeName {
			return &id.Raw
		}
	}
	return nil
}

// newer reports whether a source is of the same type as another and was created after it.
func (s Source) newer(than Source) bool { return s.Of.Type == than.Of.Type && s.Of.Raw > than.Of.Raw }

// Envelope is what the engine knows of a callback whose body its source renders.
type Envelope struct {
	Owners
	Creator *tenant.User // of the source, nil where nobody did
	Ref     uuid.UUID    // of the callback itself
}
