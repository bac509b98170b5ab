package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/gofrs/flock"
)

// openingPatience is how long an opening waits for others, each of which takes milliseconds.
const openingPatience = 10 * time.Second

// lockOpening lets one process at a time open a database: of two that make it, and give it its journal's mode, SQLite
// lets one fail at once. The lock is on a file beside it: SQLite's own locks on the database's are of another kind, but
// macOS keeps both in one list, where one keeps the other out.
func lockOpening(path string, patience time.Duration) (unlock func() error, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	file := flock.New(path+".opening", flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	if _, err := file.TryLockContext(ctx, 10*time.Millisecond); err != nil {
		return nil, fmt.Errorf("wait for another that opens it: %w", err)
	}
	return file.Close, nil // the file stays: another may be about to lock it
}

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

// probeBytes is more than most transactions add to the log.
const probeBytes = 64 << 10

// probeDisk writes a file beside a database's, and takes it away again before it comes to the disk: nothing is worn out.
// Where the disk is full, or read-only, it cannot be written. Probes at the same time may take each other's away.
func probeDisk(path string) error {
	probe := path + "-probe"
	err := os.WriteFile(probe, make([]byte, probeBytes), 0o600)
	if removed := os.Remove(probe); !errors.Is(removed, fs.ErrNotExist) {
		err = errors.Join(err, removed)
	}
	return err
}
