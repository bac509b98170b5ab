package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/run"
	"github.com/ringback/ringback/models/tenant"
)

// runBody is what a run is made of. Other members are ignored: clients of other services send some.
type runBody struct {
	Inputs     inputList `json:"inputs"`
	Parameters struct {
		MaxResults *int `json:"max_results"`
		PageSize   *int `json:"page_size"`
	} `json:"parameters"`
	Callback *callbackBody `json:"callback"`
}

type callbackBody struct {
	URL     *string       `json:"url"`
	Headers headersObject `json:"headers"`
	On      *string       `json:"on"`
}

type scheduleBody struct {
	Cron       *string `json:"cron"`
	ScheduleAt *string `json:"schedule_at"`
	Timezone   *string `json:"timezone"`
	Overlap    *string `json:"overlap"`
}

// inputList is as many inputs as a run may have, and no more of a body that has more.
type inputList []json.RawMessage

// UnmarshalJSON stops at the first that is too many.
func (l *inputList) UnmarshalJSON(text []byte) error {
	*l = nil
	decoder := json.NewDecoder(bytes.NewReader(text))
	start, err := decoder.Token()
	if err != nil || start == nil { // null
		return err
	}
	if start != json.Delim('[') {
		return badInput("inputs", "must be a JSON list")
	}
	for decoder.More() {
		if len(*l) == run.MaxInputs {
			return badInput("inputs", "must have 1 to %d elements", run.MaxInputs)
		}
		var object json.RawMessage
		if err := decoder.Decode(&object); err != nil {
			return err
		}
		*l = append(*l, object)
	}
	return nil
}

const headersField = "callback.headers"

// headersObject reads headers from a JSON object, in its order.
type headersObject []models.Header

// UnmarshalJSON sees a name that is there twice, which a map would not.
func (h *headersObject) UnmarshalJSON(text []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	start, err := decoder.Token()
	if err != nil || start == nil { // null
		return err
	}
	if start != json.Delim('{') {
		return badInput(headersField, "must be a JSON object of texts")
	}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return err
		}
		value, err := decoder.Token()
		if err != nil {
			return err
		}
		clear, ok := value.(string)
		if !ok {
			return badInput(headersField, "must be a JSON object of texts")
		}
		*h = append(*h, models.Header{Key: key.(string), Value: models.Secret(clear)})
	}
	return nil
}

// decode reads a body into the members that a door knows.
func (r *request) decode(into any) error {
	if !utf8.Valid(r.body) || !bytes.HasPrefix(bytes.TrimSpace(r.body), []byte("{")) {
		return errNotUTF8
	}
	if err := json.Unmarshal(r.body, into); err != nil {
		return undecodable(err)
	}
	return nil
}

// newRun reads what both doors for runs have in common.
func (r *request) newRun() (run.NewRun, error) {
	var body runBody
	in := run.NewRun{Action: r.PathValue("action")}
	var err error
	if in.ProjectID, err = r.project(); err != nil {
		return in, err
	}
	if err := r.decode(&body); err != nil {
		return in, err
	}
	var inputs, callback error
	in.Inputs, inputs = run.TakeInputs(body.Inputs, "custom_data")
	in.MaxResults, in.PageSize = body.Parameters.MaxResults, body.Parameters.PageSize
	in.Callback, callback = body.Callback.read()
	in.Unread = models.AllProblems(inputs, callback)
	return in, nil
}

func (c *callbackBody) read() (*run.NewCallback, error) {
	if c == nil {
		return nil, nil
	}
	if c.URL == nil {
		return nil, badInput("callback.url", "must be given; without callback, the project's URL is used")
	}
	asked := &run.NewCallback{URL: *c.URL, Headers: c.Headers, On: run.CallbackOnAll}
	if c.On != nil {
		asked.On = run.CallbackOn(strings.ToUpper(*c.On))
	}
	if asked.On != run.CallbackOnAll && asked.On != run.CallbackOnFinal {
		return nil, badInput("callback.on", "must be all or final")
	}
	return asked, nil
}

// runAnswer is a run that was made.
type runAnswer struct {
	RunID        int64      `json:"run_id"`
	RunUID       uuid.UUID  `json:"run_uid"`
	WorkspaceUID uuid.UUID  `json:"workspace_uid"`
	ActionName   string     `json:"action_name"`
	Status       run.Status `json:"status"`
	CreatedAt    string     `json:"created_at"`
}

func newRunAnswer(of *run.Run, action string) runAnswer {
	return runAnswer{
		RunID: of.ID, RunUID: of.UID, WorkspaceUID: tenant.ProjectUID(of.ProjectID), ActionName: action, Status: of.Status,
		CreatedAt: models.FormatTime(of.CreatedAt),
	}
}

