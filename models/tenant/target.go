package tenant

import (
	"cmp"
	"slices"
	"strings"

	"github.com/ringback/ringback/models"
)

// Level is where in the configuration a value of a target comes from.
type Level string

// Levels of configuration.
const (
	LevelProject   Level = "PROJECT"
	LevelAccount   Level = "ACCOUNT"
	LevelRequest   Level = "REQUEST"
	LevelSSOClient Level = "SSO_CLIENT"
)

// Target is where a callback would be sent right now, and with which configured headers.
type Target struct {
	URL     string // empty where there is none
	Source  Level  // of the URL
	Headers []SourcedHeader
	// Unreadable is why the headers could not be read, nil when they could.
	Unreadable error
}

// SourcedHeader is a configured header and the level it comes from.
type SourcedHeader struct {
	models.Header
	Source Level
}

// EffectiveTarget is the precedence of project over account. Headers travel with the URL they stand beside: with the
// project's URL go the project's headers only (an account's secret never leaves for a URL that a project editor
// typed); with the account's URL go the account's, with the project's laid over them by name.
func EffectiveTarget(account, project models.Endpoint) Target {
	if project.URL != nil || account.URL == nil {
		return TargetOf(LevelProject, project)
	}
	t := TargetOf(LevelAccount, account)
	t.Headers = overlay(t.Headers, sourced(project.Headers, LevelProject))
	t.Unreadable = cmp.Or(t.Unreadable, project.Unreadable)
	return t
}

// TargetOf is the target that an endpoint of a level makes; none where the endpoint has no URL.
func TargetOf(level Level, e models.Endpoint) Target {
	if e.URL == nil {
		return Target{}
	}
	return Target{*e.URL, level, sourced(e.Headers, level), e.Unreadable}
}

// Configured returns the headers as they are sent.
func (t Target) Configured() []models.Header {
	headers := make([]models.Header, len(t.Headers))
	for i, h := range t.Headers {
		headers[i] = h.Header
	}
	return headers
}

func sourced(headers []models.Header, source Level) []SourcedHeader {
	out := make([]SourcedHeader, len(headers))
	for i, h := range headers {
		out[i] = SourcedHeader{h, source}
	}
	return out
}

// overlay returns base with the headers of top laid over it by name, without regard to letter case.
func overlay(base, top []SourcedHeader) []SourcedHeader {
	out := slices.Clone(base)
	for _, h := range top {
		i := slices.IndexFunc(out, func(o SourcedHeader) bool { return strings.EqualFold(o.Key, h.Key) })
		if i < 0 {
			out = append(out, h)
		} else {
			out[i] = h
		}
	}
	return out
}
