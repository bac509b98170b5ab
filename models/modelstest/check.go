package modelstest

import (
	"errors"
	"sync"
	"testing"

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

// NoError ends a test that cannot go on.
func NoError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
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
