package main

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gofrs/flock"

	"github.com/ringback/ringback/models/store"
)

// What the data folder of the embedded default holds. Nobody else on the machine may read it.
const (
	folderMode = 0o700
	fileMode   = 0o600

	databaseFile = "ringback.db"
	keyFile      = "encryption.key"
	lockFile     = "serve.lock" // locked by the process that serves
	pidFile      = "serve.pid"  // its id
)

// lockFolder keeps a second server off a data folder: each would hand out what the other has in hand. Commands work
// beside it. The lock ends with the process, however that ends.
func lockFolder(folder string) (unlock func() error, err error) {
	if err := os.MkdirAll(folder, folderMode); err != nil {
		return nil, fmt.Errorf("RINGBACK_DATA_DIR: %w", err)
	}
	pid := filepath.Join(folder, pidFile)
	lock := flock.New(
		filepath.Join(folder, lockFile), flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(fileMode),
	)
	locked, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("RINGBACK_DATA_DIR: lock the folder: %w", err)
	}
	if !locked {
		by := "another process"
		if text, err := os.ReadFile(pid); err == nil {
			by = "process " + strings.TrimSpace(string(text))
		}
		return nil, errors.Join(fmt.Errorf("RINGBACK_DATA_DIR: %s serves from %s already", by, folder), lock.Close())
	}
	if err := os.WriteFile(pid, []byte(strconv.Itoa(os.Getpid())+"\n"), fileMode); err != nil {
		return nil, errors.Join(fmt.Errorf("RINGBACK_DATA_DIR: %w", err), lock.Close())
	}
	return lock.Close, nil
}

// keyOf reads the encryption key of a data folder, and makes it on the first start. The key is there whole or not at
// all, whatever dies, and of several processes that start at once all take the same.
func keyOf(folder string) ([]byte, error) {
	path := filepath.Join(folder, keyFile)
	key, err := readKey(path)
	if !errors.Is(err, os.ErrNotExist) {
		return key, err
	}
	if _, err := os.Stat(filepath.Join(folder, databaseFile)); err == nil {
		return nil, fmt.Errorf("%s is missing, and without it the secrets in %s cannot be read: put it back, or set "+
			"RINGBACK_ENCRYPTION_KEY", path, databaseFile)
	}
	if err := makeKey(path); err != nil {
		return nil, err
	}
	return readKey(path)
}

func readKey(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var key encryptionKey
	if err := key.UnmarshalText([]byte(strings.TrimSpace(string(text)))); err != nil {
		if _, other := os.Stat(filepath.Join(filepath.Dir(path), databaseFile)); other == nil { // a new one would not open it
			return nil, fmt.Errorf("%s holds no key: put back the one that the secrets in %s were sealed with, or set "+
				"RINGBACK_ENCRYPTION_KEY to it", path, databaseFile)
		}
		return nil, fmt.Errorf("%s holds no key: it %w", path, err)
	}
	return key, nil
}

// makeKey makes a key, unless there is one meanwhile.
func makeKey(path string) error {
	key := make([]byte, store.KeyBytes)
	_, _ = rand.Read(key) // never fails
	folder := filepath.Dir(path)
	draft, err := os.CreateTemp(folder, keyFile+".*") // O_EXCL, and for nobody else
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(draft.Name()) }()
	_, err = io.WriteString(draft, base64.StdEncoding.EncodeToString(key)+"\n")
	if err = errors.Join(err, draft.Sync(), draft.Close()); err == nil {
		// A link never takes the place of the key that another process has just made. Where the file system knows none, a
		// rename does.
		if err = os.Link(draft.Name(), path); errors.Is(err, os.ErrExist) {
			err = nil
		} else if err != nil {
			err = os.Rename(draft.Name(), path)
		}
	}
	return errors.Join(err, syncFolder(folder))
}

// syncFolder has the names in a folder survive a loss of power.
func syncFolder(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
