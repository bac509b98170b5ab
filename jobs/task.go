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

// taskDeliver is the type of the only task. asynq matches types by prefix: a second one must not begin with this.
const taskDeliver = "callback:deliver"

// deliverPayload carries ids only. V is the version of its shape, for tasks that outlive a deployment.
type deliverPayload struct {
	V        int   `json:"v"`
	Callback int64 `json:"callback"`
}

const payloadVersion = 1

// maxTaskRetries is for crashes and for outages of our own: the retries that receivers need are the database's.
// With fewer, asynq archives a task whose worker died.
const maxTaskRetries = 5

// taskTimeout bounds the handling of a task, which is one short statement.
const taskTimeout = 30 * time.Second

// newDeliverTask makes the task of a wake-up. Its id is callback, attempt and epoch: asking twice makes one task, and a task that
// is stuck in the queue does not stand in the way of the sweep's next one.
func newDeliverTask(ctx context.Context, w models.Wakeup, queue string) (*asynq.Task, []asynq.Option, error) {
	payload, err := json.Marshal(deliverPayload{V: payloadVersion, Callback: w.CallbackID})
	if err != nil {
		return nil, nil, err
	}
	options := []asynq.Option{
		asynq.Queue(queue),
		asynq.TaskID(fmt.Sprintf("%d:%d:%d", w.CallbackID, w.Attempt, w.Epoch)),
		asynq.MaxRetry(maxTaskRetries),
		asynq.Timeout(taskTimeout),
	}
	if time.Until(w.At) > 0 {
		// asynq keeps whole seconds and cuts the rest: the next one up, or the task would come too early.
		options = append(options, asynq.ProcessAt(w.At.Truncate(time.Second).Add(time.Second)))
	}
	headers := propagation.MapCarrier{}
	traceContext.Inject(ctx, headers)
	return asynq.NewTaskWithHeaders(taskDeliver, payload, headers), options, nil
}

func readDeliverTask(t *asynq.Task) (callbackID int64, err error) {
	var p deliverPayload
	if err := json.Unmarshal(t.Payload(), &p); err != nil {
		return 0, fmt.Errorf("read the task: %w: %w", err, asynq.SkipRetry)
	}
	if p.V != payloadVersion {
		return 0, fmt.Errorf("the task has version %d, not %d: %w", p.V, payloadVersion, asynq.SkipRetry)
	}
	return p.Callback, nil
}
