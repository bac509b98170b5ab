package models

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// Type names as they stand inside an ObjectID.
const (
	TypeAction         = "Action"
	TypeCallback       = "Callback"
	TypeCrawl          = "Crawl"
	TypeDiagnosis      = "Diagnosis"
	TypeJob            = "Job"
	TypeReportDownload = "ReportDownload"
	TypeRun            = "Run"
	TypeSchedule       = "Schedule"
	TypeSegment        = "Segment"
)

// ObjectID names one entity across all types. Its text form is unpadded base64url of
// "N006" + type name + raw id: project 123 is TjAwNlByb2plY3QxMjM.
type ObjectID struct {
	// Type is empty when the caller gave a bare number; the field it stands in then says the type.
	Type string
	Raw  int64
}

// MaxRawID is the largest raw id: every number up to it is exact in JavaScript and in JSON's doubles, and the counter
// that a database takes the next id from has room behind it.
const MaxRawID = 1<<53 - 1

// Any three digits are read after the N: other published examples carry the length of the type name there.
var objectIDPattern = regexp.MustCompile(`^N[0-9]{3}([A-Za-z]+)([0-9]+)$`)

// String returns the global text form.
func (o ObjectID) String() string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "N006%s%d", o.Type, o.Raw))
}

// ParseObjectID reads the global form or a bare decimal number, with a raw id of at most MaxRawID. The error is
// BAD_USER_INPUT.
func ParseObjectID(s string) (ObjectID, error) {
	if raw, err := parseRawID(s); err == nil {
		return ObjectID{Raw: raw}, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "="))
	if err != nil {
		return ObjectID{}, malformedID()
	}
	parts := objectIDPattern.FindSubmatch(text)
	if parts == nil {
		return ObjectID{}, malformedID()
	}
	raw, err := parseRawID(string(parts[2]))
	if err != nil {
		return ObjectID{}, malformedID()
	}
	return ObjectID{Type: string(parts[1]), Raw: raw}, nil
}

// RawOf returns the raw id when o can stand for an entity of the given type. The error is BAD_USER_INPUT on field.
func (o ObjectID) RawOf(typeName, field string) (int64, error) {
	if o.Type != "" && o.Type != typeName {
		return 0, Invalid(field, "must be an id of the type %s, not %s", typeName, o.Type)
	}
	return o.Raw, nil
}

func parseRawID(s string) (int64, error) {
	n, err := strconv.ParseUint(s, 10, 63)
	if err != nil || CheckID("", int64(n)) != nil {
		return 0, malformedID()
	}
	return int64(n), nil
}

// CheckID tells whether a number can be the raw id of an entity. The error is BAD_USER_INPUT on field.
func CheckID(field string, id int64) error {
	if id < 1 || id > MaxRawID {
		return Invalid(field, "must be a whole number from 1 to %d", MaxRawID)
	}
	return nil
}

// CheckNewID is CheckID of an id that may be left out: 0 lets the database choose.
func CheckNewID(field string, id int64) error {
	if id == 0 {
		return nil
	}
	return CheckID(field, id)
}

func malformedID() error {
	return Invalid("", "must be an object id such as TjAwNlByb2plY3QxMjM, or a whole number from 1 to %d", MaxRawID)
}

// RawIDText is a raw id as the API shows it.
func RawIDText(id int64) string { return strconv.FormatInt(id, 10) }

// NewUID returns a UUIDv7: unique, and in the order of time.
func NewUID() uuid.UUID { return uuid.Must(uuid.NewV7()) }
