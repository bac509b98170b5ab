package callback

import (
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
)

// Filter narrows a list of callbacks. What is empty narrows nothing. Of times the first moment is included, and the
// last is not.
type Filter struct {
	Status          []Status
	Event           []EventName
	ErrorCode       []AttemptErrorCode // of the last finished attempt, as the HTTP status
	HTTPStatus      *int
	HTTPStatusRange *StatusRange
	Host            *string // see HostName
	UID             *uuid.UUID
	Ref             *uuid.UUID
	IsReplay        *bool
	MinAttempts     *int
	CrawlID         *models.ObjectID
	RunUID          *uuid.UUID
	JobUUID         *uuid.UUID
	Search          *string // see ParseSearch

	CreatedAfter, CreatedBefore         *time.Time
	FinishedAfter, FinishedBefore       *time.Time
	NextAttemptAfter, NextAttemptBefore *time.Time

	// Sorted leaves out what an order by this has no place for.
	Sorted OrderField
}

// StatusRange is HTTP statuses from one to another, both included; nil: whatever they are.
type StatusRange struct{ From, To *int }

// maxHost is above the bytes of any host with its port.
const maxHost = 1024

// MaxPorts bounds the ports that a host without one is looked for at.
const MaxPorts = 1000

// Check tells all that is wrong with a filter. The error is BAD_USER_INPUT.
func (f Filter) Check() error {
	return models.AllProblems(
		models.CheckFilterValues("status", len(f.Status)), models.CheckFilterValues("event", len(f.Event)),
		models.CheckFilterValues("errorCode", len(f.ErrorCode)),
		f.checkRange(), f.checkHost(), f.checkCrawl(), f.checkSearch(),
	)
}

// CheckChosen is Check of a filter that says to what something is done. It refuses lists without an element, which narrow
// nothing: who has chosen nothing does not mean everything.
func (f Filter) CheckChosen() error {
	empty := func(field string, isEmpty bool) error {
		if isEmpty {
			return models.Invalid("filter."+field, "must not be empty: leave it out for whatever it is")
		}
		return nil
	}
	return models.AllProblems(
		f.Check(), empty("status", f.Status != nil && len(f.Status) == 0), empty("event", f.Event != nil && len(f.Event) == 0),
		empty("errorCode", f.ErrorCode != nil && len(f.ErrorCode) == 0),
	)
}

func (f Filter) checkRange() error {
	if r := f.HTTPStatusRange; r != nil && r.From != nil && r.To != nil && *r.From > *r.To {
		return models.Invalid("filter.httpStatusRange", "ends before it begins")
	}
	return nil
}

func (f Filter) checkHost() error {
	none := func(r rune) bool { return r == '/' || r == ' ' || !unicode.IsPrint(r) } // Postgres takes no NUL
	if f.Host != nil && (*f.Host == "" || len(*f.Host) > maxHost || strings.ContainsFunc(*f.Host, none)) {
		return models.Invalid("filter.host", "must be a host, with its port or without, as in hooks.example.com:8443")
	}
	return nil
}

func (f Filter) checkCrawl() error {
	if f.CrawlID == nil {
		return nil
	}
	_, err := f.CrawlID.RawOf(models.TypeCrawl, "filter.crawlId")
	return err
}

func (f Filter) checkSearch() error {
	if f.Search == nil {
		return nil
	}
	_, err := ParseSearch(*f.Search)
	return err
}

// HostName is the host that the filter asks for, as models.HostOf has it, with a port or for any; nil: it asks for none.
func (f Filter) HostName() *string {
	if f.Host == nil {
		return nil
	}
	host := strings.ToLower(*f.Host)
	if name, port, found := strings.Cut(host, "]"); found { // of an IPv6 address
		host = strings.TrimPrefix(name, "[") + port
	}
	return &host
}

// matchesHost reports whether a lane's host is the one that is asked for: whatever its port is, where none is asked for.
func (f Filter) matchesHost(host string) bool {
	asked := f.HostName()
	return asked == nil || host == *asked || strings.TrimRight(host, "0123456789") == *asked+":"
}

// Search is what a person may have pasted: an id or a uid.
type Search struct {
	ID  models.ObjectID // of no type where it was a bare number; its Raw is 0 where it was a uid
	UID uuid.UUID
}

// maxSearch is above the bytes of any id or uid.
const maxSearch = 100

// ParseSearch reads a global id, a bare number or a uid, with space around it or without. BAD_USER_INPUT of anything
// else.
func ParseSearch(text string) (s Search, err error) {
	text = strings.TrimSpace(text)
	if s.UID, err = uuid.Parse(text); err == nil {
		return s, nil
	}
	if s.ID, err = models.ParseObjectID(text); err == nil && len(text) <= maxSearch {
		return s, nil
	}
	return Search{}, models.Invalid("filter.search", "must be an id, a number or a uid")
}
