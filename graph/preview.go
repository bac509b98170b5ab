package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/tenant"
)

// readSubject reads what an event has happened to: at most one of the fields.
func (r *ids) readSubject(in PreviewCallbackInput) (of callback.Subject) {
	given := func(next callback.Subject) {
		if of.Field != "" && r.err == nil {
			r.err = badInput(next.Field, "give this or "+of.Field+", and not both")
		}
		of = next
	}
	id := func(field, typeName string, id graphql.Omittable[*models.ObjectID]) {
		if raw := r.readOptional(field, typeName, id); raw != nil {
			given(callback.Subject{Field: field, ID: *raw})
		}
	}
	uid := func(field string, uid graphql.Omittable[*string]) {
		if text := uid.Value(); text != nil {
			given(callback.Subject{Field: field, UID: *text})
		}
	}
	id("crawlId", models.TypeCrawl, in.CrawlID)
	id("reportDownloadId", models.TypeReportDownload, in.ReportDownloadID)
	uid("runUid", in.RunUID)
	uid("jobUuid", in.JobUUID)
	return of
}

// shownPreview has the values that the caller may see.
func (r *Resolver) shownPreview(ctx context.Context, p *callback.Preview, sample bool) (*CallbackPreview, error) {
	shown := &CallbackPreview{
		Event: p.Event, ContentType: p.ContentType, Payload: string(p.Body), TargetURL: p.TargetURL,
		Headers: []*PreviewedHeader{}, IsSample: sample,
	}
	if p.TargetURL != nil {
		shown.Source = &p.Target.Source
	}
	headers, err := p.Headers("Ringback/" + r.version)
	if err != nil {
		return nil, err
	}
	for _, h := range headers {
		next := &PreviewedHeader{Name: h.Name, Value: models.Masked}
		if mayPreview(ctx, p.Callback, h) {
			next.Value = h.Value.Reveal()
		}
		if h.Source != "" {
			next.Source = &h.Source
		}
		shown.Headers = append(shown.Headers, next)
	}
	return shown, nil
}

// mayPreview tells whether the caller may see the value of a header. That of a signature is what Admins can make of the
// secrets that they see.
func mayPreview(ctx context.Context, c *callback.Callback, h callback.PreviewedHeader) bool {
	actor := models.ActorFrom(ctx)
	role, least := actor.RoleOnProject(c.AccountID, c.ProjectID), models.RoleViewer
	switch {
	case h.IsSignature():
		least = models.RoleAdmin
	case h.Source == tenant.LevelProject:
		least = models.RoleEditor
	case h.Source == tenant.LevelAccount:
		role, least = actor.RoleOn(c.AccountID), models.RoleEditor
	case h.Source == tenant.LevelRequest:
		return false
	case h.Source == tenant.LevelSSOClient:
		return actor.Platform
	}
	return role.AtLeast(least)
}
