package callback

import (
	"slices"
	"time"

	"github.com/ringback/ringback/models"
)

// ShownTo is the callback as an actor may see it, who sees callbacks of its project at all: as Reader has it, of one
// that was read for the platform.
func (c *Callback) ShownTo(actor *models.Actor) *Callback {
	if actor.Platform || c.Target != TargetSSOClient {
		return c
	}
	shown := *c
	shown.TargetURL, shown.Lane = nil, Lane{}
	if c.Error != nil {
		shown.Error = &AttemptError{c.Error.Code, NoticeFailedMessage}
	}
	return &shown
}

// CheckLive refuses what a filter cannot ask of a callback alone: BAD_USER_INPUT.
func (f Filter) CheckLive() error {
	only := func(field string, asked bool) error {
		if !asked {
			return nil
		}
		return models.Invalid("filter."+field, "is for lists: while callbacks change, ask by `uid`, `ref` or `crawlId`")
	}
	return models.AllProblems(
		only("search", f.Search != nil), only("runUid", f.RunUID != nil), only("jobUuid", f.JobUUID != nil),
	)
}

// Matches reports whether a list with this filter would have the callback, as the filter's CheckLive lets it be.
func (f Filter) Matches(c *Callback) bool {
	return f.matchesEnd(c) && f.matchesNames(c) &&
		anyOf(f.Status, c.Status) && anyOf(f.Event, c.Event) &&
		(f.IsReplay == nil || *f.IsReplay == (c.ReplayOfID != nil)) &&
		(f.MinAttempts == nil || c.AttemptCount >= *f.MinAttempts) &&
		between(&c.CreatedAt, f.CreatedAfter, f.CreatedBefore) &&
		between(c.FinishedAt, f.FinishedAfter, f.FinishedBefore) &&
		between(c.NextAttemptAt, f.NextAttemptAfter, f.NextAttemptBefore)
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
		f.Host != nil && (c.Target == TargetSSOClient || !slices.Contains(f.Hosts(), c.Lane.Host)):
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
