package models

import (
	"net/url"
	"strconv"
	"strings"
)

// Limits on URLs, in bytes.
const (
	MaxCallbackURLBytes = 2048
	// MaxFileURLBytes is larger: a signed object-store URL carries its whole policy in the query.
	MaxFileURLBytes = 8192
)

// CheckCallbackURL tells whether a callback can be sent to raw: an absolute http or https URL with a host,
// without user info or fragment, at most 2,048 bytes. Whether the address may be reached is decided when it is dialled.
// The error is BAD_USER_INPUT on field.
func CheckCallbackURL(field, raw string) error {
	u, err := checkHTTPURL(field, raw, MaxCallbackURLBytes)
	if err != nil {
		return err
	}
	if u.User != nil {
		return invalid(field, "must not contain a user name or password; use a header")
	}
	if strings.Contains(raw, "#") {
		return invalid(field, "must not contain a fragment")
	}
	return nil
}

func checkHTTPURL(field, raw string, limit int) (*url.URL, error) {
	if raw == "" {
		return nil, invalid(field, "must not be empty; use null to clear it")
	}
	if len(raw) > limit {
		return nil, invalid(field, "must be at most %d bytes, not %d", limit, len(raw))
	}
	if strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return nil, invalid(field, "must not contain spaces or control characters")
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, invalid(field, "is not a valid URL")
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return nil, invalid(field, "must be an absolute http or https URL")
	}
	if u.Hostname() == "" {
		return nil, invalid(field, "must have a host")
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return nil, invalid(field, "must have a port between 1 and 65535")
		}
	}
	return u, nil
}

// maxHostLength, in bytes, of a host's name as isolation counts by it: its 253 letters may have four bytes each.
const maxHostLength = 4 * 253

// HostOf returns the host and port that a URL's request goes to, in lower case: what isolation counts by. A text that is no URL, and a name
// that is longer than one can be, stand for themselves, shortened: the attempt will fail as INVALID_URL or DNS_ERROR.
func HostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" {
		return shortened(raw, maxNameLength)
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return shortened(strings.ToLower(u.Hostname()), maxHostLength) + ":" + port
}

// shortened is so many bytes of a text at most, and no part of a character.
func shortened(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "")
}
