package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/tenant"
)

// anyID is an id in any spelling: a text, or a number. What is none is a problem of its field, and of no other.
type anyID struct {
	models.ObjectID

	wrong error
}

// UnmarshalJSON reads what GraphQL takes for an ObjectID.
func (id *anyID) UnmarshalJSON(text []byte) error {
	id.ObjectID, id.wrong = models.ParseObjectID(strings.Trim(string(text), `"`))
	return nil
}

// problems are all that is wrong with an entry.
type problems []error

// id reads an optional id.
func (p *problems) id(field, typeName string, id *anyID) *int64 {
	if id == nil {
		return nil
	}
	raw, err := id.RawOf(typeName, field)
	if id.wrong != nil {
		err = onField(field, id.wrong)
	}
	*p = append(*p, err)
	return &raw
}

// named reads the id of what has ended.
func (p *problems) named(field, typeName string, id *anyID) int64 {
	if id == nil {
		*p = append(*p, badInput(field, "must be given"))
		return 0
	}
	return *p.id(field, typeName, id)
}

type crawlEnd struct {
	CrawlID         *anyID       `json:"crawl_id"`
	ProjectID       *anyID       `json:"project_id"`
	CreatedByUserID *anyID       `json:"created_by_user_id"`
	Kind            crawl.Kind   `json:"kind"`
	Status          crawl.Status `json:"status"`
}

func (b *crawlEnd) read() (crawl.End, error) {
	var wrong problems
	end := crawl.End{
		CrawlID:         wrong.named("crawl_id", models.TypeCrawl, b.CrawlID),
		ProjectID:       wrong.id("project_id", tenant.TypeProject, b.ProjectID),
		CreatedByUserID: wrong.id("created_by_user_id", tenant.TypeUser, b.CreatedByUserID),
		Kind:            b.Kind, Status: b.Status,
	}
	if b.Kind != crawl.Standard && b.Kind != crawl.TestSuiteBuild {
		wrong = append(wrong, badInput("kind", "must be Standard or TestSuiteBuild"))
	}
	return end, models.AllProblems(wrong...)
}

type reportDownloadEnd struct {
	ReportDownloadID   *anyID                `json:"report_download_id"`
	CrawlID            *anyID                `json:"crawl_id"`
	ReportTemplateCode *string               `json:"report_template_code"`
	ReportTypeCode     *crawl.ReportTypeCode `json:"report_type_code"`
	SegmentID          *anyID                `json:"segment_id"`
	CreatedByUserID    *anyID                `json:"created_by_user_id"`
	FileURL            string                `json:"file_url"`
}

func (b *reportDownloadEnd) read() (crawl.ReportDownloadEnd, error) {
	var wrong problems
	end := crawl.ReportDownloadEnd{
		ReportDownloadID:   wrong.named("report_download_id", models.TypeReportDownload, b.ReportDownloadID),
		CrawlID:            wrong.id("crawl_id", models.TypeCrawl, b.CrawlID),
		SegmentID:          wrong.id("segment_id", models.TypeSegment, b.SegmentID),
		CreatedByUserID:    wrong.id("created_by_user_id", tenant.TypeUser, b.CreatedByUserID),
		ReportTemplateCode: b.ReportTemplateCode, ReportTypeCode: b.ReportTypeCode, FileURL: b.FileURL,
	}
	if b.ReportTypeCode != nil && *b.ReportTypeCode != crawl.ReportBasic {
		wrong = append(wrong, badInput("report_type_code", "must be Basic"))
	}
	return end, models.AllProblems(wrong...)
}

// objects are the JSON values of a body: of a list, one alone, or one after the other (NDJSON). It stops at the first
// that is too many.
func (r *request) objects(field string) (list []json.RawMessage, err error) {
	decoder := json.NewDecoder(bytes.NewReader(r.body))
	inList := bytes.HasPrefix(bytes.TrimSpace(r.body), []byte("["))
	if inList {
		_, _ = decoder.Token() // the bracket
	}
	for !inList || decoder.More() {
		var one json.RawMessage
		switch err := decoder.Decode(&one); {
		case errors.Is(err, io.EOF) && !inList:
			return list, nil
		case err != nil:
			return nil, errNoObjects
		case len(list) == models.MaxEntries:
			return nil, badInput(field, "must have 1 to %d elements", models.MaxEntries)
		}
		list = append(list, one)
	}
	if end, _ := decoder.Token(); end != json.Delim(']') {
		return nil, errNoObjects
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errNoObjects
	}
	return list, nil
}

