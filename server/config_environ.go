package main

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/agnivade/levenshtein"
	"github.com/caarlos0/env/v11"
)

const variablePrefix = "RINGBACK_"

// variables are the names of all variables, in the order of the struct.
func variables() []string {
	kind := reflect.TypeFor[config]()
	names := make([]string, kind.NumField())
	for i := range names {
		names[i] = kind.Field(i).Tag.Get("env")
	}
	return names
}

// variablesHelp are the variables with their defaults, each with what it means on a line below.
func variablesHelp() string {
	var text strings.Builder
	for field := range reflect.TypeFor[config]().Fields() {
		name, value := field.Tag.Get("env"), field.Tag.Get("envDefault")
		if computed := field.Tag.Get("computed"); computed != "" {
			value = "(" + computed + ")"
		}
		fmt.Fprintf(&text, "  %s=%s\n      %s\n", name, value, field.Tag.Get("help"))
	}
	return text.String()
}

// trimmed is the environment as it is read: our variables without white space at their ends, which a file that a secret
// was written to, or an env file, easily has, and without those that are empty then. Quotes at the ends are refused:
// whether they are meant nobody can tell, and a key with them opens nothing.
func trimmed(environ []string) (map[string]string, configProblems) {
	set := env.ToMap(environ)
	var problems configProblems
	for _, name := range variables() {
		value := strings.TrimSpace(set[name])
		switch {
		case value == "":
			delete(set, name)
			continue
		case strings.ContainsAny(value[:1]+value[len(value)-1:], "\"'`"):
			problems = append(problems, name+": begins or ends with a quote; set it without")
		case strings.ContainsFunc(value, unicode.IsControl):
			problems = append(problems, name+": has a line break or another control character within")
		}
		set[name] = value
	}
	return set, problems
}

// The variables that Kubernetes sets for a service of a name like ours: RINGBACK_SERVICE_HOST, RINGBACK_API_PORT_8080_TCP.
var ofKubernetes = regexp.MustCompile(`_SERVICE_(HOST|PORT)|_PORT_[0-9]+_`)

// configWarnings are what is no mistake for sure, but probably not meant.
func configWarnings(environ []string, c config) []string {
	var warnings []string
	known := variables()
	set := env.ToMap(environ)
	for name, value := range set {
		if !strings.HasPrefix(name, variablePrefix) || slices.Contains(known, name) ||
			ofKubernetes.MatchString(name) || strings.HasPrefix(value, "tcp://") {
			continue
		}
		warning := name + ": there is no such variable"
		if near := nearest(name, known); near != "" {
			warning += "; did you mean " + near + "?"
		}
		warnings = append(warnings, warning)
	}
	if c.PublicURL == "" && !portOnly(c.Addr) {
		to := c.Addr
		if configured := strings.TrimSpace(set["RINGBACK_PUBLIC_URL"]); configured != "" {
			to = configured
		}
		warnings = append(warnings, fmt.Sprintf("RINGBACK_PUBLIC_URL: nobody can follow a link to %s; set it to where partners reach this service, or links in notices have no host", to))
	}
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"} {
		if set[name] != "" && c.EgressProxy == "" {
			warnings = append(warnings, name+": callbacks do not go by it; where there is no other way out, set RINGBACK_EGRESS_PROXY")
			break
		}
	}
	slices.Sort(warnings)
	return warnings
}

// nearest is the known name that is most like a given one, or empty where none is much like it: a third of it may differ.
func nearest(name string, known []string) string {
	short := func(name string) string { return strings.TrimPrefix(name, variablePrefix) }
	distance := func(other string) int { return levenshtein.ComputeDistance(short(name), short(other)) }
	near := slices.MinFunc(known, func(a, b string) int { return distance(a) - distance(b) })
	if distance(near) > max(2, len(short(name))/3) {
		return ""
	}
	return near
}

// publicURL is the base of links: what is configured, or else the address that is listened on. It is empty where that is only known
// once somebody listens, and where nobody could follow a link to it.
func publicURL(configured, addr string) string {
	base := strings.TrimSuffix(configured, "/")
	switch {
	case base != "":
		if u, err := url.Parse(base); err != nil || everyAddress(u.Hostname()) {
			return ""
		}
	case portOnly(addr):
		return ""
	default:
		if host, _, err := net.SplitHostPort(addr); err != nil || everyAddress(host) {
			return ""
		}
		base = "http://" + addr
	}
	return base
}

// portOnly tells whether an address is that of a host whose port the system chooses.
func portOnly(addr string) bool {
	host, port, err := net.SplitHostPort(addr)
	return err == nil && port == "0" && !everyAddress(host)
}

// everyAddress tells whether a host is none that a link can name, but all of this machine.
func everyAddress(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "" || err == nil && ip.Unmap().IsUnspecified()
}
