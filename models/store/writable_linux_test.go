package store_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store/storetest"
)

// fillUp writes to a folder until nothing more goes into it.
func fillUp(t *testing.T, folder string) (file string) {
	t.Helper()
	f, err := os.Create(filepath.Join(folder, "full"))
	modelstest.NoError(t, err)
	defer func() { _ = f.Close() }()
	if _, err := io.Copy(f, zeros{}); !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	return f.Name()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// What was there before takes up some pages of the log again, so that writes go on for a while.
func TestEmbeddedDatabaseOnAFullDiskIsNotWritable(t *testing.T) {
	t.Parallel()
	if storetest.OnPostgres() {
		t.Skip("of the embedded database")
	}
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=8m"); err != nil {
		t.Skip("no disk of its own: ", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) })
	s := storetest.OpenURL(t, filepath.Join(disk, "ringback.db"))
	_, err := s.Migrate(t.Context())
	modelstest.NoError(t, err)
	modelstest.NoError(t, s.CheckWritable(t.Context()))
	filler := fillUp(t, disk)
	if err := s.CheckWritable(t.Context()); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("on a full disk: %v", err)
	}
	if err := s.CheckWriter(t.Context()); err != nil {
		t.Errorf("its writer is there: %v", err)
	}
	modelstest.NoError(t, os.Remove(filler))
	modelstest.NoError(t, s.CheckWritable(t.Context()))
	left, err := os.ReadDir(disk)
	modelstest.NoError(t, err)
	for _, file := range left {
		if name := file.Name(); strings.HasSuffix(name, "-probe") {
			t.Errorf("%s is left", name)
		}
	}
}
