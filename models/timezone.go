package models

import (
	"regexp"
	"strings"
	"time"
)

// zoneName is the form of the names in the tz database: Europe/London, America/Argentina/Buenos_Aires, Etc/GMT+5, UTC.
var zoneName = regexp.MustCompile(`^[A-Z][A-Za-z0-9_+-]*(/[A-Z][A-Za-z0-9_+-]*){0,2}$`)

// LoadZone reads the name of a time zone as the tz database has it. What a machine has beside the database is refused:
// Local is where this process happens to run, and posix/ and right/ are copies that elsewhere are missing.
func LoadZone(field, name string) (*time.Location, error) {
	if zoneName.MatchString(name) && !strings.HasPrefix(name, "SystemV/") && name != "Local" && name != "Factory" {
		if zone, err := time.LoadLocation(name); err == nil {
			return zone, nil
		}
	}
	return nil, Invalid(field, "must be an IANA time zone such as Europe/London")
}
