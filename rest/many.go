package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strings"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/tenant"
)

// anyID is an id in any spelling: a text, or a number.
type anyID struct{ models.ObjectID }

// UnmarshalJSON reads what GraphQL takes for an ObjectID.
func (id *anyID) UnmarshalJSON(text []byte) (err error) {
	id.ObjectID, err = models.ParseObjectID(strings.Trim(string(text), `"`))
	return err
}

// idOf reads an optional id, and keeps the first error.
func idOf(field, typeName string, id *anyID, first *error) *int64 {
	if id == nil {
		return nil
	}
	raw, err := id.RawOf(typeName, field)
	if *first == nil {
		*first = err
	}
	return &raw
}

type crawlEnd struct {
	CrawlID         *anyID       `json:"crawl_id"`
	ProjectID       *anyID       `json:"project_id"`
	CreatedByUserID *anyID       `json:"created_by_user_id"`
	Kind            crawl.Kind   `json:"kind"`
	Status          crawl.Status `json:"status"`
}

func (b *crawlEnd) read() (end crawl.End, err error) {
	if b.CrawlID == nil {
		return end, badInput("crawl_id", "must be given")
	}
	if b.Kind != crawl.Standard && b.Kind != crawl.TestSuiteBuild {
		return end, badInput("kind", "must be Standard or TestSuiteBuild")
	}
	return crawl.End{
		CrawlID:         *idOf("crawl_id", models.TypeCrawl, b.CrawlID, &err),
		ProjectID:       idOf("project_id", tenant.TypeProject, b.ProjectID, &err),
		CreatedByUserID: idOf("created_by_user_id", tenant.TypeUser, b.CreatedByUserID, &err),
		Kind:            b.Kind, Status: b.Status,
	}, err
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

func (b *reportDownloadEnd) read() (end crawl.ReportDownloadEnd, err error) {
	if b.ReportDownloadID == nil {
		return end, badInput("report_download_id", "must be given")
	}
	if b.ReportTypeCode != nil && *b.ReportTypeCode != crawl.ReportBasic {
		return end, badInput("report_type_code", "must be Basic")
	}
	return crawl.ReportDownloadEnd{
		ReportDownloadID:   *idOf("report_download_id", models.TypeReportDownload, b.ReportDownloadID, &err),
		CrawlID:            idOf("crawl_id", models.TypeCrawl, b.CrawlID, &err),
		SegmentID:          idOf("segment_id", models.TypeSegment, b.SegmentID, &err),
		CreatedByUserID:    idOf("created_by_user_id", tenant.TypeUser, b.CreatedByUserID, &err),
		ReportTemplateCode: b.ReportTemplateCode, ReportTypeCode: b.ReportTypeCode, FileURL: b.FileURL,
	}, err
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
		if err := json.Unmarshal(object, one); err != nil {
			entries[i].Err = undecodable(err)
			continue
		}
		entries[i].In, entries[i].Err = read(one)
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
