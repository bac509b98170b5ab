package models

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
	Header
	Source Level
}

// EffectiveTarget is the precedence of project over account. Headers travel with the URL they stand beside: with the
// project's URL go the project's headers only (an account's secret never leaves for a URL that a project editor typed);
// with the account's URL go the account's, with the project's laid over them by name.
func EffectiveTarget(account, project Endpoint) Target {
	switch {
	case project.URL != nil:
		return Target{*project.URL, LevelProject, Sourced(project.Headers, LevelProject), project.Unreadable}
	case account.URL != nil:
		return Target{*account.URL, LevelAccount, overlay(
			Sourced(account.Headers, LevelAccount), Sourced(project.Headers, LevelProject),
		), firstError(account.Unreadable, project.Unreadable)}
	default:
		return Target{}
	}
}

// Sourced returns the headers of one level.
func Sourced(headers []Header, source Level) []SourcedHeader {
	out := make([]SourcedHeader, len(headers))
	for i, h := range headers {
		out[i] = SourcedHeader{h, source}
	}
	return out
}
