package jobs

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/ringback/ringback/models"
)

func TestTaskCarriesIDsOnlyAndItsVersion(t *testing.T) {
	t.Parallel()
	client, name := openQueue(t)
	queue := NewQueue(client, name, prometheus.NewRegistry())
	wakeup := models.Wakeup{CallbackID: 7, Attempt: 2, Epoch: 3, At: time.Now().Add(time.Hour)}
	if err := queue.Wake(t.Context(), []models.Wakeup{wakeup}); err != nil {
		t.Fatal(err)
	}
	info := must[*asynq.TaskInfo](t)(asynq.NewInspectorFromRedisClient(client).GetTaskInfo(name, "7:2:3"))
	type task struct {
		Type, Payload string
		MaxRetry      int
		Timeout       time.Duration
	}
	want := task{"callback:deliver", `{"v":1,"callback":7}`, maxTaskRetries, taskTimeout}
	if diff := cmp.Diff(want, task{info.Type, string(info.Payload), info.MaxRetry, info.Timeout}); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if maxTaskRetries < 5 {
		t.Error("asynq archives a task whose worker died")
	}
}

func TestWakingTwiceMakesOneTaskAndNoError(t *testing.T) {
	t.Parallel()
	client, name := openQueue(t)
	queue := NewQueue(client, name, prometheus.NewRegistry())
	later := time.Now().Add(time.Hour)
	first := models.Wakeup{CallbackID: 1, Attempt: 1, At: later}
	list := []models.Wakeup{
		first, first, {CallbackID: 2, Attempt: 1, At: later}, {CallbackID: 1, Attempt: 2, At: later}, {CallbackID: 1, Attempt: 1, Epoch: 1, At: later},
	}
	for range 2 {
		if err := queue.Wake(t.Context(), list); err != nil {
			t.Fatal(err)
		}
	}
	var ids []string
	for _, info := range must[[]*asynq.TaskInfo](t)(asynq.NewInspectorFromRedisClient(client).ListScheduledTasks(name)) {
		ids = append(ids, info.ID)
	}
	slices.Sort(ids)
	if diff := cmp.Diff([]string{"1:1:0", "1:1:1", "1:2:0", "2:1:0"}, ids); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWakingTellsThatRedisIsAway(t *testing.T) {
	t.Parallel()
	embedded := must[*EmbeddedRedis](t)(StartEmbeddedRedis())
	if err := embedded.Close(); err != nil {
		t.Fatal(err)
	}
	if err := NewQueue(embedded.Client, "q", prometheus.NewRegistry()).Wake(t.Context(), []models.Wakeup{{CallbackID: 1}}); err == nil {
		t.Error("no error")
	}
}

// processAt is the time that a task's options name; zero where they name none.
func processAt(options []asynq.Option) time.Time {
	for _, o := range options {
		if o.Type() == asynq.ProcessAtOpt {
			return o.Value().(time.Time)
		}
	}
	return time.Time{}
}

func TestTaskIsNeverEarlyAndAtMostASecondLate(t *testing.T) {
	t.Parallel()
	base := time.Now().Add(time.Minute).Truncate(time.Second)
	for _, fraction := range []time.Duration{0, 1, time.Microsecond, time.Millisecond, 500 * time.Millisecond, 999_999_999} {
		at := base.Add(fraction)
		_, options, err := newTask(t.Context(), models.Wakeup{CallbackID: 1, At: at}, "q")
		if err != nil {
			t.Fatal(err)
		}
		got := processAt(options)
		if got.Before(at) || got.Sub(at) > time.Second || got.Nanosecond() != 0 {
			t.Errorf("due at %s, processed at %s", at, got)
		}
	}
	_, options, err := newTask(t.Context(), models.Wakeup{CallbackID: 1, At: time.Now().Add(-time.Millisecond)}, "q")
	if got := processAt(options); err != nil || !got.IsZero() {
		t.Errorf("what is due waits until %s, %v", got, err)
	}
}

func TestTaskOfAnotherShapeIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	for _, payload := range []string{``, `7`, `{"v":2,"callback":7}`, `{"callback":7}`, `{"v":1,"callback":"7"}`} {
		_, err := readTask(asynq.NewTask(taskDeliver, []byte(payload)))
		if !errors.Is(err, asynq.SkipRetry) {
			t.Errorf("%q: %v", payload, err)
		}
	}
	id, err := readTask(asynq.NewTask(taskDeliver, []byte(`{"v":1,"callback":7,"more":true}`)))
	if id != 7 || err != nil {
		t.Errorf("%d, %v", id, err)
	}
}
