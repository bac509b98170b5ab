package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"runtime/debug"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/domain"
	"github.com/ringback/ringback/models/tenant"
)

// door serves the requests of one pattern: what it returns is the answer, as JSON, with the status 200.
type door struct {
	pattern  string // of http.ServeMux
	public   bool
	platform bool // for the platform alone
	serve    func(*handler, *request) (any, error)
}

var doors = []door{
	{pattern: "GET /v1/openapi.json", public: true, serve: (*handler).openAPI},
	{pattern: "POST /v1/actions/{action}", serve: (*handler).resolve},
	{pattern: "POST /v1/actions/{action}/run/async", serve: (*handler).runAsync},
	{pattern: "POST /v1/actions/{action}/run/schedule", serve: (*handler).runSchedule},
	{pattern: "GET /v1/runs/callbacks", serve: (*handler).listCallbacks},
	{pattern: "GET /v1/runs/callbacks/{callback_uid}", serve: (*handler).getCallback},
	{pattern: "POST /v1/runs/callbacks/{callback_uid}/replay", serve: (*handler).replayCallback},
	{pattern: "GET /v1/jobs/{job_id}", serve: (*handler).getJob},
	{pattern: "POST /v1/crawls/finish", platform: true, serve: (*handler).finishCrawls},
	{pattern: "POST /v1/report-downloads/finish", platform: true, serve: (*handler).finishReportDownloads},
}

// request is what a door gets to see.
type request struct {
	*http.Request
	actor *models.Actor
	body  []byte // of a POST
}

// Services are the use-cases that the doors lead to.
type Services = domain.Services

type handler struct {
	service Services
	answers *models.Answers
	log     *slog.Logger
	mux     *http.ServeMux
}

// NewHandler serves the REST API under /v1/: bodies of at most 1 MiB, and every answer, within what answers allows, as
// JSON, errors too. The context of a request has its id (models.RequestID).
func NewHandler(service Services, answers *models.Answers, log *slog.Logger) http.Handler {
	h := &handler{service: service, answers: answers, log: log, mux: http.NewServeMux()}
	for _, d := range doors {
		h.mux.HandleFunc(d.pattern, func(w http.ResponseWriter, r *http.Request) { h.open(w, r, d) })
	}
	return h
}

// ServeHTTP finds the door. The mux would answer in plain text where there is none, and send the caller to another path
// where that would be the one.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if cause := recover(); cause != nil {
			h.writeError(w, r, fmt.Errorf("panic: %v\n%s", cause, debug.Stack()))
		}
	}()
	refuse, pattern := h.mux.Handler(r)
	switch {
	case path.Clean(r.URL.Path) != r.URL.Path:
		h.writeError(w, r, &models.Error{Code: models.CodeNotFound, Message: "There is nothing at this path."})
	case pattern == "":
		h.refuse(w, r, refuse)
	default:
		h.mux.ServeHTTP(w, r)
	}
}

// open lets a request through a door: who calls is asked before anything of the body is read.
func (h *handler) open(w http.ResponseWriter, r *http.Request, d door) {
	ctx, counted := h.answers.Begin(r.Context())
	defer counted.End()
	r = r.WithContext(ctx)
	text, err := h.answer(w, &request{Request: r}, d)
	if err == nil {
		err = counted.Write(ctx, int64(len(text)))
	}
	if err != nil {
		h.writeError(w, r, err)
		return
	}
	write(w, http.StatusOK, text)
}

func (h *handler) answer(w http.ResponseWriter, r *request, d door) (_ []byte, err error) {
	if !d.public {
		if err := h.admit(r, d); err != nil {
			return nil, err
		}
	}
	models.AnswerFrom(r.Context()).CountTowards(models.AnswerOwner(r.actor, models.ClientAddress(r.Request)))
	if r.Method == http.MethodPost {
		if r.body, err = models.ReadBody(w, r.Request, models.MaxBodyBytes); err != nil {
			return nil, unreadable(err)
		}
	}
	ctx, cancel := context.WithTimeout(r.Context(), models.WorkTime)
	defer cancel()
	r.Request = r.WithContext(ctx)
	answer, err := d.serve(h, r)
	if err != nil {
		return nil, err
	}
	return encode(answer)
}

// admit finds out who calls.
func (h *handler) admit(r *request, d door) (err error) {
	if r.actor, err = h.service.Access.Authenticate(r.Context(), tenant.CredentialsFrom(r.Header)); err != nil {
		return err
	}
	if err := r.actor.RequireKnown(); err != nil {
		return err
	}
	if r.actor.PartnerID() != 0 {
		return models.Forbidden("these doors are for no SSO client; it has the GraphQL API")
	}
	if d.platform {
		return r.actor.RequirePlatform()
	}
	return nil
}

// encode keeps the text of JSON values that callers gave, but for white space.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return b.Bytes(), err
}

func write(w http.ResponseWriter, status int, text []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(text)
}

// headerProjectID names the project of a request whose credentials do not.
const headerProjectID = "x-project-id"

// project tells which project a request is about: a project's key says it, others name it in a header.
func (r *request) project() (int64, error) {
	id, given, err := r.namedProject()
	if err == nil && !given {
		err = badInput(headerProjectID, "must name the project, unless the key is a project's own")
	}
	return id, err
}

// namedProject is the same where it is not needed.
func (r *request) namedProject() (id int64, given bool, err error) {
	if text := r.Header.Get(headerProjectID); text != "" {
		object, err := models.ParseObjectID(text)
		if err != nil {
			return 0, false, onField(headerProjectID, err)
		}
		if id, err = object.RawOf(tenant.TypeProject, headerProjectID); err != nil {
			return 0, false, err
		}
		given = true
	}
	key := r.actor.Key
	switch {
	case key == nil || key.ProjectID == 0:
		return id, given, nil
	case given && id != key.ProjectID:
		return 0, false, models.NotFound(tenant.TypeProject)
	default:
		return key.ProjectID, true, nil
	}
}
