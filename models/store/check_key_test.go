package store_test

import (
	"strings"
	"testing"

	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
)

func TestKeyThatDoesNotOpenTheCheckValueIsRefused(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(t *testing.T, s *store.Store){
		"a check value of the right key":     func(t *testing.T, s *store.Store) { modelstest.NoError(t, s.CheckKey(t.Context())) },
		"no check value, but sealed headers": func(t *testing.T, s *store.Store) { newCustomer(t, s, "a") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, url := storetest.OpenWithURL(t)
			prepare(t, s)
			other := storetest.OpenWithKey(t, url, anotherKey)
			for range 2 { // nor does the first try make it right
				if err := other.CheckKey(t.Context()); err == nil || !strings.Contains(err.Error(), "RINGBACK_ENCRYPTION_KEY") {
					t.Errorf("got %v", err)
				}
			}
			modelstest.NoError(t, s.CheckKey(t.Context()))
		})
	}
}
