package main

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/ringback/ringback/jobs/egress"
	"github.com/ringback/ringback/models"
)

// check reads the URL as those who connect will. No part of it is told: where it cannot be read, nobody knows where the
// password ends.
func (s secretURL) check(read func(string) error) error {
	_, rest, ok := strings.Cut(string(s), "://")
	if !ok { // reported already, or empty
		return nil
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	if strings.Count(rest, "@") > 1 || strings.Contains(rest[end:], "@") || strings.Contains(rest, "#") {
		return fmt.Errorf("the password, or another part, has an @, /, ? or # that stands for itself; %s", escapes)
	}
	if err := read(string(s)); err != nil {
		return fmt.Errorf("%w; in a password, %s", err, escapes)
	}
	return nil
}

// proxy reads the URL of a proxy; nil where there is none.
func (s secretURL) proxy() (u *url.URL, err error) {
	if s == "" {
		return nil, nil
	}
	read := func(raw string) (err error) {
		if u, err = url.Parse(raw); err != nil {
			return errors.New("cannot be read") // what url.Parse says repeats it
		}
		return egress.CheckProxy(u)
	}
	if !strings.Contains(string(s), "://") {
		return nil, egress.CheckProxy(&url.URL{})
	}
	err = s.check(read)
	return u, err
}

// escapes is the advice for passwords in URLs.
const escapes = "write @ as %40, / as %2F, ? as %3F, # as %23 and % as %25"

// days is a duration that may be given in days: 90d, or 1d12h.
type days time.Duration

// UnmarshalText reads what time.ParseDuration reads, with days in front.
func (d *days) UnmarshalText(text []byte) error {
	whole, rest, found := strings.Cut(string(text), "d")
	var total time.Duration
	if found {
		n, err := strconv.ParseUint(whole, 10, 16) // 65,535 days fit into a Duration
		if err != nil {
			return fmt.Errorf("%q is not a duration such as 90d, 1d12h or 36h", text)
		}
		total = time.Duration(n) * 24 * time.Hour
	} else {
		rest = whole
	}
	if !found || rest != "" {
		part, err := time.ParseDuration(rest)
		if err != nil || found && part < 0 {
			return fmt.Errorf("%q is not a duration such as 90d, 1d12h or 36h", text)
		}
		total += part
	}
	*d = days(total)
	return nil
}

// String is what UnmarshalText reads.
func (d days) String() string { return models.FormatDuration(time.Duration(d)) }

// lapse is after how long something goes. 0: it is not said.
type lapse days

// UnmarshalText reads what days reads.
func (l *lapse) UnmarshalText(text []byte) error {
	if err := (*days)(l).UnmarshalText(text); err != nil {
		return err
	}
	if *l < lapse(time.Hour) {
		return errors.New("must be at least 1h")
	}
	return nil
}

// String is what UnmarshalText reads.
func (l lapse) String() string { return days(l).String() }

// items reads what stands between commas, blanks around them left out.
func items(text []byte, check func(item string) error) ([]string, error) {
	var found []string
	for part := range strings.SplitSeq(string(text), ",") {
		item := strings.TrimSpace(part)
		if err := check(item); err != nil {
			return nil, err
		}
		found = append(found, item)
	}
	return found, nil
}

// origins are those of front ends, with commas between them. A browser compares them letter by letter: what it never
// sends is refused.
type origins []string

// UnmarshalText reads origins.
func (o *origins) UnmarshalText(text []byte) (err error) {
	*o, err = items(text, checkOrigin)
	return err
}

func checkOrigin(origin string) error {
	if origin == "*" {
		return nil
	}
	u, err := url.Parse(origin)
	if err != nil || u.Scheme == "" || u.Host == "" || origin != u.Scheme+"://"+u.Host {
		return fmt.Errorf("%q is not an origin such as https://app.example.com: a scheme, a host and, if it is not the "+
			"usual one, a port, and no path", origin)
	}
	if sent := strings.ToLower(origin); origin != sent {
		return fmt.Errorf("%q has upper case letters, which no browser sends: write %s", origin, sent)
	}
	if u.Scheme == "https" && u.Port() == "443" || u.Scheme == "http" && u.Port() == "80" {
		return fmt.Errorf("%q has the usual port, which browsers leave out", origin)
	}
	return nil
}

// String is what UnmarshalText reads.
func (o origins) String() string { return strings.Join(o, ",") }

// embedOrigins are those whose pages show the console within them. They stand in a policy of content, and messages
// come from one of them exactly.
type embedOrigins []string

// UnmarshalText reads origins.
func (o *embedOrigins) UnmarshalText(text []byte) (err error) {
	*o, err = items(text, func(origin string) error {
		if err := checkOrigin(origin); err != nil {
			return err
		}
		_, host, _ := strings.Cut(origin, "://")
		if strings.Trim(host, "abcdefghijklmnopqrstuvwxyz0123456789.:[]_-") != "" || host == "" {
			return fmt.Errorf("%q must name one host: a page may be shown within pages of origins that are known", origin)
		}
		return nil
	})
	return err
}

// String is what UnmarshalText reads.
func (o embedOrigins) String() string { return strings.Join(o, ",") }

// headerNames are names of request headers, with commas between them.
type headerNames []string

// UnmarshalText reads names.
func (h *headerNames) UnmarshalText(text []byte) (err error) {
	*h, err = items(text, func(name string) error {
		if !httpguts.ValidHeaderFieldName(name) {
			return fmt.Errorf("%q is not the name of a header", name)
		}
		return nil
	})
	return err
}

// String is what UnmarshalText reads.
func (h headerNames) String() string { return strings.Join(h, ",") }

// perHost is how many requests one host may get at once; 0 is auto: it is learned.
type perHost int

const auto = "auto"

// UnmarshalText reads auto or a number.
func (p *perHost) UnmarshalText(text []byte) error {
	if string(text) == auto {
		*p = 0
		return nil
	}
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 1 {
		return fmt.Errorf("%q is neither auto nor a whole number such as 16", text)
	}
	*p = perHost(n)
	return nil
}

// String is what UnmarshalText reads.
func (p perHost) String() string {
	if p == 0 {
		return auto
	}
	return strconv.Itoa(int(p))
}
