package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store/storetest"
)

func freeAddr(t *testing.T) string {
	t.Helper()
	addr, err := storetest.FreeAddr()
	if err != nil {
		t.Fatal(err)
	}
	return addr
}

// ownRedis is a Redis server that a test may kill.
type ownRedis struct {
	addr   string
	folder string
	cmd    *exec.Cmd
	client *redis.Client
}

func startOwnRedis(t *testing.T) *ownRedis {
	t.Helper()
	r := &ownRedis{addr: freeAddr(t), folder: t.TempDir()}
	r.client = redis.NewClient(&redis.Options{Addr: r.addr})
	t.Cleanup(func() {
		_ = r.client.Close()
		_ = r.cmd.Process.Kill()
		_, _ = r.cmd.Process.Wait()
	})
	r.start(t)
	return r
}

func (r *ownRedis) url() string { return "redis://" + r.addr + "/0" }

// start starts it, empty.
func (r *ownRedis) start(t *testing.T) {
	t.Helper()
	_, port, err := net.SplitHostPort(r.addr)
	if err != nil {
		t.Fatal(err)
	}
	r.cmd = exec.Command(
		"redis-server", "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no", "--dir", r.folder,
	)
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	modelstest.Eventually(t, "Redis answers", func() bool { return r.client.Ping(t.Context()).Err() == nil })
}

func (r *ownRedis) kill(t *testing.T) {
	t.Helper()
	if err := r.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_, _ = r.cmd.Process.Wait()
}

func (r *ownRedis) signal(t *testing.T, signal os.Signal) {
	t.Helper()
	if err := r.cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
}

func (r *ownRedis) flush(t *testing.T) {
	t.Helper()
	if err := r.client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
}

func (r *ownRedis) command(t *testing.T, words ...any) {
	t.Helper()
	if err := r.client.Do(t.Context(), words...).Err(); err != nil {
		t.Fatal(err)
	}
}

// urlOf is the URL for a user.
func (r *ownRedis) urlOf(user, password string) string {
	return "redis://" + user + ":" + password + "@" + r.addr + "/0"
}

// deniedByACL is what its ACL has refused, newest first.
func (r *ownRedis) deniedByACL(t *testing.T) []string {
	t.Helper()
	entries, err := r.client.ACLLog(t.Context(), 100).Result()
	if err != nil {
		t.Fatal(err)
	}
	var denied []string
	for _, e := range entries {
		denied = append(denied, e.Reason+" "+e.Object+" of "+e.ClientInfo.LastCmd)
	}
	return denied
}

// dropClients makes every other client connect anew, and so notice a changed password.
func (r *ownRedis) dropClients(t *testing.T) {
	t.Helper()
	r.command(t, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
}

// ownPostgres is a Postgres cluster that a test may restart.
type ownPostgres struct {
	folder string
	port   string
	as     *syscall.SysProcAttr
}

func startOwnPostgres(t *testing.T) *ownPostgres {
	t.Helper()
	p := newOwnPostgres(t)
	p.run(t, "initdb", "-D", p.data(), "-U", "postgres", "--auth=trust", "--no-sync")
	p.control(t, "start")
	return p
}

// newOwnPostgres makes room for a cluster. Postgres refuses to run as root: then it runs as the user postgres.
func newOwnPostgres(t *testing.T) *ownPostgres {
	t.Helper()
	_, port, err := net.SplitHostPort(freeAddr(t))
	if err != nil {
		t.Fatal(err)
	}
	// Not below t.TempDir: its parents are closed to other users, and a socket's path must be short.
	folder, err := os.MkdirTemp("", "pg")
	if err != nil {
		t.Fatal(err)
	}
	p := &ownPostgres{folder: folder, port: port}
	if os.Getuid() == 0 {
		account, err := user.Lookup("postgres")
		if err != nil {
			t.Fatal(err)
		}
		uid, _ := strconv.Atoi(account.Uid)
		gid, _ := strconv.Atoi(account.Gid)
		p.as = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
		if err := os.Chown(folder, uid, gid); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		_ = p.command(context.Background(), "pg_ctl", "-D", p.data(), "-m", "immediate", "stop").Run()
		_ = os.RemoveAll(folder)
	})
	return p
}

func (p *ownPostgres) data() string { return filepath.Join(p.folder, "data") }

func (p *ownPostgres) url() string {
	return "postgres://postgres@127.0.0.1:" + p.port + "/postgres?sslmode=disable"
}

// restart ends it as a crash would, and starts it again.
func (p *ownPostgres) restart(t *testing.T) {
	t.Helper()
	p.crash(t)
	p.control(t, "start")
}

func (p *ownPostgres) crash(t *testing.T) {
	t.Helper()
	p.run(t, "pg_ctl", "-D", p.data(), "-m", "immediate", "stop")
}

// signal sends a signal to the server and to all its processes.
func (p *ownPostgres) signal(t *testing.T, signal syscall.Signal) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(p.data(), "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	postmaster, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	pids := []int{postmaster}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		stat, _ := os.ReadFile(path)
		var parent int
		_, after, _ := strings.Cut(string(stat), ") ")
		if _, err := fmt.Sscanf(after, "%1s %d", new(string), &parent); err == nil && parent == postmaster {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			pids = append(pids, pid)
		}
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Fatal(err)
		}
	}
}

// execute executes statements, each on its own.
func (p *ownPostgres) execute(t *testing.T, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.url())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	for _, statement := range statements {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
}

// text is the result of a query of one text.
func (p *ownPostgres) text(t *testing.T, query string) (text string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.url())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if err := conn.QueryRow(t.Context(), query).Scan(&text); err != nil {
		t.Fatal(err)
	}
	return text
}

// standby starts a server that follows another one.
func (p *ownPostgres) standby(t *testing.T) *ownPostgres {
	t.Helper()
	s := newOwnPostgres(t)
	s.run(t, "pg_basebackup", "-d", p.url(), "-D", s.data(), "-R", "-c", "fast", "--no-sync")
	s.control(t, "start")
	return s
}

func (p *ownPostgres) control(t *testing.T, verb string) {
	t.Helper()
	p.run(t, "pg_ctl", "-D", p.data(), "-l", filepath.Join(p.folder, "log"), "-w",
		"-o", "-p "+p.port+" -k "+p.folder+" -c listen_addresses=127.0.0.1", verb)
	modelstest.Eventually(t, "Postgres answers", func() bool {
		conn, err := pgx.Connect(t.Context(), p.url())
		if err == nil {
			_ = conn.Close(t.Context())
		}
		return err == nil
	})
}

func (p *ownPostgres) run(t *testing.T, name string, args ...string) {
	t.Helper()
	// To a file: pg_ctl leaves the server behind with whatever pipes it was given.
	log, err := os.CreateTemp(t.TempDir(), name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	cmd := p.command(t.Context(), name, args...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Run(); err != nil {
		text, _ := os.ReadFile(log.Name())
		t.Fatalf("%s: %v: %s", name, err, text)
	}
}

func (p *ownPostgres) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	path, err := exec.LookPath(name)
	if err != nil { // Debian keeps the server's programs out of the path
		if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name); len(found) > 0 {
			path = found[len(found)-1]
		}
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.SysProcAttr = p.as
	cmd.Dir = p.folder
	return cmd
}
