package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/hibiken/asynq"
	"go.opentelemetry.io/otel/propagation"

	"github.com/ringback/ringback/models"
)

// Types of tasks. asynq matches them by prefix: none may begin with another.
const (
	taskDeliver = "callback:deliver"
	taskExecute = "batch:execute"
)

// taskPayload carries ids only. V is the version of its shape, for tasks that outlive a deployment.
type taskPayload struct {
	V        int   `json:"v"`
	Callback int64 `json:"callback,omitempty"` // one of the two
	Batch    int64 `json:"batch,omitempty"`
}

const payloadVersion = 1

// maxTaskRetries is for crashes and for outages of our own: the retries that receivers need are the database's.
// With fewer, asynq archives a task whose worker died.
const maxTaskRetries = 5

// taskTimeout bounds the handling of a task, which is one short statement.
const taskTimeout = 30 * time.Second

// newTask makes the task of a wake-up. Its id is callback (or "batch" and the batch), attempt and epoch: asking twice makes one task,
// and a task that is stuck in the queue does not stand in the way of the sweep's next one.
func newTask(ctx context.Context, w models.Wakeup, queue string) (*asynq.Task, []asynq.Option, error) {
	taskType, id := taskDeliver, fmt.Sprintf("%d:%d:%d", w.CallbackID, w.Attempt, w.Epoch)
	if w.BatchID != 0 {
		taskType, id = taskExecute, fmt.Sprintf("batch:%d:%d:%d", w.BatchID, w.Attempt, w.Epoch)
	}
	payload, err := json.Marshal(taskPayload{V: payloadVersion, Callback: w.CallbackID, Batch: w.BatchID})
	if err != nil {
		return nil, nil, err
	}
	options := []asynq.Option{
		asynq.Queue(queue),
		asynq.TaskID(id),
		asynq.MaxRetry(maxTaskRetries),
		asynq.Timeout(taskTimeout),
	}
	if time.Until(w.At) > 0 {
		// asynq keeps whole seconds and cuts the rest: the next one up, or the task would come too early.
		options = append(options, asynq.ProcessAt(w.At.Truncate(time.Second).Add(time.Second)))
	}
	headers := propagation.MapCarrier{}
	traceContext.Inject(ctx, headers)
	return asynq.NewTaskWithHeaders(taskType, payload, headers), options, nil
}

// readTask returns the id of the callback or of the batch.
func readTask(t *asynq.Task) (int64, error) {
	var p taskPayload
	if err := json.Unmarshal(t.Payload(), &p); err != nil {
		return 0, fmt.Errorf("read the task: %w: %w", err, asynq.SkipRetry)
	}
	if p.V != payloadVersion {
		return 0, fmt.Errorf("the task has version %d, not %d: %w", p.V, payloadVersion, asynq.SkipRetry)
	}
	return p.Callback + p.Batch, nil
}
