package rest

import (
	"context"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/run"
)

// headerKey names a request that is the same when it comes again.
const headerKey = "Idempotency-Key"

// once makes something, or finds what the same request with the same key has made: see models.DoOnce.
func once[T any](
	h *handler, r *request, do func(context.Context) (T, error), again func(id int64) (T, error),
) (made T, err error) {
	call := models.Call{Actor: r.actor}
	if keys := r.Header.Values(headerKey); len(keys) > 0 {
		projectID, err := r.project() // in one spelling
		if err != nil {
			return made, err
		}
		call.Key = &keys[0]
		call.Content = append([]byte(r.Method+" "+r.URL.Path+" "+models.RawIDText(projectID)+"\n"), models.SameJSON(r.body)...)
	}
	return models.DoOnce(r.Context(), h.service.Once, call, do, func(ids []int64) (T, error) { return again(ids[0]) })
}

func (h *handler) createRun(r *request, in run.NewRun) (*run.Run, error) {
	return once(h, r, func(ctx context.Context) (*run.Run, error) {
		return h.service.Runs.CreateRun(ctx, r.actor, in)
	}, func(id int64) (*run.Run, error) {
		return models.One(h.service.Runs.Runs(r.Context(), r.actor.Scope(models.RoleViewer), id))(models.TypeRun)
	})
}
