package live

import (
	"strconv"
	"strings"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

// Kind says what a subscriber is told.
type Kind string

// What one can be told.
const (
	Ready   Kind = "READY"   // from now on all is told
	Changed Kind = "CHANGED" // of one callback
	Resync  Kind = "RESYNC"  // more has changed, or for longer, than is told one by one: read the list
)

// Change is what a subscriber is told.
type Change struct {
	Kind     Kind
	Cursor   string             // to come back with
	Callback *callback.Callback // as it is now, without its body and headers; nil: the change is of none
}

// Owner is whose callbacks are watched: a project's, all of an account, where the project is 0, or all of an SSO client's
// accounts, where there is nothing else.
type Owner struct{ AccountID, ProjectID, SSOClientID int64 }

// visibleTo reports whether an actor who was let see it still may.
func (o Owner) visibleTo(actor *models.Actor) bool {
	role := actor.RoleOn(o.AccountID)
	if o.SSOClientID != 0 {
		role = actor.RoleOnSSOClient(o.SSOClientID)
	}
	return role.AtLeast(models.RoleViewer)
}

// Row says that a callback was created, or has changed.
type Row struct {
	ID         int64
	Place      int64 // in the order of what has ended: see Store.Place
	CallbackID int64
	Owner      // with its project
}

// of reports whether the row is of an owner's callback.
func (r Row) of(o Owner) bool {
	if o.SSOClientID != 0 {
		return r.SSOClientID == o.SSOClientID
	}
	return r.AccountID == o.AccountID && (o.ProjectID == 0 || r.ProjectID == o.ProjectID)
}

// cursor is a place before which all was told.
type cursor struct {
	since time.Time // the watch's: another one was not there all the time
	place int64
	at    time.Time
}

// version begins each text, so that another release can tell.
const cursorVersion = "1"

func (c cursor) String() string {
	parts := []string{cursorVersion}
	for _, n := range []int64{c.since.UnixMicro(), c.place, c.at.UnixMicro()} {
		parts = append(parts, strconv.FormatInt(n, 36))
	}
	return strings.Join(parts, ".")
}

// parseCursor: BAD_USER_INPUT on input.after where the text is none of ours.
func parseCursor(text string) (*cursor, error) {
	parts := strings.Split(text, ".")
	numbers := make([]int64, 0, 3)
	for _, part := range parts[1:] {
		n, err := strconv.ParseInt(part, 36, 64)
		if err != nil {
			break
		}
		numbers = append(numbers, n)
	}
	if parts[0] != cursorVersion || len(parts) != 4 || len(numbers) != 3 {
		return nil, models.Invalid("after", "must be the cursor of a change that you were told")
	}
	return &cursor{time.UnixMicro(numbers[0]).UTC(), numbers[1], time.UnixMicro(numbers[2]).UTC()}, nil
}
