package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/hibiken/asynq"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/ringback/ringback/models"
)

// Types of tasks. asynq matches them by prefix: none may begin with another.
const (
	taskDeliver = "callback:deliver"
	taskExecute = "batch:execute"
)

// wake is what a task, and a ring of the doorbell, says: look at this lane. V is the version of its shape, for those that outlive a
// deployment.
type wake struct {
	V      int    `json:"v"`
	Host   string `json:"host,omitempty"` // one of the two
	Action int64  `json:"action,omitempty"`
	// Callback and Trace are set where a trace is to go on with the callback.
	Callback int64                  `json:"callback,omitempty"`
	Trace    propagation.MapCarrier `json:"trace,omitempty"`
}

const wakeVersion = 2

// maxTaskRetries is for crashes and for outages of our own: the retries that receivers need are the database's.
// With fewer, asynq archives a task whose worker died.
const maxTaskRetries = 5

// taskTimeout bounds the handling of a task, which only tells the dispatcher.
const taskTimeout = 30 * time.Second

// newWake returns what to say for a wake-up.
func newWake(ctx context.Context, w models.Wakeup) wake {
	said := wake{V: wakeVersion, Host: w.Host, Action: w.ActionID}
	if trace.SpanContextFromContext(ctx).IsSampled() && w.CallbackID != 0 {
		said.Callback, said.Trace = w.CallbackID, propagation.MapCarrier{}
		traceContext.Inject(ctx, said.Trace)
	}
	return said
}

// name names a wake-up: one that stands for the same lane in the same second is the same. So a flood makes a task a second for each
// host, and a task that is stuck in the queue does not stand in the way of the sweep's next one, whose epoch is another.
func name(w models.Wakeup, said wake) string {
	lane := "host:" + w.Host
	if w.ActionID != 0 {
		lane = fmt.Sprintf("action:%d", w.ActionID)
	}
	return fmt.Sprintf("%s:%d:%d:%d", lane, w.At.Unix(), w.Epoch, said.Callback)
}

func newTask(w models.Wakeup, said wake, queue string) (*asynq.Task, []asynq.Option, error) {
	taskType := taskDeliver
	if said.Action != 0 {
		taskType = taskExecute
	}
	payload, err := json.Marshal(said)
	if err != nil {
		return nil, nil, err
	}
	options := []asynq.Option{
		asynq.Queue(queue),
		asynq.TaskID(name(w, said)),
		asynq.MaxRetry(maxTaskRetries),
		asynq.Timeout(taskTimeout),
	}
	if time.Until(w.At) > 0 {
		// asynq keeps whole seconds and cuts the rest: the next one up, or the task would come too early.
		options = append(options, asynq.ProcessAt(w.At.Truncate(time.Second).Add(time.Second)))
	}
	return asynq.NewTask(taskType, payload), options, nil
}

func readTask(t *asynq.Task) (wake, error) {
	var said wake
	if err := json.Unmarshal(t.Payload(), &said); err != nil {
		return wake{}, fmt.Errorf("read the task: %w: %w", err, asynq.SkipRetry)
	}
	if said.V != wakeVersion {
		return wake{}, fmt.Errorf("the task has version %d, not %d: %w", said.V, wakeVersion, asynq.SkipRetry)
	}
	return said, nil
}
