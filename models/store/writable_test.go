package store_test

import (
	"testing"

	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store/storetest"
)

// On a full disk rows are locked and changed in place all the same, for hours; a limit of zero stands for it.
func TestDatabaseThatCanWriteNoFileIsNotWritable(t *testing.T) {
	t.Parallel()
	if !storetest.OnPostgres() {
		t.Skip("SQLite has one file")
	}
	databaseURL := storetest.Direct(storetest.URL(t))
	before := storetest.OpenURL(t, databaseURL)
	_, err := before.Migrate(t.Context())
	modelstest.NoError(t, err)
	modelstest.NoError(t, before.CheckWritable(t.Context()))
	alter := "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET temp_file_limit = 0', current_database()); END $$"
	modelstest.NoError(t, before.DB().Exec(alter).Error)
	if err := storetest.OpenURL(t, databaseURL).CheckWritable(t.Context()); err == nil {
		t.Error("it is writable")
	}
}
