package rest

import (
	"encoding/json"
	"strconv"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/job"
)

// jobAnswer is a job in full.
type jobAnswer struct {
	ID          string          `json:"id"`
	UUID        uuid.UUID       `json:"uuid"`
	AppID       string          `json:"appId"`
	Status      job.State       `json:"status"`
	Created     string          `json:"created"`
	Completed   *string         `json:"completed"`
	CallbackURL *string         `json:"callbackUrl"`
	Input       json.RawMessage `json:"input"`
	Output      json.RawMessage `json:"output"`
	Metadata    json.RawMessage `json:"metadata"`
	Tags        []string        `json:"tags"`
	Correct     *bool           `json:"correct"`
}

// getJob needs no project, since the id is global; where one is named, the job must be that project's.
func (h *handler) getJob(r *request) (any, error) {
	projectID, named, err := r.namedProject()
	if err != nil {
		return nil, err
	}
	found, err := h.findJob(r, r.PathValue("job_id"))
	if err != nil {
		return nil, err
	}
	if named && found.ProjectID != projectID {
		return nil, models.NotFound(models.TypeJob)
	}
	texts, err := h.jobTexts(r, found.ID)
	if err != nil {
		return nil, err
	}
	answer := jobAnswer{
		ID: found.RawID(), UUID: found.UUID, AppID: strconv.FormatInt(found.ProjectID, 10), Status: found.State,
		Created: models.FormatTime(found.CreatedAt), Completed: timeText(found.CompletedAt), CallbackURL: found.CallbackURL,
		Input: texts[models.JobInputText], Output: texts[models.JobOutputText], Metadata: texts[models.JobMetadataText],
		Tags: found.Tags, Correct: found.Correct,
	}
	if answer.Metadata == nil {
		answer.Metadata = json.RawMessage("{}")
	}
	if answer.Tags == nil {
		answer.Tags = []string{}
	}
	return answer, nil
}

// jobTexts reads the JSON values of a job; nil where there is none.
func (h *handler) jobTexts(r *request, id int64) (map[models.TextField]json.RawMessage, error) {
	texts := map[models.TextField]json.RawMessage{}
	for _, field := range []models.TextField{models.JobInputText, models.JobOutputText, models.JobMetadataText} {
		found, err := h.service.Texts.Texts(r.Context(), r.actor.Scope(models.RoleViewer), field, id)
		if err != nil {
			return nil, err
		}
		if found[id] != "" {
			texts[field] = json.RawMessage(found[id])
		}
	}
	return texts, nil
}

// findJob reads a number, the global form of an id, or a UUID.
func (h *handler) findJob(r *request, text string) (*job.Job, error) {
	if _, err := uuid.Parse(text); err == nil {
		return h.service.Jobs.JobByUUID(r.Context(), r.actor, text)
	}
	id, err := models.ParseObjectID(text)
	if err != nil {
		return nil, badInput("job_id", "must be the id or the UUID of a job")
	}
	raw, err := id.RawOf(models.TypeJob, "job_id")
	if err != nil {
		return nil, err
	}
	return h.service.Jobs.Job(r.Context(), r.actor, raw)
}