func (h *handler) runAsync(r *request) (any, error) {
	in, err := r.newRun()
	if err != nil {
		return nil, err
	}
	created, err := h.createRun(r, in)
	if err != nil {
		return nil, err
	}
	return newRunAnswer(created, in.Action), nil
}

// scheduledAnswer is a run that waits for its schedule.
type scheduledAnswer struct {
	runAnswer
	Schedule scheduleAnswer `json:"schedule"`
}

type scheduleAnswer struct {
	UID        uuid.UUID          `json:"uid"`
	Status     run.ScheduleStatus `json:"status"`
	Cron       *string            `json:"cron"`
	ScheduleAt *string            `json:"schedule_at"`
	Timezone   string             `json:"timezone"`
	Overlap    run.Overlap        `json:"overlap"`
	NextRunAt  *string            `json:"next_run_at"`
}

func (h *handler) runSchedule(r *request) (any, error) {
	in, err := r.newRun()
	if err != nil {
		return nil, err
	}
	if in.Schedule, err = r.newSchedule(); err != nil {
		return nil, err
	}
	created, err := h.createRun(r, in)
	if err != nil {
		return nil, err
	}
	schedule, err := h.service.Runs.Schedule(r.Context(), r.actor.Scope(models.RoleViewer), *created.ScheduleID)
	if err != nil {
		return nil, err
	}
	return scheduledAnswer{newRunAnswer(created, in.Action), scheduleAnswer{
		UID: schedule.UID, Status: schedule.Status, Cron: schedule.Cron, ScheduleAt: timeText(schedule.At),
		Timezone: schedule.Timezone,
		Overlap:  schedule.Overlap, NextRunAt: timeText(schedule.NextRunAt),
	}}, nil
}

// scheduleMembers are all that the body of a scheduled run can have: one that is misspelt would begin the run at once.
// The last two are what clients of other services send; they are ignored.
var scheduleMembers = []string{
	"inputs", "parameters", "callback", "cron", "schedule_at", "timezone", "overlap", "identity_ids", "identity_mode",
}

func (r *request) checkScheduleMembers() error {
	var body map[string]json.RawMessage
	if err := r.decode(&body); err != nil {
		return err
	}
	for name := range body {
		if !slices.ContainsFunc(scheduleMembers, func(known string) bool { return strings.EqualFold(known, name) }) {
			return badInput("body", "has a member that is none of %s", strings.Join(scheduleMembers, ", "))
		}
	}
	return nil
}

func (r *request) newSchedule() (*run.NewSchedule, error) {
	if err := r.checkScheduleMembers(); err != nil {
		return nil, err
	}
	var body scheduleBody
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	schedule := &run.NewSchedule{Cron: body.Cron, Timezone: body.Timezone}
	if body.Overlap != nil {
		schedule.Overlap = run.Overlap(*body.Overlap)
	}
	if body.ScheduleAt != nil {
		at, err := parseTime("schedule_at", *body.ScheduleAt)
		if err != nil {
			return nil, err
		}
		schedule.At = &at
	}
	return schedule, nil
}

func parseTime(field, text string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, badInput(field, "must be an RFC 3339 time, such as 2020-07-09T16:25:35Z")
	}
	return at, nil
}

func timeText(t *time.Time) *string {
	if t == nil {
		return nil
	}
	return new(models.FormatTime(*t))
}

// resolveAnswer says that the result will follow.
type resolveAnswer struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

// resolve takes any JSON object: one member says where the result goes, the rest is the input.
func (h *handler) resolve(r *request) (any, error) {
	projectID, err := r.project()
	if err != nil {
		return nil, err
	}
	if err := r.decode(&struct{}{}); err != nil {
		return nil, err
	}
	input, member, err := models.TakeMember("body", r.body, "callbackUrl")
	if err != nil {
		return nil, err
	}
	var url *string
	if member == nil || json.Unmarshal(member, &url) != nil || url == nil {
		return nil, badInput("callbackUrl", "must be given, as a text")
	}
	_, err = h.createRun(r, run.NewRun{
		ProjectID: projectID, Action: r.PathValue("action"), Inputs: []run.NewInput{{Input: input}},
		Callback: &run.NewCallback{URL: *url, On: run.CallbackOnResult},
	})
	if known := (*models.Error)(nil); errors.As(err, &known) && known.Field == "callback.url" {
		return nil, onField("callbackUrl", err)
	}
	if err != nil {
		return nil, err
	}
	return resolveAnswer{"processing", "The work has begun. Its result will be sent to the callbackUrl."}, nil
}