var errNoObjects = badInput("body", "must be 1 to %d JSON objects: one, a list, or one a line", models.MaxEntries)

// eachEntry does something with the entries of a body, and says what came of each.
func eachEntry[Body, In, Out any](
	r *request, field string, body func() Body, read func(Body) (In, error),
	do func([]models.Entry[In]) ([]models.Outcome[Out], error), answer func(Out) entryAnswer,
) (any, error) {
	objects, err := r.objects(field)
	if err != nil {
		return nil, err
	}
	entries := make([]models.Entry[In], len(objects))
	for i, object := range objects {
		one := body()
		if entries[i].Err = decodeStrictly(object, one); entries[i].Err == nil {
			entries[i].In, entries[i].Err = read(one)
		}
	}
	outcomes, err := do(entries)
	if err != nil {
		return nil, err
	}
	results := make([]entryAnswer, len(outcomes))
	for i, o := range outcomes {
		if o.Err == nil {
			results[i] = answer(o.Out)
		}
		results[i].Errors = entryErrors(o.Err)
	}
	return map[string]any{"results": results}, nil
}

// decodeStrictly refuses what is not known, which might have been meant to say that a crawl has failed, and what is not
// UTF-8, which would be kept as something else.
func decodeStrictly(object json.RawMessage, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(object))
	decoder.DisallowUnknownFields()
	if !utf8.Valid(object) {
		return errNotUTF8
	}
	if err := decoder.Decode(into); err != nil {
		return undecodable(err)
	}
	return nil
}

var errNotUTF8 = badInput("body", "must be a JSON object in UTF-8")

// entryAnswer is what came of one entry.
type entryAnswer struct {
	ID       *string        `json:"id"`
	Callback *entryCallback `json:"callback"`
	Errors   []entryError   `json:"errors"`
}

type entryCallback struct {
	UID    uuid.UUID       `json:"uid"`
	Ref    uuid.UUID       `json:"ref"`
	Status callback.Status `json:"status"`
}

type entryError struct {
	Code    models.Code `json:"code"`
	Field   string      `json:"field"`
	Message string      `json:"message"`
}

func newEntryAnswer(id models.ObjectID, c *callback.Callback) entryAnswer {
	answer := entryAnswer{ID: new(id.String())}
	if c != nil {
		answer.Callback = &entryCallback{c.UID, c.Ref, c.Status}
	}
	return answer
}

func entryErrors(err error) []entryError {
	list := []entryError{}
	for _, e := range models.ErrorsOf(err) {
		of := *e
		of.Field = snake(e.Field)
		list = append(list, entryError{of.Code, of.Field, of.Error()})
	}
	return list
}

// snake is a field of a use-case as these doors call it: crawls.3.project_id.
func snake(field string) string {
	return capitals.ReplaceAllStringFunc(field, func(letter string) string { return "_" + strings.ToLower(letter) })
}

var capitals = regexp.MustCompile("[A-Z]")

func (h *handler) finishCrawls(r *request) (any, error) {
	body := func() *crawlEnd { return &crawlEnd{Kind: crawl.Standard, Status: crawl.Finished} }
	return eachEntry(r, "crawls", body, (*crawlEnd).read,
		func(all []models.Entry[crawl.End]) ([]models.Outcome[crawl.Ended], error) {
			return h.service.Crawls.FinishCrawls(r.Context(), r.actor, all)
		}, func(e crawl.Ended) entryAnswer { return newEntryAnswer(e.Crawl.ObjectID(), e.Callback) })
}

func (h *handler) finishReportDownloads(r *request) (any, error) {
	body := func() *reportDownloadEnd { return &reportDownloadEnd{} }
	return eachEntry(r, "reportDownloads", body, (*reportDownloadEnd).read,
		func(all []models.Entry[crawl.ReportDownloadEnd]) ([]models.Outcome[crawl.Generated], error) {
			return h.service.Crawls.FinishReportDownloads(r.Context(), r.actor, all)
		}, func(g crawl.Generated) entryAnswer { return newEntryAnswer(g.ReportDownload.ObjectID(), g.Callback) })
}
