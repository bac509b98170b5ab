package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/hibiken/asynq"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/run"
)

// Types of tasks. asynq matches them by prefix: none may begin with another.
const (
	taskDeliver = "callback:deliver"
	taskExecute = "batch:execute"
)

// wake is what a task, and a ring of the doorbell, says: look at this lane. V is the version of its shape, for those
// that outlive a deployment.
type wake struct {
	V    int    `json:"v"`
	Lane string `json:"lane"` // its key
	// Callback and Trace are set where a trace is to go on with the callback.
	Callback int64                  `json:"callback,omitempty"`
	Trace    propagation.MapCarrier `json:"trace,omitempty"`
}

const wakeVersion = 3

// maxTaskRetries is for crashes and for outages of our own: the retries that receivers need are the database's.
// With fewer, asynq archives a task whose worker died.
const maxTaskRetries = 5

// taskTimeout bounds the handling of a task, which only tells the dispatcher.
const taskTimeout = 30 * time.Second

// entry is a wake-up as asynq keeps it.
type entry struct {
	wake
	taskType, name string
	at             time.Time // zero: at once
}

func newEntry(ctx context.Context, w callback.Wakeup, now time.Time) entry {
	e := entry{wake: wake{V: wakeVersion, Lane: w.Lane.String()}, taskType: taskDeliver}
	if run.OfBatches(w.Lane) {
		e.taskType = taskExecute
	}
	if trace.SpanContextFromContext(ctx).IsSampled() && w.CallbackID != 0 {
		e.Callback, e.Trace = w.CallbackID, propagation.MapCarrier{}
		traceContext.Inject(ctx, e.Trace)
	}
	moment := w.At
	if w.At.After(now) {
		// asynq keeps whole seconds and cuts the rest: the next one up, or the task would come too early. It goes by the
		// clock of the process that it runs in; where that differs from the database's, the sweep finds what is due.
		e.at = w.At.Truncate(time.Second).Add(time.Second)
		moment = e.at
	}
	e.name = nameOf(w, moment, e.Callback)
	return e
}

// nameOf names a task: another for the same lane in the same second is the same. So a flood makes a task a second for
// each lane. The second of a task that waits is that in which it comes: it never has the name of one that comes before
// it is due. A task that is stuck in the queue does not stand in the way of the sweep's next one, whose epoch is
// another.
func nameOf(w callback.Wakeup, moment time.Time, traced int64) string {
	if w.Epoch != 0 {
		return fmt.Sprintf("%s sweep:%d", w.Lane, w.Epoch)
	}
	return fmt.Sprintf("%s %d:%d", w.Lane, moment.Unix(), traced)
}

func (e entry) task(queue string) (*asynq.Task, []asynq.Option, error) {
	payload, err := json.Marshal(e.wake)
	if err != nil {
		return nil, nil, err
	}
	options := []asynq.Option{
		asynq.Queue(queue),
		asynq.TaskID(e.name),
		asynq.MaxRetry(maxTaskRetries),
		asynq.Timeout(taskTimeout),
	}
	if !e.at.IsZero() {
		options = append(options, asynq.ProcessAt(e.at))
	}
	return asynq.NewTask(e.taskType, payload), options, nil
}

// readTask reads a task; false: another release has written it, in words of its own. What that one wants to be looked
// at the sweep finds.
func readTask(t *asynq.Task) (said wake, ok bool, err error) {
	if err := json.Unmarshal(t.Payload(), &said); err != nil {
		return wake{}, false, fmt.Errorf("read the task: %w: %w", err, asynq.SkipRetry)
	}
	return said, said.V == wakeVersion, nil
}
