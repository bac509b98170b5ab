package rest

import (
	"encoding/json"
	"strconv"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
)

// jobAnswer is a job in full.
type jobAnswer struct {
	ID          string          `json:"id"`
	UUID        uuid.UUID       `json:"uuid"`
	AppID       string          `json:"appId"`
	Status      models.JobState `json:"status"`
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
	job, err := h.findJob(r, r.PathValue("job_id"))
	if err != nil {
		return nil, err
	}
	if named && job.ProjectID != projectID {
		return nil, models.NotFound(models.TypeJob)
	}
	texts, err := h.jobTexts(r, job.ID)
	if err != nil {
		return nil, err
	}
	answer := jobAnswer{
		ID: job.RawID(), UUID: job.UUID, AppID: strconv.FormatInt(job.ProjectID, 10), Status: job.State,
		Created: models.FormatTime(job.CreatedAt), Completed: timeText(job.CompletedAt), CallbackURL: job.CallbackURL,
		Input: texts[models.JobInputText], Output: texts[models.JobOutputText], Metadata: texts[models.JobMetadataText], Tags: job.Tags, Correct: job.Correct,
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
		found, err := h.service.Texts(r.Context(), r.actor, field, id)
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
func (h *handler) findJob(r *request, text string) (*models.Job, error) {
	if _, err := uuid.Parse(text); err == nil {
		return h.service.JobByUUID(r.Context(), r.actor, text)
	}
	id, err := models.ParseObjectID(text)
	if err != nil {
		return nil, badInput("job_id", "must be the id or the UUID of a job")
	}
	raw, err := id.RawOf(models.TypeJob, "job_id")
	if err != nil {
		return nil, err
	}
	return h.service.Job(r.Context(), r.actor, raw)
}
