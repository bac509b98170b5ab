package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// asynqLogger passes asynq's warnings on, at most one a second: while Redis is away asynq writes dozens.
type asynqLogger struct {
	log *slog.Logger

	mu         sync.Mutex
	last       time.Time
	suppressed int
}

func (l *asynqLogger) write(level slog.Level, args []any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Since(l.last) < time.Second {
		l.suppressed++
		return
	}
	l.log.Log(context.Background(), level, "asynq", "message", fmt.Sprint(args...), "suppressed", l.suppressed)
	l.last, l.suppressed = time.Now(), 0
}

// Debug is asynq.Logger.
func (l *asynqLogger) Debug(args ...any) { l.write(slog.LevelDebug, args) }

// Info is asynq.Logger.
func (l *asynqLogger) Info(args ...any) { l.write(slog.LevelInfo, args) }

// Warn is asynq.Logger.
func (l *asynqLogger) Warn(args ...any) { l.write(slog.LevelWarn, args) }

// Error is asynq.Logger.
func (l *asynqLogger) Error(args ...any) { l.write(slog.LevelError, args) }

// Fatal is asynq.Logger. It does not end the process: that is not a library's to decide.
func (l *asynqLogger) Fatal(args ...any) { l.write(slog.LevelError, args) }
