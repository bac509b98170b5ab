package store

import (
	"errors"
	"os"
)

// keepPrivate makes a database's files, which hold what customers send, readable for their owner alone, before SQLite
// makes them: it would leave that to the umask, and so did an earlier release.
func keepPrivate(path string) error {
	const mode = 0o600
	for _, suffix := range []string{"", "-wal", "-shm"} {
		f, err := os.OpenFile(path+suffix, os.O_CREATE|os.O_RDWR, mode)
		if err != nil {
			return err
		}
		if err := errors.Join(f.Chmod(mode), f.Close()); err != nil {
			return err
		}
	}
	return nil
}
