package tenant

import (
	"errors"
	"net/http"
	"strings"

	"github.com/ringback/ringback/models"
)

// misspelled are headers that people send a token or a key in, and that nobody reads.
var misspelled = []string{
	"X-Api-Token", "X-Token", "X-Access-Token", "X-Session-Token", "Auth-Token", "X-Authorization", "Api-Token", "Token",
	"X-Apikey", "Api-Key", "Apikey", "X-Service-Key", "X-Platform-Key",
}

// Advised is an UNAUTHENTICATED error that says what to send instead, where the headers of its request show what was
// meant; any other error comes back as it is. No value of a header is repeated.
func Advised(err error, h http.Header) error {
	var known *models.Error
	if !errors.As(err, &known) || known.Code != models.CodeUnauthenticated {
		return err
	}
	if name, value := meant(h); name != "" {
		if advice := advice(name, value); advice != "" {
			return &models.Error{Code: known.Code, Message: "Unauthorized. The header " + name + " " + advice + "."}
		}
	}
	return err
}

// meant is the header that a caller is known by, or else one that it may take for such.
func meant(h http.Header) (name, value string) {
	for _, name := range append([]string{headerAuthToken, headerAuthorization, headerAPIKey}, misspelled...) {
		if value := h.Get(name); value != "" {
			return strings.ToLower(name), value
		}
	}
	return "", ""
}

// advice goes by the prefixes of tokens; it is empty where nothing can be told but that the text is wrong.
func advice(name, value string) string {
	scheme, text, found := strings.Cut(value, " ")
	bearer := found && strings.EqualFold(scheme, "Bearer")
	if !bearer {
		text = value
	}
	header := http.CanonicalHeaderKey(name)
	kind, _, _ := strings.Cut(strings.TrimSpace(text), "_")
	switch kind + "_" {
	case userKeyPrefix:
		return "has the secret of a user key: make a session with it, by the mutation createSessionUsingUserKey, and send its token"
	case loginCodePrefix:
		return "has a login code: make a session with it, by the mutation createSessionUsingLoginCode, and send its token"
	case platformKeyPrefix, projectKeyPrefix, ssoClientKeyPrefix:
		if header != headerAPIKey {
			return "has a key: send it as x-api-key"
		}
	case sessionTokenPrefix, portalTokenPrefix:
		if header != headerAuthToken && header != headerAuthorization {
			return "has a session's token: send it as x-auth-token"
		}
	}
	switch {
	case header == headerAuthToken && bearer:
		return "takes the token alone, without Bearer"
	case header == headerAuthorization && !bearer:
		return "is read with the scheme Bearer alone: Bearer and a session's token"
	case header != headerAuthToken && header != headerAuthorization && header != headerAPIKey:
		return "is not read: a session's token goes into x-auth-token, a key into x-api-key"
	}
	return ""
}
