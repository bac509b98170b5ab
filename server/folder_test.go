package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/ringback/ringback/models/store/storetest"
)

// embedded is the environment of the embedded default, also where tests run on Postgres.
func embedded(changes vars) vars {
	env := vars{"DATABASE_URL": "", "REDIS_URL": "", "RINGBACK_ENCRYPTION_KEY": "", "RINGBACK_PLATFORM_KEY": ""}
	maps.Copy(env, changes)
	return env
}

func modes(t *testing.T, folder string) map[string]os.FileMode {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]os.FileMode{}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		found[e.Name()] = info.Mode().Perm()
	}
	return found
}

func TestNobodyElseReadsTheDataFolder(t *testing.T) {
	old := syscall.Umask(0) // no t.Parallel: it is the whole process's
	t.Cleanup(func() { syscall.Umask(old) })
	s := startServer(t, options{env: embedded(vars{"RINGBACK_DATA_DIR": filepath.Join(t.TempDir(), "data")})})
	folder := s.env["RINGBACK_DATA_DIR"]
	s.finishCrawl(t, newCrawlID(), s.newProject(t, "http://127.0.0.1:1/hook"))
	check := func() {
		t.Helper()
		found := modes(t, folder)
		for _, name := range []string{
			"ringback.db", "ringback.db-wal", "ringback.db-shm", "ringback.db.opening", "ringback.db.migrate", "encryption.key",
		} {
			if _, there := found[name]; !there {
				t.Errorf("there is no %s among %v", name, found)
			}
		}
		for name, mode := range found {
			if mode != 0o600 {
				t.Errorf("%s has the mode %o", name, mode)
			}
		}
	}
	check()
	if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has the mode %v, %v", info.Mode(), err)
	}
	s.stop(t)
	for name := range modes(t, folder) { // as an earlier release left them
		if err := os.Chmod(filepath.Join(folder, name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(folder, keyFile), 0o600); err != nil {
		t.Fatal(err)
	}
	s.startAgain(t, nil)
	found := modes(t, folder)
	for _, name := range []string{"ringback.db", "ringback.db-wal", "ringback.db-shm"} {
		if found[name] != 0o600 {
			t.Errorf("%s still has the mode %o", name, found[name])
		}
	}
}

func TestASecondServerOnADataFolderIsRefused(t *testing.T) {
	t.Parallel()
	env := embedded(vars{"RINGBACK_DATA_DIR": t.TempDir()})
	first := startServer(t, options{process: true, env: env})
	refused := func(pid int) {
		t.Helper()
		status, _, stderr := runCommand(t, list(first.env), "serve")
		if want := fmt.Sprintf("process %d serves from %s already", pid, env["RINGBACK_DATA_DIR"]); status != exitFailed ||
			!strings.Contains(stderr, want) {
			t.Errorf("exit status %d: %s", status, stderr)
		}
	}
	refused(first.pid)
	for _, args := range [][]string{{"migrate", "status"}, {"migrate", "up"}, {"config"}} {
		if status, _, stderr := runCommand(t, list(first.env), args...); status != exitOK {
			t.Errorf("%v beside it: exit status %d: %s", args, status, stderr)
		}
	}
	if status, body := first.get(t, "/readyz"); status != 200 {
		t.Errorf("it serves no more: HTTP %d: %s", status, body)
	}
	if err := first.signal(os.Kill); err != nil {
		t.Fatal(err)
	}
	<-first.exited
	second := first.startAgain(t, nil) // the lock has died with its process
	refused(second.pid)
}

func TestAKeyFileThatHoldsNoKeyIsNamed(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"nothing": "", "half a key": "aGlkZGVu", "no base64": "hidden hidden"} {
		folder := t.TempDir()
		path := filepath.Join(folder, keyFile)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		status, _, stderr := runCommand(t, []string{"RINGBACK_ADDR=127.0.0.1:0", "RINGBACK_DATA_DIR=" + folder}, "serve")
		if status != exitFailed || !strings.Contains(stderr, path+" holds no key: it must be 32 bytes in base64") ||
			strings.Contains(stderr, "hidden") {
			t.Errorf("%s: exit status %d: %s", name, status, stderr)
		}
		if left, err := os.ReadFile(path); err != nil || string(left) != text {
			t.Errorf("%s: the file holds %q now, %v", name, left, err)
		}
		if err := os.WriteFile(filepath.Join(folder, databaseFile), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := keyOf(folder)
		if err == nil || !strings.Contains(err.Error(), "put back the one") || strings.Contains(err.Error(), "make one") {
			t.Errorf("%s, beside a database: %v", name, err)
		}
	}
}

func TestAMissingKeyIsNotReplacedWhileTheDatabaseIsThere(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{env: embedded(nil)})
	s.stop(t)
	path := filepath.Join(s.env["RINGBACK_DATA_DIR"], keyFile)
	if err := os.Rename(path, path+".moved"); err != nil {
		t.Fatal(err)
	}
	status, _, stderr := runCommand(t, list(s.env), "serve")
	if status != exitFailed || !strings.Contains(stderr, path+" is missing") {
		t.Errorf("exit status %d: %s", status, stderr)
	}
	if err := os.Rename(path+".moved", path); err != nil {
		t.Fatal(err)
	}
	s.startAgain(t, nil)
}

func TestProcessesThatStartAtOnceTakeTheSameKey(t *testing.T) {
	t.Parallel()
	for range 20 {
		folder := t.TempDir()
		keys := make([][]byte, 8)
		var all sync.WaitGroup
		for i := range keys {
			all.Go(func() {
				var err error
				if keys[i], err = keyOf(folder); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		for _, key := range keys {
			if !bytes.Equal(key, keys[0]) {
				t.Fatal("two processes have two keys")
			}
		}
		if found := modes(t, folder); len(found) != 1 || found[keyFile] != 0o600 {
			t.Errorf("the folder holds %v", found)
		}
	}
}

// A start that was killed leaves a draft behind, and no key.
func TestADraftOfAKeyIsNoKey(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, keyFile+".123"), []byte("aGlk"), 0o600); err != nil {
		t.Fatal(err)
	}
	if key, err := keyOf(folder); err != nil || len(key) != len(storetest.Key) {
		t.Errorf("%d bytes, %v", len(key), err)
	}
}

func TestAPlatformKeyOfTheEnvironmentIsNotPrinted(t *testing.T) {
	t.Parallel()
	const key = "a-platform-key-of-the-operator"
	s := startServer(t, options{bare: true, env: embedded(vars{"RINGBACK_PLATFORM_KEY": key})})
	out := s.stdout.String()
	if strings.Contains(out+s.stderr.String(), key) || !strings.Contains(out, "Platform key   that of "+
		"RINGBACK_PLATFORM_KEY") {
		t.Errorf("the first start prints:\n%s", out)
	}
	s.key = key
	s.endCrawl(t, anyMap{"crawlId": newCrawlID(), "projectId": demoProjectID})
}
