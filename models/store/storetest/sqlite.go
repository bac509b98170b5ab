package storetest

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
)

// migratedFile is what a migrated SQLite file holds: to migrate one takes longer than most tests.
var migratedFile = sync.OnceValues(func() (content []byte, err error) {
	folder, err := os.MkdirTemp("", "ringback-migrated-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	path := filepath.Join(folder, "ringback.db")
	if err := migrate(path); err != nil {
		return nil, err
	}
	return os.ReadFile(path) // the log was written into it when it was closed
})

// copyMigrated makes a migrated SQLite file.
func copyMigrated(path string) error {
	content, err := migratedFile()
	if err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o600)
}
