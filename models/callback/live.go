package callback

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/tenant"
)

// ShownTo is the callback as an actor may see it, who sees callbacks of its project at all: as Reader has it, of one
// that was read for the platform.
func (c *Callback) ShownTo(actor *models.Actor) *Callback {
	if actor.Scope(models.RoleViewer).SeesNotices() || c.Target != TargetSSOClient {
		return c
	}
	shown := *c
	shown.TargetURL, shown.Lane = nil, Lane{}
	if c.Error != nil {
		shown.Error = &AttemptError{c.Error.Code, NoticeFailedMessage}
	}
	return &shown
}

// Matcher is a filter that is asked of callbacks one by one, while they change.
type Matcher struct {
	filter Filter
	named  []named // all of which a callback must have to do with
}

// named is something that a filter names by a uid or an id.
type named struct {
	uid uuid.UUID         // of a callback, or of the original of a replay; zero: of neither
	ids []models.ObjectID // any of them; one of no type is of any
}

// NewMatcher makes one of a filter that was checked. find returns the ids of what has a uid: a run, a batch, a job, and the
// callback of an attempt. As the server makes these uids, what none is of now none will be of.
func NewMatcher(
	ctx context.Context, f Filter, find func(context.Context, uuid.UUID) ([]models.ObjectID, error),
) (*Matcher, error) {
	m := &Matcher{filter: f}
	for typeName, uid := range map[string]*uuid.UUID{models.TypeRun: f.RunUID, models.TypeJob: f.JobUUID} {
		if uid == nil {
			continue
		}
		ids, err := find(ctx, *uid)
		if err != nil {
			return nil, err
		}
		m.named = append(m.named, named{ids: slices.DeleteFunc(ids, func(id models.ObjectID) bool { return id.Type != typeName })})
	}
	if f.Search == nil {
		return m, nil
	}
	search, err := ParseSearch(*f.Search)
	of := named{uid: search.UID, ids: []models.ObjectID{search.ID}}
	if err == nil && search.ID.Raw == 0 {
		of.ids, err = find(ctx, search.UID)
	}
	m.named = append(m.named, of)
	return m, err
}

// Matches reports whether a list with the filter would have the callback.
func (m *Matcher) Matches(c *Callback) bool {
	f := m.filter
	return !slices.ContainsFunc(m.named, func(n named) bool { return !n.concerns(c) }) && f.matchesEnd(c) && f.matchesNames(c) &&
		anyOf(f.Status, c.Status) && anyOf(f.Event, c.Event) &&
		(f.IsReplay == nil || *f.IsReplay == (c.ReplayOfID != nil)) &&
		(f.MinAttempts == nil || c.AttemptCount >= *f.MinAttempts) &&
		between(&c.CreatedAt, f.CreatedAfter, f.CreatedBefore) &&
		between(c.FinishedAt, f.FinishedAfter, f.FinishedBefore) &&
		between(c.NextAttemptAt, f.NextAttemptAfter, f.NextAttemptBefore)
}

func (n named) concerns(c *Callback) bool {
	if n.uid != uuid.Nil && (n.uid == c.UID || c.ReplayOfID != nil && n.uid == c.Ref) {
		return true
	}
	for _, of := range []models.ObjectID{
		c.ObjectID(), {Type: tenant.TypeProject, Raw: c.ProjectID}, {Type: tenant.TypeAccount, Raw: c.AccountID}, c.Source.Of, c.Source.Part,
	} {
		if of.Raw != 0 && slices.ContainsFunc(n.ids, func(id models.ObjectID) bool {
			return id.Raw == of.Raw && (id.Type == "" || id.Type == of.Type)
		}) {
			return true
		}
	}
	return false
}

// matchesEnd looks at the last finished attempt.
func (f Filter) matchesEnd(c *Callback) bool {
	r := f.HTTPStatusRange
	switch {
	case f.HTTPStatus != nil && (c.HTTPStatus == nil || *c.HTTPStatus != *f.HTTPStatus),
		len(f.ErrorCode) > 0 && (c.Error == nil || !slices.Contains(f.ErrorCode, c.Error.Code)),
		r != nil && r.From != nil && (c.HTTPStatus == nil || *c.HTTPStatus < *r.From),
		r != nil && r.To != nil && (c.HTTPStatus == nil || *c.HTTPStatus > *r.To):
		return false
	}
	return true
}

func (f Filter) matchesNames(c *Callback) bool {
	crawl := c.Source.ID(models.TypeCrawl)
	switch {
	case f.UID != nil && *f.UID != c.UID, f.Ref != nil && *f.Ref != c.Ref,
		f.CrawlID != nil && (crawl == nil || *crawl != f.CrawlID.Raw),
		// Where a notice goes is for the platform, which finds notices by their events.
		f.Host != nil && (c.Target == TargetSSOClient || !f.matchesHost(c.Lane.Host)):
		return false
	}
	return true
}

func anyOf[T comparable](asked []T, has T) bool {
	return len(asked) == 0 || slices.Contains(asked, has)
}

// between reports whether a time is within what is asked for; one that there is not is in no range.
func between(at, since, before *time.Time) bool {
	if at == nil {
		return since == nil && before == nil
	}
	return (since == nil || !at.Before(*since)) && (before == nil || at.Before(*before))
}
