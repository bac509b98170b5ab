package models

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/runenames"
)

// Limits on URLs, in bytes.
const (
	MaxCallbackURLBytes = 2048
	// MaxFileURLBytes is larger: a signed object-store URL carries its whole policy in the query.
	MaxFileURLBytes = 8192
)

// CheckCallbackURL tells whether raw can be set as a URL that a callback is sent to: an absolute http or https URL with
// a host, without user info or fragment, at most 2,048 bytes, without characters that cannot be seen, and with a host
// that can be a name or an address. Whether the address may be reached is decided when it is dialled. The error is
// BAD_USER_INPUT on field and has all that is wrong.
func CheckCallbackURL(field, raw string) error {
	seen := visible(raw) // what is wrong with what is seen besides
	return AllProblems(CheckSendableURL(field, seen), checkVisible(field, raw), checkHost(field, seen))
}

// CheckSendableURL has the rules without which nothing can be sent. Those of CheckCallbackURL beyond it are newer than
// some URLs that are stored: these are sent as ever, with a warning in the history.
func CheckSendableURL(field, raw string) error {
	var user, fragment error
	if strings.Contains(authorityOf(raw), "@") {
		user = Invalid(field, "must not contain a user name or password; use a header")
	}
	if strings.Contains(raw, "#") {
		fragment = Invalid(field, "must not contain a fragment")
	}
	return AllProblems(CheckHTTPURL(field, raw, MaxCallbackURLBytes), user, fragment)
}

// authorityOf is what stands between the scheme and the path: host, port and user.
func authorityOf(raw string) string {
	_, authority, _ := strings.Cut(raw, "://")
	if end := strings.IndexAny(authority, "/?#"); end >= 0 {
		authority = authority[:end]
	}
	return authority
}

// checkVisible refuses what is pasted along with a URL and cannot be seen in it.
func checkVisible(field, raw string) error {
	if !utf8.ValidString(raw) {
		return Invalid(field, "must be UTF-8")
	}
	for i, r := range raw {
		if r >= utf8.RuneSelf && invisible(r) {
			return Invalid(field, "must not contain the invisible character U+%04X (%s), which is at byte %d", r, nameOf(r), i+1)
		}
	}
	return nil
}

// visible leaves out what cannot be seen.
func visible(raw string) string {
	if !utf8.ValidString(raw) {
		return raw
	}
	return strings.Map(func(r rune) rune {
		if r >= utf8.RuneSelf && invisible(r) {
			return -1
		}
		return r
	}, raw)
}

func invisible(r rune) bool {
	const blankBraille = 0x2800
	return unicode.In(
		r, unicode.Cc, unicode.Cf, unicode.Zs, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point,
	) || r == blankBraille
}

// nameOf is the character's name in Unicode, such as ZERO WIDTH SPACE.
func nameOf(r rune) string {
	if name := runenames.Name(r); name != "" {
		return name
	}
	return "unnamed"
}

// Limits of DNS (RFC 1035, section 2.3.4), without the dot at the end.
const (
	maxName  = 253
	maxLabel = 63
)

// checkHost refuses hosts of which it is certain that no name can be resolved. Of a text that is no URL it says
// nothing.
func checkHost(field, raw string) error {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" {
		return nil
	}
	if strings.Contains(authorityOf(raw), "%") {
		return Invalid(field, "must not have a %% in its host")
	}
	name := strings.TrimSuffix(u.Hostname(), ".")
	if _, err := netip.ParseAddr(name); err == nil {
		return nil
	}
	if international(name) {
		ascii, err := idna.Lookup.ToASCII(name)
		if err != nil {
			return Invalid(field, "must have a host that is a valid international name (IDNA)")
		}
		name = ascii
	}
	if len(name) > maxName {
		return Invalid(field, "must have a host of at most %d characters, not %d", maxName, len(name))
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > maxLabel {
			return Invalid(
				field, "must have a host whose labels, between the dots, have 1 to %d characters, not %d", maxLabel, len(label),
			)
		}
	}
	return nil
}

// international tells the names that IDNA has rules for. Others may have what it refuses, such as the _ of a
// container's name.
func international(name string) bool {
	return strings.Contains(strings.ToLower(name), "xn--") ||
		strings.ContainsFunc(name, func(r rune) bool { return r >= utf8.RuneSelf })
}

// CheckHTTPURL tells whether raw is an absolute http or https URL of at most limit bytes. The error is BAD_USER_INPUT on
// field and has all that is wrong.
func CheckHTTPURL(field, raw string, limit int) error {
	if raw == "" {
		return Invalid(field, "must not be empty; use null to clear it")
	}
	var long, blank error
	if len(raw) > limit {
		long = Invalid(field, "must be at most %d bytes, not %d", limit, len(raw))
	}
	printed := strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7f {
			return -1
		}
		return r
	}, raw)
	if len(printed) < len(raw) {
		blank = Invalid(field, "must not contain spaces or control characters")
		raw = printed // what is wrong besides
	}
	return AllProblems(long, blank, checkAbsolute(field, raw))
}

func checkAbsolute(field, raw string) error {
	const absolute = "must be an absolute http or https URL"
	u, err := url.Parse(raw)
	if err != nil && !strings.Contains(raw, "://") { // as of 127.0.0.1:9000/hook
		return Invalid(field, absolute)
	}
	if err != nil {
		return Invalid(field, "is not a valid URL")
	}
	var base, port error
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		base = Invalid(field, absolute)
	case u.Hostname() == "":
		base = Invalid(field, "must have a host")
	}
	if text := u.Port(); text != "" {
		if n, err := strconv.ParseUint(text, 10, 16); err != nil || n == 0 {
			port = Invalid(field, "must have a port between 1 and 65535")
		}
	}
	return AllProblems(base, port)
}

// maxHostLength, in bytes, of a host's name as isolation counts by it: its 253 letters may have four bytes each.
const maxHostLength = 4 * 253

// HostOf returns the host and port that a URL's request goes to, in lower case: what isolation counts by. A text that
// is no URL, and a name that is longer than one can be, stand for themselves, shortened: the attempt will fail as
// INVALID_URL or DNS_ERROR.
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

// WithoutQuery leaves out of a URL what is often a secret: query, fragment and user.
func WithoutQuery(raw *string) *string {
	if raw == nil {
		return nil
	}
	end := len(*raw)
	if i := strings.IndexAny(*raw, "?#"); i >= 0 {
		end = i
	}
	rest := (*raw)[:end]
	if scheme, authority, ok := strings.Cut(rest, "://"); ok {
		host, _, _ := strings.Cut(authority, "/")
		rest = scheme + "://" + authority[strings.LastIndexByte(host, '@')+1:]
	}
	return &rest
}
