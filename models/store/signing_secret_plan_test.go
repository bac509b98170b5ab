package store_test

import (
	"context"
	"maps"
	"testing"
	"time"

	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
	"github.com/ringback/ringback/models/tenant"
)

// The secrets of what is about to leave are read in each transaction that begins deliveries: were those of all projects
// looked through, a hundred thousand of these would make it 15 ms longer.
func TestSecretsAreFoundThroughTheIndexesOfTheirOwners(t *testing.T) {
	t.Parallel()
	if !storetest.OnPostgres() {
		t.Skip("SQLite takes an index for each side of an OR")
	}
	var asked string
	s := storetest.OpenNew(
		t, store.WithStatementLog(func(_ context.Context, statement string, _ time.Duration) { asked = statement }),
	)
	_, err := s.SigningSecrets(t.Context(), start, tenant.SigningOwner{ProjectID: 1}, tenant.SigningOwner{SSOClientID: 1})
	modelstest.NoError(t, err)
	w := ways{indexes: map[string]bool{}, all: true}
	w.add(explain(t, s, asked), false)
	want := map[string]bool{"signing_secrets_project": true, "signing_secrets_sso_client": true}
	if !maps.Equal(w.indexes, want) {
		t.Errorf("through %v, want %v", w.indexes, want)
	}
}
