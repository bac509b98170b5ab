package graph

import (
	"context"
	"log/slog"
	"strings"
	"sync"

	"github.com/ringback/ringback/models"
)

// maxCauses is how many causes of one request are told of, each in a line of the log; an answer can have thousands of
// errors.
const maxCauses = 10

// failures are what went wrong on our side in one request, by cause. It is safe for concurrent use.
type failures struct {
	mu     sync.Mutex
	causes []*failure
	others int // beyond maxCauses
}

// failure is one cause: where it was met first, and how often in all.
type failure struct {
	err         error
	cause, path string
	count       int
}

type failuresKey struct{}

// add counts a failure. Panics at the same place differ in their stacks.
func (f *failures) add(path string, err error) {
	cause, _, _ := strings.Cut(err.Error(), "\n")
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, known := range f.causes {
		if known.cause == cause {
			known.count++
			return
		}
	}
	if len(f.causes) == maxCauses {
		f.others++
		return
	}
	f.causes = append(f.causes, &failure{err, cause, path, 1})
}

// log writes a line for each cause.
func (f *failures) log(ctx context.Context, log *slog.Logger) {
	f.mu.Lock()
	defer f.mu.Unlock()
	id := models.RequestID(ctx)
	for _, one := range f.causes {
		level, message := slog.LevelError, "graphql.error"
		switch models.MayPass(one.err) {
		case models.ErrTimeout:
			level, message = slog.LevelWarn, "graphql.timeout"
		case models.ErrUnavailable:
			level, message = slog.LevelWarn, "graphql.unavailable"
		}
		log.Log(ctx, level, message, "request_id", id, "path", one.path, "count", one.count, "error", one.err)
	}
	if f.others > 0 {
		log.ErrorContext(ctx, "graphql.error", "request_id", id, "count", f.others, "error", "of more causes than are logged")
	}
}

// fails counts a failure of a request, or logs it where it is no operation's.
func (h *handler) fails(ctx context.Context, path string, err error) {
	if f, ok := ctx.Value(failuresKey{}).(*failures); ok {
		f.add(path, err)
		return
	}
	alone := &failures{}
	alone.add(path, err)
	alone.log(ctx, h.log)
}
