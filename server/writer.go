package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// writerTimeout is how long the embedded database may take nothing before the process ends: whoever started it starts
	// it again, and until then every write of every tenant would wait. The longest honest transaction takes seconds.
	writerTimeout  = time.Minute
	writerInterval = 10 * time.Second
)

var errWriterLost = errors.New("the embedded database takes no more writes")

// watchWriter returns errWriterLost when a check has not once been good for writerTimeout, and nil when the context has
// ended.
func watchWriter(ctx context.Context, check func(context.Context) error) error {
	last := time.Now()
	for {
		checked, cancel := context.WithTimeout(ctx, writerTimeout)
		err := check(checked)
		cancel()
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil:
			last = time.Now()
		case time.Since(last) >= writerTimeout:
			return fmt.Errorf("%w: none for %s: %w", errWriterLost, writerTimeout, err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(writerInterval):
		}
	}
}

// giveUp stops the server without the writer: what waits for it never ends.
func (s *server) giveUp(ctx context.Context, err error) error {
	s.log.ErrorContext(ctx, "server.giving_up", "error", err)
	stopped := make(chan error, 1)
	go func() { stopped <- s.stop() }()
	select {
	case failed := <-stopped:
		return errors.Join(err, failed)
	case <-time.After(requestDrain):
		return err
	}
}
