package main

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
)

func TestWriterIsLostWhenNothingIsWrittenForAMinute(t *testing.T) {
	t.Parallel()
	busy := errors.New("locked by another process")
	hangs := func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}
	for name, check := range map[string]func(context.Context) error{
		"kept": hangs,
		"locked": func(context.Context) error {
			modelstest.Pass(10 * time.Second)
			return busy
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				err := watchWriter(t.Context(), check)
				if took := time.Since(began); !errors.Is(err, errWriterLost) || took < writerTimeout || took > 2*writerTimeout {
					t.Errorf("after %s: %v", took, err)
				}
			})
		})
	}
	t.Run("had again and again", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			checks := 0
			err := watchWriter(ctx, func(context.Context) error {
				if checks++; checks%5 == 0 {
					return nil
				}
				return busy
			})
			if err != nil || checks < 300 {
				t.Errorf("%d checks: %v", checks, err)
			}
		})
	})
}

func TestReadinessTestsTheWriter(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{bare: true})
	if s.env["DATABASE_URL"] != "" {
		t.Skip("of the embedded database")
	}
	path := filepath.Join(s.env["RINGBACK_DATA_DIR"], "ringback.db")
	held := make(chan error)
	release := make(chan struct{})
	go func() {
		held <- storetest.OpenURL(t, path).Transaction(t.Context(), func(*store.Store) error {
			held <- nil
			<-release
			return nil
		})
	}()
	if err := <-held; err != nil {
		t.Fatal(err)
	}
	if status, r := s.readiness(t); status != http.StatusServiceUnavailable || r.Checks["database"] != "failing" {
		t.Errorf("nothing can be written: HTTP %d, %v", status, r)
	}
	close(release)
	if err := <-held; err != nil {
		t.Fatal(err)
	}
	if status, r := s.readiness(t); status != http.StatusOK {
		t.Errorf("it can again: HTTP %d, %v", status, r)
	}
}
