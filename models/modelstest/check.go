package modelstest

import (
	"errors"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
)

// WantError checks the two parts of an error that callers program against: its code and its field.
func WantError(t testing.TB, err error, code models.Code, field string) {
	t.Helper()
	var e *models.Error
	if !errors.As(err, &e) {
		t.Fatalf("got error %v, want %s", err, code)
	}
	if e.Code != code || e.Field != field {
		t.Fatalf("got %s on field %q (%v), want %s on %q", e.Code, e.Field, err, code, field)
	}
}

// aSentence or two, of which the first begins with what to do.
var aSentence = regexp.MustCompile(`^[A-Z][a-z]+,? [^.]*(\.[a-zA-Z0-9][^.]*)*\.( [A-Z][a-zA-Z-]* [^.]*(\.[a-zA-Z0-9][^.]*)*\.)?$`)

// WantRemedy checks that a remedy is a sentence or two that tell a person what to do.
func WantRemedy(t testing.TB, what string, remedy *string) {
	t.Helper()
	if text := models.TextOrEmpty(remedy); !aSentence.MatchString(text) || strings.HasPrefix(text, "Nothing") {
		t.Errorf("%s: the remedy is %q", what, text)
	}
}

// NoError ends a test that cannot go on.
func NoError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Patience is when a test gives up waiting. What it waits for takes milliseconds, or at most some 15 s after a crash.
const Patience = 45 * time.Second

// Eventually polls a condition until it holds.
func Eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.NewTimer(Patience)
	defer deadline.Stop()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for !holds() {
		select {
		case <-deadline.C:
			t.Fatalf("gave up waiting: %s", what)
		case <-ticker.C:
		}
	}
}

// Receive takes what comes through a channel, or is left when it is closed.
func Receive[T any](t testing.TB, what string, from <-chan T) (got T) {
	t.Helper()
	deadline := time.NewTimer(Patience)
	defer deadline.Stop()
	select {
	case got = <-from:
	case <-deadline.C:
		t.Fatalf("gave up waiting: %s", what)
	}
	return got
}

// AtOnce runs f n times at the same moment.
func AtOnce(n int, f func(i int)) {
	var group sync.WaitGroup
	ready := make(chan struct{})
	for i := range n {
		group.Go(func() {
			<-ready
			f(i)
		})
	}
	close(ready)
	group.Wait()
}
